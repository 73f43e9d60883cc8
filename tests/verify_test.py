#!/usr/bin/env python3
"""Tests of verify.py: the vector of FORMAT.md, journals written here with that vector's key, and
what is left of them after an attack or a power cut. Needs no gateway."""
import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import verify
import verify_receipt
from verify_note import Fault, Key, root_above
from verify_writer import (CLOCK, CLOSE, INTENT, KEY_EVENT, OUTCOME, REFUSAL, RETENTION, SHRED, SNAPSHOT,
                           Writer, b64, flip, merkle_peaks, merkle_root, sha, three_commits)

HERE = Path(__file__).parent
LEDGER_TESTS = HERE.parent / "crates/ledger/tests"
VECTORS = LEDGER_TESTS / "vectors/v1"
VECTOR = VECTORS / "00000000000000000000.ilj"
VECTOR_KEY = "gw-1.example+1eaa1500+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
VECTOR_ROOT = "da91da767f3d916e3495035b0e2b6c88a816b0e96222efa1e8161e65e109a732"
REQUEST = bytes([9] * 16)
OTHER_SEED, THIRD_SEED = bytes([1] * 32), bytes([2] * 32)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def store(self, segments, files=None):
        for old in self.folder.glob("*.ilj"):
            old.unlink()
        for first, data in segments.items():
            (self.folder / f"{first:020}.ilj").write_bytes(data)
        (self.folder / "content").mkdir(exist_ok=True)
        for name, data in (files or {}).items():
            (self.folder / "content" / name).write_bytes(data)

    def findings(self, segments, key=None, evidence=(), receipts=(), files=None):
        self.store(segments, files)
        report = verify.examine(self.folder, key and Key(key), evidence, receipts)
        if verify.verdict(report)[0]: raise Fault(*verify.verdict(report))
        return "\n".join(verify.words(report))

    def folder_of(self, log):
        self.store(log.segments, log.files)
        return self.folder

    def walk(self, segments):
        self.store(segments)
        return verify.Journal(self.folder)

    def assert_holds(self, segments, size, root=None, **how):
        found = self.findings(segments, **how)
        self.assertRegex(found, f"^{size} records, root {root.hex() if root else ''}")
        return found

    def assert_fails(self, segments, verdict, why=".", **how):
        with self.assertRaises(Fault) as caught:
            self.findings(segments, **how)
        self.assertEqual(caught.exception.args[0], verdict, caught.exception)
        self.assertRegex(caught.exception.args[1], why)

    def assert_caught(self, segments, why, **how):
        """For damage that looks like more than one attack, by where it hits."""
        with self.assertRaises(verify.MALFORMED) as caught:
            self.findings(segments, **how)
        self.assertRegex(str(caught.exception.args), why)


class Vectors(Case):
    data = VECTOR.read_bytes()

    def test_holds_with_the_results_of_the_document(self):
        for key in (None, VECTOR_KEY):
            self.assert_holds({0: self.data}, 3, bytes.fromhex(VECTOR_ROOT), key=key)
        chain = self.walk({0: self.data}).chain
        self.assertEqual(chain.prev.hex()[:16], "08b231e67d0363fc")
        self.assertEqual(chain.log_id.hex()[:16], "4529656c2839dad0")

    def test_the_writer_of_these_tests_has_the_key_of_the_document(self):
        self.assertEqual(Writer().key, VECTOR_KEY)

    def test_every_flipped_byte_is_caught(self):
        for key in (None, VECTOR_KEY):
            for at in range(len(self.data)):
                with self.subTest(at=at, key=key):
                    self.assert_caught({0: flip(self.data, at, 0x01)}, "offset", key=key)

    def test_a_cut_first_commit_leaves_no_log_to_judge(self):
        for length in (0, 1, 215, 439, 1000, 1188):
            cut = self.data[:length]
            self.assert_fails({0: cut}, "delete", "there is no acknowledged record")
            self.assert_fails({0: cut + bytes(99)}, "delete", "no acknowledged", key=VECTOR_KEY)
        self.assert_fails({}, "delete", "there is no acknowledged record")

    @unittest.skipUnless((VECTORS / "proofs.json").is_file(), "no vectors of proofs")
    def test_every_proof_of_the_vectors_leads_to_its_root_and_to_no_other(self):
        vectors = json.loads((VECTORS / "proofs.json").read_text())
        hashes = [bytes.fromhex(record) for record in vectors["record_hashes"]]
        roots = {size: bytes.fromhex(root) for size, root in enumerate(vectors["roots"])}
        for size in range(1, len(hashes) + 1):
            self.assertEqual(merkle_root(hashes[:size]), roots[size])
        for told in vectors["inclusion"]:
            leaf = sha(b"\0", hashes[told["sequence"]])
            path = [bytes.fromhex(node) for node in told["hashes"]]
            self.assertEqual(root_above(leaf, told["sequence"], told["size"], path),
                             roots[told["size"]])

    @unittest.skipUnless((VECTORS / "receipt.json").is_file(), "no vector of a receipt")
    def test_the_receipt_of_the_vectors_shows_two_records(self):
        receipt = (VECTORS / "receipt.json").read_text()
        found = self.assert_holds({0: self.data}, 3, key=VECTOR_KEY, receipts=[receipt])
        self.assertRegex(found, r"record 1 \(intent\) was .*\n.*record 2 \(outcome\) was")
        longer = three_commits()
        self.assert_fails(longer.segments, "fork", "root of 3", receipts=[receipt])


