"""Kinds of column that several tables share, each with the same default in Python and in the database.

Rows arrive by COPY and by SQL as well as through SQLModel, so every default is the server's too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field


def _default(sql: str) -> dict[str, Any]:
    return {"server_default": text(sql)}


def words(default: str = "") -> Any:
    """Text that is never null."""
    return Field(default=default, sa_type=Text, sa_column_kwargs=_default(f"'{default}'"))


def maybe_words() -> Any:
    """Text that may be unknown."""
    return Field(default=None, sa_type=Text, nullable=True)


def key() -> Any:
    """Text that is (part of) the primary key."""
    return Field(sa_type=Text, primary_key=True)


def later_key() -> Any:
    """Text that came to the primary key later: empty in older rows."""
    return Field(default="", sa_type=Text, primary_key=True, sa_column_kwargs=_default("''"))


def numbered(kind: type[Integer] | type[BigInteger] | type[SmallInteger] = Integer) -> Any:
    """A primary key that the server numbers."""
    return Field(default=None, primary_key=True, sa_type=kind, sa_column_args=[Identity(always=True)])


def flag(default: bool) -> Any:
    """True or false."""
    return Field(default=default, sa_column_kwargs=_default("true" if default else "false"))


def count(default: int = 0) -> Any:
    """A whole number with a default."""
    return Field(default=default, sa_column_kwargs=_default(str(default)))


def number(default: float = 0.0) -> Any:
    """A 32-bit float with a default; the server prints it in its shortest exact form."""
    return Field(default=default, sa_type=REAL, sa_column_kwargs=_default(f"{default:g}"))


def maybe_number() -> Any:
    """A 32-bit float that may be unknown."""
    return Field(default=None, sa_type=REAL, nullable=True)


def texts() -> Any:
    """A list of texts."""
    return Field(default_factory=list, sa_type=ARRAY(Text()), sa_column_kwargs=_default("'{}'::text[]"))


def integers() -> Any:
    """A list of whole numbers."""
    return Field(default_factory=list, sa_type=ARRAY(Integer()), sa_column_kwargs=_default("'{}'::integer[]"))


def reals() -> Any:
    """A list of 32-bit floats."""
    return Field(default_factory=list, sa_type=ARRAY(REAL()), sa_column_kwargs=_default("'{}'::real[]"))


def json_object() -> Any:
    """A JSON object."""
    return Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=_default("'{}'::jsonb"))


def json_list() -> Any:
    """A JSON list."""
    return Field(default_factory=list, sa_type=JSONB, sa_column_kwargs=_default("'[]'::jsonb"))


def visibility() -> Any:
    """`public`, `unlisted` (reached by its address only) or `private`; goes with `visible()`."""
    return words("public")


def moment() -> Any:
    """When the row was made, in UTC."""
    return Field(
        default_factory=lambda: datetime.now(UTC), sa_type=DateTime(timezone=True), sa_column_kwargs=_default("now()")
    )


def maybe_moment() -> Any:
    """A point in time that has not come yet."""
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=True)


def visible(table: str) -> CheckConstraint:
    """`visibility` is one of its three words."""
    return CheckConstraint("visibility IN ('public', 'unlisted', 'private')", name=f"{table}_visibility_check")


def refers(
    columns: str, target: str, *, ondelete: str | None = "CASCADE", use_alter: bool = False
) -> ForeignKeyConstraint:
    """A named foreign key: `refers("releases.model_id", "models.id")`; several columns with commas."""
    table, _, own = columns.partition(".")
    other, _, theirs = target.partition(".")
    name = f"{table}_{own.replace(',', '_')}_fkey"
    foreign = [f"{other}.{column}" for column in theirs.split(",")]
    return ForeignKeyConstraint(own.split(","), foreign, name=name, ondelete=ondelete, use_alter=use_alter)
