"""Whether the site is alive, and whether what it stands on is ready."""

from __future__ import annotations

from fastapi import APIRouter

from memicos_app import worker
from memicos_app.api.answers import Json
from memicos_app.api.catalog_shapes import HealthAnswer, ReadyAnswer, StatusAnswer
from memicos_app.api.rights import needs
from memicos_app.library import readiness
from memicos_app.library.accounts.rights import Right
from memicos_app.library.status import database_facts

router = APIRouter(tags=["status"], dependencies=[needs(Right.OPEN)])


@router.get("/health", response_model=HealthAnswer)
async def health() -> Json:
    """Liveness: this process answers. Says nothing of the database or the worker."""
    return Json({"status": "ok"})


@router.get("/ready", response_model=ReadyAnswer)
async def ready() -> Json:
    """Readiness: whether people should be sent to this process; 503 while it stops or its database is not there."""
    return Json({"ready": True, "schema": (await readiness.ready()).schema})


@router.get("/status", response_model=StatusAnswer)
async def status() -> Json:
    """What the database is, and whether the worker is ready; 503 where the database does not answer."""
    database = {"ready": True, **dict(await database_facts())}
    return Json({"database": database, "worker": (await worker.status()).model_dump(by_alias=True)})
