"""What a feature's page says: every word and number of it, from a view."""

from __future__ import annotations

import pytest

from memicos_app.components.example_display import example_display
from memicos_app.components.explanation_lines import ScoreChip, score_chip
from memicos_app.components.feature_display import feature_display
from memicos_app.components.feature_facts import Fact, configuration_facts, load_snippet, made_from
from memicos_app.library.views import Histogram
from tests.components.feature_views import example, explanation, feature


def test_the_best_explanation_is_the_title() -> None:
    shown = feature_display(feature(explanations=[explanation("energy"), explanation("power", notes="checked")]))
    assert (shown.title, shown.explained) == ("energy", True)
    assert [(line.text, line.kind, line.by, line.notes) for line in shown.explanations] == [
        ("energy", "top tokens", "memicos", ""),
        ("power", "top tokens", "memicos", "checked"),
    ]


def test_a_feature_that_nobody_explained_is_named_by_its_index() -> None:
    shown = feature_display(feature(explanations=[]))
    assert (shown.title, shown.explained, shown.explanations) == ("Feature 10", False, [])


def test_an_explanation_cannot_turn_the_page_around() -> None:
    shown = feature_display(
        feature(explanations=[explanation("pay \u202egnihton", author="x\u200b", notes="\u2066")])
    )
    assert shown.title == "pay ‹RLO›gnihton"
    assert (shown.explanations[0].by, shown.explanations[0].notes) == ("x‹ZWSP›", "‹LRI›")


def test_numbers_carry_their_units() -> None:
    shown = feature_display(feature())
    assert (shown.density, shown.maximum, shown.dead) == ("0.600 %", "26.92", False)
    assert feature_display(feature(max_activation=0.0)).dead


def test_logits_keep_their_order_sign_and_scale() -> None:
    shown = feature_display(feature())
    assert [(row.token, row.text) for row in shown.negative] == [(" world", "-0.61"), ("\n", "-0.50")]
    assert [(row.token, row.text) for row in shown.positive] == [("staking", "+1.27"), (" energy", "+1.11")]
    assert shown.logit_maximum == 1.27


def test_a_missing_logit_is_not_a_number() -> None:
    shown = feature_display(feature(negative_values=[-10_000, -0.5]))
    assert [(row.value, row.text) for row in shown.negative] == [(0.0, "N/A"), (-0.5, "-0.50")]
    assert shown.logit_maximum == 1.27


def test_raw_vocabulary_marks_are_read() -> None:
    shown = feature_display(feature(positive_tokens=["Ġenergy", "Ċ"]))
    assert [row.token for row in shown.positive] == [" energy", "\n"]


def test_histograms_are_drawn_with_their_ends() -> None:
    shown = feature_display(feature())
    assert (shown.activation_plot.low, shown.activation_plot.high) == ("0.50", "1.50")
    assert shown.activation_plot.words == ["activation 0.50: 10", "activation 1.50: 4"]
    assert shown.logit_plot.negative
    assert feature_display(feature(activation_histogram=Histogram([], []))).activation_plot.bars == ""


def test_near_features_lead_to_their_pages_and_never_to_this_one() -> None:
    shown = feature_display(feature())
    assert [(one.index, one.href, one.explanation, one.value) for one in shown.similar] == [
        (2213, "/smollm2-135m-it/15-res-4k/2213", "oil and gas", "0.61")
    ]
    assert [(one.index, one.explanation, one.value) for one in shown.correlated] == [
        (2213, "oil and gas", "0.31"),
        (5, "", "0.20"),
    ]


def test_neighbours_and_steering() -> None:
    shown = feature_display(feature(previous_index=None))
    assert (shown.previous_href, shown.next_href) == ("", "/smollm2-135m-it/15-res-4k/12")
    assert shown.steer_href == "/smollm2-135m-it/steer?source=15-res-4k&index=10&strength=80.76"
    assert shown.json_href == "/api/feature/smollm2-135m-it/15-res-4k/10"


def test_the_configuration_says_first_what_says_most() -> None:
    first, more = configuration_facts(
        {
            "zeta": [1, 2],
            "d_sae": 4096,
            "architecture": "jumprelu",
            "metadata": {"hook_name": "h", "d_sae": 1, "k": None},
        }
    )
    assert first == [Fact("architecture", "jumprelu"), Fact("hook_name", "h"), Fact("d_sae", "4096")]
    assert more == [Fact("zeta", "[1, 2]")]
    assert configuration_facts({}) == ([], [])


def test_how_the_numbers_were_made() -> None:
    made = {"position_mask": "sinks", "bos": {"id": 1, "prepended": True}, "created_at": "2026-11-21T23:34:22+00:00"}
    first, more = made_from(feature(made_from=feature().made_from | made | {"seed": 0, "special_ids": []}))
    assert [(fact.name, fact.value) for fact in first] == [
        ("model", "smollm2-135m-it"),
        ("hook", "blocks.15.hook_resid_post"),
        ("texts", "demo corpus"),
        ("tokens", "1,048,576 (8,192 × 128)"),
        ("precision", "float32"),
        ("BOS", "prepended, id 1"),
        ("left out", "sinks"),
        ("date", "2026-11-21"),
    ]
    assert more == [Fact("seed", "0")]


