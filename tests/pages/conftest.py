"""Pages over a real database with a small dataset; their states as Reflex makes them, without a browser."""

from __future__ import annotations

from typing import TypeVar

import pytest
import reflex as rx

from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from tests.api import dataset
from tests.conftest import settle

State = TypeVar("State", bound=rx.State)


@pytest.fixture(scope="module")
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that holds three features; its address."""
    origin = dataset.make(tmp_path_factory.mktemp("origin"))
    settle(import_source(origin, dataset.MODEL, dataset.SOURCE))
    settle(session.dispose())
    return module_database


async def state_of(kind: type[State]) -> State:
    """A fresh state of a page."""
    return await rx.State().get_state(kind)  # type: ignore[no-untyped-call, no-any-return]
