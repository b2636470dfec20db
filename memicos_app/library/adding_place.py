"""Where an SAE that somebody adds is kept, for the worker to serve: `saes/{model}/{source}/` in the data folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from memicos_app.library.errors import BadInputError
from memicos_app.library.sae_folders import CONFIG, WEIGHTS, SaeFolder
from memicos_app.settings import get_settings

_FILES = (WEIGHTS, "activation_scaler.json", "evaluation.json", CONFIG)


def put_in_place(
    folder: SaeFolder, model_id: str, source_id: str, *, link: bool = False, replace: bool = False
) -> Path:
    """The folder that the worker serves, which holds the SAE from now on; one that is there already is left as it is.

    Args:
        link: refer to the folder in place of copying it; it must stay where it is.
        replace: put it in place of another SAE of this name.

    Raises:
        BadInputError: another SAE has this name.
    """
    settings = get_settings()
    for root in (settings.sae_dir, settings.user_saes_dir):
        there = root / model_id / source_id
        if not (there / CONFIG).is_file():
            continue
        if there.resolve() == folder.path or digest(there) == digest(folder.path):
            return there
        if not replace or root == settings.sae_dir:
            raise BadInputError(
                f"Another SAE is {model_id}/{source_id} already, in {there}. Give this one another set or source id"
                + (", or ask for the other to be replaced." if root != settings.sae_dir else "."),
                field="set_name",
            )
    target = settings.user_saes_dir / model_id / source_id
    partial = settings.user_saes_dir / ".adding" / f"{source_id}.{os.getpid()}"
    _remove(partial)
    partial.parent.mkdir(parents=True, exist_ok=True)
    if link:
        partial.symlink_to(folder.path, target_is_directory=True)
    else:
        _copy(folder.path, partial)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove(target)
    partial.rename(target)
    return target


def digest(folder: Path) -> str:
    """SHA-256 over configuration and weights."""
    found = hashlib.sha256()
    for name in (CONFIG, WEIGHTS):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _copy(folder: Path, target: Path) -> None:
    target.mkdir()
    for name in _FILES:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, target / name)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
