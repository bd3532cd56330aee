"""Write reports/conjecture-1.md and .csv: exact values, the report, and how time grows.

    python benchmarks/conjecture.py [largest M] [largest M of the closed form]      (100 and 200 if not given)

Every value is certified and its certificate checked before it is written.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from math import lcm
from pathlib import Path

from flint import fmpz

from freerand_opt.claims.catalogue import claims
from freerand_opt.first.answers.biases import largest
from freerand_opt.first.answers.bounding import bound
from freerand_opt.first.answers.robust import growth as robust_growth
from freerand_opt.first.certificates import biases, check
from freerand_opt.first.certificates.certify import multipliers
from freerand_opt.first.model import functional
from freerand_opt.first.model.lemniscate import correlators, ratio
from freerand_opt.first.model.question import Adversary, Ask, Question, Test
from freerand_opt.first.model.relations import POWERS, Relations, SumOfBiases
from freerand_opt.first.model.scenario import ghz
from freerand_opt.first.model.source import Uniform
from freerand_opt.first.programs.ghz_orbits import outcome_counts
from freerand_opt.first.programs.ghz_polynomial import extrapolated, unknowns
from freerand_opt.first.reporting.conjecture import fractions_csv, markdown
from freerand_opt.first.solvers.highs import solve
from freerand_opt.first.spec.file import read
from freerand_opt.first.sweeps.sweep import sweep

REPORTS = Path(__file__).parents[1] / "reports"
OTHERS = ("ghz_", "four_parties")
#: Claims whose content the report has in tables of its own.
OWN = tuple(f"ghz_biases_{kind}" for kind in (*POWERS, "unreduced"))
#: Relations by the weight of an input at which Colbeck and Renner's are equivalent to them.
WEIGHTS = {"even": 0, "opposite": 2, "odd": 1}
#: Up to this many parties slopes in the violation are exact.
MOST_ROBUST = 12


def full(parties: int) -> None:
    """Solve and certify all P(x|a) at an input of weight 2, as the library does any question."""
    scenario = ghz(parties)
    asked = functional.biases(scenario, (1, 1) + (0,) * (parties - 2))
    test = Test(functional.mermin_errors(scenario), "<=", Fraction(0), "relations")
    bound(
        Question(
            scenario,
            Uniform(),
            "uniform",
            Adversary("no-signalling"),
            (test,),
            Ask("score", functional=asked),
        )
    )


def counts(parties: int) -> None:
    """Solve the program of outcome counts and its exact multipliers."""
    program = outcome_counts(Relations(parties, "opposite"))
    multipliers(program, solve(program))


def polynomial(kind: str) -> Callable[[int], None]:
    """Return a solver of the polynomial form, with the check of its certificate."""

    def run(parties: int) -> None:
        asked = SumOfBiases(Relations(parties, kind))
        check.check(largest(asked, name="", instance="").certificate)

    return run


WAYS: dict[str, tuple[Callable[[int], None], int]] = {
    "full program (colour refinement)": (full, 8),
    "outcome counts": (counts, 12),
    "polynomial, even": (polynomial("even"), 200),
    "polynomial, opposite": (polynomial("opposite"), 200),
    "polynomial, odd": (polynomial("odd"), 100),
}


def growth(last: int) -> list[str]:
    """Return a table of wall times in seconds, from the question to a checked answer."""
    sizes = [m for m in (4, 5, 6, 7, 8, 12, 20, 40, 70, 100) if m <= last]
    lines = [
        "Seconds from the question to an exact answer, certificate checked (outcome "
        "counts: multipliers only); "
        "measured when this was written, so ratios mean more than seconds.",
        "",
        "| M | " + " | ".join(WAYS) + " |",
        "|---|" + "---|" * len(WAYS),
    ]
    for parties in sizes:
        cells = []
        for run, most in WAYS.values():
            begun = time.perf_counter()
            if parties <= most:
                run(parties)
            cells.append(f"{time.perf_counter() - begun:.3f}" if parties <= most else "-")
        lines.append(f"| {parties} | {' | '.join(cells)} |")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*lines, "", f"Peak memory of the process that wrote this report: {memory:.0f} MB."]


def closed_form(parties: int) -> None:
    """Check that f_(M-1)/f_M is reached by the explicit box and proved by multipliers, exactly."""
    relations = Relations(parties, "opposite")
    proof = biases.bound(relations, extrapolated(relations))
    assert proof is not None, parties
    assert proof.value == ratio(parties), parties
    gammas = correlators(parties)
    unit = lcm(*(gamma.denominator for gamma in gammas))
    point = tuple(fmpz(int(gammas[d] * unit)) for d in range(1, len(unknowns(relations)) + 1))
    box = biases.Vertex(relations, (), point, fmpz(unit))
    assert box.value == ratio(parties), parties
    assert not biases.broken(box), parties


def main(last: int, closed: int) -> None:
    """Compute, certify, check and write."""
    values = {}
    for parties in range(3, last + 1):
        for kind in POWERS:
            found = largest(SumOfBiases(Relations(parties, kind)), name="", instance="")
            check.check(found.certificate)
            assert found.bracket.exact is not None, (parties, kind)
            values[parties, kind] = found.bracket.exact
    for parties in range(last + 1, closed + 1):
        closed_form(parties)
    robust = {}
    for parties in range(3, min(last, MOST_ROBUST) + 1):
        for kind, weight in WEIGHTS.items():
            found_growth = robust_growth(parties, weight)
            assert found_growth is not None, (parties, kind)
            assert found_growth.perfect == values[parties, kind], (parties, kind)
            robust[parties, kind] = found_growth
    files = [
        read(path) for path in claims() if path.stem.startswith(OTHERS) and not path.stem.startswith(OWN)
    ]
    answers = sweep(files)
    others = list(answers)
    assert not answers.failed, answers.failed
    (REPORTS / "conjecture-1.csv").write_text(fractions_csv(values), encoding="utf-8")
    (REPORTS / "conjecture-1.md").write_text(
        markdown(values, max(last, closed), robust, others, growth(last)), encoding="utf-8"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [100, 200][len(given) :]))
