"""The server's configuration: sized by the machine, quoted, and within what a socket's address can hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.db.postgres_settings import (
    MIB,
    Machine,
    access_rules,
    as_configuration,
    server_settings,
    socket_fits,
    this_machine,
)

LAPTOP = Machine(memory=16_384 * MIB, free_disk=200_000 * MIB, shared_memory=8_192 * MIB, linux=True)
CONTAINER = Machine(memory=512 * MIB, free_disk=2_000 * MIB, shared_memory=64 * MIB, linux=True)
MAC = Machine(memory=8_192 * MIB, free_disk=50_000 * MIB, shared_memory=None, linux=False)


@pytest.mark.parametrize(
    ("machine", "name", "value"),
    [
        (LAPTOP, "shared_buffers", "512MB"),
        (CONTAINER, "shared_buffers", "128MB"),
        (LAPTOP, "maintenance_work_mem", "1024MB"),
        (CONTAINER, "maintenance_work_mem", "64MB"),
        (LAPTOP, "max_wal_size", "4096MB"),
        (CONTAINER, "max_wal_size", "256MB"),
        (CONTAINER, "dynamic_shared_memory_type", "mmap"),
        (LAPTOP, "recovery_init_sync_method", "syncfs"),
        (LAPTOP, "client_connection_check_interval", "5s"),
        (MAC, "client_connection_check_interval", "0"),
        (MAC, "listen_addresses", ""),
        (MAC, "wal_level", "minimal"),
    ],
)
def test_setting_follows_the_machine(machine: Machine, name: str, value: str) -> None:
    assert server_settings(machine, Path("/run/db"))[name] == value


def test_settings_of_linux_stay_there() -> None:
    assert "recovery_init_sync_method" not in server_settings(MAC, Path("/run/db"))
    assert "dynamic_shared_memory_type" not in server_settings(MAC, Path("/run/db"))
    assert "dynamic_shared_memory_type" not in server_settings(LAPTOP, Path("/run/db"))


def test_quotes_are_doubled() -> None:
    assert "name = 'it''s'\n" in as_configuration({"name": "it's"})
    assert server_settings(MAC, Path('/a "b"'))["unix_socket_directories"] == '"/a ""b"""'


@pytest.mark.parametrize(
    ("folder", "fits"),
    [
        ("/tmp/db", True),
        ("/tmp/with space", True),
        ("/tmp/a,b", False),
        ('/tmp/a"b', False),
        ("/" + "x" * 88, True),
        ("/" + "x" * 200, False),
        ("/" + "é" * 60, False),
    ],
)
def test_socket_address_limit(folder: str, fits: bool) -> None:
    assert socket_fits(Path(folder)) is fits


def test_server_of_another_account_asks_who_calls() -> None:
    assert access_rules(["root"], by_name=True) == ("local all all peer map=memicos\n", 'memicos "root" postgres\n')
    assert access_rules([], by_name=False) == ("local all all trust\n", "")


def test_this_machine_is_measured(tmp_path: Path) -> None:
    found = this_machine(tmp_path)
    assert found.memory > 128 * MIB
    assert found.free_disk > 0
