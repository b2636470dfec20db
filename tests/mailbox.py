"""A mail server of a test: what is handed in is kept, to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.running import free_port


@dataclass
class Mailbox:
    """Every mail that came, the oldest first."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail, as aiosmtpd hands it over."""
        content: Any = envelope.content
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 kept"

    def text(self, number: int = -1, kind: str = "plain") -> str:
        """What a mail says."""
        part = self.mails[number].get_body((kind,))
        assert part is not None
        return str(part.get_content())

    def link(self, number: int = -1) -> str:
        """The first address in a mail."""
        found = re.search(r"https?://\S+", self.text(number))
        assert found is not None
        return found.group()


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A server on loopback until the block ends."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), ready_timeout=60)
    controller.start()
    box.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield box
    finally:
        controller.stop()
