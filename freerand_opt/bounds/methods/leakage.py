r"""Leakage at fixed settings or on average in closed form, at one epsilon or as its curve; no program.

Santha-Vazirani bits in one time order, one string a setting; M = 2^n uniform settings; errors on an odd
cycle, each P(error, s) at price c, cost at most I more than no errors (docs/proofs/chained-leakage.md,
statement 3). With Q = 1 - 2e, P = 1 + 2e, J = 2^n I/c, lambda = min(1, J/Q^n) the answer is half of
f(..f(lambda)), n times f(t) = min(P t, 1 - Q (1 - t)).

*Above*, for k = 0, .., n, everywhere: prices y = -2^(k-1) Q^(n-k) below the node of depth k over the settings
asked for, M/2 more at these, m = M (P/Q)^k/(2 c) of the test,

.. math:: \text{answer} \le \tfrac12\bigl(1 - Q^{n-k} + (P/Q)^k J\bigr) .

*Below*, where this is the least, attacks/leakage.py. On average, told the settings, the answer is
lambda/2, by the test's price alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any, TypeAlias

from freerand_opt.attacks.graph import Graph
from freerand_opt.attacks.leakage import Leakage, Poly, piece, power_of, summed
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.polynomials import value_at
from freerand_opt.model.certificate_form import moving_vector, vector_form
from freerand_opt.model.problem import Bits, Problem, Test
from freerand_opt.numbers.rounding import drawn_in, inside
from freerand_opt.programs.cycle import cycle_of, edge_form, even_costs

Parts: TypeAlias = list[dict[str, Any]]
#: Prices as polynomials: their unit, those of settings (0 elsewhere), that of the test.
Prices: TypeAlias = tuple[Poly, dict[int, Poly], Poly]
#: Halvings by which the end of a piece is found.
HALVINGS = 60


def leakage_of(problem: Problem) -> Leakage | None:
    """Return the question as one of leakage in closed form, whatever epsilon is; None if it is none."""
    source, ask = problem.source, problem.ask
    if not isinstance(source, Bits) or problem.devices != "no-signalling" or not problem.even:
        return None
    if ask.score is not None or not len(source.leaves) == len(set(source.leaves)) == problem.shape[0]:
        return None
    low, high = source.ranges[0]
    cycle = cycle_of(problem) if set(source.ranges) == {(low, high)} and low + high == 1 else None
    if cycle is None or not cycle.guessed or len(cycle.tests) != 1:
        return None
    even, (test,) = even_costs(cycle, cycle.tests[0]), problem.tests
    assert isinstance(test, Test)  # a cycle keeps no table
    if even is None:
        return None
    price, right = even
    score = inside(test.score, test.relation)
    limit = (score if test.relation == "<=" else -score) - sum(right.values(), Fraction(0)) / problem.shape[0]
    place = source.leaves.index(min(cycle.edges) if ask.at is None else ask.at)
    made = Leakage(cycle, test, score, source.leaves, place, price, right, limit * problem.shape[0] / price)
    return made if limit > 0 and len({made.near(leaf) for leaf in made.edges}) == 2 else None


def leakage(pool: Pool, options: Options) -> Iterator[None]:
    """Offer both ends at one epsilon, those of the curve there."""
    made = leakage_of(pool.problem) if options.solver == "auto" else None
    if made is None:
        return
    assert isinstance(pool.problem.source, Bits)
    x = pool.problem.source.ranges[0][1] - Fraction(1, 2)
    most = made.depth if made.fixed else 1
    passed = [_passes(made, x, power, level) for power, level in _levels(made)]
    k = most - sum(passed)  # levels are passed one after the other as lambda grows
    words = "closed form of leakage on a cycle"
    prices = _half(made) if k < 0 else _item(made, k) if made.fixed else _mean(made)
    pool.offer_upper(_upper_at(made, prices, x), words)
    if pool.bound is not None:
        pool.margin = pool.height
    yield
    attack = _attack_at(piece(made, k), x)
    if attack is not None:
        pool.offer_attack(attack, words)
    yield


def _upper_at(made: Leakage, prices: Prices, x: Fraction) -> dict[str, Any]:
    """Return the upper end of polynomial prices at one epsilon."""
    unit, settings, test = prices
    whole = _value(unit, x)
    known = {tuple(p): _value(p, x) / whole for p in settings.values()}  # few, of many settings
    values = [known.get(tuple(settings.get(s, ())), Fraction(0)) for s in range(len(made.leaves))]
    return {
        "claim": "bound",
        "prices": {"settings": vector_form(values), "tests": [str(_value(test, x) / whole)]},
        "proof": {"way": "cycle", "edges": edge_form(made.cycle)},
    }


def _attack_at(lower: dict[str, Any], x: Fraction) -> dict[str, Any] | None:
    """Return an attack of polynomials at one epsilon, None where a node has no mass to share."""
    palette = [(_value(num, x), _value(den, x)) for num, den in lower["flow"]["palette"]]
    if not all(den for _, den in palette):
        return None
    graph = Graph()
    places: dict[int | None, int | None] = {None: None}
    for k, (code, left, right) in enumerate(lower["flow"]["nodes"]):
        num, den = palette[code]
        places[k] = graph.node(num / den, places[left], places[right])
    whole = _value(lower["unit"], x)
    return {
        "edges": lower["edges"],
        "flow": graph.form(),
        "weights": vector_form([_value(p, x) / whole for p in lower["weights"]]),
        "nodes": [places[k] for k in lower["nodes"]],
        "errors": lower["errors"],
    }


def _value(p: Sequence[int], x: Fraction) -> Fraction:
    return value_at(tuple(p), x)


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
    upper = [{"from": str(low), "to": str(high), **_form(made, item)} for item in items]
    lower = []
    for k, a, b in used:
        within = drawn_in(a, b, ends)
        if within is not None:
            lower.append({"from": str(within[0]), "to": str(within[1]), **piece(made, k)})
    return upper, lower


def _levels(made: Leakage) -> list[tuple[int, Fraction]]:
    """Return (power, level): formulas change where P^power lambda is 1/2, and where lambda is 1."""
    halves = reversed(range(made.depth if made.fixed else 1))
    return [*((power, Fraction(1, 2)) for power in halves), (0, Fraction(1))]


def _passes(made: Leakage, x: Fraction, power: int, level: Fraction) -> bool:
    """Return whether P^power J/Q^n is at least a level at x."""
    return (1 + 2 * x) ** power * made.j >= level * (1 - 2 * x) ** made.depth


def _borders(made: Leakage, ends: tuple[Fraction, Fraction]) -> list[Fraction]:
    """Return where the levels are passed, each cut to the interval."""
    found = []
    for power, level in _levels(made):
        low, high = ends
        if _passes(made, low, power, level):
            high = low
        elif not _passes(made, high, power, level):
            low = high
        for _ in range(HALVINGS if low < high else 0):
            middle = (low + high) / 2
            low, high = (low, middle) if _passes(made, middle, power, level) else (middle, high)
        found.append(high)
    return found


def _item(made: Leakage, k: int) -> Prices:
    """Return the prices of formula k, over 2 Q^k."""
    n, m = made.depth, Fraction(len(made.leaves)) / made.price
    below = summed((-(2**k) * m.denominator, power_of(n, 0)))
    here = summed((2**n * m.denominator, power_of(k, 0)), (1, below))
    settings = {s: below for leaf, s in enumerate(made.leaves) if leaf >> (n - k) == made.target >> (n - k)}
    settings[made.leaves[made.target]] = here
    test = summed((m.numerator, power_of(0, k)))
    return _priced(made, summed((2 * m.denominator, power_of(k, 0))), settings, test)


def _mean(made: Leakage) -> Prices:
    """Return the price of the test by which leakage on average is at most lambda/2, over 2 Q^n."""
    m = Fraction(len(made.leaves)) / made.price
    return _priced(made, summed((2 * m.denominator, power_of(made.depth, 0))), {}, [m.numerator])


def _half(made: Leakage) -> Prices:
    """Return the prices by which leakage is at most 1/2."""
    if made.fixed:
        return _priced(made, [2], {made.leaves[made.target]: [2**made.depth]}, [])
    return _priced(made, [2], {s: [1] for s in made.leaves}, [])


def _priced(made: Leakage, unit: Poly, settings: dict[int, Poly], test: Poly) -> Prices:
    """Return prices with the test's sign. A guess is leakage and 1/2."""
    if made.cycle.problem.ask.quantity != "trace-distance":
        asked = [made.leaves[made.target]] if made.fixed else made.leaves
        half = [c * (len(made.leaves) if made.fixed else 1) // 2 for c in unit]  # units are even
        settings = {**settings, **{s: summed((1, settings.get(s, [])), (1, half)) for s in asked}}
    if any(made.right.values()):  # what the test counts without errors, at its price
        size = lcm(*(x.denominator for x in made.right.values()))
        settings = {s: summed((size, p)) for s, p in settings.items()}
        for s, x in made.right.items():
            settings[s] = summed((1, settings.get(s, [])), (-int(size * x), test))
        unit, test = summed((size, unit)), summed((size, test))
    return unit, settings, summed((1 if made.test.relation == "<=" else -1, test))


def _form(made: Leakage, prices: Prices) -> dict[str, Any]:
    """Return the item of a curve."""
    unit, settings, test = prices
    return {
        "unit": unit,
        "rest": [],
        "prices": {
            "settings": moving_vector([settings.get(s, []) for s in range(len(made.leaves))]),
            "tests": [test],
        },
        "proof": {"way": "cycle", "edges": edge_form(made.cycle)},
    }
