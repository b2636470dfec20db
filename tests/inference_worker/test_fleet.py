"""Several models on one machine: real processes, swapped on demand; and workers elsewhere, some of them down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from inference_worker.client import WorkerDown, WorkerError
from inference_worker.wire.activations import ActivationSingleRequest
from inference_worker.wire.tokens import TokenizeRequest
from memicos_app.settings import Settings
from memicos_app.worker.fleet import Fleet, Starting
from memicos_app.worker.remote import RemoteWorkers
from memicos_app.worker.routing import RoutedClient
from memicos_app.worker.sizes import worker_size
from tests import packaged
from tests.inference_worker import serving, tiny
from tests.running import free_port

LOADING = 300.0
DEMO = TokenizeRequest(model=serving.MODEL, text="A treaty.")
TINY = ActivationSingleRequest(model="small", source="1-res", index=3, prompt="A treaty.")


def config(folder: Path) -> Path:
    """A settings file for the tiny model, which requests call `small`."""
    path = folder / ".env.inference.small.res"
    saes = folder / "saes"
    saes.mkdir()
    (saes / "small").symlink_to(tiny.folder() / "saes" / tiny.MODEL)
    path.write_text(f'MODEL_ID={tiny.folder() / tiny.MODEL}\nSAE_SETS=["res"]\nSAE_DIR={saes}\nTOKEN_LIMIT=48\n')
    return path


def settings(folder: Path, budget: float) -> Settings:
    (folder / "models").symlink_to(packaged.models())
    changes = {"inference_models": [str(config(folder))], "worker_memory_gb": budget, "inference_port": free_port()}
    return serving.settings(data_dir=folder, **changes)


async def patient(client: RoutedClient, request: TokenizeRequest | ActivationSingleRequest) -> set[str]:
    """Ask until there is an answer, as a page does; the sentences heard meanwhile."""
    heard = set()
    end = time.monotonic() + LOADING
    while time.monotonic() < end:
        try:
            if isinstance(request, TokenizeRequest):
                assert (await client.tokenize(request)).tokens
            else:
                assert (await client.activation_single(request)).activation.values
        except (WorkerDown, WorkerError) as error:
            heard.add(str(error))
            await asyncio.sleep(0.3)
        else:
            return heard
    raise AssertionError(f"never answered: {heard}")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """The demo, and a second model that only fits when the demo makes room."""
    made = Fleet(settings(tmp_path, budget=2.0))
    made.start()
    yield made
    made.stop()
    assert made._running() == []


@pytest.mark.slow
async def test_models_make_room_for_each_other(fleet: Fleet) -> None:
    client = RoutedClient(fleet.use)
    assert fleet.models == [serving.MODEL, "small", tiny.MODEL]
    await patient(client, DEMO)
    resting = await fleet.status("small")
    assert (resting.state, resting.detail) == (
        "starting",
        "small is not in memory; it is started when it is asked for.",
    )
    heard = await patient(client, TINY)
    assert f"small waits for memory: {serving.MODEL} is in use and will make room for it." in heard
    assert (await fleet.status("small")).ready
    assert (await fleet.status()).model == "small"
    assert (await fleet.status(serving.MODEL)).state == "starting"
    with pytest.raises(Starting):
        await client.tokenize(DEMO)


def test_what_a_worker_will_take(tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(packaged.models())
    demo = serving.settings(data_dir=tmp_path)
    wide, narrow = worker_size(demo), worker_size(demo.model_copy(update={"model_dtype": "bfloat16"}))
    assert wide is not None
    assert narrow is not None
    assert 1.6e9 < wide < 2.2e9
    assert 0.9e9 < narrow < 1.3e9
    assert worker_size(serving.settings(model_id="gpt2-small", data_dir=tmp_path)) is None


async def test_workers_elsewhere_are_chosen_by_their_model_and_left_out_while_down() -> None:
    dead = "http://127.0.0.1:9"
    with serving.worker() as demo, tiny.worker() as small:
        workers = RemoteWorkers([dead, demo, small], SecretStr(serving.SECRET))
        workers.look()
        assert workers.models == [serving.MODEL, tiny.MODEL]
        client = RoutedClient(workers.use)
        for _ in range(4):
            assert (await client.tokenize(DEMO)).tokens
            assert (await client.tokenize(TokenizeRequest(model=tiny.MODEL, text="A treaty."))).tokens
        hurried = client.asking("somebody", interactive=False, timeout=0.000001)
        with pytest.raises(WorkerError):
            await hurried.tokenize(DEMO)
        assert {workers.client(None).base_url for _ in range(4)} == {demo, small}
    unseen = RemoteWorkers([dead, demo], SecretStr(serving.SECRET))
    with pytest.raises(WorkerDown):
        await RoutedClient(unseen.use).tokenize(DEMO)
    assert [unseen.client(None).base_url for _ in range(3)] == [demo, demo, demo]
