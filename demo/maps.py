"""Coordinates of the demo's features: `python -m demo.maps FOLDER` adds them to a dataset's explanations in `FOLDER`.

Each feature lies where its explanation puts it, the one written by hand where there is one: embedded by the packaged
embedder and laid out as `memicos map` does it, so that a fresh machine has a map without computing one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.explanations import lines, packed
from memicos_app.library.embedders.minilm import embed_now
from memicos_app.library.explanations import TOP_TOKENS
from memicos_app.library.maps.layout import lay_out
from memicos_app.library.top_tokens import named_tokens

DECIMALS = 4


def place(folder: Path) -> int:
    """Write coordinates and clusters into `explanations/` of the dataset in `folder`; how many features have them."""
    rows = list(lines(folder / "explanations"))
    first = {row["index"]: row for row in reversed(rows)}
    first |= {row["index"]: row for row in rows if row["typeName"] != TOP_TOKENS}
    indices = sorted(first, key=int)
    vectors = embed_now([said(first[index]) for index in indices])
    with tempfile.TemporaryDirectory() as scratch:
        points, clusters = lay_out(vectors, Path(scratch), lambda *_: None)
    places = dict(zip(indices, zip(points.tolist(), clusters.tolist(), strict=True), strict=True))
    for row in rows:
        (x, y), cluster = places[row["index"]]
        row |= {"umap_x": round(x, DECIMALS), "umap_y": round(y, DECIMALS), "umap_cluster": cluster}
    (folder / "explanations" / "batch-0.jsonl.gz").write_bytes(packed(rows))
    return len(indices)


def said(row: dict[str, Any]) -> str:
    """What of an explanation is embedded."""
    text = str(row["description"])
    return named_tokens(text) if row["typeName"] == TOP_TOKENS else text


def main(arguments: Sequence[str] | None = None) -> None:
    """Add coordinates to the datasets named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="v1/{model}/{source}")
    for folder in parser.parse_args(arguments).folders:
        print(f"{folder}: {place(folder)} features placed")


if __name__ == "__main__":
    main()
