"""Whole answers: what an application that uses the official SDK relies on."""

import json
from typing import Literal

import openai
import pytest
from pydantic import BaseModel

from asking import small, stopped_at_e, verdict_call, weather_call
from prices import MODEL
from servers import MODELS


def test_a_chat_answer_has_text_and_usage(client):
    answer = client.chat.completions.create(**small())
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 8
    assert answer.usage.prompt_tokens > 0


def test_fields_that_openai_does_not_have_survive(client):
    answer = client.chat.completions.create(**small())
    assert answer.model_extra["timings"]["predicted_n"] == 8


def test_the_head_tells_request_route_cost_and_receipt(client):
    raw = client.chat.completions.with_raw_response.create(**small(model="small"))
    usage = raw.parse().usage
    assert len(raw.headers["x-request-id"]) == 36
    assert raw.headers["x-inferlayer-route"] == f"local/{MODEL}; tier=simple; by=pin; reason=short"
    assert float(raw.headers["x-inferlayer-cost"]) >= usage.completion_tokens * 4.03e-6
    receipt = raw.headers["x-inferlayer-receipt"]
    assert receipt.startswith("v1.") and len(receipt.split(".")) == 7
    assert raw.request_id == raw.headers["x-request-id"]


def test_n_answers(client):
    answer = client.chat.completions.create(**small(n=2))
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(choice.message.content for choice in answer.choices)


def test_a_stop_sequence_ends_the_answer(client):
    stopped = client.chat.completions.create(**stopped_at_e()).choices[0]
    assert stopped.finish_reason == "stop"
    assert "e" not in stopped.message.content


def test_a_forced_tool_is_called(client):
    calls = client.chat.completions.create(**weather_call()).choices[0].message.tool_calls
    assert calls[0].function.name == "weather"
    assert json.loads(calls[0].function.arguments) == {"city": "Oslo"}


def test_what_the_provider_finds_wrong_is_told_as_its_400(client):
    with pytest.raises(openai.BadRequestError, match="tool_choice") as refused:
        client.chat.completions.create(**weather_call(tool_choice="nonsense"))
    assert refused.value.response.headers["x-inferlayer-cost"] == "0"


class Verdict(BaseModel):
    ok: bool
    n: Literal[1, 2, 3]


def test_a_json_schema_binds_the_answer(client):
    answer = client.chat.completions.parse(**verdict_call(), response_format=Verdict)
    assert isinstance(answer.choices[0].message.parsed, Verdict)


def test_an_image_for_a_model_that_cannot_see_fails_cleanly(client):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    content = [{"type": "text", "text": "What is this?"}, picture]
    with pytest.raises(openai.APIStatusError) as failed:
        client.with_options(max_retries=0).chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": content}], max_tokens=8
        )
    # llama-server answers 500 here, which the gateway does not pass off as its own.
    assert failed.value.status_code == 502
    assert failed.value.code == "upstream_error"
    assert "mmproj" not in failed.value.message
    assert failed.value.response.headers["x-inferlayer-cost"] == "0"


def test_models_are_listed_with_their_aliases(client):
    assert [model.id for model in client.models.list()] == MODELS


@pytest.mark.parametrize("name", ["small", "auto:cheap"])
def test_a_model_is_retrieved(client, name):
    assert client.models.retrieve(name).id == name


@pytest.mark.parametrize(
    ("header", "prefix"),
    [
        ("authorization", "Bearer "),
        ("authorization", "bearer "),
        ("x-api-key", ""),
        ("api-key", ""),
    ],
)
def test_each_header_that_sdks_put_a_key_in(http, keys, header, prefix):
    assert http.get("/v1/models", headers={header: prefix + keys["rich"]}).status_code == 200
