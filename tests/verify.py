#!/usr/bin/env python3
"""A second verifier of InferLayer's ledger, written from crates/ledger/FORMAT.md (§) alone.

Exit code 0: HOLDS. 1: DOES NOT HOLD [verdict], and the first frame that does not. 2: unreadable.
Only --evidence that was kept elsewhere shows that the end of a log was cut off (§7)."""
import argparse, os, re, sys
from base64 import b64decode
from pathlib import Path

from verify_chain import Chain
from verify_money import MOST_SHOWN, Money
from verify_note import (HEADER, MALFORMED, Cut, Fault, H, Key, from_json, header, metadata_hash,
                         need, take, why)
from verify_receipt import compare, receipt

class Journal:
    """The segments of a folder, read in order into the `chain` of their records (§8)."""
    def __init__(self, folder):
        names = sorted(path.name for path in folder.iterdir())
        names = [name for name in names if re.fullmatch("[0-9]{20}[.]ilj", name)]
        self.folder, self.tail, self.money = folder, "", Money()
        self.chain = Chain(int(names[0][:20]) if names else 0)
        for self.name in names: self.segment(self.name, last=self.name == names[-1])
        held, base = self.chain.held, self.chain.base
        need(held.root, "delete", f"there is no acknowledged record: {self.tail or 'no bytes'}")
        need(base <= held.beginning, "cut_head", f"the log begins with record {held.beginning}")

    def segment(self, name, last):
        stored, at, self.end = (self.folder / name).read_bytes(), 0, 0
        data = stored.rstrip(b"\0") if last else stored  # zeros stand for what was never written
        try:
            need(int(name[:20]) == self.chain.next, "delete", "another record belongs here")
            while at < len(data):
                magic = data[at:at + 4]
                fault = Cut if magic in (b"I", b"IL", b"ILA", b"ILC") else Fault
                need(magic in (b"ILAR", b"ILCP"), "corruption", "no frame starts here", fault)
                at = self.record(data, at) if magic == b"ILAR" else self.checkpoint(data, at)
            need(at == self.end, "corruption", "no checkpoint follows the last record", Cut)
        except MALFORMED as bad:
            (verdict, reason), cut = why(bad), last and isinstance(bad, Cut)
            where = f"{name}, offset {at}, sequence {self.chain.next}: {reason}"
            need(cut and not self.chain.whole_once(data[self.end:]), verdict, where)
            self.tail = where
        if stored[self.end:]: self.tail = f"{len(stored) - self.end} bytes, {self.tail or 'zeros'}"

    def record(self, data, at):
        head, start = header(take(data, at, HEADER.size)), at + HEADER.size
        metadata = take(data, start, head.metadata_len)
        inline = 0 if head.flags & 2 else head.content_len
        content = take(data, start + head.metadata_len, inline)
        end = start + head.metadata_len + inline
        need(end - self.end <= 1 << 28, "corruption", "the records of a commit are too long")
        if head.sequence != self.chain.next: self.misplaced(head.sequence, data[end:])
        if head.flags & 2: content = self.external(head)
        need(metadata_hash(metadata) == head.metadata_hash, "edit", "the metadata were edited")
        need(H(b"inferlayer/content/v1\0", content) == head.content_hash,
             "edit", "the content was edited")
        need(metadata[:1] == b"{", "edit", "the metadata are no JSON object")
        self.chain.record(head, from_json(metadata.decode()), heads_segment=at == 0)
        self.money.record(self.name, head, metadata)
        return end

    def misplaced(self, sequence, behind):
        missed = rb"(?s)ILAR.{20}" + re.escape(self.chain.next.to_bytes(8, "big"))
        missing = "reorder" if re.search(missed, behind) else "delete"
        verdict = "insert" if sequence < self.chain.next else missing
        raise Fault(verdict, f"record {sequence} stands here")

    def external(self, head):
        path = self.folder / "content" / f"{head.content_hash.hex()}.ilc"
        need(path.is_file(), "delete", f"{path.name} is missing")
        need(path.stat().st_size == head.content_len, "edit", f"{path.name} has another length")
        return path.read_bytes()

    def checkpoint(self, data, at):
        note_len = int.from_bytes(take(data, at + 4, 4), "big")
        need(note_len <= 4096, "corruption", "note_len is out of bounds")
        self.chain.checkpoint(take(data, at + 8, note_len))
        self.money.commit()
        self.end = at + 8 + note_len
        return self.end

def contents(argument):
    """The text of the file that is named, else the argument itself."""
    return Path(argument).read_text() if os.path.isfile(argument) else argument

def findings(folder, key, evidence, receipts):
    """What holds, line by line; Fault where something does not."""
    chain = None
    if folder:
        journal = Journal(folder / "journal" if (folder / "journal").is_dir() else folder)
        chain, held = journal.chain, journal.chain.held
        shown = [compare(text, chain, key) for text in evidence]
        proved = [text for text, _ in held.keys[chain.unproved:]]
        need(not key or key.text in proved, "fork", f"the log's key is {proved[-1]}")
        yield f"{held.size} records, root {b64decode(held.root).hex()}"
        yield f"log {chain.log_id.hex()}, key {proved[-1]}, records from {chain.base} on"
        if journal.tail: yield f"after the last checkpoint, never acknowledged: {journal.tail}"
        yield from shown
        lines, found = journal.money.finish()
        if found: raise Contradictions(found)
        yield from lines
    for text in receipts: yield from receipt(text, key, chain)

class Contradictions(Fault):
    """Records of a chain that holds, and what is wrong with them (§12)."""
    def __init__(self, found):
        told = [f"[{verdict}] {segment}, record {sequence}: {what}"
                for verdict, segment, sequence, what in found[:MOST_SHOWN]]
        told.append(f"{len(found)} contradictions in all")
        super().__init__(found[0][0], "\n  ".join(["the chain holds, and", *told]))

def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="a data or journal folder")
    parser.add_argument("--key", type=lambda argument: Key(contents(argument).strip()),
                        help="the log's verifier key or its file; else the log names one")
    for name in ("evidence", "receipt"):
        parser.add_argument(f"--{name}", type=contents, action="append", default=[],
                            help="a file or a text of §9; may be given again")
    options = parser.parse_args()
    if not (options.folder or options.receipt): parser.error("nothing to verify")
    try:
        print("HOLDS:", "\n  ".join(findings(*vars(options).values())))
    except MALFORMED as bad:
        print("DOES NOT HOLD [{}]: {}".format(*why(bad)))
        sys.exit(1)
    except OSError as error: parser.error(str(error))

if __name__ == "__main__": main()
