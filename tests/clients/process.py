"""Clients that live in processes of their own: other languages, other versions, other environments.
Such a process is told one call a line and answers with what its client returned or threw; it judges
nothing. It runs on between calls, so that leaving a stream is the client's deed and not the end of
its process.
"""

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from servers import HERE, stop

NODE = Path(os.environ["CLIENTS_NODE"])
CALL_SECONDS = 120


@dataclass
class Thrown(Exception):
    """What the client threw: its class, and what that knew of the answer."""

    name: str
    message: str
    status: int | None = None
    body: dict | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.status}: {self.message}"


class Client:
    """A process that runs the cases of one client."""

    def __init__(self, line: list, folder: Path, log: Path):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with log.open("wb") as err:
            words = [str(word) for word in line]
            self.process = subprocess.Popen(words, cwd=folder, stderr=err, text=True, **pipes)
        self.log = log

    def run(self, case: str, client: dict, asked):
        """What the client returned; `client` holds the options it is made with."""
        told = {"case": case, "client": client, "asked": asked}
        patience = threading.Timer(CALL_SECONDS, self.process.kill)
        patience.start()
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        patience.cancel()
        assert line, self.log.read_text()
        seen = json.loads(line)
        if "error" in seen:
            raise Thrown(**seen["error"])
        return seen["value"]

    def stop(self):
        stop(self.process)


class Clients:
    """Processes, each started at its first use."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.running: dict[str, Client] = {}

    def node(self, module: str) -> Client:
        return self.one(f"node-{module}", ["node", "lane.mjs", module], NODE)

    def python(self, module: str, environment: str) -> Client:
        """A module of the folder `drivers`, run by the Python that a variable names."""
        line = [os.environ[environment], "-m", "drivers.lane", module]
        return self.one(f"python-{module}", line, HERE)

    def one(self, name: str, line: list, folder: Path) -> Client:
        if name not in self.running:
            self.running[name] = Client(line, folder, self.folder / f"{name}.log")
        return self.running[name]

    def stop(self):
        for client in self.running.values():
            client.stop()


@dataclass
class Node:
    """An official SDK for Node, for one tenant, told what Python's SDK would understand."""

    client: Client
    url: str
    key: str

    def run(self, case: str, asked=None, **options):
        """What the SDK returned; `options` are further ones of its client."""
        options = {"baseURL": self.url, "apiKey": self.key, **options}
        return self.client.run(case, options, without_extra_body(asked))


def without_extra_body(asked):
    """The SDKs for Node pass on what they do not know; those for Python want it told apart."""
    if not isinstance(asked, dict):
        return asked
    plain = {name: value for name, value in asked.items() if name != "extra_body"}
    return {**plain, **asked.get("extra_body", {})}
