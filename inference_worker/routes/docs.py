"""The description as an interactive page: Swagger UI from an installed package, nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, HTTPException, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

from inference_worker.routes.description import TITLE

PATHS = frozenset({"/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/favicon-32x32.png"})
_PARAMETERS = {"tryItOutEnabled": True, "displayRequestDuration": True, "validatorUrl": None}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'"
}
"""The page's own start is a script in it; the browser refuses whatever would come from elsewhere."""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def page(request: Request) -> HTMLResponse:
    """The page."""
    root = request.scope.get("root_path", "")
    html = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=TITLE,
        swagger_js_url=f"{root}/docs/swagger-ui-bundle.js",
        swagger_css_url=f"{root}/docs/swagger-ui.css",
        swagger_favicon_url=f"{root}/docs/favicon-32x32.png",
        swagger_ui_parameters=_PARAMETERS,
    )
    html.headers.update(_HEADERS)
    return html


@router.get("/docs/{name}")
async def asset(name: str) -> FileResponse:
    """A part of the page."""
    if f"/docs/{name}" not in PATHS:
        raise HTTPException(404)
    return FileResponse(
        str(files("fastapi_swagger") / "resources" / name), headers={"Cache-Control": "max-age=86400"}
    )
