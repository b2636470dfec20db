"""The descriptions of both APIs: as committed, complete, and with pages that ask nothing of the net."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from fastapi.routing import APIRoute

from memicos_app.api.app import ROUTERS
from scripts import openapi

NAMES = sorted(openapi.DOCUMENTS)


@functools.cache
def document(name: str) -> dict[str, Any]:
    return openapi.DOCUMENTS[name]()


def operations(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document(name)["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_description_is_that_of_the_code(name: str) -> None:
    committed = (openapi.FOLDER / name).read_text(encoding="utf-8")
    assert yaml.safe_load(committed) == document(name), "run `make openapi`"
    assert committed == openapi.written(document(name)), "run `make openapi`"


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_is_described_under_a_name_of_its_own(name: str) -> None:
    found = dict(operations(name))
    assert len(found) >= 7
    assert [where for where, one in found.items() if len(one["summary"]) < 12] == []
    assert [where for where, one in found.items() if not one.get("tags")] == []
    names = [one["operationId"] for one in found.values()]
    assert len(set(names)) == len(names)


def test_every_route_of_the_site_is_in_its_description() -> None:
    served = {route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)}
    assert served == set(document("site.yaml")["paths"])


def untyped(schema: dict[str, Any]) -> bool:
    """Whether a schema leaves open what an answer is."""
    parts = [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]
    if parts:
        return any(map(untyped, parts))
    if schema.get("type") == "object":
        return not isinstance(schema.get("additionalProperties"), dict)
    return "$ref" not in schema and "type" not in schema


def test_every_answer_of_the_site_is_typed() -> None:
    for where, one in operations("site.yaml"):
        good = {code: answer for code, answer in one["responses"].items() if code[0] in "23"}
        assert good, where
        for code, answer in good.items():
            assert answer.get("content") or code == "303", where
            for kind, content in answer.get("content", {}).items():
                assert not untyped(content["schema"]), f"{where} says nothing of its {kind}"
        problems = [
            one["responses"][code]["content"]["application/json"]["schema"]["$ref"] for code in ("4XX", "5XX")
        ]
        assert {each.rpartition("/")[2] for each in problems} == {"Problem"}, where


def test_every_request_of_the_worker_has_an_example_and_every_tag_a_sentence() -> None:
    name = "inference-server.yaml"
    asked = {where: one["requestBody"] for where, one in operations(name) if "requestBody" in one}
    without = [where for where, body in asked.items() if "example" not in body["content"]["application/json"]]
    assert without == [], "inference_worker/routes/examples.py"
    told = {tag["name"] for tag in document(name)["tags"]}
    assert {tag for _, one in operations(name) for tag in one["tags"]} == told


def test_headers_of_requests_are_described() -> None:
    for where, one in operations("inference-server.yaml"):
        path = where.partition(" ")[2]
        named = {parameter["name"] for parameter in one.get("parameters", [])}
        turns = {"X-Client-Id", "X-Priority", "X-Timeout"} if where.startswith("POST") else set()
        assert named == ({"X-Casing", *turns} if path.startswith("/v1/") else set()), where
        assert ("security" in one) == (path != "/health"), where
