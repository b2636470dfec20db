"""Configuration of the embedded server: sized by the machine, reachable through a private socket only."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
PORT = 5432
# Bytes that a socket's address can hold; the kernel's limit less the final NUL.
_ADDRESS_LIMIT = 107 if sys.platform == "linux" else 103
_ENOUGH_SHARED_MEMORY = 1024 * MIB


@dataclass(frozen=True)
class Machine:
    """What the settings depend on, in bytes; `shared_memory` is None where there is no /dev/shm."""

    memory: int
    free_disk: int
    shared_memory: int | None
    linux: bool


def this_machine(folder: Path) -> Machine:
    """The machine we run on, with a container's memory limit where there is one."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (text := limit.read_text().strip()).isdigit():
        memory = min(memory, int(text))
    return Machine(memory, free_bytes(folder), _size(Path("/dev/shm")), sys.platform == "linux")


def free_bytes(folder: Path) -> int:
    """Room that is left for us on the disk of a folder."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def server_settings(machine: Machine, socket_folder: Path) -> dict[str, str]:
    """Settings by name.

    A table created or truncated in the transaction that fills it writes no log at wal_level minimal, which
    halves an import. In a small /dev/shm (64 MB in Docker) a parallel index build cannot have its memory.
    """
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(socket_folder).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": _megabytes(machine.memory // 8, 128, 512),
        "effective_cache_size": _megabytes(machine.memory // 2, 256, 65536),
        "maintenance_work_mem": _megabytes(machine.memory // 16, 64, 1024),
        "max_wal_size": _megabytes(machine.free_disk // 20, 256, 4096),
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "random_page_cost": "1.1",
        "client_connection_check_interval": "5s" if machine.linux else "0",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
    }
    if machine.linux:
        settings["recovery_init_sync_method"] = "syncfs"
        if machine.shared_memory is None or machine.shared_memory < _ENOUGH_SHARED_MEMORY:
            settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def as_configuration(settings: Mapping[str, str]) -> str:
    """The text of a configuration file."""
    lines = ["# Written anew at every start; use ALTER SYSTEM for settings of your own."]
    lines += [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def access_rules(login_names: list[str], *, by_name: bool) -> tuple[str, str]:
    """Texts of pg_hba.conf and pg_ident.conf.

    A server of our own account is guarded by its private folder. One that runs as another account also
    asks the kernel who is calling, because other programs may run as that account.
    """
    method = "peer map=memicos" if by_name else "trust"
    names = "".join(f'memicos "{name}" postgres\n' for name in login_names)
    return f"local all all {method}\n", names


def socket_fits(folder: Path) -> bool:
    """Whether a socket in this folder has an address that the kernel and libpq can take."""
    address = f"{folder}/.s.PGSQL.{PORT}"
    return len(os.fsencode(address)) <= _ADDRESS_LIMIT and not any(mark in address for mark in ',"\n')


def _megabytes(wanted: int, least: int, most: int) -> str:
    return f"{min(max(wanted // MIB, least), most)}MB"


def _size(folder: Path) -> int | None:
    if not folder.is_dir():
        return None
    disk = os.statvfs(folder)
    return disk.f_blocks * disk.f_frsize
