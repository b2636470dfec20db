"""Figures of scores: identities, scikit-learn's numbers, and intervals that hold the truth as often as they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from memicos_app.library.autointerp.figures import Figure, auc, balanced_accuracy, correlation, proportion

RUNS = 1500


@pytest.mark.parametrize(
    ("found", "value"),
    [
        (balanced_accuracy(20, 20, 20, 20), 1.0),
        (balanced_accuracy(0, 20, 0, 20), 0.0),
        (balanced_accuracy(20, 20, 0, 20), 0.5),
        (balanced_accuracy(30, 30, 0, 3), 0.5),
        (auc([2, 3], [0, 1]), 1.0),
        (auc([0, 1], [2, 3]), 0.0),
        (auc([1, 1], [1, 1, 1]), 0.5),
        (correlation([([0, 1, 2], [0, 2, 4]), ([5, 0, 1], [10, 0, 2])]), 1.0),
        (correlation([([0, 1, 2], [0, -2, -4]), ([5, 0, 1], [-10, 0, -2])]), -1.0),
        (correlation([([0, 1, 2], [3, 3, 3]), ([5, 0, 1], [3, 3, 3])]), 0.0),
    ],
)
def test_perfect_inverted_and_constant_judges(found: Figure, value: float) -> None:
    assert found.value == pytest.approx(value, abs=1e-7)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(
    "found", [balanced_accuracy(20, 20, 20, 20), auc([2, 3, 4], [0, 1, 1]), auc([0, 1], [2, 3]), proportion(0, 9)]
)
def test_a_few_perfect_judgements_leave_doubt(found: Figure) -> None:
    assert found.high - found.low > 0.05


def test_wilson_as_in_the_books() -> None:
    found = proportion(8, 10)
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert proportion(10, 10).high == 1.0
    assert proportion(0, 10).low == 0.0


def test_an_area_is_that_of_scikit_learn_with_equal_ones_too() -> None:
    chance = np.random.default_rng(1)
    for _ in range(50):
        truth = chance.permutation([1] * chance.integers(1, 30) + [0] * chance.integers(1, 30))
        told = chance.integers(0, 8, len(truth)) / 4
        ours = auc(told[truth == 1].tolist(), told[truth == 0].tolist()).value
        assert ours == pytest.approx(roc_auc_score(truth, told), abs=1e-12)


def test_a_correlation_is_numpys_over_all_tokens() -> None:
    chance = np.random.default_rng(2)
    texts = [(chance.normal(size=n), chance.normal(size=n)) for n in (3, 9, 30)]
    expected = np.corrcoef(np.concatenate([x for x, _ in texts]), np.concatenate([y for _, y in texts]))[0, 1]
    assert correlation([(x.tolist(), y.tolist()) for x, y in texts]).value == pytest.approx(expected, abs=1e-7)


def test_the_order_of_examples_changes_nothing() -> None:
    chance = np.random.default_rng(3)
    firing, silent = chance.normal(1, 1, 12).tolist(), chance.normal(0, 1, 15).tolist()
    assert auc(firing, silent) == auc(firing[::-1], sorted(silent))
    texts = [(chance.random(8).tolist(), chance.random(8).tolist()) for _ in range(6)]
    one, other = correlation(texts), correlation(texts[::-1])
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-9)


def accuracies(chance: np.random.Generator) -> tuple[Figure, float]:
    return balanced_accuracy(int(chance.binomial(20, 0.9)), 20, int(chance.binomial(15, 0.7)), 15), 0.8


def any_accuracies(chance: np.random.Generator) -> tuple[Figure, float]:
    """Judges of every quality: with so few examples the share that is held swings about with the truth."""
    firing, silent = chance.uniform(0.5, 1, 2)
    found = balanced_accuracy(int(chance.binomial(20, firing)), 20, int(chance.binomial(20, silent)), 20)
    return found, (firing + silent) / 2


def areas(chance: np.random.Generator) -> tuple[Figure, float]:
    """Two normal distributions 1.5 apart: the area is Φ(1.5/√2)."""
    truth = 0.5 * (1 + math.erf(1.5 / 2))
    return auc(chance.normal(1.5, 1, 20).tolist(), chance.normal(0, 1, 20).tolist()), truth


def correlations(chance: np.random.Generator) -> tuple[Figure, float]:
    """Texts of 24 tokens that share half of their variance within a text; ρ = .6 throughout."""
    texts: list[tuple[Sequence[float], Sequence[float]]] = []
    for _ in range(20):
        shared, own = chance.normal(size=(2, 1)), chance.normal(size=(2, 24))
        x, other = (shared + own) / math.sqrt(2)
        texts.append((x.tolist(), (0.6 * x + 0.8 * other).tolist()))
    return correlation(texts), 0.6


@pytest.mark.parametrize("draw", [accuracies, any_accuracies, areas, correlations])
def test_intervals_hold_the_truth_as_often_as_they_say(
    draw: Callable[[np.random.Generator], tuple[Figure, float]],
) -> None:
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(RUNS):
        found, truth = draw(chance)
        held += found.low <= truth <= found.high
    assert 0.93 <= held / RUNS <= 0.99, f"{held / RUNS:.3f} of the intervals hold the truth"


@pytest.mark.parametrize(
    "nothing",
    [
        lambda: proportion(0, 0),
        lambda: proportion(3, 2),
        lambda: balanced_accuracy(1, 1, 0, 0),
        lambda: auc([], [1.0]),
        lambda: correlation([([1, 2, 3, 4], [1, 2, 3, 4])]),
        lambda: correlation([]),
        lambda: correlation([([1, 2], [1]), ([1, 2], [1, 2])]),
    ],
)
def test_too_little_is_no_figure(nothing: Callable[[], Figure]) -> None:
    with pytest.raises(ValueError):
        nothing()
