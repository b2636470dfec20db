"""The README's figures are those that the benchmarks wrote."""

from __future__ import annotations

import json
from pathlib import Path

from scripts import readme_tables


def test_the_readme_says_what_was_measured() -> None:
    readme = readme_tables.README.read_text(encoding="utf-8")
    assert readme_tables.table().count("\n") >= 3
    assert readme_tables.written(readme) == readme, "run `python scripts/readme_tables.py`"


def test_every_result_is_json_of_an_object() -> None:
    found = sorted(Path(readme_tables.RESULTS).glob("*.json"))
    assert found
    assert all(isinstance(json.loads(path.read_text(encoding="utf-8")), dict) for path in found)


def test_pictures_of_the_readme_exist() -> None:
    readme = readme_tables.README.read_text(encoding="utf-8")
    pictures = [part.split(")")[0] for part in readme.split("](")[1:] if part.split(")")[0].endswith(".png")]
    assert pictures
    assert all((readme_tables.ROOT / picture).is_file() for picture in pictures)
