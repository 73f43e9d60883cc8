"""OpenAI's SDK: chat completions."""

import openai

from drivers.tasks import CITY, DESCRIPTION, RESULT, WEATHER, Verdict, called, left, said

TOOL = {
    "type": "function",
    "function": {"name": WEATHER, "description": DESCRIPTION, "parameters": CITY},
}


def connect(url: str, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key)


def chat(client, **asked) -> dict:
    return told(create(client, **asked))


def create(client, model, text, max_tokens=None, **more):
    options = {} if max_tokens is None else {"max_tokens": max_tokens}
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, **options, **more)


def told(answer) -> dict:
    usage = answer.usage
    return said(answer.choices[0].message.content, usage.prompt_tokens, usage.completion_tokens)


def stream(client, **asked) -> dict:
    usage = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last = create(client, **asked, **usage)
    pieces = [chunk.choices[0].delta.content for chunk in chunks]
    pieces = [piece for piece in pieces if piece]
    counted = (last.usage.prompt_tokens, last.usage.completion_tokens)
    return said("".join(pieces), *counted, pieces=pieces)


def tools(client, model, text) -> dict:
    first = create(client, model, text, tools=[TOOL]).choices[0].message
    (call,) = first.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
    history = [{"role": "user", "content": text}, first.to_dict(), result]
    second = client.chat.completions.create(model=model, messages=history, tools=[TOOL])
    calls = [called(call.function.name, call.function.arguments)]
    return {**told(second), "calls": calls}


def tool_stream(client, model, text) -> dict:
    messages = [{"role": "user", "content": text}]
    asked = {"model": model, "messages": messages, "tools": [TOOL]}
    with client.chat.completions.stream(**asked) as events:
        list(events)
        (call,) = events.get_final_completion().choices[0].message.tool_calls
    return {"calls": [called(call.function.name, call.function.arguments)]}


def schema(client, model, text) -> dict:
    messages = [{"role": "user", "content": text}]
    asked = {"model": model, "messages": messages, "response_format": Verdict}
    answer = client.chat.completions.parse(**asked)
    return answer.choices[0].message.parsed.model_dump()


def image(client, model, text, png) -> dict:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}}
    return told(create(client, model, [{"type": "text", "text": text}, picture]))


def embed(client, model, texts) -> list:
    answer = client.embeddings.create(model=model, input=texts)
    return [item.embedding for item in answer.data]


def leave(client, model, text) -> int:
    chunks = create(client, model, text, stream=True)
    return left(chunks, chunks.close)
