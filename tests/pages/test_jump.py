"""The jump box over events: what is suggested, and what comes too late to be."""

from __future__ import annotations

import pytest

from memicos_app.components import jump
from memicos_app.components.jump import JumpState
from tests.api.dataset import MODEL, SOURCE
from tests.pages.events import visitor


async def test_suggestions_for_words_that_led_away_do_not_open_on_the_next_page(
    imported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visitor(MODEL, SOURCE, "0") as tab:
        await tab.cause(JumpState.suggest("zzz"))
        assert len(tab.shown["suggestions"]) == 1
        await tab.cause(JumpState.go({"jump": "zzz or so"}))
        assert tab.told("_redirect")[-1].startswith("/search-explanations?q=zzz")
        await tab.cause(JumpState.suggest("zzz or so"))
        assert tab.shown["suggestions"] == [], "the last letters were on their way"
        await tab.cause(JumpState.suggest("zzz"))
        assert len(tab.shown["suggestions"]) == 1
        monkeypatch.setattr(jump, "LATE_S", 0.0)
        await tab.cause(JumpState.suggest("zzz or so"))
        assert "zzz or so" in tab.shown["suggestions"][0]["words"]
