"""The client: the wire's types both ways, typed failures, and a stream that ends or says why not."""

from __future__ import annotations

import asyncio
import socket

import pytest

from inference_worker.client import WorkerClient, WorkerDown, WorkerError
from inference_worker.wire.activations import ActivationSingleRequest
from inference_worker.wire.steering import SteerCompletionRequest, SteerCompletionResponse, SteerFeature
from inference_worker.wire.tokens import TokenizeRequest
from inference_worker.wire.turns import Waiting
from inference_worker.wire.util import FeatureVectorRequest
from tests.inference_worker.serving import MODEL, SECRET, SOURCE

STEER = SteerCompletionRequest(
    model=MODEL,
    prompt="Once upon a time",
    features=[SteerFeature(model=MODEL, source=SOURCE, index=100, strength=80)],
    n_completion_tokens=6,
    temperature=0,
)


def address(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def client(worker_url: str) -> WorkerClient:
    return WorkerClient(worker_url, SECRET)


async def test_every_call(client: WorkerClient) -> None:
    assert (await client.health()).status == "ok"
    assert (await client.ready()).ready
    assert (await client.capabilities()).model == MODEL
    assert (await client.tokenize(TokenizeRequest(model=MODEL, text="hi"))).tokens == [1, 6004]
    tested = await client.activation_single(ActivationSingleRequest(model=MODEL, source=SOURCE, index=5, prompt="hi"))
    assert len(tested.activation.values) == 2
    found = await client.vector(FeatureVectorRequest(model=MODEL, source=SOURCE, index=5))
    assert len(found.vector) == 576
    await client.close()


async def test_streaming_ends_with_what_comes_without(client: WorkerClient) -> None:
    seen = [answer async for answer in client.steer(STEER)]
    assert len(seen) > 2
    assert seen[-1].outputs == (await client.complete(STEER)).outputs


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_an_error_with_its_problem(client: WorkerClient, stream: bool) -> None:
    wrong = STEER.model_copy(update={"model": "gpt2"})
    with pytest.raises(WorkerError) as caught:
        if stream:
            await anext(client.steer(wrong))
        else:
            await client.complete(wrong)
    assert (caught.value.status, caught.value.problem.field) == (404, "model")


async def test_a_wrong_secret_is_an_error(worker_url: str) -> None:
    with pytest.raises(WorkerError) as caught:
        await WorkerClient(worker_url, "wrong").ready()
    assert caught.value.status == 401


async def test_who_asks_is_sent_along(worker_url: str) -> None:
    client = WorkerClient(worker_url, SECRET)
    with pytest.raises(WorkerError) as caught:
        await client.asking("somebody", timeout=0.01).complete(STEER)
    assert (caught.value.status, caught.value.problem.error) == (504, "expired")
    assert (await client.asking(interactive=False).complete(STEER)).outputs == (await client.complete(STEER)).outputs
    await client.close()


async def test_a_place_in_the_line_is_an_item() -> None:
    async def wait_and_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        writer.write(b': waiting 3\n\n: waiting 1\n\nevent: done\ndata: {"outputs": []}\n\n')
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(wait_and_answer, "127.0.0.1", 0) as server:
        client = WorkerClient(address(server))
        watched = [item async for item in client.watch(STEER)]
        steered = [item async for item in client.steer(STEER)]
        await client.close()
    assert watched[:2] == [Waiting(position=3), Waiting(position=1)]
    assert watched[2:] == steered == [SteerCompletionResponse(outputs=[])]


async def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        client = WorkerClient(f"http://127.0.0.1:{probe.getsockname()[1]}")
        with pytest.raises(WorkerDown):
            await client.health()
        with pytest.raises(WorkerDown):
            await anext(client.steer(STEER))


@pytest.mark.parametrize(
    "cut",
    [b"", b": waiting 1\n\n", b'data: {"outputs": []}\n\n', b'event: done\ndata: {"outputs"'],
    ids=["nothing", "heartbeat", "a frame", "half the end"],
)
async def test_a_stream_that_breaks_off_is_no_answer(cut: bytes) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + cut)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(break_off, "127.0.0.1", 0) as server:
        client = WorkerClient(address(server))
        with pytest.raises(WorkerDown):
            async for _ in client.steer(STEER):
                pass
        await client.close()


async def test_something_else_at_the_address_is_an_error() -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(other, "127.0.0.1", 0) as server:
        client = WorkerClient(address(server))
        with pytest.raises(WorkerError) as caught:
            await client.ready()
        await client.close()
    assert caught.value.status == 502


def test_one_client_serves_several_event_loops(worker_url: str) -> None:
    client = WorkerClient(worker_url, SECRET)

    async def ask() -> str:
        answer = (await client.health()).status
        await client.close()
        return answer

    assert [asyncio.run(ask()) for _ in range(2)] == ["ok", "ok"]
