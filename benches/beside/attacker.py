"""What all attackers have in common: they get the key and the order to stop on the standard input,
say when they are under way, and at the end what they did, as JSON. They run when nobody else on
their core wants to: the normal client and the provider share it, and are not what is attacked."""

import json
import os
import sys
import threading

from descriptors import raise_limit


class Attack:
    """Runs until the standard input ends, so an attacker never outlives the run."""

    def __init__(self):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        raise_limit()
        self.key = sys.stdin.readline().strip()
        self.over = threading.Event()
        threading.Thread(target=self._wait_for_the_end, daemon=True).start()

    def under_way(self):
        print("under way", flush=True)

    def end(self, **did):
        """Does not wait for threads that stand in the middle of an answer."""
        print(json.dumps(did), flush=True)
        os._exit(0)

    def _wait_for_the_end(self):
        sys.stdin.read()
        self.over.set()
