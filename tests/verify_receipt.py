"""What is checked without the journal (FORMAT.md §9): inclusion proofs, references, receipt files,
and how such evidence, when it was kept elsewhere, is held against a log."""
import re
from collections import namedtuple

from verify_note import (HASH, KINDS, NUMBER, Fault, H, Key, base64, from_json, header,
                         metadata_hash, need, root_above, unbase64)

PROOF = re.compile(f"c2sp.org/tlog-proof@v1\nextra {HASH}\nindex {NUMBER}\n((?:{HASH}\n)*)\n")
REFERENCE = re.compile(r"v1\.([\w-]{11})\.%s\.([\w-]{43})\.%s\.([\w-]{43})\.([\w-]{86})\s*"
                       % (NUMBER, NUMBER), re.ASCII)
Claim = namedtuple("Claim", "key size root sequence record_hash log_id")

def claim(text, keys):
    """What a checkpoint, an inclusion proof or a reference states and one of `keys` signed."""
    reference, proof, record = REFERENCE.fullmatch(text), PROOF.match(text), (None, None, None)
    note = text[proof.end() if proof else 0:].encode()
    if reference:
        log_id, sequence, record_hash, size, root, signature = (
            part.replace("-", "+").replace("_", "/") for part in reference.groups())
        record = int(sequence), f"{record_hash}=", f"{log_id}="
    for key in keys:
        if reference:
            line = key.line(unbase64(f"{signature}=="))
            note = b"%b\n%b\n%b=\n\n%b\n" % (key.origin, size.encode(), root.encode(), line)
        if signed := key.opens(note): break
    else: raise Fault("replayed_receipt", "evidence that the log's keys have not signed")
    if proof:
        record = int(proof[2]), proof[1], None
        need(record[0] < signed[0], "edit", "the proof is of a record that is not yet there")
        path = [unbase64(line) for line in proof[3].split()]
        root = root_above(H(b"\0", unbase64(proof[1])), record[0], signed[0], path)
        need(base64(root) == signed[1], "edit", "the proof leads to another root")
    return Claim(key, *signed, *record)

def receipt(text, held=None, chain=None):
    """Checks a receipt file (§9) by the key that is held, or else named, and against a log."""
    told = from_json(text)
    key = Key(told["public_key"])
    need(held is None or held.text == key.text, "replayed_receipt", f"the receipt is of {key.text}")
    need(told["records"], "corruption", "the receipt has no record")
    for record in told["records"]:
        head = header(unbase64(record["header"]))
        proof, reference = (claim(record[form], [key]) for form in ("proof", "reference"))
        stated = Claim(key, proof.size, proof.root, head.sequence, base64(head.record_hash), None)
        named = {"kind": KINDS[head.kind], "sequence": head.sequence,
                 "record_hash": head.record_hash.hex()}
        need(stated == proof == reference._replace(log_id=None) and named.items() <= record.items()
             and head.metadata_hash == metadata_hash(record["metadata"].encode())
             and reference.log_id == base64(head.log_id[:8])
             and (head.log_id.hex(), head.request_id.hex()) == (told["log_id"], told["request"]),
             "edit", f"record {head.sequence} is not what the receipt says")
        if chain: compare(record["reference"], chain, held)
        yield f"record {head.sequence} ({KINDS[head.kind]}) was in the log of {proof.size} records"

def compare(text, chain, trusted=None):
    """Holds a checkpoint, proof or reference against a log that holds (§8); says what it shows."""
    held, base = chain.held, chain.base
    told = claim(text, [*([trusted] if trusted else []), *(Key(key) for key, _ in held.keys)])
    need(told.log_id in (None, base64(chain.log_id[:8])), "replayed_receipt", "it is another log's")
    lost = any(first < told.size <= until for first, until in held.gaps)
    if lost or told.size < base: return f"what it knew of {told.size} records is lost or dropped"
    shorter = "rollback" if told.sequence is None else "cut_tail"
    need(told.size <= held.size, shorter, f"the log once had {told.size} records")
    retired = [since + 1 for _, since in held.keys[1:]] + [held.size]
    spans = {key: (since, until) for (key, since), until in zip(held.keys, retired)}
    since, until = spans.get(told.key.text, (0, held.size))
    need(since < told.size <= until, "retired_key", f"{told.key.text} did not sign at that time")
    need(chain.roots[told.size - base] == told.root, "fork", f"another root of {told.size} records")
    if (told.sequence or 0) >= base:
        stored = told.sequence is None or base64(chain.hashes[told.sequence - base])
        need(stored in (True, told.record_hash), "replayed_receipt", "it is of another record")
    return f"the log is the one that had {told.size} records"
