"""How the log is written: one line each, whoever wrote it, in plain words or as JSON.

What people type, their keys and their addresses are not for the log: messages of frameworks that quote what was sent
are cut to their kind.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from memicos_app.library import tracing
from memicos_app.library.accounts import rights
from memicos_app.settings import Settings

LONGEST = 4000
FACTS = ("status", "route", "ms")
QUOTING = ("reflex", "socketio", "engineio", "uvicorn.error")
"""Loggers of frameworks, whose messages may hold what a browser sent."""
QUIET = ("httpx", "httpcore", "openai", "procrastinate")
"""Loggers that tell each request they make, with its address."""
_ESCAPED = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160))} | {
    number: f"\\u{number:04x}" for number in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def set_up(settings: Settings) -> None:
    """Have the log of this process written so."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if settings.log_format == "json" else Plain())
    handler.addFilter(unquoted)
    level = getattr(logging, settings.log_level.upper())
    others = level if level in (logging.DEBUG, logging.ERROR) else logging.WARNING
    logging.basicConfig(level=others, handlers=[handler], force=True)
    logging.getLogger("memicos_app").setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    if settings.log_format == "plain" and rights.mode() == "single" and level > logging.DEBUG:
        logging.getLogger("memicos_app.requests").setLevel(logging.WARNING)  # nobody else is there to be told of


def unquoted(record: logging.LogRecord) -> bool:
    """Take out of a framework's message what it quotes, and out of its traceback what an error says."""
    if record.name.split(".")[0] in QUOTING and record.levelno > logging.DEBUG:
        message = str(record.msg)
        cut = min([at for sign in (":", "{", "%", "'", '"') if (at := message.find(sign)) > 0] or [len(message)])
        record.msg, record.args = message[:cut][:200], ()
    return True


class Plain(logging.Formatter):
    """`time LEVEL name: message [request]`, line breaks and control characters written out."""

    def format(self, record: logging.LogRecord) -> str:
        facts = facts_of(record)
        request = f" [{facts['request']}]" if facts["request"] else ""
        failed = f" | {facts['failure']}" if "failure" in facts else ""
        took = f" {facts['ms']} ms" if "ms" in facts else ""
        return f"{facts['time']} {facts['level']} {facts['name']}: {facts['message']}{took}{failed}{request}"


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(facts_of(record), ensure_ascii=True)


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
    facts: dict[str, Any] = {"time": stamp, "level": record.levelname, "name": record.name}
    facts["message"] = one_line(record.getMessage())
    facts["request"] = tracing.request_id()
    facts |= {name: getattr(record, name) for name in FACTS if hasattr(record, name)}
    if record.exc_info and record.exc_info[0] is not None:
        facts["failure"] = one_line(failure(record.exc_info[1]))
    return facts


def failure(error: BaseException | None) -> str:
    """Kind and place of an error, without its own words: those may quote what was sent."""
    if error is None:
        return ""
    places, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('site-packages/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(places[-12:]))}"


def one_line(words: str) -> str:
    """Words without anything that a terminal or a reader of lines would act on."""
    return words.encode("utf-8", "backslashreplace").decode()[:LONGEST].translate(_ESCAPED)
