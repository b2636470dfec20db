"""Texts to judge by: evenly over the tenths, truly silent ones, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from memicos_app.db import session
from memicos_app.library import activations
from memicos_app.library.autointerp import sampling
from memicos_app.library.autointerp.sampling import draw
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.settings import get_settings
from tests.conftest import settle
from tests.inference_worker import serving
from tests.library.autointerp import source
from tests.library.autointerp.source import DEMO_MODEL, DEMO_SOURCE
from tests.library.datasets.folder import MODEL, SOURCE


@pytest.fixture(scope="module", autouse=True)
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo's first features, and a few made by hand."""
    folder = tmp_path_factory.mktemp("origin")
    settle(import_source(source.demo(folder), DEMO_MODEL, DEMO_SOURCE))
    settle(import_source(source.by_hand(folder), MODEL, SOURCE))
    settle(session.dispose())
    return module_database


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real worker serves the demo's source."""
    with serving.worker() as url:
        monkeypatch.setenv("INFERENCE_URLS", url)
        monkeypatch.setenv("INFERENCE_SERVER_SECRET", serving.SECRET)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


async def test_as_many_of_each_and_each_text_once() -> None:
    found = await draw(DEMO_MODEL, DEMO_SOURCE, 3, n=12, check=False)
    assert len(found.firing) == len(found.silent) == 12
    texts = [one.tokens for one in (*found.firing, *found.silent)]
    assert len(set(texts)) == 24
    assert all(len(one.tokens) == len(one.values) <= sampling.TOKENS for one in (*found.firing, *found.silent))
    assert all(max(one.values) > 0 for one in found.firing)
    assert all(not any(one.values) and one.decile == 0 for one in found.silent)
    assert (found.checked, 0 < found.may_fire < 1) == (False, True)


async def test_the_firing_ones_come_evenly_from_the_tenths_of_the_range() -> None:
    found = await draw(MODEL, SOURCE, 1, n=5, check=False)
    assert sorted(one.decile for one in found.firing) == [6, 7, 8, 9, 10], "the strongest first"
    real = await draw(DEMO_MODEL, DEMO_SOURCE, 3, n=20, check=False)
    tenths = Counter(one.decile for one in real.firing)
    assert set(tenths) <= set(range(1, 11))
    assert len(tenths) >= 7
    assert max(tenths.values()) <= 7, "not mostly the strongest, as they are stored"
    for one in real.firing:
        assert (one.decile - 1) / 10 * real.maximum < max(one.values) * 1.001
        assert max(one.values) <= one.decile / 10 * real.maximum * 1.001


async def test_the_silent_ones_are_not_the_features_own_texts() -> None:
    found = await draw(MODEL, SOURCE, 0, n=10, check=False)
    assert ("quite", " silent") in [one.tokens for one in found.silent], "where one of its own is silent, it serves"
    assert not any(" word0" in one.tokens for one in found.silent)
    assert all(one.origin.startswith(f"{SOURCE}/") for one in found.silent)


async def test_the_same_seed_draws_the_same_texts() -> None:
    one = await draw(DEMO_MODEL, DEMO_SOURCE, 3, n=10, seed=5, check=False)
    await draw(DEMO_MODEL, DEMO_SOURCE, 4, n=10, seed=5, check=False)
    assert await draw(DEMO_MODEL, DEMO_SOURCE, 3, n=10, seed=5, check=False) == one
    other = await draw(DEMO_MODEL, DEMO_SOURCE, 3, n=10, seed=6, check=False)
    assert {text.tokens for text in other.silent} != {text.tokens for text in one.silent}


async def test_silence_is_measured_where_the_worker_can(worker: None) -> None:
    found = await draw(DEMO_MODEL, DEMO_SOURCE, 3, n=8)
    assert (found.checked, found.may_fire, len(found.silent)) == (True, 0.0, 8)
    for one in found.silent:
        tested = await activations.test(DEMO_MODEL, DEMO_SOURCE, 3, "".join(one.tokens))
        assert tested.max_value == 0
    unserved = await draw(MODEL, SOURCE, 1, n=5)
    assert not unserved.checked, "the worker has no such source"


async def test_without_a_worker_it_is_said_that_nobody_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERENCE_URLS", "http://127.0.0.1:9")
    get_settings.cache_clear()
    found = await draw(DEMO_MODEL, DEMO_SOURCE, 3, n=4)
    get_settings.cache_clear()
    assert not found.checked


async def test_too_little_to_judge_by() -> None:
    with pytest.raises(BadInputError, match="Between 3 and 100"):
        await draw(MODEL, SOURCE, 1, n=2)
    with pytest.raises(NotFoundError, match="no feature toy/3-res-tiny/99"):
        await draw(MODEL, SOURCE, 99)
