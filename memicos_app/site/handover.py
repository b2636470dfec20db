"""Pages that are open when this process ends go on in another one, where several share a Redis.

Reflex takes a page whose name another socket still holds for a copy of it, and gives it a new name that nothing is
kept under. So this process lets go of the names before it closes the sockets. One that is killed cannot: its pages
begin anew.
"""

from __future__ import annotations

import reflex as rx


async def let_go(app: rx.App) -> None:
    """Give up the names of all pages that are connected here."""
    if app.event_namespace is None:
        return
    tokens = app.event_namespace._token_manager
    for sid, token in list(tokens.sid_to_token.items()):
        await tokens.disconnect_token(token, sid)
