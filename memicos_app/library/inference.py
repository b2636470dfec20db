"""The way from the library to the inference worker: its failures as errors of the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from inference_worker.client import WorkerClient, WorkerDown, WorkerError
from memicos_app import worker
from memicos_app.library import reach
from memicos_app.library.accounts.person import person
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError, UnavailableError
from memicos_app.library.visitor import visitor

LONGEST_TEXT = 50_000
"""Characters; the worker's limit in tokens is lower and answers with its own sentence."""
RETRY_AFTER = 5.0
"""Seconds after which a worker that is down has usually been started again."""


def require_text(text: str, longest: int = LONGEST_TEXT, field: str = "text") -> str:
    """The text, if a model can read it. Raises `BadInputError` where it is empty, too long, or no Unicode."""
    if not text:
        raise BadInputError("The text is empty.", field=field)
    if len(text) > longest:
        raise BadInputError(f"The text has {len(text)} characters; {longest} are allowed.", field=field)
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise BadInputError("The text holds half a character (a lone surrogate).", field=field)
    return text


@contextmanager
def inference(fields: Mapping[str, str] | None = None) -> Iterator[WorkerClient]:
    """A client of the worker, asked for the visitor; what fails inside becomes an error of the library.

    Args:
        fields: the worker's field names to the caller's, where they differ: whole ones or their parts.
    """
    try:
        client, name = worker.client(), visitor()
        client = client if name is None else client.asking(name)
        yield client if person().admin else client.checking(reach.check)
    except worker.Starting as error:
        raise UnavailableError(str(error), retry_after=RETRY_AFTER) from error
    except WorkerDown as error:
        raise UnavailableError(
            "The inference worker is not running at the moment; it is being started again.", retry_after=RETRY_AFTER
        ) from error
    except WorkerError as error:
        raise _translated(error, fields or {}) from error


def _translated(error: WorkerError, fields: Mapping[str, str]) -> LibraryError:
    problem = error.problem
    named = problem.field or ""
    field = fields.get(named) or ".".join(fields.get(part, part) for part in named.split(".")) or None
    if error.status == 404:
        return NotFoundError(problem.message, field=field)
    if error.status in (400, 413, 422):
        return BadInputError(problem.message, field=field)
    if error.status in (503, 504):
        return UnavailableError(problem.message, field=field, retry_after=problem.retry_after)
    return LibraryError(problem.message, field=field)
