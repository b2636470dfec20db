"""How much memory things take and how much is left, in bytes."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch
from torch import nn

_CGROUP = Path("/sys/fs/cgroup")


def size_of(module: nn.Module) -> int:
    """Bytes of a module's parameters and buffers; tensors that share their storage count once."""
    storages = {t.untyped_storage().data_ptr(): t.nbytes for t in (*module.parameters(), *module.buffers())}
    return sum(storages.values())


def free_memory(device: torch.device | str) -> int:
    """Bytes that can still be had on a device; on a CPU, within the limit of its container."""
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    available = int(psutil.virtual_memory().available)
    limit, used = (_number(_CGROUP / name) for name in ("memory.max", "memory.current"))
    return available if limit is None or used is None else min(available, max(0, limit - used))


def in_words(n_bytes: float) -> str:
    """`1.6 GB`, `38 MB`."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no cgroup here, or no limit
        return None
