"""Anthropic's SDK: messages."""

import anthropic

from drivers.tasks import CITY, DESCRIPTION, RESULT, WEATHER, Verdict, called, left, said

TOOL = {"name": WEATHER, "description": DESCRIPTION, "input_schema": CITY}
MAX_TOKENS = 64


def connect(url: str, key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key=key)


def chat(client, **asked) -> dict:
    return told(create(client, **asked))


def create(client, model, text, max_tokens=MAX_TOKENS, **more):
    return client.messages.create(**words(model, text, max_tokens), **more)


def words(model, text, max_tokens=MAX_TOKENS) -> dict:
    messages = [{"role": "user", "content": text}]
    return {"model": model, "max_tokens": max_tokens, "messages": messages}


def told(message, **more) -> dict:
    text = "".join(block.text for block in message.content if block.type == "text")
    usage = message.usage
    cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return said(text, usage.input_tokens + cached, usage.output_tokens, **more)


def stream(client, model, text, max_tokens=MAX_TOKENS) -> dict:
    with client.messages.stream(**words(model, text, max_tokens)) as events:
        pieces = list(events.text_stream)
        return told(events.get_final_message(), pieces=pieces)


def tools(client, model, text) -> dict:
    first = create(client, model, text, tools=[TOOL])
    (call,) = (block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": RESULT}
    asked = words(model, text)
    asked["messages"] += [{"role": "assistant", "content": first.content}]
    asked["messages"] += [{"role": "user", "content": [result]}]
    second = client.messages.create(**asked, tools=[TOOL])
    return told(second, calls=[called(call.name, call.input)])


def tool_stream(client, model, text) -> dict:
    with client.messages.stream(**words(model, text), tools=[TOOL]) as events:
        (call,) = (b for b in events.get_final_message().content if b.type == "tool_use")
    return {"calls": [called(call.name, call.input)]}


def schema(client, model, text) -> dict:
    message = client.messages.parse(**words(model, text), output_format=Verdict)
    return message.parsed_output.model_dump()


def image(client, model, text, png) -> dict:
    source = {"type": "base64", "media_type": "image/png", "data": png}
    content = [{"type": "image", "source": source}, {"type": "text", "text": text}]
    return told(create(client, model, content))


def count(client, model, text) -> int:
    messages = [{"role": "user", "content": text}]
    return client.messages.count_tokens(model=model, messages=messages).input_tokens


def leave(client, model, text) -> int:
    events = create(client, model, text, stream=True)
    return left(events, events.close)
