"""Which part of a rendered conversation belongs to which message.

The template is rendered once more with a mark in place of each content; what stands between the marks is the
template's own. Renderings of shorter conversations tell a message's footer from the header of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any, Literal

from inference_worker.engine.chat import Message, render
from inference_worker.engine.errors import BadInput
from inference_worker.engine.tokens import Tokenizer

Part = Literal["header", "content", "footer", "scaffold"]


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the rendered text."""

    text: str
    part: Part
    """`scaffold` is what belongs to no message: BOS, an injected system text, the prompt to go on."""
    message: int | None = None
    role: str | None = None


def sections(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    rendered: str,
    *,
    add_generation_prompt: bool,
    options: Mapping[str, Any] | None = None,
) -> list[Section]:
    """The rendered conversation in sections that join to it."""

    def again(turns: Sequence[Message], goes_on: bool) -> str:
        return render(tokenizer, turns, add_generation_prompt=goes_on, options=options)

    found = _Sections(messages, rendered, add_generation_prompt, again, tokenizer.hf.bos_token or "").walk()
    return [section for section in found if section.text]


class _Sections:
    def __init__(
        self,
        messages: Sequence[Message],
        rendered: str,
        goes_on: bool,
        again: Callable[[Sequence[Message], bool], str],
        bos: str,
    ) -> None:
        self._messages, self._rendered, self._goes_on, self._again, self._bos = (
            messages,
            rendered,
            goes_on,
            again,
            bos,
        )
        self._footers: dict[str, str] = {}

    def walk(self) -> Iterator[Section]:
        """Frame, content, frame, …: each located in the text that was rendered with the true contents."""
        shown, frames = self._frames(self._messages, self._goes_on)
        if not self._rendered.startswith(frames[0]):
            yield Section(self._rendered, "scaffold")
            return
        yield from self._first(frames[0], shown[0] if shown else None)
        place = len(frames[0])
        for number, following, frame in zip(shown, [*shown[1:], None], frames[1:], strict=True):
            end = self._end(place, self._messages[number].content, frame, following is None)
            if end is None:
                break
            yield self._section(self._rendered[place:end], "content", number)
            yield from self._between(frame, number, following)
            place = end + len(frame)
        yield Section(self._rendered[place:], "scaffold")

    def _end(self, place: int, content: str, frame: str, is_last: bool) -> int | None:
        """Where a content ends: templates may take away spaces around it, or all but the answer of a thought."""
        for text in (content, content.strip(), content.lstrip(), content.rstrip()):
            if self._rendered.startswith(text + frame, place):
                return place + len(text)
        end = len(self._rendered) - len(frame) if is_last else self._rendered.find(frame, place)
        return end if end >= place and self._rendered.startswith(frame, end) else None

    def _first(self, frame: str, number: int | None) -> Iterator[Section]:
        """What comes before the first content: its header, and before that BOS and texts that the template adds."""
        header = "" if number is None else self._header(self._messages[number].role)
        place = frame.rfind(header) if header else -1
        if number is not None and place < 0:
            header = frame.removeprefix(self._bos)
            place = len(frame) - len(header)
        yield Section(frame[: max(place, 0)], "scaffold")
        if number is not None:
            yield self._section(header, "header", number)
        yield Section(frame[max(place, 0) + len(header) :], "scaffold")

    def _between(self, frame: str, number: int, following: int | None) -> Iterator[Section]:
        footer = self._footer(number)
        footer = footer if frame.startswith(footer) else ""
        yield self._section(footer, "footer", number)
        if following is not None:
            yield self._section(frame[len(footer) :], "header", following)
        else:
            yield Section(frame[len(footer) :], "scaffold", role="assistant" if self._goes_on else None)

    def _section(self, text: str, part: Part, number: int) -> Section:
        return Section(text, part, number, self._messages[number].role)

    def _footer(self, number: int) -> str:
        """What ends a message of this role."""
        role = self._messages[number].role
        if role not in self._footers:
            shown, frames = self._frames_or_none(self._messages[: number + 1], False)
            self._footers[role] = frames[-1] if shown and shown[-1] == number else ""
        return self._footers[role]

    def _header(self, role: str) -> str:
        """What begins a message of this role where it is not the first, and so has nothing injected before it."""
        talk = [Message("user", ""), Message("assistant", "")]
        longer = talk if role == "assistant" else [*talk, Message(role, "")]
        shorter_frames = self._frames_or_none(longer[:-1], False)[1]
        shown, frames = self._frames_or_none(longer, False)
        if len(shown) < 2 or not frames[-2].startswith(shorter_frames[-1]):
            return ""
        return frames[-2][len(shorter_frames[-1]) :]

    def _frames_or_none(self, messages: Sequence[Message], goes_on: bool) -> tuple[list[int], list[str]]:
        try:
            return self._frames(messages, goes_on)
        except BadInput:
            return [], [""]

    def _frames(self, messages: Sequence[Message], goes_on: bool) -> tuple[list[int], list[str]]:
        """Messages whose content is shown, in the order shown, and what stands before, between and after them."""
        marks = [f"{self._salt}{number}\ue001" for number in range(len(messages))]
        marked = [replace(message, content=mark) for message, mark in zip(messages, marks, strict=True)]
        text = self._again(marked, goes_on)
        places = sorted((text.find(mark), number) for number, mark in enumerate(marks))
        frames, end = [], 0
        shown = [number for place, number in places if place >= 0]
        for number in shown:
            place = text.find(marks[number])
            frames.append(text[end:place])
            end = place + len(marks[number])
        return shown, [*frames, text[end:]]

    @cached_property
    def _salt(self) -> str:
        """Characters that occur nowhere in the conversation."""
        return next(salt for n in count() if (salt := f"\ue000{n}\ue001") not in self._rendered)
