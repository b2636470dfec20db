"""Memory that ran out: told from other failures, and given back."""

from __future__ import annotations

import gc
import traceback

import torch

from inference_worker.engine.errors import OutOfMemory

_SENTENCES = ("can't allocate memory", "DefaultCPUAllocator", "out of memory", "not enough memory")


def fault(error: Exception) -> Exception:
    """The failure as it is to be told: where memory ran out, what the failed work held is freed first."""
    if isinstance(error, OutOfMemory) or not _is_out_of_memory(error):
        return error
    if error.__traceback__ is not None:
        traceback.clear_frames(error.__traceback__)
    told = OutOfMemory(f"There was not enough memory for this request ({type(error).__name__}); others go on.")
    free()
    return told


def free() -> None:
    """Give back what nothing refers to any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(sentence in str(error) for sentence in _SENTENCES)
