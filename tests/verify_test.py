#!/usr/bin/env python3
"""Tests of verify.py: the vector of FORMAT.md, journals written here with that vector's key, and
what is left of them after an attack or a power cut. Needs no gateway."""
import base64
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import verify
from verify_writer import (CLOCK, CLOSE, INTENT, OUTCOME, REFUSAL, RETENTION, ROTATION, SHRED,
                           SNAPSHOT, Writer, flip, merkle_root, sha, three_commits)

HERE = Path(__file__).parent
VECTOR = HERE.parent / "crates/ledger/tests/vectors/v1/00000000000000000000.ilj"
VECTOR_KEY = "gw-1.example+1eaa1500+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
VECTOR_ROOT = "da91da767f3d916e3495035b0e2b6c88a816b0e96222efa1e8161e65e109a732"


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
            self.assert_broken({0: self.data[:length]}, "there is no acknowledged record")
            self.assert_broken({0: self.data[:length] + bytes(99)}, "no acknowledged", VECTOR_KEY)
        self.assert_broken({}, "there is no acknowledged record")


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
        self.assertTrue(log.tail.startswith(f"{len(last) - self.end} bytes"), log.tail)
        self.assertRegex(log.tail, what)

    def test_an_unfinished_commit_of_any_length_is_no_part_of_the_log(self):
        for length in range(self.end + 1, len(self.log.last)):
            with self.subTest(length=length):
                self.assert_tail(self.log.last[:length], "bytes. segment .*002.ilj")

    def test_zeros_may_stand_for_the_end_of_a_commit(self):
        for length in range(self.end + 1, len(self.log.last)):
            with self.subTest(length=length):
                self.assert_tail(self.log.last[:length] + bytes(5000), "segment .*002.ilj")
                zeroed = self.log.last[:length].ljust(len(self.log.last), b"\0")
                self.assert_tail(zeroed, "segment .*002.ilj")

    def test_zeros_alone_are_told_too_and_an_empty_last_segment_is_none(self):
        self.assert_tail(self.log.before_last + bytes(4096), "4096 bytes, all of them zero")
        self.log.next_segment()
        self.assertEqual(self.assert_holds(self.log.segments, 6).tail, "")
        self.log.last = bytes(4096)
        self.assertRegex(self.assert_holds(self.log.segments, 6).tail, "4096 bytes")

    def assert_damaged(self, last, what):
        self.assert_broken(self.log.segments | {2: last}, what)

    def test_damage_is_told_frame_by_frame_also_where_nothing_was_acknowledged(self):
        damaged = flip(self.log.last[:-1], self.end + 220, 1)
        self.assert_damaged(damaged, f"offset {self.end}, sequence 4: the metadata was edited")
        for junk in (b"junk", b"x", bytes(64) + b"x", b"x" + bytes(64), b"ILX"):
            self.assert_damaged(self.log.before_last + junk, "sequence 4: neither a record")

    def test_a_flip_in_an_unfinished_commit_is_caught_or_changes_nothing(self):
        cut = self.log.last[:self.log.last.rindex(b"ILCP")]
        for at in range(self.end, len(cut)):
            with self.subTest(at=at):
                try:
                    self.assert_tail(flip(cut, at, 1), "the file ends|no checkpoint follows")
                except verify.Broken as broken:
                    self.assertRegex(str(broken), "0002.ilj, offset .* sequence [45]")

    def test_a_signed_note_anywhere_behind_damage_says_that_the_commit_was_whole(self):
        note = self.log.last.rindex(b"gw-1.example\n6")
        for damaged in (b"junk" + self.log.last[note:], bytes(999) + self.log.last[note:]):
            self.assert_damaged(self.log.before_last + damaged, "neither a record")
        cut = struct.pack(">I", 4000) + self.log.last[note:]
        last = self.log.last[:note - 4] + cut
        self.assert_damaged(last, "sequence 6: the file ends in a checkpoint")

    def test_a_whole_checkpoint_that_does_not_hold_is_no_tail_for_zeros_behind_it(self):
        last = flip(self.log.last, len(self.log.last) - 20, 1) + bytes(64)
        self.assert_damaged(last, "sequence 6: no signature")

    def test_the_signed_note_may_name_a_witness_first(self):
        note = self.log.last.rindex(b"gw-1.example\n6")
        text, blank, line = self.log.last[note:].partition(b"\n\n")
        rest = b"ILCP\0\0\x0f\0" + text + blank + b"\xe2\x80\x94 w AAAA\n\xff\n" + line
        self.assert_damaged(self.log.before_last + rest, "the file ends in a checkpoint")

    def test_an_older_note_in_a_cut_frame_says_nothing(self):
        old = self.log.before_last[self.log.before_last.rindex(b"gw-1.example\n4"):]
        cut = self.log.before_last + b"ILCP" + struct.pack(">I", 4000) + old
        self.assert_tail(cut, "the file ends in a checkpoint")


