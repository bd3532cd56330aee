"""Write reports/conjecture-1.md and .csv: exact values, the report, and how time grows.

    python benchmarks/conjecture.py [largest M] [largest M of the closed form]      (100 and 200 if not given)

Every value is certified and its certificate checked before it is written.
"""

from __future__ import annotations

import resource
import sys
import time
from math import lcm
from pathlib import Path

from conjecture_report import fractions_csv, markdown
from flint import fmpz
from robust import growth as robust_growth

from freerand_opt.claims.conjecture import biases
from freerand_opt.claims.conjecture.computed import compute
from freerand_opt.claims.conjecture.lemniscate import correlators, ratio
from freerand_opt.claims.conjecture.polynomial import extrapolated, unknowns
from freerand_opt.claims.conjecture.relations import POWERS, Relations
from freerand_opt.claims.verify import read, verify
from freerand_opt.model.files.catalogue import claims

REPORTS = Path(__file__).parents[1] / "reports"
OTHERS = ("ghz_", "four_parties")
#: Claims whose content the report has in tables of its own.
OWN = tuple(f"ghz_biases_{kind}" for kind in (*POWERS, "unreduced"))
#: Relations by the weight of an input at which Colbeck and Renner's are equivalent to them.
WEIGHTS = {"even": 0, "opposite": 2, "odd": 1}
#: Up to this many parties slopes in the violation are exact.
MOST_ROBUST = 12
#: Largest number of parties that is timed.
WAYS = {"even": 200, "opposite": 200, "odd": 100}


def growth(last: int) -> list[str]:
    """Return a table of wall times in seconds, from the question to a checked answer."""
    sizes = [m for m in (4, 5, 6, 7, 8, 12, 20, 40, 70, 100) if m <= last]
    lines = [
        "Seconds from the question to an exact answer, certificate checked; "
        "measured when this was written, so ratios mean more than seconds.",
        "",
        "| M | " + " | ".join(f"polynomial, {kind}" for kind in WAYS) + " |",
        "|---|" + "---|" * len(WAYS),
    ]
    for parties in sizes:
        cells = []
        for kind, most in WAYS.items():
            begun = time.perf_counter()
            if parties <= most:
                compute(Relations(M=parties, relations=kind))
            cells.append(f"{time.perf_counter() - begun:.3f}" if parties <= most else "-")
        lines.append(f"| {parties} | {' | '.join(cells)} |")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*lines, "", f"Peak memory of the process that wrote this report: {memory:.0f} MB."]


def closed_form(parties: int) -> None:
    """Check that f_(M-1)/f_M is reached by the explicit box and proved by multipliers, exactly."""
    relations = Relations(M=parties, relations="opposite")
    proof = biases.bound(relations, extrapolated(relations))
    assert proof is not None, parties
    assert proof.value == ratio(parties), parties
    gammas = correlators(parties)
    unit = lcm(*(gamma.denominator for gamma in gammas))
    point = tuple(fmpz(int(gammas[d] * unit)) for d in range(1, len(unknowns(relations)) + 1))
    box = biases.Vertex(relations, (), point, fmpz(unit))
    assert box.value == ratio(parties), parties
    assert not biases.broken(box), parties


def others() -> str:
    """Return tables of the catalogue's other claims about GHZ relations."""
    parts = []
    for path in claims():
        if not path.stem.startswith(OTHERS) or path.stem.startswith(OWN):
            continue
        file = read(path)
        parts.append(
            f"### {file.name}\n\n{file.title}\n\n*Claim:* {file.claim}\n\n*Reference:* {file.reference}\n"
        )
        parts.append("| instance | expected | certified bracket | verdict |\n|---|---|---|---|")
        for instance in file.instances:
            found = verify(file, instance)
            assert found.as_expected, found.title
            expected = instance.expected
            cells = (instance.name or "-", expected or "-", str(found.result), found.verdict or "-")
            parts[-1] += "\n| " + " | ".join(cells) + " |"
        parts[-1] += "\n"
    return "\n".join(parts)


def main(last: int, closed: int) -> None:
    """Compute, certify, check and write."""
    values = {}
    for parties in range(3, last + 1):
        for kind in POWERS:
            exact = compute(Relations(M=parties, relations=kind)).bracket.exact
            assert exact is not None, (parties, kind)
            values[parties, kind] = exact
    for parties in range(last + 1, closed + 1):
        closed_form(parties)
    robust = {}
    for parties in range(3, min(last, MOST_ROBUST) + 1):
        for kind, weight in WEIGHTS.items():
            found = robust_growth(parties, weight)
            assert found is not None, (parties, kind)
            assert found.perfect == values[parties, kind], (parties, kind)
            robust[parties, kind] = found
    (REPORTS / "conjecture-1.csv").write_text(fractions_csv(values), encoding="utf-8")
    (REPORTS / "conjecture-1.md").write_text(
        markdown(values, max(last, closed), robust, others(), growth(last)), encoding="utf-8"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [100, 200][len(given) :]))
