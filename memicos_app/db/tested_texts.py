"""Texts that a person tested on features: theirs alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from memicos_app.db import columns


class KeptText(SQLModel, table=True):
    """A text, a feature that it was tested on, and how strongly that fired; once a person, feature and text."""

    __tablename__ = "tested_texts"
    __table_args__ = (
        columns.refers("tested_texts.user_id", "users.id"),
        Index("tested_texts_once_idx", "user_id", "model_id", "source_id", "index", text("md5(text)"), unique=True),
        Index("tested_texts_newest_idx", "user_id", "tested_at"),
    )

    id: str = columns.key()
    user_id: str = columns.words()
    model_id: str = columns.words()
    source_id: str = columns.words()
    index: int = columns.count()
    text: str = columns.words()
    strongest: float = columns.number()
    tested_at: datetime = columns.moment()
