#!/usr/bin/env python3
"""A second verifier of InferLayer's ledger, written from crates/ledger/FORMAT.md (§) alone.

Exit code 0: HOLDS. 1: DOES NOT HOLD [verdict], and the first frame that does not, or the evidence
that contradicts it. 2: unreadable. 3: it holds, and none of the evidence could be compared.
Only --evidence that was kept elsewhere shows that the end of a log was cut off (§7)."""
import argparse, collections, json, os, re, stat, sys
from base64 import b64decode
from pathlib import Path

from verify_chain import Chain
from verify_money import MOST_SHOWN, Money
from verify_note import (HEADER, MALFORMED, MAX, Cut, Fault, H, Key, from_json, header,
                         metadata_hash, need, take, why)
from verify_receipt import NoEvidence, compare, receipt

CHUNK = 1 << 20
STANDINGS = "confirmed", "contradicted", "not_comparable"

class Journal:
    """The segments of a folder, read in order into the `chain` of their records (§8)."""
    def __init__(self, folder):
        names = sorted(path.name for path in folder.iterdir())
        names = [name for name in names
                 if re.fullmatch("[0-9]{20}[.]ilj", name) and int(name[:20]) <= MAX]
        self.folder, self.tail, self.tail_bytes, self.missing = folder, "", 0, {}
        self.money = Money()
        self.chain = Chain(int(names[0][:20]) if names else 0)
        for self.name in names: self.segment(self.name, last=self.name == names[-1])
        held, base = self.chain.held, self.chain.base
        need(held.root, "delete", f"there is no acknowledged record: {self.tail or 'no bytes'}")
        said = [gap.until for gap in held.admissions if gap.by == "retention"]
        said = max([0, *said])
        need(base <= said, "cut_head", f"the log begins with record {said}")
        for sequence, where in self.missing.items():
            need(sequence < held.beginning, "delete", where)

    def segment(self, name, last):
        data, size = read(self.folder / name, last)
        at, self.end = 0, 0
        try:
            need(int(name[:20]) == self.chain.next, "delete", "another record belongs here")
            while at < len(data):
                magic = data[at:at + 4]
                fault = Cut if magic in (b"I", b"IL", b"ILA", b"ILC") else Fault
                need(magic in (b"ILAR", b"ILCP"), "corruption", "no frame starts here", fault)
                self.where = f"{name}, offset {at}, sequence {self.chain.next}"
                at = self.record(data, at) if magic == b"ILAR" else self.checkpoint(data, at)
            need(at == self.end, "corruption", "no checkpoint follows the last record", Cut)
        except MALFORMED as bad:
            (verdict, reason), cut = why(bad), last and isinstance(bad, Cut)
            where = f"{name}, offset {at}, sequence {self.chain.next}: {reason}"
            need(cut and not self.chain.whole_once(data[self.end:]), verdict, where)
            self.tail = where
        self.tail_bytes = size - self.end
        if self.tail_bytes: self.tail = f"{self.tail_bytes} bytes, {self.tail or 'zeros'}"

    def record(self, data, at):
        head, start = header(take(data, at, HEADER.size)), at + HEADER.size
        metadata = take(data, start, head.metadata_len)
        inline = 0 if head.flags & 2 else head.content_len
        content = take(data, start + head.metadata_len, inline)
        end = start + head.metadata_len + inline
        need(end - self.end <= 1 << 28, "corruption", "the records of a commit are too long")
        if head.sequence != self.chain.next: self.misplaced(head.sequence, data[end:])
        need(metadata_hash(metadata) == head.metadata_hash, "edit", "the metadata were edited")
        need(metadata[:1] == b"{", "edit", "the metadata are no JSON object")
        if head.flags & 2: content = self.external(head)
        need(content is None or H(b"inferlayer/content/v1\0", content) == head.content_hash,
             "edit", "the content was edited")
        self.chain.record(head, from_json(metadata.decode()), heads_segment=at == 0)
        self.money.record(self.name, head, metadata)
        return end

    def misplaced(self, sequence, behind):
        missing = "reorder" if self.chain.next in sequences(behind) else "delete"
        verdict = "insert" if sequence < self.chain.next else missing
        raise Fault(verdict, f"record {sequence} stands here")

    def external(self, head):
        """Content of a file of its own; None where there is none, which a retention may explain."""
        path = self.folder / "content" / f"{head.content_hash.hex()}.ilc"
        try: return read(path, most=head.content_len)[0]
        except FileNotFoundError:
            self.missing[head.sequence] = f"{self.where}: {path.name} is missing"

    def checkpoint(self, data, at):
        note_len = int.from_bytes(take(data, at + 4, 4), "big")
        need(note_len <= 4096, "corruption", "note_len is out of bounds")
        self.chain.checkpoint(take(data, at + 8, note_len))
        self.money.commit()
        self.end = at + 8 + note_len
        return self.end

def sequences(data):
    """Of the records at the front of `data`, in whole frames."""
    at = 0
    while data[at:at + 4] in (b"ILAR", b"ILCP"):
        if data[at:at + 4] == b"ILCP":
            at += 8 + int.from_bytes(data[at + 4:at + 8], "big")
            continue
        try: head = header(take(data, at, HEADER.size))
        except MALFORMED: return
        at += HEADER.size + head.metadata_len + (0 if head.flags & 2 else head.content_len)
        if at <= len(data): yield head.sequence

