"""Datasets by name: as many texts as are needed, kept in a file; where the hub is out of reach, what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference_worker.dashboards.documents import CorpusError, documents
from inference_worker.dashboards.hub_corpus import fetch
from memicos_app.library.corpora import corpus_file, is_dataset_name
from memicos_app.library.errors import BadInputError


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    """A dataset in a folder, which the `datasets` library reads as it reads one of the hub."""
    folder = tmp_path / "texts"
    folder.mkdir()
    rows = [{"id": n, "story": f"story {n} with some words in it"} for n in range(100)]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder)


def test_as_many_texts_as_are_needed_once(dataset: str, tmp_path: Path) -> None:
    path = fetch(dataset, tmp_path / "kept", tokens=50, column="story")
    texts = list(documents(path))
    assert texts == [f"story {n} with some words in it" for n in range(len(texts))]
    assert 50 * 8 <= sum(map(len, texts)) < 50 * 8 + 40
    (Path(dataset) / "train.jsonl").unlink()
    assert fetch(dataset, tmp_path / "kept", tokens=50, column="story") == path
    assert [one.name for one in (tmp_path / "kept").iterdir()] == [path.name]


def test_what_the_dataset_does_not_have(dataset: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no column “tale” \(there is id, story\)"):
        fetch(dataset, tmp_path / "kept", tokens=50, column="tale")
    with pytest.raises(CorpusError, match="neither text nor token ids"):
        fetch(dataset, tmp_path / "kept", tokens=50, column="id")
    with pytest.raises(CorpusError, match="cannot be read"):
        fetch(dataset, tmp_path / "kept", tokens=50, column="story", split="no-such-split")
    assert not list((tmp_path / "kept").iterdir())


def test_without_the_hub_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CorpusError, match=r"cannot be reached from here .* Name a local \.txt"):
        fetch("nobody-here/no-such-dataset", tmp_path, tokens=50)


def test_names_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").mkdir()
    assert is_dataset_name("owner/name")
    assert is_dataset_name("owner/name:configuration")
    for other in ("a/b", "texts/file.jsonl", "/owner/name", "name", "", "a/b/c", "../x"):
        assert not is_dataset_name(other), other
    with pytest.raises(BadInputError, match="There is no corpus"):
        corpus_file("texts/file.jsonl")
    (tmp_path / "book.pdf").write_text("")
    with pytest.raises(BadInputError, match=r"a corpus is a \.txt, \.jsonl, \.parquet, \.npy file"):
        corpus_file("book.pdf")
