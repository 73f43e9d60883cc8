"""The normal client: small requests at a steady pace, half of them on kept connections and half on
a new one each. Prints latencies and failures as JSON.

    client.py PORT SECONDS      the key comes on the standard input

A latency counts from the moment when the request was due, not when it was sent: what waits behind
a slow answer has waited too. A request that has no answer PATIENCE_SECONDS after it was due failed.
"""

import http.client
import json
import select
import sys
import threading
import time
from collections import Counter

REQUESTS_PER_SECOND = 100
# So many that none has to wait for its last answer before 80 ms.
WORKERS = 8
PATIENCE_SECONDS = 5
BODY = json.dumps({
    "model": "small", "max_tokens": 10,
    "messages": [{"role": "user", "content": "What is a gateway? " * 20}],
}).encode()  # fmt: skip


class Worker(threading.Thread):
    """One connection at a time, and its part of the schedule."""

    def __init__(self, port, key, dues, keeps):
        super().__init__()
        self.port, self.dues, self.keeps = port, dues, keeps
        self.headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self.ms, self.failures = [], Counter()
        self.connection = None

    def run(self):
        for due in self.dues:
            time.sleep(max(0, due - time.monotonic()))
            failure = self.ask(due)
            if failure is None:
                self.ms.append((time.monotonic() - due) * 1000)
            else:
                self.failures[failure] += 1
            if failure is not None or not self.keeps:
                self.close()
        self.close()

    def ask(self, due):
        """What went wrong, in a few words; None for an answer."""
        left = due + PATIENCE_SECONDS - time.monotonic()
        if left <= 0:
            return "too late"
        try:
            self.connect(left)
            self.connection.request("POST", "/v1/chat/completions", BODY, self.headers)
            answer = self.connection.getresponse()
            said = answer.read()
        except TimeoutError:
            return "no answer"
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        return None if answer.status == 200 else f"{answer.status} {code(said)}"

    def connect(self, timeout_seconds):
        """One that the gateway closed between two requests is no failure."""
        if self.connection is not None and closed(self.connection.sock):
            self.close()
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
            self.connection.timeout = timeout_seconds
            self.connection.connect()
        self.connection.sock.settimeout(timeout_seconds)

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def closed(socket):
    """Nothing is expected on it, so what can be read is the end."""
    return socket is None or bool(select.select([socket], [], [], 0)[0])


def code(said):
    try:
        return json.loads(said)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return "without a code"


def main(port, seconds, key):
    begins, requests = time.monotonic() + 0.1, int(seconds * REQUESTS_PER_SECOND)
    dues = [begins + request / REQUESTS_PER_SECOND for request in range(requests)]
    workers = [Worker(port, key, dues[n::WORKERS], n % 2 == 0) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    failures = sum((worker.failures for worker in workers), Counter())
    print(json.dumps({"ms": [ms for worker in workers for ms in worker.ms], "failures": failures}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.stdin.readline().strip())
