"""Who looks at the page, as pages may show it; set for every event by `site/visitors.py`, never by the browser."""

from __future__ import annotations

from urllib.parse import urlencode

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

    @rx.var
    def may_write(self) -> bool:
        """Whether what looks like one's own here can be changed: lists, comments, votes."""
        return self.site_mode == "single" or (self.person_name != "" and self.site_mode in ("open", "closed"))

    @rx.var
    def kept_out(self) -> bool:
        """Whether pages for administrators are not for whoever looks."""
        manages = self.site_mode == "single" or (self.person_admin and self.site_mode in ("open", "closed"))
        return self.site_mode != "" and not manages

    @rx.var
    def outside(self) -> bool:
        """Whether whoever looks sees no page but that for signing in."""
        return self.site_mode == "closed" and self.person_name == ""

    @rx.var
    def sign_in_href(self) -> str:
        """Where a visitor signs in and comes back from."""
        return f"/signin?{urlencode({'next': self.router.url.path})}"
