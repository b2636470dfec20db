"""Explanations that people write here, and what may be done with those that were made here: change and delete.

Whoever wrote one changes and deletes it, an administrator any. Those that came with a dataset leave with it and are
nobody's to change; what models write is in `autointerp/`.
"""

from __future__ import annotations

import secrets

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import original, storable
from memicos_app.library import activity, explanations, features, rates, vectors
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import me
from memicos_app.library.accounts.rights import Right
from memicos_app.library.embedders import soon
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError
from memicos_app.library.explanations import BY_HAND, CURRENT, refresh_labels
from memicos_app.library.query import Row, row, rows_in, run_in, writing

LONGEST = 512
"""Characters of an explanation."""


async def write(model_id: str, source_id: str, index: int, text: str) -> str:
    """Say what a feature means in one's own words; they stand before what programs say. The explanation's id.

    Raises:
        NotFoundError: there is no such feature.
        BadInputError: the text is empty or too long, or the feature is somebody's vector, which has a label.
        ConflictError: the feature has these very words, written by hand.
        SignInError, ForbiddenError: the person may not write.
    """
    rights.require(Right.WRITE)
    said = checked(text)
    if vectors.is_vector(source_id):
        raise BadInputError("A vector of one's own is named by its label.", field="source_id")
    if not await _exists(model_id, source_id, index):
        await features.feature(model_id, source_id, index)
    await rates.take("write")
    made = secrets.token_hex(12)
    async with writing() as writer:
        await lock(writer, model_id, source_id)
        await _refuse_twin(writer, model_id, source_id, index, said)
        await run_in(
            writer,
            """
            INSERT INTO explanations (id, model_id, source_id, index, description, type_name, author_id)
            VALUES (:id, :model, :source, :index, :text, :type, :author)
            """,
            id=made,
            model=model_id,
            source=source_id,
            index=index,
            text=storable(said),
            type=BY_HAND,
            author=me(),
        )
        await refresh_labels(writer, model_id, source_id, indices=[index])
        await activity.note("explanation.write", f"/{model_id}/{source_id}/{index}", {"id": made}, writer=writer)
        await writer.commit()
    soon.embed(model_id, source_id)
    return made


async def change(explanation_id: str, text: str) -> None:
    """Put other words in the place of some that were written here; scores of the words before go.

    Raises:
        NotFoundError: there is no such explanation.
        BadInputError: the text is empty or too long.
        ConflictError: it was not written here by hand, or another has these words.
        ForbiddenError, SignInError: somebody else wrote it, and the person who asks may not manage what is here.
    """
    said = checked(text)
    one = await found(explanation_id)
    if one["generation_id"] is not None or one["type_name"] != BY_HAND:
        raise ConflictError("Only explanations that were written here by hand can be changed.", field="id")
    _require_theirs(one)
    await rates.take("write")
    place = (one["model_id"], one["source_id"], one["index"])
    async with writing() as writer:
        await lock(writer, *place[:2])
        await _refuse_twin(writer, *place, said, but=explanation_id)
        await run_in(
            writer,
            """
            UPDATE explanations SET description = :text, dataset_score = NULL, scores = '[]' WHERE number = :number
            """,
            text=storable(said),
            number=one["number"],
        )
        await refresh_labels(writer, *place[:2], indices=[place[2]])
        await _noted("explanation.change", one, explanation_id, writer)
        await writer.commit()
    soon.embed(*place[:2])


async def delete(explanation_id: str) -> None:
    """Remove an explanation that was made here, with its votes and scores.

    Raises:
        NotFoundError: there is no such explanation.
        ConflictError: it came with a dataset.
        ForbiddenError, SignInError: somebody else wrote it, and the person who asks may not manage what is here.
    """
    one = await found(explanation_id)
    if one["generation_id"] is not None:
        raise ConflictError("This explanation came with its dataset, and leaves with it.", field="id")
    _require_theirs(one)
    async with writing() as writer:
        await lock(writer, one["model_id"], one["source_id"])
        await run_in(writer, "DELETE FROM explanations WHERE number = :number", number=one["number"])
        for table in ("explanation_votes", "explanation_scores"):
            await run_in(writer, f"DELETE FROM {table} WHERE explanation_id = :id", id=storable(explanation_id))
        await refresh_labels(writer, one["model_id"], one["source_id"], indices=[one["index"]])
        await _noted("explanation.delete", one, explanation_id, writer)
        await writer.commit()


def _require_theirs(one: Row) -> None:
    """Raises `ForbiddenError` or `SignInError` unless the person asking wrote it, or manages what is here."""
    rights.require(Right.WRITE if one["author_id"] is not None and one["author_id"] == me() else Right.MANAGE)


async def _noted(action: str, one: Row, explanation_id: str, writer: AsyncSession) -> None:
    place = f"/{original(one['model_id'])}/{original(one['source_id'])}/{one['index']}"
    await activity.note(action, place, {"id": explanation_id}, writer=writer)


async def found(explanation_id: str) -> Row:
    """The explanation that readers see under an id.

    Raises:
        NotFoundError: there is none.
    """
    one = await row(
        f"""
        SELECT x.number, x.model_id, x.source_id, x.index, x.generation_id, x.type_name, x.author_id
        FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE x.id = :id AND {CURRENT} ORDER BY x.number DESC LIMIT 1
        """,
        id=storable(explanation_id),
    )
    if one is None:
        raise NotFoundError(f"There is no explanation {explanation_id[:100]}.", field="id")
    return one


def checked(text: str) -> str:
    """The words as they are kept, in one line. Raises `BadInputError`."""
    said = " ".join(text.split())
    if not said:
        raise BadInputError("An explanation needs some words.", field="description")
    if len(said) > LONGEST:
        raise BadInputError(
            f"An explanation has at most {LONGEST} characters; this has {len(said)}.", field="description"
        )
    return said


async def _exists(model_id: str, source_id: str, index: int) -> bool:
    found = await row(
        """
        SELECT 1 FROM sources AS s JOIN features AS f ON f.generation_id = s.current_generation AND f.index = :index
        WHERE s.model_id = :model AND s.id = :source
        """,
        model=model_id,
        source=source_id,
        index=index,
    )
    return found is not None


async def lock(writer: AsyncSession, model_id: str, source_id: str) -> None:
    """One change of a source's explanations at a time: its labels and counts follow each."""
    await rows_in(
        writer,
        "SELECT 1 FROM sources WHERE model_id = :model AND id = :source FOR UPDATE",
        model=model_id,
        source=source_id,
    )


async def _refuse_twin(
    writer: AsyncSession, model_id: str, source_id: str, index: int, said: str, *, but: str = ""
) -> None:
    for one in await explanations.for_feature(model_id, source_id, index, session=writer):
        if one.type_name == BY_HAND and one.description == said and one.id != but:
            raise ConflictError("This feature has these very words already, written by hand.", field="description")
