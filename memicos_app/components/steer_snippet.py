"""Code that makes a steering run again through this site's API, for a notebook."""

from __future__ import annotations

from dataclasses import asdict
from pprint import pformat
from typing import Any

from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import SteerRequest

_LEFT_OUT = ("model_id", "prompt", "chat", "features", "vectors", "condition", "prepend_bos")


def python_snippet(wish: Wish, origin: str) -> str:
    """Python that sends `wish` to the public API at `origin` and prints both texts."""
    request = wish.request
    route, answer = ("/api/steer-chat", '["chatTemplate"][-1]["content"]') if request.chat else ("/api/steer", "")
    body = pformat(_body(wish), sort_dicts=False, width=100, compact=True)
    return (
        "import requests\n\n"
        f"body = {body}\n\n"
        f"response = requests.post({origin + route!r}, json=body)\n"
        "response.raise_for_status()\n"
        f'print("as it is:", response.json()["DEFAULT"]{answer})\n'
        f'print("steered: ", response.json()["STEERED"]{answer})\n'
    )


def _body(wish: Wish) -> dict[str, Any]:
    request = wish.request
    asked: dict[str, Any] = {"modelId": request.model_id}
    if request.chat:
        sides = (("defaultChatMessages", wish.default_chat), ("steeredChatMessages", request.chat))
        asked |= {name: [asdict(turn) for turn in turns] for name, turns in sides}
    else:
        asked["prompt"] = request.prompt
    asked["features"] = [
        {"modelId": part.model_id, "layer": part.source_id, "index": part.index, "strength": part.strength}
        for part in request.features
    ]
    asked |= _changed(request)
    return asked


def _changed(request: SteerRequest) -> dict[str, Any]:
    """Every option by name; vectors and the condition only where there are any."""
    options = {name: value for name, value in asdict(request).items() if name not in _LEFT_OUT}
    options["stop"] = list(request.stop)
    if request.vectors:
        options["vectors"] = [
            {"vector": list(one.vector), "strength": one.strength, "hook": one.hook} for one in request.vectors
        ]
    if one := request.condition:
        options["condition"] = {"source": one.source_id, "index": one.index, "threshold": one.threshold}
    return options
