"""Instructor on OpenAI's SDK: answers that are objects, told as tools or as a schema."""

import instructor
import openai
from pydantic import BaseModel

from drivers.tasks import Verdict


def connect(url: str, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key)


def asking(model: str, text: str, response_model: type[BaseModel] = Verdict) -> dict:
    messages = [{"role": "user", "content": text}]
    asked = {"model": model, "messages": messages, "response_model": response_model}
    return {**asked, "max_retries": 1}


def schema(client, model, text, **options) -> dict:
    told = instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA)
    return told.chat.completions.create(**asking(model, text), **options).model_dump()


def tool_stream(client, model, text) -> dict:
    told = instructor.from_openai(client, mode=instructor.Mode.TOOLS)
    *_, verdict = told.chat.completions.create_partial(**asking(model, text))
    return {"calls": [{"name": "Verdict", "arguments": verdict.model_dump()}]}