def test_what_is_unknown_of_the_numbers_is_left_out() -> None:
    first, more = made_from(feature(made_from={"n_prompts": 8192, "checked": True, "note": None}))
    assert [fact.name for fact in first] == ["model", "hook"]
    assert more == [Fact("n prompts", "8,192"), Fact("checked", "yes")]


def test_the_snippet_loads_what_is_published_or_what_lies_here() -> None:
    assert 'SAE.load_from_disk("' in load_snippet(feature())
    published = feature(made_from={"saelens_release": "gpt2-small-res-jb", "saelens_sae_id": "blocks.8"})
    assert 'SAE.from_pretrained(release="gpt2-small-res-jb", sae_id="blocks.8")' in load_snippet(published)
    for view in (feature(), published):
        compile(load_snippet(view), "snippet", "exec")


@pytest.mark.parametrize(
    ("score", "chip"),
    [
        (
            {"type_name": "detection", "value": 0.9149, "error": 0.04, "n": 200},
            ScoreChip("detection", "0.91 ± 0.04 n=200"),
        ),
        ({"explanationScoreTypeName": "recall_alt", "value": 1}, ScoreChip("recall_alt", "1.00")),
        ({}, ScoreChip("score", "None")),
    ],
)
def test_scores_carry_their_interval_and_sample_size(score: dict[str, object], chip: ScoreChip) -> None:
    assert score_chip(score) == chip


def test_examples_are_grouped_packed_and_counted() -> None:
    shown = example_display(feature(), fold=True)
    assert [(group["title"], group["note"], len(group["rows"])) for group in shown.groups] == [
        ("Top activations", "max 26.92", 2),
        ("16.152 – 21.536", "0.002 % of tokens", 1),
    ]
    row = shown.groups[0]["rows"][0]
    assert (row["t"], row["p"], row["s"], row["k"], row["v"]) == (
        "<|im_start|>of 26.92 energy\n",
        2,
        [0],
        1,
        [2, 26.92],
    )
    assert (shown.maximum, shown.folded) == (26.92, 0)


def test_duplicates_are_hidden_or_shown_and_counted_either_way() -> None:
    twice = [example(5.0), example(5.0), example(5.0, low=4.0, high=6.0)]
    folded, whole = (example_display(feature(activations=twice), fold=fold) for fold in (True, False))
    assert (folded.folded, whole.folded) == (2, 2)
    assert [len(group["rows"]) for group in folded.groups] == [1, 0]
    assert folded.groups[1]["note"] == "0.002 % of tokens · all above"
    assert [len(group["rows"]) for group in whole.groups] == [2, 1]


def test_the_corpus_is_named_only_where_there_are_several() -> None:
    one, two = example(5.0), example(4.0, data_source="other")
    assert "c" not in example_display(feature(activations=[one]), fold=True).groups[0]["rows"][0]
    rows = example_display(feature(activations=[one, two]), fold=True).groups[0]["rows"]
    assert [row["c"] for row in rows] == ["demo", "other"]


def test_a_peak_outside_its_window_is_pulled_in() -> None:
    broken = example(5.0, max_value_token_index=99)
    assert example_display(feature(activations=[broken]), fold=True).groups[0]["rows"][0]["p"] == 3


def test_attribution_shares_a_row_or_has_its_own() -> None:
    one = example(5.0, dfa_values=[0.0, 0.75, 0.0, 0.0], dfa_max_value=0.75, dfa_target_index=2)
    view = feature(activations=[one])
    together, apart = (example_display(view, fold=True, split=split) for split in (False, True))
    assert together.attributed_maximum == 0.75
    (row,) = together.groups[0]["rows"]
    assert (row["v"], row["d"]) == ([2, 5.0], [1, 0.75])
    first, second = apart.groups[0]["rows"]
    assert first["v"] == [2, 5.0]
    assert "d" not in first
    assert (second["v"], second["d"], second["h"]) == ([], [1, 0.75], "from 0.75")


def test_neurons_and_heads_are_told_where_a_dataset_knows_them() -> None:
    assert feature_display(feature()).tables == []
    extra = {
        "neuron_alignment_indices": [217, 266],
        "neuron_alignment_values": [0.112, 0.109],
        "neuron_alignment_l1": [0.005, 0.004],
        "correlated_neurons_indices": [14],
        "correlated_neurons_pearson": [0.01],
        "correlated_neurons_l1": [0.009],
        "decoder_weights_dist": [0.25, 0.75],
    }
    tables = {
        table.title: [(row.name, row.value) for row in table.rows]
        for table in feature_display(feature(extra=extra)).tables
    }
    assert tables == {
        "Aligned neurons": [("neuron 217", "0.112, 0.500 %"), ("neuron 266", "0.109, 0.400 %")],
        "Correlated neurons": [("neuron 14", "0.010, 0.009")],
        "Decoder weight by head": [("head 0", "25 %"), ("head 1", "75 %")],
    }


def test_a_feature_without_examples_shows_none() -> None:
    shown = example_display(feature(activations=[]), fold=True)
    assert (shown.groups, shown.maximum, shown.folded) == ([], 0.0, 0)
