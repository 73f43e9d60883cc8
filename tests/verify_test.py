#!/usr/bin/env python3
"""Tests of verify.py: the vector of FORMAT.md, journals written here with that vector's key, and
what is left of them after an attack or a power cut. Needs no gateway."""
import base64
import hashlib
import json
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import verify

HERE = Path(__file__).parent
VECTOR = HERE.parent / "crates/ledger/tests/vectors/v1/00000000000000000000.ilj"
VECTOR_KEY = "gw-1.example+1eaa1500+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
VECTOR_ROOT = "da91da767f3d916e3495035b0e2b6c88a816b0e96222efa1e8161e65e109a732"
OPEN, INTENT, OUTCOME, REFUSAL, ROTATION, CLOSE = 0, 1, 2, 3, 7, 11


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


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def store(self, segments):
        for old in self.folder.glob("*.ilj"):
            old.unlink()
        for first, data in segments.items():
            (self.folder / f"{first:020}.ilj").write_bytes(data)
        return sorted(self.folder.glob("*.ilj"))

    def walk(self, segments, key=None, spend=False):
        log = verify.Log(key and verify.Key(key), spend)
        log.walk(self.store(segments))
        return log

    def assert_holds(self, segments, size, root=None, key=None):
        log = self.walk(segments, key)
        self.assertEqual(log.size, size)
        if root:
            self.assertEqual(log.root, root)
        return log

    def assert_broken(self, segments, why, key=None):
        with self.assertRaisesRegex(verify.Broken, why):
            self.walk(segments, key)


class Vector(Case):
    data = VECTOR.read_bytes()

    def test_holds_with_the_results_of_the_document(self):
        for key in (None, VECTOR_KEY):
            log = self.assert_holds({0: self.data}, 3, bytes.fromhex(VECTOR_ROOT), key)
            self.assertEqual(log.prev.hex()[:16], "08b231e67d0363fc")
            self.assertEqual(log.key.log_id.hex()[:16], "4529656c2839dad0")

    def test_the_writer_of_these_tests_has_the_key_of_the_document(self):
        self.assertEqual(Writer().key, VECTOR_KEY)

    def test_every_flipped_byte_is_caught(self):
        for key in (None, VECTOR_KEY):
            for at in range(len(self.data)):
                with self.subTest(at=at, key=key):
                    self.assert_broken({0: flip(self.data, at, 0x01)}, "offset", key)

    def test_a_cut_first_commit_leaves_no_log_to_judge(self):
        for length in (0, 1, 215, 439, 1000, 1188):
            self.assert_broken({0: self.data[:length]}, "no acknowledged|file ends|no checkpoint")


