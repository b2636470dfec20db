"""What the terminal and the log show of a start."""

from __future__ import annotations

import io
import re

import pytest

from memicos_app.site.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_the_first_news_and_the_result() -> None:
    out = io.StringIO()
    progress = Progress(2, out)
    with progress.step("First") as step:
        step.say("1 of 100")
        for number in range(2, 100):
            step.say(f"{number} of 100")
        step.result("all of them")
    with progress.step("Second"):
        pass
    lines = [re.sub(r"\s+", " ", line) for line in out.getvalue().splitlines()]
    told = [re.sub(r" \d+\.\d s$", "", line) for line in lines]
    assert told == ["[1/2] First 1 of 100", "[1/2] First all of them", "[2/2] Second"]
    assert told != lines


def test_a_terminal_sees_one_line_a_step() -> None:
    out = Terminal()
    with Progress(1, out).step("Only") as step:
        step.say("half way")
        step.result("done")
    assert out.getvalue().count("\n") == 1
    assert "half way" in out.getvalue()
    assert "done" in out.getvalue().rsplit("\r", 1)[1]


def test_a_step_that_fails_ends_its_line() -> None:
    out = Terminal()
    with pytest.raises(ValueError), Progress(1, out).step("Only"):
        raise ValueError
    assert out.getvalue().endswith("\n")
