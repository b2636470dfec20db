"""Install the locked packages into .venv; nothing is done again when nothing changed.

Runs on any Python 3 with the standard library alone, so that a machine that lacks something hears so.
Usage: install.py [runtime | dev]
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "install.log"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {"runtime": ["lock.txt"], "dev": ["lock.txt", "lock-dev.txt"]}
CPU_TORCH = "https://download.pytorch.org/whl/cpu"

# What pip prints, and the one sentence that helps.
TROUBLES = (
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ProxyError|Network is unreachable"
        r"|Could not find a version that satisfies",
        "The package registry could not be reached, or it lacks a pinned package: check the network, "
        "or point pip at a registry that can be reached (pip config set global.index-url ...), then start again.",
    ),
    (
        r"No space left on device|Errno 28",
        "The disk is full: the packages need about 3 GB under " + str(VENV) + ". Make room, then start again.",
    ),
    (
        r"command '[^']*(gcc|cc|clang)' failed|Unable to find a compiler|No such file or directory: '(gcc|cc)'"
        r"|error: Microsoft Visual C\+\+",
        "A C compiler is missing: install one (Debian, Ubuntu: apt install build-essential; macOS: "
        "xcode-select --install), then start again.",
    ),
)


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "runtime"
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        stop(
            "MemicOS needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". "
            "Install one of those, or name it: make run PYTHON=/path/to/python3.12"
        )
    stamp = VENV / ("installed-" + kind)
    if stamp.is_file() and stamp.read_text() == fingerprint(kind):
        return
    started = time.monotonic()
    make_venv()
    for lock in LOCKS[kind]:
        install(lock)
    pip(["--no-build-isolation", "--editable", str(ROOT)], "memicos", 1)
    for done in LOCKS:
        if set(LOCKS[done]) <= set(LOCKS[kind]):
            (VENV / ("installed-" + done)).write_text(fingerprint(done))
    say(f"Packages: installed in {time.monotonic() - started:.0f} s\n")


def fingerprint(kind: str) -> str:
    """Changes when the locked packages, the console command or the Python do."""
    parts = [sys.version, str(ROOT), (ROOT / "pyproject.toml").read_text()]
    parts += [(ROOT / "requirements" / lock).read_text() for lock in LOCKS[kind]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def make_venv() -> None:
    if PYTHON.exists() and same_python():
        return
    say("Packages: making " + str(VENV) + "\n")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], stdout=-1, stderr=-2, text=True)
    if made.returncode == 0:
        return
    if "ensurepip" in made.stdout or "No module named venv" in made.stdout:
        stop("Python lacks its venv module: install it (Debian, Ubuntu: apt install python3-venv), then start again.")
    stop("Cannot make " + str(VENV) + ": " + (made.stdout.strip().splitlines() or ["no reason given"])[-1])


def same_python() -> bool:
    """Whether .venv is of the Python that runs this."""
    ask = [str(PYTHON), "-c", "import sys; print(sys.version)"]
    return subprocess.run(ask, stdout=-1, stderr=-3, text=True).stdout.strip() == sys.version.strip()


def install(lock: str) -> None:
    path = ROOT / "requirements" / lock
    pip(["--requirement", str(path), *torch_index()], lock, path.read_text().count("=="))


def torch_index() -> list[str]:
    """Where torch is published without CUDA, if it can be reached; the registry may hold those builds too."""
    if sys.platform != "linux":
        return []
    address = os.environ.get("TORCH_INDEX", CPU_TORCH)
    try:
        urllib.request.urlopen(address + "/torch/", timeout=5).close()
    except OSError:
        return []
    return ["--extra-index-url", address]


def pip(arguments: list[str], name: str, total: int) -> None:
    """Run pip with the log beside the environment, counting packages on the terminal."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--no-input", "--progress-bar", "off"]
    with LOG.open("w") as log:
        child = subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=-1, stderr=-2, text=True, errors="replace")
        counter = Counter(name, total)
        for line in child.stdout or ():
            log.write(line)
            counter.see(line)
        child.wait()
    counter.end()
    if child.returncode != 0:
        stop(trouble(LOG.read_text()))


class Counter:
    """Shows how many of the packages pip has looked at: live on a terminal, now and then elsewhere."""

    def __init__(self, name: str, total: int) -> None:
        self.name, self.total, self.seen = name, total, 0
        self.live = sys.stdout.isatty()
        self.shown = time.monotonic()

    def see(self, line: str) -> None:
        found = re.match(r"\s*(Collecting|Requirement already satisfied:|Obtaining) (\S+)", line)
        if found:
            self.seen = min(self.seen + 1, self.total)
            self.show(f"{self.seen}/{self.total} {found.group(2)}")
        elif line.startswith("Installing collected packages"):
            self.shown = 0.0
            self.show("unpacking, a minute or two")

    def show(self, news: str) -> None:
        if self.live or time.monotonic() - self.shown > 5:
            self.shown = time.monotonic()
            text = f"Packages: {self.name} {news}"
            say("\r\033[K" + text if self.live else text + "\n")

    def end(self) -> None:
        if self.live:
            say("\r\033[K")


def trouble(log: str) -> str:
    for pattern, sentence in TROUBLES:
        if re.search(pattern, log):
            return sentence
    errors = [line for line in log.splitlines() if line.startswith("ERROR")]
    return (errors or ["pip failed"])[-1] + " (the whole log: " + str(LOG) + ")"


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def stop(sentence: str) -> None:
    sys.stderr.write("\n" + sentence + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
