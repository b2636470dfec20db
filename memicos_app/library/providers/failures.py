"""What a failed request means: whether it may pass, whose fault it is, and a sentence without keys."""

from __future__ import annotations

from typing import Any

from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.providers.endpoints import Provider
from memicos_app.library.providers.errors import Kind, ProviderError, scrubbed
from memicos_app.library.providers.pace import LONGEST_OBEYED_S, asked_pause

_PASSING = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529))
_BUSY = frozenset((429, 503, 529))
_NO_CREDIT = frozenset(("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"))


class Passing(Exception):
    """A failure that may be gone a moment later.

    Args:
        busy: whether the provider said that it is asked too much.
        asked_s: after how many seconds it wants to be asked again.
    """

    def __init__(self, kind: Kind, message: str, *, busy: bool = False, asked_s: float = 0.0) -> None:
        super().__init__(message)
        self.kind, self.message, self.busy, self.asked_s = kind, message, busy, asked_s

    @property
    def hopeless(self) -> bool:
        """Whether the provider wants to be left alone for longer than anybody waits."""
        return self.asked_s > LONGEST_OBEYED_S

    def given_up(self, attempts: int) -> ProviderError:
        """The same once it has not passed."""
        times = "once" if attempts == 1 else f"{attempts} times"
        return ProviderError(self.kind, f"{self.message} (asked {times}).", retry_after=self.asked_s or 30.0)


def judged(error: Exception, each: Provider, key: str) -> Passing | ProviderError:
    """What a failure of the `openai` package means."""
    import openai

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, each, key)
    if isinstance(error, openai.APIResponseValidationError | ValueError | TypeError | AttributeError):
        return ProviderError("bad_answer", f"{each.title} answers in a form that is not OpenAI's.")
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return Passing("unreachable", f"{each.title} took too long")
    cause = _library_error(error)
    if isinstance(cause, BadInputError):
        return ProviderError("refused", cause.message, final=True, field="model")
    if isinstance(error, openai.APIConnectionError):
        said = scrubbed(str(error.__cause__ or error), [key])
        return Passing("unreachable", f"{each.title} cannot be reached ({said[:200] or 'no answer'})")
    return ProviderError("refused", f"{each.title}: {scrubbed(str(error), [key])}", final=True)


def _of_status(error: Any, each: Provider, key: str) -> Passing | ProviderError:
    status, said = int(error.status_code), _said(error, key)
    words = f"{each.title} answers {status}{': ' + said if said else ''}"
    if status in (401, 402, 403) or str(error.code or "") in _NO_CREDIT:
        return ProviderError("key", words, final=True, field="model")
    if status in _PASSING or status >= 500:
        busy = status in _BUSY
        return Passing(
            "rate" if busy else "unreachable", words, busy=busy, asked_s=asked_pause(error.response.headers)
        )
    return ProviderError("refused", words, final=status in (404, 405, 301, 302, 307, 308), field="model")


def _said(error: Any, key: str) -> str:
    """The provider's own sentence, in one line."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error")
        body = inner.get("message") if isinstance(inner, dict) else body.get("message") or inner or body.get("detail")
    text = body if isinstance(body, str) else ""
    return scrubbed(" ".join(text.split())[:300], [key])


def _library_error(error: BaseException | None) -> LibraryError | None:
    while error is not None:
        if isinstance(error, LibraryError):
            return error
        error = error.__cause__ or error.__context__
    return None
