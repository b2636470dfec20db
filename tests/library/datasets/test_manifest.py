"""Names never lead out of a folder, digests say what changed, and what is written down reads back the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memicos_app.library.datasets.manifest import (
    Manifest,
    Object,
    UnsafeName,
    check_name,
    dumps,
    from_rows,
    is_id,
    is_wanted,
    manifest_of,
    parse_objects,
    to_rows,
)

NAMES = st.one_of(
    st.text(max_size=40),
    st.text("./\\a:%~\0", max_size=12),
    st.sampled_from(["features/batch-0.jsonl.gz", "../x", "/x", "a/../b", "a/./b", "C:/x", "a//b", "~/x", "x/"]),
)
OBJECTS = st.builds(
    Object,
    name=st.from_regex(r"\A(features|activations)/[a-z]{1,5}-[0-9]{1,3}\.jsonl\.gz\Z"),
    size=st.integers(0, 1 << 50),
    etag=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
    modified=st.none() | st.datetimes(timezones=st.just(UTC)),
    md5=st.just("") | st.from_regex(r"\A[0-9a-f]{32}\Z"),
    sha256=st.just("") | st.from_regex(r"\A[0-9a-f]{64}\Z"),
)


@given(NAMES)
def test_a_name_that_passes_stays_inside(name: str) -> None:
    root = Path("/data/downloads/source")
    try:
        path = Path(f"{root}/{check_name(name)}")
    except UnsafeName:
        return
    assert ".." not in path.parts
    assert (root / name).is_relative_to(root)
    assert len(path.parts) == len(root.parts) + len(name.split("/")), "every part is one"


@given(st.text(max_size=20))
def test_an_id_is_one_part(value: str) -> None:
    if is_id(value):
        assert check_name(value) == value
        assert "/" not in value
        assert not value.startswith(".")


@given(st.lists(OBJECTS, max_size=6, unique_by=lambda one: one.name))
def test_written_down_and_read_back(objects: list[Object]) -> None:
    assert from_rows(to_rows(objects)) == tuple(objects)
    read = parse_objects(dumps(Manifest("o", "m", "s", tuple(objects))).encode())
    assert read is not None
    kept = [(one.name, one.size, one.md5, one.sha256) for one in objects]
    assert [(one.name, one.size, one.md5, one.sha256) for one in read] == kept


@given(st.lists(OBJECTS, min_size=1, max_size=6, unique_by=lambda one: one.name), st.randoms())
def test_a_digest_is_of_what_is_there(objects: list[Object], chance: object) -> None:
    listed = manifest_of("o", "m", "s", objects)
    again = manifest_of("another", "m", "s", reversed(objects))
    assert (again.digest, bool(listed.changes(again))) == (listed.digest, False)
    fewer = manifest_of("o", "m", "s", objects[1:])
    assert fewer.digest != listed.digest
    assert listed.changes(fewer).removed == (objects[0].name,)
    assert fewer.changes(listed).added == (objects[0].name,)


def test_what_an_import_reads_and_in_which_order() -> None:
    names = [
        *("features/batch-10.jsonl.gz", "features/batch-9.jsonl.gz", "activations/batch-0.jsonl", "model.jsonl"),
        *(
            "features/.hidden.jsonl",
            "features/notes.txt",
            "activations/old/batch-0.jsonl.gz",
            "jlens/0.pt",
            ".x.jsonl",
        ),
        *("explanations/batch-0.jsonl.gz", "manifest.json", "README.md", "source.jsonl"),
    ]
    listed = manifest_of("o", "m", "s", [Object(name, 1) for name in names])
    assert [one.name for one in listed.objects] == [
        *("model.jsonl", "source.jsonl", "features/batch-9.jsonl.gz", "features/batch-10.jsonl.gz"),
        *("activations/batch-0.jsonl", "explanations/batch-0.jsonl.gz"),
    ]
    assert [one.name for one in listed.cards] == ["model.jsonl", "source.jsonl"]
    assert not is_wanted("features/x")


def test_what_makes_a_version() -> None:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    one = Object("x.jsonl", 1, "etag", moment)
    assert one.is_same(Object("x.jsonl", 1, "etag", None)), "an etag says more than a time"
    assert not one.is_same(Object("x.jsonl", 1, "other", moment))
    assert not one.is_same(Object("x.jsonl", 2, "etag", moment))
    assert not Object("x", 1, modified=moment).is_same(Object("x", 1, modified=moment.replace(year=2025)))
    assert manifest_of("o", "m", "s", [one]).newest == moment


@pytest.mark.parametrize("name", ["features/..\\x.jsonl", "a\nb", "x" * 300, "c:x", ""])
def test_odd_names(name: str) -> None:
    with pytest.raises(UnsafeName):
        check_name(name)
