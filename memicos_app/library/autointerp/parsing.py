"""An explanation out of a model's answer, or the reason why there is none: what does not fit is never kept."""

from __future__ import annotations

import re
from typing import Any

from memicos_app.library.autointerp.prompts import Prompt
from memicos_app.library.autointerp.quoting import as_said
from memicos_app.library.providers import ProviderError

TAG = "Explanation:"
LONGEST = 400
"""Characters of an explanation."""
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def explanation_in(answer: str, prompt: Prompt, *, cut: bool = False) -> str:
    """The explanation of an answer: what its last line says after the tag, on one line.

    Args:
        cut: whether the answer ended because it had become as long as it may be.

    Raises:
        ProviderError: `bad_answer`, with the reason.
    """
    lines = [line.strip() for line in _THOUGHT.sub("", answer).splitlines() if line.strip()]
    if not lines:
        raise _bad("nothing was said")
    last = lines[-1].strip("*_ ")
    if not last.casefold().startswith(TAG.casefold()):
        raise _bad(f"its last line does not begin with “{TAG}”")
    if cut:
        raise _bad("it was cut off")
    said = last[len(TAG) :].strip("*_` ").removesuffix(".").strip()
    if len(said) > 1 and said[0] == said[-1] == '"':
        said = said[1:-1].strip()
    _check(said, prompt.answer)
    return as_said(said)


def _check(said: str, wanted: Any) -> None:
    if not any(sign.isalnum() for sign in said):
        raise _bad("the explanation is empty")
    if len(said) > LONGEST or len(said.split()) > int(wanted.get("longest_words", 60)):
        raise _bad("the explanation is too long")
    if not said.isprintable():
        raise _bad("the explanation holds signs that cannot be shown")
    named = next((word for word in wanted.get("refuse", ()) if word.casefold() in said.casefold()), None)
    if named is not None:
        raise _bad(f"the explanation speaks of its own question (“{named}”)")


def _bad(reason: str) -> ProviderError:
    return ProviderError("bad_answer", f"The model's answer cannot be used: {reason}.")
