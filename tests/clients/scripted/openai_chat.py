"""OpenAI's chat completions, as the scripted provider reads and answers them."""

import json

from scripted.script import CACHED, INPUT, OUTPUT, Asked, Said, data_url, known, need, say

MEMBERS = """
    model messages stream stream_options max_tokens max_completion_tokens temperature top_p n stop
    seed user tools tool_choice parallel_tool_calls response_format presence_penalty
    frequency_penalty logit_bias logprobs top_logprobs reasoning_effort store metadata modalities
    prediction service_tier safety_identifier prompt_cache_key verbosity audio web_search_options
    functions function_call
""".split()
ROLES = {
    "system": ["role", "content", "name"],
    "developer": ["role", "content", "name"],
    "user": ["role", "content", "name"],
    "assistant": ["role", "content", "name", "tool_calls", "refusal", "audio", "reasoning_content"]
    # LiteLLM's notes to itself, which it sends along and OpenAI does not read.
    + ["provider_specific_fields"],
    "tool": ["role", "content", "tool_call_id"],
}
PARTS = {
    "text": ["type", "text"],
    "image_url": ["type", "image_url"],
    "refusal": ["type", "refusal"],
    "input_audio": ["type", "input_audio"],
    "file": ["type", "file"],
}
ID, CREATED = "chatcmpl-scripted", 1_700_000_000


def read(_path: str, told: dict) -> Asked:
    known(told, MEMBERS, "the request")
    need(isinstance(told.get("model"), str), "no model")
    need(told.get("messages"), "no messages")
    asked = Asked(told["model"], stream=told.get("stream") is True)
    for message in told["messages"]:
        read_message(message, asked)
    for tool in told.get("tools") or []:
        known(tool, ["type", "function"], "a tool")
        function = tool["function"]
        known(function, ["name", "description", "parameters", "strict"], "a function")
        asked.tools.append(function["name"])
    read_format(told.get("response_format"), asked)
    return asked


def read_message(message: dict, asked: Asked):
    role = message.get("role")
    need(role in ROLES, f"unknown role: {role}")
    known(message, ROLES[role], f"a message of the {role}")
    texts = [part_text(part, asked) for part in parts(message.get("content"))]
    for call in message.get("tool_calls") or []:
        known(call, ["id", "type", "function", "index"], "a call")
        json.loads(call["function"]["arguments"])
    if role == "tool":
        need(message.get("tool_call_id"), "a result without the id of its call")
        asked.results.append("".join(texts))
    elif role == "user":
        need(texts, "a user who says nothing")
        asked.texts += texts


def parts(content) -> list[dict]:
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def part_text(part: dict, asked: Asked) -> str:
    kind = part.get("type")
    need(kind in PARTS, f"unknown part: {kind}")
    known(part, PARTS[kind], f"a part of kind {kind}")
    if kind == "image_url":
        known(part["image_url"], ["url", "detail"], "image_url")
        asked.pictures.append(data_url(part["image_url"]["url"]))
    return part.get("text", "")


def read_format(told: dict | None, asked: Asked):
    if told and told["type"] == "json_schema":
        schema = told["json_schema"]
        known(schema, ["name", "description", "schema", "strict"], "json_schema")
        need(schema.get("name"), "a schema without a name")
        asked.schema = schema["schema"]


def whole(asked: Asked) -> dict:
    said = say(asked)
    message = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.call:
        message["tool_calls"] = [{**begun(said), "function": function(said)}]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason(said)}
    return {**head(asked, "chat.completion"), "choices": [choice], "usage": usage()}


def stream(asked: Asked) -> list[bytes]:
    said = say(asked)
    chunks = [{"role": "assistant", "content": None if said.call else ""}]
    if said.call:
        start = {**begun(said), "index": 0, "function": {"name": said.call[0], "arguments": ""}}
        chunks.append({"tool_calls": [start]})
        for piece in said.pieces():
            chunks.append({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    else:
        chunks += [{"content": piece} for piece in said.pieces()]
    events = [chunk(asked, [choice(delta)]) for delta in chunks]
    events.append(chunk(asked, [choice({}, reason(said))]))
    # A gateway that settles by what the provider counted asks for it, whatever its caller wants.
    events.append(chunk(asked, [], usage=usage()))
    return [*events, b"data: [DONE]\n\n"]


def head(asked: Asked, kind: str) -> dict:
    return {"id": ID, "object": kind, "created": CREATED, "model": asked.model}


def chunk(asked: Asked, choices: list, **more) -> bytes:
    told = {**head(asked, "chat.completion.chunk"), "choices": choices, **more}
    return b"data: %s\n\n" % json.dumps(told, ensure_ascii=False).encode()


def choice(delta: dict, finish: str | None = None) -> dict:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def begun(said: Said) -> dict:
    return {"id": "call_scripted_1", "type": "function"}


def function(said: Said) -> dict:
    return {"name": said.call[0], "arguments": json.dumps(said.call[1])}


def reason(said: Said) -> str:
    return "tool_calls" if said.call else "stop"


def usage() -> dict:
    return {
        "prompt_tokens": INPUT,
        "completion_tokens": OUTPUT,
        "total_tokens": INPUT + OUTPUT,
        "prompt_tokens_details": {"cached_tokens": CACHED},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def failure(status: int, message: str) -> dict:
    kind = {400: "invalid_request_error", 429: "rate_limit_error"}.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}
