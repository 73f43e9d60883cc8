"""Anthropic's SDK for Node."""

import pytest

from asking import claude_small, claude_stopped_at_e, claude_weather_call
from process import Thrown
from watching import tokens_worked


@pytest.fixture(scope="module")
def node(sdk):
    return sdk.node_anthropic()


def test_a_message_has_text_and_usage(node):
    message = node.run("create", claude_small())
    assert message["content"][0]["text"]
    assert (message["stop_reason"], message["usage"]["output_tokens"]) == ("max_tokens", 8)


def test_the_sdk_may_hand_over_the_key_as_a_bearer_token(node):
    client = {"apiKey": None, "authToken": node.key}
    assert node.run("create", claude_small(max_tokens=1), **client)["content"]


def test_the_head_tells_request_cost_and_receipt(node):
    headers = node.run("head", claude_small())["headers"]
    assert len(headers["x-request-id"]) == 36
    assert float(headers["x-inferlayer-cost"]) > 0
    assert headers["x-inferlayer-receipt"].startswith("v1.")


def test_a_stop_sequence_ends_the_answer(node):
    message = node.run("create", claude_stopped_at_e())
    assert message["stop_sequence"] == "e"
    assert "e" not in message["content"][0]["text"]


def test_the_events_of_a_stream_arrive_in_order(node):
    events = node.run("stream", claude_small())
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert events[-2]["usage"]["output_tokens"] == 8


def test_the_stream_helper_follows(node):
    seen = node.run("helper", claude_small())
    assert seen["final"]["content"][0]["text"] == "".join(seen["deltas"]) != ""
    assert seen["final"]["usage"]["output_tokens"] == 8


def test_a_tool_call_and_its_result_go_there_and_back(node):
    asked = claude_weather_call()
    call = node.run("helper", asked)["final"]["content"][0]
    assert (call["type"], call["name"], call["input"]) == ("tool_use", "weather", {"city": "Oslo"})
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "sunny, 21 degrees"}
    asked["messages"] += [{"role": "assistant", "content": [call]}]
    asked["messages"] += [{"role": "user", "content": [result]}]
    assert node.run("create", {**asked, "tool_choice": {"type": "none"}})["content"]


def test_leaving_in_the_middle_of_a_stream_stops_the_provider(node, tape, model_url):
    seen = node.run("leave", {**claude_small(max_tokens=1900), "slots": f"{model_url}/slots"})
    tape.hung_up += 1
    assert (seen["busy"], seen["busyAfter"]) == (1, 0)
    assert 0 < seen["items"] < 1900


@pytest.mark.parametrize(
    ("case", "asked", "client", "thrown"),
    [
        ("create", {}, {"apiKey": "wrong"}, ("AuthenticationError", 401, "authentication_error")),
        ("create", {"model": "claude-none"}, {}, ("NotFoundError", 404, "not_found_error")),
        ("create", {"max_tokens": 0}, {}, ("BadRequestError", 400, "invalid_request_error")),
        ("countTokens", {"model": "none"}, {}, ("NotFoundError", 404, "not_found_error")),
    ],
)
def test_a_refusal_is_the_sdk_s_own_error(node, case, asked, client, thrown):
    with pytest.raises(Thrown) as refused:
        node.run(case, {**claude_small(), **asked}, **client)
    error = refused.value
    assert error.body["type"] == "error"
    assert (error.name, error.status, error.body["error"]["type"]) == thrown


def test_a_spent_budget_is_told_once(poor_sdk, tape, model_url):
    worked, before = tokens_worked(model_url), len(tape)
    with pytest.raises(Thrown) as refused:
        poor_sdk.node_anthropic().run("create", claude_small(max_tokens=1000))
    assert (refused.value.name, refused.value.status) == ("RateLimitError", 429)
    assert refused.value.body["error"]["type"] == "billing_error"
    assert tokens_worked(model_url) == worked
    (only,) = tape[before:]
    assert only.response.headers["x-should-retry"] == "false"
