"""`python -m tests.jobs.working ...`: a real job process that knows the kinds of tests besides."""

from __future__ import annotations

from pathlib import Path

from memicos_app.jobs import __main__, kinds

kinds.__path__.append(str(Path(__file__).parent / "kinds"))

if __name__ == "__main__":
    __main__.main()
