"""Events of pages are done for the browser tab they come from."""

from __future__ import annotations

import reflex as rx
from reflex.event import Event
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate

from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import set_person
from memicos_app.library.visitor import set_visitor


class Visitors(Middleware):
    """Tells the library whom an event is for; each event runs in a task of its own."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Name the visitor by the tab's token."""
        set_person(rights.somebody())
        set_visitor(state.router.session.client_token)
        return None
