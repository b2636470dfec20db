"""The providers there are: where each answers, which setting holds its key, and in what they differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.settings import get_settings

LOCAL = "local"
_REASONING = re.compile(r"(o\d|gpt-5)(?![a-z])")


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model of a provider, by the name that the provider knows it by."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"


@dataclass(frozen=True, slots=True)
class Provider:
    """A place that answers as OpenAI's chat completions do."""

    name: str
    title: str
    base_url: str
    key_setting: str
    newer_limit: bool = False
    """Whether the longest answer is sent as `max_completion_tokens`."""
    seeds: bool = True
    """Whether it takes a seed."""
    gives_logprobs: bool = True
    tells_cost: bool = False
    """Whether it says what a call cost when asked to."""
    keyless: bool = False
    """Whether it may be asked without a key."""

    @property
    def setting_key(self) -> SecretStr:
        """The key of the settings; empty where none is set."""
        found = getattr(get_settings(), self.key_setting)
        assert isinstance(found, SecretStr)
        return found

    @property
    def allow(self) -> tuple[str, ...]:
        """Hosts with port whose address may be private: those that the settings name."""
        if self.name != LOCAL:
            return ()
        parts = urlsplit(self.base_url)
        return (f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}",)

    def reasons(self, model: str) -> bool:
        """Whether a model thinks before it answers and takes no temperature."""
        return self.newer_limit and bool(_REASONING.match(model))


_FIXED = (
    Provider("openai", "OpenAI", "https://api.openai.com/v1", "openai_api_key", newer_limit=True),
    Provider("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "openrouter_api_key", tells_cost=True),
    Provider(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1/",
        "anthropic_api_key",
        seeds=False,
        gives_logprobs=False,
    ),
    Provider(
        "google",
        "Google",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        "google_api_key",
        seeds=False,
        gives_logprobs=False,
    ),
)


def providers() -> list[Provider]:
    """All of them; the local one where CHAT_BASE_URL names it, and then first."""
    url = get_settings().chat_base_url.strip()
    local = Provider(LOCAL, "Local server", url, "chat_api_key", keyless=True)
    return [*([local] if url else []), *_FIXED]


def provider(name: str) -> Provider:
    """One provider.

    Raises:
        NotFoundError: there is none of this name, or no local one is set up.
    """
    found = next((one for one in providers() if one.name == name), None)
    if found is not None:
        return found
    if name == LOCAL:
        raise NotFoundError("No local server is set up: name it in CHAT_BASE_URL.", field="model")
    known = ", ".join(one.name for one in providers())
    raise NotFoundError(f"There is no provider {name[:40]!r}; there are {known}.", field="model")


def chat_model(text: str) -> ChatModel:
    """A model named in one word, `provider:name`; without a provider by the name's beginning, else OpenRouter's.

    Raises:
        BadInputError: the name is empty.
        NotFoundError: there is no such provider.
    """
    text = text.strip()
    before, colon, after = text.partition(":")
    if colon and before in {LOCAL, *(one.name for one in _FIXED)}:
        name, owner = after.strip(), provider(before).name
    else:
        name, owner = text, _owner(text)
    if not name or len(name) > 200 or not name.isprintable():
        raise BadInputError("Name a model, such as openai:gpt-4o-mini or local:NAME.", field="model")
    return ChatModel(owner, name)


def _owner(name: str) -> str:
    if "/" not in name:
        for beginning, owner in (("gpt", "openai"), ("o", "openai"), ("claude", "anthropic"), ("gemini", "google")):
            if re.match(rf"{beginning}\d" if beginning == "o" else beginning, name):
                return owner
    return LOCAL if get_settings().chat_base_url.strip() else "openrouter"
