"""Attacker: clients of one tenant that send large bodies in a loop.

    bodies.py PORT KIND CLIENTS BYTES EVERY_SECONDS

Each client begins one body in so many seconds, or as soon as the last was answered.

KIND `keys`: a document of distinct members, the last of which is a second "k0", so that it is
refused, for nothing, by whoever has read all of it. KIND `text`: a long prompt that is answered.
"""

import http.client
import io
import json
import sys
import threading
import time
from collections import Counter

from attacker import Attack

ANSWER_SECONDS_MAX = 60


def keys(size):
    document, member = io.BytesIO(), 0
    document.write(b'{"model":"small","messages":[{"role":"user","content":"x"}]')
    while document.tell() < size - 100_000:
        document.write("".join(f',"k{n}":1' for n in range(member, member + 5_000)).encode())
        member += 5_000
    document.write(b',"k0":2}')
    return document.getvalue()


def text(size):
    said = {"role": "user", "content": "word " * (size // 5)}
    return json.dumps({"model": "small", "max_tokens": 10, "messages": [said]}).encode()


KINDS = {"keys": keys, "text": text}


def post(port, key, body):
    """The status, or the name of what went wrong."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS_MAX)
    try:
        try:
            connection.request("POST", "/v1/chat/completions", body, headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before all was sent; the answer may stand there.
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def send(port, key, body, every_seconds, begun, answered):
    while True:
        due = time.monotonic() + every_seconds
        begun["bodies"] += 1
        answered[post(port, key, body)] += 1
        time.sleep(max(0, due - time.monotonic()))


def main(port, kind, clients, size, every_seconds):
    attack, body, begun, answered = Attack(), KINDS[kind](size), Counter(), Counter()
    for _ in range(clients):
        words = (port, attack.key, body, every_seconds, begun, answered)
        threading.Thread(target=send, args=words, daemon=True).start()
    attack.under_way()
    attack.over.wait()
    attack.end(sent=begun["bodies"], **answered)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
