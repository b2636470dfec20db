"""The layout's files: the same rows give the same bytes, and values keep four digits."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.dashboards.layout import rounded, share, write_batch


@given(st.floats(min_value=1e-12, max_value=1e12) | st.floats(min_value=-1e12, max_value=-1e-12))
def test_rounding_keeps_four_digits_in_the_shortest_form(value: float) -> None:
    found = rounded(value)
    assert found == pytest.approx(value, rel=5.1e-4)
    assert len(f"{found:.17e}".partition("e")[0].replace(".", "").strip("-")) == 18
    assert float(f"{found:.4g}") == found


def test_rounding_keeps_zero_and_shape() -> None:
    assert rounded(np.array([[0.0, 12.3456], [-0.000123456, 123456.0]])) == [[0.0, 12.35], [-0.0001235, 123500.0]]
    assert rounded(np.zeros(0)) == []


def test_shares_near_one_stay_apart() -> None:
    assert share(0.99999) == 0.99999
    assert share(1 / 3) == 0.333333


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [{"index": str(number), "tokens": [" é", "\n", "<b>"], "values": [0, 1.5, 2]} for number in range(2000)]
    for name in ("one", "two"):
        write_batch(tmp_path / name / "batch-0.jsonl.gz", rows)
    one = (tmp_path / "one" / "batch-0.jsonl.gz").read_bytes()
    assert one == (tmp_path / "two" / "batch-0.jsonl.gz").read_bytes()
    assert one[4:8] == b"\0\0\0\0"  # no time stamp
    assert [json.loads(line) for line in gzip.decompress(one).splitlines()] == rows
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["batch-0.jsonl.gz"]
