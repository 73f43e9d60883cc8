"""A journal taken apart into records and notes, and put together again by somebody who holds its
keys: whatever is edited, every hash and signature behind the edit is made anew."""
import copy
import json
import struct
from collections import namedtuple

from verify_note import HEADER
from verify_writer import SNAPSHOT, ROTATION, RETENTION, Signer, b64, merkle_peaks, merkle_root, sha

FIELDS = ("magic version kind flags metadata_len content_len sequence time_us log_id run_id "
          "request_id tag prev_hash metadata_hash content_hash").split()
Keyring = namedtuple("Keyring", "origin seeds")


class Record:
    """`kept` are the fields that are written as they stand, not computed."""
    def __init__(self, header, metadata, content):
        self.fields = dict(zip(FIELDS, HEADER.unpack(header)))
        self.metadata, self.content, self.kept, self.stale = metadata, content, set(), False

    def edit(self, field, value):
        self.fields[field] = value
        self.kept.add(field)

    def write(self, prev, hashes):
        fields, kept = self.fields, self.kept
        if not self.stale: self.metadata = healed(fields["kind"], self.metadata, hashes)
        fresh = {"metadata_len": len(self.metadata), "prev_hash": prev,
                 "metadata_hash": sha(b"inferlayer/metadata/v1\0", self.metadata)}
        if not fields["flags"] & 2:
            fresh |= {"content_len": len(self.content),
                      "content_hash": sha(b"inferlayer/content/v1\0", self.content)}
        fields |= {name: value for name, value in fresh.items() if name not in kept}
        head = HEADER.pack(*(fields[name] for name in FIELDS))
        return head, head + self.metadata + (b"" if fields["flags"] & 2 else self.content)


class Note:
    """A checkpoint; `edit` turns the text before it is signed, and the note behind."""
    def __init__(self):
        self.text, self.note, self.signers = (lambda text: text), (lambda note: note), None

    def write(self, origin, size, root, signers):
        text = self.text(f"{origin}\n{size}\n{b64(root)}\n".encode())
        lines = [signer.line(text) for signer in self.signers or signers]
        note = self.note(text + b"\n" + b"".join(lines))
        return b"ILCP" + struct.pack(">I", len(note)) + note


def healed(kind, metadata, hashes):
    """What a snapshot and a retention say of the tree, as it is now."""
    if kind not in (SNAPSHOT, RETENTION): return metadata
    try:
        says = json.loads(metadata)
        if kind == RETENTION: says["root"] = merkle_root(hashes[:says["first_sequence"]]).hex()
        elif "peaks" in says: says["peaks"] = [peak.hex() for peak in merkle_peaks(hashes)]
        return json.dumps(says).encode()
    except (ValueError, LookupError, TypeError): return metadata


class Journal:
    """Frames by segment, in order: [name, [Record or Note, …]]. `base` are the record hashes before
    the first segment, which a log that was cut by retention does not show."""
    def __init__(self, segments, keyring, base=()):
        self.keyring, self.base = keyring, list(base)
        self.segments = [[name, [*frames(data)]] for name, data in sorted(segments.items())]

    def copy(self):
        return copy.deepcopy(self)

    def records(self):
        return [frame for _, row in self.segments for frame in row if isinstance(frame, Record)]

    def notes(self):
        return [frame for _, row in self.segments for frame in row if isinstance(frame, Note)]

    def renumber(self):
        """Numbers records and segments without gaps, from the first name on."""
        sequence = self.segments[0][0]
        for segment in self.segments:
            segment[0] = sequence
            for record in segment[1]:
                if isinstance(record, Record):
                    record.fields["sequence"] = sequence
                    sequence += 1

    def write(self):
        """The bytes of every segment, signed; the hashes of all records; and each commit's size."""
        self.hashes, self.sizes, told = list(self.base), [], {}
        seeds = [Signer(self.keyring.origin, seed) for seed in self.keyring.seeds]
        signers, prev = [self.first_signer(seeds)], None
        for name, row in self.segments:
            told[name] = b""
            for frame in row:
                if isinstance(frame, Note):
                    root = merkle_root(self.hashes)
                    told[name] += frame.write(self.keyring.origin, len(self.hashes), root, signers)
                    self.sizes.append(len(self.hashes))
                    signers = signers[-1:]
                    continue
                prev = prev or frame.fields["prev_hash"]
                head, data = frame.write(prev, self.hashes)
                prev = sha(b"inferlayer/record/v1\0", head)
                self.hashes.append(prev)
                told[name] += data
                if frame.fields["kind"] == ROTATION:
                    named = [one for one in seeds if one.text.encode() in frame.metadata]
                    signers = [*signers, *named]
        self.signers = seeds
        return told

    def first_signer(self, seeds):
        first = self.records()[0].metadata
        keys = sorted((first.rfind(one.text.encode()), at) for at, one in enumerate(seeds))
        return seeds[keys[-1][1]]


def frames(data):
    at = 0
    while data[at:at + 4] == b"ILAR":
        metadata_len, content_len = struct.unpack(">IQ", data[at + 12:at + 24])
        inline = 0 if data[at + 11] & 2 else content_len
        metadata = at + 216
        content = metadata + metadata_len
        yield Record(data[at:metadata], data[metadata:content], data[content:content + inline])
        at = content + inline
        while data[at:at + 4] == b"ILCP":
            at += 8 + int.from_bytes(data[at + 4:at + 8], "big")
            yield Note()
