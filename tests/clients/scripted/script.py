"""What is asked of the scripted provider, and what it says to that, whatever the dialect."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Container
from dataclasses import dataclass, field

# As the clients' tests expect them.
CITY = {"city": "Oslo"}
VERDICT = {"ok": True, "n": 1}
HELLO = "Hello, Wrenfield. Grüße, 世界 🌍!"
# What the provider says it counted: `input` includes `cached`, `output` what was thought.
INPUT, CACHED, OUTPUT = 7, 2, 12
PIECE_CHARACTERS = 4
# What a model does beside answering, by the end of its name.
BROKEN, LIMITED, OVERLOADED = "broken-stream", "rate-limited", "overloaded-once"
PICKY, SLOW = "picky", "slow"
LONG_TAIL = " " * 8000


class Wrong(Exception):
    """A request that this provider does not take; the text is the reason."""


@dataclass
class Asked:
    """What a request asks for."""

    model: str
    stream: bool = False
    texts: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    # What the tools that were called came to.
    results: list[str] = field(default_factory=list)
    schema: dict | None = None
    pictures: list[bytes] = field(default_factory=list)


@dataclass
class Said:
    """What is said to that: a text, or a tool's name and what it is called with."""

    text: str = ""
    call: tuple[str, dict] | None = None

    def pieces(self) -> list[str]:
        """The text, or the call's arguments, as a stream brings it."""
        whole = json.dumps(self.call[1]) if self.call else self.text
        return [whole[at : at + PIECE_CHARACTERS] for at in range(0, len(whole), PIECE_CHARACTERS)]


def say(asked: Asked) -> Said:
    said = at_once(asked)
    # Spaces go on with a text and with JSON alike.
    return Said(said.text + LONG_TAIL) if asked.model.endswith(SLOW) else said


def at_once(asked: Asked) -> Said:
    if asked.results:
        return Said(f"In Oslo: {asked.results[-1]}.")
    if asked.tools:
        # A schema that is told as a tool is answered by calling it.
        tool = asked.tools[0]
        return Said(call=(tool, CITY if tool == "weather" else VERDICT))
    if asked.schema:
        need(set(asked.schema.get("properties", ())) == set(VERDICT), "another schema was told")
        return Said(json.dumps(VERDICT))
    if asked.pictures:
        return Said(f"A picture of {len(asked.pictures[-1])} bytes.")
    return Said(HELLO)


def need(holds, reason: str):
    if not holds:
        raise Wrong(reason)


def known(told, names: Container[str], where: str):
    """That an object has no member that the dialect does not know."""
    need(isinstance(told, dict), f"{where} is no object")
    for name in told:
        need(name in names, f"{where} has an unknown member: {name}")


def png(data: str) -> bytes:
    """A picture out of base64, in either alphabet."""
    picture = urlsafe_b64decode(data.replace("+", "-").replace("/", "_"))
    need(picture.startswith(b"\x89PNG"), "the picture is no PNG")
    return picture


def data_url(url: str) -> bytes:
    """A picture out of a `data:` URL."""
    head, _, data = url.partition(",")
    need(head == "data:image/png;base64", f"not a picture's data URL: {head[:40]}")
    return png(data)