def read(path, last=False, most=None):
    """A regular file and its length. Of the `last` segment without the zeros at its end; of content
    nothing when it has not the length it must have."""
    opener = lambda name, flags: os.open(name, flags | os.O_NONBLOCK)
    with open(path, "rb", opener=opener) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode): raise OSError(f"{path}: no regular file")
        need(most in (None, status.st_size), "edit", f"{path.name} has another length")
        end = status.st_size
        while last and end:
            start = max(0, end - CHUNK)
            file.seek(start)
            chunk = file.read(end - start)
            if chunk != bytes(len(chunk)):
                end = start + len(chunk.rstrip(b"\0"))
                break
            end = start
        file.seek(0)
        return file.read(end), status.st_size

def contents(argument):
    """The text of the file that is named, else the argument itself."""
    return Path(argument).read_text() if os.path.isfile(argument) else argument

def examine(folder, key, evidence, receipts):
    """What a log is and what evidence and its own money make of it; Fault where its chain does not
    hold."""
    journal = Journal(folder / "journal" if (folder / "journal").is_dir() else folder)
    chain, held = journal.chain, journal.chain.held
    proved = [text for text, _ in held.keys[chain.unproved:]]
    need(not key or key.text in proved, "fork", f"the log's key is {proved[-1]}")
    shown = [line for text in receipts for line in receipt(text, key)]
    pieces = [compare(text, chain) for text in [*evidence, *(text for _, text in shown)]]
    counts = collections.Counter(piece.standing for piece in pieces)
    complete = max((piece.size for piece in pieces if piece.standing == "confirmed"), default=0)
    lines, found = journal.money.finish()
    admissions = [gap._asdict() | {"silences": sum(
        piece.by == gap.sequence and piece.standing == "not_comparable" for piece in pieces)}
        for gap in held.admissions]
    return {"records": held.size, "root": b64decode(held.root).hex(), "first_sequence": chain.base,
            "log_id": chain.log_id.hex(), "key": proved[-1], "tail": journal.tail,
            "unacknowledged_bytes": journal.tail_bytes, "complete_to": complete,
            "complete_time_us": chain.times[complete - chain.base] if complete else 0,
            "skipped": held.skipped, "shown": [words for words, _ in shown], "money": [] if found else [*lines],
            "contradictions": found, "admissions": admissions,
            "evidence": {standing: counts[standing] for standing in STANDINGS}
                        | {"pieces": [piece._asdict() for piece in pieces]}}

def verdict(report):
    """Of the first contradiction, by evidence or by its own records (§12): its name and reason."""
    pieces = [piece for piece in report["evidence"]["pieces"] if piece["verdict"]]
    found = report["contradictions"]
    told = [f"[{name}] {segment}, record {sequence}: {what}"
            for name, segment, sequence, what in found[:MOST_SHOWN]]
    told.append(f"{len(found)} contradictions in all")
    if pieces: return pieces[0]["verdict"], pieces[0]["reason"]
    if found: return found[0][0], "\n  ".join(["the chain holds, and", *told])
    return None, None

def words(report):
    """What `examine` has found, line by line."""
    yield f"{report['records']} records, root {report['root']}"
    yield f"log {report['log_id']}, key {report['key']}, records from {report['first_sequence']} on"
    if report["tail"]: yield f"after the last checkpoint, never acknowledged: {report['tail']}"
    for kind, count in report["skipped"].items():
        yield f"{count} records of kind {kind}, which is not known here and changes nothing"
    evidence = report["evidence"]
    if evidence["pieces"]:
        told = ", ".join(f"{evidence[name]} {name.replace('_', ' ')}" for name in STANDINGS)
        yield f"evidence: {told}; complete to size {report['complete_to']}"
    for piece in evidence["pieces"]:
        if piece["reason"]:
            name = piece["standing"].replace("_", " ")
            yield f"{name}: {piece['form']} of size {piece['size']}: {piece['reason']}"
    for gap in report["admissions"]:
        yield (f"record {gap['sequence']} ({gap['by']}, {gap['reason']!r}) admits {gap['first']} to "
               f"{gap['until']}: {gap['silences']} pieces of evidence prove nothing by it")
    yield from report["shown"]
    yield from report["money"]

def run(options):
    """The text of a verdict, the same as JSON, and the exit code."""
    if not options.folder:
        shown = [line for text in options.receipt for line, _ in receipt(text, options.key)]
        return "HOLDS: " + "\n  ".join(shown), {"holds": True, "shown": shown}, 0
    report = examine(options.folder, options.key, options.evidence, options.receipt)
    evidence, (name, reason) = report["evidence"], verdict(report)
    unconfirmed = evidence["pieces"] and not evidence["confirmed"]
    told = {"holds": not name, "confirmed": evidence["confirmed"] > 0, "verdict": name,
            "report": report}
    head = f"DOES NOT HOLD [{name}]: {reason}; in itself it has" if name else "HOLDS:"
    if unconfirmed and not name: head = "HOLDS, AND NO EVIDENCE CONFIRMS IT:"
    return f"{head} " + "\n  ".join(words(report)), told, 1 if name else 3 if unconfirmed else 0

def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="a data or journal folder")
    parser.add_argument("--key", type=lambda argument: Key(contents(argument).strip()),
                        help="the log's verifier key or its file; else the log names one")
    for name in ("evidence", "receipt"):
        parser.add_argument(f"--{name}", type=contents, action="append", default=[],
                            help="a file or a text of §9; may be given again")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    options = parser.parse_args()
    if not (options.folder or options.receipt): parser.error("nothing to verify")
    try:
        text, told, code = run(options)
    except (NoEvidence, OSError) as error: parser.error(str(error))
    except MALFORMED as bad:
        name, reason = why(bad)
        text, code = f"DOES NOT HOLD [{name}]: {reason}", 1
        told = {"holds": False, "verdict": name, "fault": reason}
    print(json.dumps(told) if options.json else text)
    sys.exit(code)

if __name__ == "__main__": main()
