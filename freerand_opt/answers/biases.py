"""The largest sum of biases under perfect GHZ relations: exact, with a certificate at both ends.

A solver's floats only suggest which probabilities vanish (constraint generation over the strings,
from the edges inward); boxes, multipliers and the search for negative probabilities are exact.
"""

from __future__ import annotations

import time

import numpy as np

from freerand_opt.certificates.biases import Bound, Vertex, as_json, bound, broken, vertex
from freerand_opt.model.relations import Relations, SumOfBiases
from freerand_opt.programs.ghz_polynomial import (
    String,
    extrapolated,
    near_edges,
    row,
    sizes,
    strings,
)
from freerand_opt.proving.certified import digest
from freerand_opt.proving.result import Bracket, Result

#: Up to this many parties a solver sees all strings at once.
SMALL = 10
#: Rounds of constraint generation before the search is given up.
MOST_ROUNDS = 60


def optimum(relations: Relations) -> tuple[Vertex | None, Bound | None, str]:
    """Return the optimal box, multipliers that prove it optimal, and how; None for what was not found."""
    if relations.real:
        guess = extrapolated(relations)
        box, proof = vertex(relations, guess), bound(relations, guess)
        if box is not None and proof is not None and not broken(box):
            return box, proof, "extrapolated active rows"
    return _generated(relations)


def largest(asked: SumOfBiases, *, name: str, instance: str) -> Result:
    """Return the largest sum of biases with its certificate, which is yet to be checked."""
    begun = time.perf_counter()
    box, proof, how = optimum(asked.relations)
    body = as_json(asked.relations, name=name, instance=instance, box=box, multipliers=proof)
    return Result(
        name=name,
        instance=instance,
        quantity="sum-of-biases",
        bracket=Bracket(None if box is None else box.value, None if proof is None else proof.value),
        certificate=body,
        digest=digest(body),
        method=f"polynomial form (docs/proofs/conjecture-1.md), {how}",
        solver="none" if how.startswith("extrapolated") else "highs",
        seconds=time.perf_counter() - begun,
    )


def _generated(relations: Relations) -> tuple[Vertex | None, Bound | None, str]:
    m = relations.parties
    pool = list(strings(relations)) if m <= SMALL else near_edges(relations, 1)
    known = set(pool)
    proof: Bound | None = None
    for count in range(1, MOST_ROUNDS + 1):
        active = _hint(relations, pool)
        box = vertex(relations, active)
        found = bound(relations, active)
        if found is not None and (proof is None or found.value < proof.value):
            proof = found
        if box is None:
            break
        negative = broken(box)
        if not negative:
            return box, proof, f"constraint generation, {count} rounds, {len(pool)} rows"
        new = [string for _, string in negative if string not in known][: 4 * m]
        if not new:
            break
        pool += new
        known.update(new)
    return None, proof, f"constraint generation, given up with {len(pool)} rows"


def _hint(relations: Relations, pool: list[String]) -> list[String]:
    """Return the strings that a solver finds active."""
    scale = sizes(relations)
    rows = [row(relations, string) for string in pool]
    matrix = np.array([[entry / size for entry, size in zip(line[1:], scale, strict=True)] for line in rows])
    right = np.array([float(line[0]) for line in rows])
    cost = np.zeros(len(scale))
    cost[0] = relations.parties / scale[0]
    largest = np.array([4.0 * size for size in scale])
    from freerand_opt.solvers.dense import active_rows

    return [pool[place] for place in active_rows(matrix, right, cost, largest)]
