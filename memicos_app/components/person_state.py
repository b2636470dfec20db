"""Who looks at the page, as pages may show it; set for every event by `site/visitors.py`, never by the browser."""

from __future__ import annotations

import reflex as rx


class PersonState(rx.State):
    """The person whom a browser's tab belongs to."""

    person_name: str = ""
    """Empty: nobody has signed in."""
    person_admin: bool = False
    site_mode: str = ""
    """`single`, `open`, `closed`, `demo`; empty until the first event."""
    _owner: str = ""
    """Id of the person whose tab this is; a tab that changes hands is emptied."""
    _owned: bool = False

    @rx.var
    def signed_in(self) -> bool:
        """Whether there is a person to sign out."""
        return self.person_name != "" and self.site_mode not in ("", "single")

    @rx.var
    def can_sign_in(self) -> bool:
        """Whether a visitor may sign in here."""
        return self.person_name == "" and self.site_mode in ("open", "closed")
