"""What is refused: as the SDK's own exception types, at once, and before any provider is asked."""

import httpx2
import openai
import pytest

from asking import small, stopped_at_end, user
from prices import MODEL
from watching import tokens_worked

CHAT = "/v1/chat/completions"
CALLS_MAX = 10


@pytest.mark.parametrize("wrong", ["sk-none", "il-", "tail"])
def test_a_wrong_key_is_an_authentication_error(client, keys, wrong):
    key = another_secret(keys["rich"]) if wrong == "tail" else wrong
    with pytest.raises(openai.AuthenticationError) as refused:
        client.with_options(api_key=key).chat.completions.create(**small())
    assert refused.value.code == "invalid_api_key"
    assert keys["rich"][-8:] not in refused.value.message


def test_no_key_and_keys_that_disagree_are_401(http, keys):
    good = {"authorization": f"Bearer {keys['rich']}"}
    for headers in ({}, {**good, "x-api-key": keys["poor"]}):
        assert_error(http.get("/v1/models", headers=headers), 401, "invalid_api_key")


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="gpt-none", messages=user("Hello"))
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


def test_an_unknown_model_is_not_retrieved(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("gpt-none")
    assert refused.value.code == "model_not_found"


@pytest.mark.parametrize("options", [{"n": 0}, {"max_tokens": 0}, {"stream": "yes"}])
def test_a_value_out_of_bounds_names_its_field(client, options):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=user("Hello"), extra_body=options)
    assert refused.value.param in options
    assert refused.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"messages":[]}',
        b'{"model":"small"}',
        b'{"model":"small","messages":"x"}',
        b'{"model":"small","model":"other","messages":[{"role":"user","content":"x"}]}',
        b'{"model":"small","messages":[{"role":"user","content":"\xff"}]}',
        b"[" * 100_000,
    ],
)
def test_a_malformed_body_is_400(http, keys, body):
    headers = {"authorization": f"Bearer {keys['rich']}", "content-type": "application/json"}
    assert_error(http.post(CHAT, content=body, headers=headers), 400)


def test_paths_and_methods_that_are_not_served(http, keys):
    headers = {"authorization": f"Bearer {keys['rich']}"}
    assert_error(http.post("/v1/fine_tuning/jobs", json={}, headers=headers), 404, "unknown_path")
    wrong = http.get(CHAT, headers=headers)
    assert_error(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


def test_a_worst_case_that_does_not_fit_is_refused_before_the_provider(poor, tape, model_url):
    worked, before = tokens_worked(model_url), len(tape)
    with pytest.raises(openai.RateLimitError) as refused:
        poor.chat.completions.create(**small(max_tokens=1000))
    assert refused.value.code == "insufficient_quota"
    assert tokens_worked(model_url) == worked
    # The SDK retries 429 twice by default, unless it is told not to.
    assert poor.max_retries == 2
    (only,) = tape[before:]
    assert only.request.headers["x-stainless-retry-count"] == "0"
    assert only.response.headers["x-should-retry"] == "false"


def test_a_budget_is_spent_until_it_is_exceeded(poor, tape):
    paid_for = stopped_at_end(max_tokens=16)
    poor.chat.completions.create(**paid_for)
    before = len(tape)
    with pytest.raises(openai.RateLimitError) as refused:
        for _ in range(CALLS_MAX):
            poor.chat.completions.create(**small(max_tokens=16))
    assert refused.value.code == "insufficient_quota"
    *admitted, last = tape[before:]
    assert len(admitted) >= 1 and all(exchange.status == 200 for exchange in admitted)
    assert last.status == 429
    # What was paid for is still given.
    poor.chat.completions.create(**paid_for)
    assert tape[-1].is_hit


def assert_error(answer: httpx2.Response, status: int, code: str | None = None):
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/json")
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error" and error["message"]
    assert code is None or error["code"] == code


def another_secret(key: str) -> str:
    return key[:-1] + ("1" if key[-1] == "0" else "0")
