"""What two features share, and whether they fire together: arithmetic that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memicos_app.library import feature_comparison
from memicos_app.library.errors import BadInputError
from memicos_app.library.feature_cards import CardExample, FeatureCard
from memicos_app.library.feature_comparison import Shared, pearson, shared_tokens
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.library.views import Histogram

CARD = FeatureCard(
    address=FeatureAddress("m", "1-a", 1),
    explanation="",
    explanation_type="",
    density=0.1,
    max_activation=3.0,
    negative_tokens=[" no"],
    negative_values=[-1.0],
    positive_tokens=[" sea", " bird", " sky"],
    positive_values=[3.0, 2.0, 1.0],
    histogram=Histogram([], []),
    examples=[CardExample([" the", " sea"], [0.0, 3.0], 1), CardExample([" sea", "s"], [2.0, 0.0], 0)],
)
NUMBERS = st.lists(st.integers(-50, 50), min_size=3, max_size=12)


def test_shared_tokens_are_in_the_first_ones_order() -> None:
    other = replace(CARD, positive_tokens=[" sky", " sea"], negative_tokens=[" yes"], examples=CARD.examples[1:])
    assert shared_tokens(CARD, other) == [
        Shared("fires on", [" sea"], 1, 1),
        Shared("pushes up", [" sea", " sky"], 3, 2),
        Shared("pushes down", [], 1, 1),
    ]


@given(NUMBERS)
def test_pearson_is_numpys(first: list[float]) -> None:
    second = [value * 2 + place % 3 for place, value in enumerate(reversed(first))]
    found = pearson(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(float(np.corrcoef(first, second)[0, 1]), abs=1e-9)


def test_pearson_of_the_same_and_the_opposite() -> None:
    assert pearson([0, 1, 2], [0, 10, 20]) == pytest.approx(1)
    assert pearson([0, 1, 2], [0, -1, -2]) == pytest.approx(-1)
    assert pearson([1.0], [2.0]) is None
    assert pearson([0.1, 0.1, 0.1], [1, 2, 3]) is None


async def test_directions_of_different_models_are_not_compared() -> None:
    with pytest.raises(BadInputError) as caught:
        await feature_comparison.decoder_cosine(CARD.address, FeatureAddress("other", "1-a", 1))
    assert caught.value.field == "b"
