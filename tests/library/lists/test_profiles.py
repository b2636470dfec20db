"""What a person made: who sees runs and vectors, and what a list's text did until it changes."""

from __future__ import annotations

import pytest

from memicos_app.db.session import session
from memicos_app.db.steering import SteerOutput, SteerVector
from memicos_app.library import profiles, saved_runs
from memicos_app.library.accounts.person import VISITOR
from memicos_app.library.errors import BadInputError, ForbiddenError, NotFoundError
from memicos_app.library.list_tests import ListTest
from memicos_app.library.lists import keeping, reading, testing
from memicos_app.library.quick_lists import Entry, FeatureAddress
from tests.library.datasets.folder import MODEL, SOURCE
from tests.people import ANN, BOB, EVE, done_for

pytestmark = pytest.mark.usefixtures("peopled")
VECTORS = "3-memicos-resid-post"


async def keep_run(run_id: str, visibility: str) -> None:
    async with session() as opened:
        opened.add(
            SteerOutput(
                id=run_id,
                model_id=MODEL,
                prompt=f"say {run_id}",
                temperature=0,
                n_tokens=1,
                freq_penalty=0,
                seed=1,
                strength_multiplier=1,
                visibility=visibility,
                creator_id="ann",
            )
        )
        await opened.commit()


async def test_a_person_s_runs_are_seen_by_whom_they_choose() -> None:
    for name in ("public", "unlisted", "private"):
        await keep_run(name, name)
    seen = {}
    for who in (ANN, BOB, VISITOR, EVE):
        with done_for(who):
            seen[who.name] = sorted(one.id for one in await profiles.runs_of("ann"))
    everything = ["private", "public", "unlisted"]
    assert seen == {"ann": everything, "bob": ["public"], "": ["public"], "eve": everything}
    with done_for(BOB):
        await saved_runs.load("unlisted")
        with pytest.raises(NotFoundError):
            await saved_runs.load("private")
        with pytest.raises(NotFoundError):
            await profiles.show_run("public", "private")
        with pytest.raises(NotFoundError):
            await profiles.delete_run("public")
    with done_for(ANN):
        await saved_runs.load("private")
        await profiles.show_run("public", "private")
        with pytest.raises(BadInputError):
            await profiles.show_run("public", "secret")
        await profiles.delete_run("unlisted")
        assert [one.visibility for one in await profiles.runs_of("ann")] == ["private", "private"]


async def test_vectors_stand_on_their_maker_s_page() -> None:
    at = FeatureAddress(MODEL, VECTORS, 90_000_001)
    async with session() as opened:
        opened.add(
            SteerVector(
                model_id=MODEL,
                source_id=VECTORS,
                index=at.index,
                label="<b>mine</b>",
                hook_name="blocks.3.hook_resid_post",
                values=[1.0] * 8,
                creator_id="ann",
            )
        )
        await opened.commit()
    with done_for(BOB):
        (one,) = await profiles.vectors_of("ann")
        assert (one.address, one.label, one.mine) == (at, "<b>mine</b>", False)
        hers = await keeping.make("With a vector", features=[Entry(at)])
        assert hers.n_entries == 1
    with done_for(ANN):
        await profiles.show_vector(at, "private")
    with done_for(BOB):
        assert await profiles.vectors_of("ann") == []
        with pytest.raises(NotFoundError):
            await keeping.make("With a vector", features=[Entry(at)])


async def test_what_a_text_did_is_kept_until_it_changes() -> None:
    at = [FeatureAddress(MODEL, SOURCE, index) for index in (0, 1)]
    with done_for(ANN):
        hers = await keeping.make("Cats", test_text="a \ud800 cat", features=[Entry(one) for one in at])
        found = ListTest(MODEL, SOURCE, ["a", " \ud800", " cat"], [False] * 3, {0: [0.0, 0.0, 2.5], 1: [0.0] * 3})
        await testing._keep(hers.id, hers.test_text, found, at)
        await testing._keep(hers.id, hers.test_text, found, [*at, FeatureAddress(MODEL, SOURCE, 4)])
        first, second = (await reading.entries(hers.id)).entries
        assert first.tested is not None
        assert (first.tested.tokens, first.tested.strongest) == (["a", " \ud800", " cat"], 2.5)
        assert second.tested is not None
        assert second.tested.strongest == 0
        await keeping.update(hers.id, test_text="a dog")
        assert [one.tested for one in (await reading.entries(hers.id)).entries] == [None, None]
    with done_for(BOB), pytest.raises(ForbiddenError):
        await anext(testing.run(hers.id, "another"))
    with done_for(ANN), pytest.raises(BadInputError):
        await keeping.update(hers.id, test_text="")
        await anext(testing.run(hers.id))
