"""Answers given again, through OpenAI's SDK for Node."""

import pytest

from asking import stopped_at_end

WITH_USAGE = {"stream_options": {"include_usage": True}}
NO_STORE = {"defaultHeaders": {"Cache-Control": "no-store"}}


@pytest.fixture(scope="module")
def node(sdk):
    return sdk.node_openai()


def test_the_same_question_gets_the_same_answer(node, tape):
    asked = stopped_at_end()
    first, second = (node.run("create", asked) for _ in range(2))
    assert [exchange.cache for exchange in tape[-2:]] == ["miss", "hit-exact"]
    assert second["id"] == f"chatcmpl-{tape[-1].request_id}" != first["id"]
    assert tape[-1].cost_nano_usd == 0
    for name in ("model", "choices", "usage", "timings"):
        assert second[name] == first[name]


def test_a_stream_is_made_from_a_whole_answer(node, tape):
    asked = stopped_at_end()
    whole = node.run("create", asked)
    plain, (*chunks, last) = node.run("stream", asked), node.run("stream", asked | WITH_USAGE)
    assert all(exchange.is_hit and exchange.is_stream for exchange in tape[-2:])
    for stream in (plain, chunks):
        assert text(stream) == whole["choices"][0]["message"]["content"] != ""
        assert len({chunk["id"] for chunk in stream}) == 1
        assert stream[-1]["choices"][0]["finish_reason"] == "stop"
    assert all("usage" not in chunk for chunk in plain)
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (last["choices"], last["usage"]) == ([], whole["usage"])


def test_a_whole_answer_is_made_from_a_stream(node, tape):
    asked = stopped_at_end()
    *chunks, last = node.run("stream", asked | WITH_USAGE)
    whole = node.run("create", asked)
    assert [exchange.cache for exchange in tape[-2:]] == ["miss", "hit-exact"]
    assert whole["choices"][0]["message"]["content"] == text(chunks) != ""
    assert whole["usage"] == last["usage"]


def test_the_stream_helper_follows_a_hit(node, tape):
    asked = stopped_at_end()
    whole = node.run("create", asked)
    seen = node.run("helper", asked)
    assert tape[-1].is_hit
    content = seen["final"]["choices"][0]["message"]["content"]
    assert "".join(seen["deltas"]) == content == whole["choices"][0]["message"]["content"]
    assert len(seen["deltas"]) > 2


def test_another_tenant_does_not_get_it(node, other_sdk, tape):
    asked = stopped_at_end()
    node.run("create", asked)
    for expected in ("miss", "hit-exact"):
        other_sdk.node_openai().run("create", asked)
        assert tape[-1].cache == expected


def test_no_store_neither_looks_up_nor_keeps(node, tape):
    asked = stopped_at_end()
    for options, expected in [(NO_STORE, "bypass;no-store"), ({}, "miss"), ({}, "hit-exact")]:
        node.run("create", asked, **options)
        assert tape[-1].cache == expected
    node.run("create", asked, **NO_STORE)
    assert tape[-1].cache == "bypass;no-store" and tape[-1].cost_nano_usd > 0


def text(chunks) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
