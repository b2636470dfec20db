"""Code that makes a steering run again, for a notebook."""

from __future__ import annotations

import json

from memicos_app.library.steering import SteerRequest


def python_snippet(request: SteerRequest, origin: str) -> str:
    """Python that sends `request` to the public API at `origin` and prints both texts."""
    body = {
        "modelId": request.model_id,
        "prompt": request.prompt,
        "features": [
            {"modelId": part.model_id, "layer": part.source_id, "index": part.index, "strength": part.strength}
            for part in request.features
        ],
        "temperature": request.temperature,
        "n_tokens": request.n_tokens,
        "freq_penalty": request.freq_penalty,
        "seed": request.seed,
        "strength_multiplier": request.strength_multiplier,
    }
    # JSON's strings, numbers and lists are Python's too; the body holds no true, false or null.
    written = json.dumps(body, indent=4)
    return (
        "import requests\n\n"
        f"response = requests.post({json.dumps(origin + '/api/steer')}, json={written})\n"
        "response.raise_for_status()\n"
        'print("as it is:", response.json()["DEFAULT"])\n'
        'print("steered: ", response.json()["STEERED"])\n'
    )
