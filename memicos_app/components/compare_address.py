"""What two things an address compares: `/compare?a=model/source/12&b=model/other/40&text=…`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode, urlsplit

from memicos_app.components.feature_address import TEST_TEXT
from memicos_app.library.errors import BadInputError
from memicos_app.library.quick_lists import FeatureAddress

PATH = "/compare"
LONGEST_TEXT = 2000
Kind = Literal["", "sources", "features"]


@dataclass(frozen=True, slots=True)
class Compared:
    """What stands on both sides, as it was asked for; either may be empty."""

    a: str = ""
    b: str = ""
    text: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Compared:
        """Out of the parameters of an address."""
        return cls(
            plain(parameters.get("a", "")),
            plain(parameters.get("b", "")),
            parameters.get(TEST_TEXT, "")[:LONGEST_TEXT],
        )

    @property
    def address(self) -> str:
        """The address that asks for it."""
        parts = {"a": self.a, "b": self.b, TEST_TEXT: self.text}
        query = urlencode({name: part for name, part in parts.items() if part}, safe="/")
        return f"{PATH}?{query}" if query else PATH

    @property
    def kind(self) -> Kind:
        """Whether two sources or two features are compared; empty where one is not there yet.

        Raises:
            BadInputError: a source stands against a feature, or something is neither.
        """
        if not (self.a and self.b):
            return ""
        sizes = [len(side.split("/")) for side in (self.a, self.b)]
        if sizes == [2, 2]:
            return "sources"
        if sizes == [3, 3]:
            self.features()
            return "features"
        if sorted(sizes) == [2, 3]:
            raise BadInputError("A feature is compared with a feature, and a source with a source.", field="b")
        raise BadInputError("Write model/source, or model/source/index, on both sides.", field="a")

    def features(self) -> tuple[FeatureAddress, FeatureAddress]:
        """Both sides as features. Raises `BadInputError` where one is none."""
        return FeatureAddress.of(self.a, "a"), FeatureAddress.of(self.b, "b")

    def sources(self) -> tuple[str, str, str, str]:
        """Model and source of the one, then of the other."""
        return (*self.a.split("/", 1), *self.b.split("/", 1))  # type: ignore[return-value]  # `kind` counted them


def plain(side: str) -> str:
    """What was typed or pasted, also a whole URL, as `model/source/index`."""
    text = side.strip()[:600]
    if "://" in text:
        text = urlsplit(text).path
    return text.strip("/")


def compare_path(a: str, b: str = "") -> str:
    """Address of a comparison that begins with `a`."""
    return Compared(a=a, b=b).address
