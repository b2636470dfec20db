"""When the frontend is built, and what a failing build says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.settings import ROOT, get_settings
from memicos_app.site import frontend
from memicos_app.site.errors import StartError


@pytest.fixture
def web_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to build into."""
    monkeypatch.setenv("WEB_DIR", str(tmp_path / "web"))
    get_settings.cache_clear()
    (tmp_path / "web" / "build" / "client").mkdir(parents=True)
    yield tmp_path / "web"
    get_settings.cache_clear()


def test_sources_are_found_and_generated_files_are_not() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in frontend.source_files()}
    assert {"rxconfig.py", "memicos_app/memicos_app.py", "memicos_app/pages/home.py", "assets/memicos.css"} <= names
    assert not any("__pycache__" in name or name.startswith("assets/external") for name in names)


def test_the_fingerprint_follows_sources_lock_and_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pages", "reflex.lock"):
        (tmp_path / name).mkdir()
    page, lock = tmp_path / "pages" / "a.py", tmp_path / "reflex.lock" / "bun.lock"
    page.write_text("1")
    lock.write_text("1")
    monkeypatch.setattr(frontend, "ROOT", tmp_path)
    monkeypatch.setattr(frontend, "LOCK", lock.parent)
    monkeypatch.setattr(frontend, "SOURCES", ("pages",))
    seen = [frontend.fingerprint()]
    page.write_text("2")
    seen.append(frontend.fingerprint())
    page.rename(page.with_name("b.py"))
    seen.append(frontend.fingerprint())
    lock.write_text("2")
    seen.append(frontend.fingerprint())
    monkeypatch.setenv("MODEL_ID", "another")
    get_settings.cache_clear()
    seen.append(frontend.fingerprint())
    assert len(set(seen)) == 5
    (tmp_path / "pages" / "__pycache__").mkdir()
    (tmp_path / "pages" / "__pycache__" / "b.pyc").write_text("x")
    assert frontend.fingerprint() == seen[-1]
    get_settings.cache_clear()


def test_a_build_is_current_only_with_its_stamp(web_dir: Path) -> None:
    assert not frontend.is_current()
    (web_dir / "build" / "client" / "__spa-fallback.html").write_text("")
    assert frontend.is_built()
    assert not frontend.is_current()
    frontend.stamp().write_text(frontend.fingerprint())
    assert frontend.is_current()
    frontend.stamp().write_text("of other sources")
    assert not frontend.is_current()


def test_a_build_that_fails_leaves_no_stamp_and_keeps_its_log(web_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frontend.stamp().write_text("before")
    bun = web_dir.parent / "bun"
    bun.write_text('#!/bin/sh\n[ "$1" = --version ] && echo 1.4.4 && exit\necho "SyntaxError: broken"; exit 1\n')
    bun.chmod(0o755)
    monkeypatch.setenv("REFLEX_BUN_PATH", str(bun))
    locked = frontend.lock_digest()
    with pytest.raises(StartError) as caught:
        frontend.build()
    assert frontend.lock_digest() == locked, "else what is built already would be built again"
    assert str(caught.value).startswith("The frontend could not be built")
    assert "SyntaxError: broken" in caught.value.log
    assert not frontend.stamp().exists()
    assert not frontend.is_current()


@pytest.mark.slow
def test_a_registry_that_cannot_be_reached(web_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")
    monkeypatch.setenv("BUN_INSTALL_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(StartError, match="npm registry could not be reached; set NPM_CONFIG_REGISTRY"):
        frontend.build()


@pytest.mark.slow
def test_what_was_built_is_not_built_again(built_site: Path) -> None:
    page = built_site / "index.html"
    before = page.stat().st_mtime_ns
    if not frontend.is_current():
        frontend.build()
        before = page.stat().st_mtime_ns
    assert frontend.is_current()
    assert page.stat().st_mtime_ns == before


def test_the_lock_is_committed_in_the_form_that_builds_leave() -> None:
    package = frontend.LOCK / "package.json"
    before = package.read_text()
    frontend.settle_lock()
    assert package.read_text() == before
    locked = (frontend.LOCK / "bun.lock").read_text()
    named = json.loads(before)["dependencies"]
    assert named, "what a build leaves that was interrupted"
    assert all(f'"{name}": "{version}"' in locked for name, version in named.items())


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("error: ConnectionRefused downloading package manifest react", "NPM_CONFIG_REGISTRY"),
        ("ENOSPC: no space left on device, write", "disk is full"),
        ("SyntaxError: Unexpected token", "printed is above"),
    ],
)
def test_what_the_tools_print_becomes_a_sentence(log: str, words: str) -> None:
    assert words in frontend.reason(log)
