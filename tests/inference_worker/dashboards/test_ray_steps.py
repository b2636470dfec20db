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


def test_two_actors_write_what_one_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One shares this disk; the other is sent everything, and is killed before the end."""
    import ray

    from inference_worker.dashboards import ray_steps

    alone = generate(small.settings("1-att", tmp_path / "alone"))
    whole, names, killed = ray_steps.ray_steps, [], []

    @contextmanager
    def watched(job: Job, workers: int | None) -> Iterator[Run]:
        with whole(job, workers, mirrors=1) as run:
            actors = list(run.__self__._idle)  # type: ignore[attr-defined]  # of no use to others

            def fatal(name: str, each: Sequence[tuple[int, ...]]) -> Iterator[int]:
                names.append(name)
                for done in run(name, each):
                    yield done
                    if name == "write" and not killed:
                        killed.append(actors[0])
                        ray.kill(actors[0])

            yield fatal

    monkeypatch.setattr(ray_steps, "ray_steps", watched)
    settings = small.settings("1-att", tmp_path / "cluster", processes=2, ray=True)
    folder = generate(settings)
    assert contents(folder) == contents(alone)
    assert not settings.work.exists()
    assert names == ["collect", "correlate", "choose", "attribute", "write"]
    assert killed
