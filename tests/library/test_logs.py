"""The log: one line each, as JSON where asked for, and nothing in it that people wrote."""

from __future__ import annotations

import json
import logging

import pytest

from memicos_app.library import logs, tracing
from memicos_app.library.logs import Json, Plain, unquoted

EVIL = "first\nsecond\r\x1b[31mred\x00\u202e\ud800"


def record(
    message: str, *values: object, name: str = "memicos_app.x", error: Exception | None = None
) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.ERROR, "f", 1, message, values, info)


@pytest.mark.parametrize("formatter", [Plain(), Json()])
def test_a_line_is_a_line(formatter: logging.Formatter) -> None:
    trace = tracing.begin()
    line = formatter.format(record("it said %s", EVIL))
    assert len(line.splitlines()) == 1
    assert not {"\x1b", "\x00", "\u202e"} & set(line)
    assert trace.id in line
    line.encode()


def test_json_has_fields() -> None:
    told = json.loads(Json().format(record("hello")))
    assert {"time", "level", "name", "message", "request"} <= set(told)


def test_an_error_says_where_and_not_what() -> None:
    try:
        raise ValueError("the prompt was canary-5150")
    except ValueError as error:
        line = Plain().format(record("failed", error=error))
    assert "ValueError at" in line
    assert "test_logs.py" in line
    assert "canary" not in line


@pytest.mark.parametrize(
    "message",
    [
        "Received event data as a string. Event data: canary-5150",
        "Error processing event queue entry for Event(payload={'prompt': 'canary-5150'})",
        "Failed to deserialize event data: {'prompt': 'canary-5150'}.",
    ],
)
def test_frameworks_do_not_quote(message: str) -> None:
    one = record(message, name="reflex.app")
    assert unquoted(one)
    assert "canary" not in one.getMessage()
    assert one.getMessage()


def test_long_words_are_cut() -> None:
    assert len(Plain().format(record("a" * 100_000))) < logs.LONGEST + 200
