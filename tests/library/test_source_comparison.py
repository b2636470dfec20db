"""Two sources side by side: shares on common bars, what differs, and matches with their shares."""

from __future__ import annotations

import numpy as np
import pytest

from memicos_app.db import session
from memicos_app.library import source_comparison
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.source_comparison import Difference, Pair, differences, flat, matched
from tests.conftest import settle
from tests.library.datasets.folder import MODEL, SOURCE, Folder, feature

OTHER = "5-res-tiny"


@pytest.fixture(scope="module")
def filled(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    for source, scale in ((SOURCE, 1.0), (OTHER, 3.0)):
        folder = Folder(tmp_path_factory.mktemp("origin"), source_id=source)
        folder.cards["source"] |= {"id": source}
        lines = [
            feature(i, layer=source, frac_nonzero=scale * (i + 1) / 1000, maxActApprox=scale * i) for i in range(20)
        ]
        folder.batch("features/batch-0", lines)
        settle(import_source(folder.write(), MODEL, source))
    settle(session.dispose())
    return module_database


async def test_distributions_are_shares_on_the_same_bars(filled: str) -> None:
    found = await source_comparison.side_by_side(MODEL, SOURCE, MODEL, OTHER)
    density, strongest = found.distributions
    assert (density.name, strongest.name) == ("density", "max_activation")
    for one in (density, strongest):
        assert len(one.first) == len(one.second) == len(one.edges) - 1
        assert sum(one.first) == pytest.approx(1, abs=1e-4)
        assert sum(one.second) == pytest.approx(1, abs=1e-4)
    mean = [np.dot(density.edges[:-1], shares) for shares in (density.first, density.second)]
    assert mean[1] > 2 * mean[0]


async def test_a_source_that_is_not_there(filled: str) -> None:
    with pytest.raises(NotFoundError):
        await source_comparison.side_by_side(MODEL, SOURCE, MODEL, "9-none")
    with pytest.raises(BadInputError) as caught:
        await source_comparison.matching(MODEL, SOURCE, "other", OTHER)
    assert caught.value.field == "b"


def test_differences_keep_the_order_and_leave_nested_data_out() -> None:
    found = differences({"d_sae": 40, "dtype": "float32", "metadata": {"x": 1}}, {"dtype": "float32", "k": 6})
    assert found == [
        Difference("d_sae", 40, None),
        Difference("dtype", "float32", "float32"),
        Difference("k", None, 6),
    ]
    assert [one.is_same for one in found] == [False, True, False]


def test_the_hook_point_counts_where_it_stands_in_the_metadata() -> None:
    first, second = ({"d_sae": 40, "metadata": {"hook_name": f"blocks.{layer}.hook_in"}} for layer in (3, 5))
    told = [one for one in differences(flat(first), flat(second)) if not one.is_same]
    assert told == [Difference("hook_name", "blocks.3.hook_in", "blocks.5.hook_in")]


def test_matches_are_ranked_and_counted_both_ways() -> None:
    arrays = ([0, 1, 2], [5, 5, 3], [0.9, 0.95, 0.1], [2, 0, 0, 2, 0, 1], [0.1, 0.2, 0.3, 0.1, 0.69, 0.95])
    found = matched(*(np.asarray(one) for one in arrays), total=3)
    assert found.pairs == [Pair(1, 5, 0.95, True), Pair(0, 5, 0.9, False), Pair(2, 3, 0.1, True)]
    assert found.share_alike == pytest.approx(2 / 3)
    assert found.share_alike_back == pytest.approx(1 / 6)
    assert found.share_mutual == pytest.approx(2 / 3)
    assert sum(found.heights) == 3
    assert len(found.edges) == len(found.heights) + 1


async def test_of_large_sources_an_even_sample_is_compared(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await source_comparison._sample(MODEL, SOURCE, OTHER) == (20, None)
    monkeypatch.setattr(source_comparison, "MOST_PAIRS", 4096 * 20 * 5)
    total, sample = await source_comparison._sample(MODEL, SOURCE, OTHER)
    assert (total, sample) == (20, [0, 5, 10, 14, 19])
