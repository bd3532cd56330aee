"""Side by side with a hand-written cvxpy program for the same question; prints ratios.

    make bench        or        python benchmarks/compare.py [N ..]

"ours" goes from the question to an answer whose certificate has been checked; the notebook
programs stop at a solver's floats. Times are wall seconds of one process after both libraries
are imported; the median of three runs, taken in turn.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from fractions import Fraction

import cvxpy as cp
import numpy as np
from freerand_opt.first.answers.bounding import bound
from freerand_opt.first.model import behaviour, functional
from freerand_opt.first.model.question import Adversary, Ask, Output, Question, Test
from freerand_opt.first.model.scenario import chained, cycle
from freerand_opt.first.model.source import SanthaVazirani, Uniform, leaf_settings

RUNS = 3


def question(n: int, epsilon: Fraction) -> Question:
    """Return the leakage question of one row."""
    scenario = chained(n)
    errors = functional.chained(scenario)
    score = behaviour.score(errors, behaviour.quantum(scenario))
    source = SanthaVazirani(epsilon, "interleaved", "least-significant-first") if epsilon else Uniform()
    return Question(
        scenario,
        source,
        "uniform",
        Adversary("no-signalling"),
        (Test(errors, "<=", score, "I_N <= quantum"),),
        Ask("guessing-probability", Output((0, 0, 1, 1), 2, "A"), (0, 0)),
    )


def notebook_guess(n: int) -> float:
    """No-signalling guess given I_N, as one writes it in a notebook: loops of constraints."""
    p = [
        {
            (x, y, a, b): cp.Variable(nonneg=True)
            for x in (0, 1)
            for y in (0, 1)
            for a in range(n)
            for b in range(n)
        }
        for _ in (0, 1)
    ]
    constraints = []
    for box in p:
        for x in (0, 1):
            for a in range(n):
                for b in range(1, n):
                    constraints.append(box[x, 0, a, b] + box[x, 1, a, b] == box[x, 0, a, 0] + box[x, 1, a, 0])
        for y in (0, 1):
            for b in range(n):
                for a in range(1, n):
                    constraints.append(box[0, y, a, b] + box[1, y, a, b] == box[0, y, 0, b] + box[1, y, 0, b])
    constraints.append(sum(box[x, y, 0, 0] for box in p for x in (0, 1) for y in (0, 1)) == 1)
    errors = 0
    for a, b, parity in cycle(chained(n)).edges:  # type: ignore[union-attr]
        errors += sum(box[x, 1 - x ^ parity, a, b] for box in p for x in (0, 1))
    constraints.append(errors <= 2 * n * math.sin(math.pi / (4 * n)) ** 2)
    guess = sum(p[g][g, y, 0, 0] for g in (0, 1) for y in (0, 1))
    problem = cp.Problem(cp.Maximize(guess), constraints)
    return float(problem.solve(solver=cp.HIGHS))


def notebook_leakage(n: int, epsilon: float) -> float:
    """Leakage with Santha-Vazirani settings: 2N + 1 boxes, each with a tree of bits, node by node."""
    scenario = chained(n)
    bits = 2 * int(math.log2(n))
    leaves = leaf_settings(scenario, SanthaVazirani(Fraction(0), "interleaved", "least-significant-first"))
    edges = cycle(scenario).edges  # type: ignore[union-attr]
    constraints, flows = [], []
    for _ in range(len(edges) + 1):
        levels = [cp.Variable(2**depth, nonneg=True) for depth in range(bits + 1)]
        for depth in range(bits):
            for node in range(2**depth):
                left, right = levels[depth + 1][2 * node], levels[depth + 1][2 * node + 1]
                constraints.append(left + right == levels[depth][node])
                constraints.append(left <= (0.5 + epsilon) * levels[depth][node])
                constraints.append(right <= (0.5 + epsilon) * levels[depth][node])
        flows.append(levels[-1])
    for leaf in range(4 ** (bits // 2)):
        constraints.append(sum(flow[leaf] for flow in flows) == 1 / 4 ** (bits // 2))
    place = {setting: leaf for leaf, setting in enumerate(leaves)}
    total = 4 ** (bits // 2)
    errors = sum(flows[k][place[scenario.setting_index((a, b))]] * total for k, (a, b, _) in enumerate(edges))
    constraints.append(errors <= 2 * n * math.sin(math.pi / (4 * n)) ** 2)
    here = place[scenario.setting_index((0, 0))]
    guess = sum(flow[here] * total for flow in flows[:-1]) + flows[-1][here] * total / 2
    problem = cp.Problem(cp.Maximize(guess), constraints)
    return float(problem.solve(solver=cp.HIGHS))


def timed(run: Callable[[], float]) -> tuple[float, float]:
    """Return (value, seconds) of one call."""
    begun = time.perf_counter()
    value = run()
    return value, time.perf_counter() - begun


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float]) -> None:
    """Print one row: medians of ours and of theirs, and the ratio."""
    pairs = [(timed(ours), timed(theirs)) for _ in range(RUNS)]
    mine, other = (statistics.median(pair[i][1] for pair in pairs) for i in (0, 1))
    (value, _), (floats, _) = pairs[0]
    print(
        f"{name:34} ours {mine:8.3f} s   notebook cvxpy {other:8.3f} s   ratio {other / mine:7.1f}   "
        f"values differ by {abs(value - floats):.1e}"
    )


def main() -> None:
    """Print the table for the sizes on the command line."""
    warnings.simplefilter("ignore")  # cvxpy warns that loops of constraints are slow
    np.seterr(all="raise", under="ignore")
    sizes = [int(word) for word in sys.argv[1:]] or [8, 16]
    for n in sizes:
        compare(
            f"no-signalling guess, N = {n}",
            lambda n=n: float(bound(question(n, Fraction(0))).bracket.upper),  # type: ignore[misc,arg-type]
            lambda n=n: notebook_guess(n),  # type: ignore[misc]
        )
    for n in sizes:
        compare(
            f"leakage, eps = 0.03, N = {n}",
            lambda n=n: float(bound(question(n, Fraction(3, 100))).bracket.upper),  # type: ignore[misc,arg-type]
            lambda n=n: notebook_leakage(n, 0.03),  # type: ignore[misc]
        )


if __name__ == "__main__":
    main()
