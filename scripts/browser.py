"""Make sure that there is a Chromium for the browser tests: Debian's package where we may, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = (
    "The browser tests need Chromium and it could not be installed here: install it (Debian: apt install chromium) "
    "or run `.venv/bin/playwright install chromium` where the network allows."
)


def find() -> str | None:
    """Path of a Chromium: the system's, else Playwright's."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.access(path, os.X_OK) else None


def from_debian() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", "chromium"]):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


def from_playwright() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    for install in (from_debian, from_playwright):
        if find():
            return
        install()
    if not find():
        sys.exit(MISSING)


if __name__ == "__main__":
    main()
