"""What the admin page tells of the installation: measured, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from memicos_app.library import installation
from memicos_app.settings import Settings, get_settings


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    return tmp_path


async def test_folders_are_measured_on_the_disk(data_dir: Path) -> None:
    (data_dir / "models" / "deep").mkdir(parents=True)
    (data_dir / "models" / "deep" / "weights").write_bytes(b"x" * 1_000_000)
    (data_dir / "logs").mkdir()
    (data_dir / "logs" / "link").symlink_to(data_dir / "models" / "deep" / "weights")
    found = await installation.disk()
    sizes = {one.name: one.size for one in found.folders}
    assert 1_000_000 <= sizes["models"] < 1_100_000
    assert sizes["logs"] < 10_000
    assert 0 < found.free < found.total
    get_settings.cache_clear()


async def test_a_data_folder_that_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "later"))
    get_settings.cache_clear()
    found = await installation.disk()
    assert found.folders == []
    assert found.total > 0
    get_settings.cache_clear()


def test_secrets_are_never_told() -> None:
    told = installation.settings_in_force(
        Settings(
            database_url=SecretStr("postgresql://me:hunter2@db/x"), openai_api_key=SecretStr("sk-secret"), port=4000
        )
    )
    by_name = {one.name: one for one in told}
    assert by_name["DATABASE_URL"].value == "set"
    assert by_name["PORT"].value == "4000"
    assert by_name["PORT"].changed
    assert not by_name["SAE_DTYPE"].changed
    assert "hunter2" not in str(told)
    assert "sk-secret" not in str(told)
    assert all(one.description for one in told)


def test_versions_of_what_is_installed() -> None:
    known = dict(installation.versions())
    assert known["Python"].startswith("3.")
    assert known["torch"].startswith("2.13")
