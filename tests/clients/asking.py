"""What the tests ask, of chat completions and of Anthropic's messages. The model is tiny and likes
to repeat what it was told: that makes its answers predictable enough to ask for JSON and for tool
calls.
"""

from itertools import count

from prices import MODEL
from servers import CLAUDE

# Stands in prompts, and comes back in answers; must never stand in a log or in clear on the disk.
CANARY = "Wrenfield"
# The cache keeps answers that a model ended by itself. A caller's name is part of the question:
# with a new one the provider answers, and the same call made again is answered from the cache.
CALLERS = count()


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def small(max_tokens: int = 8, **options) -> dict:
    """A call of exactly `max_tokens` for each answer: `ignore_eos` is llama-server's own option, so
    it also shows that the gateway passes on what it does not know."""
    asked = {"model": MODEL, "messages": user(f"Say hello to {CANARY}."), "max_tokens": max_tokens}
    return {**asked, "extra_body": {"ignore_eos": True}, **options}


def stopped_at_e(**options) -> dict:
    """A call that ends by itself, before the first `e` of its answer."""
    asked = {"messages": user("one two three four five six seven"), "stop": ["e"]}
    return cold(**{**asked, **options})


def stopped_at_end(**options) -> dict:
    """A call that ends by itself, after a few words and before the first mark of the template."""
    asked = {"messages": user(f"Say: {CANARY}, one, two, three."), "stop": ["<"]}
    return cold(**{**asked, **options})


def verdict_call(**options) -> dict:
    """A call that a schema ends, if it is given one."""
    return cold(messages=user('{"ok": true, "n": 1}'), **options)


def cold(**options) -> dict:
    """A call of a new caller, and no wish for variety."""
    asked = {"model": MODEL, "temperature": 0, "max_tokens": 64}
    return {**asked, "user": f"caller-{next(CALLERS)}", **options}


def weather_call(**options) -> dict:
    """A call that ends in `weather("Oslo")`."""
    function = {**WEATHER, "parameters": CITY}
    asked = {
        "model": MODEL,
        "messages": user(WEATHER_CALL),
        "max_tokens": 48,
        "temperature": 0,
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    }
    return {**asked, **options}


def claude_small(max_tokens: int = 8, **options) -> dict:
    return small(max_tokens, **{"model": CLAUDE, **options})


def claude_stopped_at_e(**options) -> dict:
    asked = {"model": CLAUDE, "messages": user("one two three four five six seven")}
    return {**asked, **COLD, "max_tokens": 64, "stop_sequences": ["e"], **options}


def claude_weather_call(**options) -> dict:
    asked = {
        **COLD,
        "model": CLAUDE,
        "messages": user(WEATHER_CALL),
        "max_tokens": 24,
        "tools": [{**WEATHER, "input_schema": CITY}],
        "tool_choice": {"type": "tool", "name": "weather"},
    }
    return {**asked, **options}


# The temperature is no longer an option that Anthropic's SDKs know.
COLD = {"extra_body": {"temperature": 0}}
WEATHER = {"name": "weather", "description": "The weather of a city"}
WEATHER_CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 8}},
    "required": ["city"],
}
