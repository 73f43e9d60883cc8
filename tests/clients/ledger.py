"""Reads the metadata of a journal, from crates/ledger/FORMAT.md alone. It trusts what it reads:
proving that the journal holds is the verifiers' work.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

HEADER = struct.Struct(">4sHHIIQQQ32s16s16s16s32s32s32s")
NOTE_HEAD = struct.Struct(">4sI")
EXTERNAL = 2

INTENT, OUTCOME, REFUSAL, HIT = 1, 2, 3, 4


@dataclass
class Record:
    """One record of the ledger, without its content."""

    kind: int
    sequence: int
    hash: bytes
    metadata: dict


def read(journal: Path) -> list[Record]:
    return [record for path in sorted(journal.glob("*.ilj")) for record in segment(path)]


def segment(path: Path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        match data[at : at + 4]:
            case b"ILAR":
                record, at = record_at(data, at)
                yield record
            case b"ILCP":
                at += NOTE_HEAD.size + NOTE_HEAD.unpack_from(data, at)[1]
            case b"\0\0\0\0":
                return
            case other:
                raise ValueError(f"{path.name} has no frame at {at}: {other!r}")


def record_at(data: bytes, at: int) -> tuple[Record, int]:
    header = data[at : at + HEADER.size]
    _, version, kind, flags, metadata_len, content_len, sequence, *_ = HEADER.unpack(header)
    assert version == 1
    content_at = at + HEADER.size + metadata_len
    metadata = json.loads(data[at + HEADER.size : content_at])
    digest = hashlib.sha256(b"inferlayer/record/v1\0" + header).digest()
    stored = 0 if flags & EXTERNAL else content_len
    return Record(kind, sequence, digest, metadata), content_at + stored
