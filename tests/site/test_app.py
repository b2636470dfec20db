"""The app assembled: every page module is in it, and nothing heavy comes with it."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import memicos_app.pages
from memicos_app.settings import ROOT
from memicos_app.site.same_origin import with_proxy

HEAVY = ("torch", "transformers", "transformer_lens", "sae_lens", "pandas", "scipy", "sklearn", "plotly")


def test_every_page_module_is_in_the_app_and_nothing_heavy_comes_with_it() -> None:
    ask = (
        "import sys; from memicos_app.memicos_app import PAGES; "
        "print(sorted(page.__name__.rpartition('.')[2] for page in PAGES)); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    pages = sorted(module.name for module in pkgutil.iter_modules(memicos_app.pages.__path__))
    assert done.stdout.splitlines()[-2:] == [str(pages), "[]"]


def test_the_development_server_passes_the_api_on() -> None:
    config = "export default {\n  server: {\n    port: 1,\n  },\n}\n"
    once = with_proxy(config, "http://127.0.0.1:3001")
    assert '  server: {\n    proxy: { "^/api(/|$)": "http://127.0.0.1:3001" },\n    port: 1,' in once
    assert with_proxy(once, "http://127.0.0.1:3002") == with_proxy(config, "http://127.0.0.1:3002")
