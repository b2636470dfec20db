"""What the page makes of a search token by token."""

from __future__ import annotations

from memicos_app.components.token_search_rows import token_rows, whole_features
from memicos_app.library.feature_facts import FeatureFacts
from memicos_app.library.inference_search import TokenFeature, TokenFeatures, TokenSearch


def test_features_of_a_whole_text_in_three_orders() -> None:
    often, strong, rare = (
        TokenFeature(1, 2.0, FeatureFacts("often", "", 0.5, 1.0)),
        TokenFeature(2, 9.0, FeatureFacts("strong", "", 0.2, 1.0)),
        TokenFeature(3, 1.0, FeatureFacts("rare", "", 0.1, 1.0)),
    )
    rows = [TokenFeatures(1, "a", False, [strong, often]), TokenFeatures(2, "b", False, [often, rare])]
    answer = TokenSearch("m", "9-res", ["<s>", "a", "b"], True, rows)
    orders = {
        order: [one["words"] for one in whole_features(answer, order, "ab")]
        for order in ("frequency", "strength", "density")
    }
    assert orders == {
        "frequency": ["often", "strong", "rare"],
        "strength": ["strong", "often", "rare"],
        "density": ["rare", "strong", "often"],
    }
    assert [row["token"] for row in token_rows(answer, "ab")] == ["a", "b"]
