"""Mails: sent by the server that SMTP_URL names, as text and as HTML. What they say is in `letters.py`."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

from memicos_app.library.errors import UnavailableError
from memicos_app.settings import get_settings

PATIENCE_S = 15.0
PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed in."""

    host: str
    port: int
    user: str
    password: str
    whole_tls: bool
    """From the first byte; otherwise STARTTLS, which only a server without a password may lack."""


def configured() -> bool:
    """Whether this site sends mails."""
    return bool(get_settings().smtp_url.get_secret_value().strip())


async def send(to: str, subject: str, text: str, html: str, *, headers: Mapping[str, str] | None = None) -> None:
    """Hand a mail in.

    Raises:
        UnavailableError: no server takes it.
    """
    message = letter(to, subject, text, html, headers or {})
    try:
        await asyncio.to_thread(_hand_in, server(), message)
    except (OSError, smtplib.SMTPException) as error:
        raise UnavailableError(
            f"The mail could not be sent: {type(error).__name__}. Whoever runs this site finds more in its log.",
            retry_after=60,
        ) from error


def server() -> Server:
    """The server that SMTP_URL names. Raises `UnavailableError` where it names none."""
    parts = urlsplit(get_settings().smtp_url.get_secret_value().strip())
    if parts.scheme not in PORTS or not parts.hostname:
        raise UnavailableError("SMTP_URL must be smtp://user:password@host:587 or smtps://…; no mail is sent.")
    return Server(
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtps",
    )


def letter(to: str, subject: str, text: str, html: str, headers: Mapping[str, str]) -> EmailMessage:
    """The mail as it goes out; what people wrote can break neither a header nor the text."""
    message = EmailMessage()
    message["From"] = get_settings().mail_from.strip() or f"MemicOS <no-reply@{_own_host()}>"
    message["To"] = to
    message["Subject"] = _line(subject)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=parseaddr(str(message["From"]))[1].rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    for name, value in headers.items():
        message[name] = _line(value)
    message.set_content(_plain(text), cte="quoted-printable")
    message.add_alternative(_plain(html), subtype="html", cte="quoted-printable")
    return message


def _hand_in(where: Server, message: EmailMessage) -> None:
    tls = ssl.create_default_context()
    if where.whole_tls:
        with smtplib.SMTP_SSL(where.host, where.port, timeout=PATIENCE_S, context=tls) as secure:
            _deliver(secure, where, message)
        return
    with smtplib.SMTP(where.host, where.port, timeout=PATIENCE_S) as plain:
        plain.ehlo()
        if plain.has_extn("starttls"):
            plain.starttls(context=tls)
            plain.ehlo()
        elif where.user:
            raise smtplib.SMTPNotSupportedError("the server offers no TLS, and a password is not sent without it")
        _deliver(plain, where, message)


def _deliver(connection: smtplib.SMTP, where: Server, message: EmailMessage) -> None:
    if where.user:
        connection.login(where.user, where.password)
    connection.send_message(message)


def _line(text: str) -> str:
    """In one line, without signs that no mail can hold."""
    return " ".join(_plain(text).split())[:300]


def _plain(text: str) -> str:
    kept = "".join(sign for sign in text if sign in "\n\t" or ord(sign) >= 32)
    return kept.encode("utf-8", "replace").decode()


def _own_host() -> str:
    return urlsplit(get_settings().public_url).hostname or "localhost"
