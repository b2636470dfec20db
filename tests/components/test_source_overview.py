"""How a source's numbers were made, in words: what says most first, nothing twice."""

from __future__ import annotations

from memicos_app.components.source_overview import made_from

MADE = {
    "created_at": "2026-11-22T02:48:46+00:00",
    "seed": 0,
    "bos": {"id": 1, "prepended": True, "in_tokens": False},
    "special_ids": [0, 1],
    "n_prompts": 300,
    "prompts": 300,
    "n_tokens_in_prompt": 64,
    "context": 64,
    "dataset": "my texts",
    "column": "",
    "weights": "/somewhere/of/mine/tiny",
    "corpus_sha256": "ab12",
    "command": "memicos generate --sae x",
    "something_new": 3,
}


def test_order_and_words() -> None:
    found = made_from(MADE)
    assert found[:4] == [
        ("texts", "my texts"),
        ("windows", "300"),
        ("tokens a window", "64"),
        ("BOS", "prepended, id 1"),
    ]
    names = [name for name, _ in found]
    assert dict(found)["model"] == "tiny", "the name of a folder, not its path"
    assert names[-1] == "something_new", "what is not known by name is not hidden"
    assert not {"command", "context", "prompts", "column", "special_ids"} & set(names)
    assert names.index("date") < names.index("SHA-256 of the texts")
