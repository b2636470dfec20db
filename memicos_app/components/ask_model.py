"""A language model asked about one feature, from its page: to explain it, or to judge an explanation of it.

What is asked, kept and paid for is `library/autointerp`'s; here are the choice of model, the wait and what came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import reflex as rx

from memicos_app.components.asking import (
    Asked,
    Place,
    Way,
    explained,
    judged,
    model_names,
    ways_to_explain,
    ways_to_score,
)
from memicos_app.components.rights import declares, needs
from memicos_app.library import ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import ConflictError, LibraryError
from memicos_app.library.providers import ProviderError

EXPLAIN = "explain"
"""What is asked for when it is no explanation's id: another explanation."""
LOOK = 0.5
"""Seconds between two looks at whether the answer is there."""


@declares(Right.READ)
class AskModel(rx.State, mixin=True):
    """One question at a time; the page that mixes this in has `_place` and `_reread`."""

    asking_for: str = ""
    """`EXPLAIN`, or the id of the explanation that is to be judged; empty: the form is closed."""
    ways: list[Way] = []
    way: str = ""
    chat_models: list[str] = []
    models_known: bool = False
    last_model: str = rx.LocalStorage("", name="memicos-chat-model")
    step: str = ""
    """What is being done; empty: nothing."""
    seconds: int = 0
    ask_problem: str = ""
    ask_needs_key: bool = False
    ask_replace: bool = False
    """It is there already, and may be put in its place."""
    ask_done: str = ""
    fresh: str = ""
    """Id of the explanation that has just come."""

    def _place(self) -> Place:
        raise NotImplementedError

    async def _reread(self) -> None:
        raise NotImplementedError

    def _forget_asking(self) -> None:
        """Another feature is shown; what was asked about the one before is kept and told to nobody."""
        self.asking_for = self.step = self.ask_problem = self.ask_done = self.fresh = ""
        self.ask_replace = self.ask_needs_key = False

    @rx.var
    def way_words(self) -> str:
        """How the chosen way works."""
        return next((one["words"] for one in self.ways if one["name"] == self.way), "")

    @rx.var
    def way_asks(self) -> bool:
        """Whether the chosen way needs a language model."""
        return next((one["asks"] for one in self.ways if one["name"] == self.way), True)

    @rx.var
    def first_model(self) -> str:
        """The model that stands in the field: the one asked last, else the first there is."""
        return self.last_model or next(iter(self.chat_models), "")

    @rx.event
    def choose_way(self, name: str) -> None:
        self.way, self.ask_problem, self.ask_replace = name, "", False

    @rx.event(background=True, supersedes=True)
    async def open_asking(self, what: str) -> None:
        """Open the form, or close it; which models there are may take a moment to know."""
        async with self:
            self._forget_asking()
            self.asking_for = what
            self.ways = ways_to_explain() if what == EXPLAIN else ways_to_score()
            self.way = next(iter(self.ways))["name"]
        if not what or not ownership.may_edit():
            return
        names, problem = [], ""
        try:
            names = await model_names()
        except LibraryError as error:
            problem = error.message
        async with self:
            self.chat_models, self.models_known, self.ask_problem = names, True, problem
            if not names and self.way == next(iter(self.ways))["name"]:
                self.way = next((one["name"] for one in self.ways if not one["asks"]), self.way)

    @rx.event(background=True, supersedes=True)
    @needs(Right.MANAGE)
    async def ask_now(self, form: dict[str, Any]) -> None:
        """Ask, and show how long it takes; an empty form stops what is being asked."""
        async with self:
            what, place = self.asking_for, self._place()
            self.ask_problem = self.ask_done = self.fresh = ""
            self.ask_replace = self.ask_needs_key = False
            self.seconds = 0
            self.step = waiting_words(form) if form else ""
            if form.get("model"):
                self.last_model = str(form["model"])
        if not form:
            return
        found = await self._what_came(what, place, form)
        async with self:
            if place != self._place() or what != self.asking_for:
                return
            self.step = ""
            if isinstance(found, LibraryError):
                self.ask_problem, self.ask_replace = found.message, isinstance(found, ConflictError)
                self.ask_needs_key = isinstance(found, ProviderError) and found.kind == "key"
            else:
                self.ask_done, self.fresh = found.words, found.explanation_id
                await self._reread()

    async def _what_came(self, what: str, place: Place, form: Mapping[str, Any]) -> Asked | LibraryError:
        """What came, else why nothing did."""
        began = time.monotonic()
        work = asyncio.create_task(explained(place, form) if what == EXPLAIN else judged(what, form))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=LOOK)
                async with self:
                    self.seconds = round(time.monotonic() - began)
            return await work
        except LibraryError as error:
            return error
        finally:
            if not work.done():
                work.cancel()
                with suppress(asyncio.CancelledError, LibraryError):
                    await work


def waiting_words(form: Mapping[str, Any]) -> str:
    return f"Asking {form['model']}" if form.get("model") else "Measuring"
