"""What is known of an import: the files of a generation, the lines set aside, and sums to verify its rows by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, text
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class ImportFile(SQLModel, table=True):
    """One batch file of a generation: `waiting`, `done`, or `damaged` where only its beginning could be read."""

    __tablename__ = "import_files"
    __table_args__ = (
        columns.refers("import_files.generation_id", "source_generations.id"),
        CheckConstraint("state IN ('waiting', 'done', 'damaged')", name="import_files_state_check"),
    )

    generation_id: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    name: str = columns.key()
    """Below the source's folder: `features/batch-0.jsonl.gz`."""
    place: int = columns.count()
    """Files are imported in this order."""
    size: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    version: str = columns.words()
    """Size and etag, or what else the origin tells a change by."""
    modified: datetime | None = columns.maybe_moment()
    state: str = columns.words("waiting")
    rows: int = columns.count()
    """Lines that are in the database."""
    problems: int = columns.count()
    content_hash: str = columns.words()
    """SHA-256 of the file as it lay there."""
    new_tokens: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Strings that this file added to the vocabulary, while the generation is unfinished."""
    sharing: bool | None = None
    """Whether windows were still shared after this file."""
    finished_at: datetime | None = columns.maybe_moment()


class ImportProblem(SQLModel, table=True):
    """Something that could not be used as it was; line 0 is the file as a whole."""

    __tablename__ = "import_problems"
    __table_args__ = (
        columns.refers("import_problems.generation_id", "source_generations.id"),
        Index("import_problems_generation_idx", "generation_id", "file", "line"),
    )

    number: int | None = columns.numbered(BigInteger)
    generation_id: int
    file: str = columns.words()
    line: int = columns.count()
    message: str = columns.words()
    raw: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The line's first bytes as they were."""
    raw_size: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class ImportSum(SQLModel, table=True):
    """Short hashes of the rows that an import wrote into a table, for a range of features."""

    __tablename__ = "import_sums"
    __table_args__ = (columns.refers("import_sums.generation_id", "source_generations.id"),)

    generation_id: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    table_name: str = columns.key()
    part: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    keys: bytes = Field(sa_type=LargeBinary)
    """8 bytes a row: which one it is."""
    hashes: bytes = Field(sa_type=LargeBinary)
    """8 bytes a row: what it holds."""
