"""The public REST API, mounted under /api."""

from fastapi import FastAPI

api = FastAPI(title="MemicOS", docs_url=None, redoc_url=None, openapi_url="/openapi.json")


@api.get("/health")
async def health() -> dict[str, str]:
    """Liveness."""
    return {"status": "ok"}
