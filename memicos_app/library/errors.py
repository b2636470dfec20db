"""Typed failures of the library; the API turns each into its status, pages into a sentence that helps."""

from __future__ import annotations


class LibraryError(Exception):
    """A failure with a stable code, a sentence for people, and the field of the request it concerns."""

    code = "error"
    status = 500

    def __init__(self, message: str, *, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after = retry_after


class NotFoundError(LibraryError):
    """What was asked for does not exist."""

    code = "not_found"
    status = 404


class BadInputError(LibraryError):
    """The caller sent something that cannot be right; `field` names it."""

    code = "bad_input"
    status = 400


class UnavailableError(LibraryError):
    """A part that is needed is down, loading or busy; worth trying again after `retry_after` seconds."""

    code = "unavailable"
    status = 503


class ForbiddenError(LibraryError):
    """What was asked for is not for everybody to do."""

    code = "forbidden"
    status = 403


class SignInError(LibraryError):
    """What was asked for is for people who are known."""

    code = "sign_in"
    status = 401


class ConflictError(LibraryError):
    """What was asked for does not fit the state that the thing is in."""

    code = "conflict"
    status = 409
