"""Over Ray the same bytes: actors that share this disk, and actors that are sent everything."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from inference_worker.dashboards.run import generate
from inference_worker.dashboards.steps import Run
from inference_worker.dashboards.work import Job
from tests.inference_worker.dashboards import small
from tests.inference_worker.dashboards.test_resume import contents

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="pip install 'memicos[ray]'")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """A cluster of two cores on this machine, for all tests here."""
    import ray

    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=128 << 20,
        log_to_driver=False,
        logging_level="error",
        runtime_env={"env_vars": {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}},
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(small.settings("1-att", tmp_path_factory.mktemp("alone")))


def test_two_actors_write_what_one_process_writes(alone: Path, tmp_path: Path) -> None:
    settings = small.settings("1-att", tmp_path, processes=2, ray=True)
    folder = generate(settings)
    assert contents(folder) == contents(alone)
    assert not settings.work.exists()


def test_what_does_not_share_the_disk_is_sent_to_and_fro_and_may_die(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two actors is killed in the middle: the other does its steps."""
    import ray

    from inference_worker.dashboards import ray_steps

    whole, killed = ray_steps.ray_steps, []

    @contextmanager
    def apart(job: Job, workers: int | None) -> Iterator[Run]:
        with whole(job, workers, mirror=True) as run:

            def fatal(name: str, each: Sequence[tuple[int, ...]]) -> Iterator[int]:
                for done in run(name, each):
                    yield done
                    if not killed:
                        killed.append(run.__self__._idle[-1])  # type: ignore[attr-defined]  # of no use elsewhere
                        ray.kill(killed[0])

            yield fatal

    monkeypatch.setattr(ray_steps, "ray_steps", apart)
    assert contents(generate(small.settings("1-att", tmp_path, processes=2, ray=True))) == contents(alone)
    assert killed
