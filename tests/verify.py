#!/usr/bin/env python3
"""A second verifier of InferLayer's ledger, written from crates/ledger/FORMAT.md alone.

Prints HOLDS (exit 0) when every acknowledged record is there, unchanged and in its place since the
log's key signed it; BROKEN and the first frame that does not hold (1); or why it cannot read (2).
It cannot see commits cut off the end, nor an older copy: compare size and root with a receipt."""
import argparse, functools, json, re, struct, sys
from base64 import b64decode, b64encode
from collections import Counter
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = struct.Struct(">4sHHIIQQQ32s16s16s16s32s32s32s")
KINDS = ("open intent outcome refusal hit config key_event rotation shred retention clock close "
         "snapshot").split()
MONEY = {"intent": "hold_nano_usd", "outcome": "cost_nano_usd"}
JSON = json.JSONDecoder(parse_constant=int)  # int refuses NaN and Infinity, which JSON has not

class Broken(ValueError): "Why a frame does not hold."
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
        name_holds, algorithm = re.fullmatch("[!-~]{1,128}", self.origin), tagged[:1]
        need(text == canonical and name_holds and algorithm == b"\1", "no key", ValueError)
        self.ed25519 = Ed25519PublicKey.from_public_bytes(tagged[1:])
        self.log_id = H(b"inferlayer/log-id/v1\0", tagged[1:], name)

    def signed(self, text, lines):
        """Whether one of a note's signature lines is this key's over `text`."""
        for line in lines.split("\n")[:-1]:
            try:
                blob = b64decode(line[-92:])
                need(line == f"\u2014 {self.origin} {b64encode(blob).decode()}", "another name")
                need(blob[:4] == self.id, "another key")
                return self.ed25519.verify(blob[4:], text.encode()) is None
            except (ValueError, InvalidSignature): pass

