"""The official OpenAI SDK for Node: what an application that uses it relies on, and what it does
when it is refused.
"""

import json

import pytest

from asking import small, stopped_at_e, verdict_call, weather_call
from process import Thrown
from servers import MODELS
from watching import tokens_worked

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


@pytest.fixture(scope="module")
def node(sdk):
    return sdk.node_openai()


def test_a_chat_answer_has_text_and_usage(node):
    answer = node.run("create", small())
    assert answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 8
    assert answer["timings"]["predicted_n"] == 8


def test_the_head_tells_request_cost_and_receipt(node):
    head = node.run("head", small())
    assert head["request_id"] == head["headers"]["x-request-id"]
    assert float(head["headers"]["x-inferlayer-cost"]) > 0
    assert head["headers"]["x-inferlayer-receipt"].startswith("v1.")


def test_every_chunk_arrives_and_no_usage_unless_asked_for(node, direct):
    asked = small(max_tokens=24, temperature=0)
    chunks = node.run("stream", asked)
    expected = direct.chat.completions.create(**asked, stream=True)
    assert texts(chunks) == [chunk.choices[0].delta.content or "" for chunk in expected]
    assert all(chunk.get("usage") is None for chunk in chunks)


def test_usage_comes_last_when_asked_for(node):
    *chunks, last = node.run("stream", small(stream_options={"include_usage": True}))
    assert all(chunk.get("usage") is None for chunk in chunks)
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 8)


def test_the_stream_helper_follows(node):
    seen = node.run("helper", stopped_at_e())
    (choice,) = seen["final"]["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"] == "".join(seen["deltas"]) != ""


def test_a_tool_call_and_its_result_go_there_and_back(node):
    asked = weather_call()
    first = node.run("create", asked)
    call = first["choices"][0]["message"]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    calling = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny, 21 degrees"}
    asked |= {"messages": [*asked["messages"], calling, result], "tool_choice": "none"}
    second = node.run("create", asked)
    assert second["choices"][0]["message"]["content"]
    assert second["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]


def test_a_schema_binds_the_answer(node):
    parsed = node.run("parse", verdict_call())["choices"][0]["message"]["parsed"]
    assert parsed["ok"] in (True, False) and parsed["n"] in (1, 2, 3)


def test_models_are_listed_and_retrieved(node):
    assert [model["id"] for model in node.run("models")] == MODELS
    for name in ("small", "auto:cheap"):
        assert node.run("retrieve", name)["id"] == name


def test_leaving_in_the_middle_of_a_stream_stops_the_provider(node, tape, model_url):
    seen = node.run("leave", {**small(max_tokens=1900), "slots": f"{model_url}/slots"})
    tape.hung_up += 1
    assert (seen["busy"], seen["busyAfter"]) == (1, 0)
    assert 0 < seen["items"] < 1900


@pytest.mark.parametrize(
    ("asked", "client", "thrown"),
    [
        ({}, {"apiKey": "sk-none"}, ("AuthenticationError", 401, "invalid_api_key", None)),
        ({"model": "gpt-none"}, {}, ("NotFoundError", 404, "model_not_found", "model")),
        ({"max_tokens": 0}, {}, ("BadRequestError", 400, "invalid_value", "max_tokens")),
    ],
)
def test_a_refusal_is_the_sdk_s_own_error(node, asked, client, thrown):
    with pytest.raises(Thrown) as refused:
        node.run("create", {**small(), **asked}, **client)
    error = refused.value
    assert (error.name, error.status, error.body["code"], error.body["param"]) == thrown


def test_a_spent_budget_is_told_once(poor_sdk, tape, model_url):
    worked, before = tokens_worked(model_url), len(tape)
    with pytest.raises(Thrown) as refused:
        poor_sdk.node_openai().run("create", small(max_tokens=1000))
    assert (refused.value.name, refused.value.status) == ("RateLimitError", 429)
    assert refused.value.body["code"] == "insufficient_quota"
    assert tokens_worked(model_url) == worked
    (only,) = tape[before:]
    assert only.response.headers["x-should-retry"] == "false"


def test_a_failed_provider_is_asked_again_by_the_sdk_alone(node, tape):
    before = len(tape)
    content = [{"type": "text", "text": "What is this?"}, IMAGE]
    with pytest.raises(Thrown) as failed:
        node.run("create", small(messages=[{"role": "user", "content": content}]))
    assert (failed.value.name, failed.value.status) == ("InternalServerError", 502)
    # Two retries are the SDK's default; how often the provider was asked is the ledger's to tell.
    retries = [exchange.request.headers["x-stainless-retry-count"] for exchange in tape[before:]]
    assert retries == ["0", "1", "2"]


def texts(chunks) -> list[str]:
    return [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]