class Attacks(Case):
    def setUp(self):
        super().setUp()
        self.log = three_commits()

    def test_the_journal_they_attack_holds(self):
        self.assert_holds(self.log.segments, 7, merkle_root(self.log.hashes), key=VECTOR_KEY)

    def test_every_flipped_byte_of_the_last_commit_is_caught(self):
        data = self.log.last
        for at in range(len(self.log.before_last), len(data)):
            for mask in (0x01, 0x20, 0x80):
                with self.subTest(at=at, mask=mask):
                    self.assert_caught(self.log.segments | {2: flip(data, at, mask)}, "offset")

    def test_every_flipped_byte_of_an_earlier_segment_is_caught(self):
        for at in range(len(self.log.segments[0])):
            with self.subTest(at=at):
                segments = self.log.segments | {0: flip(self.log.segments[0], at, 0x04)}
                self.assert_caught(segments, "0{20}.ilj, offset")

    def moved(self, rearrange):
        """The two records of 218 bytes behind the second segment's snapshot, rearranged."""
        first = self.log.snapshot_len
        snapshot, one, two, rest = (self.log.last[:first], self.log.last[first:first + 218],
                                    self.log.last[first + 218:first + 436],
                                    self.log.last[first + 436:])
        return self.log.segments | {2: b"".join([snapshot, *rearrange(one, two)]) + rest}

    def test_a_deleted_record(self):
        self.assert_fails(self.moved(lambda a, b: [b]), "delete", "sequence 3: record 4 stands")
        self.assert_fails(self.moved(lambda a, b: [a]), "delete", "checkpoint is of 5 records")

    def test_swapped_records(self):
        self.assert_fails(self.moved(lambda a, b: [b, a]), "reorder", "sequence 3: record 4")

    def test_an_inserted_record(self):
        self.assert_fails(self.moved(lambda a, b: [a, a, b]), "insert", "sequence 4: record 3")
        log = three_commits()
        note = log.last[log.last.rindex(b"ILCP"):]
        log.last = log.last[:-len(note)]
        log.record(INTENT, {}).append(note)
        self.assert_fails(log.segments, "insert", "the checkpoint is of 7 records")

    def test_a_record_replaced_without_the_key_fails_at_its_checkpoint(self):
        forged = Writer(seed=OTHER_SEED)
        forged.signer.text, forged.signer.id = self.log.key, self.log.signer.id
        forged.log_id, forged.prev = self.log.log_id, sha(b"inferlayer/genesis/v1\0",
                                                          self.log.log_id)
        self.assert_fails(forged.open().commit(INTENT).segments, "edit",
                          "sequence 2: no signature by the log's key")

    def test_a_log_rewritten_under_another_key_is_seen_by_who_holds_the_right_one(self):
        forged = Writer(seed=OTHER_SEED).open().commit(INTENT)
        self.assert_holds(forged.segments, 2)
        self.assert_fails(forged.segments, "fork", "the log's key is", key=VECTOR_KEY)

    def test_a_record_of_another_log(self):
        self.log.record(INTENT, {}, log_id=bytes(32)).checkpoint()
        self.assert_fails(self.log.segments, "edit", "sequence 7: log_id")

    def test_cut_heads(self):
        self.assert_fails({2: self.log.segments[2]}, "cut_head", "begins with record 0")
        self.assert_caught({0: self.log.segments[2]}, "sequence 0: record 2 stands here")

    def test_segments_that_overlap_or_leave_a_gap(self):
        segments = self.log.segments | {1: self.log.segments[2]}
        self.assert_fails(segments, "delete", "0001.ilj, .*another record belongs")
        self.log.next_segment().commit(INTENT)
        del self.log.segments[2]
        self.assert_fails(self.log.segments, "delete", "0007.ilj, offset 0")

    def test_commits_cut_off_the_end_hold_and_only_evidence_kept_elsewhere_tells(self):
        receipt, note = self.log.reference(6), self.log.note().decode()
        self.log.last = self.log.before_last
        self.assert_holds(self.log.segments, 5, self.log.root_before_last)
        self.assert_holds({0: self.log.segments[0]}, 2)
        self.assert_fails(self.log.segments, "cut_tail", "had 7 records", evidence=[receipt])
        self.assert_fails(self.log.segments, "rollback", "had 7 records", evidence=[note])

    def test_a_segment_with_a_successor_ends_in_a_checkpoint(self):
        self.log.segments[0] += bytes(8)
        self.assert_fails(self.log.segments, "corruption", "0000.ilj.* no frame starts here")
        log = Writer().open().commit().record(INTENT, {}).next_segment().commit(OUTCOME)
        self.assert_fails(log.segments, "corruption", "no checkpoint follows the last record")


class Tails(Case):
    def setUp(self):
        super().setUp()
        self.log = three_commits()
        self.end = len(self.log.before_last)

    def assert_tail(self, last, what):
        found = self.assert_holds(self.log.segments | {2: last}, 5, self.log.root_before_last)
        self.assertIn(f"never acknowledged: {len(last) - self.end} bytes", found)
        self.assertRegex(found, what)

    def test_an_unfinished_commit_of_any_length_is_no_part_of_the_log(self):
        for length in range(self.end + 1, len(self.log.last)):
            with self.subTest(length=length):
                self.assert_tail(self.log.last[:length], "bytes, .*002.ilj")

    def test_zeros_may_stand_for_the_end_of_a_commit(self):
        for length in range(self.end + 1, len(self.log.last)):
            with self.subTest(length=length):
                self.assert_tail(self.log.last[:length] + bytes(5000), "0002.ilj")
                zeroed = self.log.last[:length].ljust(len(self.log.last), b"\0")
                self.assert_tail(zeroed, "0002.ilj")

    def test_zeros_alone_are_told_too_and_an_empty_last_segment_is_none(self):
        self.assert_tail(self.log.before_last + bytes(4096), "4096 bytes, zeros")
        self.log.segments[7] = b""
        self.assertNotIn("never acknowledged", self.assert_holds(self.log.segments, 7))
        self.log.last = bytes(4096)
        self.assertIn("4096 bytes", self.assert_holds(self.log.segments, 7))

    def assert_damaged(self, last, verdict, what):
        self.assert_fails(self.log.segments | {2: last}, verdict, what)

    def test_damage_is_told_frame_by_frame_also_where_nothing_was_acknowledged(self):
        damaged = flip(self.log.last[:-1], self.end + 220, 1)
        self.assert_damaged(damaged, "edit", f"offset {self.end}, sequence 5: the metadata")
        for junk in (b"junk", b"x", bytes(64) + b"x", b"x" + bytes(64), b"ILX"):
            self.assert_damaged(self.log.before_last + junk, "corruption", "sequence 5: no frame")

    def test_a_flip_in_an_unfinished_commit_is_caught_or_changes_nothing(self):
        cut = self.log.last[:self.log.last.rindex(b"ILCP")]
        for at in range(self.end, len(cut)):
            with self.subTest(at=at):
                try:
                    self.assert_tail(flip(cut, at, 1), "file ends|no frame|no checkpoint")
                except Fault as fault:
                    self.assertRegex(fault.args[1], "0002.ilj, offset .* sequence [56]")

    def test_a_signed_note_anywhere_behind_damage_says_that_the_commit_was_whole(self):
        note = self.log.last.rindex(b"gw-1.example\n7")
        for damaged in (b"junk" + self.log.last[note:], bytes(999) + self.log.last[note:]):
            self.assert_damaged(self.log.before_last + damaged, "corruption", "no frame")
        cut = struct.pack(">I", 4000) + self.log.last[note:]
        last = self.log.last[:note - 4] + cut
        self.assert_damaged(last, "corruption", "sequence 7: the file ends")

    def test_a_whole_checkpoint_that_does_not_hold_is_no_tail_for_zeros_behind_it(self):
        last = flip(self.log.last, len(self.log.last) - 20, 1) + bytes(64)
        self.assert_damaged(last, "edit", "sequence 7: no signature")

    def test_the_signed_note_may_name_a_witness_first(self):
        note = self.log.last.rindex(b"gw-1.example\n7")
        text, blank, line = self.log.last[note:].partition(b"\n\n")
        rest = b"ILCP\0\0\x0f\0" + text + blank + b"\xe2\x80\x94 w AAAA\n\xff\n" + line
        self.assert_damaged(self.log.before_last + rest, "corruption", "the file ends")

    def test_an_older_note_in_a_cut_frame_says_nothing(self):
        old = self.log.before_last[self.log.before_last.rindex(b"gw-1.example\n5"):]
        cut = self.log.before_last + b"ILCP" + struct.pack(">I", 4000) + old
        self.assert_tail(cut, "the file ends")

    def test_a_later_note_by_a_retired_key_says_nothing_and_by_the_new_one_all(self):
        log = Writer().open().commit().rotate(OTHER_SEED).commit()
        old, new = Writer().signer, log.signer
        text = log.note(size=9).partition(b"\n\n")[0] + b"\n"
        cut = b"ILCP" + struct.pack(">I", 4000) + text + b"\n"
        log.record(INTENT, {})
        self.assert_holds({0: log.last + cut + old.line(text)}, 2)
        self.assert_fails({0: log.last + cut + new.line(text)}, "corruption")


