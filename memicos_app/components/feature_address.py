"""Addresses that belong to a feature: its page with a text to test, its steer link, its JSON, its embed form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import reflex as rx

TEST_TEXT = "defaulttesttext"
EMBED_SWITCHES = {
    "embedexplanation": "explanation",
    "embedplots": "plots",
    "embedactivations": "activations",
    "embedtest": "test",
    "embedtestfield": "test field",
    "embedsteer": "steer",
    "embedlink": "link",
}
"""Query parameter of each part of an embedded feature, with its name for people; a part is on unless `false`."""
IFRAME = '<iframe src="{address}" title="Feature" style="height: 300px; width: 540px;"></iframe>'


def feature_path(model_id: str, source_id: str, index: int | str) -> str:
    """Path of a feature's page."""
    return "/" + "/".join(quote(str(part), safe="") for part in (model_id, source_id, index))


def source_path(model_id: str, source_id: str) -> str:
    """Path of a source's or a source set's page."""
    return f"/{quote(model_id, safe='')}/{quote(source_id, safe='')}"


def json_path(model_id: str, source_id: str, index: int) -> str:
    """Path of the same feature as JSON."""
    return f"/api/feature{feature_path(model_id, source_id, index)}"


def page_path(model_id: str, source_id: str, index: int) -> str:
    """Path of the feature's page as a file that opens from disk."""
    return f"/api/page{feature_path(model_id, source_id, index)}"


def steer_path(model_id: str, source_id: str, index: int, strength: float) -> str:
    """Path of the steer page with this one feature at `strength`."""
    query = urlencode({"source": source_id, "index": index, "strength": f"{round(strength, 2):.10g}"})
    return f"/{quote(model_id, safe='')}/steer?{query}"


def with_text(query: Mapping[str, str], text: str) -> str:
    """Query string, with its `?`, of a page that tests `text` when it opens; the other parameters stay."""
    kept = {name: value for name, value in query.items() if name != TEST_TEXT}
    encoded = urlencode(kept | ({TEST_TEXT: text} if text.strip() else {}))
    return f"?{encoded}" if encoded else ""


def embed_query(left_out: list[str], text: str) -> str:
    """Query string of an embedded feature without the parts in `left_out` (names of `EMBED_SWITCHES`)."""
    off = {name: "false" for name in EMBED_SWITCHES if name in left_out}
    return with_text({"embed": "true"} | off, text)


def iframe(address: str) -> str:
    """HTML that embeds `address`."""
    return IFRAME.format(address=address.replace("&", "&amp;").replace('"', "&quot;"))


def embedded() -> rx.Var[bool]:
    """Whether the page stands in another one; read in the browser, so that nothing flashes before it is known."""
    return parameter("embed", "===", "true")


def embedded_alive() -> rx.Var[bool]:
    """As `embedded`, for pages that are drawn ahead: those begin with their whole frame, as they were drawn."""
    return rx.State.is_hydrated & embedded()


def embed_part(name: str) -> rx.Var[bool]:
    """Whether a part of `EMBED_SWITCHES` is shown: always on a whole page, else unless it is switched off."""
    return ~embedded() | parameter(name, "!==", "false")


def is_this_page(path: rx.Var[str]) -> rx.Var[bool]:
    """Whether state is of this document: false until the first `path` that is its own, true from then on.

    A tab keeps its state when it opens another address, and would show the feature before for a moment. Later,
    the old feature stays in sight until the next one is there, also while a lost connection comes back.
    """
    expression = f"(globalThis.memicosArrived ||= {path!s} === location.pathname)"
    return rx.Var(expression, _var_type=bool, _var_data=path._get_all_var_data()).guess_type()


def parameter(name: str, comparison: str, text: str) -> rx.Var[bool]:
    query = "new URLSearchParams(typeof location === 'undefined' ? '' : location.search)"
    return rx.Var(f"({query}.get('{name}') {comparison} '{text}')", _var_type=bool).guess_type()
