"""Each thing that keeps the site from starting gets one sentence that says what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from memicos_app.settings import Settings
from memicos_app.site import checks
from memicos_app.site.errors import StartError


def test_a_taken_port_names_its_holder_and_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(StartError) as caught:
            checks.claim("127.0.0.1", port, "PORT")
    sentence = str(caught.value)
    assert sentence.startswith(f"Port {port} is taken by ")
    assert f"process {os.getpid()}" in sentence
    assert "set PORT in .env" in sentence


def test_a_claimed_port_can_be_listened_on_and_is_refused_to_others() -> None:
    bound = checks.claim("127.0.0.1", 0, "PORT")
    with bound:
        bound.listen()
        with pytest.raises(StartError, match="is taken by"):
            checks.claim("127.0.0.1", bound.getsockname()[1], "PORT")


def test_an_address_of_another_machine() -> None:
    with pytest.raises(StartError, match=r"192\.0\.2\.1.*HOST"):
        checks.claim("192.0.2.1", 3000, "PORT")


def test_a_name_that_is_none() -> None:
    with pytest.raises(StartError, match="HOST"):
        checks.claim("no such host.invalid", 3000, "PORT")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"set DATA_DIR in \.env"):
        checks.writable(tmp_path / "file" / "data", "DATA_DIR")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / ".writable").symlink_to("/dev/full")
    with pytest.raises(StartError, match="is full"):
        checks.writable(tmp_path, "DATA_DIR")


def test_too_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOM_FIRST", 2**62)
    with pytest.raises(StartError, match="MB free and MemicOS needs"):
        checks.check(Settings(data_dir=tmp_path / "data", web_dir=tmp_path / "web"))


def test_a_machine_that_fits(tmp_path: Path) -> None:
    line = checks.check(Settings(data_dir=tmp_path / "data", web_dir=tmp_path / "web"))
    assert "GB free" in line
    assert (tmp_path / "data").is_dir()
    assert not list((tmp_path / "data").iterdir())
