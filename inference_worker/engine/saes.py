"""An SAE as it is used: read from a folder in SAELens's format, settled so that its numbers mean the same for all.

Only safetensors are read. A folder with pickled weights is refused: unpickling runs what it holds.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from inference_worker.engine.errors import Unknown, Unusable
from inference_worker.engine.memory import size_of
from inference_worker.engine.vectors import ARCHITECTURE, VectorSet

CONFIG, WEIGHTS, SCALER = "cfg.json", "sae_weights.safetensors", "activation_scaler.json"
_PICKLES = ("*.pt", "*.pth", "*.bin", "*.pkl", "*.pickle", "*.ckpt")
_NARROW = {"BF16": "bfloat16", "F16": "float16"}
_BROKEN = (SafetensorError, KeyError, ValueError, RuntimeError, TypeError, NotImplementedError, OSError)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class LoadedSae:
    """An SAE with what its configuration says of where and how it is used. Its arithmetic is float32."""

    source_id: str
    sae: Any
    hook_name: str
    """Where it reads."""
    steer_hook_name: str
    """Where it writes: the same place, but for transcoders."""
    d_in: int
    d_sae: int
    sink_norm: float | None
    """Residual norm above which a position does not count; None: the SAE has no such rule."""
    is_centred: bool = False
    """Trained on a model whose writing weights are centred: its input is taken minus its mean over dimensions."""

    @property
    def layer(self) -> int | None:
        """The block that the hook point belongs to."""
        found = re.match(r"blocks\.(\d+)\.", self.hook_name)
        return int(found[1]) if found else None

    @property
    def architecture(self) -> str:
        """SAELens's word for it, as `jumprelu`."""
        return str(self.sae.cfg.architecture())

    @property
    def is_attention(self) -> bool:
        """Whether it reads the heads' outputs before the output matrix, `[n_heads, d_head]` made flat."""
        return self.hook_name.endswith("hook_z")

    @property
    def is_transcoder(self) -> bool:
        """Whether it reads at one hook point and writes at another."""
        return self.steer_hook_name != self.hook_name

    @property
    def is_vectors(self) -> bool:
        """Whether its features are directions that somebody brought, and activations projections on them."""
        return isinstance(self.sae, VectorSet)

    @property
    def n_bytes(self) -> int:
        """Memory of its weights."""
        return size_of(self.sae)

    def flat(self, activation: torch.Tensor) -> torch.Tensor:
        """What the SAE reads, `[..., d_in]` in float32, of an activation at its hook point.

        Args:
            activation: `[..., d_in]`, or `[..., n_heads, d_head]` where heads have an axis of their own.

        Raises:
            Unusable: the model has another width there, so the SAE was trained on another model.
        """
        if activation.shape[-1] != self.d_in == math.prod(activation.shape[-2:]):
            activation = activation.flatten(-2)
        if activation.shape[-1] != self.d_in:
            raise Unusable(
                f"The SAE {self.source_id} reads {self.d_in} dimensions, but the model has "
                f"{activation.shape[-1]} at {self.hook_name}: it was trained on another model."
            )
        read = activation.float()
        return read - read.mean(dim=-1, keepdim=True) if self.is_centred else read

    def direction(self, index: int) -> torch.Tensor:
        """What steering with a feature adds: its decoder row `[d_out]` in float32, as stored.

        Raises:
            Unknown: the SAE has no such feature.
        """
        self.require(index)
        row: torch.Tensor = self.sae.W_dec[index].detach().float().clone()  # else it would hold all rows
        return row

    def require(self, index: int) -> None:
        """Raises `Unknown` for an index outside the SAE."""
        if not 0 <= index < self.d_sae:
            raise Unknown(f"{self.source_id} has features 0 to {self.d_sae - 1}, not {index}.", field="index")


def load_sae(folder: Path, source_id: str, *, device: str = "cpu", keep_narrow: bool = False) -> LoadedSae:
    """Read one SAELens folder.

    Weights in float32 are mapped from the file, not copied; others are turned into float32 one tensor at a time.

    Args:
        keep_narrow: leave weights of 16 bits as they are in memory; the arithmetic is float32 all the same.

    Raises:
        Unusable: the folder is no SAELens folder, holds pickles only, or lacks what is needed.
    """
    config = _require_safe(folder, source_id)
    try:
        if config.get("architecture") == ARCHITECTURE:
            return _vectors(folder, config, source_id, device)
        with quiet():
            sae = _read(folder, config, device, _dtype(folder) if keep_narrow else "float32")
            _fold_normalisation(sae, folder)
            return settled(sae, source_id)
    except _BROKEN as error:
        raise Unusable(f"The SAE {source_id} cannot be read: {_words(error)}") from error


def _vectors(folder: Path, config: dict[str, Any], source_id: str, device: str) -> LoadedSae:
    vectors = load_file(folder / WEIGHTS, device=device)["W_dec"].float()
    sink_norm = (config.get("metadata") or {}).get("sink_norm")
    hook_name = str(config["metadata"]["hook_name"])
    norm = None if sink_norm is None else float(sink_norm)
    return LoadedSae(
        source_id, VectorSet(vectors, config), hook_name, hook_name, vectors.shape[1], len(vectors), norm
    )


