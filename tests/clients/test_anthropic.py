"""Anthropic's SDK: the same gateway and the same keys, in Anthropic's dialect."""

from itertools import islice

import anthropic
import httpx2
import pytest

from asking import claude_small, claude_stopped_at_e, claude_weather_call, user
from prices import MODEL
from servers import CLAUDE
from watching import CANCEL_SECONDS, busy_slots, tokens_worked, wait_idle

MESSAGES = "/v1/messages"
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "billing_error",
    502: "api_error",
}
PICTURE = {"type": "base64", "media_type": "image/png", "data": "AAAA"}


def test_a_message_has_text_and_usage(claude):
    message = claude.messages.create(**claude_small())
    assert (message.type, message.role, message.content[0].type) == ("message", "assistant", "text")
    assert message.content[0].text
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 8)


@pytest.mark.parametrize("way", ["api_key", "auth_token"])
def test_the_sdk_knows_two_ways_to_hand_over_a_key(sdk, way):
    keys = {"api_key": None, "auth_token": None, way: sdk.key}
    with sdk.anthropic(**keys) as claude:
        assert claude.messages.create(**claude_small(max_tokens=1)).content


def test_the_head_tells_request_route_cost_and_receipt(claude):
    raw = claude.messages.with_raw_response.create(**claude_small())
    usage = raw.parse().usage
    assert len(raw.headers["x-request-id"]) == 36
    assert raw.headers["x-inferlayer-route"] == f"claude/{MODEL}; tier=simple; by=pin; reason=short"
    assert raw.headers["x-inferlayer-cache"] == "bypass;dialect"
    assert float(raw.headers["x-inferlayer-cost"]) >= usage.output_tokens * 15.11e-6
    assert raw.headers["x-inferlayer-receipt"].startswith("v1.")


def test_a_system_prompt_is_read(claude):
    plain = claude.messages.create(**claude_small(max_tokens=1))
    told = claude.messages.create(**claude_small(max_tokens=1, system="Answer in one word."))
    assert tokens_read(told.usage) > tokens_read(plain.usage)


def test_a_stop_sequence_ends_the_answer(claude):
    message = claude.messages.create(**claude_stopped_at_e())
    assert message.stop_sequence == "e"
    assert "e" not in message.content[0].text


