"""`.env.example` lists every setting with its default, and what it says is what the settings read."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.settings import ROOT, Settings
from scripts.env_example import render

EXAMPLE = ROOT / ".env.example"


def test_file_is_what_the_settings_say() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == render(), "run `.venv/bin/python -m scripts.env_example`"


def test_every_setting_is_named_and_described() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"# {name.upper()}=" in text
        assert field.description
        assert field.description in text


def test_example_with_every_line_on_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name.upper() for name in Settings.model_fields]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    env = tmp_path / ".env"
    env.write_text("\n".join(line[2:] for line in lines if line[2:].split("=")[0] in names))
    read = Settings(_env_file=env)
    for name, field in Settings.model_fields.items():
        expected = field.get_default(call_default_factory=True)
        if name == "dataset_origins":
            assert [value if "://" in value else str(ROOT / value) for value in getattr(read, name)] == expected
        else:
            assert getattr(read, name) == expected, name
