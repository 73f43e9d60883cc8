"""What every client is asked to do, and the form in which it tells what came of it.

| task | told | returns |
|---|---|---|
| `chat` | model, text, max_tokens | `said` |
| `stream` | model, text, max_tokens | `said`, and the pieces it came in |
| `tools` | model, text | calls of `weather`, and what was said to its result |
| `tool_stream` | model, text | calls of `weather` |
| `schema` | model, text | the verdict as the client parsed it |
| `image` | model, text, png (base64) | `said` |
| `embed` | model, texts | vectors |
| `count` | model, text | tokens |
| `leave` | model, text | how many pieces were seen before it left |
"""

import json

from pydantic import BaseModel

WEATHER = "weather"
DESCRIPTION = "The weather of a city"
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
RESULT = "sunny, 21 degrees"
PIECES_BEFORE_LEAVING = 4


class Verdict(BaseModel):
    ok: bool
    n: int


def said(text: str, tokens_read: int | None, tokens_written: int | None, **more) -> dict:
    """An answer, and what the client says that it cost; None where it does not tell."""
    return {"text": text, "input": tokens_read, "output": tokens_written, **more}


def called(name: str, arguments: dict | str) -> dict:
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    return {"name": name, "arguments": arguments}


def left(pieces, leave) -> int:
    """Reads a few pieces of a stream, then leaves it in the client's own way."""
    for seen, _ in enumerate(pieces, 1):
        if seen == PIECES_BEFORE_LEAVING:
            leave()
            return seen
    return 0
