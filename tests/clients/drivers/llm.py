"""The command line tool llm, as the library under it: chat completions."""

from base64 import b64decode

import llm
from llm.default_plugins.openai_models import Chat

from drivers.tasks import RESULT, Verdict, called, said


def connect(url: str, key: str) -> dict:
    return {"api_base": f"{url}/v1", "key": key}


def model_of(client, model: str) -> Chat:
    able = {"vision": True, "supports_schema": True, "supports_tools": True}
    return Chat(model, model_name=model, **client, **able)


def chat(client, model, text, max_tokens=None) -> dict:
    return told(model_of(client, model).prompt(text, stream=False, **cap(max_tokens)))


def cap(max_tokens) -> dict:
    return {} if max_tokens is None else {"max_tokens": max_tokens}


def told(response, **more) -> dict:
    text, usage = response.text(), response.usage()
    return said(text, usage.input, usage.output, **more)


def stream(client, model, text, max_tokens=None) -> dict:
    response = model_of(client, model).prompt(text, **cap(max_tokens))
    pieces = [piece for piece in response if piece]
    return told(response, pieces=pieces)


def tools(client, model, text) -> dict:
    return run_tools(client, model, text, stream=False)


def run_tools(client, model, text, stream: bool) -> dict:
    calls = []

    def weather(city: str) -> str:
        """The weather of a city."""
        calls.append(called("weather", {"city": city}))
        return RESULT

    chain = model_of(client, model).chain(text, tools=[weather], stream=stream)
    return said(chain.text(), None, None, calls=calls)


def tool_stream(client, model, text) -> dict:
    return {"calls": run_tools(client, model, text, stream=True)["calls"]}


def schema(client, model, text) -> dict:
    response = model_of(client, model).prompt(text, schema=Verdict, stream=False)
    return Verdict.model_validate_json(response.text()).model_dump()


def image(client, model, text, png) -> dict:
    picture = llm.Attachment(type="image/png", content=b64decode(png))
    return told(model_of(client, model).prompt(text, attachments=[picture], stream=False))
