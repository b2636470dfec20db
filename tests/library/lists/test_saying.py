"""Bookmarks, comments, reports and the log: once each, by whom they may be, and hidden where it was decided."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from memicos_app.library import activity, bookmarks, comments, explanations, own_explanations, reports, votes
from memicos_app.library.accounts.person import VISITOR
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, SignInError
from memicos_app.library.lists import keeping, reading
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.library.rates import RateLimited
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE
from tests.people import ANN, BOB, EVE, done_for

pytestmark = pytest.mark.usefixtures("peopled")
ZERO = FeatureAddress(MODEL, SOURCE, 0)
ONE = FeatureAddress(MODEL, SOURCE, 1)


async def test_twenty_bookmarks_at_once_are_one_and_nobody_elses() -> None:
    with done_for(ANN):
        added = await asyncio.gather(*(bookmarks.add(ZERO) for _ in range(20)))
        assert sum(added) == 1
        await bookmarks.add(ONE)
        assert [one.address for one in await bookmarks.mine()] == [ONE, ZERO]
        assert [one.address for one in await bookmarks.mine(limit=1)] == [ONE]
        assert await bookmarks.has(ZERO)
        with pytest.raises(NotFoundError):
            await bookmarks.add(FeatureAddress(MODEL, SOURCE, 77))
    with done_for(BOB):
        assert not await bookmarks.has(ZERO)
        assert not await bookmarks.remove(ZERO)
    with done_for(VISITOR):
        assert await bookmarks.mine() == []
        with pytest.raises(SignInError):
            await bookmarks.add(ZERO)
    with done_for(ANN):
        assert await bookmarks.remove(ZERO)
        assert not await bookmarks.has(ZERO)


async def test_comments_are_deleted_by_their_author_and_by_administrators() -> None:
    with done_for(ANN):
        said = await comments.on_feature(ZERO, " <b>not</b> a cat\x00 ")
        other = await comments.on_feature(ZERO, "second thoughts")
    with done_for(BOB):
        first, second = await comments.of_feature(ZERO)
        assert (first.id, first.text, first.author_name, first.mine) == (said, "<b>not</b> a cat\x00", "ann", False)
        assert (first.address, second.id) == (ZERO, other)
        with pytest.raises(ForbiddenError):
            await comments.delete(said)
    with done_for(ANN):
        await comments.delete(said)
        with pytest.raises(NotFoundError):
            await comments.delete(said)
    with done_for(EVE):
        await comments.delete(other)
        assert await comments.of_feature(ZERO) == []


async def test_own_words_are_changed_by_their_author_and_by_administrators() -> None:
    with done_for(VISITOR), pytest.raises(SignInError):
        await own_explanations.write(MODEL, SOURCE, 0, "let me in")
    with done_for(ANN):
        hers = await own_explanations.write(MODEL, SOURCE, 0, "whiskers")
        await own_explanations.change(hers, "paws")
    with done_for(BOB):
        for refused in (own_explanations.change(hers, "dogs"), own_explanations.delete(hers)):
            with pytest.raises(ForbiddenError):
                await refused
    with done_for(EVE):
        await own_explanations.change(hers, "claws")
        first, _ = await explanations.for_feature(MODEL, SOURCE, 0)
        assert (first.description, first.own) == ("claws", False)
        with pytest.raises(ConflictError):
            await own_explanations.change("pets", "dogs")
        await own_explanations.delete(hers)


async def test_nobody_writes_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMITS", "write=3")
    get_settings.cache_clear()
    with done_for(ANN):
        kept = await keeping.make("cats")
        await bookmarks.add(ZERO)
        await comments.on_list(kept.id, "mine")
        for more in (comments.on_feature(ZERO, "once more"), votes.vote("pets", ANN.id or "", 1), bookmarks.add(ONE)):
            with pytest.raises(RateLimited):
                await more
    with done_for(BOB):
        await bookmarks.add(ONE)


async def test_comments_have_their_lengths_and_lists_their_readers() -> None:
    with done_for(ANN):
        hers = await keeping.make("Cats", visibility="private")
        assert await comments.on_list(hers.id, "ok")
        for wrong in (
            comments.on_feature(ZERO, "four"),
            comments.on_feature(ZERO, "x" * 1025),
            comments.on_list(hers.id, " x "),
        ):
            with pytest.raises(BadInputError) as refused:
                await wrong
            assert refused.value.field == "text"
    with done_for(BOB):
        with pytest.raises(NotFoundError):
            await comments.on_list(hers.id, "let me in")
        with pytest.raises(NotFoundError):
            await comments.of_list(hers.id)


async def test_a_hidden_comment_is_seen_by_its_author_and_administrators() -> None:
    with done_for(ANN):
        said = await comments.on_feature(ZERO, "something rude")
    with done_for(BOB):
        made = await reports.report("comment", said, "it is rude")
        assert await reports.report("comment", said, "very rude") == made
        with pytest.raises(ForbiddenError):
            await reports.all_of()
        with pytest.raises(ForbiddenError):
            await reports.decide(made, "hide")
    with done_for(EVE):
        (one,) = await reports.all_of()
        assert (one.words, one.reason, one.author_name, one.reporter_name, one.place) == (
            "something rude",
            "very rude",
            "ann",
            "bob",
            f"/{ZERO}",
        )
        await reports.decide(made, "hide")
        (one,) = await reports.all_of("hidden")
        assert (one.decided_by, one.decided_at is not None) == ("eve", True)
        assert len(await comments.of_feature(ZERO)) == 1
    with done_for(BOB):
        assert await comments.of_feature(ZERO) == []
    with done_for(EVE):
        await reports.decide(made, "restore")
    with done_for(BOB):
        assert len(await comments.of_feature(ZERO)) == 1
    with done_for(EVE):
        await reports.decide(made, "delete")
        assert [each.state for each in await reports.all_of("")] == ["deleted"]
        with pytest.raises(NotFoundError):
            await reports.decide(made, "hide")


async def test_a_hidden_list_is_its_owners_alone() -> None:
    with done_for(ANN):
        hers = await keeping.make("Rude words")
    with done_for(BOB):
        made = await reports.report("list", hers.id, "rude")
    with done_for(EVE):
        await reports.decide(made, "hide")
    with done_for(BOB):
        assert await reading.of_person("ann") == []
        with pytest.raises(NotFoundError):
            await reading.get(hers.id)
    with done_for(ANN):
        assert (await reading.get(hers.id)).hidden


async def test_a_hidden_explanation_stays_hidden_over_a_re_import(tmp_path: Path) -> None:
    with done_for(BOB):
        made = await reports.report("explanation", "pets", "wrong")
    with done_for(EVE):
        with pytest.raises(ConflictError):
            await reports.decide(made, "delete")
        await reports.decide(made, "hide")
    assert await explanations.for_feature(MODEL, SOURCE, 0) == []
    await import_source(tmp_path, MODEL, SOURCE, again=True)
    assert await explanations.for_feature(MODEL, SOURCE, 0) == []
    with done_for(EVE):
        await reports.decide(made, "restore")
    assert [one.id for one in await explanations.for_feature(MODEL, SOURCE, 0)] == ["pets"]


async def test_one_s_own_votes_are_told_apart() -> None:
    with done_for(EVE):
        words = await own_explanations.write(MODEL, SOURCE, 1, "a word of mine")
    await asyncio.gather(votes.vote("pets", "ann", 1), votes.vote(words, "ann", -1), votes.vote("pets", "bob", 1))
    assert await votes.of("ann", ["pets", words, "none"]) == {"pets": 1, words: -1}
    (one,) = await explanations.for_feature(MODEL, SOURCE, 0)
    assert one.votes == 2


async def test_the_log_says_who_did_what_and_can_be_narrowed() -> None:
    with done_for(ANN):
        hers = await keeping.make("Cats")
        await comments.on_list(hers.id, "nice")
    with done_for(BOB):
        with pytest.raises(ForbiddenError):
            await keeping.delete(hers.id)
        with pytest.raises(ForbiddenError):
            await activity.lines()
    with done_for(EVE):
        await keeping.delete(hers.id)
        told = [(one.person_name, one.action) for one in await activity.lines(subject=hers.id)]
        assert told == [("eve", "list.delete"), ("ann", "comment.make"), ("ann", "list.make")]
        assert [one.action for one in await activity.lines(action="list", name="ann")] == ["list.make"]
        last = (await activity.lines(limit=1))[0]
        assert last.id not in [one.id for one in await activity.lines(before=last.id)]
        assert "list.delete" in await activity.actions()
