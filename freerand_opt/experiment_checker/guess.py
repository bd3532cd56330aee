r"""Factors from a bound on every guess (maximum-probability estimators), for any scenario and any devices.

With B(c, z) such that at every source point s and every box q, for all joint settings z* and outcomes c*,

.. math:: \sum_{z,c} s(z)\, q(c|z)\, B(c,z) \ge s(z^*)\, q(c^*_{of}|z^*) / u(z^*),

and b > 0, every 0 <= F <= b^(-beta) (1 + beta - beta B / b) obeys the condition (E)
(docs/proofs/experiments.md, section 9; after Zhang, Knill and Bierhorst, arXiv:1709.06159).
Each inequality is a largest score with unconstrained settings, which the kernel bounds from its own proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from freerand_opt.checker.bound import check_upper
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import enclose
from freerand_opt.checker.question import read_question
from freerand_opt.checker.reading import closed, fraction, integer, integers, items
from freerand_opt.experiment_checker.powers import ceil_div, root_up
from freerand_opt.experiment_checker.scenario import Shape

#: (joint setting, outcomes of the parties whose bits are certified).
Guess = tuple[int, tuple[int, ...]]
#: Settings with two outcomes, up to which exchanges of outcomes are looked for.
MOST_FLIPS = 12
#: Precision to which a proved end is rounded up.
END_BITS = 64


@dataclass(frozen=True)
class Estimator:
    """B by cell, without its constant, and the scale b > 0."""

    bound: tuple[Fraction, ...]
    scale: Fraction


def question(raw: Any, terms: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the kernel's question of the largest joint score over the source and devices of a document."""
    stated = raw["source"]["kind"] == "free"
    fixed = raw["distribution"] if stated else "uniform"
    return {
        "settings": raw["settings"],
        "outcomes": raw["outcomes"],
        "source": raw["source"],
        "observed": fixed if raw["source"]["kind"] in ("free", "uniform") else "unconstrained",
        "devices": raw["devices"],
        "tests": [],
        "ask": {"quantity": "score", "on": "joint", "terms": terms, "extreme": "largest"},
    }


def guess_terms(
    shape: Shape, of: tuple[int, ...], centre: Sequence[Fraction], bound: Sequence[Fraction], guess: Guess
) -> list[list[Any]]:
    """Return the terms of s(z*) q(c*|z*) / u(z*) less the mean of B."""
    size, parts = shape.count[1], shape.parts(of)
    found = []
    for cell, b in enumerate(bound):
        z, c = divmod(cell, size)
        factor = (1 / centre[z] if (z, parts[c]) == guess else 0) - b
        if factor:
            found.append([z, c, str(factor)])
    return found


def classes(shape: Shape, of: tuple[int, ...], bound: Sequence[Fraction], work: Work) -> dict[Guess, Guess]:
    """Return for every guess the first one that an exchange of outcomes which keeps B makes of it.

    An exchange is of both outcomes of one party at some of its settings; it leaves source and devices alone.
    """
    size, parts = shape.count[1], shape.parts(of)
    places = [(p, x) for p, n in enumerate(shape.settings) for x in range(n) if shape.outcomes[p] == 2]
    many = len(places) if len(places) <= MOST_FLIPS else 0
    work.spend(len(bound) * (1 + len(shape.settings)) << many, "exchanges of outcomes")
    index = {outcome: c for c, outcome in enumerate(shape.results)}
    known = {(z, part): (z, part) for z in range(shape.count[0]) for part in sorted(set(parts))}
    for chosen in product((0, 1), repeat=many):
        flips = dict(zip(places, chosen, strict=False))
        moved = []
        for place in shape.places:
            own = [flips.get((p, x), 0) for p, x in enumerate(place)]
            results = ([o ^ f for o, f in zip(result, own, strict=True)] for result in shape.results)
            moved.append([index[tuple(image)] for image in results])
        pairs = [(z, c, d) for z, line in enumerate(moved) for c, d in enumerate(line)]
        if all(bound[z * size + c] == bound[z * size + d] for z, c, d in pairs):
            for z, c, d in pairs:
                known[z, parts[d]] = min(known[z, parts[d]], (z, parts[c]))
    return known


def read_estimator(
    document: Any, raw: Any, shape: Shape, of: tuple[int, ...], centre: Sequence[Fraction], work: Work
) -> Estimator:
    """Return B with the constant that the kernel's proofs leave over; raise Rejected if a guess has none.

    {"bound": [B by cell], "scale": b, "guesses": [{"at": z, "outcomes": [..], "upper": U}, ..]}
    """
    closed(raw, "claim: estimator", ("bound", "scale", "guesses"))
    size = shape.count[0] * shape.count[1]
    given = items(raw["bound"], "estimator: bound", size)
    bound = [fraction(x, "estimator: bound") for x in given]
    scale = fraction(raw["scale"], "estimator: scale", 0)
    if not scale or min(centre) <= 0:
        raise Unreadable("estimator: scale and the centre are positive")
    same = classes(shape, of, bound, work)
    left: Fraction | None = None
    proved = set()
    for k, one in enumerate(items(raw["guesses"], "estimator: guesses")):
        where = f"guesses[{k}]"
        closed(one, where, ("at", "outcomes", "upper"))
        z = integer(one["at"], f"{where}: at")
        guess = (z, tuple(integers(one["outcomes"], f"{where}: outcomes", 0, None, len(of))))
        if guess not in same:
            raise Unreadable(f"{where}: no such setting or outcomes")
        terms = guess_terms(shape, of, centre, bound, guess)
        end = check_upper(one["upper"], read_question(question(document, terms), work), work)
        if end is None:
            raise Rejected(f"{where}: the devices exist; a bound is needed")
        over = enclose(end, END_BITS)[1]
        left = over if left is None else max(left, over)
        proved.add(same[guess])
    missing = sorted(set(same.values()) - proved)
    if missing or left is None:
        raise Rejected(f"estimator: no bound of the guess {missing[0]}")
    return Estimator(tuple(b + left for b in bound), scale)


def excess(estimator: Estimator, power: int, factor: Sequence[int]) -> int:
    """Return an integer at least m 2^BITS, the least m with F / m <= b^(-beta) (1 + beta - beta B / b)."""
    worst = 0
    root = root_up(estimator.scale, power)
    for f, b in zip(factor, estimator.bound, strict=True):
        room = 1 + (1 - b / estimator.scale) / power
        if room < 0 or (f and not room):
            raise Rejected("estimator: 1 + beta - beta B / b is negative at a cell")
        if f:
            worst = max(worst, ceil_div(f * root * room.denominator, room.numerator))
    if not worst:
        raise Rejected("the factor is 0 everywhere")
    return worst