class Log:
    """A walk through the journal: the state of the chain, and the sums over its whole commits."""
    def __init__(self, key, spend):
        self.key, self.spend, self.prev, self.time, self.run = key, spend, None, 0, None
        self.next, self.peaks, self.runs, self.pending = 0, [], set(), []  # peaks: whole subtrees
        self.size, self.root, self.live_run, self.tail, self.kinds = 0, b"", None, "", Counter()
        self.waiting, self.superseded, self.strays, self.settled = {}, [], 0, Counter()

    def walk(self, segments):
        for path in segments:
            need(path.name == f"{self.next:020}.ilj", f"segment {path.name}, offset 0: records "
                 f"were deleted or inserted, for its first should be {self.next}")
            self.segment(path, last=path == segments[-1])
        need(self.size, f"there is no acknowledged record ({self.tail or 'no bytes'})")

    def segment(self, path, last):
        stored, at, self.start = path.read_bytes(), 0, 0
        data = stored.rstrip(b"\0") if last else stored  # zeros stand for what was never written
        try:
            while at < len(data):
                magic = data[at:at + 4]
                need(magic not in (b"I", b"IL", b"ILA", b"ILC"), "the file ends in a magic", Cut)
                need(magic in (b"ILAR", b"ILCP"), "neither a record nor a checkpoint starts here")
                at = self.record(data, at) if magic == b"ILAR" else self.checkpoint(data, at)
            need(at == self.start, "no checkpoint follows the last record", Cut)
        except (ValueError, RecursionError) as bad:
            self.tail = f"segment {path.name}, offset {at}, sequence {self.next}: {bad}"
            unfinished = last and isinstance(bad, Cut) and not self.whole_once(data[self.start:])
            need(unfinished, self.tail)
        tail_len, why = len(stored) - self.start, self.tail or "all of them zero"
        self.tail = f"{tail_len} bytes, {why}" if tail_len else ""

    def whole_once(self, rest):
        """Whether anywhere in `rest`, frames or not, a note of a commit yet to come is signed."""
        if not self.size: return False  # then nothing holds anyhow, and there may be no key
        origin = re.escape(self.key.origin).encode()
        for found in re.finditer(origin + rb"\n([0-9]{1,20})\n[+/-9A-Za-z]{43}=\n\n", rest):
            lines = rest[found.end():found.start() + 4096].decode(errors="replace")
            if int(found[1]) > self.size and self.key.signed(found[0][:-1].decode(), lines):
                return True

    def record(self, data, at):
        start = at + HEADER.size
        need(start <= len(data), "the file ends in a record", Cut)
        (_, version, kind, flags, metadata_len, content_len, sequence, time, log_id, run, request,
         _, prev, metadata_hash, content_hash) = HEADER.unpack_from(data, at)
        middle, end = start + metadata_len, start + metadata_len + content_len
        need(version == 1 and kind < len(KINDS), "unknown version or kind")
        need(metadata_len <= 1 << 20 and content_len <= 67_108_952, "a length is out of bounds")
        need(flags == 1 and content_len >= 88 or flags in (0, 4) and content_len == 0,
             "flags are unknown, reserved or at odds with content_len")
        need(end <= len(data), "the file ends in a record", Cut)
        need(end - self.start <= 1 << 28, "records of a commit are too long")
        kind, metadata, content = KINDS[kind], data[start:middle], data[middle:end]
        need(kind != "rotation", "the signing key changes: version 1 cannot judge what follows")
        need(sequence == self.next, f"record {sequence} stands here: deleted, inserted or moved")
        need(time >= self.time, "time_us runs backwards")
        need(H(b"inferlayer/metadata/v1\0", metadata) == metadata_hash, "the metadata was edited")
        need(H(b"inferlayer/content/v1\0", content) == content_hash, "the content was edited")
        need(metadata[:1] == b"{", "the metadata is not a JSON object")
        metadata = JSON.decode(metadata.decode())
        self.follow_run(kind, run, metadata)
        need(log_id == self.key.log_id, "log_id is another log's")
        need(prev == (self.prev or H(b"inferlayer/genesis/v1\0", log_id)),
             "prev_hash is not the hash of the record before")
        self.prev, self.time = H(b"inferlayer/record/v1\0", data[at:start]), time
        self.pending.append((kind, run, request, *self.money(kind, metadata)))
        node, size, self.next = H(b"\0", self.prev), self.next, self.next + 1
        while size & 1: node, size = H(b"\1", self.peaks.pop(), node), size >> 1
        self.peaks.append(node)
        return end

    def follow_run(self, kind, run, metadata):
        if kind == "open":
            self.key = self.key or Key(str(metadata.get("public_key")))
            named = {"event": "open", "origin": self.key.origin, "public_key": self.key.text,
                     "run_id": run.hex()}
            need(named.items() <= metadata.items(), "open names another key, origin or run")
            need(run not in self.runs, "a run opens twice")
            self.run = run
            self.runs.add(run)
        need(run == self.run, "a record outside of the open run")
        self.run = None if kind == "close" else run

    def money(self, kind, metadata):
        """Tenant and nano-USD of an intent or an outcome."""
        if not self.spend or kind not in MONEY: return "", 0
        tenant, amount = metadata.get("tenant"), metadata.get(MONEY[kind])
        need(isinstance(tenant, str), "no tenant")
        need(re.fullmatch('"[0-9]{1,20}"', json.dumps(amount)), f"no decimal {MONEY[kind]}")
        return tenant, int(amount)

    def checkpoint(self, data, at):
        start, note_len = at + 8, int.from_bytes(data[at + 4:at + 8], "big")
        note = data[start:start + note_len]
        need(start <= len(data), "the file ends in a checkpoint", Cut)
        need(note_len <= 4096, "note_len is out of bounds")
        need(len(note) == note_len, "the file ends in a checkpoint", Cut)
        need(self.pending, "no record since the checkpoint before")
        root = functools.reduce(lambda right, left: H(b"\1", left, right), reversed(self.peaks))
        text = f"{self.key.origin}\n{self.next}\n{b64encode(root).decode()}\n"
        need(note.startswith(text.encode() + b"\n") and note.endswith(b"\n"),
             "origin, size or root of the checkpoint are not those of the records")
        lines = note.decode()[len(text) + 1:]
        need(self.key.signed(text, lines), "no signature by the log's key holds")
        for entry in self.pending: self.count(*entry)
        self.size, self.root, self.pending, self.start = self.next, root, [], start + note_len
        return self.start

    def count(self, kind, run, request, tenant, nano_usd):
        self.kinds[kind] += 1
        self.live_run = None if kind == "close" else run
        if kind == "intent":
            if request in self.waiting: self.superseded.append(self.waiting[request])
            self.waiting[request] = run, tenant, nano_usd
        if kind == "outcome":
            self.strays += self.waiting.pop(request, None) is None
            self.settled[tenant] += nano_usd

    def report(self):
        count, held = Counter(), Counter()
        for run, tenant, nano_usd in [*self.superseded, *self.waiting.values()]:
            count[run == self.live_run] += 1
            held[tenant] += nano_usd if run != self.live_run else 0
        yield f"HOLDS: {self.size} records, root {self.root.hex()}"
        yield f"  log: {self.key.text}, id {self.key.log_id.hex()}"
        yield "  kinds: " + ", ".join(f"{kind} {count}" for kind, count in self.kinds.items())
        yield (f"  intents without outcome: {count[False]} of runs that are over, {count[True]} "
               f"perhaps in flight; outcomes without intent: {self.strays}")
        if self.tail: yield f"  after the last checkpoint, never acknowledged: {self.tail}"
        for tenant in sorted({*self.settled, *held}) if self.spend else ():
            settled, lost = self.settled[tenant], held[tenant]
            yield (f"  spend of {tenant!r} in nano-USD: {settled + lost} = "
                   f"{settled} settled + {lost} held")

def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a data or journal folder")
    parser.add_argument("--key", help="the log's verifier key or its file; else the log names one")
    parser.add_argument("--spend", action="store_true", help="what each tenant spent")
    options = parser.parse_args()
    try:
        key = options.key
        if key and Path(key).is_file(): key = Path(key).read_text().strip()
        inner = options.folder / "journal"
        files = (inner if inner.is_dir() else options.folder).iterdir()
        log = Log(key and Key(key), options.spend)
        log.walk(sorted(path for path in files if re.fullmatch("[0-9]{20}[.]ilj", path.name)))
        print(*log.report(), sep="\n")
    except Broken as broken:
        print(f"BROKEN: {broken}")
        sys.exit(1)
    except (OSError, ValueError) as error:
        parser.error(str(error))

if __name__ == "__main__":
    main()
