"""Who attacks in which phase, and with how much."""

from dataclasses import dataclass

# More than the gateway takes at once, by its configuration; and what its files and standard
# streams, and those of an attacker, take beside them.
SILENT_CONNECTIONS, TAKEN_CONNECTIONS, OTHER_DESCRIPTORS = 4096, 4000, 256
# A byte less than what tells HTTP/2 from HTTP/1.
BEGINNINGS = ("POST /v1/chat/completions"[:23], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[:23])
# 60 MB, of 64 MiB that a body may have; from each client as many as 1 Gbit/s carries, since without
# a pace loopback's speed would be measured.
KEYS_BYTES, KEYS_EVERY_SECONDS = 60_000_000, 0.5
# More streams than the ledger's queue has places.
QUEUE_RECORDS, STREAMS = 1024, 1200
# Prompts that are answered and recorded.
TEXT_CLIENTS, TEXT_BYTES, TEXT_EVERY_SECONDS = 2, 4_000_000, 0.5


@dataclass(frozen=True)
class Phase:
    """Attacks that run side by side: each a program in this folder and its words."""

    name: str
    attacks: tuple = ()


def keys(clients):
    return Phase(
        f"60 MB of keys, {clients} clients",
        (("bodies.py", "keys", clients, KEYS_BYTES, KEYS_EVERY_SECONDS),),
    )


def silent(connections):
    return (
        Phase(f"{connections} silent", (("silent.py", connections),)),
        Phase(f"{connections} of 23 bytes", (("silent.py", connections, *BEGINNINGS),)),
    )


QUIET = Phase("quiet")
GREEDY = Phase(
    "greedy tenant",
    (("streams.py", STREAMS), ("bodies.py", "text", TEXT_CLIENTS, TEXT_BYTES, TEXT_EVERY_SECONDS)),
)


def attacks(connections):
    return (*silent(connections), keys(2), keys(4), GREEDY)
