"""What is read about a server that may be dead, and the sentences made of its last words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.postgres_place import Place, explained, processes_in, refuse_full_disk


def test_place_without_a_server_knows_none(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.postmaster is None
    assert place.socket_folder is None
    assert not place.created
    assert processes_in(place.pgdata) == []


@pytest.mark.parametrize(
    "written",
    ["", "garbage\n", "0\n", "-1\n", "999999999\n", f"{os.getpid()}\n", f"-{os.getpid()}\n"],
    ids=["nothing", "no number", "zero", "below zero", "nobody", "this process", "this process below zero"],
)
def test_process_that_is_no_server_is_not_taken_for_one(tmp_path: Path, written: str) -> None:
    place = Place(tmp_path)
    place.pgdata.mkdir(parents=True)
    (place.pgdata / "postmaster.pid").write_text(f"{written}\n")
    assert place.postmaster is None
    assert place.socket_folder is None


def test_full_disk_is_one_sentence(tmp_path: Path) -> None:
    refuse_full_disk(tmp_path, 1)
    with pytest.raises(EmbeddedServerError, match=r"is full .* free some space, or set DATA_DIR"):
        refuse_full_disk(tmp_path, 10**18)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("x\nFATAL:  could not write lock file: No space left on device\n", "disk of .* is full"),
        ("initdb: error: could not look up effective user ID 12345: user does not exist", "no entry in /etc/passwd"),
        ("LOG:  a\nFATAL:  bad thing\nLOG:  shut down\n", "did not start: FATAL:  bad thing"),
        ("initdb: error: could not create directory\n", "could not create directory"),
        ("", "it said nothing"),
    ],
)
def test_last_words_are_explained(tmp_path: Path, output: str, sentence: str) -> None:
    with pytest.raises(EmbeddedServerError, match=sentence):
        raise EmbeddedServerError(explained(output, Place(tmp_path)))
