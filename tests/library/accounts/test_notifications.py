"""Mails about what is somebody's: whom they reach, what they say, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from memicos_app.library.accounts import changing, mails, notifications, users
from memicos_app.library.accounts.users import Account
from memicos_app.library.errors import NotFoundError, UnavailableError
from memicos_app.library.query import run_in, writing
from memicos_app.settings import get_settings
from tests.mailbox import Mailbox, mail_server

HOSTILE = "<script>alert(1)</script>\r\nBcc: eve@example.org\x00\u202e"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def mailbox(box: Mailbox, open_site: None, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """An empty mailbox that the site sends to."""
    box.mails.clear()
    monkeypatch.setattr(get_settings(), "smtp_url", SecretStr(box.url))
    monkeypatch.setattr(get_settings(), "public_url", "https://site.example")
    return box


async def written(sql: str, **values: Any) -> None:
    async with writing() as writer:
        await run_in(writer, sql, **values)
        await writer.commit()


async def commented(author: Account, keeper: Account) -> None:
    """A comment on a list."""
    await written(
        "INSERT INTO lists (id, name, creator_id) VALUES ('l1', :name, :id)", name="N\r\nX: y", id=keeper.id
    )
    await written(
        "INSERT INTO comments (id, list_id, text, author_id) VALUES ('c1', 'l1', :text, :id)",
        text=HOSTILE.replace("\x00", ""),
        id=author.id,
    )


async def test_a_comment_reaches_who_keeps_the_list_and_stays_text(mailbox: Mailbox) -> None:
    ada = await users.add("ada", email="ada@example.org")
    eve = await users.add("eve", email="eve@example.org")
    await commented(eve, ada)
    notifications.soon(notifications.comment_made("c1"))
    await notifications.settled()
    (mail,) = mailbox.mails
    assert (mail["To"], mail["Bcc"], mail["X"]) == ("ada@example.org", None, None)
    assert mail["Subject"] == "eve commented on your list “N X: y”"
    assert "<script>" in mailbox.text()
    assert "<script>" not in mailbox.text(kind="html")
    assert "https://site.example/list/l1" in mailbox.text()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<https://site.example/api/auth/unsubscribe?code=")


async def test_the_link_of_a_mail_ends_mails_of_its_kind(mailbox: Mailbox) -> None:
    ada, eve = await users.add("ada", email="ada@example.org"), await users.add("eve")
    await changing.edit(ada.id, jobs=True)
    await commented(eve, ada)
    await notifications.comment_made("c1")
    code = str(mailbox.mails[0]["List-Unsubscribe"]).split("code=")[1].split("&")[0]
    await notifications.unsubscribe(code, "comments")
    await notifications.comment_made("c1")
    assert len(mailbox.mails) == 1
    assert (await users.by_id(ada.id)).notify_jobs
    await notifications.unsubscribe(code, "all")
    assert not (await users.by_id(ada.id)).notify_jobs
    for wrong in ("", "x"):
        with pytest.raises(NotFoundError):
            await notifications.unsubscribe(wrong, "all")


@pytest.mark.parametrize("which", ["own", "disabled", "no address", "unwanted"])
async def test_whom_a_comment_does_not_reach(which: str, mailbox: Mailbox) -> None:
    ada = await users.add("ada", email=None if which == "no address" else "ada@example.org")
    eve = await users.add("eve")
    await commented(ada if which == "own" else eve, ada)
    if which == "disabled":
        await users.disable(ada.id)
    if which == "unwanted":
        await changing.edit(ada.id, comments=False)
    await notifications.comment_made("c1")
    assert mailbox.mails == []


@pytest.mark.parametrize(("state", "told"), [("done", True), ("failed", True), ("cancelled", False)])
async def test_who_wants_to_know_is_told_of_a_job_that_ended(state: str, told: bool, mailbox: Mailbox) -> None:
    ada = await users.add("ada", email="ada@example.org")
    await written(
        "INSERT INTO jobs (kind, title, state, error, creator_id) VALUES ('map', 'Map of x', :state, 'No.', :id)",
        state=state,
        id=ada.id,
    )
    await notifications.job_ended(1)
    assert mailbox.mails == [], "nobody asked for it yet"
    await changing.edit(ada.id, jobs=True)
    await notifications.job_ended(1)
    assert len(mailbox.mails) == told
    if told:
        assert str(mailbox.mails[0]["Subject"]).startswith("Map of x: ")
        assert "https://site.example/admin/jobs/1" in mailbox.text()


@pytest.mark.parametrize("url", ["http://x", "smtp://", "nonsense"])
async def test_an_address_of_no_mail_server_is_told_of(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "smtp_url", SecretStr(url))
    with pytest.raises(UnavailableError, match="SMTP_URL"):
        await mails.send("a@example.org", "s", "t", "h")


async def test_a_password_is_not_sent_without_tls(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "smtp_url", SecretStr(mailbox.url.replace("smtp://", "smtp://me:secret@")))
    with pytest.raises(UnavailableError):
        await mails.send("a@example.org", "s", "t", "h")
    assert mailbox.mails == []
