"""What every model costs here: the gateway's price book is written from this table, and the ledger
is held against it. Invented prices, each different, so that no two can be mistaken for each other.
"""

import json
from dataclasses import dataclass

MODEL = "gemma3-270m"
EMBEDDER = "gemma3-270m-embed"
# What a scripted model does beside answering.
DEEDS = ("", "-slow", "-broken-stream", "-rate-limited", "-overloaded-once", "-picky")
MODEL_TOKENS = 2048


@dataclass
class Price:
    """In nano-dollars a token; a dollar for a million tokens is 1,000 of them for one."""

    input: int
    cached: int
    output: int
    models: tuple[str, ...]

    def row(self, provider: str, model: str) -> dict:
        usd = {
            "input_usd": self.input / 1000,
            "cached_input_usd": self.cached / 1000,
            "output_usd": self.output / 1000,
        }
        bounds = {"max_output_tokens": MODEL_TOKENS, "context_tokens": MODEL_TOKENS}
        return {"provider": provider, "model": model, "per_million_tokens": {**usd, **bounds}}


def scripted(stem: str) -> tuple[str, ...]:
    return tuple(stem + deed for deed in DEEDS)


PRICES = {
    "local": Price(1010, 250, 4030, (MODEL,)),
    "claude": Price(3070, 310, 15110, (MODEL,)),
    "embedder": Price(130, 130, 130, (EMBEDDER,)),
    "openai": Price(1130, 270, 4070, (*scripted("gpt-scripted"), *scripted("responses-scripted"))),
    "compatible": Price(1210, 290, 4110, scripted("chat-scripted")),
    "anthropic": Price(3190, 330, 15130, scripted("claude-scripted")),
    "gemini": Price(2110, 350, 9170, (*scripted("gemini-scripted"), "gemini-embedding-001")),
}
# What is passed through costs what its path costs, as gateway.yaml says.
PASSAGES = {"audio": 5_000_000, "images": 40_000_000, "files": 0}


def book() -> str:
    """The price book. JSON is YAML, too."""
    prices = PRICES.items()
    rows = [price.row(provider, model) for provider, price in prices for model in price.models]
    return json.dumps({"prices": rows}, indent=1)
