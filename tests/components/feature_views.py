"""A feature with everything a page can show, for tests that change one thing of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from memicos_app.library.views import (
    ActivationView,
    ExplanationView,
    FeatureView,
    Histogram,
    SimilarFeature,
    SourceView,
)

SOURCE = SourceView(
    model_id="smollm2-135m-it",
    id="15-res-4k",
    set_name="res-4k",
    layer=15,
    hook_name="blocks.15.hook_resid_post",
    description="",
    state="ready",
    n_features=4096,
    n_dashboards=4090,
    n_explained=300,
    evaluation={},
)


def example(value: float, *, low: float = -1.0, high: float = 26.92, **changes: Any) -> ActivationView:
    """Four tokens, the third of which fires."""
    view = ActivationView(
        id=f"{low}/{value}",
        tokens=["<|im_start|>", f"of {value}", " energy", "\n"],
        values=[0.0, 0.0, value, 0.0],
        max_value=value,
        min_value=0.0,
        max_value_token_index=2,
        bin_min=low,
        bin_max=high,
        bin_contains=-1.0 if low == -1 else 0.00002,
        qualifying_token_index=None,
        data_source="demo",
    )
    return replace(view, **changes)


def explanation(text: str, **changes: Any) -> ExplanationView:
    view = ExplanationView(
        id="e1",
        description=text,
        type_name="np_max-act-logits",
        type_display_name="top tokens",
        model_name=None,
        author="memicos",
        notes=None,
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return replace(view, **changes)


def feature(**changes: Any) -> FeatureView:
    view = FeatureView(
        model_id="smollm2-135m-it",
        source_id="15-res-4k",
        index=10,
        density=0.006,
        max_activation=26.92,
        negative_tokens=[" world", "\n"],
        negative_values=[-0.61, -0.5],
        positive_tokens=["staking", " energy"],
        positive_values=[1.27, 1.11],
        activation_histogram=Histogram([0.5, 1.5], [10.0, 4.0]),
        logits_histogram=Histogram([-1.0, 1.0], [3.0, 5.0]),
        similar=[SimilarFeature(10, 1.0, "itself"), SimilarFeature(2213, 0.61, "oil and gas")],
        correlated_indices=[2213, 5],
        correlated_pearson=[0.31, 0.2],
        correlated_l1=[0.01, 0.02],
        activations=[example(26.92), example(25.0), example(20.0, low=16.152, high=21.536)],
        explanations=[explanation("the word “energy”")],
        previous_index=9,
        next_index=12,
        has_vector=True,
        extra={},
        source=SOURCE,
        made_from={"dataset": "demo corpus", "n_prompts": 8192, "n_tokens_in_prompt": 128, "dtype": "float32"},
        saelens_config={"architecture": "jumprelu", "d_sae": 4096, "metadata": {"hook_name": "blocks.15", "k": None}},
        default_range=1,
        default_show_breaks=False,
    )
    return replace(view, **changes)
