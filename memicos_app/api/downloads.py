"""What can be taken away: pages that open from disk, and datasets in the public layout."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from memicos_app.api.features import Index
from memicos_app.api.rights import needs
from memicos_app.api.shapes import files
from memicos_app.components.static import bundle
from memicos_app.library import exports
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import BadInputError
from memicos_app.library.indices import indices_of

router = APIRouter(tags=["downloads"], dependencies=[needs(Right.READ)])
MOST_PAGES = 200
"""Features in one zip; `memicos export --html` makes larger ones."""
Chosen = Annotated[
    str,
    Query(
        max_length=2000, description="Indices and ranges such as 0-9,12: their pages, with the source's, as a zip."
    ),
]


@router.get("/page/{model_id}/{source_id}/{index}", response_class=Response, responses=files("text/html"))
async def feature_page(model_id: str, source_id: str, index: Index) -> Response:
    """A feature's page as one file that opens from disk."""
    content = await bundle.feature_file(model_id, source_id, index)
    return Response(content, headers=_file(f"{model_id}_{source_id}_{index}.html"), media_type="text/html")


@router.get("/page/{model_id}/{source_id}", response_class=Response, responses=files("text/html", "application/zip"))
async def source_page(model_id: str, source_id: str, features: Chosen = "") -> Response:
    """A source's page as one file that opens from disk, or with some features' pages as a zip."""
    if not features:
        content = await bundle.source_file(model_id, source_id)
        return Response(content, headers=_file(f"{model_id}_{source_id}.html"), media_type="text/html")
    chosen = indices_of(features, field="features")
    if len(chosen) > MOST_PAGES:
        raise BadInputError(
            f"A zip holds at most {MOST_PAGES} features; `memicos export --html` makes larger ones.", field="features"
        )
    pieces = bundle.zipped(bundle.bundle(model_id, source_id, chosen))
    return await _streamed(pieces, f"{model_id}_{source_id}.zip", "application/zip")


@router.get("/export/{model_id}/{source_id}", response_class=Response, responses=files("application/x-tar"))
async def dataset(model_id: str, source_id: str) -> Response:
    """The export of a source that was asked for on its page, in the public layout, as a tar."""
    return await _streamed(exports.tar(model_id, source_id), f"{model_id}_{source_id}.tar", "application/x-tar")


async def _streamed(pieces: AsyncIterator[bytes], name: str, kind: str) -> Response:
    """A file in pieces; what is wrong at its beginning is answered as any other problem."""
    first = await anext(pieces)

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    # What is packed already is sent as it is.
    return StreamingResponse(whole(), headers={**_file(name), "Content-Encoding": "identity"}, media_type=kind)


def _file(name: str) -> dict[str, str]:
    """Headers of a file to keep. Opened all the same, it is a page of nowhere and may do nothing."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return {"Content-Disposition": f'attachment; filename="{safe}"', "Content-Security-Policy": "sandbox"}
