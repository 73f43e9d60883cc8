"""Answers given again: the caller cannot tell them from the first but by the head, and decides with
the header that HTTP has for it.
"""

import asyncio
from typing import Literal

import openai
import pytest
from pydantic import BaseModel

from asking import small, stopped_at_end, verdict_call, weather_call
from prices import MODEL

NO_STORE = {"extra_headers": {"Cache-Control": "no-store"}}
NO_CACHE = {"extra_headers": {"Cache-Control": "no-cache"}}
ONLY_IF_CACHED = {"extra_headers": {"Cache-Control": "only-if-cached"}}
WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}
# What is new about an answer that is given again.
FRESH = {"id", "created", "_request_id"}
# The second one's provider speaks Anthropic's dialect.
both_dialects = pytest.mark.parametrize("model", [MODEL, "claude-chat"])


@both_dialects
def test_the_same_question_gets_the_same_answer(client, tape, model):
    asked = stopped_at_end(model=model)
    first, second = (client.chat.completions.create(**asked) for _ in range(2))
    assert [exchange.cache for exchange in tape[-2:]] == ["miss", "hit-exact"]
    assert len(first.choices[0].message.content.split()) > 2
    assert second.to_dict().keys() == first.to_dict().keys()
    assert lasting(second) == lasting(first)
    assert second.id == f"chatcmpl-{tape[-1].request_id}" != first.id
    assert second.created >= first.created


def test_a_hit_tells_its_age_and_costs_nothing(client, tape):
    asked = stopped_at_end()
    for _ in range(2):
        client.chat.completions.create(**asked)
    miss, hit = tape[-2:]
    assert miss.cost_nano_usd > 0 and "age" not in miss.response.headers
    assert hit.cost_nano_usd == 0 and int(hit.response.headers["age"]) >= 0
    assert hit.route == "cache; tier=simple; by=pin; reason=short"
    assert hit.told("x-inferlayer-receipt") != miss.told("x-inferlayer-receipt")


@both_dialects
def test_a_stream_is_made_from_a_whole_answer(client, tape, model):
    asked = stopped_at_end(model=model)
    whole = client.chat.completions.create(**asked)
    chunks = list(client.chat.completions.create(**asked, stream=True))
    assert tape[-1].is_hit and tape[-1].is_stream
    assert_chunks(chunks, whole, tape[-1].request_id)
    assert all("usage" not in chunk.to_dict() for chunk in chunks)


def test_usage_comes_last_when_asked_for(client, tape):
    asked = stopped_at_end()
    whole = client.chat.completions.create(**asked)
    *chunks, last = client.chat.completions.create(**asked, **WITH_USAGE)
    assert tape[-1].is_hit
    assert_chunks(chunks, whole, tape[-1].request_id)
    assert all(chunk.to_dict()["usage"] is None for chunk in chunks)
    assert (last.choices, last.usage) == ([], whole.usage)


@both_dialects
@pytest.mark.parametrize("options", [{"stream": True}, WITH_USAGE])
def test_a_whole_answer_is_made_from_a_stream(client, tape, model, options):
    asked = stopped_at_end(model=model)
    chunks = list(client.chat.completions.create(**asked, **options))
    whole = client.chat.completions.create(**asked)
    assert [exchange.cache for exchange in tape[-2:]] == ["miss", "hit-exact"]
    choice = whole.choices[0]
    assert (choice.message.role, choice.message.content) == ("assistant", text(chunks))
    assert choice.finish_reason == "stop"
    # Also where the first caller had no wish to see what the provider counted.
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0
    if chunks[-1].usage:
        assert whole.usage == chunks[-1].usage


def test_the_stream_helper_of_the_sdk_follows_a_hit(client, tape):
    asked = stopped_at_end()
    whole = client.chat.completions.create(**asked)
    with client.chat.completions.stream(**asked) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert tape[-1].is_hit
    assert "".join(deltas) == final.choices[0].message.content == whole.choices[0].message.content
    assert len(deltas) > 2


class Verdict(BaseModel):
    ok: bool
    n: Literal[1, 2, 3]


