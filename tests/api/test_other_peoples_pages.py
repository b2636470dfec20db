"""Two people: what the one owns and shows to nobody, the other neither sees nor changes by any event of any page."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
import pytest
import reflex as rx
from reflex.page import DECORATED_PAGES
from reflex.route import get_route_args
from reflex_base.event import EventHandler

from memicos_app.components import patience
from memicos_app.components.rights import needed
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import OWNER, set_person
from memicos_app.library.accounts.rights import RIGHTS
from tests.api.dataset import MODEL, SOURCE
from tests.api.test_other_peoples import ANNS, ANNS_SOURCE, CANARY, Owned, anns, asked_by
from tests.pages.events import Visitor, visitor
from tests.people import BOB
from tests.test_rights_matrix import OURS

__all__ = ["anns", "asked_by"]
LOADS = {page["route"]: page["on_load"] for _, page in DECORATED_PAGES["memicos_app"] if page.get("on_load")}
MAY = {name: one for name, one in OURS.items() if needed(one) in RIGHTS["open"]["person"]}
"""Handlers that a person may cause."""
LEFT_OUT = ("leave", "submit_test", "test_example")
"""Handlers that end Bob's own account, and with it the test; and two that wait for the worker, which is not there."""


@dataclass
class Place(Visitor):
    """A tab at any page."""

    route: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def router_data(self) -> dict[str, Any]:
        path = self.route
        for name, value in self.names.items():
            path = path.replace(f"[{name}]", value)
        return super().router_data() | {"pathname": self.route, "asPath": path, "query": self.names}


def places(owned: Owned) -> list[tuple[str, dict[str, str]]]:
    """Addresses of what is Ann's, and of a feature that all see, on which she wrote."""
    vector = [str(owned.vector[name]) for name in ("modelId", "source", "index")]
    three = ("model_id", "source_id", "index")
    return [
        ("/[model_id]", {"model_id": ANNS}),
        ("/[model_id]/[source_id]", {"model_id": ANNS, "source_id": ANNS_SOURCE}),
        ("/[model_id]/[source_id]/[index]", dict(zip(three, (ANNS, ANNS_SOURCE, "0"), strict=True))),
        ("/[model_id]/[source_id]/[index]", dict(zip(three, vector, strict=True))),
        ("/[model_id]/[source_id]/[index]", dict(zip(three, (MODEL, SOURCE, "10"), strict=True))),
        ("/list/[list_id]", {"list_id": owned.list_id}),
        ("/user/[user_name]", {"user_name": "ann"}),
    ]


def arguments(handler: EventHandler, ids: list[str]) -> Iterator[list[Any]]:
    """What Bob may send along: every text is the id of something of Ann's, one after the other."""
    asked = list(inspect.signature(handler.fn).parameters.values())[1:]
    kinds = [str(one.annotation) for one in asked]
    for text in ids if any("str" in kind for kind in kinds) else ids[:1]:
        yield [value_of(kind, text) for kind in kinds]


def value_of(kind: str, text: str) -> Any:
    if kind.startswith("dict"):
        return dict.fromkeys(("id", "name", "text", "description", "q", "href"), text)
    if kind.startswith("list"):
        return [text]
    for name, value in {"str": text, "int": 0, "float": 0.0, "bool": True}.items():
        if kind.startswith(name):
            return value
    return text


def anns_rows(database: psycopg.Connection[Any]) -> dict[str, Any]:
    """A sum over the rows of each table that name Ann or what is hers, but for what Bob wrote about it.

    That an explanation has its vector by now is nobody's doing.
    """
    names = database.execute("SELECT relname FROM pg_stat_user_tables WHERE relname <> 'rate_windows'").fetchall()
    summed = """
        SELECT count(*), sum(hashtextextended(words, 0))
        FROM (SELECT (to_jsonb(t) - 'embedded')::text AS words FROM "{}" AS t) AS r
        WHERE words ~ '"ann"|anns' AND NOT words ~ '"bob"'
    """
    return {name: database.execute(summed.format(name), prepare=True).fetchone() for (name,) in names}


async def caused(tab: Visitor, event: Any) -> list[Any] | None:
    """What each step of an event sent; None where it ended with an error, which a page is told in words."""
    try:
        async with asyncio.timeout(20):
            return list(await tab.cause(event))
    except Exception:
        return None


async def test_no_event_of_a_page_shows_or_changes_it(
    imported: str, anns: Owned, asked_by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.0)
    monkeypatch.setattr(rights, "somebody", lambda: BOB)
    for route in LOADS:
        rx.State.setup_dynamic_args(get_route_args(route))
    ids = [value for value in asdict(anns).values() if isinstance(value, str)]
    assert len(MAY) > 150
    database = psycopg.connect(imported, autocommit=True)
    wrong, ended_well, before = [], 0, anns_rows(database)
    for route, names in places(anns):
        async with visitor(MODEL, SOURCE, "0") as base:
            tab = Place(base.processor, base.browser, base.address, route=route, names=names)
            asked = LOADS[route]
            opening = [event() for event in (asked if isinstance(asked, list) else [asked])]
            for event in opening:
                wrong += seen(route, "load", await caused(tab, event))
            for name, handler in MAY.items():
                if handler.is_background or name.rpartition(".")[2] in LEFT_OUT:
                    continue
                for values in arguments(handler, ids):
                    sent = await caused(tab, handler(*values))
                    ended_well += sent is not None
                    wrong += seen(route, name, sent)
                if (now := anns_rows(database)) != before:
                    changed = [table for table in now if now[table] != before.get(table)]
                    wrong.append(f"{route} {names}: {name} changed {changed}")
                    before = now
            wrong += seen(route, "the browser", [one.payload for one in tab.browser.told])
    database.close()
    set_person(OWNER)
    assert ended_well > 1_000
    assert not wrong, "\n".join(wrong)


def seen(route: str, name: str, told: Any) -> list[str]:
    """A complaint where what a page was told has a word of Ann's."""
    text = json.dumps(told, default=str)
    at = text.find(CANARY)
    return [f"{route}: {name} told {text[max(0, at - 120) : at + 60]}"] if at >= 0 else []
