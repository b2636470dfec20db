"""Limits by the hour: exact however many ask at once, sliding, counted by person or by address."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from memicos_app.library import rates, tracing, visitor
from memicos_app.library.accounts.person import OWNER, VISITOR, Person, set_person
from memicos_app.library.rates import RateLimited, Window, take
from memicos_app.library.visitor import address, set_visitor
from memicos_app.settings import ROOT, get_settings
from tests.hours import clear_of_the_hour

pytestmark = pytest.mark.usefixtures("database")
MOST = 50


@pytest.fixture(autouse=True)
def hosted(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site for many, with a small limit of steering; who asks at the same time waits for a connection."""
    clear_of_the_hour()
    monkeypatch.setenv("DATABASE_URL", f"{database}&pool_timeout=120")
    monkeypatch.setenv("ACCESS", "open")
    monkeypatch.setenv("RATE_LIMITS", f"steer={MOST}")
    get_settings.cache_clear()
    set_person(VISITOR)
    set_visitor("192.0.2.1")
    yield
    set_person(OWNER)
    visitor._name.set(None)
    visitor._address.set("")
    get_settings.cache_clear()


async def passed(times: int) -> int:
    """How many of so many requests at once are let through."""
    found = await asyncio.gather(*(take("steer") for _ in range(times)), return_exceptions=True)
    assert all(one is None or isinstance(one, RateLimited) for one in found), found
    return sum(one is None for one in found)


async def test_of_200_at_once_exactly_as_many_pass_as_may() -> None:
    assert await passed(200) == MOST
    with pytest.raises(RateLimited) as refused:
        await take("steer")
    assert refused.value.status == 429
    assert 0 < (refused.value.retry_after or 0) <= 2 * rates.AN_HOUR


async def test_others_are_not_held_up() -> None:
    assert await passed(MOST + 1) == MOST
    set_visitor("192.0.2.2")
    await take("steer")
    set_visitor("192.0.2.1")
    await take("activation")
    set_person(Person("p1", "p", way="session"))
    assert await passed(MOST + 5) == MOST
    set_person(Person("p2", "q", way="key"))
    await take("steer")


async def test_a_person_counts_wherever_they_ask_from() -> None:
    set_person(Person("p1", "p", way="session"))
    assert await passed(30) == 30
    set_visitor("192.0.2.9")
    set_person(Person("p1", "p", way="key"))
    assert await passed(30) == MOST - 30


async def test_whoever_runs_the_site_is_not_counted(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    set_person(OWNER)
    assert await passed(MOST + 5) == MOST + 5
    set_person(VISITOR)
    for name, value in (("ACCESS", "single"), ("RATE_LIMITS", "off"), ("RATE_LIMITS", "steer=0")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            get_settings.cache_clear()
            assert await passed(MOST + 5) == MOST + 5
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM rate_windows").fetchone() == (0,)


async def test_the_hour_before_counts_by_what_is_left_of_it(database: str) -> None:
    assert await passed(MOST) == MOST
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE rate_windows SET begun = begun - interval '1 hour'")
        row = connection.execute(
            "SELECT extract(epoch FROM clock_timestamp())::float8 - floor(extract(epoch FROM now()) / 3600) * 3600"
        ).fetchone()
    assert row is not None
    let_through = await passed(MOST)
    gone = float(row[0]) / rates.AN_HOUR * MOST
    assert gone - 1 <= let_through <= gone + 2


@pytest.mark.parametrize(
    ("window", "left", "wait"),
    [
        (Window(0, 0, 10), 10, 1),
        (Window(10, 0, 3000), 0, 600 + 360),
        (Window(5, 10, 1800), 0, 1800 + 360 - 1800 + 1800),
        (Window(5, 10, 2700), 2, 1),
    ],
)
def test_what_is_left_and_when_there_is_more(window: Window, left: int, wait: float) -> None:
    assert window.left(10) == left
    after = window.wait(10)
    assert after >= 1
    if window.used >= 10 or left == 0:
        later = window.seconds + after
        assert later > window.seconds


async def test_the_answer_tells_what_is_left() -> None:
    trace = tracing.begin()
    await take("steer")
    assert trace.headers["RateLimit-Limit"] == str(MOST)
    assert trace.headers["RateLimit-Remaining"] == str(MOST - 1)
    assert 0 <= int(trace.headers["RateLimit-Reset"]) <= rates.AN_HOUR


async def test_only_hashes_are_kept(database: str) -> None:
    await take("steer")
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT asker FROM rate_windows").fetchone()
    assert row is not None
    assert "192.0.2" not in row[0]


def test_one_network_of_ipv6_is_one_address() -> None:
    set_visitor("2001:db8::1")
    first = address()
    set_visitor("2001:db8::ffff:1")
    assert address() == first
    set_visitor("2001:db8:0:1::1")
    assert address() != first


@pytest.mark.parametrize("wrong", ["steer", "steer=-1", "steer=many"])
def test_a_wrong_change_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("RATE_LIMITS", wrong)
    get_settings.cache_clear()
    with pytest.raises(ValueError, match="neither off nor of the form"):
        get_settings()
    monkeypatch.setenv("RATE_LIMITS", "")


_ASKED = """
import asyncio, sys
from memicos_app.db import session
from memicos_app.library import rates
from memicos_app.library.accounts.person import VISITOR, set_person
from memicos_app.library.visitor import set_visitor

async def main():
    set_person(VISITOR)
    set_visitor("192.0.2.77")
    sys.stdin.readline()
    found = await asyncio.gather(*(rates.take("steer") for _ in range(100)), return_exceptions=True)
    assert all(one is None or isinstance(one, rates.RateLimited) for one in found), found
    print(sum(one is None for one in found))
    await session.dispose()

print("ready", flush=True)
asyncio.run(main())
"""


def test_two_processes_let_through_as_many_as_one() -> None:
    """They begin together, on one line of input each, and ask a hundred times at once each."""
    command = [sys.executable, "-c", _ASKED]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    asking = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    assert [one.stdout.readline() for one in asking] == ["ready\n"] * 2
    for one in asking:
        one.stdin.write("\n")
        one.stdin.flush()
    assert sum(int(one.communicate(timeout=60)[0]) for one in asking) == MOST


async def test_all_requests_of_an_address_count_together(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setenv("RATE_LIMITS", "request=500")
    get_settings.cache_clear()
    rates._ahead.clear()
    for _ in range(500):
        await rates.take_request()
    with pytest.raises(RateLimited, match="Only 500"):
        await rates.take_request()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT used FROM rate_windows").fetchall() == [(500,)]
    set_visitor("192.0.2.78")
    await rates.take_request()
    set_visitor("127.0.0.1")
    for _ in range(600):
        await rates.take_request()


async def test_old_counts_are_forgotten(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setattr(rates, "_CHANCE_TO_FORGET", 1.0)
    await take("steer")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE rate_windows SET begun = begun - interval '3 hours'")
        set_visitor("192.0.2.3")
        await take("steer")
        assert connection.execute("SELECT count(*) FROM rate_windows").fetchone() == (1,)
