"""Where an added SAE is kept: copied or referred to, never in place of another one unless that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.adding_place import put_in_place
from memicos_app.library.errors import BadInputError
from memicos_app.library.sae_folders import read_sae_folder
from memicos_app.settings import get_settings
from tests.library.test_sae_folders import write


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SAE_DIR", str(tmp_path / "demo"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_copy_is_whole_and_made_once(tmp_path: Path) -> None:
    sae = write(tmp_path / "mine")
    (sae / "evaluation.json").write_text("{}")
    served = put_in_place(read_sae_folder(sae), "m", "3-a")
    assert served == tmp_path / "data" / "saes" / "m" / "3-a"
    assert contents(served) == contents(sae)
    before = served.stat().st_mtime_ns
    assert put_in_place(read_sae_folder(sae), "m", "3-a") == served
    assert put_in_place(read_sae_folder(served), "m", "3-a") == served
    assert served.stat().st_mtime_ns == before
    assert sorted(path.name for path in (tmp_path / "data" / "saes").glob("*/*")) == ["3-a"]


def test_a_link_refers_to_the_folder(tmp_path: Path) -> None:
    sae = write(tmp_path / "mine")
    served = put_in_place(read_sae_folder(sae), "m", "3-a", link=True)
    assert served.is_symlink()
    assert served.resolve() == sae.resolve()


@pytest.mark.parametrize("link", [False, True])
def test_another_sae_of_the_name_stays_unless_it_is_to_be_replaced(tmp_path: Path, link: bool) -> None:
    first, second = write(tmp_path / "first"), write(tmp_path / "second", metadata={"hook_name": "blocks.1.hook_in"})
    served = put_in_place(read_sae_folder(first), "m", "3-a", link=link)
    with pytest.raises(BadInputError, match="Another SAE is m/3-a already") as caught:
        put_in_place(read_sae_folder(second), "m", "3-a")
    assert caught.value.field == "set_name"
    assert contents(served) == contents(first)
    put_in_place(read_sae_folder(second), "m", "3-a", replace=True)
    assert contents(served) == contents(second)
    assert not served.is_symlink()
    assert contents(first), "what was only referred to is left alone"


def test_the_demos_are_never_replaced(tmp_path: Path) -> None:
    demo = write(tmp_path / "demo" / "m" / "3-a")
    assert put_in_place(read_sae_folder(write(tmp_path / "same")), "m", "3-a") == demo
    other = read_sae_folder(write(tmp_path / "other", metadata={"hook_name": "blocks.1.hook_in"}))
    with pytest.raises(BadInputError, match="Another SAE is m/3-a already"):
        put_in_place(other, "m", "3-a", replace=True)
