"""OpenAI's responses, as the scripted provider reads and answers them."""

import json

from scripted.openai_chat import CREATED
from scripted.script import CACHED, INPUT, OUTPUT, Asked, data_url, known, need, say

MEMBERS = """
    model input instructions stream stream_options max_output_tokens temperature top_p top_logprobs
    tools tool_choice parallel_tool_calls text reasoning store metadata user safety_identifier
    prompt_cache_key truncation include service_tier previous_response_id conversation prompt
    background max_tool_calls
""".split()
ITEMS = {
    "message": ["type", "id", "role", "content", "status"],
    "function_call": ["type", "id", "call_id", "name", "arguments", "status"],
    "function_call_output": ["type", "id", "call_id", "output", "status"],
    "reasoning": ["type", "id", "summary", "content", "encrypted_content", "status"],
}
PARTS = {
    "input_text": ["type", "text"],
    "output_text": ["type", "text", "annotations", "logprobs"],
    "input_image": ["type", "image_url", "detail", "file_id"],
    "refusal": ["type", "refusal"],
}
ID, ITEM, CALL = "resp_scripted", "item_scripted", "call_scripted_1"


def read(path: str, told: dict) -> Asked:
    known(told, MEMBERS, "the request")
    need(isinstance(told.get("model"), str), "no model")
    need("input" in told, "no input")
    asked = Asked(told["model"], stream=told.get("stream") is True)
    if path.endswith("/input_tokens"):
        # Told by `whole`, which has no other way to know.
        asked.texts.append(COUNT)
        return asked
    items = told["input"]
    for item in [{"role": "user", "content": items}] if isinstance(items, str) else items:
        read_item(item, asked)
    for tool in told.get("tools") or []:
        names = ["type", "name", "description", "parameters", "strict"]
        known(tool, names, "a tool")
        asked.tools.append(tool["name"])
    wanted = (told.get("text") or {}).get("format") or {"type": "text"}
    if wanted["type"] == "json_schema":
        known(wanted, ["type", "name", "description", "schema", "strict"], "text.format")
        asked.schema = wanted["schema"]
    return asked


COUNT = "\0count"


def read_item(item: dict, asked: Asked):
    kind = item.get("type", "message")
    need(kind in ITEMS, f"unknown item: {kind}")
    known(item, ITEMS[kind], f"an item of kind {kind}")
    if kind == "function_call":
        json.loads(item["arguments"])
    elif kind == "function_call_output":
        need(item.get("call_id"), "a result without the id of its call")
        asked.results.append(text(item["output"], asked))
    elif kind == "message":
        asked.texts.append(text(item["content"], asked))


def text(content, asked: Asked) -> str:
    if isinstance(content, str):
        return content
    for part in content:
        kind = part.get("type")
        need(kind in PARTS, f"unknown part: {kind}")
        known(part, PARTS[kind], f"a part of kind {kind}")
        if kind == "input_image":
            asked.pictures.append(data_url(part["image_url"]))
    return "".join(part.get("text", "") for part in content)


def whole(asked: Asked) -> dict:
    if COUNT in asked.texts:
        return {"object": "response.input_tokens", "input_tokens": INPUT}
    return {**response(asked, "completed"), "output": [item(asked)], "usage": usage()}


def stream(asked: Asked) -> list[bytes]:
    done = item(asked)
    nothing = {"arguments": ""} if is_call(done) else {"content": []}
    empty = {**done, "status": "in_progress", **nothing}
    events = [
        ("response.created", {"response": response(asked, "in_progress")}),
        ("response.in_progress", {"response": response(asked, "in_progress")}),
        ("response.output_item.added", {"output_index": 0, "item": empty}),
        *(call_events if is_call(done) else text_events)(asked, done),
        ("response.output_item.done", {"output_index": 0, "item": done}),
        ("response.completed", {"response": whole(asked)}),
    ]
    return [event(number, name, told) for number, (name, told) in enumerate(events)]


def is_call(told: dict) -> bool:
    return told["type"] == "function_call"


def text_events(asked: Asked, done: dict):
    at = {"item_id": ITEM, "output_index": 0, "content_index": 0}
    (part,) = done["content"]
    yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
    for piece in say(asked).pieces():
        yield "response.output_text.delta", {**at, "delta": piece, "logprobs": []}
    yield "response.output_text.done", {**at, "text": part["text"], "logprobs": []}
    yield "response.content_part.done", {**at, "part": part}


def call_events(asked: Asked, done: dict):
    at = {"item_id": ITEM, "output_index": 0}
    for piece in say(asked).pieces():
        yield "response.function_call_arguments.delta", {**at, "delta": piece}
    told = {"name": done["name"], "arguments": done["arguments"]}
    yield "response.function_call_arguments.done", {**at, **told}


def event(number: int, name: str, told: dict) -> bytes:
    told = json.dumps({"type": name, "sequence_number": number, **told}, ensure_ascii=False)
    return f"event: {name}\ndata: {told}\n\n".encode()


def item(asked: Asked) -> dict:
    said = say(asked)
    if said.call:
        name, arguments = said.call
        call = {"call_id": CALL, "name": name, "arguments": json.dumps(arguments)}
        return {"type": "function_call", "id": ITEM, "status": "completed", **call}
    part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
    message = {"role": "assistant", "content": [part]}
    return {"type": "message", "id": ITEM, "status": "completed", **message}


def response(asked: Asked, status: str) -> dict:
    done = CREATED + 1 if status == "completed" else None
    return {
        "id": ID,
        "object": "response",
        "created_at": CREATED,
        "completed_at": done,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": asked.model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
        "metadata": {},
    }


def usage() -> dict:
    return {
        "input_tokens": INPUT,
        "input_tokens_details": {"cached_tokens": CACHED},
        "output_tokens": OUTPUT,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": INPUT + OUTPUT,
    }
