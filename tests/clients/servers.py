"""Starts the model servers and the gateway, and stops them by their own process ids."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

import httpx2

import prices
from prices import EMBEDDER, MODEL
from scripted.server import KEYS

HERE = Path(__file__).parent
BINARY = os.environ["INFERLAYER_BIN"]
# The model, reached in Anthropic's dialect.
CLAUDE = "claude-local"
# Every name that the gateway lists, in its order; names that begin with something are not.
MODELS = [
    *(MODEL, "small", "gemma-responses", EMBEDDER, CLAUDE, "claude-chat"),
    *("auto", "auto:cheap", "auto:best"),
]
# What the gateway calls each provider with, by the provider's name: the last word of it is secret.
PROVIDER_KEYS = {name: key.split()[-1] for name, (_, key) in KEYS.items()} | {"claude": "sk-none"}
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass
class Gateway:
    """A running gateway and where it keeps its things."""

    folder: Path
    url: str
    process: subprocess.Popen

    @property
    def journal(self) -> Path:
        return self.folder / "data" / "journal"

    def command(self, *words: str) -> str:
        """Runs `inferlayer` beside the gateway; its standard output."""
        line = [BINARY, *words, "--config", str(self.folder / "gateway.yaml")]
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def create_key(self, tenant: str) -> str:
        return self.command("keys", "create", "--tenant", tenant).strip()

    def stop(self) -> int:
        """Asks it to end, once; its exit code."""
        return stop(self.process)


def model_server(folder: Path):
    """A model to talk to."""
    return llama_server([MODEL], folder / "model.log")


def embedder(folder: Path):
    """The same model as a server of embeddings."""
    return llama_server([EMBEDDER, "--embeddings"], folder / "embedder.log")


@contextmanager
def llama_server(options: list, log: Path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running([sys.executable, HERE / "model_server.py", port, *options], log) as process:
        wait_ready(process, f"{url}/health")
        yield url


@contextmanager
def gateway(folder: Path, **urls: str):
    ports = {"http_port": free_port(), "metrics_port": free_port()}
    template = Template((HERE / "gateway.yaml").read_text())
    config = folder / "gateway.yaml"
    config.write_text(template.substitute(ports, **urls))
    (folder / "prices.yaml").write_text(prices.book())
    for name, key in PROVIDER_KEYS.items():
        path = folder / f"{name}.key"
        path.touch(mode=0o600)
        path.write_text(key)
    url = f"http://127.0.0.1:{ports['http_port']}"
    with running([BINARY, "serve", "--config", config], folder / "gateway.log") as process:
        wait_ready(process, f"{url}/readyz")
        yield Gateway(folder, url, process)


@contextmanager
def running(line: list, log: Path):
    with log.open("wb") as out:
        words = [str(word) for word in line]
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen) -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def wait_ready(process: subprocess.Popen, url: str):
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client(trust_env=False) as http:
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{process.args[0]} ended with {process.returncode}"
            try:
                if http.get(url).is_success:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
    raise TimeoutError(f"{process.args[0]} was not ready within {START_SECONDS} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
