"""One stream, a pair and eight, beside plain Hugging Face and the `interp-engine` package on the same weights.

    python -m benchmarks.scheduling --peer      # writes results/scheduling.json; --peer needs interp-engine 1.3.3

Same process, weights, prompts, threads and greedy choice; the ways take turns. A ratio is the median of the
rounds' own ratios, so that what else the machine does meets both sides. `interp-engine` is no dependency of ours:
it is installed into an environment of its own (`pip install --no-deps interp-engine==1.3.3 einops`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from benchmarks import health
from benchmarks.steering import SOURCE, machine, prompts
from inference_worker.engine.generate import generate, generation
from inference_worker.engine.loading import load_model
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.packaged import ensure_packaged_model
from inference_worker.engine.sampling import Output, Sampling
from inference_worker.engine.shelf import SaeShelf
from inference_worker.engine.steer import Steering, steering
from inference_worker.engine.together import Steps, result_of
from inference_worker.requests.activations import activation
from inference_worker.requests.engine import Engine
from inference_worker.scheduler import Scheduler, Ticket
from inference_worker.wire.activations import ActivationSingleRequest
from inference_worker.wire.packaged import PACKAGED_MODEL_ID
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "scheduling.json"
STRENGTH = 80.0
STREAMS = 8
TEXT = "The treaty was signed in the spring of that year, and the two cities kept it for a century."
PARTS = ("ways", "health")
Way = Callable[[list[int]], int]


@dataclass(frozen=True, slots=True)
class Took:
    """One way in one round: tokens of all rows, seconds of wall and of CPU time."""

    tokens: int
    wall: float
    cpu: float


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=24, help="generated for each row")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer", action="store_true", help="beside interp-engine, which has to be installed")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="the rest of the result stays")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    result = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    if "ways" in options.parts:
        rounds = measure(ways(_engine(), options), prompts(), options.rounds)
        result["machine"] = {
            **machine(options),
            **({"interp-engine": version("interp-engine")} if options.peer else {}),
        }
        result["speeds"] = {name: _speed([one[name] for one in rounds]) for name in rounds[0]}
        result["ratios"] = ratios(rounds, options.peer)
    if "health" in options.parts:
        result["health"] = health.measure(STREAMS)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def ways(engine: Engine, options: argparse.Namespace) -> dict[str, Way]:
    """Name of a way to a function that goes it with one prompt and says how many tokens came of it."""
    model, n_tokens = engine.model, options.tokens
    folder = str(ensure_packaged_model(get_settings().models_dir))
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    loaded = engine.saes.get(SOURCE)
    steered = steering([(loaded.hook_name, loaded.direction(100), STRENGTH)])
    found: dict[str, Way] = {
        "hf_1": lambda ids: _hugging_face(theirs, [ids], n_tokens),
        "hf_8": lambda ids: _hugging_face(theirs, [ids] * STREAMS, n_tokens),
        "hf_first_token": lambda ids: _hugging_face(theirs, [ids], 1),
        "hf_to_hook": lambda _: _to_hook(theirs, engine, loaded.layer or 0),
        "one": lambda ids: _alone(model, ids, [steered], n_tokens),
        "pair": lambda ids: _alone(model, ids, [Steering(), steered], n_tokens),
        "eight_streams": lambda ids: asyncio.run(_streams(model, ids, [steered, Steering()] * 4, n_tokens)),
        "first_token": lambda ids: _alone(model, ids, [steered], 1),
        "activation": lambda _: _activation(engine),
    }
    return {**found, **(_peer_ways(folder, loaded, n_tokens) if options.peer else {})}


def ratios(rounds: Sequence[dict[str, Took]], peer: bool) -> dict[str, dict[str, float]]:
    """What is claimed: tokens a second of one way over those of another, or seconds where less is better."""
    claims = {
        "one_steered_stream_over_hugging_face": ("one", "hf_1", True),
        "eight_streams_over_one": ("eight_streams", "one", True),
        "eight_streams_over_hugging_face_batch_of_eight": ("eight_streams", "hf_8", True),
        "first_token_seconds_over_hugging_face": ("first_token", "hf_first_token", False),
        "activation_test_seconds_over_bare_forward": ("activation", "hf_to_hook", False),
    }
    if peer:
        claims["pair_over_interp_engine"] = ("pair", "peer_pair", True)
        claims["one_steered_stream_over_interp_engine"] = ("one", "peer_one", True)
    return {
        name: {
            clock: round(statistics.median(_ratio(one, mine, theirs, clock, faster) for one in rounds), 2)
            for clock in ("wall", "cpu")
        }
        for name, (mine, theirs, faster) in claims.items()
    }


def _ratio(found: dict[str, Took], mine: str, theirs: str, clock: str, faster: bool) -> float:
    ours, others = (float(getattr(found[name], clock)) / found[name].tokens for name in (mine, theirs))
    return others / ours if faster else ours / others


def measure(all_ways: dict[str, Way], texts: Sequence[list[int]], rounds: int) -> list[dict[str, Took]]:
    """Every way in every round, each with another prompt; a round before them only warms up."""
    found = []
    for number in range(rounds + 1):
        ids = texts[number % len(texts)]
        found.append({name: _timed(way, ids) for name, way in all_ways.items()})
    return found[1:]


def _timed(way: Way, ids: list[int]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    tokens = way(ids)
    return Took(tokens, time.perf_counter() - wall, time.process_time() - cpu)


def _speed(taken: Sequence[Took]) -> dict[str, float]:
    return {
        "tokens_per_second": round(statistics.median(one.tokens / one.wall for one in taken), 1),
        "tokens_per_cpu_second": round(statistics.median(one.tokens / one.cpu for one in taken), 1),
    }


def _engine() -> Engine:
    model = load_model(PACKAGED_MODEL_ID, models_dir=get_settings().models_dir)
    return Engine(model, SaeShelf([get_settings().sae_dir], model.name, model.d_model), 1024, 256)


def _hugging_face(model: Any, rows: list[list[int]], n_tokens: int) -> int:
    prompt = torch.tensor(rows)
    options = {"max_new_tokens": n_tokens, "min_new_tokens": n_tokens, "do_sample": False, "pad_token_id": 2}
    with torch.inference_mode():
        output = model.generate(prompt, attention_mask=torch.ones_like(prompt), **options)
    return int(output[:, prompt.shape[1] :].numel())


def _alone(model: LanguageModel, ids: list[int], rows: Sequence[Steering], n_tokens: int) -> int:
    *_, outputs = generate(model, ids, rows, Sampling(n_tokens))
    return _written(outputs)


async def _streams(model: LanguageModel, ids: list[int], rows: Sequence[Steering], n_tokens: int) -> int:
    """One request a row, as from as many people, through the scheduler."""
    scheduler = Scheduler(2 * len(rows))
    scheduler.start()

    async def one(number: int, row: Steering) -> int:
        def begin() -> Steps[int]:
            return generation(model, ids, [row], Sampling(n_tokens), _written)

        async with scheduler.stream(begin, Ticket(f"client {number}")) as work:
            *_, written = [written async for written in work]
        return written

    written = await asyncio.gather(*(one(number, row) for number, row in enumerate(rows)))
    await asyncio.to_thread(scheduler.close)
    return sum(written)


def _written(outputs: Sequence[Output]) -> int:
    return sum(len(output.ids) for output in outputs)


def _activation(engine: Engine) -> int:
    request = ActivationSingleRequest(model=engine.model.name, source=SOURCE, index="100", prompt=TEXT)
    result_of(activation(engine, request))
    return 1


class _Enough(Exception):
    pass


def _to_hook(model: Any, engine: Engine, layer: int) -> int:
    """Plain Hugging Face up to the same layer, and no further."""

    def stop(*_: Any) -> None:
        raise _Enough

    handle = model.model.layers[layer].register_forward_hook(stop)
    try:
        with torch.inference_mode():
            model(torch.tensor([engine.model.tokenizer.tokenize(TEXT).ids]), use_cache=False)
    except _Enough:
        return 1
    finally:
        handle.remove()
    raise AssertionError("the layer was never reached")


def _peer_ways(folder: str, loaded: Any, n_tokens: int) -> dict[str, Way]:
    """The peer's own functions in eager mode: unsteered, then steered, as its server does it."""
    from interp_engine.model import EagerModel  # type: ignore[import-not-found, unused-ignore]
    from interp_engine.steer import SteerSpec, generate_stream, steer  # type: ignore[import-not-found, unused-ignore]

    model = EagerModel(folder, dtype="float32", device="cpu")
    spec = [SteerSpec(vector=loaded.direction(100), layer=loaded.layer, coeff=STRENGTH)]

    def run(ids: list[int], steered: bool) -> int:
        with steer(model, spec) if steered else nullcontext():
            steps = generate_stream(
                model, torch.tensor([ids]), max_tokens=n_tokens, temperature=0.0, stop_at_eos=False
            )
            return sum(1 for _ in steps)

    return {"peer_one": lambda ids: run(ids, True), "peer_pair": lambda ids: run(ids, False) + run(ids, True)}


if __name__ == "__main__":
    main()
