"""What Open Responses asks of a server, over plain HTTP: its compliance suite's cases in our words,
and a few in their spirit. Once with a provider that has responses of its own, whose bytes pass, and
once with each kind whose answers are translated.
"""

import json
from base64 import b64encode

import httpx2
import pytest

from scripted.script import CITY, HELLO, INPUT, OUTPUT, VERDICT

MODELS = ("gpt-scripted", "chat-scripted", "claude-scripted", "gemini-scripted")
# Of a response, whatever came of it: null where there is nothing to say.
MEMBERS = set(
    """
    id object created_at completed_at status incomplete_details model previous_response_id
    instructions output error tools tool_choice truncation parallel_tool_calls text top_p
    presence_penalty frequency_penalty top_logprobs temperature reasoning usage max_output_tokens
    max_tool_calls store background service_tier metadata safety_identifier prompt_cache_key
    """.split()
)
TOOL = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
PNG = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(32)).decode()


@pytest.fixture(params=MODELS)
def ask(request, http, keys):
    """Posts a request for a response."""

    def post(*items: dict, **options) -> httpx2.Response:
        asked = {"model": request.param, "input": list(items), **options}
        headers = {"authorization": f"Bearer {keys['rich']}"}
        return http.post("/v1/responses", json=asked, headers=headers)

    return post


def test_a_text_is_answered(ask):
    assert_said(ask(message("user", "Say hello in exactly 3 words.")), HELLO)


def test_a_system_prompt_is_taken(ask):
    pirate = message("system", "You are a pirate. Always respond in pirate speak.")
    assert_said(ask(pirate, message("user", "Say hello.")), HELLO)


def test_instructions_are_taken_and_told_back(ask):
    told = assert_said(ask(message("user", "Say hello."), instructions="Be brief."), HELLO)
    # A provider that has responses of its own tells what it likes.
    assert told["instructions"] in ("Be brief.", None)


def test_earlier_turns_are_taken(ask):
    turns = [message("user", "My name is Alice."), message("assistant", "Hello Alice!")]
    assert_said(ask(*turns, message("user", "What is my name?")), HELLO)


def test_a_picture_is_taken(ask):
    text = {"type": "input_text", "text": "What do you see?"}
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
    assert_said(ask(message("user", [text, picture])), "A picture of 40 bytes.")


def test_a_function_is_called(ask):
    told = completed(ask(message("user", "The weather?"), tools=[TOOL]))
    assert_call(told["output"])


def test_the_result_of_a_call_is_taken(ask):
    question = message("user", "The weather?")
    said = completed(ask(question, tools=[TOOL]))["output"]
    call_id = call_of(said)["call_id"]
    result = {"type": "function_call_output", "call_id": call_id, "output": "sunny"}
    assert_said(ask(question, *said, result, tools=[TOOL]), "In Oslo: sunny.")


def test_a_schema_binds_the_answer(ask):
    properties = {"ok": {"type": "boolean"}, "n": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    wanted = {"type": "json_schema", "name": "verdict", "schema": schema, "strict": True}
    told = completed(ask(message("user", "Well?"), text={"format": wanted}))
    assert json.loads(told["output"][0]["content"][0]["text"]) == VERDICT


def test_a_text_is_streamed(ask):
    events = streamed(ask(message("user", "Count from 1 to 5."), stream=True))
    kinds = [event["type"] for event in events]
    deltas = [e["delta"] for e in events if e["type"] == "response.output_text.delta"]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert set(kinds[4:-4]) == {"response.output_text.delta"} and "".join(deltas) == HELLO
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert events[-1]["response"]["output"] == done
    assert {e["item_id"] for e in events if "item_id" in e} == {done[0]["id"]}


def test_a_call_is_streamed(ask):
    events = streamed(ask(message("user", "The weather?"), tools=[TOOL], stream=True))
    pieces = [e["delta"] for e in events if e["type"] == "response.function_call_arguments.delta"]
    (done,) = (e for e in events if e["type"] == "response.function_call_arguments.done")
    assert "".join(pieces) == done["arguments"]
    added = call_of([e["item"] for e in events if e["type"] == "response.output_item.added"])
    assert (added["name"], added["arguments"]) == ("weather", "")
    assert_call(events[-1]["response"]["output"])


def message(role: str, content) -> dict:
    return {"type": "message", "role": role, "content": content}


def completed(answer: httpx2.Response) -> dict:
    assert answer.status_code == 200, answer.text
    return whole(answer.json())


def whole(told: dict) -> dict:
    """That nothing of a response that has come to its end is missing."""
    assert MEMBERS <= told.keys(), MEMBERS - told.keys()
    assert (told["object"], told["status"], told["error"]) == ("response", "completed", None)
    assert told["created_at"] > 0
    usage = told["usage"]
    counted = (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"])
    assert counted == (INPUT, OUTPUT, INPUT + OUTPUT)
    assert {"input_tokens_details", "output_tokens_details"} <= usage.keys()
    return told


def streamed(answer: httpx2.Response) -> list[dict]:
    """The events of a stream, whose names, numbers and last word are as they should be."""
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    events = []
    for block in answer.text.replace("\r\n", "\n").split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            events.append(json.loads(data.removeprefix("data: ")))
            assert name == f"event: {events[-1]['type']}"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    whole(events[-1]["response"])
    return events


def assert_said(answer: httpx2.Response, text: str) -> dict:
    told = completed(answer)
    (item,) = told["output"]
    assert (item["type"], item["role"], item["status"]) == ("message", "assistant", "completed")
    (part,) = item["content"]
    assert (part["type"], part["text"], part["annotations"]) == ("output_text", text, [])
    return told


def assert_call(output: list[dict]):
    call = call_of(output)
    assert (call["name"], call["status"]) == ("weather", "completed")
    assert call["id"] and call["call_id"] and json.loads(call["arguments"]) == CITY


def call_of(output: list[dict]) -> dict:
    """The one call; what was thought before it stands beside it."""
    (call,) = (item for item in output if item["type"] == "function_call")
    return call
