"""People: what they may be called, found in any case, changed."""

from __future__ import annotations

import pytest

from memicos_app.library.accounts import changing, users
from memicos_app.library.accounts.names import candidates, checked_email, checked_name
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError


@pytest.mark.parametrize("name", ["", "a b", "ä", "a_b", "a" * 40, "Admin", "API", "../x", "a\n", "<b>", "me"])
def test_names_that_nobody_may_have(name: str) -> None:
    if name == "a\n":
        assert checked_name(name) == "a"
        return
    with pytest.raises(BadInputError) as refused:
        checked_name(name)
    assert refused.value.field == "name"


NO_ADDRESSES = ["", "a", "a@b", "a b@c.de", "a@b.c\r\nBcc: x@y.z", "a@b..de", "<a@b.de>", "a@b@c.de"]
LOOK_LIKE_OTHERS = ["\u212aim@example.org", "kim@\u212aelvin.org", "\uff41da@example.org", "ada@example.\ufb01"]


@pytest.mark.parametrize("email", [*NO_ADDRESSES, *LOOK_LIKE_OTHERS])
def test_addresses_that_are_none(email: str) -> None:
    with pytest.raises(BadInputError):
        checked_email(email)


def test_addresses_are_kept_in_lower_case() -> None:
    assert checked_email(" Ada.L+x@Example.ORG ") == "ada.l+x@example.org"
    assert checked_email("J\u00fcrgen@example.org") == "j\u00fcrgen@example.org"


def test_a_free_name_is_made_from_an_address() -> None:
    assert candidates("ada.lovelace")[:2] == ["ada-lovelace", "ada-lovelace-2"]
    assert all(checked_name(name) for name in [*candidates("admin"), *candidates("!!"), *candidates("x" * 99)])


@pytest.mark.usefixtures("open_site")
async def test_names_and_addresses_are_one_persons_in_whatever_case() -> None:
    ada = await users.add("Ada", email="Ada@example.org")
    assert (await users.user("aDA")).id == ada.id
    for clash in ({"name": "ADA"}, {"name": "bob", "email": "ADA@example.org"}):
        with pytest.raises(ConflictError) as refused:
            await users.add(**clash)
        assert refused.value.field == ("email" if "email" in clash else "name")
    assert (await users.add_unnamed("ada", email=None)).name == "ada-2"
    bob = await users.add("bob")
    with pytest.raises(ConflictError):
        await changing.edit(bob.id, name="aDa")
    await changing.edit(ada.id, name="ADA")
    assert (await users.user("ada")).name == "ADA"
    with pytest.raises(NotFoundError):
        await users.user("nobody-here")


@pytest.mark.usefixtures("open_site")
async def test_a_bio_is_kept_as_it_was_written() -> None:
    ada = await users.add("ada")
    await changing.edit(ada.id, bio=" <script>\x00\ud800 ")
    assert (await users.by_id(ada.id)).bio == "<script>\x00\ud800"
    with pytest.raises(BadInputError):
        await changing.edit(ada.id, bio="b" * 501)
