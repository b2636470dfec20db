"""Plain web servers as origins: folders by their index pages, files by HEAD, or a `manifest.json` beside the files.

Of an index page only the links are read, and of these only the ones that lead one step down.
"""

from __future__ import annotations

import asyncio
import json
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urljoin, urlsplit

from memicos_app.library.datasets.manifest import FILE, KINDS, Object, check_name, is_wanted, parse_objects
from memicos_app.library.datasets.stores import RemoteStore, raise_unless_there, together
from memicos_app.library.errors import NotFoundError
from memicos_app.library.outbound import Answer, Outbound, UpstreamError

INDEX = 16 << 20
"""Bytes that an index page or a manifest may have."""
_AT_ONCE = 8


class WebStore(RemoteStore):
    """A folder of a web server."""

    def url(self, name: str) -> str:
        """As `RemoteStore`."""
        return f"{self.base}/{quote(name)}"

    async def folders(self, prefix: str) -> list[str]:
        """As `Store`."""
        async with self.connected() as http:
            found = await self._index(http, f"{prefix.strip('/')}/")
        return sorted(name.rstrip("/") for name in found or [] if name.endswith("/"))

    async def objects(self, prefix: str) -> list[Object]:
        """As `Store`, of the files that an import reads: from the folder's manifest.json, else from index pages."""
        root = f"{prefix.strip('/')}/"
        async with self.connected() as http:
            answer = await http.ask(self.url(root + FILE), most=INDEX)
            listed = parse_objects(answer.body) if answer.status == 200 else None
            if listed is not None:
                return listed
            names = [name for folder in ("", *KINDS) for name in await self._files(http, root, folder)]
            return await self._heads(http, root, [name for name in names if is_wanted(check_name(name))])

    async def _files(self, http: Outbound, root: str, folder: str) -> list[str]:
        below = f"{folder}/" if folder else ""
        found = await self._index(http, root + below)
        return [below + name for name in found or [] if not name.endswith("/")]

    async def _heads(self, http: Outbound, root: str, names: list[str]) -> list[Object]:
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def head(name: str) -> Object:
            async with at_once:
                one = await self.head_by(http, root + name)
                return Object(name, one.size, one.etag, one.modified)

        return await together(head(name) for name in names)

    async def _index(self, http: Outbound, folder: str) -> list[str] | None:
        """Names in a folder, those of folders with a slash; None where there is no such folder."""
        url = self.url(folder)
        answer = await http.ask(url, most=INDEX)
        try:
            raise_unless_there(answer, url)
        except NotFoundError:
            return None
        return sorted(set(names_in(answer, url)))


def names_in(answer: Answer, url: str) -> list[str]:
    """The names one step below a folder that its listing links to, folders with a slash.

    Raises:
        UpstreamError: the page is no listing.
        UnsafeName: a link hides a name that would lead out of the folder.
    """
    if "json" in answer.headers.get("content-type", ""):
        return _json_names(answer.body, url)
    links = _Links()
    links.feed(answer.body.decode("utf-8", "replace"))
    return [name for link in links.found if (name := _below(url, link))]


def _json_names(body: bytes, url: str) -> list[str]:
    """Names in the listing that nginx gives with `autoindex_format json`."""
    try:
        listed = json.loads(body)
        entries = [(str(entry["name"]), entry.get("type") == "directory") for entry in listed]
    except (ValueError, KeyError, TypeError, AttributeError):
        listed = None
    if not isinstance(listed, list):
        raise UpstreamError(f"{url} answers with JSON that is no listing.")
    return [_part(name) + ("/" if is_folder else "") for name, is_folder in entries]


def _below(url: str, link: str) -> str:
    """The name that a link adds to the folder's address; empty where it leads elsewhere."""
    folder = urlsplit(url)
    try:
        target = urlsplit(urljoin(url, link))
    except ValueError:
        return ""
    if (target.scheme, target.netloc) != (folder.scheme, folder.netloc) or target.query:
        return ""
    if not target.path.startswith(folder.path) or link.startswith("#"):
        return ""
    rest = target.path[len(folder.path) :]
    name, slash = rest.removesuffix("/"), rest.endswith("/")
    if not name or "/" in name:
        return ""
    return _part(unquote(name)) + ("/" if slash else "")


def _part(name: str) -> str:
    """A name of one part. Raises `UnsafeName` where it is more, as one that was written with an encoded slash."""
    return check_name(name if "/" not in name else "..")


class _Links(HTMLParser):
    """Collects where the links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]
