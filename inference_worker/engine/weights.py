"""Where a model's weights lie, which device they go to, and whether they fit there."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from pathlib import Path

import torch
from safetensors import safe_open

from inference_worker.engine.errors import Unusable
from inference_worker.engine.memory import free_memory, in_words
from inference_worker.engine.packaged import ensure_packaged_model
from inference_worker.wire.packaged import PACKAGED_MODEL_ID, PackagedModelMissing

_STORED = {"BF16": torch.bfloat16, "F16": torch.float16}


def device_for(asked: str) -> torch.device:
    """The device that a setting names; `auto`: a CUDA device, else Apple's, else the processor.

    Raises:
        Unusable: this machine, or this build of torch, has no such device.
    """
    if asked == "auto":
        found = [name for name, has in (("cuda", torch.cuda.is_available()), ("mps", has_apple())) if has]
        return torch.device((*found, "cpu")[0])
    try:
        device = torch.device(asked)
    except RuntimeError:
        raise Unusable(f"DEVICE is {asked}, which torch does not know; use cpu, cuda, cuda:1, mps or auto.") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise Unusable(f"DEVICE is {asked}, but torch sees {torch.cuda.device_count()} CUDA devices here.")
    if device.type == "mps" and not has_apple():
        raise Unusable(f"DEVICE is {asked}, but this is no Apple machine with Metal that torch can use.")
    return device


def has_apple() -> bool:
    """Whether torch can use an Apple GPU."""
    return torch.backends.mps.is_available()


def locate(model_id: str, models_dir: Path) -> Path | str:
    """The folder of a model that is here, or else the name that the hub has for it.

    Args:
        model_id: the packaged id, a folder, a TransformerLens name, or the hub's own.

    Raises:
        Unusable: the package that carries the demo model is missing, or a path leads nowhere.
    """
    if model_id == PACKAGED_MODEL_ID:
        try:
            return ensure_packaged_model(models_dir)
        except PackagedModelMissing as error:
            raise Unusable(str(error)) from error
    folder = Path(model_id).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or model_id.startswith((".", "~")):
        raise Unusable(f"There is no folder {model_id} with a model.")
    return _official_name(model_id)


def require_room(source: Path | str, device: torch.device, dtype: torch.dtype | str) -> None:
    """Raises `Unusable` where the weights, as far as they are known, are larger than what is free on the device."""
    needed = size_of_weights(source, dtype)
    free = free_memory(device)
    if needed is not None and needed > free:
        raise Unusable(
            f"The model {Path(source).name} needs about {in_words(needed)} on {device}, where {in_words(free)} are "
            "free. Use MODEL_DTYPE=bfloat16, another device, or a smaller model."
        )


def size_of_weights(source: Path | str, dtype: torch.dtype | str) -> int | None:
    """Bytes that the weights take in a precision (`auto`: as stored); None: they are not on this machine yet."""
    folder = source if isinstance(source, Path) else _cached(source)
    files = sorted(folder.glob("*.safetensors")) if folder is not None else []
    return sum(_size_of_file(file, dtype) for file in files) or None


def without_hub(model_id: str) -> Unusable:
    """The sentence for a model that would have to be downloaded, and cannot."""
    return Unusable(
        f"The model {model_id} is not on this machine and has to be downloaded from the Hugging Face hub, which "
        "cannot be reached from here. Set MODEL_ID to a local folder, or connect once."
    )


def why_not(error: Exception, model_id: str) -> Unusable:
    """What went wrong with a model, in a sentence."""
    text = str(error).strip() or type(error).__name__
    first = text.splitlines()[0]
    if "couldn't connect" in text or "offline mode" in text.lower():
        return without_hub(model_id)
    if "gated repo" in text.lower() or "401 Client Error" in text or "403 Client Error" in text:
        return Unusable(
            f"The model {model_id} is not open to everybody: accept its terms on the hub and set HF_TOKEN."
        )
    if "valid model identifier" in text:
        return Unusable(
            f"There is no model {model_id}: it is no folder, no name that TransformerLens knows, and nothing on the "
            f"hub that is open to everybody (a private one needs HF_TOKEN).{_did_you_mean(model_id)}"
        )
    if found := _NOT_CAUSAL.search(text):
        return Unusable(f"The model {model_id} does not write text token after token: it is a {found[1]}.")
    if "supported architecture" in text:
        return Unusable(f"The model {model_id} has an architecture that TransformerLens does not support.")
    return Unusable(f"The model {model_id} cannot be loaded: {first}")


_NOT_CAUSAL = re.compile(
    r"Unrecognized configuration class <class '(?:[\w.]+\.)?(\w+?)(?:Config)?'> for this kind of"
)


def _did_you_mean(model_id: str) -> str:
    from transformer_lens.supported_models import MODEL_ALIASES

    known = [*MODEL_ALIASES, *(alias for aliases in MODEL_ALIASES.values() for alias in aliases)]
    alike = get_close_matches(model_id, known, 1, 0.8)
    return f" Did you mean {alike[0]}?" if alike else ""


def _size_of_file(file: Path, dtype: torch.dtype | str) -> int:
    with safe_open(file, framework="pt") as weights:
        slices = [weights.get_slice(name) for name in weights.keys()]  # noqa: SIM118 - it is no dict
        stored = [_STORED.get(one.get_dtype(), torch.float32) for one in slices]
        kinds = [dtype if isinstance(dtype, torch.dtype) else kind for kind in stored]
        return sum(kind.itemsize * math.prod(one.get_shape()) for kind, one in zip(kinds, slices, strict=True))


def _cached(name: str) -> Path | None:
    """Where the hub's client keeps a model that was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def _official_name(model_id: str) -> str:
    from transformer_lens.supported_models import MODEL_ALIASES

    return next((name for name, aliases in MODEL_ALIASES.items() if model_id in aliases), model_id)
