"""OpenAI's chat completions in front of a provider that speaks Anthropic's dialect: the caller does
not see the difference.
"""

import openai
import pytest

from asking import CANARY, stopped_at_e, user

# Fields that Anthropic does not have would be refused, so nothing here is llama-server's own.
ASKED = {"model": "claude-chat", "messages": user(f"Say hello to {CANARY}."), "max_tokens": 4}


def test_a_chat_answer_has_text_usage_and_a_reason(client):
    answer = client.chat.completions.create(**ASKED, temperature=0)
    (choice,) = answer.choices
    assert (answer.object, choice.index, choice.message.role) == ("chat.completion", 0, "assistant")
    assert choice.message.content and not choice.message.tool_calls
    assert choice.finish_reason == "length"
    assert answer.usage.completion_tokens == 4
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 4


def test_a_stop_sequence_ends_the_answer(client):
    (choice,) = client.chat.completions.create(**stopped_at_e(model="claude-chat")).choices
    assert choice.finish_reason == "stop"
    assert "e" not in choice.message.content


def test_a_stream_says_what_the_whole_answer_says(client):
    whole = client.chat.completions.create(**ASKED, temperature=0).choices[0].message.content
    chunks = list(client.chat.completions.create(**ASKED, temperature=0, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole
    assert chunks[0].choices[0].delta.role == "assistant"
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["length"]
    assert len({(chunk.id, chunk.object, chunk.created) for chunk in chunks}) == 1
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_comes_last_when_asked_for(client):
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last = client.chat.completions.create(**ASKED, temperature=0, **options)
    assert all(chunk.usage is None for chunk in chunks)
    assert (last.choices, last.usage.completion_tokens) == ([], 4)


def test_what_anthropic_has_no_word_for_is_refused_by_name(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**ASKED, n=2)
    assert refused.value.param == "n"
