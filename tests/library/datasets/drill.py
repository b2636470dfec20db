"""A source with everything in it that an import must remember between files, and a process to import it in."""

from __future__ import annotations

import multiprocessing
import os
import random
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.library.datasets.drill", "memicos_app.library.datasets.importing"])


def rich_folder(origin: Path, seed: int = 1) -> Folder:
    """Examples of a feature in several files, windows that repeat, a growing vocabulary, lines that are wrong."""
    chance = random.Random(seed)
    made = Folder(origin)
    texts = [[f" {chance.choice('abcdefgh')}{n % 13}", " word", f"{n}", "."] for n in range(60)]
    for number in range(2):
        rows = [feature(i, maxActApprox=chance.uniform(0, 9)) for i in range(number * 40, number * 40 + 40)]
        made.batch(f"features/batch-{number}", [*rows, feature(0), "{no json"] if number else rows)
    for number in range(4):
        lines = []
        for _ in range(150):
            text = chance.choice(texts) if chance.random() < 0.8 else [f"new{chance.random():.5f}", " word"]
            values = [round(chance.uniform(0, 5), 3) for _ in text]
            lines.append(activation(chance.randrange(82), text, values, binMin=0, binMax=5, binContains=0.1))
        made.batch(f"activations/batch-{number}", lines)
    for number in range(2):
        said = [
            explanation(i, f"says {i}", typeName="np_max-act", embedding=[chance.gauss(0, 1) for _ in range(384)])
            for i in range(number * 30, number * 30 + 30)
        ]
        made.batch(f"explanations/batch-{number}", said)
    made.write()
    return made


def importer(origin: Path, data_dir: Path) -> ForkServerProcess:
    """A process that imports it into the embedded database of a folder; not started yet."""
    return _context.Process(target=_import, args=(str(origin), str(data_dir)))


def _import(origin: str, data_dir: str) -> None:
    os.environ.update(DATABASE_URL="", DATA_DIR=data_dir)
    from memicos_app.db import session
    from memicos_app.library.datasets.importing import import_source

    session.run(import_source(origin, MODEL, SOURCE))
