"""The owner's page of providers: keys for language models, where they are kept, and whether they work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from pydantic import SecretStr

from memicos_app.components.checked_fields import only_the_owner
from memicos_app.components.copy import command
from memicos_app.components.empty import failed, skeleton_rows
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.provider_rows import ProviderRow, provider_card, provider_row, trial_words
from memicos_app.components.rights import declares, needs
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.providers import chat_model, keys, models, prices
from memicos_app.library.providers.endpoints import LOCAL, providers
from memicos_app.library.providers.sealing import from_settings, key_file
from memicos_app.library.providers.trial import trial
from memicos_app.settings import get_settings


@declares(Right.READ)
class ProvidersState(rx.State):
    """Which providers can be asked, and what came of the last thing done to one."""

    rows: list[ProviderRow] = []
    loaded: bool = False
    may_edit: bool = False
    has_local: bool = False
    sealed_with: str = ""
    prices_file: str = ""
    problem: str = ""
    round: int = 0
    """A new one empties the fields."""
    said_of: str = ""
    said: str = ""
    went_well: bool = True
    trying: str = ""

    @rx.event(background=True, supersedes=True)
    async def load(self) -> None:
        """Read which keys there are; then ask a server of one's own which models it has."""
        async with self:
            self.may_edit, self.problem, self.said_of = rights.may(Right.MANAGE), "", ""
            if not rights.may(Right.WRITE):
                return
            self.has_local = bool(get_settings().chat_base_url.strip())
            if self.may_edit:
                self.sealed_with = "SECRETS_KEY" if from_settings() else str(key_file())
                self.prices_file = str(prices.own_file())
        await self._list(ask_local=False)
        await self._list(ask_local=True)

    async def _list(self, *, ask_local: bool) -> None:
        problem, found = "", []
        try:
            found = await listed(ask_local=ask_local)
        except LibraryError as error:
            problem = error.message
        async with self:
            self.rows, self.problem, self.loaded = found, problem, True

    @rx.event(background=True)
    @needs(Right.WRITE)
    async def keep(self, form: dict[str, Any]) -> None:
        """Seal a key and keep it; the field is emptied."""
        name, key = str(form.get("provider", "")), SecretStr(str(form.get("key", "")))
        await self._do(name, keys.put, name, key, done="The key is kept. Try it with a short question.")

    @rx.event(background=True)
    @needs(Right.WRITE)
    async def forget(self, name: str) -> None:
        """Remove a key of one's own."""
        await self._do(name, keys.forget, name, done="The key is removed.")

    async def _do(self, name: str, act: Any, *arguments: Any, done: str) -> None:
        said, went_well = done, True
        try:
            rights.require(Right.WRITE)
            await act(*arguments)
            await self._list(ask_local=True)
        except LibraryError as error:
            said, went_well = error.message, False
        async with self:
            self.said_of, self.said, self.went_well = name, said, went_well
            self.round += went_well

    @rx.event(background=True, supersedes=True)
    @needs(Right.WRITE)
    async def try_model(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Ask a model one short question."""
        name, model = str(form.get("provider", "")), str(form.get("model", ""))
        async with self:
            self.trying, self.said_of = name, ""
        yield
        said, went_well = "", True
        try:
            rights.require(Right.WRITE)
            said = trial_words(await trial(chat_model(f"{name}:{model}")))
        except LibraryError as error:
            said, went_well = error.message, False
        finally:
            async with self:
                self.trying, self.said_of, self.said, self.went_well = "", name, said, went_well


async def listed(*, ask_local: bool) -> list[ProviderRow]:
    """Every provider with its key and models."""
    settings = {one.name: one.key_setting.upper() for one in providers()}
    local = [one.name for one in await models() if one.provider == LOCAL] if ask_local else []
    return [
        provider_row(one, settings[one.provider], local if one.provider == LOCAL else prices.listed(one.provider))
        for one in await keys.known()
    ]


@rx.page(route="/admin/providers", title="Language models · MemicOS", on_load=ProvidersState.load)
def providers_page() -> rx.Component:
    state = ProvidersState
    return page(
        page_head(crumbs(("Admin", "/admin"), ("Language models", ""))),
        rx.el.h1("Language models", class_name="title"),
        rx.el.p(
            "They write explanations and judge them. None is needed to browse, search, test or steer.",
            class_name="meta",
        ),
        rx.cond(state.problem != "", failed(state.problem)),
        rx.el.div(
            rx.cond(
                state.may_edit,
                rx.el.div(
                    rx.cond(
                        state.loaded,
                        rx.foreach(state.rows, lambda row: provider_card(row, state)),
                        card(skeleton_rows(5)),
                    ),
                    class_name="stack",
                ),
                only_the_owner(),
            ),
            rx.cond(state.may_edit, rx.el.div(own_server(), where_kept(), what_it_costs(), class_name="side")),
            class_name="cols flip",
        ),
        active="admin",
    )


def own_server() -> rx.Component:
    return card(
        rx.el.div(
            rx.cond(
                ProvidersState.has_local,
                rx.el.p("The settings name one, CHAT_BASE_URL; it is first in the list.", class_name="small muted"),
                rx.fragment(
                    rx.el.p(
                        "Any server that speaks OpenAI's API will do, such as those of llama.cpp, vLLM or Ollama. "
                        "Name it in .env and start again:",
                        class_name="small muted",
                    ),
                    command("CHAT_BASE_URL=http://127.0.0.1:8000/v1"),
                ),
            ),
            class_name="card-body stack",
        ),
        title="A server of your own",
    )


def where_kept() -> rx.Component:
    return card(
        rx.el.div(
            rx.el.p(
                "In the database, sealed with the key in ",
                rx.el.code(ProvidersState.sealed_with, class_name="code inline iso"),
                ". They are sent to their provider and nowhere else: not to this page again, not into logs. ",
                "A key kept here goes before that of the settings.",
                class_name="small muted",
            ),
            rx.el.p("The same from a terminal, which asks for the key:", class_name="small muted"),
            command("memicos keys set openai"),
            class_name="card-body stack",
        ),
        title="Where keys are kept",
    )


def what_it_costs() -> rx.Component:
    return card(
        rx.el.p(
            "Every call is written down with its tokens and cost. Prices are in memicos_app/models.toml; yours, in ",
            rx.el.code(ProvidersState.prices_file, class_name="code inline iso"),
            ", go before them and add models. A model without a price can be asked, but no budget can be kept.",
            class_name="card-body small muted",
        ),
        title="What it costs",
    )
