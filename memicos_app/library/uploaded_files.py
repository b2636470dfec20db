"""Batch files of the public dashboard generator (SAEDashboard), uploaded one at a time into their source.

A file goes in whole or not at all; one that went in before is known by its hash and not read again, so that an
upload of a folder that was cut short is simply begun anew.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.session import session
from memicos_app.db.text import storable
from memicos_app.library import rates, registration
from memicos_app.library.datasets import saedashboard
from memicos_app.library.datasets.layout import ActivationLine, FeatureLine
from memicos_app.library.datasets.reading import parse, sentence
from memicos_app.library.datasets.saedashboard import Batch
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import Row, row, run_in
from memicos_app.library.upload_rows import Outcome, Prepared, write
from memicos_app.library.uploads import Upload, prepare

SKIPPED = "skipped_indexes.json"
"""Beside batch files: the features that their generator left out."""


@dataclass(slots=True)
class FileOutcome:
    """What became of a file."""

    name: str
    sha256: str
    model_id: str
    source_id: str
    known: bool = False
    """It went in before; nothing was read."""
    n_features: int = 0
    """Features of it that are there now."""
    dead: tuple[int, ...] = ()
    outcome: Outcome | None = None
    """Of each feature; None where the file was known."""


async def upload_file(
    path: Path, *, name: str = "", replace: bool = False, expected: tuple[str, str] | None = None
) -> FileOutcome:
    """Put the features of a batch file into the source that it names; what is missing of the catalog is made.

    Args:
        name: how people call the file; empty: as on disk.
        replace: features that are there already are replaced, and a file that went in before is read again.
        expected: the model and source that the file must be of.

    Raises:
        BadInputError: it is no batch file, is of another source, or something in it cannot be right.
    """
    await rates.take("upload")
    name = name or path.name
    digest = await asyncio.to_thread(file_hash, path)
    if not replace and (found := await _known(digest, expected)) is not None:
        return FileOutcome(
            name, digest, found["model_id"], found["source_id"], True, found["n_features"], tuple(found["dead"])
        )
    batch, prepared, outcome = await asyncio.to_thread(_read, path, name, expected)
    async with session() as writer:
        await registration.ensure_source(writer, batch.model_id, batch.source_id)
        generation = await write(writer, prepared, outcome, replace=replace)
        await _describe(writer, batch)
        if generation is not None:
            await _remember(writer, digest, generation, name, prepared, outcome)
        await writer.commit()
    dead = tuple(outcome.dead)
    return FileOutcome(name, digest, batch.model_id, batch.source_id, False, len(prepared), dead, outcome)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def skipped_indices(folder: Path) -> list[int]:
    """Features that the generator says it left out of a folder of batches: dead, or firing too rarely."""
    try:
        found = parse((folder / SKIPPED).read_bytes())
    except (OSError, ValueError):
        return []
    listed = found.get("skipped_indexes") if isinstance(found, dict) else found
    return sorted({one for one in listed if isinstance(one, int)}) if isinstance(listed, list) else []


async def _known(digest: str, expected: tuple[str, str] | None) -> Row | None:
    found = await row(
        """
        SELECT s.model_id, s.id AS source_id, u.n_features, u.dead FROM uploaded_files AS u
        JOIN sources AS s ON s.current_generation = u.generation_id WHERE u.sha256 = :digest
        """,
        digest=digest,
    )
    if found is not None:
        _as_expected(found["model_id"], found["source_id"], expected)
    return found


def _read(path: Path, name: str, expected: tuple[str, str] | None) -> tuple[Batch, list[Prepared], Outcome]:
    """A file's features as they are stored; in a thread, because it takes seconds for a large one."""
    try:
        batch = saedashboard.read_batch(path, name)
    except BadInputError as error:
        raise BadInputError(error.message, field="file") from error
    batch = dataclasses.replace(batch, model_id=batch.model_id.lower(), source_id=batch.source_id.lower())
    _as_expected(batch.model_id, batch.source_id, expected)
    outcome = Outcome(batch.model_id, batch.source_id)
    try:
        return batch, prepare((_upload(batch, one, name) for one in batch.features), outcome), outcome
    except BadInputError as error:
        raise BadInputError(f"{name}: {error.message}", field="file") from error


def _as_expected(model_id: str, source_id: str, expected: tuple[str, str] | None) -> None:
    if expected is not None and expected != (model_id, source_id):
        raise BadInputError(
            f"The file is of {model_id}/{source_id}, not of {'/'.join(expected)}; nothing was changed.", field="file"
        )


def _upload(batch: Batch, one: dict[str, Any], name: str) -> Upload:
    index = one["feature_index"]
    try:
        feature, activations = saedashboard.lines_of(batch, one)
        return Upload(
            FeatureLine.model_validate(feature), [ActivationLine.model_validate(line) for line in activations]
        )
    except ValidationError as error:
        raise BadInputError(f"{name}: feature {index}: {sentence(error)}.", field="file") from error
    except (KeyError, TypeError, ValueError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise BadInputError(
            f"{name}: feature {index} is not as SAEDashboard writes it: {why}.", field="file"
        ) from error


async def _describe(writer: AsyncSession, batch: Batch) -> None:
    """How the dashboards were made, where the source does not say so yet."""
    first = {**batch.settings, **(batch.features[0] if batch.features else {})}
    await run_in(
        writer,
        """
        UPDATE sources SET num_prompts = coalesce(num_prompts, :prompts),
            num_tokens_in_prompt = coalesce(num_tokens_in_prompt, :tokens), dataset = coalesce(dataset, :dataset)
        WHERE model_id = :model AND id = :source
        """,
        prompts=_whole(first.get("n_prompts_total")),
        tokens=_whole(first.get("n_tokens_in_prompt")),
        dataset=storable(str(first["dataset"])) if first.get("dataset") else None,
        model=batch.model_id,
        source=batch.source_id,
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**31 else None


async def _remember(
    writer: AsyncSession, digest: str, generation: int, name: str, prepared: list[Prepared], outcome: Outcome
) -> None:
    await run_in(
        writer,
        """
        INSERT INTO uploaded_files (sha256, generation_id, name, n_features, dead)
        VALUES (:digest, :generation, :name, :n, CAST(:dead AS integer[])) ON CONFLICT DO NOTHING
        """,
        digest=digest,
        generation=generation,
        name=storable(name),
        n=len(prepared),
        dead=outcome.dead,
    )