class Rules(Case):
    """Logs that the right key signed, yet that break a rule."""

    def assert_refused(self, why, kind=INTENT, metadata=b"{}", content=b"", **header):
        log = Writer().open().commit()
        log.record(kind, metadata, content, **header).checkpoint()
        self.assert_broken(log.segments, f"sequence 1: .*{why}")

    def test_headers(self):
        self.assert_refused("version or kind", version=2)
        self.assert_refused("version or kind", kind=13)
        self.assert_refused("version 1 cannot judge", kind=ROTATION)
        for kind in (SHRED, RETENTION, CLOCK, SNAPSHOT):
            self.assert_holds(Writer().open().commit(kind).segments, 2)
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
        for metadata in (b"", b"[]", b" {}", b"[" * 100_000, "{}".encode("utf-16")):
            self.assert_refused("not a JSON object", metadata=metadata)
        for metadata in (b"{", b"{}{}", b'{"a":"\xff"}', b'{"a":NaN}', b'{"a":-Infinity}',
                         b'{"a":' * 100_000, b'{"a":"\n"}'):
            self.assert_refused("", metadata=metadata)

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

    def test_one_of_several_lines_of_the_key_has_to_hold(self):
        log = Writer().open()
        bad = base64.b64encode(log.key_id + bytes(64)).decode()
        line = f"— gw-1.example {bad}\n".encode()
        self.assert_holds(log.commit(witness=line).segments, 1)
        blank = log.last.rindex(b"\n\n") + 2
        good = log.last[blank:-len(line)]
        self.assert_holds({0: log.last[:blank] + line + good}, 1)
        returned = good.replace(b"\n", b"\r\n")
        note = log.last[log.last.rindex(b"gw-1.example\n1"):blank] + returned
        note = b"ILCP" + struct.pack(">I", len(note)) + note
        self.assert_broken({0: log.last[:log.last.rindex(b"ILCP")] + note}, "no signature")

    def test_a_note_is_utf_8_and_has_no_extension_lines(self):
        self.assert_broken(Writer().open().commit(witness=b"\xff\n").segments, "can't decode")
        log = Writer().open().commit(root=b"x" * 33)
        self.assert_broken(log.segments, "origin, size or root")

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
        self.inference(log, 4, hold="18446744073709551615", tenant="u")
        log.checkpoint()
        self.inference(log, 4, cost="1")  # never acknowledged
        report = self.spend(log)
        self.assertIn("'t' in nano-USD: 67 = 7 settled + 60 held", report)
        self.assertIn("'u' in nano-USD: 0 = 0 settled + 0 held", report)
        self.assertIn("1 of runs that are over, 1 perhaps in flight", report)
        self.assertIn("outcomes without intent: 0", report)
        self.assertIn("kinds: open 2, intent 4, outcome 2\n", report)

    def test_an_outcome_of_a_later_run_answers_too(self):
        log = Writer().open(1)
        self.inference(log, 1, hold="50")
        log.commit().open(2)
        self.inference(log, 1, cost="7")
        self.assertIn("7 settled + 0 held", self.spend(log.checkpoint()))

    def test_a_closed_run_is_over(self):
        log = Writer().open(1)
        self.inference(log, 1, hold="50")
        self.assertIn("50 = 0 settled + 50 held", self.spend(log.commit(CLOSE)))

    def test_repeated_ids_hide_no_money(self):
        log = Writer().open(1)
        self.inference(log, 1, hold="50")
        self.inference(log, 1, hold="60", cost="7")
        self.inference(log, 1, cost="8")
        report = self.spend(log.commit(CLOSE))
        self.assertIn("65 = 15 settled + 50 held", report)
        self.assertIn("outcomes without intent: 1", report)

    def test_money_is_a_decimal_string(self):
        for wrong in (5, "-1", "1.5", "", "1e3", "٣", "1" * 21):
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

    def test_an_empty_folder_holds_nothing_and_files_of_other_names_are_no_segments(self):
        (self.folder / "lock").touch()
        (self.folder / "1.ilj").write_bytes(VECTOR.read_bytes())
        done = self.run_on(self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("BROKEN: there is no acknowledged record", done.stdout)

    def test_unreadable(self):
        for arguments in ([self.folder / "nowhere"], [], [VECTOR],
                          [VECTOR.parent, "--key", "gw-1.example+00000000+AAAA"],
                          [VECTOR.parent, "--key", "no key"]):
            done = self.run_on(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))


if __name__ == "__main__":
    unittest.main()
