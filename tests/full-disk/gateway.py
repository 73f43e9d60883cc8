"""The gateway under test: started, asked, and stopped by its own process id."""
import base64
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
listen: {{ http: "127.0.0.1:0", metrics: null, grace_seconds: 5 }}
data_dir: {data}
ledger: {{ min_free_bytes: {min_free_bytes} }}
tenants: [{{ name: acme, budget_usd: 1 }}]
providers: [{{ name: local, kind: openai, base_url: "{provider}", local: true, free: true }}]
filters:
  - authenticate: {{}}
  - route: {{ models: [{{ name: small, candidates: [{{ provider: local }}] }}] }}
  - meter: {{}}
  - audit: {{}}
"""
START_SECONDS = STOP_SECONDS = ANSWER_SECONDS = 60
# Without proxies of whoever runs this.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Wrong(Exception):
    """What the gateway promised and did not keep."""


@dataclass
class Answer:
    """What a client sees of an answer."""
    status: int
    code: str | None
    receipt: tuple[int, str] | None
    again: bool

    @property
    def refused(self):
        """For want of the ledger, before a provider was called."""
        return (self.status, self.code) == (503, "audit_unavailable") and self.again

    @property
    def lost(self):
        """The provider was called; what it said could not be recorded, so nobody gets it."""
        return (self.status, self.code) == (503, "audit_unavailable") and not self.again


class Gateway:
    """A running gateway; killed at the end when it was not stopped before."""

    def __init__(self, binaries, folder, data, provider, min_free_bytes):
        self.binaries, self.data = binaries, data
        self.config, self.said = folder / "gateway.yaml", folder / "gateway.out"
        self.config.write_text(CONFIG.format(data=data, min_free_bytes=min_free_bytes,
                                             provider=provider), encoding="utf-8")
        with open(self.said, "w", encoding="utf-8") as out:
            words = [binaries / "inferlayer", "serve", "--config", self.config]
            self.process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT)

    def __enter__(self):
        self.url = self._wait_until_it_listens()
        self.key = self.command("keys", "create", "--tenant", "acme").strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ask(self, prompt):
        body = {"model": "small", "max_tokens": 10,
                "messages": [{"role": "user", "content": prompt}]}
        request = urllib.request.Request(
            f"{self.url}/v1/chat/completions", json.dumps(body).encode(),
            {"authorization": f"Bearer {self.key}", "content-type": "application/json"})
        try:
            with HTTP.open(request, timeout=ANSWER_SECONDS) as answer:
                answer.read()
                return Answer(answer.status, None, receipt(answer.headers), True)
        except urllib.error.HTTPError as refusal:
            with refusal:
                code = json.load(refusal)["error"]["code"]
                again = refusal.headers["x-should-retry"] != "false"
                return Answer(refusal.code, code, None, again)

    def command(self, *words):
        """Runs `inferlayer` beside the gateway."""
        return run(self.binaries / "inferlayer", *words, "--config", self.config)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(STOP_SECONDS) != 0:
            raise Wrong(f"the gateway ended with {self.process.returncode}: {self.tail()}")

    def must_live(self):
        if self.process.poll() is not None:
            raise Wrong(f"the gateway ended with {self.process.returncode}: {self.tail()}")

    def tail(self):
        return self.said.read_text(encoding="utf-8")[-2000:]

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            said = re.search(r"listens on (http://\S+)\n(?:.*\n)*?data in ",
                             self.said.read_text(encoding="utf-8"))
            if said:
                return said[1]
            self.must_live()
            time.sleep(0.05)
        raise Wrong(f"the gateway does not start: {self.tail()}")


def receipt(headers):
    """Sequence and record hash of the receipt in the head (FORMAT.md §9)."""
    _, _, sequence, record_hash, *_ = headers["x-inferlayer-receipt"].split(".")
    return int(sequence), base64.urlsafe_b64decode(record_hash + "=").hex()


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Wrong(f"{Path(words[0]).name} says {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout
