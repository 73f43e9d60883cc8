"""The ledger under test: the example `writer`, and what must be true of its data afterwards."""
import json
import os
import re
import subprocess
import time
from pathlib import Path

TENANT = "acme"
ACK = re.compile(r"ack (\d+) (\S+)\n")
STORED = re.compile(r"stored (\d+) (\S+) (\S+)\n")
# Small segments, so that cuts also fall where one segment follows another.
SEGMENT_BYTES = 8 << 20
FIRST_ACK_SECONDS = 60


class Wrong(Exception):
    """What the ledger promised and did not keep."""


class Writer:
    """A process that writes and acknowledges; ended by its own id."""

    def __init__(self, words, said):
        self.said = said
        with open(said, "w", encoding="ascii") as out, open(f"{said}.err", "w",
                                                             encoding="utf-8") as errors:
            # A group of its own, so that Ctrl-C reaches the script alone.
            self.process = subprocess.Popen([str(word) for word in words], stdout=out,
                                            stderr=errors, process_group=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def await_first_ack(self):
        deadline = time.monotonic() + FIRST_ACK_SECONDS
        while not acks(self.said):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Wrong(f"the writer acknowledged nothing: {self.complaint()}")
            time.sleep(0.01)

    def must_run(self):
        if self.process.poll() is not None:
            raise Wrong(f"the writer ended before the cut: {self.complaint()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def complaint(self):
        return Path(f"{self.said}.err").read_text(encoding="utf-8").strip() or "no word"


class Ledger:
    """A ledger in `data`, written with sealed content of `content_bytes`."""

    def __init__(self, binaries, data, content_bytes):
        self.binaries, self.data, self.content_bytes = binaries, data, content_bytes

    def write(self, said, *options):
        return Writer([self.binaries / "examples/writer", "--data", self.data, "--content-bytes",
                       self.content_bytes, "--segment-bytes", SEGMENT_BYTES, *options], said)

    def check(self, said):
        """After a cut: it holds, has what was acknowledged, opens, and takes more."""
        key, acknowledged = public_key(said), acks(said)
        tail_bytes = self._verify(key)
        self._must_have(acknowledged)
        again = said.with_suffix(".again")
        with self.write(again, "--seconds", "1") as writer:
            if writer.process.wait() != 0:
                raise Wrong(f"does not open or take records: {writer.complaint()}")
        if public_key(again) != key:
            raise Wrong("came back with another key")
        if not acks(again) or min(acks(again)) <= max(acknowledged):
            raise Wrong("goes on in the past")
        self._verify(key)
        self._must_have(acknowledged | acks(again))
        return len(acknowledged), tail_bytes

    def _verify(self, key):
        verdict = run(self.binaries / "inferlayer-verify", self.data, "--key", key, "--json")
        return json.loads(verdict)["report"]["unacknowledged_bytes"]

    def _must_have(self, acknowledged):
        lines = STORED.findall(run(self.binaries / "examples/stored", self.data, TENANT))
        stored = {int(number): (hash, content) for number, hash, content in lines}
        there = {number: (hash, str(self.content_bytes)) for number, hash in acknowledged.items()}
        lost = [number for number in there if stored.get(number) != there[number]]
        if lost:
            raise Wrong(f"{len(lost)} of {len(there)} acknowledged records lost, from {min(lost)}")


def acks(said):
    """Acknowledged records: hash by sequence number. A torn last line is no acknowledgement."""
    return {int(number): hash for number, hash in ACK.findall(said.read_text(encoding="ascii"))}


def public_key(said):
    first = said.read_text(encoding="ascii").partition("\n")[0]
    return first.removeprefix("key ")


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Wrong(f"{Path(words[0]).name} says {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def built(root):
    """The folder of the release build; built first, unless one is given."""
    given = os.environ.get("INFERLAYER_BIN_DIR")
    if given:
        return Path(given).resolve()
    packages = "-p inferlayer-verify -p inferlayer-ledger"
    command = f"cargo build --release --locked -q {packages} --bins --examples"
    subprocess.run(command.split(), cwd=root, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", root / "target")).resolve() / "release"
