"""Writes journals for verify_test.py, rule by rule or against one: crates/ledger/FORMAT.md."""
import base64
import hashlib
import json
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OPEN, INTENT, OUTCOME, REFUSAL, KEY_EVENT = 0, 1, 2, 3, 6
ROTATION, SHRED, RETENTION, CLOCK, CLOSE, SNAPSHOT, RESTORE = 7, 8, 9, 10, 11, 12, 13


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def merkle_root(leaves):
    """RFC 6962 §2.1 as it is written, by recursion: not the way of verify.py."""
    if not leaves:
        return sha()
    if len(leaves) == 1:
        return sha(b"\0", leaves[0])
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", merkle_root(leaves[:half]), merkle_root(leaves[half:]))


def merkle_path(index, leaves):
    """The inclusion proof of RFC 6962 §2.1.1, as it is written."""
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*merkle_path(index, leaves[:half]), merkle_root(leaves[half:])]
    return [*merkle_path(index - half, leaves[half:]), merkle_root(leaves[:half])]


def merkle_peaks(leaves):
    """Roots of the full subtrees, one for each bit of the size, the largest first."""
    peaks, at = [], 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            peaks.append(merkle_root(leaves[at:at + (1 << bit)]))
            at += 1 << bit
    return peaks


class Signer:
    def __init__(self, origin, seed):
        self.origin, self.private = origin.encode(), Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = sha(self.origin, b"\n\1", self.public)[:4]
        blob = base64.b64encode(b"\1" + self.public).decode()
        self.text = f"{origin}+{self.id.hex()}+{blob}"

    def line(self, text, signature=None):
        blob = base64.b64encode(self.id + (signature or self.private.sign(text)))
        return b"\xe2\x80\x94 " + self.origin + b" " + blob + b"\n"


