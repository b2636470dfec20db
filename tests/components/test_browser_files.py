"""Files of components that run in the browser: linked to where the build takes them, by name and at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from memicos_app.components.browser_files import browser_file, link
from memicos_app.settings import ROOT


def test_a_file_is_linked_under_its_component() -> None:
    name = browser_file("memicos_app.components.token_strip", "token_tip.js")
    assert name == "$/public/external/memicos_app/components/token_strip/token_tip.js"
    linked = ROOT / "assets" / name.removeprefix("$/public/")
    assert linked.resolve() == (ROOT / "memicos_app" / "components" / "token_tip.js").resolve()


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.js"):
        browser_file("memicos_app.components.token_strip", "none.js")


def test_many_that_link_at_once_leave_one_link(tmp_path: Path) -> None:
    place, (old, new) = tmp_path / "here" / "a.js", (tmp_path / "old.js", tmp_path / "new.js")
    for source in (old, new):
        source.write_text(source.name)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _, to=source: link(place, to), range(40)))
        assert place.read_text() == source.name
    assert [one.name for one in place.parent.iterdir()] == ["a.js"]
