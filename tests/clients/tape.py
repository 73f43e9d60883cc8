"""What stood on the wire: every HTTP exchange of every client, byte for byte. The ledger is held
against these notes at the end.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

import httpx2

NANO_PER_USD = 10**9


@dataclass
class Exchange:
    """One request and its answer as it stood on the wire."""

    request: httpx2.Request
    response: httpx2.Response
    body: bytearray = field(default_factory=bytearray)

    @property
    def request_id(self) -> str:
        return self.response.headers["x-request-id"]

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def route(self) -> str | None:
        """Who answered, and why."""
        return self.response.headers.get("x-inferlayer-route")

    @property
    def cache(self) -> str | None:
        """What the cache did."""
        return self.response.headers.get("x-inferlayer-cache")

    @property
    def is_hit(self) -> bool:
        return self.cache == "hit-exact"

    @property
    def is_inference(self) -> bool:
        """Whether a provider was asked: it answered, or failed, which is told as 502 or 503, or as 429
        that may be tried again; a spent budget's may not."""
        busy = self.status == 429 and "x-should-retry" not in self.response.headers
        return busy or self.status in (502, 503) or (self.route is not None and not self.is_hit)

    @property
    def is_refusal(self) -> bool:
        return self.status >= 400 and not self.is_inference

    @property
    def is_stream(self) -> bool:
        return self.response.headers["content-type"].startswith("text/event-stream")

    @property
    def cost_nano_usd(self) -> int | None:
        """What the client was told it cost; of a broken-off stream it was told nothing."""
        usd = self.told("x-inferlayer-cost")
        return None if usd is None else int(Decimal(usd) * NANO_PER_USD)

    def told(self, name: str) -> str | None:
        """A fact from the head of the answer, or from the comment at the end of a stream."""
        comments = re.findall(rf"^: {name}: (.+)$", self.body.decode(), re.MULTILINE)
        told = self.response.headers.get_list(name) + comments
        assert len(told) <= 1, f"{name} was told {len(told)} times"
        return told[0] if told else None


class Tape(list[Exchange]):
    """Every exchange with the gateway, in the order of their answers."""

    # Requests whose client left before any answer came.
    unanswered = 0
    # Told by the tests: no tap can tell leaving from having read enough.
    hung_up = 0
