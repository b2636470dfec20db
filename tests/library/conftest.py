"""What tests of several rooms of the library share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memicos_app.settings import get_settings
from tests.inference_worker import serving


@pytest.fixture(scope="module")
def inference() -> Iterator[None]:
    """The site uses a worker that is served in this process."""
    with serving.worker() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFERENCE_URLS", url)
        patch.setenv("INFERENCE_SERVER_SECRET", serving.SECRET)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()
