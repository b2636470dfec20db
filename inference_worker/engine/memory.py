"""How much memory things take and how much is left, in bytes."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import psutil
import torch
from torch import nn

_DONT_NEED = 4
"""Linux's MADV_DONTNEED."""
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


def rest(suffix: str = ".safetensors") -> int:
    """Take pages that are mapped from weights' files, and were not changed, out of this process; returns bytes.

    They stay in the kernel's cache of files and come back when they are read. On other systems nothing happens.
    """
    n_bytes = 0
    for start, end in _unchanged(suffix):
        library = ctypes.CDLL(None)
        if library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONT_NEED) == 0:
            n_bytes += end - start
    return n_bytes


def _unchanged(suffix: str) -> list[tuple[int, int]]:
    """Addresses of mappings of files with this suffix in which no page was written to."""
    try:
        text = Path("/proc/self/smaps").read_text()
    except OSError:
        return []
    found = []
    for entry in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.MULTILINE):
        head, _, facts = entry.partition("\n")
        if head.endswith(suffix) and re.search(r"^Anonymous: +0 kB", facts, re.MULTILINE):
            start, _, end = head.split()[0].partition("-")
            found.append((int(start, 16), int(end, 16)))
    return found


def in_words(n_bytes: float) -> str:
    """`1.6 GB`, `38 MB`."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no cgroup here, or no limit
        return None
