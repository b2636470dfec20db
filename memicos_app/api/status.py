"""Whether the site is alive, and whether what it stands on is ready."""

from __future__ import annotations

from fastapi import APIRouter

from memicos_app.api.answers import Json

router = APIRouter(tags=["status"])


@router.get("/health")
async def health() -> Json:
    """Liveness: this process answers. Says nothing of the database or the worker."""
    return Json({"status": "ok"})
