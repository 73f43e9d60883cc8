"""Attacker: one tenant opens streams that never end, until it is refused; then it tries again, at a
pace that leaves the machine to the others.

    streams.py PORT STREAMS
"""

import asyncio
import json
import sys
from collections import Counter

from attacker import Attack

BODY = json.dumps(
    {"model": "small", "stream": True, "messages": [{"role": "user", "content": "x"}]},
    separators=(",", ":"),
).encode()
HEAD = (
    "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {}\r\n"
    "content-type: application/json\r\ncontent-length: {}\r\n\r\n"
)
# Opened side by side at the beginning; afterwards one by one, after a pause.
OPENERS, OPENING_SECONDS_MAX = 16, 10
PAUSE_SECONDS = 0.05


class Streams:
    def __init__(self, port, wanted, key):
        self.port, self.wanted = port, wanted
        self.request = HEAD.format(key, len(BODY)).encode() + BODY
        self.held, self.statuses = [], Counter()

    async def open(self):
        """Opens one; false when it was refused."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(self.request)
            status = (await reader.readline()).decode().split(" ")[1]
        except (OSError, IndexError) as error:
            self.statuses[type(error).__name__] += 1
            return False
        self.statuses[status] += 1
        if status != "200":
            writer.close()
            return False
        self.held.append((reader, writer))
        return True

    async def fill(self):
        while len(self.held) < self.wanted and await self.open():
            pass

    def alive(self):
        return sum(not reader.at_eof() for reader, _ in self.held)


async def main(port, wanted):
    attack = Attack()
    streams = Streams(port, wanted, attack.key)
    filling = [asyncio.ensure_future(streams.fill()) for _ in range(OPENERS)]
    await asyncio.wait(filling, timeout=OPENING_SECONDS_MAX)
    attack.under_way()
    while not attack.over.is_set():
        await asyncio.sleep(PAUSE_SECONDS)
        if len(streams.held) < wanted:
            await asyncio.wait([asyncio.ensure_future(streams.open())], timeout=PAUSE_SECONDS)
    attack.end(held=streams.alive(), **streams.statuses)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
