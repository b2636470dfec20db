"""Files arrive whole and as they are at the origin, whatever the server does; what cannot be right stops at once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.addresses import RefusedAddress
from memicos_app.library.datasets import downloads, fetching
from memicos_app.library.datasets.downloads import Downloads, NoRoomError, clean_up, downloads_dir
from memicos_app.library.datasets.fetching import fetched
from memicos_app.library.datasets.manifest import Manifest, Object, UnsafeName
from memicos_app.library.errors import LibraryError, NotFoundError, UnavailableError
from memicos_app.library.outbound import Patience, UpstreamError
from memicos_app.library.watch import Level, Stopped
from memicos_app.settings import ROOT, get_settings
from tests.library.datasets.faults import Faulty, faulty
from tests.library.datasets.servers import web

DATA = random.Random(7).randbytes(3 << 20)
NAME = "features/one.jsonl.gz"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield tmp_path / "data"
    get_settings.cache_clear()


@pytest.fixture
def server() -> Iterator[Faulty]:
    with faulty(one=DATA) as running:
        yield running


class Noted:
    """A watch that remembers what it was told, and stops the work when it is told to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.told: list[tuple[float, float]] = []
        self.stop = False

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        assert unit == "bytes"
        self.told.append((done, total))

    def log(self, text: str, level: Level = "info") -> None:
        self.lines.append(text)

    async def checkpoint(self) -> None:
        if self.stop:
            raise Stopped


async def contents(server: Faulty, manifest: Manifest | None = None, watch: Noted | None = None) -> list[bytes]:
    """What arrives of a manifest's files."""
    manifest = manifest or server.manifest()
    names = [one.name for one in manifest.objects]
    return [path.read_bytes() async for _, path in fetched(server.origin, manifest, names, watch or Noted())]


@pytest.mark.parametrize("fault", ["truncate", "stall", "500", "503", "429", "drip"])
async def test_goes_on_where_it_was(server: Faulty, fault: str) -> None:
    server.faults[NAME].extend([fault, "truncate", fault])
    watch = Noted()
    assert await contents(server, watch=watch) == [DATA]
    starts = server.starts(NAME)
    assert starts == sorted(starts), "what arrived is not asked for again"
    assert starts[-1] >= len(DATA) // 2
    assert len(watch.lines) == 3


async def test_gives_up_when_nothing_helps(server: Faulty) -> None:
    server.faults[NAME].extend(["500"] * 20)
    with pytest.raises(UnavailableError, match=r"answers 500; tried 4 times"):
        await contents(server)
    assert len(server.starts(NAME)) == 4
    server.faults[NAME].clear()
    assert await contents(server) == [DATA]


@pytest.mark.parametrize("etags", [True, False])
async def test_a_change_meanwhile_is_noticed(server: Faulty, etags: bool) -> None:
    server.etags = etags
    server.faults[NAME].append("change")
    manifest = server.manifest(etag=etags)
    watch = Noted()
    found = [(one, path.read_bytes()) async for one, path in fetched(server.origin, manifest, [NAME], watch)]
    newer = server.files[NAME]
    assert newer != DATA
    assert [content for _, content in found] == [newer]
    assert (found[0][0].size, found[0][0].is_same(manifest.object(NAME))) == (len(newer), False)
    assert any("changed at its origin" in line for line in watch.lines)


async def test_what_changes_always_is_given_up(server: Faulty) -> None:
    server.faults[NAME].extend(["change"] * 20)
    with pytest.raises(UnavailableError, match="changes again and again"):
        await contents(server)


async def test_damage_on_the_way_is_noticed(server: Faulty) -> None:
    server.faults[NAME].append("damage")
    watch = Noted()
    assert await contents(server, watch=watch) == [DATA]
    assert watch.lines == [f"{NAME} arrived damaged; it is fetched again."]
    server.faults[NAME].extend(["damage", "damage"])
    with pytest.raises(UpstreamError, match="checksum"):
        await contents(server)


