"""The real model and SAEs, loaded once for a whole run, and the worker served from them over HTTP."""

from __future__ import annotations

import functools
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import uvicorn

from inference_worker.engine.loading import load_model
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.shelf import SaeShelf
from inference_worker.requests.engine import Engine
from inference_worker.server import create_app
from memicos_app.settings import ROOT, Settings
from tests import packaged

MODEL = "smollm2-135m-it"
SOURCE = "15-res-4k"
SECRET = "a secret of the tests"
STARTER = ROOT.parent / "shared" / "data" / "sae-smollm2-l15-4k"

torch.set_num_threads(1)


@functools.cache
def sae_folder() -> Path:
    """A folder that holds `smollm2-135m-it/15-res-4k/`: the demo's, or while it is being trained the starter's."""
    demo = ROOT / "demo" / "saes"
    if (demo / MODEL / SOURCE / "sae_weights.safetensors").is_file():
        return demo
    folder = Path(tempfile.mkdtemp(prefix="memicos-saes-"))
    shutil.copytree(STARTER, folder / MODEL / SOURCE)
    return folder


@functools.cache
@torch.inference_mode(False)
def language_model() -> LanguageModel:
    """The demo model."""
    return load_model(MODEL, models_dir=packaged.models())


@functools.cache
@torch.inference_mode(False)
def engine() -> Engine:
    """The demo model with its SAEs."""
    model = language_model()
    return Engine(model, SaeShelf([sae_folder()], model.name, model.d_model), 1024, 256)


@torch.inference_mode(False)
def sae() -> LoadedSae:
    """The SAE of the middle layer."""
    return engine().saes.get(SOURCE)


def settings(**changes: Any) -> Settings:
    """Settings of a worker under test."""
    return Settings(**{"inference_server_secret": SECRET, "sae_dir": sae_folder(), **changes})


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application behind a real server on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def worker(**changes: Any) -> Iterator[str]:
    """The worker with the engine that is already loaded."""
    app = create_app(settings(**changes), lambda _: engine())
    with served(app) as url:
        assert app.state.worker.loaded.wait(300)
        yield url


@contextmanager
def passes() -> Iterator[list[tuple[int, int]]]:
    """The shapes of the model's forward passes, `(rows, positions)`, as they come."""
    seen: list[tuple[int, int]] = []
    plain = language_model().plain

    def note(_: Any, args: Any, kwargs: dict[str, Any]) -> None:
        rows, positions = kwargs["input_ids"].shape
        seen.append((rows, positions))

    handle = plain.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield seen
    finally:
        handle.remove()


def until(condition: Any, seconds: float = 30.0, pause: float = 0.01) -> None:
    """Wait for something that another thread or process brings about, with a pause between two looks."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(pause)
