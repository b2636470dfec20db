"""Mails that nobody asked for each time: a comment on what is yours, a job of yours that ended; and their end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from memicos_app.db.text import original
from memicos_app.library.accounts import letters, mails, secret_words
from memicos_app.library.accounts.letters import Letter
from memicos_app.library.accounts.users import Account
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.query import Row, row, rows, run_in, writing
from memicos_app.settings import get_settings

logger = logging.getLogger(__name__)
ENDED = {"done": "is done", "failed": "failed"}
"""States of a job that a person is told of; what they stopped themselves they know."""
_running: set[asyncio.Task[None]] = set()


def soon(work: Coroutine[Any, Any, None]) -> None:
    """Do this beside what is going on; a mail that cannot be sent is a line in the log, and nothing else."""
    if not mails.configured():
        work.close()
        return
    task = asyncio.get_running_loop().create_task(_quietly(work))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def settled() -> None:
    """Wait until every mail that was to be sent soon was."""
    while _running:
        await asyncio.wait(list(_running))


async def comment_made(comment_id: str) -> None:
    """Tell those it concerns: who keeps the list, or made the source, the vector or an explanation of the feature."""
    found = await row(
        """
        SELECT c.*, u.name AS author, l.name AS list_name
        FROM comments AS c JOIN users AS u ON u.id = c.author_id LEFT JOIN lists AS l ON l.id = c.list_id
        WHERE c.id = :id
        """,
        id=comment_id,
    )
    if found is None:
        return
    path, where = _place(found)
    for one in await rows(_CONCERNED, comment=comment_id):
        end = await _end_of(one, "comments")
        letter = letters.comment(original(found["author"]), where, original(found["text"]), _site() + path, end)
        await _send(one["email"], letter, end)


async def job_ended(job_id: int) -> None:
    """Tell whoever asked for a job, if they want to know."""
    found = await row(
        """
        SELECT j.title, j.state, j.error, u.id, u.email, u.mail_code
        FROM jobs AS j JOIN users AS u ON u.id = j.creator_id
        WHERE j.id = :id AND u.notify_jobs AND u.email IS NOT NULL AND u.disabled_at IS NULL
        """,
        id=job_id,
    )
    if found is None or found["state"] not in ENDED:
        return
    end = await _end_of(found, "jobs")
    url = f"{_site()}/admin/jobs/{job_id}"
    letter = letters.job(original(found["title"]), ENDED[found["state"]], original(found["error"]), url, end)
    await _send(found["email"], letter, end)


async def way_in_changed(account: Account, what: str) -> None:
    """Tell a person, where they had their mails until now, that one signs in otherwise: `what` ends with "of"."""
    if account.email:
        said = letters.way_in_changed(urlsplit(_site()).netloc, what, account.name)
        await mails.send(account.email, said.subject, said.text, said.html)


async def unsubscribe(code: str, kind: str) -> None:
    """End mails of a kind, or all. Raises `NotFoundError` where nobody has this code."""
    columns = {"comments": ["notify_comments"], "jobs": ["notify_jobs"]}.get(kind, ["notify_comments", "notify_jobs"])
    places = ", ".join(f"{name} = FALSE" for name in columns)
    async with writing() as writer:
        done = await run_in(
            writer, f"UPDATE users SET {places} WHERE mail_code = :code AND mail_code <> ''", code=code
        )
        await writer.commit()
    if not done:
        raise NotFoundError("This link is not complete, or its account is gone.", field="code")


_CONCERNED = """
    SELECT DISTINCT u.id, u.email, u.mail_code
    FROM comments AS c JOIN users AS u ON u.notify_comments AND u.email IS NOT NULL AND u.disabled_at IS NULL
    WHERE c.id = :comment AND u.id <> c.author_id AND (
        EXISTS (SELECT FROM lists AS l WHERE l.id = c.list_id AND l.creator_id = u.id)
        OR EXISTS (
            SELECT FROM sources AS s WHERE s.model_id = c.model_id AND s.id = c.source_id AND s.creator_id = u.id
        )
        OR EXISTS (
            SELECT FROM steer_vectors AS v
            WHERE v.model_id = c.model_id AND v.source_id = c.source_id AND v.index = c.index AND v.creator_id = u.id
        )
        OR EXISTS (
            SELECT FROM explanations AS x
            WHERE x.model_id = c.model_id AND x.source_id = c.source_id AND x.index = c.index AND x.author_id = u.id
        )
    )
"""


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except LibraryError as error:
        logger.warning("a notification was not sent: %s", error.message)
    except Exception:
        logger.exception("a notification was not sent")


async def _send(to: str, letter: Letter, end: str) -> None:
    one_click = end.replace("/unsubscribe?", "/api/auth/unsubscribe?")
    headers = {"List-Unsubscribe": f"<{one_click}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    await mails.send(to, letter.subject, letter.text, letter.html, headers=headers)


async def _end_of(one: Row, kind: str) -> str:
    """Address of the page that ends mails of a kind for a person."""
    code = one["mail_code"]
    if not code:
        code = secret_words.new()
        async with writing() as writer:
            await run_in(writer, "UPDATE users SET mail_code = :code WHERE id = :id", id=one["id"], code=code)
            await writer.commit()
    return f"{_site()}/unsubscribe?{urlencode({'code': code, 'kind': kind})}"


def _place(comment: Row) -> tuple[str, str]:
    """Path and name of what was commented on."""
    if comment["list_id"] is not None:
        return f"/list/{quote(comment['list_id'], safe='')}", f"your list “{original(comment['list_name'])}”"
    parts = [original(comment["model_id"]), original(comment["source_id"]), str(comment["index"])]
    return "/" + "/".join(quote(part, safe="") for part in parts), "/".join(parts)


def _site() -> str:
    settings = get_settings()
    return settings.public_url.rstrip("/") or f"http://localhost:{settings.port}"
