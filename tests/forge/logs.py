"""The logs that are edited: between them everything that a log may go through."""
from forged import Journal, Keyring
from verify_writer import (CLOCK, CLOSE, INTENT, OUTCOME, REFUSAL, SHRED, Signer, Writer, b64,
                           merkle_root)

SEEDS = bytes(range(32)), bytes([1] * 32), bytes([2] * 32)
STRANGER = bytes([9] * 32)
ONE, OTHER = bytes([0xa1] * 16), bytes([0xa2] * 16)


class Base:
    def __init__(self, name, log, tail=b""):
        self.name, self.files = name, log.files
        first = min(log.segments)
        self.journal = Journal(log.segments, Keyring(log.origin, SEEDS), log.hashes[:first])
        self.tail, self.key, self.log = tail, log.key, log

    def evidence(self, chance):
        """Up to three pieces, of this log and of others, by keys that may and may not sign."""
        return [self.piece(chance) for _ in range(chance.choice((0, 0, 1, 2, 3)))]

    def piece(self, chance):
        log = self.log
        size = chance.choice([*range(len(log.hashes) + 1)] * 3 + [len(log.hashes) + 1, 99, 1 << 63])
        root = merkle_root(log.hashes[:size]) if chance.random() < .8 else bytes([size % 251] * 32)
        keys = [key for key, since in log.keys if since < size] or [log.keys[0][0]]
        signers = {Signer(log.origin, seed).text: Signer(log.origin, seed) for seed in SEEDS}
        signer = signers[keys[-1]] if chance.random() < .8 else Signer(
            log.origin, chance.choice((*SEEDS, STRANGER)))
        return chance.choice((self.note, self.receipt, self.proof))(chance, size, root, signer)

    def note(self, chance, size, root, signer):
        text = f"{self.log.origin}\n{size}\n{b64(root)}\n".encode()
        return (text + b"\n" + signer.line(text)).decode()

    def receipt(self, chance, size, root, signer):
        sequence = chance.randrange(max(1, min(size, len(self.log.hashes))))
        words = self.log.reference(sequence, size or 1).split(".")
        text = f"{self.log.origin}\n{size}\n{b64(root)}\n".encode()
        parts = [url(root), url(signer.private.sign(text))]
        if chance.random() < .1: words[2] = str(chance.randrange(99))
        return ".".join([*words[:4], str(size), *parts])

    def proof(self, chance, size, root, signer):
        log, whole = self.log, len(self.log.hashes)
        lines = log.proof(chance.randrange(whole)).split("\n\n")[0].split("\n")
        if chance.random() < .3: del lines[1]
        if chance.random() < .2: lines[-1] = b64(bytes(32))
        root = merkle_root(log.hashes) if chance.random() < .8 else root
        return "\n".join(lines) + "\n\n" + self.note(chance, whole, root, signer)


def url(data):
    return b64(data).replace("+", "-").replace("/", "_").rstrip("=")


def traffic(log, number):
    """An intent and its outcome, with content, and what comes beside."""
    request = bytes([number] * 16)
    log.record(INTENT, {"tenant": "a", "n": [number, {"x": "é"}]}, bytes(90), request, tag=ONE)
    log.record(REFUSAL, {"status": 429, "code": "over", "count": 1})
    return log.record(OUTCOME, {"tenant": "a", "cost_nano_usd": "7"}, bytes(100 + number), request,
                      external=number % 2 == 0, tag=ONE)


def long():
    log = traffic(Writer().open().commit(), 1).checkpoint()
    log.next_segment(parts=2)
    traffic(log, 2).checkpoint()
    log.rotate(SEEDS[1]).checkpoint()
    log.record(INTENT, {"cut": True}, request=bytes([7] * 16), tag=ONE).commit(CLOCK)
    log.open(2).restore(len(log.hashes) - 1, len(log.hashes) + 3).checkpoint()
    log.next_segment()
    traffic(log, 3).checkpoint()
    return log.commit(CLOSE)


def retained():
    log = traffic(Writer().open().commit(), 1).checkpoint()
    log.next_segment().checkpoint()
    log.rotate(SEEDS[1]).checkpoint()
    log.next_segment()
    second = len(log.hashes) - 1
    traffic(log, 3).checkpoint()
    log.retain(second).checkpoint()
    log.record(SHRED, {"event": "shred"}, tag=ONE).checkpoint()
    log.rotate(SEEDS[2]).checkpoint()
    log.next_segment()
    log.commit(CLOSE).open(2).checkpoint()
    return log.drop(second)


def restored():
    log = traffic(Writer().open().commit(), 1).checkpoint()
    log.open(2).restore(len(log.hashes) - 1, len(log.hashes) + 9).commit(INTENT)
    log.next_segment()
    first = len(log.hashes) - 1
    log.record(INTENT, {}, request=bytes([8] * 16), tag=ONE).record(SHRED, {}, tag=ONE)
    log.record(OUTCOME, {}, request=bytes([8] * 16), tag=OTHER).checkpoint()
    log.open(3).restore(len(log.hashes) - 1, len(log.hashes) - 1).checkpoint()
    log.retain(first).checkpoint()
    return log, first


def logs():
    both, first = restored()
    whole = Base("restored", both)
    tail = Writer().open().record(INTENT, {"never": "acknowledged"}).last[-150:]
    torn = b"ILAR" + tail[4:100]
    return [Base("long", long()), Base("long with a tail", long(), torn + bytes(300)),
            Base("retained", retained()), whole, Base("restored and cut", restored()[0].drop(first))]
