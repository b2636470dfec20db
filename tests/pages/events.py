"""Events of a page without a browser: handlers run through Reflex's own processor, as for a visitor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import reflex as rx
from reflex.event import Event
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import StateUpdate
from reflex_base.event.processor.base_state_processor import BaseStateEventProcessor

from memicos_app.memicos_app import app

TOKEN = "visitor"
FeatureAddress = tuple[str, str, str]


class Browser:
    """The far end of the socket; keeps the events that the page asked the browser to do."""

    def __init__(self) -> None:
        self.told: list[Event] = []

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        self.told += update.events


@dataclass
class Visitor:
    """One browser tab at the address of a feature; `shown` is what the state sent to it."""

    processor: BaseStateEventProcessor
    browser: Browser
    address: FeatureAddress
    query: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)

    def router_data(self) -> dict[str, Any]:
        names = ("model_id", "source_id", "index")
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return {
            "pathname": "/[model_id]/[source_id]/[index]",
            "asPath": "/" + "/".join(self.address) + (f"?{query}" if query else ""),
            "query": dict(zip(names, self.address, strict=True)) | self.query,
            "sid": "first",
            "token": TOKEN,
            "headers": {"origin": "http://site.example"},
        }

    def told(self, name: str) -> list[str]:
        """What the browser was told to do by events of a name: paths of redirects, scripts."""
        key = {"_redirect": "path", "_call_script": "javascript_code"}[name]
        return [str(event.payload[key]) for event in self.browser.told if event.name == name]

    def sent_to_sign_in(self) -> bool:
        """Whether the browser was told to go to the page for that, since this was asked last."""
        sent = any(path.startswith("/signin?next=") for path in self.told("_redirect"))
        self.browser.told.clear()
        return sent

    async def cause(self, event: Any) -> list[Mapping[str, Any]]:
        """Run an event and all that it chains; what each step sent."""
        sent = []
        for one in Event.from_event_type(event, router_data=self.router_data()):
            async for delta in self.processor.enqueue_stream_delta(TOKEN, one):
                for name, values in delta.items():
                    plain = {key.removesuffix("_rx_state_"): value for key, value in values.items()}
                    self.shown.update(plain)
                    sent.append({name: plain})
        return sent


@asynccontextmanager
async def visitor(*address: str, **query: str) -> AsyncIterator[Visitor]:
    """A visitor at `/{model}/{source}/{index}`."""
    rx.State.setup_dynamic_args({"model_id": "arg_single", "source_id": "arg_single", "index": "arg_single"})
    browser = Browser()
    processor = BaseStateEventProcessor(middleware=app)
    processor.configure(state_manager=StateManagerMemory(), event_namespace=browser)  # type: ignore[arg-type]
    async with processor:
        yield Visitor(processor, browser, (address[0], address[1], address[2]), query)
