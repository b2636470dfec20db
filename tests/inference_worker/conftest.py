"""The real model, its SAE and the served worker, each made once for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae
from tests.inference_worker import serving, tiny


@pytest.fixture(scope="session")
def language_model() -> LanguageModel:
    """The demo model."""
    return serving.language_model()


@pytest.fixture(scope="session")
def sae() -> LoadedSae:
    """The SAE of the middle layer."""
    return serving.sae()


@pytest.fixture(scope="session")
def worker_url() -> Iterator[str]:
    """The worker, served in this process."""
    with serving.worker() as url:
        yield url


@pytest.fixture(scope="session")
def tiny_url() -> Iterator[str]:
    """The worker with the second model, served in this process."""
    with tiny.worker() as url:
        yield url
