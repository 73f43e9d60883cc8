"""OpenAI's SDK: responses."""

from drivers import openai_chat
from drivers.tasks import CITY, DESCRIPTION, RESULT, WEATHER, Verdict, called, left, said

connect = openai_chat.connect
TOOL = {
    "type": "function",
    "name": WEATHER,
    "description": DESCRIPTION,
    "parameters": CITY,
    "strict": True,
}


def chat(client, **asked) -> dict:
    return told(create(client, **asked))


def create(client, model, text, max_tokens=None, **more):
    options = {} if max_tokens is None else {"max_output_tokens": max_tokens}
    return client.responses.create(model=model, input=text, **options, **more)


def told(answer, **more) -> dict:
    usage = answer.usage
    return said(answer.output_text, usage.input_tokens, usage.output_tokens, **more)


def stream(client, **asked) -> dict:
    events = list(create(client, **asked, stream=True))
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    return told(events[-1].response, pieces=pieces)


def tools(client, model, text) -> dict:
    first = create(client, model, text, tools=[TOOL])
    (call,) = (item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}
    history = [{"role": "user", "content": text}, *first.output, result]
    second = create(client, model, history, tools=[TOOL])
    return told(second, calls=[called(call.name, call.arguments)])


def tool_stream(client, model, text) -> dict:
    with client.responses.stream(model=model, input=text, tools=[TOOL]) as events:
        list(events)
        output = events.get_final_response().output
    calls = [item for item in output if item.type == "function_call"]
    return {"calls": [called(call.name, call.arguments) for call in calls]}


def schema(client, model, text) -> dict:
    answer = client.responses.parse(model=model, input=text, text_format=Verdict)
    return answer.output_parsed.model_dump()


def image(client, model, text, png) -> dict:
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{png}", "detail": "auto"}
    content = [{"type": "input_text", "text": text}, picture]
    return told(create(client, model, [{"role": "user", "content": content}]))


def count(client, model, text) -> int:
    return client.responses.input_tokens.count(model=model, input=text).input_tokens


def leave(client, model, text) -> int:
    events = create(client, model, text, stream=True)
    return left(events, events.close)
