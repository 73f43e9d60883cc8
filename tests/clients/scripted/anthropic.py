"""Anthropic's messages, as the scripted provider reads and answers them."""

import json

from scripted.script import CACHED, INPUT, OUTPUT, Asked, known, need, png, say

MEMBERS = """
    model messages max_tokens system stream temperature top_p top_k stop_sequences tools tool_choice
    metadata service_tier thinking output_config
""".split()
BLOCKS = {
    "text": ["type", "text", "cache_control", "citations"],
    "image": ["type", "source", "cache_control"],
    "tool_use": ["type", "id", "name", "input", "cache_control", "caller"],
    "tool_result": ["type", "tool_use_id", "content", "is_error", "cache_control"],
    "thinking": ["type", "thinking", "signature"],
    "redacted_thinking": ["type", "data"],
}
TOOL = "type name description input_schema cache_control strict eager_input_streaming".split()
ROLES = ("user", "assistant")
ID, CALL = "msg_scripted", "toolu_scripted_1"


def check_headers(headers):
    need(headers.get("anthropic-version"), "no anthropic-version")


def read(path: str, told: dict) -> Asked:
    counting = path == "/messages/count_tokens"
    need(counting or path == "/messages", f"anthropic does not serve {path}")
    known(told, MEMBERS, "the request")
    need(isinstance(told.get("model"), str), "no model")
    need(counting or isinstance(told.get("max_tokens"), int), "no max_tokens")
    need(told.get("messages"), "no messages")
    asked = Asked(told["model"], stream=told.get("stream") is True)
    if counting:
        asked.texts.append(COUNT)
        return asked
    blocks(told.get("system") or [], "system", asked)
    for message in told["messages"]:
        known(message, ["role", "content"], "a message")
        need(message["role"] in ROLES, f"unknown role: {message['role']}")
        need(message["content"], "an empty message")
        asked.texts.append(blocks(message["content"], "a message", asked))
    for tool in told.get("tools") or []:
        known(tool, TOOL, "a tool")
        need(tool["input_schema"].get("type") == "object", "a tool's schema is no object")
        asked.tools.append(tool["name"])
    read_format(told.get("output_config") or {}, asked)
    return asked


COUNT = "\0count"


def read_format(told: dict, asked: Asked):
    known(told, ["format", "effort"], "output_config")
    if wanted := told.get("format"):
        known(wanted, ["type", "schema"], "output_config.format")
        asked.schema = wanted["schema"]


def blocks(content, where: str, asked: Asked) -> str:
    if isinstance(content, str):
        return content
    for block in content:
        kind = block.get("type")
        need(kind in BLOCKS, f"{where} has an unknown block: {kind}")
        known(block, BLOCKS[kind], f"a block of kind {kind}")
        if kind == "image":
            source = block["source"]
            need(source["media_type"] == "image/png", "another media type")
            asked.pictures.append(png(source["data"]))
        elif kind == "tool_result":
            asked.results.append(blocks(block.get("content") or "", "a result", asked))
        elif kind == "thinking":
            need(block.get("signature"), "a thought without its signature")
    return "".join(block.get("text", "") for block in content)


def whole(asked: Asked) -> dict:
    if COUNT in asked.texts:
        return {"input_tokens": INPUT}
    said = say(asked)
    told = message(asked)
    if said.call:
        name, arguments = said.call
        block = {"type": "tool_use", "id": CALL, "name": name, "input": arguments}
    else:
        block = {"type": "text", "text": said.text}
    reason = "tool_use" if said.call else "end_turn"
    usage = {**told["usage"], "output_tokens": OUTPUT}
    return {**told, "stop_reason": reason, "content": [block], "usage": usage}


def stream(asked: Asked) -> list[bytes]:
    said, done = say(asked), whole(asked)
    (block,) = done["content"]
    if said.call:
        empty, piece = {**block, "input": {}}, ("input_json_delta", "partial_json")
    else:
        empty, piece = {**block, "text": ""}, ("text_delta", "text")
    kind, member = piece
    deltas = [{"delta": {"type": kind, member: text}} for text in said.pieces()]
    ending = {"stop_reason": done["stop_reason"], "stop_sequence": None}
    events = [
        ("message_start", {"message": message(asked)}),
        ("content_block_start", {"index": 0, "content_block": empty}),
        ("ping", {}),
        *(("content_block_delta", {"index": 0, **delta}) for delta in deltas),
        ("content_block_stop", {"index": 0}),
        ("message_delta", {"delta": ending, "usage": {"output_tokens": OUTPUT}}),
        ("message_stop", {}),
    ]
    return [event(name, told) for name, told in events]


def event(name: str, told: dict) -> bytes:
    told = json.dumps({"type": name, **told}, ensure_ascii=False)
    return f"event: {name}\ndata: {told}\n\n".encode()


def message(asked: Asked) -> dict:
    return {
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        # Without what was read from its cache.
        "usage": {
            "input_tokens": INPUT - CACHED,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": CACHED,
            "output_tokens": 1,
        },
    }


def failure(status: int, message: str) -> dict:
    kinds = {400: "invalid_request_error", 429: "rate_limit_error"}
    error = {"type": kinds.get(status, "overloaded_error"), "message": message}
    return {"type": "error", "error": error}
