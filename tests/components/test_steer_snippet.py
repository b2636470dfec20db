"""The code that is copied sends what the API takes."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from memicos_app.api.steer_bodies import Steer, SteerChat
from memicos_app.components.steer_snippet import python_snippet
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import ChatTurn, SteerCondition, SteeredFeature, SteeredVector, SteerRequest

NASTY = "quotes ' \" \\ and\nlines 👍"
REQUEST = SteerRequest(
    "m",
    NASTY,
    [SteeredFeature("m", "1-s", 2, -3.5)],
    vectors=[SteeredVector([0.5], 1.0, "blocks.1.hook_resid_post")],
    condition=SteerCondition("1-s", 3, 0.5),
    stop=["\n"],
)


def sent(code: str) -> dict[str, Any]:
    """The body that the code sends."""
    (body,) = (
        node for node in ast.parse(code).body if isinstance(node, ast.Assign) and "body" in ast.unparse(node)[:4]
    )
    found: dict[str, Any] = ast.literal_eval(body.value)
    return found


async def test_a_completion_comes_back_as_it_was_asked() -> None:
    code = python_snippet(Wish(REQUEST), "http://site.example")
    assert "'http://site.example/api/steer'" in code
    wish = await Steer.model_validate(sent(code)).wish()
    assert (wish.request.prompt, wish.request.features, wish.request.vectors) == (
        NASTY,
        REQUEST.features,
        REQUEST.vectors,
    )
    assert wish.request.condition == REQUEST.condition
    assert wish.request.stop == ["\n"]


@pytest.mark.parametrize("default", [(), (ChatTurn("user", "other"),)])
async def test_a_conversation_has_both_sides(default: tuple[ChatTurn, ...]) -> None:
    chat = (ChatTurn("user", "one"),)
    request = SteerRequest("m", "", [], chat=chat)
    code = python_snippet(Wish(request, default or chat), "http://site.example")
    assert "'http://site.example/api/steer-chat'" in code
    wish = await SteerChat.model_validate(sent(code)).wish()
    assert tuple(wish.request.chat) == chat
    assert tuple(wish.default_chat) == (default or chat)
