"""Prompts in files that a person can read and change, each with a version that is kept with what it led to.

`memicos_app/prompts/NAME.vN.toml` come along; a file of the same form in `prompts/` of the data folder goes before
them. Of several versions the highest counts. A changed file is told apart by its hash, also under the same version.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memicos_app.library.autointerp.quoting import filled
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.providers import Message
from memicos_app.settings import get_settings

SHIPPED = Path(__file__).parents[2] / "prompts"
_FILE = re.compile(r"(?P<name>.+)\.v(?P<number>\d{1,6})\.toml")
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question with examples of how it is answered."""

    name: str
    version: str
    """Its number and the beginning of its file's hash, such as `1+3fa9c2d1`."""
    system: str
    user: str
    """With places `{{name}}` for what differs from question to question."""
    shots: tuple[tuple[str, str], ...]
    """Questions and answers that go before."""
    max_tokens: int
    temperature: float
    material: Mapping[str, float]
    """Numbers that say what is shown."""
    answer: Mapping[str, Any]
    """What an answer has to be like."""

    @property
    def places(self) -> set[str]:
        """Names that `messages` wants values for."""
        return set(_PLACE.findall(self.user))

    def messages(self, values: dict[str, str]) -> list[Message]:
        """The whole conversation with values in their places."""
        before = [Message(role, text) for user, answer in self.shots for role, text in _turns(user, answer)]
        return [Message("system", self.system), *before, Message("user", filled(self.user, values))]


def prompt(name: str) -> Prompt:
    """The newest version of a prompt, read anew each time.

    Raises:
        NotFoundError: there is none of this name.
        BadInputError: its file cannot be used; the message says why.
    """
    found = [one for folder in (own_folder(), SHIPPED) for one in _versions(folder, name)]
    if not found:
        raise NotFoundError(f"There is no prompt {name[:60]!r}.", field="type")
    return read(max(found, key=lambda one: one[0])[1])  # the first of equals: a person's own


def own_folder() -> Path:
    """Where a person's own prompts are."""
    return get_settings().data_dir / "prompts"


def read(path: Path) -> Prompt:
    """One file. Raises `BadInputError` where it cannot be used."""
    match = _FILE.fullmatch(path.name)
    assert match is not None
    try:
        content = path.read_bytes()
        said: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
        question = said["question"]
        return Prompt(
            name=match["name"],
            version=f"{match['number']}+{hashlib.sha256(content).hexdigest()[:8]}",
            system=_text(question["system"]),
            user=_text(question["user"]),
            shots=tuple((_text(one["user"]), _text(one["answer"])) for one in said.get("shots", ())),
            max_tokens=int(said["max_tokens"]),
            temperature=float(said.get("temperature", 1.0)),
            material={key: float(value) for key, value in said.get("material", {}).items()},
            answer=dict(said.get("answer", {})),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(f"The prompt {path} cannot be used: {error}.", field="type") from error


def _versions(folder: Path, name: str) -> Sequence[tuple[int, Path]]:
    matches = [(path, _FILE.fullmatch(path.name)) for path in folder.glob("*.toml")] if folder.is_dir() else []
    return [(int(match["number"]), path) for path, match in matches if match and match["name"] == name]


def _turns(user: str, answer: str) -> tuple[tuple[Any, str], tuple[Any, str]]:
    return ("user", user), ("assistant", answer)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text is missing or empty")
    return value.strip("\n")
