"""What OpenAI's API has besides conversations, as the scripted provider answers it: embeddings,
completions, moderations, and what the gateway passes through: audio, images, files.
"""

import json
import struct
from base64 import b64encode

from scripted.openai_chat import CREATED
from scripted.script import HELLO, INPUT, OUTPUT, known, need

VECTOR = [0.25, -0.5, 1.0]
SPEECH, PICTURE = b"RIFF-scripted", b64encode(b"\x89PNG-scripted").decode()
FILE = {
    "id": "file-scripted",
    "object": "file",
    "bytes": 5,
    "created_at": CREATED,
    "filename": "notes.txt",
    "purpose": "user_data",
    "status": "processed",
}
JSON = "application/json"


def serves(path: str) -> bool:
    return path in WHOLE or path.split("?")[0].startswith(PASSED)


def answer(path: str, method: str, headers, body: bytes) -> tuple[int, str, bytes]:
    """Status, media type and body."""
    if path in WHOLE:
        told = json.loads(body)
        answer = WHOLE[path](told)
        if path == "/completions" and told.get("stream"):
            # All in one event: what is told between events is the chat's to show.
            return 200, "text/event-stream", b"data: %s\n\ndata: [DONE]\n\n" % dumped(answer)
        return 200, JSON, dumped(answer)
    if path == "/audio/speech":
        known(json.loads(body), ["model", "input", "voice", "response_format", "speed"], "speech")
        return 200, "audio/wav", SPEECH
    if path == "/images/generations":
        told = {"created": CREATED, "data": [{"b64_json": PICTURE}]}
    elif path == "/audio/transcriptions":
        check_form(headers, body, b'name="file"')
        told = {"text": HELLO}
    elif method == "POST":
        check_form(headers, body, b'name="purpose"')
        told = FILE
    elif method == "DELETE":
        told = {"id": FILE["id"], "object": "file", "deleted": True}
    elif path.endswith("/content"):
        return 200, "application/octet-stream", b"hello"
    elif path.split("?")[0] == "/files":
        told = {"object": "list", "data": [FILE], "has_more": False}
    else:
        told = FILE
    return 200, JSON, dumped(told)


def dumped(told: dict) -> bytes:
    return json.dumps(told).encode()


def check_form(headers, body: bytes, field: bytes):
    kind, _, boundary = headers["content-type"].partition("; boundary=")
    need(kind == "multipart/form-data", "not a form")
    need(body.startswith(b"--" + boundary.encode()), "the form does not begin at its boundary")
    need(field in body, "the form lacks a field")


def embeddings(told: dict) -> dict:
    known(told, ["model", "input", "encoding_format", "dimensions", "user"], "embeddings")
    inputs = told["input"]
    # One text, or one text in tokens.
    if isinstance(inputs, str) or isinstance(inputs[0], int):
        inputs = [inputs]
    packed = told.get("encoding_format") == "base64"
    vector = b64encode(struct.pack("<3f", *VECTOR)).decode() if packed else VECTOR
    data = [{"object": "embedding", "index": at, "embedding": vector} for at in range(len(inputs))]
    usage = {"prompt_tokens": INPUT, "total_tokens": INPUT}
    return {"object": "list", "model": told["model"], "data": data, "usage": usage}


def completions(told: dict) -> dict:
    need("prompt" in told, "no prompt")
    choice = {"index": 0, "text": HELLO, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}
    head = {"id": "cmpl-scripted", "object": "text_completion", "created": CREATED}
    return {**head, "model": told["model"], "choices": [choice], "usage": usage}


def moderations(told: dict) -> dict:
    known(told, ["model", "input"], "moderations")
    inputs = told["input"] if isinstance(told["input"], list) else [told["input"]]
    verdict = {
        "flagged": False,
        "categories": dict.fromkeys(CATEGORIES, False),
        "category_scores": dict.fromkeys(CATEGORIES, 0.01),
        "category_applied_input_types": dict.fromkeys(CATEGORIES, ["text"]),
    }
    return {"id": "modr-scripted", "model": told["model"], "results": [verdict] * len(inputs)}


CATEGORIES = """
    hate hate/threatening harassment harassment/threatening illicit illicit/violent self-harm
    self-harm/intent self-harm/instructions sexual sexual/minors violence violence/graphic
""".split()
WHOLE = {
    "/embeddings": embeddings,
    "/completions": completions,
    "/moderations": moderations,
}
PASSED = ("/audio/speech", "/audio/transcriptions", "/images/generations", "/files")
