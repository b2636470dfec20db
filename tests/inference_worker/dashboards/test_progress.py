"""Progress: rates count only what was done now, and lines do not flood."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from inference_worker.dashboards import progress
from inference_worker.dashboards.progress import Bars, Lines, Meter, Step


def test_what_a_resume_found_done_does_not_count_for_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [7.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    steps: list[Step] = []
    meter = Meter("activations", 100, "tokens", steps.append, done=60)
    assert steps[0].rate is None
    assert steps[0].seconds_left is None
    now[0] += 0.05
    meter.add(20)
    assert steps[-1].done == 80
    assert steps[-1].rate == pytest.approx(400)
    assert steps[-1].seconds_left == pytest.approx(20 / 400)


def test_lines_say_what_how_fast_and_how_long() -> None:
    assert str(Step("dashboards", 1024, 4096, "features", 64.0)) == (
        "dashboards: 1,024 of 4,096 features, 64 features/s, 48 s left"
    )
    assert str(Step("activations", 0, 10, "tokens", None)) == "activations: 0 of 10 tokens"
    assert "1 h 40 min" in str(Step("activations", 0, 6000, "tokens", 1.0))
    assert "1 min 40 s" in str(Step("activations", 0, 100, "tokens", 1.0))


def test_lines_come_seldom_but_always_at_the_end() -> None:
    written: list[str] = []
    with Lines(every=60, write=written.append) as report:
        for done in range(11):
            report(Step("a", done, 10, "x", None))
    assert written == ["a: 0 of 10 x", "a: 10 of 10 x"]


def test_bars_follow_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as report:
        for stage in ("activations", "dashboards"):
            report(Step(stage, 5, 10, "tokens", 2.0))
            report(Step(stage, 10, 10, "tokens", 2.0))
    shown = capsys.readouterr().out
    assert "activations" in shown
    assert "dashboards" in shown
