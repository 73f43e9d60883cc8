"""What is checked without the journal (FORMAT.md §9): inclusion proofs, references, receipt files;
and how such evidence, when it was kept elsewhere, stands to a log (§8)."""
import re
from collections import namedtuple

from verify_note import (HASH, MAX, NUMBER, Fault, H, Key, base64, from_json, header, kind_of,
                         metadata_hash, need, root_above, unbase64, whole)

PROOF = re.compile(f"c2sp.org/tlog-proof@v1\n(?:extra {HASH}\n)?index {NUMBER}\n"
                   f"((?:{HASH}\n){{0,64}})\n")
REFERENCE = re.compile(r"v1\.([\w-]{11})\.%s\.([\w-]{43})\.%s\.([\w-]{43})\.([\w-]{86})"
                       % (NUMBER, NUMBER), re.ASCII)
# What evidence states beside its note: the record and its hash, the path, the first of log_id.
Claim = namedtuple("Claim", "form size sequence record_hash path log_id note")
Piece = namedtuple("Piece", "form size standing verdict reason by")

class NoEvidence(ValueError): "Text of none of the forms of evidence."

def claim(text):
    """What a reference, a proof or a checkpoint says, whoever says so."""
    if reference := REFERENCE.fullmatch(text.strip()): return of_reference(reference)
    proof = PROOF.match(text)
    form = "proof" if text.startswith("c2sp.org/tlog-proof@") else "checkpoint"
    if "\n\n" not in text and form != "proof": raise NoEvidence("neither receipt nor checkpoint")
    size = re.match(f"[^\n]*\n{NUMBER}\n", text[proof.end():] if proof else text)
    size = int(size[1]) if size and int(size[1]) <= MAX else 0
    if form == "checkpoint": return Claim(form, size, None, None, None, None, text.encode())
    try:
        path = [unbase64(line) for line in proof[3].split()]
        record_hash = proof[1] and base64(unbase64(proof[1]))
        need(int(proof[2]) <= MAX, "edit", "there is no such record")
    except (TypeError, ValueError): return Claim(form, 0, None, None, None, None, b"")
    return Claim(form, size, int(proof[2]), record_hash, path, None, text[proof.end():].encode())

def of_reference(reference):
    log_id, sequence, record_hash, size, root, signature = (
        part.replace("-", "+").replace("_", "/") for part in reference.groups())
    words = f"{log_id}=", f"{record_hash}=", f"{root}=", f"{signature}=="
    try:
        for word in words: unbase64(word)
        need(max(int(sequence), int(size)) <= MAX, "edit", "no log is as long")
    except ValueError as bad: raise NoEvidence("no receipt is spelled so") from bad
    note = words[2], words[3]  # the rest of it is the key's to say
    return Claim("receipt", int(size), int(sequence), words[1], None, words[0], note)

def signed(told, key):
    """Size and root that this key signed; else None."""
    note = told.note
    if told.form == "receipt":
        line = key.line(unbase64(note[1]))
        note = b"%b\n%d\n%b\n\n%b\n" % (key.origin, told.size, note[0].encode(), line)
        if told.sequence >= told.size: return None
    return key.opens(note)

def leads(told, size, root, record_hash):
    """Whether the path of a proof goes from the record to the root."""
    if told.path is None: return True
    if told.sequence >= size: return False
    if record_hash is None: return True
    try: node = root_above(H(b"\0", unbase64(record_hash)), told.sequence, size, told.path)
    except ValueError: return False  # hashes are missing or left over
    return base64(node) == root

def compare(text, chain):
    """How evidence stands to a log that holds: confirmed, contradicted or not comparable."""
    told, held, base = claim(text), chain.held, chain.base
    def contradicted(verdict, why, by=None):
        return Piece(told.form, told.size, "contradicted", verdict, why, by)
    def not_comparable(why, by): return Piece(told.form, told.size, "not_comparable", None, why, by)
    ends = [since + 1 for _, since in held.keys[1:]] + [MAX]
    ours = told.log_id in (None, base64(chain.log_id[:8]))
    heads = [(signed(told, Key(key)), since, end) for (key, since), end in zip(held.keys, ends)]
    heads = [head for head in heads if head[0] and ours]
    if not heads: return contradicted("replayed_receipt", "none of the log's keys has signed it")
    size, root = heads[0][0]
    if size and not any(since < size <= end for _, since, end in heads):
        return contradicted("retired_key", "who signed it was not the one to sign at that size")
    at = told.sequence is not None and base <= told.sequence < held.size
    stored = base64(chain.hashes[told.sequence - base]) if at else None
    if not leads(told, size, root, told.record_hash or stored):
        return contradicted("replayed_receipt", "its path leads to another root")
    if not size: return not_comparable("it speaks of no record", None)
    lost = [gap for gap in held.admissions if gap.by == "restore" and gap.first < size <= gap.until]
    if size > held.size and lost:
        return not_comparable(f"record {lost[0].sequence} admits that it is lost", lost[0].sequence)
    if size > held.size:
        verdict = "rollback" if told.form == "checkpoint" else "cut_tail"
        return contradicted(verdict, f"the log once had {size} records")
    if size < base:
        by = next(gap.sequence for gap in held.admissions
                  if gap.by == "retention" and size < gap.until)
        return not_comparable(f"record {by} admits that it was dropped", by)
    if chain.roots[size - base] != root:
        return contradicted("fork", f"another root of {size} records", lost and lost[0].sequence)
    another = told.record_hash and told.sequence >= base and told.record_hash != stored
    if another: return contradicted("replayed_receipt", "it is of another record")
    return Piece(told.form, size, "confirmed", None, None, None)

def receipt(text, held=None):
    """Checks a receipt file (§9) by the key that is held, or else named; tells its records in
    words, each with its reference."""
    told, last = from_json(text), -1
    key = Key(told["public_key"])
    need(held is None or held.text == key.text, "replayed_receipt", f"the receipt is of {key.text}")
    need(told["records"], "corruption", "the receipt has no record")
    for record in told["records"]:
        head = header(unbase64(record["header"]))
        record_hash, sequence = base64(head.record_hash), whole(record["sequence"])
        try: proof, reference = claim(record["proof"]), claim(record["reference"])
        except NoEvidence as bad: raise Fault("edit", f"record {sequence}: {bad}") from bad
        by_proof, by_reference = signed(proof, key), signed(reference, key)
        named = {"kind": kind_of(head), "sequence": head.sequence,
                 "record_hash": head.record_hash.hex()}
        need(named.items() <= record.items() and last < sequence
             and head.metadata_hash == metadata_hash(record["metadata"].encode())
             and (head.log_id.hex(), head.request_id.hex()) == (told["log_id"], told["request"])
             and any(head.request_id), "edit", f"record {sequence} is not what the receipt says")
        need(record["metadata"][:1] == "{", "edit", "the metadata are no JSON object")
        from_json(record["metadata"])
        need(by_proof and by_reference, "replayed_receipt", f"{key.text} has not signed it")
        need(by_proof == by_reference
             and {proof.sequence, reference.sequence} == {sequence}
             and proof.form == "proof" and len(proof.note) <= 4096
             and proof.record_hash in (None, record_hash) and reference.record_hash == record_hash
             and reference.log_id == base64(head.log_id[:8])
             and leads(proof, *by_proof, record_hash), "edit", f"record {sequence} is not proven")
        last = sequence
        words = f"record {sequence} ({kind_of(head)}) was in the log of {by_proof[0]} records"
        yield words, record["reference"]
