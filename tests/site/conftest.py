"""The built frontend that the tests of the site share."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.site import frontend


@pytest.fixture(scope="session")
def built_site() -> Path:
    """Folder of the built frontend, made when a source of it changed."""
    if not frontend.is_current():
        frontend.build()
    return frontend.static_dir()
