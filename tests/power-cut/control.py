"""The control: a writer of which it is known whether it loses what it acknowledged.

    control.py FOLDER early    says `ack` at once and syncs ten times a second, as stores with a
                               background flush do: a power cut must be seen to lose records
    control.py FOLDER late     says it after a sync of each: nothing may be lost

A method that finds no loss in the first has not looked; one that finds it in the second looks
wrongly."""
import itertools
import os
import sys
import time
from pathlib import Path

# Large, so that cuts often fall into a sync.
RECORD_BYTES = 256 << 10
FLUSH_SECONDS = 0.1
PACE_SECONDS = 0.005


def record(number):
    return b"%020d" % number + bytes(RECORD_BYTES - 20)


def write(folder, early):
    """Appends record after record until it is killed."""
    file = os.open(Path(folder) / "records", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fsync(file)
    os.fsync(os.open(folder, os.O_RDONLY))
    flushed = time.monotonic()
    for number in itertools.count():
        os.write(file, record(number))
        if early:
            acknowledge(number)
            time.sleep(PACE_SECONDS)
        if not early or time.monotonic() - flushed > FLUSH_SECONDS:
            os.fdatasync(file)
            flushed = time.monotonic()
        if not early:
            acknowledge(number)


def acknowledge(number):
    os.write(sys.stdout.fileno(), b"ack %d -\n" % number)


def stored(folder):
    """How many records from the first on are there, and whole."""
    content = (Path(folder) / "records").read_bytes()
    for number in range(len(content) // RECORD_BYTES):
        start = number * RECORD_BYTES
        if content[start:start + RECORD_BYTES] != record(number):
            return number
    return len(content) // RECORD_BYTES


if __name__ == "__main__":
    write(sys.argv[1], early=sys.argv[2] == "early")
