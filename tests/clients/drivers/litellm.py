"""LiteLLM as a client: everything in OpenAI's words."""

import litellm

from drivers.tasks import CITY, DESCRIPTION, RESULT, WEATHER, Verdict, called, left, said

TOOL = {
    "type": "function",
    "function": {"name": WEATHER, "description": DESCRIPTION, "parameters": CITY},
}


def connect(url: str, key: str) -> dict:
    return {"api_base": f"{url}/v1", "api_key": key, "custom_llm_provider": "openai"}


def chat(client, **asked) -> dict:
    return told(create(client, **asked))


def create(client, model, text, **more):
    messages = text if is_history(text) else [{"role": "user", "content": text}]
    return litellm.completion(model=model, messages=messages, **client, **more)


def is_history(text) -> bool:
    return isinstance(text, list) and "role" in text[0]


def told(answer, **more) -> dict:
    usage, message = answer.usage, answer.choices[0].message
    return said(message.content, usage.prompt_tokens, usage.completion_tokens, **more)


def stream(client, **asked) -> dict:
    usage = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(create(client, **asked, **usage))
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    pieces = [piece for piece in pieces if piece]
    return told(litellm.stream_chunk_builder(chunks), pieces=pieces)


def tools(client, model, text) -> dict:
    first = create(client, model, text, tools=[TOOL]).choices[0].message
    (call,) = first.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
    history = [{"role": "user", "content": text}, first, result]
    second = create(client, model, history, tools=[TOOL])
    return told(second, calls=[called(call.function.name, call.function.arguments)])


def tool_stream(client, model, text) -> dict:
    whole = litellm.stream_chunk_builder(
        list(create(client, model, text, tools=[TOOL], stream=True))
    )
    calls = whole.choices[0].message.tool_calls
    return {"calls": [called(call.function.name, call.function.arguments) for call in calls]}


def schema(client, model, text) -> dict:
    answer = create(client, model, text, response_format=Verdict)
    return Verdict.model_validate_json(answer.choices[0].message.content).model_dump()


def image(client, model, text, png) -> dict:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}}
    return told(create(client, model, [{"type": "text", "text": text}, picture]))


def embed(client, model, texts) -> list:
    answer = litellm.embedding(model=model, input=texts, encoding_format="float", **client)
    return [item["embedding"] for item in answer.data]


def leave(client, model, text) -> int:
    chunks = create(client, model, text, stream=True)
    return left(chunks, chunks.completion_stream.close)
