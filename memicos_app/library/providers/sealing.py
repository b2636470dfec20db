"""Keys of people sealed at rest: Fernet with a key of the settings, or of a file in the data folder.

Several keys may be in force: the first seals, all open. So a new one is put first, what is there is sealed anew
(`memicos keys rotate`), and the old one goes.
"""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from memicos_app.db.flock import exclusive
from memicos_app.library.errors import BadInputError
from memicos_app.settings import get_settings


class CannotOpen(BadInputError):
    """Something was sealed with a key that is not here any more."""

    code = "sealed"


def seal(text: str) -> str:
    """The text as it is kept."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed.

    Raises:
        CannotOpen: none of the keys in force opens it.
    """
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen(
            f"A provider's key is sealed with another key than {_where()} holds; give the provider's key anew."
        ) from None


def add_key() -> Path:
    """Put a new key first in the file of the data folder, before those that are there.

    Raises:
        BadInputError: the keys come from the settings.
    """
    if from_settings():
        raise BadInputError("The keys come from SECRETS_KEY: put the new one first there.", field="SECRETS_KEY")
    path = key_file()
    with _alone(path):
        _write(path, [Fernet.generate_key().decode(), *_read(path)])
    return path


def drop_old_keys() -> None:
    """Keep only the first key of the file, once nothing is sealed with the others."""
    if not from_settings():
        path = key_file()
        with _alone(path):
            _write(path, _read(path)[:1])


def key_file() -> Path:
    """Where the keys are that the settings do not hold."""
    return get_settings().data_dir / "secrets.key"


def from_settings() -> list[str]:
    """Keys that the settings name, the one that seals first."""
    return [part for part in re.split(r"[,\s]+", get_settings().secrets_key.get_secret_value()) if part]


def _box() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in from_settings() or _from_file()])
    except ValueError:
        raise BadInputError(
            f"{_where()} holds something that is no Fernet key: 32 bytes in URL-safe base64.", field="SECRETS_KEY"
        ) from None


def _from_file() -> list[str]:
    path = key_file()
    if found := _read(path):
        return found
    with _alone(path):
        if not _read(path):
            _write(path, [Fernet.generate_key().decode()])
    return _read(path)


def _read(path: Path) -> list[str]:
    return path.read_text(encoding="ascii", errors="replace").split() if path.is_file() else []


def _write(path: Path, keys: list[str]) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _alone(path: Path) -> AbstractContextManager[object]:
    """One process at a time makes or changes the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return exclusive(path.with_suffix(".lock"))


def _where() -> str:
    return "SECRETS_KEY" if from_settings() else str(key_file())
