"""Batch files that SAEDashboard wrote, uploaded: the real one, the same again, and what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import catalog, features, uploaded_files
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import rows

BATCH = Path(__file__).parents[1] / "data" / "saedashboard-batch-0.json"
NAME = ("gpt2-small", "0-res-jb")


def changed(folder: Path, **change: Any) -> Path:
    """The real file with something else in its first feature."""
    content = json.loads(BATCH.read_text())
    content["features"][0].update(change)
    path = folder / "batch-0.json"
    path.write_text(json.dumps(content))
    return path


async def test_the_real_file(database: str) -> None:
    done = await uploaded_files.upload_file(BATCH)
    assert (done.model_id, done.source_id, done.known, done.n_features, done.dead) == (*NAME, False, 1, (1,))
    said = json.loads(BATCH.read_text())["features"][0]
    view = await features.feature(*NAME, 0)
    expected = sorted(said["activations"], key=lambda one: -max(one["values"]))
    assert [one.tokens for one in view.activations] == [one["tokens"] for one in expected]
    assert [one.values for one in view.activations] == [one["values"] for one in expected]
    assert view.activation_histogram.values == said["freq_hist_data_bar_values"]
    assert view.made_from["dataset"] == "Skylion007/openwebtext"
    assert (await catalog.model("gpt2-small")).n_features == 1
    assert (await catalog.source(*NAME)).source.n_features == 2


async def test_the_same_file_again_is_not_read(database: str, tmp_path: Path) -> None:
    first = await uploaded_files.upload_file(BATCH)
    again = await uploaded_files.upload_file(BATCH, name="other-name.json")
    assert (again.known, again.sha256, again.dead, again.n_features) == (True, first.sha256, (1,), 1)
    other = await uploaded_files.upload_file(changed(tmp_path, frac_nonzero=0.5))
    assert other.outcome is not None
    assert (other.known, other.outcome.skipped) == (False, [0])
    assert (await features.feature(*NAME, 0)).density == pytest.approx(0.0002)
    replaced = await uploaded_files.upload_file(tmp_path / "batch-0.json", replace=True)
    assert replaced.outcome is not None
    assert replaced.outcome.replaced == [0]
    assert (await features.feature(*NAME, 0)).density == 0.5


async def test_a_file_of_another_source_changes_nothing(database: str) -> None:
    for _ in range(2):
        with pytest.raises(BadInputError, match=r"is of gpt2-small/0-res-jb, not of gpt2-small/1-res-jb"):
            await uploaded_files.upload_file(BATCH, expected=("gpt2-small", "1-res-jb"))
        assert await rows("SELECT * FROM features") == []
    await uploaded_files.upload_file(BATCH, expected=NAME)
    with pytest.raises(BadInputError, match="is of"):
        await uploaded_files.upload_file(BATCH, expected=("gpt2-small", "1-res-jb"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not a SAEDashboard batch"),
        ("[]", "is not a SAEDashboard batch"),
        ('{"model_id": "m", "layer": 0, "features": [{}]}', "is not a SAEDashboard batch"),
        ('{"model_id": "../x", "layer": 0, "features": []}', "model id is made of"),
        ('{"model_id": "m", "layer": 0, "sae_set": "a/b", "features": []}', "set id is made of"),
        ('{"model_id": "m", "layer": 0, "features": [{"feature_index": -1}]}', "feature -1: index"),
        (
            '{"model_id": "m", "layer": 0, "features": [{"feature_index": 3, "activations": [{"values": [1.0]}]}]}',
            "feature 3 is not as SAEDashboard writes it",
        ),
        (
            '{"model_id": "m", "layer": 0, "features": [{"feature_index": 3, "activations": '
            '[{"tokens": ["a", "b"], "values": [1.0]}]}]}',
            "feature 3: .*2 tokens but 1 values",
        ),
    ],
)
async def test_what_is_no_batch_is_refused_whole(database: str, tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "batch-0.json"
    path.write_text(content)
    with pytest.raises(BadInputError, match=words):
        await uploaded_files.upload_file(path)
    assert await rows("SELECT * FROM models") == []


async def test_numbers_that_are_none_are_told(database: str, tmp_path: Path) -> None:
    done = await uploaded_files.upload_file(changed(tmp_path, pos_values=[float("nan")] * 10))
    assert done.outcome is not None
    assert "feature 0: pos_values[0] is nan" in done.outcome.problems[0]


def test_skipped_features_beside_the_batches(tmp_path: Path) -> None:
    assert uploaded_files.skipped_indices(tmp_path) == []
    (tmp_path / "skipped_indexes.json").write_text('{"model_id": "m", "skipped_indexes": [6, 1, 10, "x"]}')
    assert uploaded_files.skipped_indices(tmp_path) == [1, 6, 10]
