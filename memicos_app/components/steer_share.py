"""What can be done with a finished run: keep it under an address, take it away as JSON or as Python."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import reflex as rx

from memicos_app.components.layout import card
from memicos_app.components.rights import declares, needs
from memicos_app.components.steer_snippet import python_snippet
from memicos_app.library import saved_runs, steer_script
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.saved_runs import Kept
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import SteerText

UNFINISHED = "Let a run finish first: it is taken as it stands."


@declares(Right.READ)
class SteerShare(rx.State, mixin=True):
    """Links and files of the run that is on the page; the page that mixes this in says what is asked."""

    r_model: str = ""
    _kept: Kept | None = None
    _compared: list[SteerText] = []

    def _wish(self) -> Wish | None:
        raise NotImplementedError

    def _run(self) -> Kept | None:
        """The finished run with the texts of the strip."""
        return replace(self._kept, strip=self._compared) if self._kept else None

    @rx.event
    @needs(Right.RUN)
    async def share(self) -> Any:
        """Keep this run and copy the address that opens it again."""
        kept = self._run()
        if kept is None:
            return rx.toast.info(UNFINISHED)
        try:
            run_id = await saved_runs.save(kept)
        except LibraryError as error:
            return rx.toast.error(error.message)
        if run_id is None:
            return rx.toast.info("This site is a demo that keeps nothing; the run can be saved as a file.")
        path = f"/{quote(self.r_model, safe='')}/steer?{urlencode({'saved': run_id})}"
        copied = rx.call_script(
            f"window.history.replaceState(null, '', {json.dumps(path)});"
            f"navigator.clipboard?.writeText(location.origin + {json.dumps(path)}).catch(() => null)"
        )
        return [copied, rx.toast.success("Run kept, link copied", description=path)]

    @rx.event
    def download_json(self) -> Any:
        """Everything that was asked and written, as a file."""
        kept = self._run()
        if kept is None:
            return rx.toast.info(UNFINISHED)
        content = json.dumps(saved_runs.as_json(kept), indent=1, ensure_ascii=False)
        return rx.download(data=content, filename="steering-run.json")

    @rx.event
    async def download_script(self) -> Any:
        """A script that makes the run again without MemicOS."""
        kept = self._run()
        if kept is None:
            return rx.toast.info(UNFINISHED)
        wish = Wish(kept.request, kept.default_chat)
        script = await steer_script.script(wish, prepend_bos=kept.result.prepend_bos)
        return rx.download(data=script, filename="steering_run.py")

    @rx.event
    def copy_python(self) -> Any:
        """Copy code that makes this run through the public API."""
        wish = self._wish()
        if wish is None:
            return rx.toast.info("Say something first.")
        return [rx.set_clipboard(python_snippet(wish, self.router.url.origin)), rx.toast.success("Copied")]


def share_card(state: Any, keep_preset: rx.Component) -> rx.Component:
    """Ways to keep a run and to make it again."""
    verbs = (
        ("Download JSON", state.download_json, "Everything that was asked and written"),
        ("Download script", state.download_script, "Python that needs only transformer-lens and sae-lens"),
        ("Copy API call", state.copy_python, "Python that asks this site's API"),
    )
    buttons = [
        rx.el.button(words, type="button", on_click=event, title=title, class_name="btn small")
        for words, event, title in verbs
    ]
    return card(
        rx.el.div(rx.el.div(*buttons, class_name="row wrap"), keep_preset, class_name="card-body stack"),
        title="Keep and reproduce",
        class_name="steer-advanced",
    )
