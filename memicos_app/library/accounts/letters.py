"""What mails say: a few sentences, one button, and where they are ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be sent."""

    subject: str
    text: str
    html: str


def letter(
    subject: str, sentences: Sequence[str], *, button: tuple[str, str] | None = None, foot: Sequence[str] = ()
) -> Letter:
    """A mail of plain sentences; `button` is words and address. Everything in it is text, whatever it holds."""
    parts = [*sentences]
    if button:
        parts.append(f"{button[0]}: {button[1]}")
    text = "\n\n".join(parts) + ("\n\n-- \n" + "\n".join(foot) if foot else "") + "\n"
    return Letter(subject, text, _html(sentences, button, foot))


def sign_in(site: str, url: str, minutes: int) -> Letter:
    """The link that signs in."""
    return letter(
        f"Sign in to MemicOS at {site}",
        [
            f"Somebody, you we hope, asked to sign in to MemicOS at {site} with this address.",
            f"The link works once, within {minutes} minutes. If it was not you, leave it alone: nothing happens.",
        ],
        button=("Sign in", url),
    )


def new_address(site: str, url: str, name: str, minutes: int) -> Letter:
    """The link that confirms a person's new e-mail address."""
    return letter(
        f"Confirm your address for MemicOS at {site}",
        [
            f"{name} wants to use this address at {site}.",
            f"The link works once, within {minutes} minutes. If it was not you, leave it alone: nothing happens.",
        ],
        button=("Confirm this address", url),
    )


def taken_address(site: str, name: str) -> Letter:
    """To an address that somebody else wants to have, too."""
    return letter(
        f"Your address at {site}",
        [
            f"{name} wants to use this address at {site}, where another account has it. Nothing was changed.",
            "If both are yours, sign in to the other one, and give it another address first.",
        ],
    )


def way_in_changed(site: str, what: str, name: str) -> Letter:
    """To the address that a person had: somebody who is signed in changed how they sign in."""
    return letter(
        f"How you sign in at {site} was changed",
        [
            f"{what} {name} at {site} now.",
            "If it was not you, write to whoever runs the site: somebody else may be signed in as you.",
        ],
    )


def no_account(site: str) -> Letter:
    """To an address that has no account, where people cannot make one themselves."""
    return letter(
        f"No account at {site}",
        [
            f"Somebody asked to sign in to MemicOS at {site} with this address, which has no account there.",
            "Accounts are added by whoever runs the site. If it was not you, you need do nothing.",
        ],
    )


def comment(author: str, where: str, text: str, url: str, end: str) -> Letter:
    """Somebody said something of what is yours."""
    return letter(
        f"{author} commented on {where}",
        [f"{author} wrote about {where}:", text],
        button=("Read and answer", url),
        foot=_ending(end),
    )


def job(title: str, went: str, error: str, url: str, end: str) -> Letter:
    """Work that was asked for has ended."""
    return letter(
        f"{title}: {went}",
        [f"Your job “{title}” {went}.", *([error] if error else [])],
        button=("Open the job", url),
        foot=_ending(end),
    )


def _ending(url: str) -> list[str]:
    return [f"No more mails of this kind: {url}"]


def _html(sentences: Sequence[str], button: tuple[str, str] | None, foot: Sequence[str]) -> str:
    body = "".join(f'<p style="margin:0 0 14px;white-space:pre-wrap">{escape(one)}</p>' for one in sentences)
    if button:
        words, url = escape(button[0]), escape(button[1])
        body += (
            f'<p style="margin:20px 0"><a href="{url}" style="background:#1c1917;color:#fff;padding:9px 16px;'
            f'border-radius:8px;text-decoration:none">{words}</a></p>'
            f'<p style="color:#716b66;font-size:12px;word-break:break-all">{url}</p>'
        )
    if foot:
        words = "<br>".join(escape(one) for one in foot)
        body += f'<p style="color:#716b66;font-size:12px;border-top:1px solid #e7e5e2;padding-top:12px">{words}</p>'
    return (
        '<!doctype html><html lang="en"><body style="margin:0;padding:24px;background:#fcfcfb;color:#1c1917;'
        f'font:14px/1.5 system-ui,sans-serif"><div style="max-width:520px;margin:0 auto">{body}</div></body></html>'
    )
