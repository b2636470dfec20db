"""The embedding scorer on real features: what was written of them by hand is told from what is said of others."""

from __future__ import annotations

from statistics import mean

import pytest

from memicos_app.db import session
from memicos_app.library import explanations
from memicos_app.library.autointerp import sampling
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.autointerp.scorers.interface import Work
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import embedders
from tests.conftest import settle
from tests.library.autointerp import source
from tests.library.autointerp.source import DEMO_MODEL, DEMO_SOURCE

EXPLAINED = (8, 9, 13, 14, 19)


@pytest.fixture(scope="module", autouse=True)
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo's first features with what was written about them."""
    settle(import_source(source.demo(tmp_path_factory.mktemp("origin")), DEMO_MODEL, DEMO_SOURCE))
    settle(session.dispose())
    return module_database


async def test_an_explanation_scores_better_on_its_own_feature_than_on_others() -> None:
    by, embedder = scorer("eleuther_embedding"), (await embedders())[0]
    samples = [await sampling.draw(DEMO_MODEL, DEMO_SOURCE, index, n=12, check=False) for index in EXPLAINED]
    said = [await explanations.for_feature(DEMO_MODEL, DEMO_SOURCE, index) for index in EXPLAINED]
    words = [one[0].description for one in said]

    async def value(text: str, sample: sampling.Sample) -> float:
        return by.figure(await by.judge(Work(text, sample, 0, embedder=embedder))).value

    own = [await value(text, sample) for text, sample in zip(words, samples, strict=True)]
    others = [await value(text, sample) for text, sample in zip([*words[1:], words[0]], samples, strict=True)]
    assert mean(own) > 0.7, own
    assert mean(others) < mean(own) - 0.1, (own, others)