def settled(sae: Any, source_id: str, *, fold_decoder: bool = False) -> LoadedSae:
    """An SAE of SAELens, made ready for use.

    Its activations are put in units of its decoder rows as they are then stored, so that a feature of activation `a`
    adds `a` times its row to the reconstruction, which is what a strength is measured in.

    Args:
        fold_decoder: make every decoder row a unit vector, as the public dashboards do; also asked for by
            `"fold_decoder_norm": true` in the metadata. Architectures that would change thereby stay as they are.

    Raises:
        Unusable: it does not say where it reads.
    """
    metadata = sae.cfg.metadata
    hook_name = metadata.get("hook_name")
    if not hook_name:
        raise Unusable(f"The SAE {source_id} does not say its hook_name in {CONFIG}.")
    sae.requires_grad_(False)
    sae.turn_off_forward_pass_hook_z_reshaping()  # `flat` does it, without keeping anything between two calls
    rescales = bool(getattr(sae.cfg, "rescale_acts_by_decoder_norm", False))
    if rescales or ((fold_decoder or metadata.get("fold_decoder_norm")) and _can_fold(sae)):
        sae.fold_W_dec_norm()
        sae.cfg.rescale_acts_by_decoder_norm = False
    sae.dtype = torch.float32  # SAELens turns its input into this
    options = metadata.get("model_from_pretrained_kwargs") or {}
    sink_norm = metadata.get("sink_norm")
    return LoadedSae(
        source_id,
        sae.eval(),
        str(hook_name),
        str(metadata.get("hook_name_out") or hook_name),
        int(sae.cfg.d_in),
        int(sae.cfg.d_sae),
        None if sink_norm is None else float(sink_norm),
        bool(options.get("center_writing_weights")),
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Without SAELens's warnings about its own imports, and about how the model was loaded for training."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def weights_size(folder: Path, *, keep_narrow: bool = False) -> int:
    """Bytes that the SAE of a folder will take in memory."""
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        slices = [file.get_slice(name) for name in file.keys()]  # noqa: SIM118 - it is no dict
        widths = [2 if keep_narrow and one.get_dtype() in _NARROW else 4 for one in slices]
        return sum(width * math.prod(one.get_shape()) for width, one in zip(widths, slices, strict=True))


def set_name(source_id: str) -> str:
    """The source set of a source id: `res-4k` of `15-res-4k` and of `15-res-4k__l0-30`."""
    return source_id.partition("-")[2].partition("__")[0]


def _read(folder: Path, config: dict[str, Any], device: str, dtype: str) -> Any:
    from sae_lens import SAE, TrainingSAE
    from sae_lens.registry import SAE_CLASS_REGISTRY, SAE_TRAINING_CLASS_REGISTRY

    architecture = config.get("architecture", "standard")
    known = SAE_CLASS_REGISTRY.keys() | SAE_TRAINING_CLASS_REGISTRY.keys()
    if architecture not in known:
        raise ValueError(f"its architecture {architecture!r} is none that SAELens knows: {', '.join(sorted(known))}.")
    if architecture in SAE_CLASS_REGISTRY or architecture not in SAE_TRAINING_CLASS_REGISTRY:
        return SAE.load_from_disk(folder, device=device, dtype=dtype)
    trained = TrainingSAE.load_from_disk(folder, device=device, dtype=dtype)
    state = trained.state_dict()
    trained.process_state_dict_for_saving_inference(state)
    sae = SAE.from_dict({**trained.cfg.get_inference_sae_cfg_dict(), "device": "meta"})
    sae.load_state_dict(state, assign=True)
    return sae.to(device=device)


def _fold_normalisation(sae: Any, folder: Path) -> None:
    """Put what the training divided its activations by into the weights, from the file that training leaves behind.

    SAELens itself reads such an SAE without it, which gives wrong numbers, so that one without the file is refused.
    """
    kind = sae.cfg.normalize_activations
    if kind not in ("expected_average_only_in", "covariance_whitening"):
        return
    from sae_lens.training.activation_scaler import ActivationScaler

    scaler = ActivationScaler()
    if (folder / SCALER).is_file():
        scaler.load(folder / SCALER)
    factor = sae.cfg.metadata.get("norm_scaling_factor") or scaler.scaling_factor
    if kind == "expected_average_only_in" and factor is not None:
        sae.fold_activation_norm_scaling_factor(float(factor))
    elif kind == "covariance_whitening" and scaler.whitening is not None:
        how = scaler.whitening
        sae.fold_activation_whitening(how.mean, how.matrix, how.inverse_matrix)
    else:
        raise ValueError(
            f"it normalises by {kind}, and neither norm_scaling_factor in its metadata nor {SCALER} is there."
        )


def _can_fold(sae: Any) -> bool:
    return sae.cfg.architecture() not in ("temporal", "matching_pursuit", "topk", "abstopk")


def _dtype(folder: Path) -> str:
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        return _NARROW.get(file.get_slice("W_dec").get_dtype(), "float32")


def _words(error: Exception) -> str:
    return f"its {CONFIG} or its weights lack {error}." if isinstance(error, KeyError) else str(error)


def _require_safe(folder: Path, source_id: str) -> dict[str, Any]:
    if not (folder / WEIGHTS).is_file():
        pickles = [path.name for pattern in _PICKLES for path in folder.glob(pattern)]
        if pickles:
            raise Unusable(
                f"The SAE {source_id} has its weights in {pickles[0]}, a pickle, which could run code when read. "
                f"Save it as {WEIGHTS}."
            )
        raise Unusable(f"The SAE {source_id} has no {WEIGHTS}.")
    try:
        config = json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise Unusable(f"The SAE {source_id} has no readable {CONFIG}: {error}") from error
    if not isinstance(config, dict):
        raise Unusable(f"The SAE {source_id} has no readable {CONFIG}: it is no object.")
    return config
