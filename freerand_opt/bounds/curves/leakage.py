r"""The curve of leakage in epsilon, at fixed settings or on average, in closed form: no program is solved.

Santha-Vazirani bits in one time order, one string a setting; M = 2^n uniform settings; errors on an odd
cycle, each P(error, s) at price c, are worth at most I (docs/proofs/chained-leakage.md, statement 3). With
Q = 1 - 2e, P = 1 + 2e, J = 2^n I/c, lambda = min(1, J/Q^n) the answer is half of f(..f(lambda)), n times
f(t) = min(P t, 1 - Q (1 - t)).

*Above*, for k = 0, .., n, everywhere: prices y = -2^(k-1) Q^(n-k) below the node of depth k over the settings
asked for, M/2 more at these, m = M (P/Q)^k/(2 c) of the test,

.. math:: \text{answer} \le \tfrac12\bigl(1 - Q^{n-k} + (P/Q)^k J\bigr) .

*Below*, where this is the least, attacks/leakage.py. On average, told the settings, the answer is
lambda/2, by the test's price alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

from freerand_opt.attacks.leakage import Leakage, Poly, piece, power_of, summed
from freerand_opt.bounds.curves.pieces import ROOM, inside
from freerand_opt.bounds.methods.edges import in_epsilon
from freerand_opt.bounds.threshold import simplest
from freerand_opt.model.problem import Bits, Problem, Test
from freerand_opt.programs.cycle import cycle_of, edge_form

Parts: TypeAlias = list[dict[str, Any]]
#: Halvings by which the end of a piece is found.
HALVINGS = 60


def leakage_of(problem: Callable[[Fraction], Problem], ends: tuple[Fraction, Fraction]) -> Leakage | None:
    """Return the question as one of leakage in closed form, None if it is none. `problem` is of epsilon."""
    first = problem(ends[0])
    source, ask = first.source, first.ask
    if not isinstance(source, Bits) or first.devices != "no-signalling" or not first.even:
        return None
    if ask.score is not None or not len(source.leaves) == len(set(source.leaves)) == first.shape[0]:
        return None
    cycle = cycle_of(first) if in_epsilon(problem, ends) else None
    if cycle is None or not cycle.guessed or len(cycle.tests) != 1:
        return None
    (values,), (test,) = cycle.tests, first.tests
    costs = {more for _, more in values.values()}
    if set(values) != set(cycle.edges) or len(costs) != 1 or any(right for right, _ in values.values()):
        return None
    assert isinstance(test, Test)  # a cycle keeps no table
    price, score = costs.pop(), inside(test.score, test.relation)
    limit = score if test.relation == "<=" else -score
    place = source.leaves.index(min(cycle.edges) if ask.at is None else ask.at)
    made = Leakage(cycle, test, score, source.leaves, place, price, limit * first.shape[0] / price)
    return made if limit > 0 and len({made.near(leaf) for leaf in made.edges}) == 2 else None


def leakage_parts(made: Leakage, ends: tuple[Fraction, Fraction]) -> tuple[Parts, Parts]:
    """Return upper ends and lower ends, polynomials in epsilon."""
    low, high = ends
    borders, most = [low, *_borders(made, ends), high], made.depth if made.fixed else 1
    used = [(k, a, b) for k, (a, b) in zip(range(most, -2, -1), pairwise(borders), strict=True) if a < b]
    items = [_item(made, k) for k, *_ in used if k >= 0]
    if not made.fixed:
        items = [_mean(made)] if items else []
    if used[-1][0] < 0:
        items.append(_half(made))
    upper = [{"from": str(low), "to": str(high), **item} for item in items]
    room = (high - low) * ROOM
    lower = []
    for k, a, b in used:
        if b - a > 4 * room:
            first = a if a == low else simplest(a + room / 4, a + room)
            last = b if b == high else simplest(b - room, b - room / 4)
            lower.append({"from": str(first), "to": str(last), **piece(made, k)})
    return upper, lower


def _borders(made: Leakage, ends: tuple[Fraction, Fraction]) -> list[Fraction]:
    """Return where P^(n-1) lambda = 1/2, .., lambda = 1/2, lambda = 1, each cut to the interval."""

    def passes(x: Fraction, power: int, level: Fraction) -> bool:
        return (1 + 2 * x) ** power * made.j >= level * (1 - 2 * x) ** made.depth

    found, halves = [], reversed(range(made.depth if made.fixed else 1))
    for power, level in [*((k, Fraction(1, 2)) for k in halves), (0, Fraction(1))]:
        low, high = ends
        if passes(low, power, level):
            high = low
        elif not passes(high, power, level):
            low = high
        for _ in range(HALVINGS if low < high else 0):
            middle = (low + high) / 2
            low, high = (low, middle) if passes(middle, power, level) else (middle, high)
        found.append(high)
    return found


def _item(made: Leakage, k: int) -> dict[str, Any]:
    """Return the prices of formula k, over 2 Q^k."""
    n, m = made.depth, Fraction(len(made.leaves)) / made.price
    below = summed((-(2**k) * m.denominator, power_of(n, 0)))
    here = summed((2**n * m.denominator, power_of(k, 0)), (1, below))
    settings = {s: below for leaf, s in enumerate(made.leaves) if leaf >> (n - k) == made.target >> (n - k)}
    settings[made.leaves[made.target]] = here
    test = summed((m.numerator, power_of(0, k)))
    return _priced(made, summed((2 * m.denominator, power_of(k, 0))), settings, test)


def _mean(made: Leakage) -> dict[str, Any]:
    """Return the price of the test by which leakage on average is at most lambda/2, over 2 Q^n."""
    m = Fraction(len(made.leaves)) / made.price
    return _priced(made, summed((2 * m.denominator, power_of(made.depth, 0))), {}, [m.numerator])


def _half(made: Leakage) -> dict[str, Any]:
    """Return the prices by which leakage is at most 1/2."""
    if made.fixed:
        return _priced(made, [2], {made.leaves[made.target]: [2**made.depth]}, [])
    return _priced(made, [2], {s: [1] for s in made.leaves}, [])


def _priced(made: Leakage, unit: Poly, settings: dict[int, Poly], test: Poly) -> dict[str, Any]:
    """Return an item. A guess is leakage and 1/2."""
    if made.cycle.problem.ask.quantity != "trace-distance":
        asked = [made.leaves[made.target]] if made.fixed else made.leaves
        half = [c * (len(made.leaves) if made.fixed else 1) // 2 for c in unit]  # units are even
        settings = {**settings, **{s: summed((1, settings.get(s, [])), (1, half)) for s in asked}}
    price = summed((1 if made.test.relation == "<=" else -1, test))
    return {
        "unit": unit,
        "rest": [],
        "prices": {
            "settings": _vector([settings.get(s, []) for s in range(len(made.leaves))]),
            "tests": [price],
        },
        "proof": {"way": "cycle", "edges": edge_form(made.cycle)},
    }


def _vector(values: list[Poly]) -> dict[str, Any]:
    """Return a vector of polynomials in the shorter of its two forms."""
    keys = list(dict.fromkeys(map(tuple, values)))
    codes = [keys.index(tuple(p)) for p in values]
    usual = max(range(len(keys)), key=codes.count)
    listed = {"all": list(keys[usual]), "but": [[s, keys[k]] for s, k in enumerate(codes) if k != usual]}
    coded = {"palette": keys, "codes": codes}
    return min(listed, coded, key=lambda form: len(json.dumps(form)))
