"""A judge who knows the truth: an OpenAI-compatible server that answers scoring questions by a rule.

The explanation is a word. A text fits if it holds the word, or has it marked where tokens are marked; in a simulation
the word is as strong as the number after it says. It reads the prompts as a model would, from the last message.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.inference_worker.serving import served

MODEL = "rule"
_TEXT = re.compile(r"^Text(?: \d+)?: (.*)$", re.MULTILINE)
_TOKEN = re.compile(r"^\d+\t(.*)$", re.MULTILINE)


@dataclass
class Judge:
    """How it answers; what it was asked."""

    mood: str = "right"
    """right, wrong, always, never, mute."""
    spoil: dict[int, Any] = field(default_factory=dict)
    """What the n-th request meets instead: a status, or a text that is said."""
    logprobs: bool = True
    delay: float = 0.0
    """Seconds before he answers."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, body: dict[str, Any]) -> Response:
        """The completion of a request."""
        spoilt = self.spoil.get(len(self.asked))
        self.asked.append(body)
        if isinstance(spoilt, int):
            return JSONResponse({"error": {"message": "told to fail", "type": "error"}}, spoilt)
        question = body["messages"][-1]["content"]
        if self.mood == "mute":
            spoilt = "I cannot say."
        pieces = [(spoilt, {})] if spoilt is not None else self._pieces(question)
        return JSONResponse(self._completion(body, pieces))

    def _pieces(self, question: str) -> list[tuple[str, dict[str, float]]]:
        """What is said, token by token, with the probabilities of what could stand in each place."""
        word = json.loads(re.findall(r"^Description: (.*)$", question, re.MULTILINE)[-1])
        if "Strengths of" in question:
            return self._strengths(word, [json.loads(one) for one in _TOKEN.findall(question)])
        fits = [self._said(word, json.loads(one)) for one in _TEXT.findall(question)]
        if "Numbers for" in question:
            return [(json.dumps([int(one) for one in fits]), {})]
        return [(json.dumps({"reason": f"Is {word} there?", "match": fits[0]}), {})]

    def _said(self, word: str, text: str) -> bool:
        marked = "".join(re.findall("<<(.*?)>>", text)) if "<<" in text else text
        return {"always": True, "never": False}.get(self.mood, (word in marked) == (self.mood == "right"))

    def _strengths(self, word: str, tokens: list[str]) -> list[tuple[str, dict[str, float]]]:
        said = []
        for place, token in enumerate(tokens):
            before = place > 0 and word in tokens[place - 1]
            strength = float(int(tokens[place + 1]) + 1) if word in token else 0.5 if before else 0.0
            strength = {"wrong": 10 - strength, "always": 7.0, "never": 0.0}.get(self.mood, strength)
            low = math.floor(strength)
            chances = {str(low): 1 - (strength - low), str(low + 1): strength - low}
            said += [(f"{place + 1}\t", {}), (str(low), {one: p for one, p in chances.items() if p}), ("\n", {})]
        return said

    def _completion(self, body: dict[str, Any], pieces: list[tuple[str, dict[str, float]]]) -> dict[str, Any]:
        told = [
            {
                "token": token,
                "logprob": math.log(chances.get(token, 1.0)),
                "bytes": None,
                "top_logprobs": [
                    {"token": one, "logprob": math.log(chance), "bytes": None} for one, chance in chances.items()
                ],
            }
            for token, chances in pieces
        ]
        given = {"content": told} if body.get("logprobs") and self.logprobs else None
        message = {"role": "assistant", "content": "".join(token for token, _ in pieces)}
        return {
            "id": "judged",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": given}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        }


@contextmanager
def judging() -> Iterator[Judge]:
    """The judge behind a server on loopback."""
    judge, app = Judge(), FastAPI()

    @app.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        answer = judge.answer(await request.json())
        await asyncio.sleep(judge.delay)
        return answer

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "tests"}]}

    with served(app) as url:
        judge.url = f"{url}/v1"
        yield judge
