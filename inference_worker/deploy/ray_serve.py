"""The worker as a Ray Serve application: replicas that come and go with the load, models that share them.

`python -m inference_worker.deploy.ray_serve` serves on this machine or on the cluster of `RAY_ADDRESS`;
`serve run inference_worker.deploy.ray_serve:build max_replicas=4` is Ray's own way to the same.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import ray
from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from starlette.types import ASGIApp

from inference_worker.__main__ import require_safe
from inference_worker.deploy.models import Dispatcher, RunningWorker, guarded, settings_of
from memicos_app.settings import Settings, get_settings

OBJECT_STORE = 128 * 1024 * 1024
"""Bytes. Requests go by HTTP, so that Ray's shared memory stays almost empty."""


class Scale(BaseModel):
    """How many replicas, how large, and of what."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    models: str = ""
    """By comma: names of settings files or MODEL_IDs; empty: the settings' own. The first is loaded at the start."""
    models_per_replica: int = Field(1, ge=1)
    """Models that a replica holds in memory; the one used least makes room."""
    min_replicas: int = Field(1, ge=0)
    max_replicas: int = Field(2, ge=1)
    target_ongoing_requests: float = Field(4, gt=0)
    """Requests a replica answers at a time before another one is started."""
    num_cpus: float = Field(1, ge=0)
    num_gpus: float = Field(0, ge=0)


def build(arguments: dict[str, Any]) -> serve.Application:
    """The application for `serve run` and `serve deploy`; arguments are the fields of `Scale`."""
    scale = Scale.model_validate(arguments)

    def app() -> ASGIApp:
        return replica(scale)

    queue = Settings().inference_queue
    deployment = serve.deployment(
        serve.ingress(app)(),
        name="inference",
        ray_actor_options={"num_cpus": scale.num_cpus, "num_gpus": scale.num_gpus},
        max_ongoing_requests=2 * queue,  # so that the worker's own queue fills up, and says so, before Ray's
        autoscaling_config={
            "min_replicas": scale.min_replicas,
            "max_replicas": scale.max_replicas,
            "target_ongoing_requests": scale.target_ongoing_requests,
        },
    )
    return deployment.bind()


def replica(scale: Scale) -> ASGIApp:
    """What runs in each replica."""
    names = [name.strip() for name in scale.models.split(",")]
    models = {spelling: name for name in names for spelling in settings_of(name).model_names}

    @serve.multiplexed(max_num_models_per_replica=scale.models_per_replica)  # type: ignore[untyped-decorator]
    async def worker(model: str) -> RunningWorker:
        return await RunningWorker(settings_of(model)).start()

    return guarded(Dispatcher(models, worker, serve.get_replica_context().replica_tag), Settings())


def main() -> None:
    """Serve at INFERENCE_HOST and INFERENCE_PORT until SIGTERM or SIGINT. Arguments: `field=value` of `Scale`."""
    settings = get_settings()
    require_safe(settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    application = build(dict(argument.split("=", 1) for argument in sys.argv[1:]))
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False)
    else:
        ray.init(log_to_driver=False, include_dashboard=False, object_store_memory=OBJECT_STORE)
    serve.start(http_options={"host": settings.inference_host, "port": settings.inference_port})
    serve.run(application, route_prefix="/", blocking=True)


if __name__ == "__main__":
    main()