class Attacks(Case):
    def setUp(self):
        super().setUp()
        self.log = three_commits()

    def test_the_journal_they_attack_holds(self):
        self.assert_holds(self.log.segments, 6, merkle_root(self.log.hashes), VECTOR_KEY)

    def test_every_flipped_byte_of_the_last_commit_is_caught(self):
        data = self.log.last
        for at in range(len(self.log.before_last), len(data)):
            for mask in (0x01, 0x20, 0x80):
                with self.subTest(at=at, mask=mask):
                    self.assert_broken(self.log.segments | {2: flip(data, at, mask)}, "offset")

    def test_every_flipped_byte_of_an_earlier_segment_is_caught(self):
        for at in range(len(self.log.segments[0])):
            with self.subTest(at=at):
                segments = self.log.segments | {0: flip(self.log.segments[0], at, 0x04)}
                self.assert_broken(segments, "segment 0{20}.ilj")

    def moved(self, rearrange):
        """The second segment with its first two records, 218 bytes each, rearranged."""
        first, second, rest = self.log.last[:218], self.log.last[218:436], self.log.last[436:]
        return self.log.segments | {2: b"".join(rearrange(first, second)) + rest}

    def test_a_deleted_record(self):
        self.assert_broken(self.moved(lambda a, b: [b]), "offset 0, sequence 2: record 3 stands")

    def test_swapped_records(self):
        self.assert_broken(self.moved(lambda a, b: [b, a]), "offset 0, sequence 2: record 3")

    def test_an_inserted_record(self):
        self.assert_broken(self.moved(lambda a, b: [a, a, b]), "offset 218, sequence 3: record 2")

    def test_a_record_replaced_without_the_key_fails_at_its_checkpoint(self):
        forged = Writer(seed=bytes(32))
        forged.key, forged.log_id, forged.key_id = self.log.key, self.log.log_id, self.log.key_id
        forged.prev = sha(b"inferlayer/genesis/v1\0", forged.log_id)
        forged.open().commit(INTENT).next_segment()
        self.assert_broken(forged.segments, "sequence 2: no signature by the log's key")

    def test_a_log_rewritten_under_another_key_is_seen_by_who_holds_the_right_one(self):
        forged = Writer(seed=bytes(32)).open().commit(INTENT)
        self.assert_holds(forged.segments, 2)
        self.assert_broken(forged.segments, "sequence 0: open names another key", VECTOR_KEY)

    def test_a_record_of_another_log(self):
        self.log.record(INTENT, {}, log_id=bytes(32)).checkpoint()
        self.assert_broken(self.log.segments, "sequence 6: log_id")

    def test_cut_heads(self):
        self.assert_broken({2: self.log.segments[2]}, "first should be 0")
        self.assert_broken({0: self.log.segments[2]}, "sequence 0: record 2 stands here")

    def test_segments_that_overlap_or_leave_a_gap(self):
        self.assert_broken(self.log.segments | {1: self.log.segments[2]}, "first should be 2")
        self.log.next_segment().commit(INTENT)
        del self.log.segments[2]
        self.assert_broken(self.log.segments, "0006.ilj, offset 0: .* should be 2")

    def test_commits_cut_off_the_end_hold_and_only_a_root_kept_elsewhere_tells(self):
        self.log.last = self.log.before_last
        self.assert_holds(self.log.segments, 4, self.log.root_before_last)
        self.assert_holds({0: self.log.segments[0]}, 2)

    def test_a_segment_with_a_successor_ends_in_a_checkpoint(self):
        self.log.segments[0] += bytes(8)
        self.assert_broken(self.log.segments, "0000.ilj.* neither a record nor a checkpoint")
        log = Writer().open().commit().record(INTENT, {}).next_segment().commit(OUTCOME)
        self.assert_broken(log.segments, "no checkpoint follows the last record")


class Tails(Case):
    def setUp(self):
        super().setUp()
        self.log = three_commits()
        self.end = len(self.log.before_last)

    def assert_tail(self, last, what):
        log = self.assert_holds(self.log.segments | {2: last}, 4, self.log.root_before_last)
        self.assertRegex(log.tail, what)

    def test_an_unfinished_commit_of_any_length_is_no_part_of_the_log(self):
        for length in range(self.end + 1, len(self.log.last)):
            with self.subTest(length=length):
                self.assert_tail(self.log.last[:length], "unfinished commit: segment .*002.ilj")

    def test_zeros_may_stand_for_the_end_of_a_commit(self):
        for length in range(self.end + 1, len(self.log.last)):
            with self.subTest(length=length):
                last = self.log.last[:length] + bytes(5000)
                self.assert_tail(last, f"{len(last) - self.end} bytes of an unfinished")

    def test_preallocated_space_is_no_tail(self):
        self.log.last += bytes(4096)
        self.assertEqual(self.assert_holds(self.log.segments, 6).tail, "")
        self.log.next_segment().last = bytes(4096)
        self.log.segments[2] = self.log.segments[2][:-4096]
        self.assertEqual(self.assert_holds(self.log.segments, 6).tail, "")

    def assert_damaged(self, last, what):
        self.assert_broken(self.log.segments | {2: last}, what)

    def test_damage_is_told_frame_by_frame_also_where_nothing_was_acknowledged(self):
        damaged = flip(self.log.last[:-1], self.end + 220, 1)
        self.assert_damaged(damaged, f"offset {self.end}, sequence 4: the metadata was edited")
        for junk in (b"junk", b"x", bytes(64) + b"x"):
            self.assert_damaged(self.log.before_last + junk, "sequence 4: neither a record")

    def test_a_flip_in_an_unfinished_commit_is_caught_or_changes_nothing(self):
        cut = self.log.last[:self.log.last.rindex(b"ILCP")]
        for at in range(self.end, len(cut)):
            with self.subTest(at=at):
                try:
                    self.assert_tail(flip(cut, at, 1), "unfinished")
                except verify.Broken as broken:
                    self.assertRegex(str(broken), "0002.ilj, offset .* sequence [45]")

    def test_a_signed_note_anywhere_behind_damage_says_that_the_commit_was_whole(self):
        note = self.log.last.rindex(b"gw-1.example\n6")
        for damaged in (b"junk" + self.log.last[note:], bytes(999) + self.log.last[note:]):
            self.assert_damaged(self.log.before_last + damaged, "neither a record")
        cut = struct.pack(">I", 4000) + self.log.last[note:]
        last = self.log.last[:note - 4] + cut
        self.assert_damaged(last, "sequence 6: the file ends in a checkpoint")

    def test_an_older_note_in_a_cut_frame_says_nothing(self):
        old = self.log.before_last[self.log.before_last.rindex(b"gw-1.example\n4"):]
        cut = self.log.before_last + b"ILCP" + struct.pack(">I", 4000) + old
        self.assert_tail(cut, "the file ends in a checkpoint")


