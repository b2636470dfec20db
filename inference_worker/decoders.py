"""The decoder of an SAE as a file: a program for whoever needs all directions at once and no model.

    python -m inference_worker.decoders MODEL SOURCE OUT.npy

writes float32 `[d_sae, d_out]` and tells, as JSON, the hook point the directions belong to. The SAE is found as the
worker finds it: in the SAE folders first, then among the sets of SAELens's registry that SAE_SETS names.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from inference_worker.engine import registry
from inference_worker.engine.directions import decoder
from inference_worker.engine.errors import Unknown, Unusable
from inference_worker.engine.saes import CONFIG, LoadedSae, load_sae
from memicos_app.settings import get_settings


def find(model_id: str, source_id: str) -> LoadedSae:
    """The SAE of a source, on the processor.

    Raises:
        Unknown: there is none of this name here.
        Unusable: it is here and cannot be read.
    """
    settings = get_settings()
    for root in (settings.sae_dir, settings.user_saes_dir):
        folder = root / model_id / source_id
        if (folder / CONFIG).is_file():
            return load_sae(folder, source_id)
    registered = registry.find(settings.sae_sets, [model_id]) if settings.sae_sets else {}
    if source_id in registered:
        return registry.fetch(registered[source_id], source_id, device="cpu")
    raise Unknown(f"The weights of {model_id}/{source_id} are not here, so its decoder directions are not known.")


def main() -> None:
    """Write one decoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("source")
    parser.add_argument("out", type=Path)
    parser.add_argument("--parent", type=int, help="process without which this one ends; it is done in seconds")
    given = parser.parse_args()
    try:
        loaded = find(given.model, given.source)
    except (Unknown, Unusable) as error:
        sys.exit(str(error))
    np.save(given.out, loaded.sae.W_dec.detach().float().numpy())
    sys.stdout.write(json.dumps({"space": decoder(loaded, 0).space}) + "\n")


if __name__ == "__main__":
    main()
