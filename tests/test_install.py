"""The installer that make runs: nothing twice, and one sentence for what a machine lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memicos_app.settings import ROOT
from scripts import install


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the installer and a lock of one package."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "install.py", tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'memicos'\n")
    (tmp_path / "requirements").mkdir()
    for lock in ("lock.txt", "lock-dev.txt"):
        (tmp_path / "requirements" / lock).write_text("no-such-package-of-memicos==1.0\n")
    return tmp_path


def run(project: Path, before: str = "pass", **environment: str) -> subprocess.CompletedProcess[str]:
    """The installer in a process of its own, after some statements."""
    script = str(project / "scripts" / "install.py")
    code = f"import runpy, sys; {before}; runpy.run_path({script!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_an_old_python_hears_which_ones_will_do(project: Path) -> None:
    done = run(project, "sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)'")
    assert done.returncode == 1
    assert "MemicOS needs Python 3.11, 3.12 or 3.13; this is 3.9.2" in done.stderr
    assert not (project / ".venv").exists()


def test_a_python_without_venv_hears_what_to_install(project: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\necho 'The virtual environment was not created because ensurepip is not available'\nexit 1\n"
    )
    python.chmod(0o755)
    done = run(project, f"sys.executable = {str(python)!r}")
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_registry_that_cannot_be_reached_gets_one_sentence(project: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    done = run(project, PIP_CONFIG_FILE=os.devnull, PIP_RETRIES="0", TORCH_INDEX="http://127.0.0.1:9", **nowhere)
    assert done.returncode == 1
    assert done.stderr.strip().startswith("The package registry could not be reached")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (project / ".venv" / "installed-runtime").exists()


def test_nothing_is_done_again_until_a_lock_changes(project: Path) -> None:
    stamp = project / ".venv" / "installed-runtime"
    stamp.parent.mkdir()
    ask = [sys.executable, "-c", "from scripts import install; print(install.fingerprint('runtime'), end='')"]
    stamp.write_text(subprocess.run(ask, cwd=project, capture_output=True, text=True, check=True).stdout)
    done = run(project, "sys.executable = '/bin/false'")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (project / "requirements" / "lock.txt").write_text("another==2.0\n")
    changed = run(project, "sys.executable = '/bin/false'")
    assert changed.returncode == 1
    assert "Cannot make" in changed.stderr


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("ERROR: Could not find a version that satisfies the requirement torch==2.13.0", "registry"),
        ("NameResolutionError(\"HTTPSConnection(host='x'): Failed to resolve 'x'\")", "registry"),
        ("OSError: [Errno 28] No space left on device: '/x'", "disk is full"),
        ("error: command 'gcc' failed: No such file or directory", "C compiler"),
        ("error: [Errno 2] No such file or directory: 'cc'", "C compiler"),
        ("ERROR: something else", "something else (the whole log"),
    ],
)
def test_what_pip_prints_becomes_a_sentence(log: str, words: str) -> None:
    assert words in install.trouble(log)
