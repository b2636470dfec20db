"""One request a route, for the demo as it stands; the description shows them, and a test sends them."""

from __future__ import annotations

from typing import Any

_MODEL, _SOURCE, _TEXT = "smollm2-135m-it", "15-res-4k", "According to the treaty of 1648"
_FEATURE: dict[str, Any] = {"model": _MODEL, "source": _SOURCE, "index": 4044}
_SEARCH: dict[str, Any] = {
    "model": _MODEL,
    "sourceSet": "res-4k",
    "selectedSources": [_SOURCE],
    "sortByTokenIndexes": [],
    "ignoreBos": True,
    "numResults": 5,
}
_STEER: dict[str, Any] = {
    "model": _MODEL,
    "features": [{**_FEATURE, "strength": 40}],
    "types": ["DEFAULT", "STEERED"],
    "nCompletionTokens": 16,
    "temperature": 0.5,
    "seed": 16,
}
_CHAT = [{"role": "user", "content": "Name a colour."}]

EXAMPLES: dict[str, dict[str, Any]] = {
    "/v1/tokenize": {"model": _MODEL, "text": _TEXT},
    "/v1/apply-chat-template": {"messages": _CHAT},
    "/v1/activation/single": {**_FEATURE, "prompt": _TEXT},
    "/v1/activation/single-batch": {**_FEATURE, "prompts": [_TEXT, "Peace came at last."]},
    "/v1/activation/all": {**_SEARCH, "prompt": _TEXT},
    "/v1/activation/all-batch": {**_SEARCH, "prompts": [_TEXT, "Peace came at last."]},
    "/v1/activation/contrast": {
        "model": _MODEL,
        "sourceSet": "res-4k",
        "selectedSources": [_SOURCE],
        "first": ["La paix fut signée en 1648.", "Il fait beau aujourd'hui."],
        "second": ["Peace was signed in 1648.", "The weather is fine today."],
        "measure": "mean",
        "numResults": 3,
    },
    "/v1/activation/source": {"model": _MODEL, "source": _SOURCE, "prompts": [_TEXT]},
    "/v1/activation/topk-by-token": {
        "model": _MODEL,
        "source": _SOURCE,
        "prompt": _TEXT,
        "topK": 3,
        "ignoreBos": True,
    },
    "/v1/activation/topk-by-token-batch": {
        "model": _MODEL,
        "source": _SOURCE,
        "prompts": [_TEXT],
        "topK": 3,
        "ignoreBos": True,
    },
    "/v1/activation/raw": {"model": _MODEL, "prompts": [_TEXT], "layers": [15]},
    "/v1/activation/attention": {"model": _MODEL, "prompt": _TEXT, "layer": 3, "head": 1},
    "/v1/util/sae-vector": _FEATURE,
    "/v1/util/sae-decoder-match": {"model": _MODEL, "source": _SOURCE, "target": "7-res-4k", "features": [4044, 12]},
    "/v1/util/sae-topk-by-decoder-cossim": {
        "feature": _FEATURE,
        "model": _MODEL,
        "source": _SOURCE,
        "numResults": 5,
    },
    "/v1/util/similarity-matrix-pred": {"modelId": _MODEL, "sourceId": _SOURCE, "text": _TEXT, "index": 0},
    "/v1/steer/completion": {**_STEER, "prompt": "The weather today is"},
    "/v1/steer/completion-chat": {**_STEER, "prompt": _CHAT, "steerSpecialTokens": False},
    "/v1/lens/prompt": {"model": _MODEL, "type": ["LOGIT_LENS"], "prompt": _TEXT, "topN": 3, "stream": False},
}
