"""Scores as they are kept: history, reading order, re-imports, exports."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import explanations, own_explanations, scores
from memicos_app.library.autointerp.figures import Figure
from memicos_app.library.autointerp.sampling import Context
from memicos_app.library.autointerp.scoring import Judged, Scored
from memicos_app.library.datasets.deleting import delete_source
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.verify import verify_source
from memicos_app.library.errors import NotFoundError
from memicos_app.library.exporting import export_source
from memicos_app.library.feature_columns import columns
from memicos_app.library.query import rows
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

HOSTILE = " \x00<b>\ud83d"
CONTEXTS = (
    Context((" fires", HOSTILE), (2.5, 0.0), 10, f"{SOURCE}/0/0"),
    Context((" is", " silent"), (0.0, 0.0), 0, f"{SOURCE}/1/0"),
)
SCORED = Scored(
    type_name="eleuther_recall",
    scorer="local/judge",
    prompt="score-detection.v1",
    figure=Figure(0.75, 0.5, 0.875),
    problem="",
    n=2,
    n_failed=0,
    seed=3,
    settings={"n": 1, "checked": True, "mayFire": 0.0, "maximum": 2.5},
    examples=(Judged(CONTEXTS[0], said=True), Judged(CONTEXTS[1], said=None, failure="The answer holds no lists.")),
    tokens_in=100,
    tokens_out=5,
    cost_usd=0.001,
)


@pytest.fixture
async def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Two explanations of one feature; the second has the better score in the dataset."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    made = Folder(tmp_path / "origin")
    made.batch("features/batch-0", [feature(0)])
    made.batch("activations/batch-0", [activation(0, [" fires"], [2.5])])
    imported = [{"id": "old", "value": 0.4, "explanationScoreTypeName": "recall_alt"}]
    made.batch(
        "explanations/batch-0",
        [
            explanation(0, "first", id="a", typeName="auto", scoreV2=0.4, scores=imported),
            explanation(0, "second", id="b", typeName="auto", scoreV2=0.5),
        ],
    )
    await import_source(made.write(), MODEL, SOURCE)
    return made


async def order() -> list[str]:
    return [one.description for one in await explanations.for_feature(MODEL, SOURCE, 0)]


async def column(name: str) -> dict[str, float | None]:
    found = await rows(
        f"SELECT id, {name} AS value FROM explanations WHERE generation_id IS NOT NULL ORDER BY number"
    )
    return {one["id"]: one["value"] for one in found}


async def keep(explanation_id: str = "a", **changes: Any) -> scores.ScoreView:
    return await scores.save(await scores.explained(explanation_id), replace(SCORED, **changes))


async def test_a_score_comes_back_with_everything_that_was_judged(folder: Folder) -> None:
    made = await keep()
    assert (made.value, made.low, made.high, made.n, made.seed) == (0.75, 0.5, 0.875, 2, 3)
    assert (made.explanation_id, made.description, made.scorer) == ("a", "first", "local/judge")
    assert (made.tokens_in, made.tokens_out, made.cost_usd) == (100, 5, 0.001)
    found = await scores.details(made.id)
    assert found.score == made
    assert found.examples == [one.as_json() for one in SCORED.examples]
    assert found.examples[0]["tokens"] == [" fires", HOSTILE]
    assert await scores.recent("eleuther_recall") == [made]
    assert await scores.counts() == {"eleuther_recall": 1}


async def test_reading_order_follows_the_mean_of_the_newest_of_each_type(folder: Folder) -> None:
    assert await order() == ["second", "first"]
    await keep(figure=Figure(0.1, 0, 0.2))
    assert (await column("score"))["a"] == pytest.approx(0.1), (
        "what was judged here counts, not what the dataset says"
    )
    await keep(figure=Figure(0.9, 0.8, 1))
    await keep(type_name="eleuther_fuzz", figure=Figure(0.5, 0.4, 0.6))
    assert (await column("score"))["a"] == pytest.approx(0.7)
    assert (await column("dataset_score"))["a"] == pytest.approx(0.4)
    assert await order() == ["first", "second"]
    assert (await rows("SELECT description FROM feature_labels"))[0]["description"] == "first"
    assert len(await scores.of_explanation("a")) == 3, "earlier ones stay to be looked at"


async def test_without_a_value_it_is_kept_and_counts_for_nothing(folder: Folder) -> None:
    made = await keep(figure=None, n=0, n_failed=40, problem="40 of 40 texts have no judgement")
    assert made.value is None
    assert made.problem.startswith("40 of 40")
    assert (await column("score"))["a"] == pytest.approx(0.4)
    assert [one["id"] for one in (await explanations.for_feature(MODEL, SOURCE, 0))[1].scores] == ["old"]
    assert await scores.recent("eleuther_recall") == []


async def test_a_score_taken_back(folder: Folder) -> None:
    made = await keep()
    await scores.delete(made.id)
    assert await order() == ["second", "first"]
    assert (await column("score"))["a"] == pytest.approx(0.4)
    for gone in (scores.delete, scores.details):
        with pytest.raises(NotFoundError, match="no score"):
            await gone(made.id)
    with pytest.raises(NotFoundError, match="no explanation 'nothing'"):
        await scores.explained("nothing")


async def test_explanations_carry_both_kinds_in_the_public_shape(folder: Folder) -> None:
    made = await keep()
    found = {one.id: one.scores for one in await explanations.for_feature(MODEL, SOURCE, 0)}
    assert [one["id"] for one in found["a"]] == [made.id, "old"]
    assert found["b"] == []
    public = found["a"][0]
    assert (public["value"], public["explanationScoreTypeName"], public["n"]) == (0.75, "eleuther_recall", 2)
    assert (public["explanationId"], public["explanationScoreModelName"]) == ("a", "local/judge")


async def test_a_reimport_keeps_scores_of_the_same_wording_only(folder: Folder) -> None:
    await keep("a")
    await keep("b", figure=Figure(0.25, 0, 0.5))
    assert (await verify_source(MODEL, SOURCE)).ok, "what was judged here is no fault of the import"
    folder.batch(
        "explanations/batch-0",
        [explanation(0, "first", id="a", typeName="auto"), explanation(0, "worded anew", id="b", typeName="auto")],
    )
    await import_source(folder.write(), MODEL, SOURCE)
    assert await column("own_score") == {"a": 0.75, "b": None}
    assert (await scores.of_explanation("b"))[0].description == "second", "the old one can be looked at"
    assert [one.scores for one in await explanations.for_feature(MODEL, SOURCE, 0)][1] == []


async def test_an_export_carries_them_and_an_import_of_it_brings_none_twice(folder: Folder, tmp_path: Path) -> None:
    made = await keep()
    first = await export_source(MODEL, SOURCE, tmp_path / "out")
    path = tmp_path / "out" / "v1" / MODEL / SOURCE / "explanations" / "batch-0.jsonl.gz"
    line = next(one for one in map(json.loads, gzip.decompress(path.read_bytes()).splitlines()) if one["id"] == "a")
    assert line["scoreV2"] == 0.75
    assert [one["id"] for one in line["scores"]] == [made.id, "old"]
    judged = json.loads(line["scores"][0]["jsonDetails"])
    assert [(one["ground_truth"], one["prediction"], one["correct"]) for one in judged] == [
        (True, True, True),
        (False, None, None),
    ]
    await import_source(tmp_path / "out", MODEL, SOURCE)
    found = {one.id: one.scores for one in await explanations.for_feature(MODEL, SOURCE, 0)}
    assert [one["id"] for one in found["a"]] == [made.id, "old"]
    again = await export_source(MODEL, SOURCE, tmp_path / "again")
    assert [one.sha256 for one in again.files] == [one.sha256 for one in first.files]
    await keep()
    changed = await export_source(MODEL, SOURCE, tmp_path / "again")
    assert [one.sha256 for one in changed.files] != [one.sha256 for one in first.files], "a new score is new data"


async def test_filters_of_a_source_see_the_newest_of_each_type(folder: Folder) -> None:
    await keep(figure=Figure(0.9, 0.8, 1))
    await keep(figure=Figure(0.25, 0, 0.5))
    found = await columns(MODEL, SOURCE)
    assert found is not None
    assert {kind: one.values.tolist() for kind, one in found.scores.items()} == {
        "eleuther_recall": [0.25],
        "recall_alt": [pytest.approx(0.4)],
    }


async def test_other_words_of_ones_own_have_no_score_yet(folder: Folder) -> None:
    own = await own_explanations.write(MODEL, SOURCE, 0, "by hand")
    made = await keep(own)
    assert (await explanations.for_feature(MODEL, SOURCE, 0))[0].scores[0]["id"] == made.id
    await own_explanations.change(own, "by hand, otherwise")
    assert (await explanations.for_feature(MODEL, SOURCE, 0))[0].scores == []
    await own_explanations.delete(own)
    assert await scores.of_explanation(own) == []


async def test_they_go_with_the_source(folder: Folder) -> None:
    await keep()
    await delete_source(MODEL, SOURCE, everything=True)
    assert await rows("SELECT id FROM explanation_scores") == []
