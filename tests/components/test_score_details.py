"""A score as its dialog shows it: figure, interval, how it was made, and the texts by what came of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from memicos_app.components.explanation_lines import score_chip
from memicos_app.components.feature_facts import Fact
from memicos_app.components.score_details import judged_groups, score_shown
from memicos_app.library.scores import ScoreView

SCORE = ScoreView(
    id="s1",
    explanation_id="e1",
    model_id="m",
    source_id="3-res",
    index=1,
    description="cats \u202e",
    type_name="eleuther_recall",
    scorer="local:judge",
    prompt="score-detection.v1",
    value=0.875,
    low=0.6,
    high=0.97,
    n=15,
    n_failed=1,
    problem="",
    seed=7,
    settings={"n": 8, "checked": True, "mayFire": 0.0, "maximum": 4.0},
    tokens_in=1200,
    tokens_out=30,
    cost_usd=None,
    created_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
)


def judged(fires: bool, said: bool | None, **more: Any) -> dict[str, Any]:
    values = [0.0, 4.0] if fires else [0.0, 0.0]
    return {
        "tokens": ["a", " <b>"],
        "values": values,
        "fires": fires,
        "said": said,
        "decile": 10,
        "origin": "o",
    } | more


def test_figure_interval_and_how_it_was_made() -> None:
    shown = score_shown(SCORE, [])
    assert (shown.figure, shown.interval) == ("0.88", "0.60 to 0.97 (95 %)")
    assert (shown.text, shown.href) == ("cats ‹RLO›", "/score-type/eleuther_recall")
    assert shown.failed == "1 text has no judgement and counts for nothing."
    assert Fact("silent texts are", "measured") in shown.facts
    assert Fact("cost", "unknown") in shown.facts
    assert Fact("made", "2026-11-22 09:30 UTC") in shown.facts


def test_no_score_says_why() -> None:
    shown = score_shown(replace(SCORE, value=None, low=None, high=None, problem="9 of 16 failed", n_failed=9), [])
    assert (shown.figure, shown.interval, shown.problem) == ("–", "", "9 of 16 failed")
    assert shown.failed == "9 texts have no judgement and count for nothing."


def test_wrong_ones_stand_first_and_failures_last() -> None:
    examples = [
        judged(True, True),
        judged(False, True, reason="sounds like it"),
        judged(True, None, failure="no answer"),
    ]
    groups = judged_groups(examples)
    assert [(one["title"], one["note"]) for one in groups] == [
        ("Judged wrong", "1"),
        ("Judged right", "1"),
        ("No judgement", "1"),
    ]
    rows = [one["rows"][0] for one in groups]
    assert [(row["h"], row["c"]) for row in rows] == [
        ("0", "silent, said: fits. sounds like it"),
        ("4.00", "fires, said: fits"),
        ("4.00", "no answer"),
    ]
    assert rows[1]["t"] == "a <b>"


def test_compared_vectors_are_ordered_by_nearness() -> None:
    groups = judged_groups([judged(True, None, similarity=0.1), judged(False, None, similarity=0.3)])
    assert [(one["title"], one["rows"][0]["c"]) for one in groups] == [
        ("The feature fires", "similarity 0.10"),
        ("It does not", "similarity 0.30"),
    ]


def test_a_simulation_stands_below_what_it_simulates() -> None:
    (group,) = judged_groups([judged(True, None, simulated=[5.0, 10.0])])
    assert [(row["h"], row["v"]) for row in group["rows"]] == [
        ("4.00", [1, 4.0]),
        ("≈", [0, 2.0, 1, 4.0]),
    ]


def test_the_chip_says_interval_sample_and_judge() -> None:
    chip = score_chip(
        {
            "id": "s1",
            "value": 0.875,
            "low": 0.6,
            "high": 0.97,
            "n": 15,
            "nFailed": 1,
            "seed": 7,
            "explanationScoreTypeName": "recall_alt",
            "explanationScoreModelName": "local:judge",
        }
    )
    assert (chip.name, chip.value, chip.id) == ("recall_alt", "0.88 (0.60–0.97) n=15", "s1")
    assert chip.words == "judged by local:judge; 1 without a judgement"