class Writer:
    """A journal in memory: `segments` by first sequence, `files` of content by name. Writes
    whatever it is told."""

    def __init__(self, origin="gw-1.example", seed=bytes(range(32)), request=bytes(16)):
        self.request = request
        self.origin, self.signer = origin, Signer(origin, seed)
        self.signers, self.keys = [self.signer], [(self.signer.text, 0)]
        self.log_id = sha(b"inferlayer/log-id/v1\0", self.signer.public, origin.encode())
        self.prev = sha(b"inferlayer/genesis/v1\0", self.log_id)
        self.hashes, self.headers, self.run = [], [], None
        self.segments, self.files, self.beginning, self.gaps = {0: b""}, {}, 0, []

    @property
    def key(self):
        return self.signer.text

    def open(self, run=1, **other):
        self.run = bytes([run]) * 16
        return self.record(OPEN, {
            "event": "open", "origin": self.origin, "public_key": self.key, "truncated_bytes": 0,
            "run_id": self.run.hex(), "software": "test"} | other)

    def record(self, kind, metadata, content=b"", request=None, external=False, **header):
        """Appends a record; `header` overrides fields by name."""
        if not isinstance(metadata, bytes):
            metadata = json.dumps(metadata).encode()
        field = {
            "magic": b"ILAR", "version": 1, "kind": kind,
            "flags": 3 if external else 1 if content else 0,
            "metadata_len": len(metadata), "content_len": len(content),
            "sequence": len(self.hashes), "time_us": 1000 + len(self.hashes),
            "log_id": self.log_id, "run_id": self.run, "request_id": request or self.request, "tag": bytes(16),
            "prev_hash": self.prev, "metadata_hash": sha(b"inferlayer/metadata/v1\0", metadata),
            "content_hash": sha(b"inferlayer/content/v1\0", content)} | header
        head = struct.pack(">4sHHIIQQQ32s16s16s16s32s32s32s", *field.values())
        self.prev = sha(b"inferlayer/record/v1\0", head)
        self.hashes.append(self.prev)
        self.headers.append(head)
        if external:
            self.files[field["content_hash"].hex() + ".ilc"] = content
        return self.append(head + metadata + (b"" if external else content))

    def note(self, size=None, root=None, origin=None, signers=None, witness=b"", signature=None):
        root = merkle_root(self.hashes) if root is None else root
        text = f"{origin or self.origin}\n{size or len(self.hashes)}\n".encode()
        text += base64.b64encode(root) + b"\n"
        lines = [signer.line(text, signature) for signer in signers or self.signers]
        return text + b"\n" + b"".join(lines) + witness

    def checkpoint(self, **note):
        note = self.note(**note)
        self.signers = [self.signer]
        return self.append(b"ILCP" + struct.pack(">I", len(note)) + note)

    def commit(self, *records, **note):
        for kind in records:
            self.record(kind, {})
        return self.checkpoint(**note)

    def next_segment(self, parts=1, written=None, **wrong):
        """A further segment and its snapshot, or the parts of it that are to be written."""
        self.segments[len(self.hashes)] = b""
        keys = [{"public_key": key, "first_sequence": since} for key, since in self.keys]
        gaps = [{"lost_from": since, "lost_until": until} for since, until in self.gaps]
        peaks = [peak.hex() for peak in merkle_peaks(self.hashes)]
        told = {"event": "snapshot", "part": 0, "parts": parts, "origin": self.origin,
                "keys": keys, "first_sequence": self.beginning, "gaps": gaps, "peaks": peaks}
        self.record(SNAPSHOT, told | {"state": []} | wrong)
        for part in range(1, written or parts):
            self.record(SNAPSHOT, {"event": "snapshot", "part": part, "parts": parts, "state": []})
        return self

    def rotate(self, seed, key=None, **wrong):
        """A rotation, which waits for its checkpoint by both keys."""
        self.signer = Signer(self.origin, seed)
        self.signers = [*self.signers, self.signer]
        self.keys.append((self.key, len(self.hashes)))
        told = {"event": "signing_key_rotation", "public_key": key or self.key}
        return self.record(ROTATION, told | wrong)

    def retain(self, first, **wrong):
        """A retention record, which drops no segment yet: `drop` does."""
        self.beginning = first
        root = merkle_root(self.hashes[:first]).hex()
        return self.record(RETENTION, {"event": "retention", "first_sequence": first,
                                       "root": root, "segments": 1, "reason": "age"} | wrong)

    def drop(self, first):
        for old in [name for name in self.segments if name < first]:
            del self.segments[old]
        return self

    def restore(self, lost_from, lost_until, **wrong):
        self.gaps.append((lost_from, lost_until))
        return self.record(RESTORE, {"event": "restore", "lost_from": lost_from,
                                     "lost_until": lost_until, "reason": "disk"} | wrong)

    def reference(self, sequence, size=None, log_id=None):
        """A receipt's reference by the checkpoint of `size`, which is signed anew."""
        size = size or len(self.hashes)
        root = merkle_root(self.hashes[:size])
        text = f"{self.origin}\n{size}\n".encode() + base64.b64encode(root) + b"\n"
        parts = ["v1", url64((log_id or self.log_id)[:8]), str(sequence),
                 url64(self.hashes[sequence]), str(size), url64(root),
                 url64(self.signer.private.sign(text))]
        return ".".join(parts)

    def proof(self, sequence, **note):
        lines = ["c2sp.org/tlog-proof@v1", "extra " + b64(self.hashes[sequence]),
                 f"index {sequence}", *map(b64, merkle_path(sequence, self.hashes)), ""]
        return "\n".join(lines) + "\n" + self.note(**note).decode()

    def append(self, frame):
        self.segments[max(self.segments)] += frame
        return self

    @property
    def last(self):
        return self.segments[max(self.segments)]

    @last.setter
    def last(self, data):
        self.segments[max(self.segments)] = data


def b64(data):
    return base64.b64encode(data).decode()


def url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def three_commits(request=bytes(16)):
    """Records 0 to 6 in three commits, the last two of them in a second segment."""
    log = Writer(request=request).open().commit(INTENT)
    log.next_segment()
    log.snapshot_len = len(log.last)
    log.commit(OUTCOME, REFUSAL)
    log.before_last = log.last
    log.root_before_last = merkle_root(log.hashes)
    log.record(INTENT, {"a": 1}, content=bytes(range(90))).commit(OUTCOME)
    return log


def flip(data, at, mask):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]
