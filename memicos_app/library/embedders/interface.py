"""What an embedder is: something that turns texts into vectors of length 1, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from memicos_app.library.errors import LibraryError

Vectors = npt.NDArray[np.float32]
Fault = Literal["key", "refused", "unreachable", "bad_answer", "missing"]


class Embedder(Protocol):
    """A model that turns text into vectors; vectors of different embedders say nothing of each other."""

    @property
    def id(self) -> int:
        """Its number in the table `embedders`."""

    @property
    def name(self) -> str:
        """The model's name, as people know it."""

    @property
    def dimensions(self) -> int:
        """Of each vector."""

    @property
    def turn(self) -> int:
        """Texts that are best embedded and stored at once: few where each takes long."""

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Vectors of length 1, `[len(texts), dimensions]`.

        Args:
            query: somebody waits for it: rather fail soon than try for long.

        Raises:
            EmbedderError: it cannot.
        """


class EmbedderError(LibraryError):
    """An embedder gave no vectors; `fault` says whose turn it is."""

    code = "embedder"
    status = 503

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message, retry_after=30)
        self.fault = fault
