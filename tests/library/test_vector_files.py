"""Files of steering vectors: read under their names, refused with what is wrong, made into a folder once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from memicos_app.library.errors import BadInputError
from memicos_app.library.sae_folders import read_sae_folder
from memicos_app.library.vector_files import as_folder, is_vectors, read_vectors
from memicos_app.settings import get_settings

HOOK = "blocks.2.hook_resid_post"
ROWS = np.arange(1, 13, dtype=np.float32).reshape(3, 4)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_every_kind_of_file(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    np.save(folder / "a.npy", ROWS)
    (folder / "b.json").write_text(json.dumps([{"label": "sad", "vector": [1, 0, 0, 0]}]))
    (folder / "c.json").write_text(json.dumps({"glad": [0, 1, 0, 0]}))
    save_file({"up": ROWS[0], "down": ROWS[1]}, folder / "d.safetensors")
    (folder / "notes.txt").write_text("not a vector")
    found = read_vectors(folder)
    assert found.labels == ["a 0", "a 1", "a 2", "sad", "glad", "down", "up"]
    np.testing.assert_array_equal(found.vectors[[0, 3, 6]], [ROWS[0], [1, 0, 0, 0], ROWS[0]])
    assert is_vectors(folder)
    assert is_vectors(folder / "a.npy")
    assert not is_vectors(folder / "notes.txt")
    assert not is_vectors(tmp_path)


def test_as_a_folder_it_is_read_like_an_sae_and_made_once(tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", ROWS)
    made = as_folder(tmp_path / "mine.npy", HOOK)
    found = read_sae_folder(made)
    assert (found.architecture, found.d_in, found.d_sae, found.hook_name) == ("vectors", 4, 3, HOOK)
    np.testing.assert_array_equal(load_file(made / "sae_weights.safetensors")["W_dec"], ROWS)
    before = (made / "cfg.json").stat().st_mtime_ns
    assert as_folder(tmp_path / "mine.npy", HOOK) == made
    assert (made / "cfg.json").stat().st_mtime_ns == before
    assert as_folder(tmp_path / "mine.npy", "blocks.1.hook_resid_pre") != made


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "holds no vectors"),
        ("not json", "cannot be read"),
        ('[{"label": "a"}]', "cannot be read: 'vector'"),
        ('{"a": [1, 2], "b": [1, 2, 3]}', r"different lengths: \[2, 3\]"),
        ('{"a": [0, 0]}', "“a” is zero"),
        ('{"a": [NaN, 1]}', "“a” holds what is no number"),
        ('{"a": [1e9, 1]}', "“a” holds what is no number or beyond 1e\\+06"),
        ('{"a": [[[1]]]}', "has 3 dimensions"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "v.json").write_text(content)
    with pytest.raises(BadInputError, match=said) as caught:
        read_vectors(tmp_path / "v.json")
    assert caught.value.field == "sae"


def test_pickles_and_a_missing_hook(tmp_path: Path) -> None:
    (tmp_path / "v.pt").write_bytes(b"\x80")
    with pytest.raises(BadInputError, match="is a pickle"):
        read_vectors(tmp_path / "v.pt")
    np.save(tmp_path / "mine.npy", ROWS)
    with pytest.raises(BadInputError, match="Say the hook point") as caught:
        as_folder(tmp_path / "mine.npy", "")
    assert caught.value.field == "hook"
