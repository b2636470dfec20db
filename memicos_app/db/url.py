"""DATABASE_URL in every form that hosts hand out, made into one that SQLAlchemy and psycopg take.

libpq's own parser reads the string, so that whatever `psql` accepts works here. What other clients
invented (Prisma's pool options, `pgbouncer=true`) is translated, or dropped where it means nothing to us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, Dialect

from memicos_app.db.errors import DatabaseUrlError

_SCHEMES = ("postgres", "postgresql", "postgresql+psycopg")
_SECRETS = ("password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret")
_POOLER_HOST = re.compile(r"-pooler\.|(^|\.)pooler\.")
_POOLER_PORTS = ("6432", "6543")
_LIBPQ_WORDS = frozenset(item.keyword.decode() for item in psycopg.pq.Conninfo.get_defaults())
# Options of other clients that change nothing here.
_MEANINGLESS = ("pgbouncer", "statement_cache_size", "socket_timeout", "uselibpqcompat")
_ADDED = {"connect_timeout": "10", "application_name": "memicos"}
_EXAMPLE = "postgresql://user:password@host:5432/database"


@dataclass(frozen=True)
class DatabaseUrl:
    """Where the database is and how to talk to it; printing one never shows a password."""

    url: URL
    connect_args: dict[str, Any] = field(default_factory=dict)
    pooled: bool = False
    pool_size: int | None = None
    pool_timeout: float | None = None

    @property
    def text(self) -> str:
        """The whole address with its password, for SQLAlchemy."""
        return self.url.render_as_string(hide_password=False)

    @property
    def parameters(self) -> dict[str, Any]:
        """Keyword arguments for `psycopg.connect`."""
        dialect: Dialect = self.url.get_dialect()()
        _, parameters = dialect.create_connect_args(self.url)
        return {**parameters, **self.connect_args}

    @property
    def safe(self) -> str:
        """The address without what must stay secret and what we added, for logs and people."""
        asked = {word: value for word, value in self.url.query.items() if _ADDED.get(word) != value}
        shown = {word: "***" if word in _SECRETS else value for word, value in asked.items()}
        return self.url.set(drivername="postgresql", query=shown).render_as_string(hide_password=True)

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.safe!r}, pooled={self.pooled})"


def normalise(url: str) -> DatabaseUrl:
    """The database that a DATABASE_URL names.

    Accepts `postgres://`, `postgresql://` and `postgresql+psycopg://` with everything libpq takes in a
    URI, and the extra options that Prisma, PgBouncer and node clients write into one.

    Raises:
        DatabaseUrlError: the string names no Postgres database, or asks for something unknown.
    """
    body, query = _split(url.strip())
    extras = {word: value for word, value in query if word not in _LIBPQ_WORDS}
    known = [(word, value) for word, value in query if word in _LIBPQ_WORDS]
    parameters = _parse(body, known)
    parameters.update(_tls(extras, parameters))
    pooled = _is_pooled(parameters, extras)
    parameters.update(_search_path(extras.pop("schema", "public"), parameters, pooled=pooled))
    pool_size = _number("connection_limit", extras)
    pool_timeout = _number("pool_timeout", extras)
    _refuse_unknown(extras)
    return DatabaseUrl(
        url=_sqlalchemy_url(parameters),
        connect_args={"prepare_threshold": None} if pooled else {},
        pooled=pooled,
        pool_size=int(pool_size) if pool_size else None,
        pool_timeout=pool_timeout,
    )


def _split(url: str) -> tuple[str, list[tuple[str, str]]]:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        begins = (
            f"; it begins with {scheme}://" if re.fullmatch(r"[A-Za-z][\w+.-]{0,30}", scheme) and separator else ""
        )
        raise DatabaseUrlError(f"DATABASE_URL must look like {_EXAMPLE}{begins}.")
    body, _, query = rest.partition("?")
    if "#" in url or any(character.isspace() for character in url):
        raise DatabaseUrlError(
            "DATABASE_URL holds a space or a #: write special characters of the password percent-encoded, "
            "for example %23 for #."
        )
    return body, parse_qsl(query, keep_blank_values=True)


def _parse(body: str, query: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters as libpq reads them; its own message is withheld because it repeats the password."""
    try:
        parameters = conninfo_to_dict(f"postgresql://{body}?{urlencode(query, quote_via=quote)}")
    except psycopg.Error:
        raise DatabaseUrlError(
            f"DATABASE_URL cannot be read. It must look like {_EXAMPLE}, with special characters of the user "
            "name and password percent-encoded (@ as %40, / as %2F, : as %3A, % as %25)."
        ) from None
    words = {word: str(value) for word, value in parameters.items() if value not in (None, "")}
    for port in words.get("port", "").split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise DatabaseUrlError("DATABASE_URL holds a port that is not a number from 1 to 65535.")
    return words