class Rules(Case):
    """Logs that the right key signed, yet that break a rule."""

    def assert_refused(self, verdict, kind=INTENT, metadata=b"{}", content=b"", **header):
        log = Writer().open().commit()
        log.record(kind, metadata, content, **header).checkpoint()
        self.assert_fails(log.segments, verdict, "sequence 1: ")

    def test_headers(self):
        self.assert_refused("corruption", version=2)
        self.assert_refused("corruption", kind=14)
        self.assert_refused("corruption", metadata=b"{")
        for flags in (1, 2, 3, 5, 8, 1 << 31):
            self.assert_refused("corruption", flags=flags)
        for flags in (0, 2, 4, 5, 7):
            self.assert_refused("corruption", content=bytes(88), flags=flags)
        self.assert_refused("corruption", content=bytes(87))
        self.assert_refused("corruption", metadata_len=(1 << 20) + 1)
        self.assert_refused("corruption", flags=1, content_len=67_108_953)
        self.assert_refused("delete", sequence=2)
        self.assert_refused("insert", sequence=0)
        self.assert_refused("clock", time_us=999)
        self.assert_refused("edit", prev_hash=bytes(32))
        self.assert_refused("edit", metadata_hash=bytes(32))
        self.assert_refused("edit", content_hash=bytes(32))
        shred = {"event": "shred", "tenant": "a", "tenant_tag": bytes(16).hex(), "reason": "r"}
        log = Writer().open().record(SHRED, shred, tag=bytes(range(16)))
        self.assert_fails(log.checkpoint().segments, "owner", "not its header's")
        log = Writer().open().record(SHRED, shred | {"tenant_tag": bytes(range(16)).hex()},
                                     tag=bytes(range(16)))
        self.assert_holds(log.checkpoint().commit(CLOCK).segments, 3)

    def test_headers_that_are_allowed(self):
        log = Writer().open().record(OUTCOME, {}, flags=4).record(REFUSAL, {}, content=bytes(88))
        self.assert_holds(log.record(INTENT, {}, time_us=1002).checkpoint().segments, 4)

    def test_what_is_not_known_is_passed_over_when_it_says_so_and_only_then(self):
        log = Writer().open()
        for kind in (14, 15, 0x7FFF, 0x8000, 0xFFFF):
            log.record(kind, {"event": "x"}, flags=8)
            self.assert_refused("corruption", kind=kind)
            self.assert_refused("corruption", kind=kind, flags=16)
            self.assert_refused("edit", kind=kind, flags=8, metadata=b'{"a":1,"a":1}')
        log.record(14, {}, content=bytes(88), flags=9).record(0x8000, {}, flags=12)
        log.record(KEY_EVENT, {"event": "key_renamed"}, flags=8).commit(CLOSE)
        found = self.assert_holds(log.segments, 10, merkle_root(log.hashes))
        self.assertIn("2 records of kind 14, which is not known", found)
        self.assertIn("1 key events or items", found)
        for kind in set(range(14)) - {KEY_EVENT}:
            self.assert_refused("corruption", kind=kind, flags=8)

    def test_key_events_and_items_that_are_known_are_never_passed_over(self):
        revoked = {"event": "key_revoked", "id": "0123456789ab", "revoked_at": 7}
        for told, flags in ((revoked, 8), ({"event": "key_renamed"}, 0), ({}, 8)):
            log = Writer().open().record(KEY_EVENT, told, flags=flags).checkpoint()
            self.assert_fails(log.segments, "unreadable", "record 1")
        spent = {"spent": {"tenant": "a", "nano_usd": "1"}}
        witness = {"witness": {"size": 1}}
        for item in (witness, witness | {"skippable": False}, witness | {"skippable": 1},
                     spent | {"skippable": True}, spent | witness | {"skippable": True},
                     {"skippable": True}):
            log = Writer().open().checkpoint().next_segment(state=[item]).checkpoint()
            self.assert_fails(log.segments, "unreadable", "record 1")
        log = Writer().open().checkpoint()
        log.next_segment(state=[witness | {"skippable": True}]).checkpoint()
        self.assertIn("1 key events or items", self.assert_holds(log.segments, 2))

    def test_metadata_is_an_object_in_utf_8(self):
        for metadata in (b"", b"[]", b" {}", b"[" * 100_000, "{}".encode("utf-16")):
            self.assert_refused("edit" if len(metadata) > 1 else "corruption", metadata=metadata)
        for metadata in (b"{]", b"{}{}", b'{"a":"\xff"}', b'{"a":NaN}', b'{"a":-Infinity}',
                         b'{"a":' * 100_000, b'{"a":"\n"}'):
            self.assert_refused("edit", metadata=metadata)

    def test_metadata_reads_the_same_for_every_parser(self):
        deep = b'{"a":' * 31 + b"{}" + b"}" * 31
        self.assert_holds(Writer().open().record(INTENT, deep).checkpoint().segments, 2)
        for metadata in (b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"x":[{"a":1,"a":2}]}',
                         b'{"a":"\\ud800"}', b'{"\\udc00":1}', b'{"a":1e999}',
                         b'{"a":1' + b"0" * 400 + b"}", b'{"a":' + deep + b"}",
                         b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"):
            self.assert_refused("edit", metadata=metadata)

    def test_numbers_of_the_ledgers_own_records_are_digits_alone(self):
        for wrong in (b"0.0", b"0e0", b"-0", b'"0"', b"false", b"null", b"18446744073709551616"):
            log = Writer().open().checkpoint()
            log.next_segment(first_sequence="AT")
            log.last = b""
            told = json.dumps({"event": "snapshot", "part": 0, "parts": 1, "origin": log.origin,
                               "keys": [{"public_key": log.key, "first_sequence": 0}],
                               "first_sequence": "AT", "gaps": [],
                               "peaks": [merkle_root(log.hashes[:1]).hex()], "state": []}).encode()
            log.hashes.pop()
            log.prev = log.hashes[-1]
            log.record(SNAPSHOT, told.replace(b'"AT"', wrong)).checkpoint()
            self.assert_fails(log.segments, "edit", "0001.ilj, offset 0")
        for wrong in ({"gaps": {}}, {"keys": {}}, {"peaks": {}}, {"gaps": [[0, 1]]},
                      {"keys": [[VECTOR_KEY, 0]]}, {"parts": 1 << 32, "written": 1}):
            log = Writer().open().checkpoint().next_segment(**wrong).checkpoint()
            self.assert_fails(log.segments, "edit", "0001.ilj, offset 0")

    def test_runs(self):
        self.assert_refused("edit", run_id=bytes(16))
        again = Writer().open(1).open(2).open(1).checkpoint()
        self.assert_fails(again.segments, "insert", "opens twice")
        log = Writer().open().commit(CLOSE)
        log.record(INTENT, {}).checkpoint()
        self.assert_fails(log.segments, "edit", "sequence 2: a record outside of the open run")
        log = Writer().open(1).commit(CLOSE).open(2).commit(INTENT, CLOSE).open(3).checkpoint()
        self.assert_holds(log.segments, 6)

    def test_open(self):
        log = Writer()
        log.run = bytes(16)
        self.assert_fails(log.commit(INTENT).segments, "edit", "sequence 0")
        for wrong in ({"event": "x"}, {"origin": "x"}, {"public_key": "a+b+c"}, {"run_id": "00"},
                      {"public_key": 1}, {"public_key": "gw-1.example+1eaa1500+"}):
            first = Writer().open(**wrong).checkpoint()
            self.assert_fails(first.segments, "edit", "sequence 0")
            second = Writer().open().commit().open(2, **wrong).checkpoint()
            self.assert_fails(second.segments, "edit", "sequence 1")

    def test_checkpoints(self):
        for wrong, verdict, why in (({"size": 3}, "delete", "of 3 records"),
                                    ({"size": 1}, "insert", "of 1 records"),
                                    ({"root": bytes(32)}, "edit", "the root is another"),
                                    ({"origin": "gw-2.example"}, "edit", "no signature"),
                                    ({"signature": bytes(64)}, "edit", "no signature"),
                                    ({"witness": b"no newline"}, "edit", "no signature"),
                                    ({"witness": b"\xff\n"}, "edit", "UnicodeDecodeError"),
                                    ({"root": b"x" * 33}, "edit", "no signature"),
                                    ({"witness": b"x" * 4096}, "corruption", "note_len")):
            log = Writer().open().commit().commit(INTENT, **wrong)
            self.assert_fails(log.segments, verdict, f"sequence 2: .*{why}")
        self.assert_fails(Writer().open().commit().commit().segments, "insert", "of 1 records")

    def test_signature_lines_of_others_are_ignored(self):
        witness = "— witness.example AAAA\n— gw-1.example AAAA\n— \x01 not base64\n".encode()
        self.assert_holds(Writer().open().commit(witness=witness).segments, 1)

    def test_one_of_several_lines_of_the_key_has_to_hold(self):
        log = Writer().open()
        line = log.signer.line(b"", bytes(64))
        self.assert_holds(log.commit(witness=line).segments, 1)
        blank = log.last.rindex(b"\n\n") + 2
        good = log.last[blank:-len(line)]
        self.assert_holds({0: log.last[:blank] + line + good}, 1)
        for spoiled in (good.replace(b"\n", b"\r\n"), b"x" + good, good.replace(b" ", b"  ")):
            note = log.last[log.last.rindex(b"gw-1.example\n1"):blank] + spoiled
            note = b"ILCP" + struct.pack(">I", len(note)) + note
            last = log.last[:log.last.rindex(b"ILCP")] + note
            self.assert_fails({0: last}, "edit", "no signature")

    def test_a_signature_has_one_spelling(self):
        data = Writer().open().commit().last
        self.assertEqual(data[-2:], b"=\n")
        spelled = data[:-3] + bytes([data[-3] + 1]) + data[-2:]  # a bit that base64 leaves over
        self.assert_fails({0: spelled}, "edit", "no signature")


