"""What a call costs: prices that a person can read and change, and what a question may cost at most.

`memicos_app/models.toml` holds those that come along; `models.toml` in the data folder adds to them and goes before.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memicos_app.library.errors import BadInputError
from memicos_app.settings import get_settings

SHIPPED = Path(__file__).parents[2] / "models.toml"
EVERY = "*"
_PER = 1e6


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens that are read, and that are written."""

    input: float
    output: float

    def of(self, tokens_in: float, tokens_out: float) -> float:
        """Dollars for so many tokens."""
        return (self.input * tokens_in + self.output * tokens_out) / _PER


def price(provider: str, model: str) -> Price | None:
    """The price of a model; None where nobody said it.

    Raises:
        BadInputError: a file of prices cannot be read.
    """
    known = _read().get(provider, {})
    return known.get(model) or known.get(EVERY)


def listed(provider: str) -> list[str]:
    """Models of a provider that have a price, in the order of the files."""
    return [name for name in _read().get(provider, {}) if name != EVERY]


def _read() -> dict[str, dict[str, Price]]:
    """Both files, read each time: a change counts at once, and reading takes well under a millisecond."""
    found: dict[str, dict[str, Price]] = {}
    for path in (SHIPPED, own_file()):
        if path.is_file():
            for provider, models in _tables(path):
                found.setdefault(provider, {}).update(models)
    return found


def own_file() -> Path:
    """Where a person's own prices are."""
    return get_settings().data_dir / "models.toml"


def _tables(path: Path) -> Iterator[tuple[str, dict[str, Price]]]:
    try:
        content: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        for provider, models in content.items():
            yield provider, {name: _price(one) for name, one in models.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        words = "; each model has input and output, in dollars for a million tokens"
        raise BadInputError(f"{path} cannot be read: {error}{words}.", field="prices") from error


def _price(one: Mapping[str, Any]) -> Price:
    found = Price(float(one["input"]), float(one["output"]))
    if not (found.input >= 0 and found.output >= 0):
        raise ValueError("a price is below 0")
    return found
