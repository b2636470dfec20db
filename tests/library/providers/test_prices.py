"""Prices in files, names of models, and what differs from provider to provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.providers import ChatModel, Message, chat_model
from memicos_app.library.providers.asking import _options, most_usd
from memicos_app.library.providers.endpoints import provider, providers
from memicos_app.library.providers.prices import Price, listed, price
from memicos_app.settings import get_settings


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CHAT_BASE_URL", "")
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_ones_own_file_goes_before(place: Path) -> None:
    assert price("openai", "gpt-4o-mini") == Price(0.15, 0.6)
    assert price("openai", "gpt-of-tomorrow") is None, "unknown is unknown"
    (place / "models.toml").write_text(
        '[openai]\n"gpt-4o-mini" = { input = 1, output = 2 }\nnew = { input = 3, output = 4 }\n'
    )
    assert price("openai", "gpt-4o-mini") == Price(1, 2)
    assert listed("openai")[-1] == "new"
    assert Price(1, 2).of(1_000_000, 500_000) == 2.0


@pytest.mark.parametrize(
    "content", ["[openai", "openai = 3", "[openai]\nx = 3", "[openai]\nx = { input = -1, output = 0 }"]
)
def test_a_file_that_cannot_be_read(place: Path, content: str) -> None:
    (place / "models.toml").write_text(content)
    with pytest.raises(BadInputError, match=r"models\.toml cannot be read"):
        price("openai", "gpt-4o-mini")


def test_what_a_question_may_cost() -> None:
    asked = [Message("user", "x" * 2000)]
    most = most_usd(ChatModel("openai", "gpt-4o-mini"), asked, 100)
    assert most is not None
    assert most >= Price(0.15, 0.6).of(1000, 100), "two bytes a token are more tokens than texts have"
    assert most_usd(ChatModel("openai", "unknown"), asked, 100) is None


@pytest.mark.parametrize(
    ("text", "owner", "name"),
    [
        ("openai:gpt-4o-mini", "openai", "gpt-4o-mini"),
        ("gpt-4o", "openai", "gpt-4o"),
        ("o4-mini", "openai", "o4-mini"),
        ("claude-haiku-4-5", "anthropic", "claude-haiku-4-5"),
        ("gemini-2.5-flash", "google", "gemini-2.5-flash"),
        ("openai/gpt-4o", "openrouter", "openai/gpt-4o"),
        ("qwen/qwen3:free", "openrouter", "qwen/qwen3:free"),
        ("olmo", "openrouter", "olmo"),
    ],
)
def test_a_model_in_one_word(text: str, owner: str, name: str) -> None:
    assert chat_model(text) == ChatModel(owner, name)


def test_a_model_of_ones_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundError, match="CHAT_BASE_URL"):
        chat_model("local:x")
    monkeypatch.setenv("CHAT_BASE_URL", "https://llm.example:8443/v1")
    get_settings.cache_clear()
    assert chat_model("x") == chat_model("local:x") == ChatModel("local", "x")
    assert provider("local").allow == ("llm.example:8443",)
    assert all(one.allow == () for one in providers() if one.name != "local")
    with pytest.raises(BadInputError):
        chat_model("openai: ")


def test_what_is_sent_differs() -> None:
    def sent(model: str) -> dict[str, object]:
        one = chat_model(model)
        return _options(provider(one.provider), one, temperature=0.5, limit=9, seed=1)

    assert sent("gpt-4o") == {"max_completion_tokens": 9, "temperature": 0.5, "seed": 1}
    assert sent("gpt-5-mini") == {"max_completion_tokens": 9, "reasoning_effort": "low", "seed": 1}
    assert sent("claude-haiku-4-5") == {"max_tokens": 9, "temperature": 0.5}
    assert sent("openai/gpt-4o")["extra_body"] == {"usage": {"include": True}, "reasoning": {"effort": "low"}}
