"""A person's data taken away, and gone when they leave; what others build on stays."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from pydantic import SecretStr

from memicos_app.library import activity
from memicos_app.library.accounts import keys, leaving, links, recognising, sessions, users
from memicos_app.library.accounts.person import OWNER, VISITOR, Person
from memicos_app.library.errors import BadInputError, ConflictError, SignInError
from memicos_app.library.providers import keys as provider_keys
from memicos_app.library.query import row, rows, run_in, writing
from tests.people import done_for

pytestmark = pytest.mark.usefixtures("open_site")
ONE_OF_EVERYTHING = (
    "INSERT INTO models (id, creator_id) VALUES ('m', :id)",
    "INSERT INTO releases (name, creator_id) VALUES ('r', :id)",
    "INSERT INTO source_sets (model_id, name, creator_id) VALUES ('m', 's', :id)",
    "INSERT INTO sources (model_id, id, set_name, creator_id) VALUES ('m', '0-s', 's', :id)",
    """INSERT INTO explanations (id, model_id, source_id, index, description, author_id)
    VALUES ('x', 'm', '0-s', 1, 'cats', :id)""",
    "INSERT INTO lists (id, name, creator_id) VALUES ('l', 'mine', :id)",
    "INSERT INTO list_entries (list_id, model_id, source_id, index, note) VALUES ('l', 'm', '0-s', 1, 'hm')",
    """INSERT INTO list_test_results (list_id, model_id, source_id, index, text, tokens, special, values)
    VALUES ('l', 'm', '0-s', 1, 'a cat', '{a}', '{f}', '{1}')""",
    "INSERT INTO comments (id, list_id, text, author_id) VALUES ('c', 'l', 'hm', :id)",
    "INSERT INTO tested_texts (id, user_id, text) VALUES ('t', :id, 'a cat')",
    "INSERT INTO bookmarks (user_id, model_id, source_id, index) VALUES (:id, 'm', '0-s', 1)",
    "INSERT INTO explanation_votes (explanation_id, voter_id, points) VALUES ('x', :id, 1)",
    """INSERT INTO explanation_scores (id, model_id, source_id, index, explanation_id, initiated_by)
    VALUES ('sc', 'm', '0-s', 1, 'x', :id)""",
    """INSERT INTO steer_vectors (model_id, source_id, index, label, "values", creator_id)
    VALUES ('m', 'v', 1, 'up', '{1}', :id)""",
    """INSERT INTO steer_outputs (id, model_id, prompt, temperature, n_tokens, freq_penalty, seed,
    strength_multiplier, creator_id) VALUES ('o', 'm', 'Once', 0, 1, 0, 1, 1, :id)""",
    "INSERT INTO steer_presets (id, model_id, alias, name, creator_id) VALUES ('p', 'm', 'a', 'up', :id)",
    "INSERT INTO jobs (kind, title, creator_id) VALUES ('embed', 'Embed', :id)",
    "INSERT INTO provider_runs (kind, subject, user_id) VALUES ('explain', 'm/0-s', :id)",
    "INSERT INTO provider_calls (purpose, provider, model, user_id) VALUES ('explain', 'openai', 'gpt', :id)",
    "INSERT INTO user_identities (provider, subject, user_id, label) VALUES ('oidc', '1', :id, :email)",
    """INSERT INTO reports (id, kind, subject_id, place, words, author_name, reason, reporter_id, decided_by)
    VALUES ('rp', 'comment', 'c', '/list/l', 'hm', :name, 'rude', :id, :name)""",
)
OWN = (
    *(
        "lists",
        "list_entries",
        "comments",
        "tested_texts",
        "bookmarks",
        "explanation_votes",
        "steer_vectors",
        "steer_outputs",
    ),
    *("user_sessions", "api_keys", "provider_keys", "user_identities", "sign_in_links"),
)
"""Tables of what is one person's alone."""
NAME, EMAIL = "zaphod-b", "zaphod@beeblebrox.example"


async def with_one_of_everything() -> tuple[users.Account, str, str]:
    """A person, the token of a session and an API key."""
    one = await users.add(NAME, email=EMAIL)
    with done_for(Person(one.id, NAME, way="session")):
        token, (_, key) = await sessions.begin(one.id, "Firefox"), await keys.make(one.id, "one")
        await provider_keys.put("openai", SecretStr("sk-test"), one.id)
        await activity.note("list.make", "/list/l")
        async with writing() as writer:
            for statement in ONE_OF_EVERYTHING:
                named = {"id": one.id, "name": NAME, "email": EMAIL}
                await run_in(writer, statement, **{each: named[each] for each in re.findall(r":(\w+)", statement)})
            await writer.commit()
        await links.ask(EMAIL, "/", "")
    return one, token, key


async def naming_people() -> set[str]:
    """Tables with a column that refers to people."""
    found = await rows(
        "SELECT conrelid::regclass::text AS name FROM pg_constraint "
        "WHERE contype = 'f' AND confrelid = 'users'::regclass"
    )
    return {one["name"] for one in found}


async def test_all_that_names_a_person_is_theirs_to_take_away() -> None:
    one, token, key = await with_one_of_everything()
    read = set(re.findall(r"FROM (\w+)", " ".join(leaving.PARTS.values())))
    assert await naming_people() - read == {"sign_in_links"}, "links last for minutes, and hold nothing else"
    with done_for(Person(one.id, NAME, way="session")):
        file = io.BytesIO(await leaving.archive(one.id))
    with zipfile.ZipFile(file) as packed:
        found = {name.removesuffix(".json"): json.loads(packed.read(name)) for name in packed.namelist()}
    assert set(found) == set(leaving.PARTS)
    assert [name for name, content in found.items() if not content] == []
    assert found["account"][0]["email"] == EMAIL
    assert [found[name][0]["id"] for name in ("explanations", "lists", "comments")] == ["x", "l", "c"]
    assert all(secret not in json.dumps(found) for secret in (key, token, "sk-test"))


async def test_all_of_ones_own_goes_and_explanations_stay_without_a_name() -> None:
    one, token, key = await with_one_of_everything()
    with done_for(Person(one.id, NAME, way="session")):
        with pytest.raises(BadInputError):
            await leaving.delete(one.id, "somebody")
        await leaving.delete(one.id, NAME.upper())
    assert await recognising.from_headers({"cookie": f"memicos_session={token}"}) == VISITOR
    with pytest.raises(SignInError):
        await recognising.from_headers({"x-api-key": key})
    with done_for(OWNER):
        assert await row("SELECT author_id FROM explanations WHERE id = 'x'") == {"author_id": None}
        for table in OWN:
            assert await row(f"SELECT 1 FROM {table}") is None, table
        for table in await rows("SELECT relname AS name FROM pg_stat_user_tables"):
            for kept in await rows(f'SELECT t::text AS line FROM "{table["name"]}" AS t'):
                assert NAME not in kept["line"], table
                assert EMAIL not in kept["line"], table
        with pytest.raises(ConflictError):
            await leaving.delete("owner", "owner")
