"""A list's text run over all its features: the model reads it once a source, and what came of it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from memicos_app.db.text import storable, storable_all
from memicos_app.library import activity, list_tests
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.errors import BadInputError, ForbiddenError
from memicos_app.library.list_tests import ListTest
from memicos_app.library.lists import keeping, reading
from memicos_app.library.query import run_in, writing
from memicos_app.library.quick_lists import FeatureAddress


async def run(list_id: str, text: str | None = None) -> AsyncIterator[tuple[int, int]]:
    """Run the list's text, or another one that takes its place, on every feature: how many are done, of how many.

    Raises:
        NotFoundError: there is no such list.
        BadInputError: there is no text, or it is too long.
        SignInError, ForbiddenError: the list is not the person's.
        UnavailableError: the worker is down, loading or busy.
    """
    require(Right.WRITE)
    one = await reading.get(list_id)
    if not one.mine:
        raise ForbiddenError("Only the one who made this list, or an administrator, may change its text.")
    if text is not None and text.strip() != one.test_text:
        one = await keeping.update(list_id, test_text=text)
    if not one.test_text:
        raise BadInputError("The list has no text to test.", field="test_text")
    wanted = await addresses(list_id)
    done = 0
    yield done, len(wanted)
    async for found in list_tests.tested(wanted, one.test_text):
        of_source = [at for at in wanted if (at.model_id, at.source_id) == (found.model_id, found.source_id)]
        await _keep(list_id, one.test_text, found, of_source)
        done += len(of_source)
        yield done, len(wanted)
    await activity.note("list.test", f"/list/{list_id}", {"features": len(wanted)})


async def addresses(list_id: str) -> list[FeatureAddress]:
    """Every feature of a list, in order."""
    found: list[FeatureAddress] = []
    after: int | None = -1
    while after is not None:
        part = await reading.entries(list_id, after=after)
        found += [one.address for one in part.entries]
        after = part.next
    return found


async def _keep(list_id: str, text: str, found: ListTest, of_source: Sequence[FeatureAddress]) -> None:
    """Features that left the list meanwhile are passed over."""
    async with writing() as writer:
        for at in of_source:
            await run_in(
                writer,
                _KEEP,
                id=list_id,
                model=storable(at.model_id),
                source=storable(at.source_id),
                index=at.index,
                text=storable(text),
                tokens=storable_all(found.tokens),
                special=list(found.tokens_is_special),
                values=found.values.get(at.index, []),
                problem=storable(found.problem),
            )
        await writer.commit()


_KEEP = """
    INSERT INTO list_test_results (list_id, model_id, source_id, index, text, tokens, special, values, problem)
    SELECT list_id, model_id, source_id, index, :text, CAST(:tokens AS text[]), CAST(:special AS boolean[]),
           CAST(:values AS real[]), :problem
    FROM list_entries WHERE list_id = :id AND model_id = :model AND source_id = :source AND index = :index
    ON CONFLICT (list_id, model_id, source_id, index) DO UPDATE
    SET text = excluded.text, tokens = excluded.tokens, special = excluded.special, values = excluded.values,
        problem = excluded.problem, created_at = now()
"""
