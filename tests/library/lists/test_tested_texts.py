"""Texts that people tested: the newest twenty of a feature, each once, seen and let go of by their owner alone."""

from __future__ import annotations

import asyncio

import pytest

from memicos_app.library import tested_texts
from memicos_app.library.accounts.person import VISITOR
from memicos_app.library.errors import NotFoundError, SignInError
from memicos_app.library.query import row
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE
from tests.people import ANN, BOB, done_for

pytestmark = pytest.mark.usefixtures("peopled")
ZERO, ONE = FeatureAddress(MODEL, SOURCE, 0), FeatureAddress(MODEL, SOURCE, 1)


async def told(at: FeatureAddress = ZERO) -> list[tuple[str, float]]:
    return [(one.text, one.strongest) for one in await tested_texts.mine(at)]


async def count() -> int:
    found = await row("SELECT count(*) AS n FROM tested_texts")
    assert found is not None
    return int(found["n"])


async def test_the_newest_stand_first_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with done_for(ANN):
        for text, strongest in (("a cat", 3.0), ("a <b>dog</b>\x00", 0.5), ("a cat", 2.5)):
            await tested_texts.keep(ZERO, text, strongest)
        await tested_texts.keep(ONE, "a cat", 0)
        assert await told() == [("a cat", 2.5), ("a <b>dog</b>\x00", 0.5)]
        assert await told(ONE) == [("a cat", 0.0)]
        await asyncio.gather(*(tested_texts.keep(ZERO, f"text {number}", 1) for number in range(25)))
        assert len(await told()) == tested_texts.OF_A_FEATURE
        monkeypatch.setattr(tested_texts, "OF_A_PERSON", 5)
        await tested_texts.keep(ONE, "the last", 1)
        assert await told(ONE) == [("the last", 1.0)]
        assert await count() == 5


async def test_nobody_else_sees_them_or_lets_go_of_them() -> None:
    with done_for(ANN):
        await tested_texts.keep(ZERO, "a secret", 1)
        (hers,) = await tested_texts.mine(ZERO)
    with done_for(BOB):
        assert await told() == []
        assert await tested_texts.forget_all(ZERO) == 0
        for refused in (tested_texts.text_of(hers.id), tested_texts.forget(hers.id)):
            with pytest.raises(NotFoundError):
                await refused
    with done_for(VISITOR):
        assert await told() == []
        with pytest.raises(SignInError):
            await tested_texts.forget(hers.id)
    with done_for(ANN):
        assert await tested_texts.text_of(hers.id) == "a secret"
        await tested_texts.forget(hers.id)
        await tested_texts.keep(ZERO, "another", 1)
        await tested_texts.keep(ONE, "elsewhere", 1)
        assert await tested_texts.forget_all(ZERO) == 1
        assert (await told(), await told(ONE)) == ([], [("elsewhere", 1.0)])


async def test_nothing_is_kept_of_visitors_and_in_a_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    with done_for(VISITOR):
        await tested_texts.keep(ZERO, "hello", 1)
    monkeypatch.setenv("ACCESS", "demo")
    get_settings.cache_clear()
    with done_for(ANN):
        await tested_texts.keep(ZERO, "hello", 1)
    assert await count() == 0
