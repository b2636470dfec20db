"""What jobs wrote down: lines of their logs, read after the last one that is known, and written beside a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import original, storable
from memicos_app.library.query import Row, bigint, rows, run_in

MOST_READ = 5000


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that a job wrote; `id` grows."""

    id: int
    at: datetime
    level: str
    text: str


def line(row: Row) -> LogLine:
    """A line out of its row."""
    return LogLine(row["id"], row["at"], row["level"], original(row["text"]))


async def log(job_id: int, after: int = 0, limit: int = 500) -> list[LogLine]:
    """Lines of a job's log after the line `after`, oldest first; `after=0` gives the last `limit`."""
    newest = "SELECT * FROM job_log WHERE job_id = :id AND id > :after ORDER BY id {} LIMIT :limit"
    sql = newest.format("ASC") if after else f"SELECT * FROM ({newest.format('DESC')}) AS tail ORDER BY id"
    found = await rows(sql, id=bigint(job_id), after=after, limit=max(1, min(limit, MOST_READ)))
    return [line(one) for one in found]


async def write_line(writer: AsyncSession, job_id: int, words: str, level: str = "info") -> None:
    """A line of a job's log, in the caller's transaction."""
    sql = "INSERT INTO job_log (job_id, level, text) VALUES (:id, :level, :text)"
    await run_in(writer, sql, id=job_id, level=level, text=storable(words))
