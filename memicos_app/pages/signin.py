"""Signing in: by a link that comes by mail, by password, or with an account elsewhere."""

from __future__ import annotations

from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.layout import card, page
from memicos_app.components.person_state import PersonState
from memicos_app.components.post_form import post_form
from memicos_app.components.rights import declares
from memicos_app.components.signing_in import by_link, by_password
from memicos_app.library.accounts import elsewhere, links, mails, onward
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right, mode

PROBLEMS = {
    "sign_in": "That did not sign you in: the visit took too long, or was not begun in this browser. Try again.",
    "conflict": "Somebody here has that e-mail address or account. If it is you, sign in first, and join the two on "
    "your account's page.",
    "forbidden": "There is no account for you here; whoever runs this site adds them.",
    "unavailable": "The provider does not answer; try again in a moment.",
    "upstream": "The provider did not answer as it should; whoever runs this site may find more in its log.",
    "too_many": "That was tried too often; try again in a few minutes.",
    "not_found": "Nobody signs in here with an account of that kind.",
}
"""What a visit elsewhere ended with, by the code that the address carries."""


@declares(Right.OPEN)
class SignInState(rx.State):
    """Which ways there are here, and where one wanted to go."""

    onward: str = "/"
    mails: bool = True
    signs_up: bool = False
    mode: str = ""
    problem: str = ""
    places: list[dict[str, str]] = []
    """Providers whose accounts sign in, each with its name and the address that leads there."""

    @rx.event
    def load(self) -> EventSpec | None:
        """Look what the address asks for; who is signed in already goes there."""
        self.onward = onward.place(str(self.router.url.query_parameters.get("next", "")))
        self.mails, self.signs_up, self.mode = mails.configured(), links.may_sign_up(), mode()
        asked = urlencode({"next": self.onward})
        self.places = [
            {"title": one.title, "url": f"/api/auth/elsewhere/{one.name}?{asked}"} for one in elsewhere.places()
        ]
        self.problem = PROBLEMS.get(str(self.router.url.query_parameters.get("problem", "")), "")
        if self.mode != "single" and person().known:
            return rx.redirect(self.onward)
        return None


@rx.page(route="/signin", title="Sign in · MemicOS", on_load=SignInState.load)
def signin_page() -> rx.Component:
    state = SignInState
    several = (state.mode == "open") | (state.mode == "closed")
    return page(
        rx.el.div(
            rx.el.h1("Sign in", class_name="title"),
            rx.cond(state.problem != "", rx.el.p(state.problem, class_name="notice rose", role="alert")),
            rx.cond(
                several,
                rx.fragment(
                    rx.cond(
                        state.mode == "closed",
                        rx.el.p("This site is for people with an account.", class_name="muted"),
                        rx.el.p(
                            "Reading, testing and steering need no account. Lists, comments and keys do.",
                            class_name="muted",
                        ),
                    ),
                    rx.cond(state.places, rx.el.div(rx.foreach(state.places, provider), class_name="ways")),
                    rx.cond(
                        state.mails,
                        rx.fragment(link_card(), password_card()),
                        rx.fragment(password_card(), link_card()),
                    ),
                    rx.cond(
                        state.signs_up,
                        rx.el.p("Who comes for the first time gets an account.", class_name="small muted"),
                        rx.el.p("Accounts are added by whoever runs this site.", class_name="small muted"),
                    ),
                ),
                rx.match(
                    state.mode,
                    ("single", rx.el.p("This site is for one person, who need not sign in.", class_name="notice")),
                    ("demo", rx.el.p("This site is a demo that is only read; nobody signs in.", class_name="notice")),
                    rx.fragment(),
                ),
            ),
            class_name="doorway stack",
        ),
    )


def provider(one: rx.Var[dict[str, str]]) -> rx.Component:
    return rx.el.a("Sign in with ", one["title"], href=one["url"], reload_document=True, class_name="btn")


def link_card() -> rx.Component:
    """First where mails are sent; else somebody has to hand the link over, and a password goes before."""
    return card(
        rx.el.div(by_link(SignInState.onward, SignInState.mails), class_name="card-body"), title="By a link in a mail"
    )


def password_card() -> rx.Component:
    return card(
        rx.el.div(by_password(SignInState.onward, ~SignInState.mails), class_name="card-body"), title="By password"
    )


@declares(Right.OPEN)
class MailedLinkState(rx.State):
    """What stands in the address of a link that came by mail."""

    token: str = ""
    code: str = ""
    kind: str = "all"
    ended: bool = False

    @rx.event
    def load(self) -> None:
        """Take it from the address."""
        self.ended = False
        given = self.router.url.query_parameters
        self.token, self.code = str(given.get("token", "")), str(given.get("code", ""))
        self.kind = str(given.get("kind", "all"))

    @rx.event
    def say_ended(self) -> None:
        """The mails have been ended, by the form."""
        self.ended = True

    @rx.var
    def unsubscribing(self) -> str:
        """Where mails are ended."""
        return "/api/auth/unsubscribe?" + urlencode({"code": self.code, "kind": self.kind})


@rx.page(route="/auth/email", title="Sign in · MemicOS", on_load=MailedLinkState.load)
def email_page() -> rx.Component:
    """A button between the mail and signing in: programs that open every link of a mail use none up."""
    return page(
        rx.el.div(
            rx.el.h1("Sign in", class_name="title"),
            rx.cond(
                MailedLinkState.token != "",
                card(
                    rx.el.div(
                        rx.el.p("You opened the link that was sent to you. One press, and you are in."),
                        post_form(
                            rx.el.input(type="hidden", name="token", value=MailedLinkState.token, read_only=True),
                            rx.el.button("Sign in", type="submit", auto_focus=True, class_name="btn primary"),
                            action="/api/auth/email",
                            class_name="stack",
                        ),
                        class_name="card-body stack",
                    )
                ),
                incomplete(),
            ),
            rx.el.p(rx.el.a("Ask for another link", href="/signin", class_name="link"), class_name="small"),
            class_name="doorway stack",
        ),
    )


@rx.page(route="/unsubscribe", title="Mails · MemicOS", on_load=MailedLinkState.load)
def unsubscribe_page() -> rx.Component:
    """A button, too: opening a mail's links must not end anything."""
    state = MailedLinkState
    kinds = {"comments": "when somebody comments on what is yours", "jobs": "when a job of yours has ended"}
    return page(
        rx.el.div(
            rx.el.h1("No more mails", class_name="title"),
            rx.cond(
                state.ended,
                rx.el.p(
                    rx.el.span(
                        "Ended. Which mails you get is on ",
                        rx.el.a("your account's page", href="/account", class_name="link"),
                        ".",
                    ),
                    role="status",
                    class_name="notice",
                ),
                rx.cond(
                    state.code != "",
                    card(
                        rx.el.div(
                            rx.el.p(
                                "End the mails that come ",
                                rx.match(state.kind, *kinds.items(), "by themselves, of every kind"),
                                ".",
                            ),
                            post_form(
                                rx.el.button("End them", type="submit", auto_focus=True, class_name="btn primary"),
                                action=state.unsubscribing,
                                on_done=state.say_ended,
                                class_name="stack",
                            ),
                            class_name="card-body stack",
                        )
                    ),
                    incomplete(),
                ),
            ),
            class_name="doorway stack",
        ),
    )


def incomplete() -> rx.Component:
    """Said once the address was read, not before."""
    return rx.cond(
        PersonState.is_hydrated,
        rx.el.p("This link is not complete. Copy all of it from the mail.", class_name="notice amber"),
    )
