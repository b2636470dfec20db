"""What must hold before the site starts: Python, folders, room on the disk, free ports."""

from __future__ import annotations

import errno
import platform
import shutil
import socket
import sys
from pathlib import Path

import psutil

from memicos_app.settings import Settings
from memicos_app.site.errors import StartError

MB = 1024 * 1024
ROOM_FIRST = 1500 * MB
"""Database, converted model and built frontend of a first start."""
ROOM_LATER = 200 * MB


def check(settings: Settings) -> str:
    """Check everything that is cheap to check; the answer is a line for people. Raises `StartError`."""
    python()
    writable(settings.data_dir, "DATA_DIR")
    writable(settings.web_dir, "WEB_DIR")
    free = room(settings.data_dir, first=not any(settings.data_dir.iterdir()))
    return f"Python {platform.python_version()}, {free / 1024 / MB:.0f} GB free for {settings.data_dir}"


def python() -> None:
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise StartError(f"MemicOS needs Python 3.11, 3.12 or 3.13; this is {platform.python_version()}.")


def writable(folder: Path, setting: str) -> None:
    """Make sure that `folder` exists and files can be made in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StartError(full(folder)) from None
        raise StartError(
            f"Cannot write to {folder} ({error.strerror}); set {setting} in .env to a folder of yours."
        ) from None


def room(folder: Path, *, first: bool) -> int:
    """Free bytes of the disk of `folder`; refuses less than a start needs."""
    free = shutil.disk_usage(folder).free
    needed = ROOM_FIRST if first else ROOM_LATER
    if free < needed:
        raise StartError(
            f"The disk of {folder} has {free // MB} MB free and MemicOS needs {needed // MB} MB; "
            "make room, or set DATA_DIR in .env to a folder on another disk."
        )
    return free


def full(folder: Path) -> str:
    return f"The disk of {folder} is full; make room, or set DATA_DIR in .env to a folder on another disk."


def claim(host: str, port: int, setting: str) -> socket.socket:
    """A socket bound to the address, so that nobody takes it while the rest starts; not listening yet."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except socket.gaierror:
        raise StartError(f"{host} is no address of this machine; set HOST in .env.") from None
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise StartError(refused(error, host, port, setting)) from None
    return bound


def refused(error: OSError, host: str, port: int, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return taken(port, setting)
    if error.errno == errno.EACCES:
        return f"Port {port} needs administrator rights; set {setting} in .env to one from 1024 on."
    return f"Cannot listen on {host}:{port} ({error.strerror}); set HOST and {setting} in .env."


def taken(port: int, setting: str) -> str:
    """Who holds the port, as far as this user may know, and which setting moves ours."""
    holder = listener(port)
    who = f"{holder.name()} (process {holder.pid})" if holder else "another program"
    return f"Port {port} is taken by {who}; stop it, or set {setting} in .env to a free port."


def listener(port: int) -> psutil.Process | None:
    """The process that listens on `port`; None where the system does not tell."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return psutil.Process(connection.pid)
    except (psutil.Error, OSError):
        pass
    return None
