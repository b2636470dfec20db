"""Both sides of a conversation: together while they agree, each with its own history once they have parted."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing

import pytest

from memicos_app.library import side_by_side, steer_runs
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import ChatTurn, SteeredFeature, SteerRequest
from tests.inference_worker.serving import MODEL, SOURCE

FEATURE = SteeredFeature(MODEL, SOURCE, 53, 90.0)
HELLO = ChatTurn("user", "Hello.")
ONE = (HELLO, ChatTurn("assistant", "I like ships."), ChatTurn("user", "Tell me more."))
OTHER = (HELLO, ChatTurn("assistant", "I like trees."), ChatTurn("user", "Tell me more."))
REQUEST = SteerRequest(MODEL, "", [FEATURE], temperature=0, n_tokens=5, chat=ONE)


pytestmark = pytest.mark.usefixtures("inference")


async def test_sides_that_agree_are_one_run() -> None:
    wish = Wish(REQUEST, ONE)
    assert not wish.parted
    both, plain = await side_by_side.complete(wish), await steer_runs.complete(REQUEST)
    assert (both.default, both.steered) == (plain.default, plain.steered)


async def test_parted_sides_answer_their_own_histories() -> None:
    wish = Wish(REQUEST, OTHER)
    assert wish.parted
    found = [result async for result in side_by_side.stream(wish)]
    assert found[-1].done
    unsteered = await steer_runs.complete(dataclasses.replace(REQUEST, chat=OTHER))
    steered = await steer_runs.complete(REQUEST)
    assert found[-1].default == unsteered.default
    assert found[-1].steered == steered.steered
    assert "ships" in found[-1].steered.raw
    assert "trees" in found[-1].default.raw
    assert found[-1].default.chat[:3] == list(OTHER)


async def test_leaving_early_and_failing_end_both() -> None:
    wish = Wish(dataclasses.replace(REQUEST, n_tokens=200), OTHER)
    async with aclosing(side_by_side.stream(wish)) as results:
        async for result in results:
            assert not result.done
            break
    missing = dataclasses.replace(REQUEST, features=[dataclasses.replace(FEATURE, index=99_999)])
    with pytest.raises(NotFoundError) as caught:
        await side_by_side.complete(Wish(missing, OTHER))
    assert caught.value.field == "features.0.index"
    with pytest.raises(BadInputError):
        await side_by_side.complete(Wish(dataclasses.replace(REQUEST, temperature=9), OTHER))
    assert (await steer_runs.complete(dataclasses.replace(REQUEST, n_tokens=1))).done
