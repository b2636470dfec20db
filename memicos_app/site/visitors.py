"""Events of pages are done for the person and the browser tab they come from."""

from __future__ import annotations

from contextlib import suppress

import reflex as rx
from reflex.event import Event
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event.context import EventContext

from memicos_app.components.page_life import note_connection
from memicos_app.components.person_state import PersonState
from memicos_app.library import rates, tracing
from memicos_app.library.accounts import recognising, rights
from memicos_app.library.accounts.person import VISITOR, Person, set_person
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.rates import RateLimited
from memicos_app.library.visitor import set_visitor
from memicos_app.site.admission import refusal, refused


class Visitors(Middleware):
    """Tells the library whom an event is for; each event runs in a task of its own.

    The socket's handshake carries the browser's cookie: it is looked at with every event, so that a session that was
    ended elsewhere ends here too.
    """

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Name the visitor by the tab's token and the person by the socket's headers, and refuse what may not be."""
        who = await asking()
        set_person(who)
        set_visitor(state.router.session.client_token, EventContext.get().router_data.get("ip", ""))
        tracing.begin()
        await hand_over(state, who)
        await note_connection(state, event)
        try:
            with suppress(UnavailableError):  # what needs the database says so itself
                await rates.take_request()
        except RateLimited as error:
            return refused(event, error, state.router.url.path)
        return refusal(event, state.router.url.path)


async def asking() -> Person:
    """Who sends the event in hand; a visitor where it cannot be known.

    Pages know people by their session alone: through a socket an API key would do what only a browser may, make
    another key, say.
    """
    headers = EventContext.get().router_data.get("headers", {})
    cookie = next((value for name, value in headers.items() if name.lower() == "cookie"), "")
    try:
        return await recognising.from_headers({"cookie": cookie})
    except LibraryError:
        return VISITOR


async def hand_over(state: BaseState, who: Person) -> None:
    """Note whose tab it is; where it was another's, all that its pages held is forgotten first."""
    shown = await state.get_state(PersonState)
    owner = who.id or ""
    if shown._owned and shown._owner != owner:
        root = state._get_root_state()
        for kind in every(type(root)):
            await state.get_state(kind)  # a state manager other than memory loads only what is asked for
        root.reset()  # type: ignore[no-untyped-call]
    if not shown._owned or (shown._owner, shown.person_name, shown.person_admin) != (owner, who.name, who.admin):
        shown._owned, shown._owner = True, owner
        shown.person_name, shown.person_admin = who.name, who.admin
        shown.site_mode = rights.mode()


def every(kind: type[BaseState]) -> list[type[BaseState]]:
    """All states below one."""
    return [one for child in kind.get_substates() for one in (child, *every(child))]
