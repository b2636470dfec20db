"""Write the descriptions of both APIs to `schemas/openapi`, from the code that answers them.

`make openapi` writes them; a test fails where a file says something else than the code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "schemas" / "openapi"
HEADER = "# Written by `make openapi` from the code; do not edit.\n"


def inference_server() -> dict[str, Any]:
    """The worker's API."""
    from inference_worker.server import create_app
    from memicos_app.settings import Settings

    return create_app(Settings()).openapi()


def site() -> dict[str, Any]:
    """The site's API, below /api."""
    from memicos_app.api.app import api

    return api.openapi()


DOCUMENTS: dict[str, Callable[[], dict[str, Any]]] = {"inference-server.yaml": inference_server, "site.yaml": site}


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """YAML as a person would write it: texts of several lines as blocks, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def written(document: dict[str, Any]) -> str:
    """The document as it lies in its file."""
    return HEADER + str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100))


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, document in DOCUMENTS.items():
        (FOLDER / name).write_text(written(document()), encoding="utf-8")
        sys.stdout.write(f"schemas/openapi/{name}\n")


if __name__ == "__main__":
    main()
