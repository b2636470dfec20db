"""Whether a person still has the page open: long work for somebody who left is stopped."""

from __future__ import annotations

import reflex as rx
from reflex.utils import prerequisites


def is_here(state: rx.State) -> bool:
    """Whether the browser tab of `state` is connected. True where no site is served, as in a unit test."""
    try:
        namespace = prerequisites.get_app().app.event_namespace
    except (ImportError, AttributeError):
        return True
    return namespace is None or state.router.session.client_token in namespace.token_to_sid
