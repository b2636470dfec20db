"""Write the figures of `benchmarks/results/*.json` into the README, between its two marks.

`python scripts/readme_tables.py` writes them; a test fails where the README says something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN = "<!-- benchmarks: written by scripts/readme_tables.py from benchmarks/results/*.json -->"
END = "<!-- /benchmarks -->"


def result(name: str) -> dict[str, Any] | None:
    """What a benchmark wrote, or None where it was not run."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def storage(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Bytes on disk an activation, indexes and TOAST counted."""
    sizes = {name: kind["total"] for name, kind in found["bytes_per_activation"].items()}
    beside = f"{sizes['plain arrays']:,.0f} B as plain arrays"
    return [
        ("stored activation, windows shared by a source", f"{sizes['shared sequences']:.0f} B", beside),
        ("stored activation, windows of its own", f"{sizes['shared vocabulary']:.0f} B", beside),
    ]


def steering(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Generated tokens a CPU second, which does not depend on what else the machine does."""
    speeds = {name: each["tokens_per_cpu_second"] for name, each in found["speeds"].items()}
    return [
        (
            "steering: unsteered and steered text together",
            f"{speeds['default_and_steered']:.0f} tokens a CPU second",
            f"{speeds['hugging_face_2']:.0f} by plain Hugging Face `generate`, batch of two",
        )
    ]


TABLES = {"storage": storage, "steering": steering}


def table() -> str:
    """Markdown of all figures that there are."""
    rows = [row for name, build in TABLES.items() if (found := result(name)) for row in build(found)]
    lines = [
        "| what | here | beside it, in the same run |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)


def written(readme: str) -> str:
    """The README with the figures as they are now."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
