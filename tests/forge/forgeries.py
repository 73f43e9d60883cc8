#!/usr/bin/env python3
"""Forgeries by somebody who holds the log's key, each with the name that both verifiers have to
give it. Writes a folder for each beside those of the attacks, which `cargo test` and
tests/verify_test.py read:

    tests/forge/forgeries.py crates/ledger/tests/attacks"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from verify_writer import (CLOSE, INTENT, OUTCOME, REFUSAL, SHRED, SNAPSHOT, Signer, Writer,
                           merkle_root)

from logs import OTHER, SEEDS

REQUEST = bytes([5] * 16)


def plain(cost="7"):
    """A log of eight records, all acknowledged one by one, and what clients keep of them."""
    log, kept = Writer().open().checkpoint(), []
    for number in range(1, 4):
        request = bytes([number] * 16)
        log.record(INTENT, {"tenant": "a", "hold_nano_usd": "9"}, request=request).checkpoint()
        log.record(OUTCOME, {"tenant": "a", "cost_nano_usd": cost}, request=request).checkpoint()
        kept.append(log.reference(len(log.hashes) - 1))
    return log, [*kept, log.note().decode()]


def segmented():
    """Segments 0, 3 and 6."""
    log = Writer().open().commit(INTENT, REFUSAL).next_segment().commit(OUTCOME, REFUSAL)
    return log.next_segment().commit(INTENT)


def k41():
    log, kept = plain()
    return "edit", log.open(2).restore(0, 10 ** 6).checkpoint(), kept


def k42():
    log, kept = plain("1")[0], plain()[1]
    return "fork", log.open(2).restore(7, 10 ** 6).checkpoint(), kept


def k42_behind_the_first_records():
    log, kept = Writer().open().checkpoint().open(2).restore(1, 10 ** 6).commit(INTENT), plain()[1]
    return "fork", log, kept


def k29():
    return "edit", segmented().retain(3, root="1" * 64).checkpoint().drop(3), []


def k30():
    log = segmented().drop(6)
    return "cut_head", log, []


def k04():
    log = Writer().open().record(INTENT, {"tenant": "acme"}, request=REQUEST, tag=OTHER)
    return "edit", log.record(OUTCOME, {"tenant": "beta"}, request=REQUEST, tag=REQUEST).checkpoint(), []


def of_retention(**wrong):
    return lambda: ("edit", segmented().retain(3, **wrong).checkpoint(), [])


def of_restore(*gap, **wrong):
    return lambda: ("edit", Writer().open().commit(INTENT).open(2).restore(*gap, **wrong).checkpoint(),
                    [])


def of_snapshot(**wrong):
    return lambda: ("edit", Writer().open().commit(INTENT).next_segment(**wrong).checkpoint(), [])


def of_metadata(text):
    return lambda: ("edit", Writer().open().record(REFUSAL, text).checkpoint(), [])


def restore_behind_another_record():
    log = Writer().open().commit(INTENT).open(2).record(REFUSAL, {}).restore(2, 9)
    return "edit", log.checkpoint(), []


def restore_claimed_by_a_snapshot():
    log = Writer().open().commit(INTENT)
    return "edit", log.next_segment(gaps=[{"lost_from": 1, "lost_until": 99}]).checkpoint(), []


def retired_key_signs_evidence():
    log = Writer().open().commit(INTENT).rotate(SEEDS[1]).checkpoint().commit(REFUSAL)
    old = Signer(log.origin, SEEDS[0])
    return "retired_key", log, [log.note(signers=[old]).decode()]


def retired_key_signs_a_size_beyond():
    log = Writer().open().commit(INTENT).rotate(SEEDS[1]).checkpoint().commit(REFUSAL)
    old = Signer(log.origin, SEEDS[0])
    return "retired_key", log, [log.note(size=9000, root=bytes(32), signers=[old]).decode()]


def later_key_signs_an_early_size():
    log = Writer().open().commit(INTENT).rotate(SEEDS[1]).checkpoint()
    return "retired_key", log, [log.note(size=1, root=merkle_root(log.hashes[:1])).decode()]


def rolled_back_with_a_small_gap():
    log = Writer().open().commit(INTENT).open(2).restore(2, 6).checkpoint()
    return "rollback", log, [log.note(size=7, root=bytes(32)).decode()]


def fork_beside_what_confirms():
    log, kept = plain()
    return "fork", plain("8")[0], [log.reference(0, 1), *kept]


def outcome_after_anothers_shred():
    log = Writer().open().record(INTENT, {}, request=REQUEST, tag=OTHER)
    log.record(SHRED, {}, tag=REQUEST)
    return "edit", log.record(OUTCOME, {}, request=REQUEST, tag=REQUEST).checkpoint(), []


def snapshot_parts_that_change():
    log = Writer().open().commit(INTENT).next_segment(parts=3, written=1)
    told = {"event": "snapshot", "part": 1, "parts": 2, "state": []}
    return "edit", log.record(SNAPSHOT, told).checkpoint(), []


def metadata_of_one_byte():
    return "corruption", Writer().open().record(REFUSAL, b"{").checkpoint(), []


def receipt_of_another_record():
    log, _ = plain()
    parts = log.reference(3).split(".")
    return "replayed_receipt", log, [".".join([*parts[:2], "2", *parts[3:]])]


def proof_of_another_record():
    log, _ = plain()
    return "replayed_receipt", log, [log.proof(3).replace("index 3", "index 2")]


def admitted_loss():
    """No forgery: what a restore and a retention admit is not comparable, and the rest holds."""
    log = segmented().retain(3).commit(CLOSE).open(2)
    log.restore(len(log.hashes) - 1, 99).checkpoint()
    kept = [log.note().decode(), log.reference(0, 2), log.note(size=50, root=bytes(32)).decode()]
    return "holds", log.drop(3), kept


NAMED = {
    "k41": k41, "k42": k42, "k42_early": k42_behind_the_first_records, "k29": k29, "k30": k30,
    "k04": k04, "retention_without_root": of_retention(root=None),
    "retention_of_no_segment": of_retention(first_sequence=4),
    "retention_of_another_event": of_retention(event="retain"),
    "retention_as_a_float": of_retention(first_sequence=3.0),
    "restore_earlier_than_its_open": of_restore(1, 9), "restore_later": of_restore(3, 9),
    "restore_of_everything": of_restore(2, 1 << 60), "restore_backwards": of_restore(2, 1),
    "restore_of_another_event": of_restore(2, 9, event="restored"),
    "restore_behind_another_record": restore_behind_another_record,
    "restore_claimed_by_a_snapshot": restore_claimed_by_a_snapshot,
    "snapshot_gaps_as_object": of_snapshot(gaps={}),
    "snapshot_begins_later": of_snapshot(first_sequence=1),
    "snapshot_parts_that_change": snapshot_parts_that_change,
    "name_twice": of_metadata(b'{"cost_nano_usd":"1","cost_nano_usd":"2"}'),
    "name_twice_escaped": of_metadata(b'{"cost":"1","c\\u006fst":"2"}'),
    "number_beyond_a_double": of_metadata(b'{"a":1e999}'),
    "nested_33_deep": of_metadata(b'{"a":' * 32 + b"{}" + b"}" * 32),
    "metadata_of_one_byte": metadata_of_one_byte,
    "retired_key_signs_evidence": retired_key_signs_evidence,
    "retired_key_signs_beyond": retired_key_signs_a_size_beyond,
    "later_key_signs_early": later_key_signs_an_early_size,
    "rolled_back_with_a_small_gap": rolled_back_with_a_small_gap,
    "fork_beside_what_confirms": fork_beside_what_confirms,
    "outcome_after_anothers_shred": outcome_after_anothers_shred,
    "receipt_of_another_record": receipt_of_another_record,
    "proof_of_another_record": proof_of_another_record, "admitted_loss": admitted_loss,
}


def main():
    for name, forge in NAMED.items():
        verdict, log, evidence = forge()
        folder = Path(sys.argv[1]) / f"forged_{name}"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir(): old.unlink()
        for first, data in log.segments.items():
            (folder / f"{first:020}.ilj").write_bytes(data)
        told = {"evidence": evidence, "key": log.key, "verdict": verdict}
        (folder / "case.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
