"""Eight settings at V = .999, epsilon = .1: upper ends for Hardy's ladder and for a device found from it.

    python benchmarks/eight.py

writes question and certificate of each to reports/eight (two CPU minutes). A whole behaviour of eight
settings is 75,550 rows, solved along the source's tree; attacks are not sought, and multipliers are rounded
to `BITS`, so that a certificate has a hundred kilobytes, a tenth, and its bound 3e-6 to 9e-6 more.
docs/proofs/two-parties.md, 9.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from freerand_opt.bounds.methods.linear import offer
from freerand_opt.bounds.search.design import Device, Noise, best_parameter, improved, ladder_device
from freerand_opt.bounds.search.inner import Inner
from freerand_opt.bounds.search.wanted import EPSILON, VISIBILITY, Wanted
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.linear import Hint
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem
from freerand_opt.programs.boxes import cell_space
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import Strategies, build
from freerand_opt.solvers.linear_trees import solve, trees_of

OUT = Path(__file__).parents[1] / "reports" / "eight"
WANTED = Wanted(8, {EPSILON: Fraction(1, 10), VISIBILITY: Fraction(999, 1000)})
BITS = 24


@dataclass(frozen=True)
class Asked:
    """The question about a device, and its program."""

    problem: Problem
    made: Strategies


def asked(device: Device) -> Asked:
    """Return the question about a device's guess, and its program."""
    problem = WANTED.question(device).problem()
    assert isinstance(problem, Problem)
    made = build(problem, source_cone(problem), cell_space(problem, 2), guesses_of(problem), (0, 1))
    return Asked(problem, made)


def inner_of(made: Strategies) -> Inner:
    """Return the guess at a behaviour and the functional that shows it, along the tree."""
    trees = trees_of(made)
    assert trees is not None
    cells = {}
    for place, row in enumerate(trees.rows.tolist()):
        name = made.program.names[row]
        if name[0] == "test":  # type: ignore[index]
            cells[place] = (row, name[2])  # type: ignore[index]

    def inner(table: Floats) -> tuple[float, Floats] | None:
        right, functional = trees.right.copy(), np.zeros(table.size)
        for place, (_, cell) in cells.items():
            right[place] = table.reshape(-1)[cell]
        hint = solve(made, replace(trees, right=right))
        if hint is None:
            return None
        for row, cell in cells.values():
            functional[cell] = hint.multipliers[row]
        return float(hint.multipliers[trees.rows] @ right), functional.reshape(table.shape)

    return inner


def certified(device: Device) -> Pool:
    """Return the pool with the kernel's bound of a device's guess."""
    one = asked(device)
    trees = trees_of(one.made)
    hint = None if trees is None else solve(one.made, trees)
    assert hint is not None
    pool = Pool(one.problem)
    offer(pool, one.made, one.made.program, _short(hint), {}, "cells", "along the tree")
    return pool


def _short(hint: Hint) -> Hint:
    z = np.round(hint.multipliers * 2.0**BITS) / 2.0**BITS
    return replace(hint, multipliers=z, named=z)


def main() -> None:
    """Write both certificates and print what they bound."""
    OUT.mkdir(parents=True, exist_ok=True)
    ladder = ladder_device(8, best_parameter(8))
    with threadpool_limits(1):
        _, found = improved(inner_of(asked(ladder).made), Noise(0.999), ladder)
        for name, device in (("ladder", ladder), ("found", found)):
            pool = certified(device)
            (OUT / f"{name}.toml").write_text(WANTED.question(device).to_toml(), encoding="utf-8")
            words = json.dumps(pool.certificate(pool.upper, None), separators=(",", ":"))
            (OUT / f"{name}.json").write_text(words + "\n", encoding="utf-8")
            print(f"{name}: guess at most {float(pool.height):.9f}")


if __name__ == "__main__":
    main()
