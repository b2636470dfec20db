"""DATABASE_URL as hosts write it: what is understood, what is dropped, what is refused, and what is never shown."""

from __future__ import annotations

import pytest

from memicos_app.db.errors import DatabaseUrlError
from memicos_app.db.url import normalise

NEON = "postgresql://alex:AbC123dEf@ep-cool-darkness-a1b2c3d4.us-east-2.aws.neon.tech/dbname"
NEON_POOLED = "postgresql://alex:AbC123dEf@ep-cool-darkness-a1b2c3d4-pooler.us-east-2.aws.neon.tech/dbname"
CLOUD_SQL = "postgres://postgres:pw@10.1.2.3:5432/postgres?pgbouncer=true&connect_timeout=15"
NO_PREPARED = {"prepare_threshold": None}

UNDERSTOOD = [
    ("postgres://u:p@h/d", {"user": "u", "password": "p", "host": "h", "dbname": "d"}),
    ("postgresql://u:p@h:6000/d", {"host": "h", "port": 6000}),
    ("postgresql+psycopg://u:p@h/d", {"host": "h", "dbname": "d"}),
    ("  postgres://u@h/d\n", {"host": "h"}),
    ("POSTGRES://u@h/d", {"host": "h"}),
    (f"{NEON}?sslmode=require&channel_binding=require", {"sslmode": "require", "channel_binding": "require"}),
    (f"{NEON_POOLED}?sslmode=require", NO_PREPARED),
    (CLOUD_SQL, {"host": "10.1.2.3", "connect_timeout": "15", **NO_PREPARED}),
    ("postgresql://u:p@localhost/d?host=/cloudsql/pro:reg:inst", {"host": "/cloudsql/pro:reg:inst", "dbname": "d"}),
    ("postgresql://u@/d?host=/var/run/postgresql", {"host": "/var/run/postgresql"}),
    ("postgresql://%2Fvar%2Frun%2Fpostgresql/d", {"host": "/var/run/postgresql"}),
    ("postgresql://u@/d?host=/a%20b/c&port=5433", {"host": "/a b/c", "port": "5433"}),
    ("postgresql://u:p%40s%2Fs%3Aw%25d%23%3F@h/d", {"password": "p@s/s:w%d#?"}),
    ("postgresql://us%40er:p@h/d", {"user": "us@er"}),
    ("postgresql://u:p@[::1]:5432/d", {"host": "::1", "port": 5432}),
    ("postgresql://h1:5432,h2:5433/d?target_session_attrs=read-write", {"host": "h1,h2", "port": "5432,5433"}),
    ("postgresql://u@h/d?sslaccept=strict", {"sslmode": "verify-full", "sslrootcert": "system"}),
    ("postgresql://u@h/d?sslaccept=accept_invalid_certs", {"sslmode": "require"}),
    ("postgresql://u@h/d?ssl=true", {"sslmode": "require"}),
    ("postgresql://u@h/d?ssl=false", {"sslmode": "disable"}),
    ("postgresql://u@h/d?ssl=true&sslmode=verify-ca", {"sslmode": "verify-ca"}),
    ("postgresql://u@h/d?schema=research", {"options": "-c search_path=research,public"}),
    ("postgresql://u@h/d?application_name=lab", {"application_name": "lab"}),
    ("postgresql://u@h:6432/d", NO_PREPARED),
    ("postgresql://u@aws-0-eu.pooler.supabase.com/d", NO_PREPARED),
    ("postgresql://u@h/d?statement_cache_size=0", NO_PREPARED),
]


@pytest.mark.parametrize(("url", "expected"), UNDERSTOOD)
def test_url_is_understood(url: str, expected: dict[str, object]) -> None:
    found = normalise(url)
    assert {word: found.parameters.get(word, "absent") for word in expected} == expected
    assert found.text.startswith("postgresql+psycopg://")


@pytest.mark.parametrize(("url", "expected"), UNDERSTOOD)
def test_text_means_the_same_when_read_again(url: str, expected: dict[str, object]) -> None:
    again = normalise(normalise(url).text).parameters | NO_PREPARED
    assert again == normalise(url).parameters | NO_PREPARED


@pytest.mark.parametrize(
    "dropped", ["pgbouncer=true", "schema=public", "connection_limit=5", "pool_timeout=3", "socket_timeout=9"]
)
def test_options_of_other_clients_do_not_reach_libpq(dropped: str) -> None:
    parameters = normalise(f"postgresql://u@h/d?{dropped}").parameters
    assert dropped.split("=")[0] not in parameters


def test_direct_address_keeps_prepared_statements() -> None:
    assert not normalise(NEON).pooled
    assert "prepare_threshold" not in normalise(NEON).parameters
    assert not normalise("postgresql://u@h/d?pgbouncer=false").pooled


def test_pool_options_are_ours_to_keep() -> None:
    found = normalise("postgresql://u@h/d?connection_limit=3&pool_timeout=7")
    assert (found.pool_size, found.pool_timeout) == (3, 7)
    assert normalise("postgresql://u@h/d?pool_timeout=0").pool_timeout is None


REFUSED = [
    ("mysql://u:secret@h/d", "begins with mysql://"),
    ("sqlite:///file.db", "begins with sqlite://"),
    ("postgresql+asyncpg://u:secret@h/d", "begins with postgresql+asyncpg://"),
    ("host=h user=u password=secret", "must look like"),
    ("h/d", "must look like"),
    ("", "must look like"),
    ("psql 'postgresql://u:secret@h/d'", "must look like"),
    ("postgresql://u:sec ret@h/d", "percent-encoded"),
    ("postgresql://u:secret#1@h/d", "percent-encoded"),
    ("postgresql://u:secret%zz@h/d", "percent-encoded"),
    ("postgresql://u:secret/1@h/d", "port"),
    ("postgresql://u:secret@h:port/d", "port"),
    ("postgresql://u:secret@h:70000/d", "port"),
    ("postgresql://u:secret@h/d?sslidentity=secret.p12", "sslidentity"),
    ("postgresql://u:secret@h/d?nonsense=secret", "nonsense"),
    ("postgresql://u:secret@h/d?sslaccept=maybe", "sslaccept"),
    ("postgresql://u:secret@h/d?ssl=maybe", "ssl is"),
    ("postgresql://u:secret@h/d?connection_limit=many", "connection_limit"),
    ("postgresql://u:secret@h/d?schema=a%20b", "schema"),
    ("postgresql://u:secret@h-pooler.neon.tech/d?schema=research", "pooler"),
]


@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_url_is_refused_with_its_name_and_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(DatabaseUrlError) as refusal:
        normalise(url)
    message = str(refusal.value)
    assert "DATABASE_URL" in message
    assert reason in message
    assert "secret" not in message
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@h/d",
        "postgresql://u:secret@/d?host=/tmp",
        "postgresql://u@h/d?sslpassword=secret",
        "postgresql://u@h/d?password=secret",
    ],
)
def test_printing_shows_no_secret(url: str) -> None:
    found = normalise(url)
    assert "secret" not in repr(found) + str(found) + f"{found}" + found.safe
    assert "secret" in str(found.parameters)
