#!/usr/bin/env python3
"""Two verifiers, one verdict: logs with one thing edited and every hash and signature behind it
made anew, and what tests/verify.py and inferlayer-verify say of each. They have to agree on whether
its chain holds, on the verdict's name, on records, root and tail, and on each piece of evidence.

    tests/forge/fuzz.py --verifier target/release/inferlayer-verify [--edits 2000] [--seed 1]

The seed and the number of an edit make it again: --seed 1 --only 137 --keep FOLDER."""
import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import verify
from verify_note import MALFORMED, Key, why

from edits import EDITS
from logs import logs


def store(folder, segments, files):
    for old in [*folder.glob("*.ilj"), *folder.glob("content/*")]:
        old.unlink()
    (folder / "content").mkdir(exist_ok=True)
    for name, data in segments.items():
        (folder / f"{name:020}.ilj").write_bytes(data)
    for name, data in files.items():
        (folder / "content" / name).write_bytes(data)


def of_report(report):
    """What the two have to agree on of a log whose chain holds."""
    names = ("records", "root", "first_sequence", "unacknowledged_bytes", "complete_to",
             "complete_time_us")
    pieces = [(piece["form"], piece["standing"], piece["verdict"])
              for piece in report["evidence"]["pieces"]]
    gaps = [(gap["by"], gap["sequence"], gap["reason"], gap["silences"])
            for gap in report["admissions"] if gap["by"] != "snapshot"]
    first = next((verdict for *_, verdict in pieces if verdict), None)
    return ("holds", first, *(report[name] for name in names), pieces, gaps)


def by_python(folder, key, evidence):
    try: return of_report(verify.examine(folder, Key(key), evidence, []))
    except MALFORMED as bad: return "does not hold", why(bad)[0]


def by_rust(verifier, folder, key, evidence):
    given = [word for text in evidence for word in ("--evidence", text)]
    command = [verifier, folder, "--json", "--threads", "1", "--key", key, *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if not done.stdout: return "no verdict", done.stderr
    told = json.loads(done.stdout)
    return of_report(told["report"]) if "report" in told else ("does not hold", told["verdict"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--verifier", required=True, help="inferlayer-verify")
    parser.add_argument("--edits", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the one edit of this number")
    parser.add_argument("--keep", type=Path, help="a folder for the last log")
    options = parser.parse_args()
    bases, verdicts, differing = logs(), Counter(), 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        for number in [options.only] if options.only is not None else range(options.edits):
            chance = random.Random(f"{options.seed}/{number}")
            base = chance.choice(bases)
            edit = chance.choice(EDITS)
            segments, what = edit(chance, base)
            evidence = base.evidence(chance)
            store(folder, segments, base.files)
            ours = by_python(folder, base.key, evidence)
            theirs = by_rust(options.verifier, folder, base.key, evidence)
            verdicts[ours[1] or "holds"] += 1
            if ours != theirs:
                differing += 1
                print(f"edit {number} of {base.name}: {edit.__name__}: {what}\n"
                      f"  python {ours}\n  rust   {theirs}")
    told = ", ".join(f"{count} {name}" for name, count in sorted(verdicts.items()))
    print(f"{sum(verdicts.values())} edits of seed {options.seed}, {differing} differing: {told}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