class Snapshots(Case):
    def test_every_further_segment_starts_with_one_and_nothing_else_does(self):
        log = Writer().open().commit(INTENT)
        log.segments[2] = b""
        self.assert_fails(log.commit(INTENT).segments, "edit", "0002.ilj, offset 0, .*snapshot")
        for kind in (SNAPSHOT, INTENT):
            log = Writer().open().commit().next_segment().commit(kind)
            if kind == INTENT:
                self.assert_holds(log.segments, 3)
            else:
                self.assert_fails(log.segments, "edit", "sequence 2: a snapshot is")
        self.assert_fails(Writer().open().commit(SNAPSHOT).segments, "edit", "a snapshot is")

    def test_parts_follow_each_other_in_one_commit(self):
        self.assert_holds(Writer().open().commit().next_segment(parts=3).checkpoint().segments, 4)
        log = Writer().open().commit()
        log.next_segment(parts=2, part=1)
        self.assert_fails(log.checkpoint().segments, "edit", "a part is missing")
        log = Writer().open().commit().next_segment(parts=2, written=1)
        self.assert_fails(log.commit(INTENT).segments, "edit", "sequence 2: a snapshot is")
        log = Writer().open().commit().next_segment(parts=2, written=1)
        self.assert_fails(log.checkpoint().segments, "edit", "further parts")

    def test_it_says_what_the_records_before_it_say(self):
        log = Writer().open().commit().rotate(OTHER_SEED).checkpoint()
        keys = [{"public_key": key, "first_sequence": since} for key, since in log.keys]
        self.assert_holds(log.next_segment().checkpoint().segments, 3)
        for wrong in ({"event": "x"}, {"origin": "gw-2.example"}, {"first_sequence": 1},
                      {"gaps": [{"lost_from": 0, "lost_until": 9}]}, {"peaks": ["00" * 32]},
                      {"peaks": []}, {"keys": keys[1:]}, {"keys": keys[::-1]}, {"keys": []},
                      {"keys": [keys[0], keys[1] | {"first_sequence": 0}]}, {"keys": 7}):
            log = Writer().open().commit().rotate(OTHER_SEED).checkpoint()
            log.next_segment(**wrong)
            self.assert_fails(log.checkpoint().segments, "edit", "0002.ilj, offset 0")

    def test_fields_that_a_later_writer_adds_are_ignored(self):
        log = Writer().open().commit()
        keys = [{"public_key": log.key, "first_sequence": 0, "more": 1}]
        self.assert_holds(log.next_segment(keys=keys, more=[]).checkpoint().segments, 2)