def test_the_sdk_parses_a_hit_as_it_does_the_first(client, tape):
    asked = verdict_call(response_format=Verdict)
    first, second = (client.chat.completions.parse(**asked) for _ in range(2))
    assert tape[-1].is_hit
    assert isinstance(second.choices[0].message.parsed, Verdict)
    assert second.choices == first.choices


def test_eight_who_ask_the_same_at_once_pay_once(sdk, tape):
    asked, before = stopped_at_end(), len(tape)

    async def eight() -> list:
        async with sdk.async_client() as client:
            return await asyncio.gather(
                *(client.chat.completions.create(**asked) for _ in range(8))
            )

    answers = asyncio.run(eight())
    assert len({answer.choices[0].message.content for answer in answers}) == 1
    assert len({answer.id for answer in answers}) == 8
    assert sorted(exchange.cache for exchange in tape[before:]) == ["hit-exact"] * 7 + ["miss"]


def test_another_tenant_does_not_get_it(client, other_sdk, tape):
    asked = stopped_at_end()
    client.chat.completions.create(**asked)
    with other_sdk.client() as other:
        for expected in ("miss", "hit-exact"):
            other.chat.completions.create(**asked)
            assert tape[-1].cache == expected


def test_another_question_does_not_get_it(client, tape):
    asked = stopped_at_end()
    client.chat.completions.create(**asked)
    system = {"role": "system", "content": "Answer in one word."}
    others = [{"messages": [system, *asked["messages"]]}, {"seed": 1}, {"model": "claude-chat"}]
    for other in others:
        client.chat.completions.create(**{**asked, **other})
        assert tape[-1].cache == "miss"


def test_an_answer_that_was_cut_off_is_not_kept(client, tape):
    for _ in range(2):
        client.chat.completions.create(**small(temperature=0))
        assert tape[-1].cache == "miss"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (small(temperature=1), "sampling"),
        (small(n=2), "choices"),
        (weather_call(), "tools"),
    ],
)
def test_what_is_not_for_another_is_not_looked_up(client, tape, asked, reason):
    for _ in range(2):
        client.chat.completions.create(**asked)
        assert tape[-1].cache == f"bypass;{reason}"


def test_no_store_neither_looks_up_nor_keeps(client, tape):
    asked = stopped_at_end()
    for options, expected in [
        (NO_STORE, "bypass;no-store"),
        ({}, "miss"),
        (NO_STORE, "bypass;no-store"),
        ({}, "hit-exact"),
    ]:
        client.chat.completions.create(**asked, **options)
        assert tape[-1].cache == expected


def test_no_cache_asks_anew_and_keeps_that(client, tape):
    asked = stopped_at_end()
    client.chat.completions.create(**asked)
    anew = client.chat.completions.create(**asked, **NO_CACHE)
    assert tape[-1].cache == "bypass;no-cache"
    again = client.chat.completions.create(**asked)
    assert tape[-1].is_hit
    # How long the model took this time.
    assert again.model_extra["timings"] == anew.model_extra["timings"]


def test_only_if_cached_asks_no_provider(client, tape):
    asked, before = stopped_at_end(), len(tape)
    with pytest.raises(openai.InternalServerError) as refused:
        client.chat.completions.create(**asked, **ONLY_IF_CACHED)
    assert (refused.value.status_code, refused.value.code) == (504, "not_cached")
    # Asking again would not help.
    assert len(tape) == before + 1
    client.chat.completions.create(**asked)
    client.chat.completions.create(**asked, **ONLY_IF_CACHED)
    assert tape[-1].is_hit


def assert_chunks(chunks, whole, request_id: str):
    """That a stream without its usage says what a whole answer says."""
    assert {chunk.id for chunk in chunks} == {f"chatcmpl-{request_id}"}
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk.model for chunk in chunks} == {whole.model}
    assert len({chunk.created for chunk in chunks}) == 1
    assert all(len(chunk.choices) == 1 for chunk in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert text(chunks) == whole.choices[0].message.content
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) > 2
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + [whole.choices[0].finish_reason]


def lasting(answer) -> dict:
    return {name: value for name, value in answer.to_dict().items() if name not in FRESH}


def text(chunks) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
