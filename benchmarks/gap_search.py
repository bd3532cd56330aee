"""Draw small leakage questions and compare the outer program with the exact one.

    python benchmarks/gap_search.py [--seed 0] [--count 200] [--seconds 120]

The outer program (all products of facets) is exact where one cone is simplicial and on every
leakage question that we know of, though not on joint scores (lps/joint_score_gap_sv.toml). Each
question here is drawn from a seed: CHSH scenario, a Santha-Vazirani source of two bits in one time
order or a mutual one, a random mixture of no-signalling boxes near the local polytope, a test on
the whole behaviour or on random functionals, and the guess of A, B, the pair or the xor, at fixed
settings or on average. Programs are solved in floats; a gap beyond 1e-7 is then certified: the
exact program's own bound from above, and the outer program's exact point from below.
"""

from __future__ import annotations

import argparse
import time
from fractions import Fraction
from random import Random

from freerand_opt.first.certificates.certify import multipliers, objective_value, point
from freerand_opt.first.model.functional import from_terms
from freerand_opt.first.model.question import Adversary, Ask, Output, Question, Test
from freerand_opt.first.model.scenario import chsh
from freerand_opt.first.model.source import Mutual, SanthaVazirani, Source
from freerand_opt.first.programs.boxes import Xor, all_deterministic, table
from freerand_opt.first.programs.outer import outer
from freerand_opt.first.programs.strategies import by_source_vertices
from freerand_opt.first.solvers.highs import solve

SCENARIO = chsh()
OUTPUTS = (
    Output((0, 0, 1, 1), 2, "A"),
    Output((0, 1, 0, 1), 2, "B"),
    Output((0, 1, 1, 0), 2, "A xor B"),
    Output((0, 1, 2, 3), 4, "the pair"),
)
GAP = 1e-7


def behaviour(random: Random) -> list[list[Fraction]]:
    """Return a random mixture P[o][s] of a PR box, deterministic boxes and white noise."""
    boxes = [Xor((0, 0, 0, 1)), *random.sample(all_deterministic(SCENARIO), 4)]
    weights = [Fraction(random.randrange(5, 20)), *(Fraction(random.randrange(0, 6)) for _ in boxes[1:])]
    noise = Fraction(random.randrange(1, 4))
    total = sum(weights) + noise
    tables = [table(SCENARIO, box) for box in boxes]
    return [
        [
            (
                noise / 4
                + sum(
                    (w * int(t[o, s]) / unit for w, (t, unit) in zip(weights, tables, strict=True)),
                    Fraction(0),
                )
            )
            / total
            for s in range(4)
        ]
        for o in range(4)
    ]


def question(random: Random) -> Question:
    """Return a random leakage question that the honest behaviour passes."""
    honest = behaviour(random)
    epsilon = Fraction(random.randrange(1, 9), 40)
    source: Source = Mutual(epsilon)
    if random.random() < 0.8:
        source = SanthaVazirani(epsilon, random.choice(("A first", "B first")))
    cells = [(o, s) for o in range(4) for s in range(4)]
    settings = random.choice(("uniform", "free"))
    if random.random() < 0.5:
        tests = [Test(from_terms({cell: Fraction(1)}), "=", honest[cell[0]][cell[1]]) for cell in cells]
    else:
        tests = []
        for _ in range(random.randrange(1, 4)):
            # with free settings a conditional test speaks of one setting, a joint one of uniform settings
            terms = {cell: Fraction(random.randrange(-2, 3)) for cell in cells}
            terms = {cell: factor for cell, factor in terms.items() if factor}
            score = sum((f * honest[o][s] for (o, s), f in terms.items()), Fraction(0)) / 4
            tests.append(Test(from_terms(terms, on="joint"), ">=", score))
    at = "average" if random.random() < 0.5 else (random.randrange(2), random.randrange(2))
    ask = Ask("guessing-probability", random.choice(OUTPUTS), at)
    told = random.choice(("settings", "nothing"))
    return Question(SCENARIO, source, settings, Adversary("no-signalling", told), tuple(tests), ask)


def gap(asked: Question) -> tuple[float, float, float] | None:
    """Return (outer, exact, gap) in floats, or None if a solver says that there is no optimum."""
    above, exact = outer(asked).program, by_source_vertices(asked).program
    first, second = solve(above), solve(exact)
    if first.status != "optimal" or second.status != "optimal":
        return None
    values = [float(p.objective.floats() @ s.primal) for p, s in ((above, first), (exact, second))]
    return values[0], values[1], values[0] - values[1]


def certified(asked: Question) -> tuple[Fraction, Fraction] | None:
    """Return (a value that the outer program reaches, a bound on the exact one), both exact."""
    above, exact = outer(asked).program, by_source_vertices(asked).program
    x = point(above, solve(above))
    bound = multipliers(exact, solve(exact)).bound
    if x is None or not isinstance(bound, Fraction):
        return None
    return objective_value(above, x), bound


def main() -> None:
    """Search, and print every gap and how many questions were tried."""
    parser = argparse.ArgumentParser(description="Search for leakage questions with a gap.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120)
    chosen = parser.parse_args()
    begun, tried, closed, largest, found = time.perf_counter(), 0, 0, 0.0, 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        if time.perf_counter() - begun > chosen.seconds:
            break
        asked = question(Random(seed))
        values = gap(asked)
        tried += 1
        if values is None:
            continue
        closed += 1
        largest = max(largest, values[2])
        if values[2] > GAP:
            found += 1
            proof = certified(asked)
            told = asked.adversary.told if asked.ask.at == "average" else "-"
            words = f"{asked.source}, settings {asked.settings}, {len(asked.tests)} tests"
            assert asked.ask.output is not None
            print(f"seed {seed}: outer {values[0]:.9f}, exact {values[1]:.9f}; {words}")
            print(f"    guess of {asked.ask.output.label} at {asked.ask.at}, told {told}")
            if proof is not None:
                print(f"    certified: outer reaches {proof[0]}, exact is at most {proof[1]}")
    print(f"{tried} questions, {closed} with an answer, {found} with a gap; largest difference {largest:.2e}")


if __name__ == "__main__":
    main()