class Retention(Case):
    def log(self):
        """Segments 0, 2 and 4 of a log whose first two are to be dropped."""
        log = Writer().open().commit(INTENT).next_segment().commit(OUTCOME)
        return log.next_segment().checkpoint()

    def test_a_log_begins_where_its_last_retention_says(self):
        log = self.log().retain(2).checkpoint().retain(4).checkpoint()
        root = merkle_root(log.hashes)
        for first in (0, 2, 4):
            found = self.assert_holds(log.drop(first).segments, 7, root, key=VECTOR_KEY)
            self.assertIn(f"records from {first} on", found)

    def test_a_head_that_no_retention_covers_was_cut(self):
        self.assert_fails(self.log().drop(2).segments, "cut_head")
        log = self.log().retain(2).checkpoint()
        self.assert_fails(log.drop(4).segments, "cut_head", "begins with record 2")
        made_up = self.log().retain(4).checkpoint()
        made_up.next_segment(first_sequence=6).checkpoint()
        self.assert_fails(made_up.drop(6).segments, "edit", "0006.ilj, offset 0")
        log = self.log()
        kept = log.last
        log.retain(4).checkpoint()
        log.last = log.last[:-9]  # the retention was never acknowledged
        self.assertTrue(log.last.startswith(kept))
        self.assert_fails(log.drop(4).segments, "cut_head", "begins with record 0")

    def test_a_snapshot_says_where_the_log_began_before_it(self):
        log = self.log().retain(4).checkpoint().next_segment().checkpoint()
        self.assert_holds(log.drop(4).segments, 7)
        self.assert_fails(log.drop(6).segments, "cut_head", "begins with record 0")

    def test_a_retention_that_contradicts_the_log(self):
        for first, wrong in ((2, {"root": "00" * 32}), (0, {}), (3, {}), (9, {}), (5, {}),
                             (2, {"first_sequence": "2"}), (2, {"event": "x"})):
            self.assert_fails(self.log().retain(first, **wrong).checkpoint().segments, "edit",
                              "sequence 5: ")
        log = self.log().retain(4).checkpoint().retain(2).checkpoint()
        self.assert_fails(log.segments, "edit", "sequence 6: ")

    def test_a_log_that_begins_with_a_snapshot_is_held_to_it(self):
        log = self.log().retain(4).checkpoint().drop(4)
        data = log.last
        for at in range(len(data)):
            with self.subTest(at=at):
                self.assert_caught({4: flip(data, at, 0x01)}, "0004.ilj, offset|cut_head")
        for wrong in ({"peaks": []}, {"keys": []}, {"first_sequence": 5}, {"origin": "x"}):
            log = Writer().open().commit(INTENT).next_segment().checkpoint()
            log.next_segment(**wrong).retain(3).checkpoint()
            self.assert_fails(log.drop(3).segments, "edit", "0003.ilj, offset 0")

    def test_the_run_goes_on_from_the_first_snapshot(self):
        log = self.log().retain(4).commit(CLOSE).open(2).checkpoint()
        self.assert_holds(log.drop(4).segments, 8)
        log = self.log().retain(4).open(1).checkpoint()
        self.assert_fails(log.drop(4).segments, "insert", "opens twice")

    def test_evidence_of_what_was_dropped_says_nothing_and_of_the_rest_still_counts(self):
        log = self.log().retain(4).checkpoint()
        notes = {size: log.reference(0, size) for size in (1, 4, 6)}
        log.drop(4)
        found = self.assert_holds(log.segments, 6, evidence=[notes[1]])
        self.assertIn("1 not comparable; complete to size 0", found)
        self.assertIn("record 5 admits that it was dropped", found)
        for size in (4, 6):
            self.assertIn(f"complete to size {size}",
                          self.assert_holds(log.segments, 6, evidence=[notes[size]]))
        wrong = log.note(size=4, root=bytes(32)).decode()
        self.assert_fails(log.segments, "fork", evidence=[wrong])


class Rotation(Case):
    def log(self):
        return Writer().open().commit(INTENT).rotate(OTHER_SEED)

    def test_both_keys_sign_the_commit_and_the_new_one_from_then_on(self):
        log = self.log().checkpoint().open(2).commit(INTENT).rotate(THIRD_SEED).checkpoint()
        log.next_segment().checkpoint()
        for key, _ in log.keys:
            self.assert_holds(log.segments, 7, key=key)
        self.assert_fails(log.segments, "fork", key=Writer(seed=bytes(32)).key)

    def test_a_rotation_that_one_of_them_did_not_sign(self):
        old, new = self.log().signers
        self.assert_fails(self.log().checkpoint(signers=[new]).segments, "edit", "sequence 3")
        self.assert_fails(self.log().checkpoint(signers=[old]).segments, "retired_key")
        self.assert_fails(self.log().commit(signers=[Writer(seed=THIRD_SEED).signer]).segments,
                          "edit")

    def test_a_retired_key_signs_nothing(self):
        old = Writer().signer
        log = self.log().checkpoint().commit(INTENT, signers=[old])
        self.assert_fails(log.segments, "retired_key", "sequence 4: ")

    def test_the_rotation_is_the_last_record_of_its_commit(self):
        self.assert_fails(self.log().commit(INTENT).segments, "edit", "sequence 3: the rotation")

    def test_the_key_is_new_and_of_the_same_origin(self):
        for wrong in ({"event": "x"}, {"public_key": 7}, {"public_key": VECTOR_KEY},
                      {"public_key": Writer("gw-2.example", OTHER_SEED).key}):
            log = Writer().open().commit(INTENT).rotate(OTHER_SEED, **wrong).checkpoint()
            self.assert_fails(log.segments, "edit", "sequence 2")

    def test_an_open_names_the_key_that_signs_then(self):
        log = self.log().checkpoint().open(2, public_key=VECTOR_KEY).checkpoint()
        self.assert_fails(log.segments, "edit", "sequence 3: open names")

    def test_evidence_is_by_the_key_of_its_time(self):
        log = self.log()
        both, old = log.note().decode(), Writer().signer
        first = Writer().open().commit(INTENT)
        before = [first.note().decode(), first.reference(0)]
        log.checkpoint().commit(INTENT)
        self.assert_holds(log.segments, 4, evidence=[both, *before, log.note().decode()])
        self.assert_fails(log.segments, "retired_key", evidence=[log.note(signers=[old]).decode()])
        early = log.note(size=1, root=merkle_root(log.hashes[:1])).decode()
        self.assert_fails(log.segments, "retired_key", evidence=[early])

    def test_a_key_from_before_the_first_snapshot_vouches_for_nothing(self):
        log = self.log().checkpoint().next_segment().retain(3).checkpoint().drop(3)
        self.assert_holds(log.segments, 5, key=log.key)
        self.assert_fails(log.segments, "fork", key=VECTOR_KEY)

    def test_a_forged_snapshot_that_names_the_key_that_is_held_first(self):
        forged = Writer()
        forged.signer = Writer(seed=OTHER_SEED).signer
        forged.signers, forged.run, forged.segments = [forged.signer], bytes(16), {}
        forged.hashes, forged.beginning = [sha(bytes([n])) for n in range(4)], 4
        forged.prev, forged.keys = forged.hashes[-1], [(VECTOR_KEY, 0), (forged.key, 2)]
        forged.beginning = 0
        forged.next_segment().commit(INTENT)
        self.assert_fails(forged.segments, "cut_head")
        forged.retain(4).checkpoint()
        self.assert_holds(forged.segments, 7)
        self.assert_fails(forged.segments, "fork", key=VECTOR_KEY)

    def test_a_log_rolled_back_before_its_rotation(self):
        log = self.log().checkpoint()
        evidence = [log.note(signers=[log.signer]).decode()]
        older = Writer().open().commit(INTENT)
        self.assert_fails(older.segments, "fork", key=log.key, evidence=evidence)
        self.assert_fails(older.segments, "replayed_receipt", evidence=evidence)


