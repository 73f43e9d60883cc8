"""The official SDKs for Node: each call is a process of its own (node/lane.mjs), and what it had on
the wire comes on the same tape as everything else.
"""

import json
import os
import subprocess
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tap import Tape

FOLDER = Path(os.environ["CLIENTS_NODE"])
CALL_SECONDS = 120


@dataclass
class Thrown(Exception):
    """What the SDK threw: its class, and what that knew of the answer."""

    name: str
    message: str
    status: int | None = None
    body: dict | None = None


@dataclass
class Node:
    """One SDK for one tenant."""

    sdk: str
    url: str
    key: str
    tape: Tape

    def run(self, case: str, asked=None, **client):
        """What the SDK returned for a call that Python's SDK would understand; `client` holds
        further options of the SDK's client."""
        client = {"baseURL": self.url, "apiKey": self.key, **client}
        told = json.dumps({"client": client, "asked": without_extra_body(asked)})
        line = ["node", "lane.mjs", self.sdk, case]
        options = {"cwd": FOLDER, "capture_output": True, "text": True, "timeout": CALL_SECONDS}
        done = subprocess.run(line, input=told, **options)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        for exchange in seen["wire"]:
            self.note(exchange["request"], exchange.get("answer"))
        if "error" in seen:
            raise Thrown(**seen["error"])
        return seen["value"]

    def note(self, request: dict, answer: dict | None):
        if answer is None:
            self.tape.unanswered += 1
            return
        response = httpx2.Response(answer["status"], headers=pairs(answer))
        request = httpx2.Request(request["method"], request["url"], headers=pairs(request))
        self.tape.note(request, response).body += b64decode(answer["body"])


def pairs(message: dict) -> list[tuple[str, str]]:
    return [(name, value) for name, value in message["headers"]]


def without_extra_body(asked):
    """The SDKs for Node pass on what they do not know; those for Python want it told apart."""
    if not isinstance(asked, dict):
        return asked
    plain = {name: value for name, value in asked.items() if name != "extra_body"}
    return {**plain, **asked.get("extra_body", {})}
