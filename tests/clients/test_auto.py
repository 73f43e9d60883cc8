"""The models that ask for a tier: the gateway looks at the request's shape, and the caller is told
who decided, and why. Both tiers are the same model here; what differs is what is said of them.
"""

import json

import pytest

from asking import small, stopped_at_end, weather_call
from prices import MODEL


@pytest.fixture(params=["python", "node"])
def ask(request, sdk, client):
    """A whole answer as plain JSON, of either SDK."""
    if request.param == "node":
        return lambda asked: sdk.node_openai().run("create", asked)
    return lambda asked: client.chat.completions.create(**asked).to_dict()


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("auto", "tier=simple; by=rules; reason=short"),
        ("auto:cheap", "tier=simple; by=alias; reason=short"),
        ("auto:best", "tier=simple; by=alias; reason=short"),
    ],
)
def test_a_short_question_is_simple(ask, tape, model, why):
    answer = ask(small(model=model))
    assert (answer["model"], answer["usage"]["completion_tokens"]) == (MODEL, 8)
    assert tape[-1].route == f"local/{MODEL}; {why}"


def test_tools_are_complex(ask, tape):
    call = ask(weather_call(model="auto"))["choices"][0]["message"]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    assert tape[-1].route == f"local/{MODEL}; tier=complex; by=rules; reason=tools"


def test_an_answer_belongs_to_the_model_not_to_its_name(ask, tape):
    asked = stopped_at_end()
    pinned, chosen = ask(asked), ask({**asked, "model": "auto"})
    assert [exchange.cache for exchange in tape[-2:]] == ["miss", "hit-exact"]
    assert tape[-1].route == "cache; tier=simple; by=rules; reason=short"
    assert chosen["choices"] == pinned["choices"]


def test_a_stream_is_planned_too(client, tape):
    assert list(client.chat.completions.create(**small(model="auto", stream=True)))
    assert tape[-1].route == f"local/{MODEL}; tier=simple; by=rules; reason=short"
    assert tape[-1].is_stream