async def test_a_server_without_ranges(server: Faulty) -> None:
    server.faults[NAME].extend(["truncate", "ignore-range"])
    assert await contents(server) == [DATA]
    assert server.starts(NAME) == [0, len(DATA) // 2]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("endless", UpstreamError, "sends more than the 3,145,728 bytes"),
        ("more", UpstreamError, "sends more than"),
        ("wrong-range", UpstreamError, "another range"),
        ("403", UpstreamError, "may not be read without an account"),
        ("404", NotFoundError, "listed and is not there"),
        ("418", UpstreamError, "answers 418"),
        ("http://127.0.0.1:1/", RefusedAddress, "OUTBOUND_ALLOW"),
        ("http://169.254.169.254/latest/meta-data", RefusedAddress, "OUTBOUND_ALLOW"),
        ("http://localhost:1/", RefusedAddress, "OUTBOUND_ALLOW"),
        ("http://[::ffff:10.0.0.1]/", RefusedAddress, "OUTBOUND_ALLOW"),
        ("file:///etc/passwd", RefusedAddress, "only http:// and https://"),
        (f"/v1/toy/3-res-tiny/{NAME}", UpstreamError, "redirects more than"),
    ],
)
async def test_stops_at_once(server: Faulty, fault: str, kind: type[LibraryError], words: str) -> None:
    server.faults[NAME].extend([fault] * 10 if fault.startswith("/") else [fault])
    began = time.monotonic()
    with pytest.raises(kind, match=words):
        await contents(server)
    assert time.monotonic() - began < 20


async def test_a_redirect_is_followed(server: Faulty) -> None:
    server.files["elsewhere"] = DATA
    server.faults[NAME].append("elsewhere".join(("/v1/toy/3-res-tiny/", "")))
    assert await contents(server, Manifest(server.url, "toy", "3-res-tiny", server.manifest().objects[:1])) == [DATA]


async def test_names_never_lead_out(server: Faulty, data_dir: Path) -> None:
    for name in ("../../x", "/etc/x", "features/../../../x", "a\\..\\x", "c:/x", "features//x", "x\0y"):
        manifest = Manifest(server.url, "toy", "3-res-tiny", (Object(name, 1),))
        with pytest.raises(UnsafeName):
            await contents(server, manifest)
    assert server.asked == []


async def test_next_files_are_fetched_while_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty(**{f"b{number:02}": bytes([number]) * 1000 for number in range(12)}) as server:
        server.faults["features/b07.jsonl.gz"].append("stall")
        manifest = server.manifest()
        names = [one.name for one in manifest.objects]
        most = 0
        seen = []
        async for one, path in fetched(server.origin, manifest, names):
            async with asyncio.timeout(20):
                while len(server.starts(names[min(len(seen) + fetching.AT_ONCE, 11)])) == 0:
                    await asyncio.sleep(0.01)
            here = [found for found in downloads_dir().rglob("*.gz") if found.is_file()]
            most = max(most, len(here))
            assert set(path.read_bytes()) == {len(seen)}
            seen.append(one.name)
        assert seen == names
        assert 2 <= most <= fetching.AT_ONCE + 1
        assert not Downloads.of(manifest).folder.exists(), "nothing is left behind"


async def test_what_was_not_read_to_its_end_stays(server: Faulty) -> None:
    running = fetched(server.origin, server.manifest(), [NAME])
    with pytest.raises(ZeroDivisionError):
        async for _ in running:
            raise ZeroDivisionError
    await running.aclose()  # type: ignore[attr-defined]
    assert await contents(server) == [DATA]
    assert server.starts(NAME) == [0], "it was here already"
    assert await contents(server) == [DATA]
    assert server.starts(NAME) == [0, 0], "after it was read it went"


