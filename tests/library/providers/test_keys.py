"""Keys of people: sealed at rest, shown by their ends alone, sealed anew when the key above them changes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.providers import keys, sealing
from memicos_app.library.providers.endpoints import provider
from memicos_app.library.providers.errors import last_four, scrubbed
from memicos_app.library.query import row, rows
from memicos_app.settings import get_settings

KEY = "sk-proj-abcdefghijklmnop1234"


@pytest.fixture(autouse=True)
def place(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, and no keys in the settings."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in ("OPENAI_API_KEY", "OPENROUTER_API_KEY", "CHAT_BASE_URL", "SECRETS_KEY"):
        monkeypatch.setenv(name, "")
    get_settings.cache_clear()
    return tmp_path


async def key() -> str | None:
    found = await keys.key_of(provider("openai"))
    return found.get_secret_value() if found else None


async def test_a_key_is_kept_sealed(place: Path) -> None:
    known = await keys.put("openai", SecretStr(f" {KEY}\n"))
    assert (known.source, known.last_four) == ("own", "1234")
    assert KEY not in repr(known)
    assert await key() == KEY
    stored = await row("SELECT sealed, last_four FROM provider_keys")
    assert stored is not None
    assert KEY not in str(stored)
    assert KEY[8:20] not in str(stored)
    assert stat.S_IMODE((place / "secrets.key").stat().st_mode) == 0o600


async def test_ones_own_goes_before_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await key() is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-settings-9999")
    get_settings.cache_clear()
    assert await key() == "sk-of-the-settings-9999"
    await keys.put("openai", SecretStr(KEY))
    assert await key() == KEY
    found = {one.provider: one for one in await keys.known()}
    assert (found["openai"].source, found["openrouter"].source) == ("own", "none")
    assert not found["openrouter"].usable
    await keys.forget("openai")
    assert await key() == "sk-of-the-settings-9999"
    assert {one.provider: one.source for one in await keys.known()}["openai"] == "settings"
    with pytest.raises(NotFoundError):
        await keys.forget("openai")


@pytest.mark.parametrize("text", ["", "   ", "two words", "kéy", "x" * 501, "a\x00b"])
async def test_what_is_no_key(text: str) -> None:
    with pytest.raises(BadInputError) as error:
        await keys.put("openai", SecretStr(text))
    assert error.value.field == "key"
    with pytest.raises(NotFoundError):
        await keys.put("nobody", SecretStr(KEY))


async def test_rotation(place: Path) -> None:
    await keys.put("openai", SecretStr(KEY))
    before = (await rows("SELECT sealed FROM provider_keys"))[0]["sealed"]
    first = (place / "secrets.key").read_text()
    assert await keys.rotate() == 1
    second = (place / "secrets.key").read_text()
    assert second != first
    assert len(second.split()) == 1, "the old one is gone"
    assert await key() == KEY
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(before)


async def test_rotation_with_keys_of_the_settings(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))

    def use(*several: str) -> None:
        monkeypatch.setenv("SECRETS_KEY", ",".join(several))
        get_settings.cache_clear()

    use(old)
    await keys.put("openai", SecretStr(KEY))
    use(new, old)
    assert await key() == KEY
    assert await keys.rotate() == 1
    use(new)
    assert await key() == KEY
    assert not (place / "secrets.key").exists()
    use("not a key")
    with pytest.raises(BadInputError, match="no Fernet key"):
        await key()


async def test_a_lost_key_file_says_what_to_do(place: Path) -> None:
    await keys.put("openai", SecretStr(KEY))
    (place / "secrets.key").unlink()
    with pytest.raises(sealing.CannotOpen, match="give the provider's key anew"):
        await key()
    await keys.put("openai", SecretStr(KEY))
    assert await key() == KEY


def test_words_without_keys() -> None:
    assert scrubbed(f"Bad key {KEY}!", [KEY]) == "Bad key …1234!"
    assert scrubbed("sk-ant-api03-ABCDEFGHIJ and AIzaSyA123456789abc") == "…GHIJ and …9abc"
    assert scrubbed("Authorization: Bearer abc.def.ghi.jkl") == "Authorization: Bearer ….jkl"
    assert scrubbed("a plain sentence about asking") == "a plain sentence about asking"
    assert last_four("short") == "", "of a short key nothing is told"
