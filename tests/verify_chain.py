"""What each record and checkpoint of a log owes to those before it (FORMAT.md §2 to §5, §10; §8
steps 4, 5 and 7 to 9). verify.py reads them from the journal and feeds them to a Chain."""
import re
from collections import namedtuple

from verify_note import KINDS, NOTE, H, Key, base64, grow, need, root_of

Held = namedtuple("Held", "size root keys gaps beginning")

class Chain:
    """The state of §8; `held` is what it was at the last checkpoint that holds."""
    def __init__(self, first):
        self.base = self.next = first  # sequences of the first record of all and of the next one
        self.prev, self.time, self.run, self.runs, self.heads = None, 0, None, set(), set()
        self.keys, self.gaps, self.beginning, self.signers = (), (), 0, []
        self.peaks, self.roots, self.hashes, self.part = [], [base64(H())], [], 0
        self.held = Held(first, None, (), (), 0)

    def record(self, head, says, heads_segment):
        """Takes a record, whose own hashes hold, by its header and its metadata."""
        kind = KINDS[head.kind]
        owes_snapshot = self.part > 0 or heads_segment and self.next > 0
        need((kind == "snapshot") == owes_snapshot, "edit", "a snapshot is missing or misplaced")
        need(len(self.signers) < 2, "edit", "the rotation is not the last record of its commit")
        if heads_segment: self.heads.add(self.next)
        if self.prev is None: self.begin(head, says)
        need(head.log_id == self.log_id, "edit", "log_id is another log's")
        need(head.prev_hash == self.prev, "edit", "prev_hash is not that of the record before")
        need(head.time_us >= self.time, "clock", "time_us goes back")
        if kind == "open": self.open(head, says)
        need(head.run_id == self.run, "edit", "a record outside of the open run")
        if kind == "close": self.run = None
        if kind in ("rotation", "retention", "snapshot", "restore"): getattr(self, kind)(says)
        self.prev, self.time = head.record_hash, head.time_us
        grow(self.peaks, self.next, head.record_hash)
        self.hashes.append(head.record_hash)
        self.roots.append(root_of(self.peaks))
        self.next += 1

    def begin(self, head, says):
        """Before the very first record: what that one says of the log before it."""
        self.keys, self.prev = ((says.get("public_key"), 0),), head.prev_hash
        if self.base:
            self.keys, self.gaps, self.beginning, peaks = facts(says)
            self.peaks, self.run = [bytes.fromhex(peak) for peak in peaks], head.run_id
            self.runs, self.roots = {self.run}, [root_of(self.peaks)]
        first, *others = (Key(text) for text, _ in self.keys)
        since = [sequence for _, sequence in self.keys]
        need(len(self.peaks) == self.base.bit_count() and self.beginning <= self.base
             and since == sorted({0, *since}) and {key.origin for key in others} <= {first.origin},
             "edit", "the snapshot contradicts itself")
        self.signers, self.log_id, self.unproved = [first, *others][-1:], first.log_id, len(others)
        if not self.base: self.prev = H(b"inferlayer/genesis/v1\0", self.log_id)

    def open(self, head, says):
        key = self.signers[0]
        names = {"event": "open", "origin": key.origin.decode(), "public_key": key.text,
                 "run_id": head.run_id.hex()}
        need(names.items() <= says.items(), "edit", "open names another key, origin or run")
        need(head.run_id not in self.runs, "insert", "a run opens twice")
        self.run = head.run_id
        self.runs.add(self.run)

    def rotation(self, says):
        key = Key(says["public_key"])
        need(says["event"] == "signing_key_rotation" and key.origin == self.signers[0].origin
             and key.text not in dict(self.keys), "edit", "the key is not new, or another log's")
        self.keys += ((key.text, self.next),)
        self.signers.append(key)

    def retention(self, says):
        first = says["first_sequence"]
        need(says["event"] == "retention" and self.beginning < first <= self.next
             and (first < self.base or first in self.heads
                  and self.roots[first - self.base] == base64(bytes.fromhex(says["root"]))),
             "edit", "the log cannot begin where the retention says")
        self.beginning = first

    def restore(self, says):
        gap = says["lost_from"], says["lost_until"]
        need(says["event"] == "restore" and 0 <= gap[0] < self.next and gap[0] <= gap[1],
             "edit", "the restore is of what is yet to come")
        self.gaps += (gap,)

    def snapshot(self, says):
        part, parts = says["part"], says["parts"]
        need(says["event"] == "snapshot" and part == self.part < parts, "edit", "a part is missing")
        ours = self.keys, self.gaps, self.beginning, [peak.hex() for peak in self.peaks]
        need(part or facts(says) == ours and says["origin"].encode() == self.signers[0].origin,
             "edit", "the snapshot does not say what the records before it say")
        self.part = (part + 1) % parts

    def checkpoint(self, note):
        states, key = (self.next, self.roots[-1]), self.signers[-1] if self.signers else None
        text = key and re.match(re.escape(key.origin) + NOTE, note)
        size = int(text[1]) if text else self.next
        need(size <= self.next, "delete", f"the checkpoint is of {size} records")
        need(size == self.next > self.held.size, "insert", f"the checkpoint is of {size} records")
        need(not self.part, "edit", "the snapshot has further parts")
        if not all(key.opens(note) == states for key in self.signers):
            retired = any(Key(old).opens(note) == states for old, _ in self.keys[:-1])
            need(False, "retired_key" if retired else "edit", "no signature by the log's key holds")
        need(note.decode().endswith("\n"), "edit", "the note does not end in a line")
        self.signers = self.signers[-1:]
        self.held = Held(*states, self.keys, self.gaps, self.beginning)

    def whole_once(self, rest):
        """Whether a note of a later commit stands, signed, anywhere in `rest` (§7)."""
        for key in self.signers if self.held.root else ():
            for found in re.finditer(re.escape(key.origin) + NOTE, rest):
                opened = key.opens(rest[found.start():found.start() + 4096])
                if opened and opened[0] > self.held.size: return True

def facts(snapshot):
    """What a snapshot (§10) says of the log before it: as the fields of Chain."""
    keys = tuple((key["public_key"], key["first_sequence"]) for key in snapshot["keys"])
    gaps = tuple((gap["lost_from"], gap["lost_until"]) for gap in snapshot["gaps"])
    return keys, gaps, snapshot["first_sequence"], snapshot["peaks"]