class Rules(Case):
    """Logs that the right key signed, yet that break a rule."""

    def assert_refused(self, why, kind=INTENT, metadata=None, content=b"", **header):
        log = Writer().open().commit()
        log.record(kind, metadata or {}, content, **header).checkpoint()
        self.assert_broken(log.segments, f"sequence 1: .*{why}")

    def test_headers(self):
        self.assert_refused("version or kind", version=2)
        self.assert_refused("version or kind", kind=13)
        self.assert_refused("version 1 cannot judge", kind=ROTATION)
        for flags in (1, 2, 3, 5, 8, 1 << 31):
            self.assert_refused("flags are", flags=flags)
        self.assert_refused("flags are", content=bytes(88), flags=0)
        self.assert_refused("flags are", content=bytes(88), flags=5)
        self.assert_refused("flags are", content=bytes(87))
        self.assert_refused("out of bounds", metadata_len=(1 << 20) + 1)
        self.assert_refused("out of bounds", flags=1, content_len=67_108_953)
        self.assert_refused("stands here", sequence=2)
        self.assert_refused("time_us", time_us=999)
        self.assert_refused("prev_hash", prev_hash=bytes(32))
        self.assert_refused("metadata was edited", metadata_hash=bytes(32))
        self.assert_refused("content was edited", content_hash=bytes(32))

    def test_headers_that_are_allowed(self):
        log = Writer().open().record(OUTCOME, {}, flags=4).record(REFUSAL, {}, content=bytes(88))
        self.assert_holds(log.record(INTENT, {}, time_us=1002).checkpoint().segments, 4)

    def test_metadata_is_an_object_in_utf_8(self):
        for metadata in (b"[]", b"{", b'{"a":"\xff"}', b"[" * 100_000, "{}".encode("utf-16")):
            self.assert_refused("not a JSON object", metadata=metadata)

    def test_runs(self):
        self.assert_refused("outside of the open run", run_id=bytes(16))
        self.assert_broken(Writer().open(1).open(2).open(1).checkpoint().segments, "opens twice")
        log = Writer().open().commit(CLOSE)
        log.record(INTENT, {}).checkpoint()
        self.assert_broken(log.segments, "sequence 2: a record outside of the open run")
        log = Writer().open(1).commit(CLOSE).open(2).commit(INTENT, CLOSE).open(3).checkpoint()
        self.assert_holds(log.segments, 6)

    def test_open(self):
        log = Writer()
        log.run = bytes(16)
        self.assert_broken(log.commit(INTENT).segments, "sequence 0")
        for wrong in ({"event": "x"}, {"origin": "x"}, {"public_key": "a+b+c"}, {"run_id": "00"},
                      {"public_key": 1}, {"public_key": "gw-1.example+1eaa1500+"}):
            self.assert_broken(Writer().open(**wrong).checkpoint().segments, "sequence 0")
            self.assert_broken(
                Writer().open().commit().open(2, **wrong).checkpoint().segments, "sequence 1")

    def test_checkpoints(self):
        for wrong, why in (({"size": 3}, "size"), ({"root": bytes(32)}, "root"),
                           ({"origin": "gw-2.example"}, "origin"),
                           ({"signature": bytes(64)}, "no signature"),
                           ({"witness": b"no newline"}, "origin, size or root"),
                           ({"witness": b"x" * 4096}, "note_len")):
            log = Writer().open().commit().commit(INTENT, **wrong)
            self.assert_broken(log.segments, f"sequence 2: .*{why}")
        self.assert_broken(Writer().open().commit().commit().segments, "no record since")

    def test_signature_lines_of_others_are_ignored(self):
        witness = "— witness.example AAAA\n— gw-1.example AAAA\n— \x01 not base64\n".encode()
        self.assert_holds(Writer().open().commit(witness=witness).segments, 1)

    def test_a_signature_has_one_spelling(self):
        data = Writer().open().commit().last
        self.assertEqual(data[-2:], b"=\n")
        spelled = data[:-3] + bytes([data[-3] + 1]) + data[-2:]  # a bit that base64 leaves over
        self.assert_broken({0: spelled}, "no signature")


