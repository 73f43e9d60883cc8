#!/usr/bin/env python3
"""A second verifier of InferLayer's ledger, written from crates/ledger/FORMAT.md alone.

Proves that every acknowledged record is there, unchanged and in its place since the log's key
signed it, by computing anew hashes, chain, runs, and root and signature of every checkpoint.
Cannot see whole commits cut off the end, nor a return to an older copy: compare size and root with
a receipt. Without --key the log is judged by the key that it names itself. Prints HOLDS (exit 0),
BROKEN and the first frame that does not hold (exit 1), or why nothing could be read (exit 2)."""
import argparse, json, re, struct, sys
from base64 import b64decode, b64encode
from collections import Counter
from functools import reduce
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = struct.Struct(">4sHHIIQQQ32s16s16s16s32s32s32s")
KINDS = ("open intent outcome refusal hit config key-event rotation shred retention clock close "
         "snapshot").split()
NOTE = "(%s\n([0-9]{1,20})\n[+/-9A-Za-z]{43}=\n)\n((?:\u2014 [!-~]+ [!-~]+\n)+)"

class Broken(Exception): "What is wrong with a frame."
class Cut(Broken): "The frame goes on where its file ends."

def need(holds, otherwise, error=Broken):
    if not holds: raise error(otherwise)

def H(*parts): return sha256(b"".join(parts)).digest()

class Key:
    """A C2SP verifier key; ValueError when the text is none."""
    def __init__(self, text):
        self.text, (self.origin, _, encoded) = text, text.split("+", 2)
        tagged, name = b64decode(encoded), self.origin.encode()
        self.id = H(name, b"\n", tagged)[:4]
        canonical = f"{self.origin}+{self.id.hex()}+{b64encode(tagged).decode()}"
        algorithm, name_holds = tagged[:1], re.fullmatch("[!-~]{1,128}", self.origin)
        if text != canonical or algorithm != b"\1" or not name_holds:
            raise ValueError("not an Ed25519 verifier key")
        self.ed25519 = Ed25519PublicKey.from_public_bytes(tagged[1:])
        self.log_id = H(b"inferlayer/log-id/v1\0", tagged[1:], name)

    def signed(self, text, signatures):
        """Whether one of a note's signature lines is this key's over `text`."""
        for line in signatures.split("\n"):
            try:
                blob = b64decode(line[-92:])
                canonical = f"\u2014 {self.origin} {b64encode(blob).decode()}"
                if line == canonical and blob[:4] == self.id:
                    return self.ed25519.verify(blob[4:], text.encode()) is None
            except (ValueError, InvalidSignature): pass
        return False

