"""SAEs by their id in SAELens's registry: which there are for a model, and how one is fetched from the hub.

The registry is a file in the `sae_lens` package, readable without a network; the weights always come from the hub
or from its local cache.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inference_worker.engine.errors import Unusable
from inference_worker.engine.hub import is_unreachable
from inference_worker.engine.saes import LoadedSae, quiet, settled

_PICKLED = {
    "connor_rob_hook_z",
    "deepseek_r1",
    "dictionary_learning_1",
    "goodfire",
    "qwen_scope",
}
"""Kinds of release whose weights are published as pickles."""
_LAYER = re.compile(r"(?:layers?|blocks?|(?<![a-z])l)[._/-]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RegistryId:
    """How SAELens names an SAE."""

    release: str
    sae_id: str


def find(wanted: Sequence[str], models: Collection[str]) -> dict[str, RegistryId]:
    """Source ids, with what SAELens calls them, for what a setting asks for.

    A source that the public site has keeps its id there, `{layer}-{set}`; another one is called
    `{layer}-{release}__{sae id}`.

    Args:
        wanted: each the name of a set (`res-jb`), a release (`gpt2-small-res-jb`), or `release:sae_id`.
        models: names of the model; a set is looked for among these models' SAEs.
    """
    if not _mentions(wanted, models):
        return {}
    found: dict[str, RegistryId] = {}
    for one in wanted:
        release, _, sae_id = one.partition(":")
        entries = _of_release(release, sae_id) if release in _directory() else _of_set(one, models)
        for source_id, entry in entries:
            found.setdefault(source_id, entry)
    return found


def fetch(entry: RegistryId, source_id: str, *, device: str, dtype: str = "float32") -> LoadedSae:
    """The SAE, downloaded if it is not in the hub's cache; decoder rows are unit vectors, as on the public site.

    Raises:
        Unusable: the hub cannot be reached or refuses, the weights are a pickle, or SAELens cannot read them.
    """
    release = _directory()[entry.release]
    if release.conversion_func in _PICKLED:
        raise Unusable(
            f"The SAE {source_id} is published as a pickle ({release.repo_id}), which could run code when read. "
            "Convert it on a machine that you trust: SAE.from_pretrained(release, sae_id).save_model(folder)."
        )
    if is_unreachable(release.repo_id):
        raise Unusable(_unreached(source_id, release.repo_id))
    try:
        with quiet():
            from sae_lens import SAE

            sae = SAE.from_pretrained(entry.release, entry.sae_id, device=device, dtype=dtype)
            return settled(sae, source_id, fold_decoder=True)
    except Unusable:
        raise
    except Exception as error:  # the hub's client and every converter have kinds of their own
        raise Unusable(_sentence(error, source_id, release.repo_id)) from error


def _sentence(error: Exception, source_id: str, repo_id: str) -> str:
    name = type(error).__name__
    if name in ("GatedRepoError", "RepositoryNotFoundError"):
        return (
            f"The SAE {source_id} is not open to everybody ({repo_id}): accept its terms on the hub and set HF_TOKEN."
        )
    if isinstance(error, OSError) or "Connect" in name or "Timeout" in name:
        return f"{_unreached(source_id, repo_id)} ({_first_line(error)})"
    return f"The SAE {source_id} ({repo_id}) cannot be read: {name}: {_first_line(error)}"


def _unreached(source_id: str, repo_id: str) -> str:
    return (
        f"The SAE {source_id} has to be downloaded from the Hugging Face hub ({repo_id}), which cannot be reached "
        "from here. A folder in SAELens's format can be put in its place."
    )


def _first_line(error: Exception) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if line.endswith(".") else f"{line}."


def _of_set(name: str, models: Collection[str]) -> Iterator[tuple[str, RegistryId]]:
    for release in _directory().values():
        for sae_id, public_id in release.neuronpedia_id.items():
            model, _, source_id = (public_id or "").partition("/")
            if model in models and source_id.partition("-")[2].partition("__")[0] == name:
                yield source_id, RegistryId(release.release, sae_id)


def _of_release(name: str, only: str) -> Iterator[tuple[str, RegistryId]]:
    release = _directory()[name]
    for sae_id, path in release.saes_map.items():
        if only in ("", sae_id):
            public_id = release.neuronpedia_id.get(sae_id) or ""
            source_id = public_id.partition("/")[2] or _made_up(name, sae_id, str(path))
            yield source_id, RegistryId(name, sae_id)


def _made_up(release: str, sae_id: str, path: str) -> str:
    layer = _LAYER.search(sae_id) or _LAYER.search(path)
    return f"{layer[1] if layer else 0}-{release}__{re.sub(r'[^A-Za-z0-9._-]+', '-', sae_id)}"


def _mentions(wanted: Sequence[str], models: Collection[str]) -> bool:
    """Whether reading the registry, which takes a second or two, can be of any use."""
    text = _text()
    sets = any(f"neuronpedia: {model}/" in text for model in models)
    return sets or any(f"\n{one.partition(':')[0]}:" in text for one in wanted)


@cache
def _text() -> str:
    spec = find_spec("sae_lens")
    folders = (spec.submodule_search_locations or []) if spec else []
    return "\n" + "".join((Path(folder) / "pretrained_saes.yaml").read_text() for folder in folders)


def _directory() -> dict[str, Any]:
    with quiet():
        from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

        directory: dict[str, Any] = get_pretrained_saes_directory()
        return directory
