"""Writes journals for verify_test.py, rule by rule or against one: crates/ledger/FORMAT.md."""
import base64
import hashlib
import json
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OPEN, INTENT, OUTCOME, REFUSAL = 0, 1, 2, 3
ROTATION, SHRED, RETENTION, CLOCK, CLOSE, SNAPSHOT = 7, 8, 9, 10, 11, 12


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def merkle_root(leaves):
    """RFC 6962 §2.1 as it is written, by recursion: not the way of verify.py."""
    if len(leaves) == 1:
        return sha(b"\0", leaves[0])
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", merkle_root(leaves[:half]), merkle_root(leaves[half:]))


class Writer:
    """A journal in memory: {first sequence of the segment: bytes}. Writes whatever it is told."""

    def __init__(self, origin="gw-1.example", seed=bytes(range(32))):
        self.origin, self.signer = origin, Ed25519PrivateKey.from_private_bytes(seed)
        public = self.signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = sha(origin.encode(), b"\n\1", public)[:4]
        blob = base64.b64encode(b"\1" + public).decode()
        self.key = f"{origin}+{self.key_id.hex()}+{blob}"
        self.log_id = sha(b"inferlayer/log-id/v1\0", public, origin.encode())
        self.prev = sha(b"inferlayer/genesis/v1\0", self.log_id)
        self.hashes, self.segments, self.run = [], {0: b""}, None

    def open(self, run=1, **other):
        self.run = bytes([run]) * 16
        return self.record(OPEN, {
            "event": "open", "origin": self.origin, "public_key": self.key, "truncated_bytes": 0,
            "run_id": self.run.hex(), "software": "test"} | other)

    def record(self, kind, metadata, content=b"", request=bytes(16), **header):
        """Appends a record; `header` overrides fields by name."""
        if not isinstance(metadata, bytes):
            metadata = json.dumps(metadata).encode()
        field = {
            "magic": b"ILAR", "version": 1, "kind": kind, "flags": 1 if content else 0,
            "metadata_len": len(metadata), "content_len": len(content),
            "sequence": len(self.hashes), "time_us": 1000 + len(self.hashes),
            "log_id": self.log_id, "run_id": self.run, "request_id": request, "tag": bytes(16),
            "prev_hash": self.prev, "metadata_hash": sha(b"inferlayer/metadata/v1\0", metadata),
            "content_hash": sha(b"inferlayer/content/v1\0", content)} | header
        head = struct.pack(">4sHHIIQQQ32s16s16s16s32s32s32s", *field.values())
        self.prev = sha(b"inferlayer/record/v1\0", head)
        self.hashes.append(self.prev)
        return self.append(head + metadata + content)

    def checkpoint(self, size=None, root=None, origin=None, witness=b"", signature=None):
        root = merkle_root(self.hashes) if root is None else root
        text = f"{origin or self.origin}\n{size or len(self.hashes)}\n".encode()
        text += base64.b64encode(root) + b"\n"
        line = base64.b64encode(self.key_id + (signature or self.signer.sign(text)))
        note = text + f"\n— {self.origin} ".encode() + line + b"\n" + witness
        return self.append(b"ILCP" + struct.pack(">I", len(note)) + note)

    def commit(self, *records, **checkpoint):
        for kind in records:
            self.record(kind, {})
        return self.checkpoint(**checkpoint)

    def next_segment(self):
        self.segments[len(self.hashes)] = b""
        return self

    def append(self, frame):
        self.segments[max(self.segments)] += frame
        return self

    @property
    def last(self):
        return self.segments[max(self.segments)]

    @last.setter
    def last(self, data):
        self.segments[max(self.segments)] = data


def three_commits():
    """Records 0 to 5 in three commits, the last two of them in a second segment."""
    log = Writer().open().commit(INTENT)
    log.next_segment().commit(OUTCOME, REFUSAL)
    log.before_last = log.last
    log.root_before_last = merkle_root(log.hashes)
    log.record(INTENT, {"a": 1}, content=bytes(range(90))).commit(OUTCOME)
    return log


def flip(data, at, mask):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]
