"""The clients of a run, each a process of its own, all on the core that this one is on."""

import json
import select
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.process import Failure

HERE = Path(__file__).resolve().parent
START_SECONDS_MAX, STOP_SECONDS_MAX, CLIENT_SECONDS_MAX = 60, 20, 60


class Attacker:
    """Runs until it is stopped; at the latest when the run ends, which ends its standard input."""

    def __init__(self, port, key, program, *words):
        self.program = program
        self._popen = subprocess.Popen(
            command(program, port, *words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._popen.stdin.write(f"{key}\n")
        self._popen.stdin.flush()

    def wait_until_under_way(self):
        ready, _, _ = select.select([self._popen.stdout], [], [], START_SECONDS_MAX)
        if not ready or self._popen.stdout.readline() != "under way\n":
            raise Failure(f"{self.program} does not start")

    def stop(self):
        """What it did, by name."""
        said, _ = self._popen.communicate(timeout=STOP_SECONDS_MAX)
        did = json.loads(said)
        if not did.get("sent") and not did.get("opened") and not did.get("held"):
            raise Failure(f"{self.program} attacked nobody: {did}")
        return did

    def kill(self):
        self._popen.kill()
        self._popen.wait()


@contextmanager
def attacked(attacks, port, key):
    with ExitStack() as started:
        attackers = []
        for program, *words in attacks:
            attackers.append(Attacker(port, key, program, *words))
            started.callback(attackers[-1].kill)
        for attacker in attackers:
            attacker.wait_until_under_way()
        yield attackers


def normal_client(port, key, seconds):
    """Its latencies in ms, and its failures by name."""
    done = subprocess.run(
        command("client.py", port, seconds),
        input=f"{key}\n", stdout=subprocess.PIPE, text=True, timeout=CLIENT_SECONDS_MAX,
    )  # fmt: skip
    if done.returncode != 0:
        raise Failure("the normal client broke off")
    return json.loads(done.stdout)


def command(program, *words):
    return [sys.executable, str(HERE / program), *map(str, words)]
