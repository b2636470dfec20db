"""Features of a batch file are read one at a time, whatever surrounds them."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library.datasets.batch_file import read_settings

BATCH = Path(__file__).parents[2] / "data" / "saedashboard-batch-0.json"
TRICKY: dict[str, Any] = {
    "note": 'features": [ } ] \\" {',
    "nested": {"features": [{"feature_index": 9}]},
    "list": [["features", [1]]],
    "features": [{"feature_index": 1, "text": '}]"\\', "deep": [{"a": []}]}, {"feature_index": 2}],
    "layer": 3,
    "model_id": "m\u2028",
}


def written(folder: Path, text: str) -> Path:
    path = folder / "batch-0.json"
    path.write_text(text)
    return path


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_same_as_reading_it_whole(tmp_path: Path, indent: int | None, ascii_only: bool) -> None:
    for content in (json.loads(BATCH.read_text()), TRICKY, {**TRICKY, "features": []}):
        path = written(tmp_path, json.dumps(content, indent=indent, ensure_ascii=ascii_only))
        settings, features = read_settings(path)
        assert list(features) == content["features"]
        assert [features[place] for place in range(len(features))] == content["features"]
        assert settings == {**content, "features": []}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", ValueError),
        ('{"features": [', ValueError),
        ('{"features": [{"a": 1}]', ValueError),
        ("[]", TypeError),
        ('"features"', TypeError),
        ("{}", KeyError),
        ('{"features": {}}', KeyError),
        ('{"nested": {"features": []}}', KeyError),
        ('{"features": [1]}', TypeError),
        ('{"features": [{} {}]}', TypeError),
        ('{"features": [{},]}', TypeError),
    ],
)
def test_what_it_is_not(tmp_path: Path, text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        read_settings(written(tmp_path, text))


def test_a_feature_that_is_none(tmp_path: Path) -> None:
    _, features = read_settings(written(tmp_path, '{"features": [[1], {"a": 1}]}'))
    with pytest.raises(TypeError):
        list(features)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    one = json.loads(BATCH.read_text())["features"][0]
    path = written(tmp_path, json.dumps({"layer": 0, "features": [one] * 100}))
    tracemalloc.start()
    _, features = read_settings(path)
    assert sum(len(each["activations"]) for each in features) == 3800
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < path.stat().st_size / 2, (
        "a feature or two at a time, and what reading it whole takes is ten times it"
    )