class Restores(Case):
    def log(self, lost_from=2, lost_until=4, **wrong):
        log = Writer().open().commit(INTENT).open(2)
        return log.restore(lost_from, lost_until, **wrong).commit(INTENT)

    def test_what_is_lost_is_not_comparable_beyond_the_end_and_contradicted_inside(self):
        lost = Writer().open().commit(*[INTENT] * 8)
        notes = {size: lost.note(size=size, root=merkle_root(lost.hashes[:size])).decode()
                 for size in range(1, 9)}
        for size, note in notes.items():
            with self.subTest(size=size):
                log = self.log(lost_until=7)
                if size > 7: self.assert_fails(log.segments, "rollback", evidence=[note])
                elif size > 5:
                    found = self.assert_holds(log.segments, 5, evidence=[note])
                    self.assertIn("record 3 admits that it is lost", found)
                    self.assertIn("(restore, 'disk') admits 2 to 7: 1 pieces", found)
                elif size > 2: self.assert_fails(log.segments, "fork", evidence=[note])
                else: self.assertIn("1 confirmed", self.assert_holds(log.segments, 5, evidence=[note]))
        further = self.log().note(size=4, root=merkle_root(self.log().hashes[:4])).decode()
        found = self.assert_holds(self.log().segments, 5, evidence=[further])
        self.assertIn("1 confirmed", found, "the same root, inside of the gap")

    def test_what_a_snapshot_alone_says_was_lost_excuses_nothing(self):
        log = self.log(lost_until=99).next_segment().retain(5).checkpoint()
        beyond = Writer().open().note(size=50, root=bytes(32)).decode()
        self.assertIn("1 not comparable", self.assert_holds(log.segments, 7, evidence=[beyond]))
        self.assert_fails(log.drop(5).segments, "rollback", evidence=[beyond])

    def test_snapshots_keep_the_gaps(self):
        log = self.log().next_segment().retain(5).checkpoint()
        lost = Writer().open().commit(INTENT, INTENT, OUTCOME).note().decode()
        self.assert_fails(log.segments, "fork", evidence=[lost])
        self.assertIn("1 not comparable", self.assert_holds(log.drop(5).segments, 7, evidence=[lost]))

    def test_a_restore_is_of_the_open_record_before_it(self):
        for told in ((3, 9), (9, 9), (-1, 4), ("2", 4), (2, None), (1, 4), (0, 4), (2, 1), (2.0, 4),
                     (2, 3 + (1 << 40)), (2, True)):
            self.assert_fails(self.log(*told).segments, "edit", "sequence 3")
        self.assert_fails(self.log(event="x").segments, "edit", "sequence 3")
        log = Writer().open().commit(INTENT).open(2).record(INTENT, {}).restore(2, 4).checkpoint()
        self.assert_fails(log.segments, "edit", "sequence 4")
        log = Writer().open().record(INTENT, {}).restore(1, 4).checkpoint()
        self.assert_fails(log.segments, "edit", "sequence 2")


class ExternalContent(Case):
    def setUp(self):
        super().setUp()
        self.log = Writer().open().record(OUTCOME, {}, content=bytes(range(100)), external=True)
        self.log.commit(INTENT)
        self.name, = self.log.files

    def test_it_is_hashed_where_it_lies(self):
        files = self.log.files | {"0" * 64 + ".ilc": b"that no record names"}
        self.assert_holds(self.log.segments, 3, files=files)

    def test_damage(self):
        self.assert_fails(self.log.segments, "delete", f"sequence 1: {self.name} is missing")
        for damaged in (b"", bytes(100), bytes(range(101)), bytes(range(99))):
            files = {self.name: damaged}
            self.assert_fails(self.log.segments, "edit", "sequence 1: ", files=files)
        for flags in (2, 7):
            log = Writer().open().record(OUTCOME, {}, content=bytes(100), external=True,
                                         flags=flags).checkpoint()
            self.assert_fails(log.segments, "corruption", files=log.files)


class Files(Case):
    """What somebody else may have put into the folder."""

    def test_a_pipe_or_a_folder_in_the_place_of_a_file_hangs_nothing(self):
        log = Writer().open().record(OUTCOME, {}, content=bytes(100), external=True).checkpoint()
        content, = log.files
        for name in (f"{3:020}.ilj", f"content/{content}"):
            for make in (os.mkfifo, os.mkdir):
                self.store(log.segments, log.files)
                path = self.folder / name
                path.unlink(missing_ok=True)
                make(path)
                with self.assertRaisesRegex(OSError, path.name):
                    verify.Journal(self.folder)
                path.rmdir() if path.is_dir() else path.unlink()

    def test_a_link_is_what_it_leads_to(self):
        log = Writer().open().commit(INTENT)
        self.store(log.segments)
        path = self.folder / f"{0:020}.ilj"
        path.rename(self.folder / "elsewhere")
        path.symlink_to(self.folder / "elsewhere")
        self.assertEqual(verify.Journal(self.folder).chain.held.size, 2)

    def test_a_name_beyond_64_bits_is_no_segment(self):
        log = Writer().open().commit(INTENT)
        self.assert_holds(log.segments | {1 << 64: b"junk", 10 ** 20 - 1: b""}, 2)
        self.assert_fails(log.segments | {(1 << 64) - 1: b"junk"}, "delete")

    def test_a_long_file_is_not_read_whole(self):
        log = Writer().open().record(OUTCOME, {}, content=bytes(100), external=True).checkpoint()
        name, = log.files
        self.store(log.segments, log.files)
        os.truncate(self.folder / "content" / name, 1 << 40)
        with self.assertRaisesRegex(Fault, "another length"): verify.Journal(self.folder)
        self.store(log.segments, log.files)
        os.truncate(self.folder / f"{0:020}.ilj", 1 << 30)
        self.assertEqual(verify.Journal(self.folder).tail_bytes, (1 << 30) - len(log.last))

    def test_content_of_what_was_dropped_need_not_be_there(self):
        log = Writer().open().record(OUTCOME, {}, content=bytes(100), external=True).checkpoint()
        log.next_segment().retain(2).checkpoint()
        self.assert_holds(log.segments, 4)
        log = Writer().open().checkpoint().next_segment().retain(1)
        log.record(OUTCOME, {}, content=bytes(100), external=True).checkpoint()
        self.assert_fails(log.segments, "delete", "is missing")


