"""Google's SDK: Gemini."""

from base64 import b64decode

from google import genai
from google.genai import types

from drivers.tasks import CITY, DESCRIPTION, RESULT, WEATHER, Verdict, called, left, said

FUNCTION = {"name": WEATHER, "description": DESCRIPTION, "parameters_json_schema": CITY}
TOOL = types.Tool(function_declarations=[FUNCTION])
# It does not ask again unless it is told to.
RETRY = types.HttpRetryOptions(attempts=3, initial_delay=0.1, http_status_codes=[502, 503])


def connect(url: str, key: str) -> genai.Client:
    http = types.HttpOptions(base_url=url, retry_options=RETRY)
    return genai.Client(api_key=key, http_options=http)


def chat(client, model, text, max_tokens=None) -> dict:
    return told(client.models.generate_content(model=model, contents=text, config=cap(max_tokens)))


def cap(max_tokens) -> dict:
    return {} if max_tokens is None else {"max_output_tokens": max_tokens}


def told(answer, **more) -> dict:
    usage = answer.usage_metadata
    return said(answer.text, usage.prompt_token_count, usage.candidates_token_count, **more)


def stream(client, model, text, max_tokens=None) -> dict:
    asked = {"model": model, "contents": text, "config": cap(max_tokens)}
    answers = list(client.models.generate_content_stream(**asked))
    pieces = [answer.text for answer in answers if answer.text]
    return {**told(answers[-1], pieces=pieces), "text": "".join(pieces)}


def tools(client, model, text) -> dict:
    asked = {"model": model, "config": {"tools": [TOOL]}}
    user = types.UserContent(text)
    first = client.models.generate_content(contents=[user], **asked)
    (call,) = first.function_calls
    response = {"name": call.name, "id": call.id, "response": {"result": RESULT}}
    result = types.UserContent(types.Part(function_response=response))
    history = [user, first.candidates[0].content, result]
    second = client.models.generate_content(contents=history, **asked)
    return told(second, calls=[called(call.name, call.args)])


def tool_stream(client, model, text) -> dict:
    asked = {"model": model, "contents": text, "config": {"tools": [TOOL]}}
    answers = client.models.generate_content_stream(**asked)
    calls = [call for answer in answers for call in answer.function_calls or []]
    return {"calls": [called(call.name, call.args) for call in calls]}


def schema(client, model, text) -> dict:
    config = {"response_mime_type": "application/json", "response_schema": Verdict}
    answer = client.models.generate_content(model=model, contents=text, config=config)
    return answer.parsed.model_dump()


def image(client, model, text, png) -> dict:
    picture = types.Part.from_bytes(data=b64decode(png), mime_type="image/png")
    return told(client.models.generate_content(model=model, contents=[text, picture]))


def embed(client, model, texts) -> list:
    answer = client.models.embed_content(model=model, contents=texts)
    return [embedding.values for embedding in answer.embeddings]


def count(client, model, text) -> int:
    return client.models.count_tokens(model=model, contents=text).total_tokens


def leave(client, model, text) -> int:
    answers = client.models.generate_content_stream(model=model, contents=text)
    return left(answers, answers.close)
