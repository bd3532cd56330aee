"""How cost grows with the number of bits: four ways to the same answer, as a table with ratios.

    python benchmarks/scaling.py [largest r]        (10 if not given)

Leakage at fixed settings, total I_N test, eps = 3/50, N = 2^r, interleaved, least significant bit
first. Each cell is the wall time from the question to exact multipliers (no certificate is
written): the quotient written down directly; colour refinement of the full program; the full
program as it is; and all vertices of the source, 2^(4^r - 1) of them, each with a no-signalling
box. A way that passed `LIMIT` seconds, or does not fit, is not tried again for larger r.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from fractions import Fraction

from freerand_opt.first.certificates.certify import multipliers
from freerand_opt.first.formulas.questions import chained_leakage
from freerand_opt.first.model import functional
from freerand_opt.first.model.behaviour import quantum, score
from freerand_opt.first.model.question import Adversary, Ask, Output, Question, Test
from freerand_opt.first.model.scenario import chained
from freerand_opt.first.model.source import SanthaVazirani
from freerand_opt.first.programs.build import cycle_boxes
from freerand_opt.first.programs.program import ConicProgram
from freerand_opt.first.programs.quotient import by_orbits
from freerand_opt.first.programs.refinement import reduce
from freerand_opt.first.programs.strategies import by_boxes, by_source_vertices
from freerand_opt.first.solvers.highs import solve

from freerand_opt.errors import TooLargeError
from freerand_opt.numbers.exact import compare

LIMIT = 60.0


def question(r: int) -> Question:
    """Return the leakage question with N = 2^r."""
    scenario = chained(2**r)
    errors = functional.chained(scenario)
    return Question(
        scenario,
        SanthaVazirani(Fraction(3, 50), "interleaved", "least-significant-first"),
        "uniform",
        Adversary("no-signalling"),
        (Test(errors, "<=", score(errors, quantum(scenario)), "I_N <= quantum"),),
        Ask("trace-distance", Output((0, 0, 1, 1), 2, "A"), (0, 0)),
    )


def full(asked: Question) -> ConicProgram:
    """Return the whole program, boxes times tree, unreduced."""
    boxes = cycle_boxes(asked)
    assert boxes is not None
    return by_boxes(asked, boxes).program


WAYS: dict[str, Callable[[Question], ConicProgram]] = {
    "quotient": lambda asked: by_orbits(asked).program,
    "refinement": lambda asked: reduce(full(asked)).program,
    "full program": full,
    "vertices": lambda asked: by_source_vertices(asked).program,
}


def cell(way: str, asked: Question) -> tuple[str, float | None]:
    """Return (rows x columns and seconds, seconds); None if it does not fit."""
    begun = time.perf_counter()
    try:
        program = WAYS[way](asked)
    except (TooLargeError, MemoryError):
        return "does not fit", None
    solution = solve(program, time_limit=2 * LIMIT)
    if solution.status != "optimal":
        return f"{program.shape[0]} x {program.shape[1]}, stopped", None
    proved = multipliers(program, solution).bound
    seconds = time.perf_counter() - begun
    if compare(proved - Fraction(1, 10**9), chained_leakage(asked)) > 0:
        return f"{program.shape[0]} x {program.shape[1]}, no proof", None
    return f"{program.shape[0]} x {program.shape[1]}, {seconds:.2f} s", seconds


def main() -> None:
    """Print cost against r, up to the r on the command line."""
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print("| r | N | " + " | ".join(WAYS) + " | against the quotient |")
    print("|---|---|" + "---|" * (len(WAYS) + 1))
    given_up: set[str] = set()
    for r in range(1, largest + 1):
        asked = question(r)
        cells, times = {}, {}
        for way in WAYS:
            if way == "vertices" and r > 1:
                cells[way] = f"2^{4**r - 1} vertices"
                continue
            if way in given_up:
                cells[way] = "-"
                continue
            cells[way], seconds = cell(way, asked)
            if seconds is None or seconds > LIMIT:
                given_up.add(way)
            if seconds is not None:
                times[way] = seconds
        ratios = [f"{way} {times[way] / times['quotient']:.1f}" for way in times if way != "quotient"]
        print(f"| {r} | {2**r} | " + " | ".join(cells.values()) + f" | {', '.join(ratios)} |", flush=True)


if __name__ == "__main__":
    main()