class Tenants(Case):
    """An outcome is of the tenant of its intent."""

    def log(self, intent, outcome, shredded=None, request=REQUEST):
        log = Writer(request=request).open().record(INTENT, {}, tag=intent)
        told = {"event": "shred", "tenant": "a", "tenant_tag": (shredded or b"").hex(), "reason": "r"}
        if shredded: log.record(SHRED, told, tag=shredded)
        return log.record(OUTCOME, {}, tag=outcome).checkpoint()

    def test_the_tag_is_that_of_the_intent(self):
        one, other = bytes([1] * 16), bytes([2] * 16)
        self.assert_holds(self.log(one, one).segments, 3)
        for log in (self.log(one, other), self.log(one, bytes(16)), self.log(one, other, other)):
            self.assert_fails(log.segments, "edit", "another tenant")
        self.assert_holds(self.log(one, other, one).segments, 4)
        self.assert_holds(self.log(one, other, request=bytes(16)).segments, 3)


class Evidence(Case):
    def setUp(self):
        super().setUp()
        self.log = three_commits()

    def assert_evidence(self, verdict, *evidence, **how):
        self.assert_fails(self.log.segments, verdict, evidence=evidence, **how)

    def test_what_fits(self):
        evidence = [self.log.reference(3), self.log.reference(3) + "\n", self.log.reference(0, 2),
                    self.log.proof(4), self.log.note().decode(),
                    self.log.note(size=5, root=self.log.root_before_last).decode()]
        found = self.assert_holds(self.log.segments, 7, key=VECTOR_KEY, evidence=evidence)
        self.assertIn("6 confirmed, 0 contradicted, 0 not comparable; complete to size 7", found)

    def test_a_fork(self):
        other = Writer().open().commit(REFUSAL)
        self.assert_evidence("fork", other.note().decode())
        self.assert_evidence("fork", other.reference(1))
        self.assert_evidence("fork", other.proof(1))

    def test_a_record_or_log_that_the_reference_is_not_of(self):
        parts = self.log.reference(3).split(".")
        for at, other in ((2, "4"), (3, self.log.reference(4).split(".")[3]),
                          (1, self.log.reference(3, log_id=bytes(32)).split(".")[1])):
            wrong = ".".join([*parts[:at], other, *parts[at + 1:]])
            self.assert_evidence("replayed_receipt", wrong)
        self.assert_evidence("replayed_receipt", Writer(seed=OTHER_SEED).open().reference(0))
        self.assert_evidence("replayed_receipt", Writer(seed=OTHER_SEED).open().note().decode())

    def test_spoiled_evidence(self):
        note, proof = self.log.note().decode(), self.log.proof(4)
        for spoiled in (note[:-1], note.replace("7", "07"), note.replace("\n\n", "\nextension\n\n"),
                        note[1:], note.replace("\n7\n", f"\n{1 << 64}\n"), proof + "junk", proof[:-1],
                        proof.replace("index", "Index"), "c2sp.org/tlog-proof@v2" + proof[22:],
                        proof.replace("extra ", "extra A")):
            with self.subTest(spoiled=spoiled):
                self.assert_evidence("replayed_receipt", spoiled)

    def test_what_is_in_none_of_the_forms_is_no_evidence(self):
        reference = self.log.reference(3)
        spelled = reference[:-1] + chr(ord(reference[-1]) + 1)  # bits that base64 leaves over
        for text in ("", "v1", "v1.x", reference[:-1], reference + "A", "v2" + reference[2:], spelled,
                     reference.replace(".3.", ".03."), reference.replace(".7.", f".{1 << 64}.")):
            with self.subTest(text=text), self.assertRaises(verify.NoEvidence):
                self.findings(self.log.segments, evidence=[text])

    def test_a_proof_may_leave_its_record_to_the_log(self):
        lines = self.log.proof(4).split("\n")
        self.assertIn("1 confirmed", self.assert_holds(
            self.log.segments, 7, evidence=["\n".join([lines[0], *lines[2:]])]))
        for index in (3, 5, 7):
            moved = "\n".join([lines[0], f"index {index}", *lines[3:]])
            self.assert_evidence("replayed_receipt", moved)

    def test_nothing_that_was_given_is_passed_over(self):
        fork = Writer().open().commit(REFUSAL).note().decode()
        report = verify.examine(self.folder_of(self.log), None, [fork, self.log.reference(3)], [])
        self.assertEqual(verify.verdict(report)[0], "fork")
        evidence = report["evidence"]
        self.assertEqual((evidence["confirmed"], evidence["contradicted"]), (1, 1))
        self.assertEqual(report["complete_to"], 7)

    def test_proofs_that_prove_nothing(self):
        proof = self.log.proof(4)
        lines = proof.split("\n")
        for at in (3, 4):
            shorter = "\n".join(lines[:at] + lines[at + 1:])
            self.assert_caught(self.log.segments, ".", evidence=[shorter])
            lines[3], lines[4] = lines[4], lines[3]
        swapped = "\n".join([*lines[:3], lines[4], lines[3], *lines[5:]])
        self.assert_caught(self.log.segments, "another root", evidence=[swapped])
        longer = "\n".join([*lines[:3], lines[3], *lines[3:]])
        self.assert_caught(self.log.segments, ".", evidence=[longer])
        for index in (3, 5, 7, 12):
            moved = proof.replace("index 4", f"index {index}")
            self.assert_caught(self.log.segments, ".", evidence=[moved])
        other = proof.replace(b64(self.log.hashes[4]), b64(self.log.hashes[3]))
        self.assert_caught(self.log.segments, "another root", evidence=[other])