def _tls(extras: dict[str, str], parameters: dict[str, str]) -> dict[str, str]:
    """TLS options of Prisma and node clients in libpq's words; pops what it understood."""
    accept, switch = extras.pop("sslaccept", ""), extras.pop("ssl", "").lower()
    if accept not in ("", "strict", "accept_invalid_certs"):
        raise DatabaseUrlError("DATABASE_URL: sslaccept is strict or accept_invalid_certs.")
    if switch not in ("", "true", "1", "false", "0"):
        raise DatabaseUrlError("DATABASE_URL: ssl is true or false.")
    if accept == "strict":
        return {"sslmode": "verify-full", "sslrootcert": parameters.get("sslrootcert", "system")}
    if "sslmode" in parameters or not (accept or switch):
        return {}
    return {"sslmode": "disable" if switch in ("false", "0") else "require"}


def _is_pooled(parameters: dict[str, str], extras: dict[str, str]) -> bool:
    """Whether a transaction pooler stands before the server, where prepared statements do not last."""
    asked = extras.get("pgbouncer", "").lower() in ("true", "1") or extras.get("statement_cache_size") == "0"
    hosts = parameters.get("host", "").split(",")
    by_host = any(_POOLER_HOST.search(host) for host in hosts if not host.startswith("/"))
    return asked or by_host or parameters.get("port") in _POOLER_PORTS


def _search_path(schema: str, parameters: dict[str, str], *, pooled: bool) -> dict[str, str]:
    if schema in ("", "public"):
        return {}
    if pooled:
        raise DatabaseUrlError(
            "DATABASE_URL: schema cannot be set through a pooler; use the direct address, "
            "or ALTER ROLE ... SET search_path on the server."
        )
    if not re.fullmatch(r"\w{1,63}", schema):
        raise DatabaseUrlError("DATABASE_URL: schema is a plain name of letters, digits and underscores.")
    return {"options": f"{parameters.get('options', '')} -c search_path={schema},public".strip()}


def _number(word: str, extras: dict[str, str]) -> float | None:
    text = extras.pop(word, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > 10_000:
        raise DatabaseUrlError(f"DATABASE_URL: {word} is a whole number up to 10000.")
    return int(text) or None


def _refuse_unknown(extras: dict[str, str]) -> None:
    unknown = sorted(set(extras) - set(_MEANINGLESS))
    if unknown:
        names = ", ".join(re.sub(r"[^\w.-]", "?", word)[:40] for word in unknown)
        raise DatabaseUrlError(f"DATABASE_URL has options that Postgres does not know: {names}.")


def _sqlalchemy_url(parameters: dict[str, str]) -> URL:
    rest = {**_ADDED, **parameters}
    user, database = rest.pop("user", None), rest.pop("dbname", None)
    password = rest.pop("password", None) if user else None  # SQLAlchemy writes no password without a user.
    host, port = rest.get("host", ""), rest.get("port")
    plain = bool(host) and not any(mark in host for mark in ",/@%")
    if plain:
        rest.pop("host")
        rest.pop("port", None)
    return URL.create(
        "postgresql+psycopg",
        username=user,
        password=password,
        host=host if plain else None,
        port=int(port) if plain and port else None,
        database=database,
        query=rest,
    )
