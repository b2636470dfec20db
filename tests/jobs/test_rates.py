"""The rate of work: right for even work, calm for uneven work, new for a new step."""

from __future__ import annotations

import pytest

from memicos_app.jobs.rates import Rate


def test_even_work_has_its_rate_at_once() -> None:
    rate = Rate()
    assert rate.tell("copy", 0, 10.0) == 0
    assert [rate.tell("copy", 50 * step, 10.0 + step) for step in range(1, 6)] == pytest.approx([50] * 5)


def test_uneven_work_is_smoothed_and_a_change_is_followed() -> None:
    rate = Rate()
    done, values = 0, []
    for step in range(1, 61):
        done += 100 if step % 2 else 0
        values.append(rate.tell("copy", done, float(step)))
    assert all(40 < value < 60 for value in values[20:])
    for step in range(61, 101):
        done += 200
        values.append(rate.tell("copy", done, float(step)))
    assert values[-1] == pytest.approx(200, rel=0.02)


def test_a_step_that_follows_or_begins_again_starts_anew() -> None:
    rate = Rate()
    rate.tell("copy", 0, 1)
    assert rate.tell("copy", 10, 2) == 10
    assert rate.tell("index", 0, 3) == 0
    assert rate.tell("index", 4, 5) == 2
    assert rate.tell("index", 1, 6) == 0


def test_being_told_often_changes_nothing() -> None:
    rate = Rate()
    rate.tell("copy", 0, 1)
    for part in range(1, 2001):
        value = rate.tell("copy", part, 1 + part / 100)
    assert value == pytest.approx(100, rel=0.02)
