"""Gemini's `generateContent`, as the scripted provider reads and answers it."""

import json

from scripted.openai_plain import VECTOR
from scripted.script import CACHED, INPUT, OUTPUT, Asked, known, need, png, say

MEMBERS = """
    model contents systemInstruction generationConfig tools toolConfig safetySettings cachedContent
    labels
""".split()
CONFIG = """
    temperature topP topK candidateCount maxOutputTokens stopSequences responseMimeType
    responseSchema responseJsonSchema presencePenalty frequencyPenalty seed responseLogprobs
    logprobs thinkingConfig responseModalities
""".split()
PARTS = "text inlineData functionCall functionResponse thought thoughtSignature fileData".split()
# Both spellings of a name are taken; Google's own SDK writes this one and `mime_type` so.
FUNCTION = "name description parameters parametersJsonSchema parameters_json_schema".split()
SIGNATURE = "c2NyaXB0ZWQ="
ANSWERS = "generateContent streamGenerateContent".split()


def read(path: str, told: dict) -> Asked:
    path, _, query = path.partition("?")
    model, _, method = path.removeprefix("/models/").partition(":")
    need(path.startswith("/models/") and model, f"gemini does not serve {path}")
    if method not in ANSWERS:
        need(method in PLAIN, f"gemini does not serve {method}")
        return Asked(model, texts=[method, json.dumps(told)])
    need(query == ("alt=sse" if method == "streamGenerateContent" else ""), f"the query {query}")
    known(told, MEMBERS, "the request")
    need(told.get("contents"), "no contents")
    asked = Asked(model, stream=method == "streamGenerateContent")
    for content in told["contents"]:
        need(content.get("role", "user") in ("user", "model", "function"), "an unknown role")
        read_content(content, asked)
    if instruction := told.get("systemInstruction"):
        read_content(instruction, Asked(model))
    for tool in told.get("tools") or []:
        known(tool, ["functionDeclarations"], "a tool")
        for function in tool["functionDeclarations"]:
            known(function, FUNCTION, "a function")
            asked.tools.append(function["name"])
    read_config(told.get("generationConfig") or {}, asked)
    return asked


def read_content(content: dict, asked: Asked):
    known(content, ["role", "parts"], "a content")
    need(content.get("parts"), "a content without parts")
    for part in content["parts"]:
        known(part, PARTS, "a part")
        if picture := part.get("inlineData"):
            kind = picture.get("mimeType") or picture.get("mime_type")
            need(kind == "image/png", "another media type")
            asked.pictures.append(png(picture["data"]))
        if result := part.get("functionResponse"):
            known(result, ["id", "name", "response"], "a result")
            need(result.get("name"), "a result without its function's name")
            told = result["response"]
            asked.results.append(told.get("result") or told["content"])
        asked.texts.append(part.get("text", ""))


def read_config(config: dict, asked: Asked):
    known(config, CONFIG, "generationConfig")
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    if schema:
        need(config.get("responseMimeType") == "application/json", "a schema, but no JSON")
        asked.schema = schema


def whole(asked: Asked) -> dict:
    if asked.texts and asked.texts[0] in PLAIN:
        return PLAIN[asked.texts[0]](json.loads(asked.texts[1]))
    said = say(asked)
    return answer(asked, [call(said) if said.call else {"text": said.text}], last=True)


def stream(asked: Asked) -> list[bytes]:
    said = say(asked)
    if said.call:
        answers = [answer(asked, [call(said)], last=True)]
    else:
        *pieces, end = said.pieces()
        answers = [answer(asked, [{"text": piece}], at) for at, piece in enumerate(pieces, 1)]
        answers.append(answer(asked, [{"text": end}], last=True))
    return [b"data: %s\r\n\r\n" % json.dumps(told).encode() for told in answers]


def answer(asked: Asked, parts: list[dict], written: int = OUTPUT, last: bool = False) -> dict:
    """One event's worth; `written` is what was counted up to here."""
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if last:
        candidate["finishReason"] = "STOP"
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": INPUT,
            "cachedContentTokenCount": CACHED,
            "candidatesTokenCount": written,
            "totalTokenCount": INPUT + written,
        },
        "modelVersion": asked.model,
        "responseId": "scripted",
    }


def call(said) -> dict:
    name, arguments = said.call
    return {"functionCall": {"name": name, "args": arguments}, "thoughtSignature": SIGNATURE}


def count(told: dict) -> dict:
    need("contents" in told or "generateContentRequest" in told, "nothing to count")
    return {"totalTokens": INPUT}


def embed(told: dict) -> dict:
    need(told["content"]["parts"], "nothing to embed")
    return {"embedding": {"values": VECTOR}}


def embed_batch(told: dict) -> dict:
    return {"embeddings": [embed(one)["embedding"] for one in told["requests"]]}


PLAIN = {"countTokens": count, "embedContent": embed, "batchEmbedContents": embed_batch}


def failure(status: int, message: str) -> dict:
    kinds = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
    return {"error": {"code": status, "message": message, "status": kinds[status]}}
