"""A site open to people, with five features and three persons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import soon
from memicos_app.settings import get_settings
from tests import people
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature


@pytest.fixture
async def peopled(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Ann, Bob and Eve, who is an administrator; features 0 to 4, of which the first is explained."""
    monkeypatch.setenv("ACCESS", "open")
    get_settings.cache_clear()
    made = Folder(tmp_path)
    made.batch("features/batch-0", [feature(index) for index in range(5)])
    made.batch("activations/batch-0", [activation(index, ["a", " cat"], [0, 3]) for index in range(5)])
    made.batch("explanations/batch-0", [explanation(0, "=pets", id="pets", typeName="auto")])
    await import_source(made.write(), MODEL, SOURCE)
    await people.settle_in(people.ANN, people.BOB, people.EVE)
    yield
    await soon.settled()
    get_settings.cache_clear()