class Log:
    """A walk through the journal: the state of the chain, and the sums over its whole commits."""
    def __init__(self, key, spend):
        self.key, self.spend, self.prev, self.time, self.run = key, spend, None, 0, None
        self.next, self.peaks, self.runs, self.pending = 0, [], set(), []  # peaks: perfect subtrees
        self.size, self.root, self.live_run, self.tail, self.kinds = 0, b"", None, "", Counter()
        self.waiting, self.unanswered, self.strays, self.settled = {}, [], 0, Counter()

    def walk(self, segments):
        for path in segments:
            need(path.name == f"{self.next:020}.ilj", f"segment {path.name}, offset 0: records "
                 f"were deleted or inserted, for its first should be {self.next}")
            self.segment(path, last=path == segments[-1])
        need(self.size, "there is no acknowledged record")

    def segment(self, path, last):
        stored, at, end = path.read_bytes(), 0, 0
        data = stored.rstrip(b"\0") if last else stored  # preallocated, or a commit's lost end
        try:
            while at < len(data):
                at = self.frame(data, at)
                end = end if self.pending else at
            need(end == at, "no checkpoint follows the last record", Cut)
        except Broken as bad:
            where = f"segment {path.name}, offset {at}, sequence {self.next}: {bad}"
            unfinished = last and isinstance(bad, Cut) and self.size
            need(unfinished and not self.signed_note(data[end:]), where)
            self.tail = f"{len(stored) - end} bytes of an unfinished commit: {where}"

    def signed_note(self, rest):
        """Whether `rest`, frames or not, holds a whole note of a commit yet to come."""
        notes = re.findall(NOTE % re.escape(self.key.origin), rest.decode(errors="replace"))
        return any(int(size) > self.size and self.key.signed(text, signatures)
                   for text, size, signatures in notes)

    def frame(self, data, at):
        magic = data[at:at + 4]
        need(magic not in (b"I", b"IL", b"ILA", b"ILC"), "the file ends in a magic", Cut)
        need(magic in (b"ILAR", b"ILCP"), "neither a record nor a checkpoint starts here")
        return self.record(data, at) if magic == b"ILAR" else self.checkpoint(data, at)

    def record(self, data, at):
        start = at + HEADER.size
        need(start <= len(data), "the file ends in a record", Cut)
        (_, version, kind, flags, metadata_len, content_len, sequence, time, log_id, run, request,
         _, prev, metadata_hash, content_hash) = HEADER.unpack_from(data, at)
        middle, end = start + metadata_len, start + metadata_len + content_len
        need(version == 1 and kind < len(KINDS), "unknown version or kind")
        need(KINDS[kind] != "rotation", "the signing key changes, which version 1 cannot judge")
        need(flags == 1 and content_len >= 88 or flags in (0, 4) and content_len == 0,
             "flags are unknown, external or at odds with content_len")
        need(metadata_len <= 1 << 20 and content_len <= 67_108_952, "a length is out of bounds")
        need(end <= len(data), "the file ends in a record", Cut)
        need(sequence == self.next,
             f"record {sequence} stands here: some were deleted, inserted or moved")
        need(sequence == 0 or prev == self.prev, "prev_hash is not the hash of the record before")
        need(time >= self.time, "time_us runs backwards")
        metadata = data[start:middle]
        need(H(b"inferlayer/metadata/v1\0", metadata) == metadata_hash, "the metadata was edited")
        need(H(b"inferlayer/content/v1\0", data[middle:end]) == content_hash, "content was edited")
        try: metadata = json.loads(metadata.decode())
        except (ValueError, RecursionError): metadata = None
        need(isinstance(metadata, dict), "the metadata is not a JSON object")
        self.follow_run(KINDS[kind], run, metadata)
        need(log_id == self.key.log_id, "log_id is another log's")
        need(sequence or prev == H(b"inferlayer/genesis/v1\0", log_id), "prev_hash is not genesis")
        self.prev, self.time = H(b"inferlayer/record/v1\0", data[at:start]), time
        self.pending.append((KINDS[kind], run, request, self.money(KINDS[kind], metadata)))
        self.append(H(b"\0", self.prev))
        return end

    def follow_run(self, kind, run, metadata):
        if kind == "open":
            try: self.key = self.key or Key(str(metadata.get("public_key")))
            except ValueError as error: raise Broken(f"public_key: {error}") from None
            named = {"event": "open", "origin": self.key.origin, "public_key": self.key.text,
                     "run_id": run.hex()}
            need(named.items() <= metadata.items(), "open names another key, origin or run")
            need(run not in self.runs, "a run opens twice")
            self.run = run
            self.runs.add(run)
        need(run == self.run, "a record outside of the open run")
        self.run = None if kind == "close" else run

    def append(self, node):
        size, self.next = self.next, self.next + 1
        while size & 1: node, size = H(b"\1", self.peaks.pop(), node), size >> 1
        self.peaks.append(node)

    def checkpoint(self, data, at):
        start, note_len = at + 8, int.from_bytes(data[at + 4:at + 8], "big")
        need(start <= len(data), "the file ends in a checkpoint", Cut)
        need(note_len <= 4096, "note_len is out of bounds")
        need(start + note_len <= len(data), "the file ends in a checkpoint", Cut)
        need(self.pending, "no record since the checkpoint before")
        root = reduce(lambda right, left: H(b"\1", left, right), reversed(self.peaks))
        text = f"{self.key.origin}\n{self.next}\n{b64encode(root).decode()}\n"
        note = data[start:start + note_len]
        need(note.startswith(text.encode() + b"\n") and note.endswith(b"\n"),
             "origin, size or root of the checkpoint are not those of the records")
        need(self.key.signed(text, note[len(text) + 1:].decode(errors="replace")),
             "no signature by the log's key holds")
        for entry in self.pending: self.count(*entry)
        self.size, self.root, self.pending = self.next, root, []
        return start + note_len

    def count(self, kind, run, request, money):
        self.kinds[kind] += 1
        self.live_run = None if kind == "close" else run
        if kind == "intent":
            if request in self.waiting: self.unanswered.append(self.waiting[request])
            self.waiting[request] = run, *money
        if kind == "outcome":
            self.strays += self.waiting.pop(request, None) is None
            self.settled[money[0]] += money[1]

    def money(self, kind, metadata):
        """Tenant and nano-USD of an intent or an outcome, as crates/accounts writes them."""
        field = {"intent": "hold_nano_usd", "outcome": "cost_nano_usd"}.get(kind)
        if not (self.spend and field): return "", 0
        tenant, amount = metadata.get("tenant"), metadata.get(field)
        need(isinstance(amount, str) and re.fullmatch("[0-9]{1,39}", amount), f"no decimal {field}")
        need(isinstance(tenant, str), "no tenant")
        return tenant, int(amount)

    def report(self):
        yield f"HOLDS: {self.size} records, root {self.root.hex()}"
        yield f"  log: {self.key.text}, id {self.key.log_id.hex()}"
        yield "  kinds: " + ", ".join(f"{kind} {count}" for kind, count in self.kinds.items())
        unanswered = self.unanswered + list(self.waiting.values())
        dead = sum(run != self.live_run for run, *_ in unanswered)
        yield (f"  intents without outcome: {dead} of runs that are over, {len(unanswered) - dead} "
               f"of the last run, perhaps in flight; outcomes without intent: {self.strays}")
        if self.tail: yield f"  after the last checkpoint, never acknowledged: {self.tail}"
        if self.spend:
            held = Counter()
            for _, tenant, nano_usd in unanswered: held[tenant] += nano_usd
            for tenant in sorted({*self.settled, *held}):
                yield (f"  spend of {tenant!r} in nano-USD: {self.settled[tenant]} settled + "
                       f"{held[tenant]} held = {self.settled[tenant] + held[tenant]}")

def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a data or journal folder")
    parser.add_argument("--key", help="the log's verifier key, or a file that holds it")
    parser.add_argument("--spend", action="store_true", help="what each tenant spent")
    options = parser.parse_args()
    try:
        journal = options.folder / "journal"
        segments = sorted((journal if journal.is_dir() else options.folder).glob("*.ilj"))
        key = options.key
        if key and Path(key).is_file(): key = Path(key).read_text().strip()
        if not segments: raise ValueError("no segment in this folder")
        log = Log(key and Key(key), options.spend)
        log.walk(segments)
        print(*log.report(), sep="\n")
        return 0
    except Broken as broken:
        print(f"BROKEN: {broken}")
        return 1
    except (OSError, ValueError) as error:
        print(f"unreadable: {error}", file=sys.stderr)
        return 2

if __name__ == "__main__":
    sys.exit(main())
