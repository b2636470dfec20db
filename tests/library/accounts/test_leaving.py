"""A person's data taken away, and gone when they leave; what others build on stays."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from memicos_app.library.accounts import keys, leaving, recognising, sessions, users
from memicos_app.library.accounts.person import VISITOR
from memicos_app.library.errors import BadInputError, ConflictError, SignInError
from memicos_app.library.query import row, run_in, writing

pytestmark = pytest.mark.usefixtures("open_site")


async def test_all_of_ones_own_goes_and_explanations_stay_without_a_name() -> None:
    ada = await users.add("ada", email="ada@example.org")
    token, (_, key) = await sessions.begin(ada.id, "Firefox"), await keys.make(ada.id, "one")
    async with writing() as writer:
        for statement in (
            "INSERT INTO models (id, creator_id) VALUES ('m', :id)",
            "INSERT INTO source_sets (model_id, name, creator_id) VALUES ('m', 's', :id)",
            "INSERT INTO sources (model_id, id, set_name, creator_id) VALUES ('m', '0-s', 's', :id)",
            """INSERT INTO explanations (id, model_id, source_id, index, description, author_id)
            VALUES ('x', 'm', '0-s', 1, 'cats', :id)""",
            "INSERT INTO lists (id, name, creator_id) VALUES ('l', 'mine', :id)",
            "INSERT INTO comments (id, list_id, text, author_id) VALUES ('c', 'l', 'hm', :id)",
            "INSERT INTO tested_texts (id, user_id, text) VALUES ('t', :id, 'a cat')",
        ):
            await run_in(writer, statement, id=ada.id)
        await writer.commit()
    with zipfile.ZipFile(io.BytesIO(await leaving.archive(ada.id))) as packed:
        found = {name: json.loads(packed.read(name)) for name in packed.namelist()}
    assert set(found) == {f"{name}.json" for name in leaving.PARTS}
    assert found["account.json"][0]["email"] == "ada@example.org"
    assert [found[f"{name}.json"][0]["id"] for name in ("explanations", "lists", "comments")] == ["x", "l", "c"]
    assert [one["text"] for one in found["tested_texts.json"]] == ["a cat"]
    assert key not in json.dumps(found)
    with pytest.raises(BadInputError):
        await leaving.delete(ada.id, "somebody")
    await leaving.delete(ada.id, "ADA")
    assert await recognising.from_headers({"cookie": f"memicos_session={token}"}) == VISITOR
    with pytest.raises(SignInError):
        await recognising.from_headers({"x-api-key": key})
    left = await row("SELECT author_id FROM explanations WHERE id = 'x'")
    assert left is not None
    assert left["author_id"] is None
    for table in ("lists", "comments", "tested_texts", "user_sessions", "api_keys"):
        assert await row(f"SELECT 1 FROM {table}") is None, table
    with pytest.raises(ConflictError):
        await leaving.delete("owner", "owner")
