"""What people may be called here: short words that can stand in an address and are nobody else's."""

from __future__ import annotations

import re
import unicodedata

from memicos_app.library.errors import BadInputError

LONGEST = 39
_NAME = re.compile(rf"[a-zA-Z0-9-]{{1,{LONGEST}}}")
_EMAIL = re.compile(
    r"[^\s@<>\"'(),:;\\\x00-\x20\x7f]{1,64}@[^\s@<>\"'(),:;\\\x00-\x20\x7f]{1,189}\.[^\s@<>\"'(),:;\\.]{1,63}"
)
RESERVED = frozenset(
    {"account", "accounts", "admin", "administrator", "all", "anonymous", "api", "auth", "bot", "deleted"}
    | {"everybody", "everyone", "help", "me", "memicos", "moderator", "neuronpedia", "new", "nobody", "null", "none"}
    | {"operator", "owner", "root", "sign-in", "sign-out", "signin", "signout", "somebody", "staff", "support"}
    | {"system", "undefined", "unknown", "unsubscribe", "user", "users", "visitor", "www", "you"}
)
"""Names that would pass for the site itself, or stand in its addresses."""


def checked_name(name: str) -> str:
    """The name, if a person may have it.

    Raises:
        BadInputError: other signs than letters, digits and hyphens, too long, or kept for the site.
    """
    said = name.strip()
    if not _NAME.fullmatch(said):
        raise BadInputError(f"A name is 1 to {LONGEST} letters, digits and hyphens.", field="name")
    if said.lower() in RESERVED:
        raise BadInputError(f"The name {said} is kept for the site; choose another.", field="name")
    return said


def checked_email(email: str) -> str:
    """An e-mail address as it is kept, in lower case. Raises `BadInputError`.

    A sign that only its lower case, or its plain form, turns into a letter of ASCII would make two mailboxes one.
    """
    said = email.strip().lower()
    plain = unicodedata.normalize("NFKC", said)
    if plain != said or said.isascii() != email.strip().isascii():
        raise BadInputError("This is no e-mail address.", field="email")
    if not _EMAIL.fullmatch(said) or ".." in said:
        raise BadInputError("This is no e-mail address.", field="email")
    return said


def candidates(wish: str) -> list[str]:
    """Names like a wish (the part of an e-mail before the @, say) that a new person may have, the best first."""
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", wish).strip("-")[: LONGEST - 5] or "person"
    if plain.lower() in RESERVED:
        plain = f"{plain}-1"
    return [plain, *(f"{plain}-{number}" for number in range(2, 100))]
