"""Listings of web servers as they are: links one step down, JSON, a manifest; nothing else is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest

from memicos_app.library.datasets import manifest as manifests
from memicos_app.library.datasets.manifest import Manifest, Object, UnsafeName
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.datasets.web import names_in
from memicos_app.library.errors import NotFoundError
from memicos_app.library.outbound import Answer, UpstreamError
from tests.library.datasets.servers import served

URL = "http://example.org/data/v1/toy/"
NGINX = """<html><head><title>Index of /data/v1/toy/</title></head><body><h1>Index of /data/v1/toy/</h1><hr><pre>
<a href="../">../</a>
<a href="3-res-tiny/">3-res-tiny/</a>                 21-Nov-2026 10:00       -
<a href="a%20very%20long%20name.jsonl">a very long na..&gt;</a>  21-Nov-2026 10:00     418
</pre><hr></body></html>"""
APACHE = """<table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="/data/v1/">Parent Directory</a></td></tr>
<tr><td><a href="3-res-tiny/">3-res-tiny/</a></td><td>2026-11-21</td><td>  - </td></tr>
<tr><td><a href='model.jsonl'>model.jsonl</a></td><td>2026-11-21</td><td>418</td></tr></table>"""
ELSEWHERE = """<a href="http://evil.example/data/v1/toy/x/">x</a><a href="//evil.example/data/v1/toy/x">x</a>
<a href="javascript:alert(1)">x</a><a href="#x">x</a><a>x</a><a href="">x</a><a href="a/b/">x</a><a href="/x">x</a>
<a href="../../x">x</a><a href="http://[bad/">x</a><a href="/data/v1/toy/full.jsonl">x</a><p href="no.jsonl">"""


def page(text: str, kind: str = "text/html") -> Answer:
    return Answer(200, httpx.Headers({"content-type": kind}), text.encode(), URL)


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (page(NGINX), ["3-res-tiny/", "a very long name.jsonl"]),
        (page(APACHE), ["3-res-tiny/", "model.jsonl"]),
        (page(ELSEWHERE), ["full.jsonl"]),
        (page("", ""), []),
        (
            page(
                '[{"name":"3-res-tiny","type":"directory"},{"name":"x","type":"file","size":1}]', "application/json"
            ),
            ["3-res-tiny/", "x"],
        ),
    ],
)
def test_names_in_listings(answer: Answer, names: list[str]) -> None:
    assert names_in(answer, URL) == names


@pytest.mark.parametrize("link", ["%2e%2e%2f%2e%2e%2fx", "a%2fb", "..%5cx", "x%00y", "%2e%2e"])
def test_links_that_hide_a_way_out(link: str) -> None:
    with pytest.raises(UnsafeName):
        names_in(page(f'<a href="{link}">x</a>'), URL)


@pytest.mark.parametrize("text", ["{}", "[1]", "no", '[{"no": 1}]'])
def test_json_that_is_no_listing(text: str) -> None:
    with pytest.raises(UpstreamError, match="no listing"):
        names_in(page(text, "application/json"), URL)


class _Static(BaseHTTPRequestHandler):
    """A server that lists nothing: some files, and `sent` of them without a size."""

    files: dict[str, bytes] = {}

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        data = self.files.get(self.path)
        self.send_response(404 if data is None else 200)
        if data is not None and not self.path.endswith("sized/model.jsonl"):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if data is not None and self.command == "GET":
            self.wfile.write(data)


@pytest.fixture
def static() -> Iterator[tuple[str, dict[str, bytes]]]:
    files: dict[str, bytes] = {}
    with served(type("_Files", (_Static,), {"files": files})) as url:
        yield url, files


async def test_a_manifest_beside_the_files(static: tuple[str, dict[str, bytes]]) -> None:
    url, files = static
    objects = (
        Object("model.jsonl", 3, sha256="a" * 64),
        Object("features/batch-0.jsonl.gz", 4, md5="b" * 32),
    )
    written = Manifest("anywhere", "toy", "3-res-tiny", objects)
    files["/v1/toy/3-res-tiny/manifest.json"] = manifests.dumps(written, counts={"features": 2}).encode()
    found = await open_origin(url).manifest("toy", "3-res-tiny")
    assert found.objects == objects
    text = json.loads(manifests.dumps(written, counts={"features": 2}))
    assert (text["model"], text["counts"]) == ("toy", {"features": 2})
    files["/v1/toy/4-evil/manifest.json"] = b'{"objects": [{"name": "features/../../x.jsonl", "size": 1}]}'
    with pytest.raises(UnsafeName):
        await open_origin(url).manifest("toy", "4-evil")
    with pytest.raises(NotFoundError, match="holds no v1/toy/5-none"):
        await open_origin(url).manifest("toy", "5-none")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"objects": 1}', '{"objects": [{"name": 1, "size": 1}]}', '{"objects": [{"name": "x"}]}'],
)
def test_manifests_that_are_none(text: str) -> None:
    assert manifests.parse_objects(text.encode()) is None


async def test_a_file_without_a_size(static: tuple[str, dict[str, bytes]]) -> None:
    url, files = static
    files["/v1/toy/sized/"] = b'<a href="model.jsonl">x</a>'
    files["/v1/toy/sized/model.jsonl"] = b"{}"
    with pytest.raises(UpstreamError, match="without its size"):
        await open_origin(url).manifest("toy", "sized")
