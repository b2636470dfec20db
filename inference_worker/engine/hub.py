"""The Hugging Face hub from here: whether something of it lies in its cache, and whether it answers at all."""

from __future__ import annotations

from pathlib import Path

PATIENCE = 10.0
"""Seconds that the hub may take to say that it is there."""


def is_unreachable(name: str) -> bool:
    """Whether a repository would have to be fetched from a hub that does not answer.

    Asked before the hub's own client is: that one tries again for a minute or two, and somebody waits.
    """
    from huggingface_hub import constants, get_session
    from huggingface_hub.errors import OfflineModeIsEnabled

    if (Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}").is_dir():
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=PATIENCE)
    except OfflineModeIsEnabled:
        return True
    except Exception as error:  # of whichever library the client is built on
        return isinstance(error, OSError) or any(word in type(error).__name__ for word in ("Connect", "Timeout"))
    return False
