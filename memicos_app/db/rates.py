"""How much each person or address has asked for lately. Nothing is lost that matters when a crash empties it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class RateWindow(SQLModel, table=True):
    """One hour's count of one kind of one asker, and that of the hour before."""

    __tablename__ = "rate_windows"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    kind: str = columns.key()
    asker: str = columns.key()
    begun: datetime = columns.moment()
    used: int = Field(sa_type=Integer)
    before: int = Field(sa_type=Integer)
