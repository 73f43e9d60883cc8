"""What each record and checkpoint of a log owes to those before it (FORMAT.md §2 to §5, §10; §8
steps 4, 5 and 7 to 9). verify.py reads them from the journal and feeds them to a Chain."""
import re
from collections import Counter, namedtuple

from verify_note import (KINDS, MAX, NOTE, H, Key, base64, grow, kind_of, need, of_hex, root_of,
                         whole)

Held = namedtuple("Held", "size root keys gaps beginning admissions skipped")
# Records `first` up to `until` are dropped or lost, says the record `sequence`.
Admission = namedtuple("Admission", "by sequence time_us reason first until")

class Chain:
    """The state of §8; `held` is what it was at the last checkpoint that holds."""
    def __init__(self, first):
        self.base = self.next = first  # sequences of the first record of all and of the next one
        self.prev, self.time, self.run, self.runs, self.heads = None, 0, None, set(), set()
        self.keys, self.gaps, self.beginning, self.signers = (), (), 0, []
        self.peaks, self.roots, self.hashes, self.times = [], [base64(H())], [], [0]
        self.part, self.parts, self.opened, self.admissions = 0, 0, False, ()
        self.waiting, self.shredded, self.unpaired = {}, {}, []  # intents by request_id, tags
        self.held, self.skipped = Held(first, None, (), (), 0, (), {}), Counter()

    def record(self, head, says, heads_segment):
        """Takes a record, whose own hashes hold, by its header and its metadata."""
        kind = kind_of(head)
        owes_snapshot = self.part > 0 or heads_segment and self.next > 0
        need((kind == "snapshot") == owes_snapshot, "edit", "a snapshot is missing or misplaced")
        need(len(self.signers) < 2, "edit", "the rotation is not the last record of its commit")
        if heads_segment: self.heads.add(self.next)
        if self.prev is None: self.begin(head, says)
        need(self.next < MAX, "corruption", "a log has no such record")
        need(head.log_id == self.log_id, "edit", "log_id is another log's")
        need(head.prev_hash == self.prev, "edit", "prev_hash is not that of the record before")
        need(head.time_us >= self.time, "clock", "time_us goes back")
        if kind == "open": self.open(head, says)
        need(head.run_id == self.run, "edit", "a record outside of the open run")
        if kind == "close": self.run = None
        if kind in ("rotation", "snapshot"): getattr(self, kind)(says)
        if kind in ("retention", "restore"):
            first, until = getattr(self, kind)(says)
            reason = says.get("reason") if isinstance(says.get("reason"), str) else None
            self.admissions += (Admission(kind, self.next, head.time_us, reason, first, until),)
        if head.kind >= len(KINDS): self.skipped[kind] += 1
        self.unpaired.append((kind, head))
        self.opened = kind == "open"
        self.prev, self.time = head.record_hash, head.time_us
        self.times.append(head.time_us)
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
            self.runs, self.roots, self.times = {self.run}, [root_of(self.peaks)], [head.time_us]
        first, *others = (Key(text) for text, _ in self.keys)
        since, gaps = ([sequence for sequence, *_ in facts] for facts in
                       (((since, key) for key, since in self.keys), self.gaps))
        need(len(self.peaks) == self.base.bit_count() and self.beginning < max(self.base, 1)
             and since == sorted({0, *since}) and max(since) < max(self.base, 1)
             and len(dict(self.keys)) == len(since)
             and {key.origin for key in others} <= {first.origin}
             and gaps == sorted(set(gaps)) and all(bounded(*gap) and gap[0] < self.base
                                                   for gap in self.gaps)
             and (not self.base or says["origin"].encode() == first.origin),
             "edit", "the snapshot contradicts itself")
        self.signers, self.log_id, self.unproved = [first, *others][-1:], first.log_id, len(others)
        if not self.base: self.prev = H(b"inferlayer/genesis/v1\0", self.log_id)

    def pair(self, kind, head):
        """An outcome is of the tenant of its intent, unless that one's key was destroyed since."""
        if kind == "shred": self.shredded[head.tenant_tag] = head.sequence
        if kind == "intent": self.waiting[head.request_id] = head.tenant_tag, head.sequence
        if kind == "outcome":
            tag, sequence = self.waiting.pop(head.request_id, (head.tenant_tag, 0))
            need(tag == head.tenant_tag or self.shredded.get(tag, 0) > sequence
                 or not any(head.request_id), "edit", "the outcome is of another tenant")

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
        first, root = whole(says["first_sequence"]), base64(of_hex(says["root"]))
        need(says["event"] == "retention" and self.beginning < first <= self.next
             and (first < self.base
                  or first in self.heads and self.roots[first - self.base] == root),
             "edit", "the log cannot begin where the retention says")
        self.beginning = first
        return 0, first

    def restore(self, says):
        gap = whole(says["lost_from"]), whole(says["lost_until"])
        need(says["event"] == "restore" and self.opened and gap[0] + 1 == self.next
             and bounded(*gap), "edit", "the restore is of another place")
        self.gaps += (gap,)
        return gap

    def snapshot(self, says):
        part, parts = (whole(says[name], (1 << 32) - 1) for name in ("part", "parts"))
        need(says["event"] == "snapshot" and part == self.part < parts
             and self.parts in (0, parts), "edit", "a part is missing")
        ours = self.keys, self.gaps, self.beginning, [peak.hex() for peak in self.peaks]
        need(part or facts(says) == ours and says["origin"].encode() == self.signers[0].origin,
             "edit", "the snapshot does not say what the records before it say")
        self.part = (part + 1) % parts
        self.parts = parts if self.part else 0

    def checkpoint(self, note):
        need(self.signers, "insert", "there is no record before the checkpoint")
        note.decode()  # refuses what is no UTF-8
        signed = self.signers[-1].opens(note)
        retired = any(Key(old).opens(note) for old, _ in self.keys[:-1])
        need(signed, "retired_key" if retired else "edit", "no signature by the log's key holds")
        need(not self.part, "edit", "the snapshot has further parts")
        size, states = signed[0], (self.next, self.roots[-1])
        need(size <= self.next, "delete", f"the checkpoint is of {size} records")
        need(size == self.next > self.held.size, "insert", f"the checkpoint is of {size} records")
        need(all(key.opens(note) == states for key in self.signers), "edit",
             "the root is another, or the key that hands over has not signed")
        for kind, head in self.unpaired: self.pair(kind, head)
        self.unpaired.clear()
        self.signers = self.signers[-1:]
        self.held = Held(*states, self.keys, self.gaps, self.beginning, self.admissions,
                         dict(self.skipped))

    def whole_once(self, rest):
        """Whether a note of a later commit stands, signed, anywhere in `rest` (§7)."""
        for key in self.signers if self.held.root else ():
            for found in re.finditer(re.escape(key.origin) + NOTE, rest):
                lines = rest[found.start():found.start() + 4096].rpartition(b"\n")
                opened = key.opens(lines[0] + lines[1])
                if opened and opened[0] > self.held.size: return True

def bounded(lost_from, lost_until): return 0 <= lost_until - lost_from <= 1 << 40

def facts(snapshot):
    """What a snapshot (§10) says of the log before it: as the fields of Chain."""
    for name in ("keys", "gaps", "peaks"):
        need(isinstance(snapshot[name], list), "edit", f"{name} is no list")
    keys = tuple((key["public_key"], whole(key["first_sequence"])) for key in snapshot["keys"])
    gaps = tuple((whole(gap["lost_from"]), whole(gap["lost_until"])) for gap in snapshot["gaps"])
    peaks = [of_hex(peak).hex() for peak in snapshot["peaks"]]
    return keys, gaps, whole(snapshot["first_sequence"]), peaks
