"""What the tests ask. The model is tiny and likes to repeat what it was told: that makes its
answers predictable enough to ask for JSON and for tool calls.
"""

from servers import MODEL

# Stands in prompts, and comes back in answers; must never stand in a log or in clear on the disk.
CANARY = "Wrenfield"


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def small(max_tokens: int = 8, **options) -> dict:
    """A call of exactly `max_tokens` for each answer: `ignore_eos` is llama-server's own option, so
    it also shows that the gateway passes on what it does not know."""
    asked = {"model": MODEL, "messages": user(f"Say hello to {CANARY}."), "max_tokens": max_tokens}
    return {**asked, "extra_body": {"ignore_eos": True}, **options}


def stopped_at_e(**options) -> dict:
    """A call that ends by itself, before the first `e` of its answer."""
    asked = {"model": MODEL, "messages": user("one two three four five six seven")}
    return {**asked, "temperature": 0, "max_tokens": 64, "stop": ["e"], **options}


def weather_call(**options) -> dict:
    """A call that ends in `weather("Oslo")`."""
    function = {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 8}},
            "required": ["city"],
        },
    }
    text = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    asked = {
        "model": MODEL,
        "messages": user(text),
        "max_tokens": 48,
        "temperature": 0,
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    }
    return {**asked, **options}
