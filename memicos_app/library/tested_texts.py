"""Texts that a person tested on a feature's page: kept for them, seen by nobody else, the oldest let go first."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, storable
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import me, person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import row, rows, rows_in, run_in, writing
from memicos_app.library.quick_lists import FeatureAddress

OF_A_FEATURE = 20
OF_A_PERSON = 1000
"""How many texts are kept at most."""
_HERE = "user_id = :user AND model_id = :model AND source_id = :source AND index = :index"


@dataclass(frozen=True, slots=True)
class TriedText:
    """A text of the person asking, and how strongly the feature fired on it."""

    id: str
    text: str
    strongest: float
    tested_at: datetime


async def keep(address: FeatureAddress, text: str, strongest: float) -> None:
    """Keep a text that was tested, or bring it to the front; nothing is kept of who may not write here."""
    who = person()
    if who.id is None or not rights.may(Right.WRITE):
        return
    async with writing() as writer:
        await rows_in(writer, "SELECT 1 FROM users WHERE id = :user FOR NO KEY UPDATE", user=who.id)
        await run_in(
            writer,
            """
            INSERT INTO tested_texts (id, user_id, model_id, source_id, index, text, strongest)
            VALUES (:id, :user, :model, :source, :index, :text, :strongest)
            ON CONFLICT (user_id, model_id, source_id, index, md5(text))
            DO UPDATE SET tested_at = now(), strongest = excluded.strongest
            """,
            id=secrets.token_hex(12),
            text=storable(text),
            strongest=strongest,
            **_names(who.id, address),
        )
        for condition, most in ((_HERE, OF_A_FEATURE), ("user_id = :user", OF_A_PERSON)):
            await run_in(
                writer,
                f"""
                DELETE FROM tested_texts WHERE id IN (
                    SELECT id FROM tested_texts WHERE {condition} ORDER BY tested_at DESC, id OFFSET {most}
                )
                """,
                **_names(who.id, address),
            )
        await writer.commit()


async def mine(address: FeatureAddress) -> list[TriedText]:
    """What the person asking tested on a feature, the newest first; a visitor has none."""
    if me() is None:
        return []
    found = await rows(
        f"""
        SELECT id, text, strongest, tested_at FROM tested_texts WHERE {_HERE}
        ORDER BY tested_at DESC, id LIMIT {OF_A_FEATURE}
        """,
        **_names(me(), address),
    )
    return [TriedText(one["id"], original(one["text"]), one["strongest"], one["tested_at"]) for one in found]


async def text_of(text_id: str) -> str:
    """A text of the person asking, whole. Raises `NotFoundError`."""
    found = await row("SELECT text FROM tested_texts WHERE id = :id AND user_id = :me_id", id=storable(text_id))
    if found is None:
        raise NotFoundError("There is no such text of yours.", field="id")
    return original(str(found["text"]))


async def forget(text_id: str) -> None:
    """Let go of a text of one's own. Raises `NotFoundError`, `SignInError`, `ForbiddenError`."""
    user = rights.writer()
    async with writing() as writer:
        if not await run_in(
            writer, "DELETE FROM tested_texts WHERE id = :id AND user_id = :user", id=storable(text_id), user=user
        ):
            raise NotFoundError("There is no such text of yours.", field="id")
        await writer.commit()


async def forget_all(address: FeatureAddress) -> int:
    """Let go of all that the person asking tested on a feature; how many texts. Raises as `forget`."""
    user = rights.writer()
    async with writing() as writer:
        gone = await run_in(writer, f"DELETE FROM tested_texts WHERE {_HERE}", **_names(user, address))
        await writer.commit()
    return gone


def _names(user_id: str | None, address: FeatureAddress) -> dict[str, object]:
    return {
        "user": user_id,
        "model": storable(address.model_id),
        "source": storable(address.source_id),
        "index": address.index,
    }
