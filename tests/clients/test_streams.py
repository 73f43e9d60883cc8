"""Streams: every event arrives, in order, and only what the client asked for; the end comes with
what it cost; a client that leaves stops the provider.
"""

import asyncio
import json
from itertools import islice

import openai
import pytest

from asking import CANARY, small, stopped_at_e, user, weather_call
from watching import CANCEL_SECONDS, busy_slots, wait_idle, wait_until

PATIENCE_SECONDS = 120


def test_every_chunk_arrives_and_no_usage_unless_asked_for(client, direct):
    asked = small(max_tokens=24, temperature=0, stream=True)
    chunks = list(client.chat.completions.create(**asked))
    assert texts(chunks) == texts(direct.chat.completions.create(**asked))
    assert all(chunk.usage is None and len(chunk.choices) == 1 for chunk in chunks)


def test_usage_comes_last_when_asked_for(client):
    asked = small(stream=True, stream_options={"include_usage": True})
    *chunks, last = client.chat.completions.create(**asked)
    assert all(chunk.usage is None for chunk in chunks)
    assert last.choices == []
    assert last.usage.completion_tokens == 8


def test_a_tool_call_arrives_in_pieces(client):
    chunks = client.chat.completions.create(**weather_call(stream=True))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    first = [call.function for call in calls if call.index == 0]
    assert first[0].name == "weather"
    assert len(first) > 2
    assert json.loads("".join(piece.arguments for piece in first)) == {"city": "Oslo"}


def test_the_stream_helper_of_the_sdk_follows(client):
    with client.chat.completions.stream(**stopped_at_e()) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "".join(deltas)


def test_cost_and_receipt_stand_right_before_done(http, keys):
    asked = {**small(), "ignore_eos": True, "stream": True}
    del asked["extra_body"]
    headers = {"authorization": f"Bearer {keys['rich']}"}
    answer = http.post("/v1/chat/completions", json=asked, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, facts, done, rest = answer.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    cost, receipt, proof = facts.split("\n")
    assert float(cost.removeprefix(": x-inferlayer-cost: ")) > 0
    assert receipt.startswith(": x-inferlayer-receipt: v1.")
    assert proof.startswith(": x-inferlayer-proof: ")
    assert all(event.startswith("data: {") for event in events)


def test_eight_streams_at_once_do_not_mix(sdk, tape):
    before = len(tape)

    async def one(client, number: int) -> list:
        # Those who ask the same would wait for the first of them.
        question = user(f"Say hello to {CANARY} {number}.")
        options = {"stream": True, "stream_options": {"include_usage": True}}
        asked = small(max_tokens=12, messages=question, **options)
        return [chunk async for chunk in await client.chat.completions.create(**asked)]

    async def eight() -> list[list]:
        async with sdk.async_client() as client:
            return await asyncio.gather(*(one(client, number) for number in range(8)))

    streams = asyncio.run(eight())
    for chunks in streams:
        assert len({chunk.id for chunk in chunks}) == 1
        assert chunks[-1].usage.completion_tokens == 12
    assert len({chunks[0].id for chunks in streams}) == 8
    assert len({exchange.request_id for exchange in tape[before:]}) == 8


def test_a_client_that_hangs_up_stops_the_provider(client, tape, model_url):
    # Far more than the model can say in that time.
    stream = client.chat.completions.create(**small(max_tokens=1900, stream=True))
    assert len(list(islice(stream, 4))) == 4
    assert busy_slots(model_url) == 1
    stream.close()
    tape.hung_up += 1
    wait_idle(model_url, CANCEL_SECONDS)


def test_a_client_may_leave_before_its_answer(client, tape, model_url):
    impatient = client.with_options(timeout=0.2, max_retries=0)
    with pytest.raises(openai.APITimeoutError):
        impatient.chat.completions.create(**small(max_tokens=256))
    wait_until(lambda: tape.unanswered == 1, CANCEL_SECONDS)
    # llama-server finishes a JSON answer whose client has gone, also when asked directly; what is
    # charged for it is held against the ledger at the end.
    wait_idle(model_url, PATIENCE_SECONDS)


def texts(chunks) -> list[str]:
    return [chunk.choices[0].delta.content or "" for chunk in chunks]
