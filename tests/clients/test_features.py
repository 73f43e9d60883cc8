"""Every client with every kind of provider: each feature is judged alike, whoever asks and whoever
answers. The scripted provider refuses what is not well formed, and says the same in each dialect.
"""

from base64 import b64encode
from dataclasses import dataclass
from itertools import count

import pytest

from asking import CANARY
from matrix import Row, having
from process import Client, Thrown
from scripted.openai_plain import VECTOR
from scripted.script import CITY, HELLO, INPUT, OUTPUT, VERDICT
from scripted.server import COMPLAINT
from watching import wait_until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
CAP_NAMES = ("max_tokens", "max_output_tokens", "maxOutputTokens", "max_completion_tokens")
HANG_UP_SECONDS = 2
# No two questions are the same, so that none is answered from the cache.
QUESTIONS = count()


@dataclass
class Asker:
    """A client of one tenant, before the models of one kind."""

    row: Row
    client: Client
    url: str
    key: str

    def ask(self, case: str, deed: str = "", **asked):
        return self.run(case, text=question(), **{"model": self.row.kind.stem + deed, **asked})

    def run(self, case: str, **asked):
        ways = {} if self.row.way is None else {"way": self.row.way}
        return self.client.run(case, {"url": self.url, "key": self.key, **ways}, asked)

    def ask_anything(self, deed: str = "", **asked):
        """The plainest that the client can ask."""
        return self.ask("schema" if "chat" in self.row.lacks else "chat", deed, **asked)


@pytest.fixture
def asker(row, url, keys, clients):
    return Asker(row, row.client(clients), url, keys["rich"])


@pytest.fixture(autouse=True)
def well_formed(scripted):
    """That the provider had no reason to complain."""
    scripted.wrong.clear()
    yield
    assert scripted.wrong == []


@having("chat")
def test_chat(asker):
    assert_said(asker.ask("chat"), HELLO)
    if real := asker.row.kind.real:
        said = asker.ask("chat", model=real, max_tokens=8)
        assert said["text"] and said["output"] == 8


@having("stream")
def test_stream(asker):
    said = asker.ask("stream")
    assert_said(said, HELLO)
    assert "".join(said["pieces"]) == HELLO and len(said["pieces"]) > 2
    if real := asker.row.kind.real:
        said = asker.ask("stream", model=real, max_tokens=8)
        assert "".join(said["pieces"]) == said["text"] != "" and said["output"] == 8


@having("tools")
def test_tools(asker):
    said = asker.ask("tools")
    assert said["calls"] == [{"name": "weather", "arguments": CITY}]
    assert said["text"] == "In Oslo: sunny, 21 degrees."


@having("tool stream")
def test_tool_stream(asker):
    (call,) = asker.ask("tool_stream")["calls"]
    # A client whose tool is a schema asks for that.
    assert (call["name"], call["arguments"]) in [("weather", CITY), ("Verdict", VERDICT)]


@having("schema")
def test_schema(asker):
    assert asker.ask("schema") == VERDICT


@having("image")
def test_image(asker):
    said = asker.ask("image", png=b64encode(PNG).decode())
    assert_said(said, f"A picture of {len(PNG)} bytes.")


@having("embed")
def test_embed(asker):
    scripted, *real = asker.row.kind.embedders
    texts = [question(), question()]
    assert asker.run("embed", model=scripted, texts=texts) == [VECTOR, VECTOR]
    for model in real:
        one, other = asker.run("embed", model=model, texts=texts)
        assert len(one) == len(other) > 100 and one != other


@having("count")
def test_count(asker):
    assert asker.ask("count") == INPUT


@having("400")
def test_a_value_out_of_bounds_names_its_field(asker):
    with pytest.raises(Thrown) as refused:
        asker.ask_anything(max_tokens=0)
    assert refused.value.status == 400
    assert any(name in refused.value.message for name in CAP_NAMES), refused.value.message


@having("their 400")
def test_what_the_provider_finds_wrong_is_told_with_its_reason(asker):
    with pytest.raises(Thrown) as refused:
        asker.ask_anything("-picky")
    assert refused.value.status == 400
    assert COMPLAINT in refused.value.message


@having("401")
def test_a_wrong_key_is_told_as_such(asker):
    asker.key = "il-none"
    with pytest.raises(Thrown) as refused:
        asker.ask_anything()
    assert refused.value.status == 401


@having("404")
def test_an_unknown_model_is_told_as_such(asker):
    with pytest.raises(Thrown) as refused:
        asker.ask_anything(model="none")
    assert refused.value.status == 404


@having("429")
def test_a_spent_budget_is_told_before_the_provider_is_asked(asker, keys, scripted):
    spend(asker, keys, scripted)


@having("429 once")
def test_a_spent_budget_is_told_once(asker, keys, scripted, tape):
    before = len(tape)
    spend(asker, keys, scripted)
    assert len(tape) == before + 1


@having("retry")
def test_a_failure_that_passes_is_not_seen(asker, tape):
    before = len(tape)
    assert asker.ask_anything("-overloaded-once")
    failed, *_, answered = tape[before:]
    assert (failed.status, answered.status) == (502, 200)


@having("broken")
def test_a_stream_that_breaks_does_not_look_whole(asker, scripted):
    heard = len(scripted.heard)
    with pytest.raises(Thrown):
        asker.ask(streaming(asker.row), "-broken-stream")
    assert len(scripted.heard) > heard, "it was refused before it could break"


@having("leave")
def test_leaving_stops_the_provider(asker, tape, scripted):
    scripted.left.clear()
    assert asker.ask("leave", "-slow") > 0
    tape.hung_up += 1
    wait_until(lambda: scripted.left == [f"{asker.row.kind.stem}-slow"], HANG_UP_SECONDS)


def streaming(row: Row) -> str:
    return "tool_stream" if "stream" in row.lacks else "stream"


def spend(asker: Asker, keys: dict, scripted):
    asker.key = keys["poor"]
    heard = len(scripted.heard)
    with pytest.raises(Thrown) as refused:
        asker.ask_anything(max_tokens=1000)
    assert refused.value.status == 429
    assert len(scripted.heard) == heard


def question() -> str:
    return f"Say hello to {CANARY}, question {next(QUESTIONS)}."


def assert_said(said: dict, text: str):
    assert said["text"] == text
    counted = (said["input"], said["output"])
    assert counted == (INPUT, OUTPUT)
