"""Lines of an import that could not be used as they were, kept to be looked at and taken away."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from memicos_app.db.text import original
from memicos_app.library.query import rows

_A_TURN = 500


@dataclass(frozen=True, slots=True)
class SetAside:
    """A problem and the line that it is about."""

    number: int
    file: str
    line: int
    """From 1; 0 is the file as a whole."""
    message: str
    raw: bytes | None
    """The line's first bytes; None where the problem is of no single line."""
    raw_size: int

    def json(self) -> str:
        """One line of JSON; a line that is not UTF-8 stands in base64."""
        said: dict[str, object] = {"file": self.file, "line": self.line, "problem": self.message}
        if self.raw is not None:
            try:
                said["raw"] = self.raw.decode()
            except UnicodeDecodeError:
                said["rawBase64"] = base64.b64encode(self.raw).decode()
            said["rawSize"] = self.raw_size
        return json.dumps(said, ensure_ascii=True)


async def set_aside(model_id: str, source_id: str) -> AsyncIterator[SetAside]:
    """What was set aside of the data that readers see of a source, file by file."""
    after = 0
    while found := await rows(
        """
        SELECT p.* FROM sources AS s JOIN import_problems AS p ON p.generation_id = s.current_generation
        WHERE s.model_id = :model AND s.id = :source AND p.number > :after ORDER BY p.number LIMIT :turn
        """,
        model=model_id,
        source=source_id,
        after=after,
        turn=_A_TURN,
    ):
        for one in found:
            raw = None if one["raw"] is None else bytes(one["raw"])
            yield SetAside(one["number"], one["file"], one["line"], original(one["message"]), raw, one["raw_size"])
        after = found[-1]["number"]