class ReceiptFiles(Case):
    @staticmethod
    def receipt(log, *sequences, **wrong):
        records = []
        for sequence in sequences:
            header = log.headers[sequence]
            kind = {0: "open", 1: "intent", 2: "outcome", 3: "refusal"}[header[7]]
            records.append({
                "kind": kind, "sequence": sequence, "record_hash": log.hashes[sequence].hex(),
                "header": b64(header), "metadata": "{}", "reference": log.reference(sequence),
                "proof": log.proof(sequence)} | wrong)
        return json.dumps({"request": log.request.hex(), "log_id": log.log_id.hex(),
                           "public_key": log.key, "records": records})

    def assert_shows(self, text, key, *lines):
        found = verify_receipt.receipt(text, key and Key(key))
        self.assertEqual([line for line, _ in found], [*lines])

    def assert_refused(self, text, verdict, key=None):
        with self.assertRaises(verify.MALFORMED) as caught:
            list(verify_receipt.receipt(text, key and Key(key)))
        self.assertEqual(verify.why(caught.exception)[0], verdict, caught.exception)

    def test_what_it_shows(self):
        log = three_commits(REQUEST)
        for key in (None, VECTOR_KEY):
            self.assert_shows(self.receipt(log, 1, 3), key,
                              "record 1 (intent) was in the log of 7 records",
                              "record 3 (outcome) was in the log of 7 records")
        self.assert_refused(self.receipt(log, 1), "replayed_receipt", Writer(seed=OTHER_SEED).key)

    def test_records_ascend(self):
        log = three_commits(REQUEST)
        for sequences in ((3, 1), (1, 1), (1, 3, 3)):
            self.assert_refused(self.receipt(log, *sequences), "edit")

    def test_nothing_stands_behind_the_note_and_the_extra_line_may_be_left_out(self):
        log = three_commits(REQUEST)
        proof = log.proof(1)
        for junk in ("junk", "\n\njunk", "— w AAAA"):
            self.assert_refused(self.receipt(log, 1, proof=proof + junk), "replayed_receipt")
        self.assert_shows(self.receipt(log, 1, proof=proof + "— w AAAA\n"), None,
                          "record 1 (intent) was in the log of 7 records")
        lines = proof.split("\n")
        without = "\n".join([lines[0], *lines[2:]])
        self.assert_shows(self.receipt(log, 1, proof=without), None,
                          "record 1 (intent) was in the log of 7 records")

    def test_what_contradicts_itself(self):
        log = three_commits(REQUEST)
        for wrong in ({"kind": "outcome"}, {"sequence": 2}, {"sequence": 1.0}, {"record_hash": "00" * 32},
                      {"metadata": "{ }"}, {"reference": log.reference(3)},
                      {"proof": log.proof(3)}, {"header": b64(log.headers[3])},
                      {"reference": log.reference(1, 2)}, {"header": b64(log.headers[1][:-1])},
                      {"reference": log.reference(1, log_id=bytes(32))}, {"metadata": None}):
            with self.subTest(wrong=wrong):
                self.assert_refused(self.receipt(log, 1, **wrong), "edit")
        text = self.receipt(log, 1)
        for wrong in ({"request": "00"}, {"log_id": "00" * 32}, {"public_key": "x"}):
            self.assert_refused(json.dumps(json.loads(text) | wrong), "edit")
        other = json.dumps(json.loads(text) | {"public_key": Writer(seed=OTHER_SEED).key})
        self.assert_refused(other, "replayed_receipt")
        self.assert_refused(json.dumps(json.loads(text) | {"records": []}), "corruption")
        for text in ("", "[]", "{", "7"):
            self.assert_refused(text, "edit")


@unittest.skipUnless((LEDGER_TESTS / "attacks").is_dir(), "no fixtures of attacks")
class Fixtures(Case):
    def test_each_gets_the_verdict_that_its_case_names(self):
        cases = sorted((LEDGER_TESTS / "attacks").glob("*/case.json"))
        self.assertGreater(len(cases), 11)
        for path in cases:
            case = json.loads(path.read_text())
            with self.subTest(path.parent.name):
                self.assertEqual(self.verdict(path.parent, case), case["verdict"])

    def verdict(self, folder, case):
        try:
            report = verify.examine(folder, Key(case["key"]), case["evidence"], [])
            pieces = report["evidence"]["pieces"]
            return next((piece["verdict"] for piece in pieces if piece["verdict"]), "holds")
        except verify.MALFORMED as bad:
            return verify.why(bad)[0]


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

    def test_what_does_not_hold(self):
        done = self.run_on(VECTOR.parent, "--key", Writer(seed=bytes(32)).key)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, r"^DOES NOT HOLD \[fork\]: the log's key is gw-1.example")
        (self.folder / VECTOR.name).write_bytes(flip(VECTOR.read_bytes(), 250, 1))
        done = self.run_on(self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"^DOES NOT HOLD \[edit\]: 0{20}.ilj, offset 0, sequence 0: ")

    def test_evidence_and_receipts_are_files_or_texts(self):
        log = three_commits(REQUEST)
        self.store(log.segments)
        (self.folder / "note").write_bytes(log.note())
        for evidence in (self.folder / "note", log.note().decode(), log.reference(1)):
            done = self.run_on(self.folder, "--evidence", evidence)
            self.assertIn("1 confirmed, 0 contradicted", done.stdout)
        done = self.run_on(self.folder, "--evidence", log.reference(1), "--evidence", "v1.x")
        self.assertEqual(done.returncode, 2)
        for receipt in (self.folder / "receipt", ReceiptFiles.receipt(log, 1)):
            (self.folder / "receipt").write_text(ReceiptFiles.receipt(log, 1))
            done = self.run_on("--receipt", receipt, "--key", VECTOR_KEY)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("HOLDS: record 1 (intent) was in the log of 7 records", done.stdout)
        self.assertEqual(self.run_on("--receipt", "{}").returncode, 1)

    def test_a_contradiction_is_1_and_no_confirmation_is_3_also_in_json(self):
        log = Writer().open().commit(INTENT).open(2).restore(2, 9).checkpoint()
        self.store(log.segments)
        fork = log.note(size=2, root=bytes(32)).decode()
        lost = log.note(size=8, root=bytes(32)).decode()
        for evidence, code, counts in (([], 0, (0, 0, 0)), ([log.note().decode()], 0, (1, 0, 0)),
                                       ([lost], 3, (0, 0, 1)), ([lost, fork], 1, (0, 1, 1)),
                                       ([log.note().decode(), lost], 0, (1, 0, 1)),
                                       ([log.note().decode(), fork], 1, (1, 1, 0))):
            given = [word for text in evidence for word in ("--evidence", text)]
            told = self.run_on(self.folder, *given)
            self.assertEqual(told.returncode, code, told)
            self.assertEqual(told.stdout.startswith("HOLDS:"), code == 0)
            as_json = self.run_on(self.folder, "--json", *given)
            self.assertEqual(as_json.returncode, code)
            found = json.loads(as_json.stdout)
            self.assertEqual(found["holds"], code != 1)
            self.assertEqual(tuple(found["report"]["evidence"][name] for name in verify.STANDINGS),
                             counts)
            gap, = found["report"]["admissions"]
            self.assertEqual((gap["sequence"], gap["reason"], gap["silences"]), (3, "disk", counts[2]))

    def test_an_empty_folder_holds_nothing_and_files_of_other_names_are_no_segments(self):
        (self.folder / "lock").touch()
        (self.folder / "1.ilj").write_bytes(VECTOR.read_bytes())
        done = self.run_on(self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("DOES NOT HOLD [delete]: there is no acknowledged record", done.stdout)

    def test_unreadable(self):
        for arguments in ([self.folder / "nowhere"], [], [VECTOR], ["--evidence", "v1"],
                          [VECTOR.parent, "--key", "gw-1.example+00000000+AAAA"],
                          [VECTOR.parent, "--key", "no key"]):
            done = self.run_on(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))


if __name__ == "__main__":
    unittest.main()
