"""Examples of fields of requests, by their names: what the page of the API offers to be sent."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "modelId": "smollm2-135m-it",
    "source": "15-res-4k",
    "layer": "15-res-4k",
    "sourceId": "15-res-4k",
    "targetSourceId": "15-res-4k",
    "sourceSet": "res-4k",
    "index": 10,
    "layers": ["15-res-4k"],
    "selectedLayers": ["15-res-4k"],
    "targetSourceIds": ["7-res-4k"],
    "customText": "The cat sat on the mat.",
    "text": "The cat sat on the mat.",
    "first": "The cat sat on the mat.",
    "second": "Prices rose in March.",
    "prompt": "The weather today is",
    "query": "animals",
    "strength": 40,
    "hookType": "hook_resid_post",
    "vectorLabel": "calm",
    "n_tokens": 24,
}
"""Of the demo, which a first start imports."""


def put_into(document: dict[str, Any]) -> None:
    """Give fields of requests in a description an example; answers and what is not named here stay."""
    asked = {name for name in document["components"]["schemas"] if not name.endswith("Answer")}
    for name in asked:
        for field, schema in document["components"]["schemas"][name].get("properties", {}).items():
            if field in EXAMPLES and "const" not in schema:
                schema["examples"] = [EXAMPLES[field]]
