"""Every handler gets what its types say or nothing at all, whatever a browser sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import reflex as rx
from reflex.event import Event
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import StateUpdate
from reflex_base.event.processor.base_state_processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext

from memicos_app.components import patience
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import VISITOR, set_person
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.memicos_app import app
from memicos_app.settings import get_settings
from memicos_app.site.admission import failed
from memicos_app.site.payloads import checked, clean
from memicos_app.site.sockets import readable

HANDLERS = {
    name: one.handler
    for name, one in RegistrationContext.get().event_handlers.items()
    if one.handler.fn.__module__.startswith("memicos_app.")
}
ADDRESS = ("model_id", "source_id", "index", "type_name", "number")
"""Names of parts of addresses, which Reflex knows once the pages are compiled."""
LONG = "x" * 100_000
HOSTILE: list[Any] = [
    None,
    True,
    -1,
    2**80,
    0.5,
    float("nan"),
    "",
    "\0",
    "\ud800",
    "1'; DROP TABLE features; --",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    LONG,
    [],
    [[[[[[]]]]]],
    [None, "\0", {"a": "\0"}],
    {},
    {"\0": "\0", "words": ["\0"], "index": 2**80},
    {"form": {"form": {"form": {}}}},
]


def arguments(handler: Any) -> list[str]:
    code = handler.fn.__code__
    return list(code.co_varnames[1 : code.co_argcount])


@pytest.mark.parametrize("value", ["a\0b", "\ud800x", "\udfff"])
def test_text_is_made_storable(value: str) -> None:
    clean(value).encode()
    assert "\0" not in clean({"a": [value]})["a"][0]


@pytest.mark.parametrize("value", [2**80, float("inf"), float("nan"), [[[[[[[[[[[[[[1]]]]]]]]]]]]]]])
def test_what_no_page_sends(value: Any) -> None:
    with pytest.raises(BadInputError):
        clean(value)


@pytest.mark.parametrize("features", [[1], ["ab"], [["a", ["b"]]], [["a", [0.5]]], [[["a"], [1]]]])
def test_a_selection_that_no_map_makes_is_refused_by_name(features: Any) -> None:
    (select,) = (one for name, one in HANDLERS.items() if name.endswith("map_state.select"))
    with pytest.raises(BadInputError, match="not of the kind") as refused:
        checked(select, {"features": features, "total": 1})
    assert refused.value.field == "features"
    assert checked(select, {"features": [["a", [1]]], "total": 1})["features"] == [["a", [1]]]


def test_fields_beside_those_of_a_handler_are_refused() -> None:
    """A field more would set what the page never meant to be set."""
    for name, handler in HANDLERS.items():
        with pytest.raises(BadInputError):
            checked(handler, {"may_edit": True, "self": None})
        assert name


@pytest.mark.parametrize(
    "data", [None, 5, "text", [], {}, {"name": 5}, {"name": "no.such.handler"}, {"name": "a" * 10_000}]
)
def test_what_is_no_event_goes_no_further(data: Any) -> None:
    assert readable(data) is None
    name = next(iter(HANDLERS))
    for wrong in ({"payload": []}, {"payload": None}, {"router_data": 5}, {"payload": {5: 5}}):
        assert readable({"name": name, **wrong}) is None
    place = readable(
        {"name": name, "payload": {}, "router_data": {"asPath": "/\0\ud800", "query": {"q": 5, "r": "x"}}}
    )
    assert place is not None
    place["router_data"]["asPath"].encode()
    assert place["router_data"]["query"] == {"r": "x"}


class Nobody:
    """The far end of the socket."""

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        assert token


@pytest.fixture
async def processor(
    imported: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[BaseStateEventProcessor, list[Exception]]]:
    """Reflex's processor with our admission before each handler, and what handlers raised.

    No worker answers, and nobody waits for it: who would comes to the end at once.
    """
    monkeypatch.setattr(patience, "PATIENCE", 0.0)
    monkeypatch.setenv("INFERENCE_URLS", "http://127.0.0.1:9")
    monkeypatch.setenv("ACCESS", "open")
    get_settings.cache_clear()
    raised: list[Exception] = []

    def note(error: Exception) -> Any:
        if not isinstance(error, LibraryError):  # those are told on the page
            raised.append(error)
        return failed(error)

    rx.State.setup_dynamic_args(dict.fromkeys(ADDRESS, "arg_single"))
    one = BaseStateEventProcessor(middleware=app, backend_exception_handler=note)
    one.configure(state_manager=StateManagerMemory(), event_namespace=Nobody())  # type: ignore[arg-type]
    async with one:
        yield one, raised
    get_settings.cache_clear()


async def ended(future: Any) -> None:
    """Wait for an event and all that it chains; one that follows something without end is stopped."""
    try:
        await asyncio.wait_for(future.wait_all(), 10)
    except TimeoutError:
        future.cancel()
    except Exception:  # told to the processor's handler
        return


async def test_no_handler_breaks(
    processor: tuple[BaseStateEventProcessor, list[Exception]], caplog: pytest.LogCaptureFixture
) -> None:
    """Each handler with each hostile value in every argument, as a visitor of an open site."""
    running, raised = processor
    at = {"pathname": "/[model_id]/[source_id]/[index]", "asPath": "/a/b/0", "query": {}, "token": "t", "headers": {}}
    set_person(VISITOR)
    broken: list[str] = []
    for name, handler in HANDLERS.items():
        for value in HOSTILE if arguments(handler) else [None]:
            payload = dict.fromkeys(arguments(handler), value)
            event = readable({"name": name, "payload": payload, "router_data": at})
            assert event is not None
            before = len(raised)
            await ended(await running.enqueue("t", Event(**event)))
            if len(raised) > before:
                broken.append(f"{name} with {str(value)[:40]!r}: {raised[-1]!r}"[:400])
    assert broken == [], "\n".join(broken)
    assert [one.getMessage()[:300] for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert rights.mode() == "open"
