"""Changing a list on its page: its name, text and visibility, its entries and their notes; and deleting it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.rights import declares, needs
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.lists import files, keeping
from memicos_app.library.quick_lists import FeatureAddress


@declares(Right.READ)
class ListEditing(rx.State, mixin=True):
    """What is being changed; the page that mixes this in has `list_id` in its address, and `_reread`."""

    editing: bool = False
    deleting: bool = False
    edit_problem: str = ""
    round: int = 0
    """A new one empties fields, and shows what is kept in those that stay."""

    def _id(self) -> str:
        """Of the list; Reflex keeps it on the root state."""
        return str(getattr(self, "list_id", ""))

    async def _reread(self) -> None:
        raise NotImplementedError

    @rx.event
    def edit(self, on: bool) -> None:
        """Open the fields of name and description, or close them."""
        self.editing, self.edit_problem = on, ""
        self.round += 1

    @rx.event
    @needs(Right.WRITE)
    async def keep_words(self, form: dict[str, Any]) -> None:
        """Keep name, description and visibility."""
        try:
            await keeping.update(
                self._id(),
                name=str(form.get("name", "")),
                description=str(form.get("description", "")),
                visibility=str(form.get("visibility", "")),
            )
            await self._reread()
        except LibraryError as error:
            self.edit_problem = error.message
            return
        self.editing, self.edit_problem = False, ""

    @rx.event
    @needs(Right.WRITE)
    async def move(self, key: str, before: str) -> Any:
        """Put a row before another one; an empty `before`: at the end of what is shown."""
        try:
            await keeping.move(self._id(), FeatureAddress.of(key), FeatureAddress.of(before) if before else None)
            await self._reread()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None

    @rx.event
    @needs(Right.WRITE)
    async def remove(self, key: str) -> Any:
        """Take a row out."""
        try:
            await keeping.remove(self._id(), FeatureAddress.of(key))
            await self._reread()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None

    @rx.event
    @needs(Right.WRITE)
    async def write_note(self, key: str, text: str) -> Any:
        """Keep a note that was changed."""
        try:
            await keeping.note(self._id(), FeatureAddress.of(key), text)
            await self._reread()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None

    @rx.event
    def ask_delete(self, on: bool) -> None:
        """Ask whether the list should go."""
        self.deleting = on

    @rx.event
    @needs(Right.WRITE)
    async def delete_list(self) -> Any:
        """Delete the list."""
        try:
            await keeping.delete(self._id())
        except LibraryError as error:
            return rx.toast.error(error.message)
        return [rx.toast.success("The list is deleted."), rx.redirect(self._after())]

    def _after(self) -> str:
        raise NotImplementedError

    @rx.event
    async def download(self, kind: str) -> Any:
        """The list as a JSON or CSV file."""
        try:
            data = await (files.as_csv if kind == "csv" else files.as_json)(self._id())
        except LibraryError as error:
            return rx.toast.error(error.message)
        return rx.download(data=data, filename=f"list-{self._id()}.{'csv' if kind == 'csv' else 'json'}")
