"""What a failing server is called towards people."""

from __future__ import annotations

import pytest

from memicos_app.library.errors import UnavailableError
from memicos_app.library.query import row, run_in, writing


@pytest.mark.parametrize(
    ("condition", "words"), [("disk_full", "disk of the database is full"), ("admin_shutdown", "answer")]
)
async def test_a_full_disk_is_told_from_a_server_that_is_away(database: str, condition: str, words: str) -> None:
    with pytest.raises(UnavailableError, match=words):
        async with writing() as writer:
            await run_in(writer, f"DO $$ BEGIN RAISE {condition}; END $$")
    with pytest.raises(UnavailableError, match=words):
        await row(f"DO $$ BEGIN RAISE {condition}; END $$")