def test_a_tool_call_and_its_result_go_there_and_back(claude):
    asked = claude_weather_call()
    first = claude.messages.create(**asked)
    call = first.content[0]
    assert (call.type, call.name, call.input) == ("tool_use", "weather", {"city": "Oslo"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny, 21 degrees"}
    calling = [{"role": "assistant", "content": [call.to_dict()]}]
    asked["messages"] += calling + [{"role": "user", "content": [result]}]
    second = claude.messages.create(**{**asked, "tool_choice": {"type": "none"}})
    assert second.content
    assert tokens_read(second.usage) > tokens_read(first.usage)


def test_every_event_of_a_stream_arrives(claude, direct_claude):
    asked = claude_small(max_tokens=24, extra_body={"temperature": 0, "ignore_eos": True})
    events = list(claude.messages.create(**asked, stream=True))
    expected = list(direct_claude.messages.create(**{**asked, "model": MODEL}, stream=True))
    assert outline(events) == outline(expected)
    assert (events[0].type, events[-1].type) == ("message_start", "message_stop")
    assert events[-2].usage.output_tokens == 24


def test_the_stream_helper_of_the_sdk_follows(claude):
    with claude.messages.stream(**claude_small()) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert final.content[0].text == text != ""
    assert (final.stop_reason, final.usage.output_tokens) == ("max_tokens", 8)


def test_a_tool_call_arrives_in_pieces(claude):
    with claude.messages.stream(**claude_weather_call()) as stream:
        pieces = [event for event in stream if event.type == "input_json"]
        final = stream.get_final_message()
    assert len(pieces) > 2
    assert final.content[0].input == {"city": "Oslo"}


def test_cost_and_receipt_stand_right_before_the_last_event(http, keys):
    asked = {"model": CLAUDE, "messages": user("Hello"), "max_tokens": 4, "stream": True}
    answer = http.post(MESSAGES, json=asked, headers={"x-api-key": keys["rich"]})
    assert answer.headers["content-type"].startswith("text/event-stream")
    *_, facts, stop = answer.text.rstrip("\n").split("\n\n")
    assert stop.startswith("event: message_stop\n")
    cost, receipt, proof = facts.split("\n")
    assert float(cost.removeprefix(": x-inferlayer-cost: ")) > 0
    assert receipt.startswith(": x-inferlayer-receipt: v1.")
    assert proof.startswith(": x-inferlayer-proof: ")


def test_a_client_that_hangs_up_stops_the_provider(claude, tape, model_url):
    with claude.messages.stream(**claude_small(max_tokens=1900)) as stream:
        assert len(list(islice(stream.text_stream, 4))) == 4
        assert busy_slots(model_url) == 1
    tape.hung_up += 1
    wait_idle(model_url, CANCEL_SECONDS)


def test_a_wrong_key_is_an_authentication_error(claude, keys):
    with pytest.raises(anthropic.AuthenticationError) as refused:
        claude.with_options(api_key="sk-ant-wrong").messages.create(**claude_small())
    assert_error(refused.value.response, 401)


def test_an_unknown_model_is_not_found(claude):
    with pytest.raises(anthropic.NotFoundError) as refused:
        claude.messages.create(**claude_small(model="claude-none"))
    assert_error(refused.value.response, 404)


def test_counting_tokens_costs_nothing(claude, tape):
    counted = claude.messages.count_tokens(model=CLAUDE, messages=user("Hello"))
    assert counted.input_tokens > 0
    assert tape[-1].cost_nano_usd == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_tokens": None},
        {"max_tokens": 0},
        {"messages": []},
        {"messages": "Hello"},
        {"stream": "yes"},
        {"model": 7},
    ],
)
def test_a_value_out_of_bounds_is_an_invalid_request(http, keys, wrong):
    asked = {"model": CLAUDE, "messages": user("Hello"), "max_tokens": 4, **wrong}
    asked = {name: value for name, value in asked.items() if value is not None}
    assert_error(http.post(MESSAGES, json=asked, headers={"x-api-key": keys["rich"]}), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b'{"model":"\xff"}'])
def test_a_malformed_body_is_an_invalid_request(http, keys, body):
    headers = {"x-api-key": keys["rich"], "content-type": "application/json"}
    assert_error(http.post(MESSAGES, content=body, headers=headers), 400)


def test_a_worst_case_that_does_not_fit_is_refused_once(poor_sdk, tape, model_url):
    worked, before = tokens_worked(model_url), len(tape)
    with poor_sdk.anthropic() as poor, pytest.raises(anthropic.RateLimitError) as refused:
        poor.messages.create(**claude_small(max_tokens=1000))
    assert_error(refused.value.response, 429)
    assert tokens_worked(model_url) == worked
    # The SDK retries 429 twice by default, unless it is told not to.
    assert poor.max_retries == 2
    (only,) = tape[before:]
    assert only.response.headers["x-should-retry"] == "false"


def test_what_the_provider_finds_wrong_is_told_as_its_400(claude):
    with pytest.raises(anthropic.BadRequestError, match="context size") as refused:
        claude.messages.create(**claude_small(messages=user("hello " * 3000)))
    assert refused.value.response.headers["x-inferlayer-cost"] == "0"


def test_an_image_for_a_model_that_cannot_see_fails_cleanly(claude):
    content = [{"type": "image", "source": PICTURE}, {"type": "text", "text": "What is this?"}]
    asked = claude_small(messages=[{"role": "user", "content": content}])
    with pytest.raises(anthropic.InternalServerError) as failed:
        claude.with_options(max_retries=0).messages.create(**asked)
    assert_error(failed.value.response, 502)
    assert "mmproj" not in failed.value.message


def assert_error(answer: httpx2.Response, status: int):
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert body["type"] == "error" and body["error"]["message"]
    assert set(body["error"]) == {"type", "message"}
    assert body["error"]["type"] == TYPES[status]


def outline(events) -> list:
    """What two streams of one answer have in common."""
    return [(event.type, getattr(event, "delta", None)) for event in events]


def tokens_read(usage) -> int:
    return usage.input_tokens + (usage.cache_read_input_tokens or 0)
