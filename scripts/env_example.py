"""Write `.env.example` from the settings, so that the two cannot differ; a test compares them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from memicos_app.settings import ROOT, Settings

HEADER = """\
# Every setting of MemicOS with its default. `make init-env` copies this file to .env; a line without # counts.
# Written by scripts/env_example.py from memicos_app/settings.py. Do not edit.
"""
SECTION = re.compile(r"^    # (.+)$|^    (\w+): ", re.MULTILINE)


def render() -> str:
    """The text of `.env.example`: settings by subject, each with its description and its default."""
    lines = [HEADER]
    for name, field in Settings.model_fields.items():
        if name in subjects():
            lines.append(f"\n# --- {subjects()[name]} ---")
        lines += [f"# {field.description}", f"# {name.upper()}={value(field)}"]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def subjects() -> dict[str, str]:
    """First setting of each subject, with the comment that heads it in the settings' source."""
    source = (ROOT / "memicos_app" / "settings.py").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    heading = ""
    for comment, name in SECTION.findall(source):
        if comment:
            heading = comment
        elif heading and name in Settings.model_fields:
            found[name], heading = heading, ""
    return found


def value(field: FieldInfo) -> str:
    """The default as it is written in an environment file; folders below the repository are relative."""
    default: Any = field.get_default(call_default_factory=True)
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return ",".join(relative(item) for item in default)
    return relative(default)


def relative(item: object) -> str:
    path = Path(str(item))
    return path.relative_to(ROOT).as_posix() if path.is_absolute() and path.is_relative_to(ROOT) else str(item)


def main() -> None:
    (ROOT / ".env.example").write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
