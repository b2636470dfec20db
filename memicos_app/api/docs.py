"""The description of the API as an interactive page: Swagger UI from an installed package, nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException

from memicos_app.api.rights import needs
from memicos_app.library.accounts.rights import Right

ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
PARAMETERS = {"tryItOutEnabled": True, "displayRequestDuration": True, "validatorUrl": None}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'"
}
"""The page's own start is a script in it; the browser refuses whatever would come from elsewhere."""

router = APIRouter(include_in_schema=False, dependencies=[needs(Right.READ)])


@router.get("/docs")
async def page(request: Request) -> HTMLResponse:
    """The page."""
    root = request.scope.get("root_path", "")
    html = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title="MemicOS API",
        swagger_js_url=f"{root}/docs/swagger-ui-bundle.js",
        swagger_css_url=f"{root}/docs/swagger-ui.css",
        swagger_favicon_url=f"{root}/docs/favicon-32x32.png",
        swagger_ui_parameters=PARAMETERS,
    )
    html.headers.update(HEADERS)
    return html


@router.get("/docs/{name}")
async def asset(name: str) -> FileResponse:
    """A part of the page."""
    if name not in ASSETS:
        raise HTTPException(404)
    return FileResponse(
        str(files("fastapi_swagger") / "resources" / name), headers={"Cache-Control": "max-age=86400"}
    )
