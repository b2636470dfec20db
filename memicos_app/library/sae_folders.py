"""A folder in SAELens's format that somebody brings: is it whole, where does it read, what would it be called.

Only the configuration and the header of the weights are read, without torch, so that a form can ask at every key.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memicos_app.library.errors import BadInputError
from memicos_app.library.saes import hook_name

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt")
_LARGEST_HEADER = 100 << 20
_HOOK = re.compile(r"blocks\.(\d+)\.[a-z0-9_]+(\.[a-z0-9_]+)*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class SaeFolder:
    """An SAE as its folder describes it."""

    path: Path
    config: dict[str, Any]
    d_in: int
    d_sae: int
    d_out: int

    @property
    def metadata(self) -> dict[str, Any]:
        """Where it was trained and what for."""
        found = self.config.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def hook_name(self) -> str:
        """Where it reads."""
        return hook_name(self.config)

    @property
    def hook_name_out(self) -> str:
        """Where it writes: the same place, but for transcoders."""
        return str(self.metadata.get("hook_name_out") or self.config.get("hook_name_out") or self.hook_name)

    @property
    def architecture(self) -> str:
        """SAELens's word for it, as `jumprelu`."""
        return str(self.config.get("architecture") or "standard")

    @property
    def layer(self) -> int:
        """The block that its hook point belongs to."""
        found = _HOOK.fullmatch(self.hook_name)
        return int(found[1]) if found else 0

    @property
    def neuronpedia_id(self) -> str:
        """`{model}/{source}` as the public site calls it, or nothing."""
        return str(self.metadata.get("neuronpedia_id") or self.config.get("neuronpedia_id") or "")


@dataclass(frozen=True, slots=True)
class Names:
    """What a source is called."""

    source_id: str
    set_name: str


def read_sae_folder(path: Path) -> SaeFolder:
    """The SAE of a folder.

    Raises:
        BadInputError: there is no such folder, it is none in SAELens's format, its weights are a pickle, or they have
            other shapes than its configuration says.
    """
    config = _config(path)
    shapes = _shapes(path)
    d_in, d_sae = _width(path, config, "d_in"), _width(path, config, "d_sae")
    d_out = int(config.get("d_out") or d_in)
    _check_shapes(path, shapes, {"d_in": d_in, "d_sae": d_sae, "d_out": d_out})
    found = SaeFolder(path, config, d_in, d_sae, d_out)
    for hook in (found.hook_name, found.hook_name_out):
        _check_hook(path, hook)
    return found


def names_of(folder: SaeFolder, source_id: str = "", set_name: str = "") -> Names:
    """Names as given, else as the configuration says: its neuronpedia_id, or its layer and the set.

    Raises:
        BadInputError: neither is enough, or a name cannot stand in an address.
    """
    if not source_id and set_name:
        source_id = f"{folder.layer}-{set_name}"
    source_id = source_id or folder.neuronpedia_id.rpartition("/")[2]
    if not source_id:
        raise BadInputError(
            f"{folder.path / CONFIG} does not say what the source is called: name its set.", field="set_name"
        )
    set_name = set_name or source_id.partition("-")[2].partition("__")[0] or source_id
    for field, name in (("set_name", set_name), ("source_id", source_id)):
        if not _NAME.fullmatch(name):
            raise BadInputError(f"“{name}” is no name: letters, digits, dot, dash and underscore.", field=field)
    return Names(source_id, set_name)


def _config(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        what = "is a file; give the folder that it lies in" if path.exists() else "is not there"
        raise BadInputError(f"{path} {what}.", field="sae")
    if not (path / CONFIG).is_file():
        raise BadInputError(
            f"{path} is no SAE in SAELens format: it has no {CONFIG}.{_below(path)}{_pickled(path)}", field="sae"
        )
    try:
        config = json.loads((path / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path / CONFIG} cannot be read: {error}", field="sae") from error
    if not isinstance(config, dict):
        raise BadInputError(f"{path / CONFIG} holds no JSON object.", field="sae")
    return config


def _shapes(path: Path) -> dict[str, list[int]]:
    """Shapes of the tensors, from the header of the weights' file."""
    file = path / WEIGHTS
    if not file.is_file():
        raise BadInputError(f"{path} has no {WEIGHTS}.{_pickled(path)}", field="sae")
    try:
        with file.open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            if size > min(_LARGEST_HEADER, file.stat().st_size - 8):
                raise ValueError("the file is cut off, or no safetensors file")
            header = json.loads(opened.read(size))
        tensors = {name: one for name, one in header.items() if name != "__metadata__"}
        end = max((int(one["data_offsets"][1]) for one in tensors.values()), default=0)
        if end != file.stat().st_size - 8 - size:
            raise ValueError("the file is cut off")
        return {name: [int(length) for length in one["shape"]] for name, one in tensors.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"{file} cannot be read: {error}.", field="sae") from error


def _width(path: Path, config: dict[str, Any], name: str) -> int:
    found = config.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise BadInputError(f"{path / CONFIG} does not say its {name}.", field="sae")
    return found


def _check_shapes(path: Path, shapes: dict[str, list[int]], widths: dict[str, int]) -> None:
    expected = {
        "W_dec": ("d_sae", "d_out"),
        "W_enc": ("d_in", "d_sae"),
        "b_enc": ("d_sae",),
        "threshold": ("d_sae",),
        "b_dec": ("d_out",),
    }
    if "W_dec" not in shapes:
        held = ", ".join(sorted(shapes)[:6]) or "nothing"
        raise BadInputError(f"{path / WEIGHTS} has no W_dec; it holds {held}.", field="sae")
    for name, axes in expected.items():
        wanted = [widths[axis] for axis in axes]
        if name in shapes and shapes[name] != wanted:
            raise BadInputError(
                f"{name} in {WEIGHTS} has the shape {shapes[name]}, but by {CONFIG} it is "
                f"[{', '.join(axes)}] = {wanted}.",
                field="sae",
            )


def _check_hook(path: Path, hook: str) -> None:
    if not hook:
        raise BadInputError(f"{path / CONFIG} does not say its hook_name, where the SAE reads.", field="sae")
    if not _HOOK.fullmatch(hook):
        raise BadInputError(
            f"“{hook}” in {path / CONFIG} is no hook point of a block, such as blocks.5.hook_resid_post.", field="sae"
        )


def _pickled(path: Path) -> str:
    """What to say where there is a pickle instead."""
    found = next((one.name for one in sorted(path.iterdir()) if one.suffix in PICKLES), "")
    if not found:
        return ""
    return (
        f" {found} is a pickle, which could run code when read: on a machine that you trust, load it and save it "
        "with sae.save_model(folder)."
    )


def _below(path: Path) -> str:
    """Where the SAE may have been meant."""
    found = sorted(one.parent.relative_to(path) for one in path.glob("*/cfg.json"))
    return f" {found[0]} in it is one." if len(found) == 1 else f" There are {len(found)} in it." if found else ""