async def test_paused_and_gone_on(server: Faulty) -> None:
    server.faults[NAME].append("stall")
    server.patience = Patience(silence=10)
    watch = Noted()
    began = asyncio.create_task(contents(server, watch=watch))
    async with asyncio.timeout(20):
        while not watch.told or watch.told[-1][0] < len(DATA) // 2:
            await asyncio.sleep(0.01)
    watch.stop = True
    with pytest.raises(Stopped):
        await began
    done, total = watch.told[-1]
    assert (done, total) == (len(DATA) // 2, len(DATA))
    server.asked.clear()
    assert await contents(server) == [DATA]
    assert server.starts(NAME) == [len(DATA) // 2]


def test_killed_and_gone_on(server: Faulty, data_dir: Path) -> None:
    server.faults[NAME].append("stall")
    program = textwrap.dedent(
        f"""
        import asyncio
        from memicos_app.library.datasets.fetching import fetched
        from memicos_app.library.datasets.manifest import Manifest, Object
        from memicos_app.library.datasets.origins import open_origin
        async def main():
            async for _ in fetched(open_origin({server.url!r}), {server.manifest()!r}, [{NAME!r}]):
                pass
        asyncio.run(main())
        """
    )
    killed = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    deadline = time.monotonic() + 30
    while not (parts := [part for part in data_dir.rglob("*.part") if part.stat().st_size]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    arrived = parts[0].stat().st_size
    assert 0 < arrived < len(DATA)
    assert asyncio.run(contents(server)) == [DATA]
    assert server.starts(NAME) == [0, arrived]


async def test_two_at_once_do_not_meet(server: Faulty) -> None:
    server.faults[NAME].append("stall")
    first = asyncio.create_task(contents(server))
    async with asyncio.timeout(20):
        while not server.asked:
            await asyncio.sleep(0.01)
    second = asyncio.create_task(contents(server))
    assert (await first, await second) == ([DATA], [DATA])
    assert server.starts(NAME) in ([0, len(DATA) // 2], [0, len(DATA) // 2, 0]), "the second waited for the first"


async def test_no_room(server: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "RESERVE", 1 << 60)
    with pytest.raises(NoRoomError, match=r"make room, or set DATA_DIR"):
        await contents(server)
    assert server.asked == []


async def test_left_overs_are_cleaned_up(server: Faulty) -> None:
    server.faults[NAME].extend(["truncate", "500", "500", "500", "500"])
    with pytest.raises(UnavailableError):
        await contents(server)
    assert clean_up() == 0, "not yet"
    (part,) = downloads_dir().rglob("*.part")
    size = part.stat().st_size
    os.utime(part, (0, 0))
    assert clean_up() == size
    assert not [path for path in downloads_dir().rglob("*") if path.is_file()]


async def test_a_whole_source_can_be_dropped(server: Faulty) -> None:
    async for _ in fetched(server.origin, server.manifest(), [NAME], keep=True):
        pass
    left = Downloads.of(server.manifest())
    assert left.is_complete(server.manifest().object(NAME))
    left.remove_all()
    assert not left.folder.exists()


def test_memory_does_not_grow_with_the_file(tmp_path: Path, data_dir: Path) -> None:
    folder = tmp_path / "origin" / "v1" / "toy" / "3-res-tiny" / "features"
    folder.mkdir(parents=True)
    for number, size in enumerate((1 << 20, 400 << 20)):
        with (folder / f"batch-{number}.jsonl.gz").open("wb") as file:
            file.truncate(size)
    program = textwrap.dedent(
        """
        import asyncio, resource, sys
        from memicos_app.library.datasets.fetching import fetched
        from memicos_app.library.datasets.origins import open_origin
        def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        async def main():
            origin = open_origin(sys.argv[1])
            manifest = await origin.manifest("toy", "3-res-tiny")
            small, large = manifest.batches("features")
            async for _, path in fetched(origin, manifest, [small.name]): pass
            before = peak()
            async for _, path in fetched(origin, manifest, [large.name]): assert path.stat().st_size == large.size
            print(peak() - before)
        asyncio.run(main())
        """
    )

    with web(tmp_path / "origin") as url:
        done = subprocess.run(
            [sys.executable, "-c", program, url], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert int(done.stdout) < 24, "MiB for a file of 400 MiB"