class Sums(Case):
    def spend(self, log):
        return "\n".join(self.walk(log.segments, spend=True).report())

    def inference(self, log, request, hold=None, cost=None, tenant="t"):
        request = bytes([request] * 16)
        if hold is not None:
            log.record(INTENT, {"tenant": tenant, "hold_nano_usd": hold}, request=request)
        if cost is not None:
            log.record(OUTCOME, {"tenant": tenant, "cost_nano_usd": cost}, request=request)

    def test_costs_of_outcomes_and_holds_of_intents_without_one(self):
        log = Writer().open(1)
        self.inference(log, 1, hold="50", cost="7")
        self.inference(log, 2, hold="60")
        self.inference(log, 3, hold="5", cost="0", tenant="u")
        log.commit().open(2)
        self.inference(log, 4, hold="1000000000000000000000")
        log.checkpoint()
        self.inference(log, 4, cost="1")  # never acknowledged
        report = self.spend(log)
        self.assertIn("'t' in nano-USD: 7 settled + 1000000000000000000060 held", report)
        self.assertIn("'u' in nano-USD: 0 settled + 0 held = 0", report)
        self.assertIn("1 of runs that are over, 1 of the last run", report)
        self.assertIn("outcomes without intent: 0", report)
        self.assertIn("kinds: open 2, intent 4, outcome 2\n", report)

    def test_an_outcome_of_a_later_run_answers_too(self):
        log = Writer().open(1)
        self.inference(log, 1, hold="50")
        log.commit().open(2)
        self.inference(log, 1, cost="7")
        self.assertIn("7 settled + 0 held", self.spend(log.checkpoint()))

    def test_repeated_ids_hide_no_money(self):
        log = Writer().open(1)
        self.inference(log, 1, hold="50")
        self.inference(log, 1, hold="60", cost="7")
        self.inference(log, 1, cost="8")
        report = self.spend(log.checkpoint())
        self.assertIn("15 settled + 50 held = 65", report)
        self.assertIn("outcomes without intent: 1", report)

    def test_money_is_a_decimal_string(self):
        for wrong in (5, "-1", "1.5", "", "1e3", "٣"):
            log = Writer().open(1)
            self.inference(log, 1, cost=wrong)
            log.checkpoint()
            self.walk(log.segments)
            with self.assertRaisesRegex(verify.Broken, "sequence 1: no decimal cost_nano_usd"):
                self.spend(log)


class CommandLine(Case):
    def run_on(self, *arguments):
        command = [sys.executable, HERE / "verify.py", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_holds(self):
        for key in ([], ["--key", VECTOR_KEY]):
            done = self.run_on(VECTOR.parent, *key)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"HOLDS: 3 records, root {VECTOR_ROOT}\n", done.stdout)

    def test_a_data_folder_and_a_key_file(self):
        (self.folder / "journal").mkdir()
        (self.folder / "journal" / VECTOR.name).write_bytes(VECTOR.read_bytes())
        (self.folder / "ledger.pub").write_text(VECTOR_KEY + "\n")
        done = self.run_on(self.folder, "--key", self.folder / "ledger.pub")
        self.assertEqual(done.returncode, 0)

    def test_broken(self):
        done = self.run_on(VECTOR.parent, "--key", Writer(seed=bytes(32)).key)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "^BROKEN: segment 0{20}.ilj, offset 0, sequence 0: open ")

    def test_unreadable(self):
        for arguments in ([self.folder], [self.folder / "nowhere"], [], [VECTOR],
                          [VECTOR.parent, "--key", "gw-1.example+00000000+AAAA"],
                          [VECTOR.parent, "--key", "no key"]):
            done = self.run_on(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))


if __name__ == "__main__":
    unittest.main()
