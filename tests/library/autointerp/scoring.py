"""`python -m tests.library.autointerp.scoring N`: a process that judges what the test of kills wants."""

from __future__ import annotations

import sys
from dataclasses import replace

from memicos_app.db import session
from memicos_app.library.autointerp.scoring_volume import run
from tests.library.autointerp.test_scoring_volume import WANTED

if __name__ == "__main__":
    session.run(run(replace(WANTED, concurrency=int(sys.argv[1]))))
