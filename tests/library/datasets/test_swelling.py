"""Packed files that unpack without end are stopped at once; files that are large for a reason are read."""

from __future__ import annotations

import gzip
import time
import zlib
from pathlib import Path

import pytest

from memicos_app.library.datasets import swelling
from memicos_app.library.datasets.reading import Problems, raw_lines
from memicos_app.library.datasets.swelling import Swollen


def bomb(line: bytes, times: int) -> bytes:
    """A gzip file of one line repeated, made without holding what it unpacks to."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    turn = line * (1 + (1 << 20) // len(line))
    packed = [packing.compress(turn) for _ in range(times)]
    return b"".join([*packed, packing.flush()])


@pytest.mark.parametrize("line", [b"\n", b" " * 100_000 + b"\n", b'{"index":1}\n'])
def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    monkeypatch.setattr(swelling, "FREE", 1 << 20)
    monkeypatch.setattr(swelling, "MOST_TIMES", 200)
    path = tmp_path / "batch-0.jsonl.gz"
    path.write_bytes(bomb(line, 100))
    problems = Problems()
    began = time.monotonic()
    with pytest.raises(Swollen, match=r"batch-0\.jsonl\.gz unpacks to more than 200 times its size"):
        list(raw_lines(path, problems, lambda _: None))
    assert time.monotonic() - began < 20


def test_what_packs_well_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swelling, "FREE", 1 << 20)
    path = tmp_path / "batch-0.jsonl.gz"
    lines = b"".join(b'{"index": %d, "values": [%s1]}\n' % (number, b"0.0, " * 200) for number in range(2000))
    path.write_bytes(gzip.compress(lines))
    assert len(lines) > 30 * path.stat().st_size
    problems = Problems()
    assert sum(len(line) + 1 for _, line in raw_lines(path, problems, lambda _: None)) == len(lines)
    assert problems.total == 0


def test_real_limits_let_no_file_through_that_only_swells() -> None:
    packed = len(bomb(b"\n", 32))
    assert swelling.FREE < (32 << 20)
    assert swelling.MOST_TIMES * packed < (32 << 20)
