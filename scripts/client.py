"""Generate `packages/python/memicos-inference-client` from the worker's description.

`make client` runs it, after `make openapi`. The generator wants another release of typer than MemicOS and lives
therefore in an environment of its own. A test fails where the description or a generated file has changed since.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / "schemas" / "openapi" / "inference-server.yaml"
PACKAGE = ROOT / "packages" / "python" / "memicos-inference-client" / "memicos_inference_client"
GENERATED = PACKAGE / "generated.json"
PINS = ROOT / "requirements" / "client-generator.txt"
ENVIRONMENT = ROOT / ".venv-client"
CONFIG = """\
project_name_override: memicos-inference-client
package_name_override: memicos_inference_client
literal_enums: true
"""


def main() -> None:
    programs = environment()
    shutil.rmtree(PACKAGE, ignore_errors=True)
    config = ENVIRONMENT / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    command: list[str | Path] = [
        programs / "openapi-python-client",
        "generate",
        "--path",
        DESCRIPTION,
        "--config",
        config,
    ]
    command += ["--meta", "none", "--output-path", PACKAGE, "--overwrite", "--fail-on-warning"]
    subprocess.run(command, check=True, env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"})
    finish()


def environment() -> Path:
    """Folder of the generator's programs, installed where the pins have changed."""
    programs = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
    installed = ENVIRONMENT / "installed.txt"
    if not installed.is_file() or installed.read_bytes() != PINS.read_bytes():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        pip: list[str | Path] = [
            programs / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--requirement",
            PINS,
        ]
        subprocess.run(pip, check=True)
        shutil.copyfile(PINS, installed)
    return programs


def finish() -> None:
    """Add what the generator does not write: the version, the mark of typed packages, what it was made from."""
    shutil.rmtree(PACKAGE / ".ruff_cache", ignore_errors=True)
    version = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))["info"]["version"]
    (PACKAGE / "version.py").write_text(f'VERSION = "{version}"\n', encoding="utf-8")
    (PACKAGE / "py.typed").touch()
    made = {"description": digest([DESCRIPTION]), "files": digest(files())}
    GENERATED.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{PACKAGE.relative_to(ROOT)}: {len(files())} files\n")


def files() -> list[Path]:
    """The generated files in order."""
    return sorted(PACKAGE.rglob("*.py"))


def digest(paths: list[Path]) -> str:
    """SHA-256 of the files' names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


if __name__ == "__main__":
    main()
