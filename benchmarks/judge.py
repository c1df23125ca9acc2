"""How much of what is wrong the judge finds, and how much it rejects of what is not.

    python -m benchmarks.judge

Every kind of fault is planted, one at a time, into offline completions of the bundled sample and of real images and
into answers of GPT-4 (the real ones from SVIT_REAL or ../shared/real, where they are at hand), and must be found by its
code in 99 of 100 texts; of the clean texts at most one in 100 may be rejected. Exit code 1 when a bar is missed.
"""

import sys
from collections import Counter
from random import Random

from benchmarks.judging.faults import FAULTS
from benchmarks.judging.misplaced import MISPLACED
from benchmarks.judging.texts import REAL, Case, cases
from svit.records import Completion, Rejection

FOUND, REJECTED = 0.99, 0.01


def codes(case: Case, completion: Completion) -> tuple[bool, set[str]]:
    """Return whether the judge rejects the completion, and the codes of all it says."""
    result = case.task.judge(case.prompt, completion, 1)
    if isinstance(result, Rejection):
        return True, {flaw.code for flaw in result.flaws}
    return bool(result.dropped), {flaw.code for flaw in result.warnings} | set(result.dropped)


def main() -> int:
    """Print the table, and return the exit code."""
    every = list(cases())
    if not REAL.is_dir():
        print(f"There are no real texts at {REAL}: set SVIT_REAL. These are the bundled sample's.", file=sys.stderr)
    missed: list[str] = []
    print(f"{'planted':24}{'texts':>7}{'found':>7}{'found %':>9}")
    for code, plant in {**FAULTS, **MISPLACED}.items():
        planted = found = 0
        for number, case in enumerate(every):
            if code in MISPLACED and case.task.name != "referring" and code not in _ANYWHERE:
                continue
            completion = plant(case, Random(f"{code} {number}"))
            if completion is None:
                continue
            planted += 1
            said = codes(case, completion)[1]
            found += code in said
        print(f"{code:24}{planted:7,}{found:7,}{100 * found / max(1, planted):9.1f}")
        if not planted or found < FOUND * planted:
            missed.append(code)
    print(f"\n{'clean':24}{'texts':>7}{'rejected':>9}{'rejected %':>11}{'warned %':>9}")
    clean: Counter[tuple[str, str]] = Counter()
    for case in every:
        rejected, said = codes(case, case.said(case.dialogues))
        clean.update(
            {(case.source, "texts"): 1, (case.source, "rejected"): rejected, (case.source, "warned"): bool(said)}
        )
    for source in dict.fromkeys(case.source for case in every):
        texts, bad, warned = (clean[source, what] for what in ("texts", "rejected", "warned"))
        print(f"{source:24}{texts:7,}{bad:9,}{100 * bad / texts:11.1f}{100 * warned / texts:9.1f}")
        if bad > REJECTED * texts:
            missed.append(f"clean {source}")
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nall bars hold")
    return 1 if missed else 0


_ANYWHERE = ("unsupported_object", "wrong_count_claim")

if __name__ == "__main__":
    sys.exit(main())
