r"""Bounds on average over w: sum of P(w) d_k(P(.|w)) <= c_k, prices mu_k >= 0 (docs/kernel.md, section 3).

Every distribution is a mean of points whose costs average to d (docs/proofs/sources.md), so

.. math:: \max_{\text{points}} \sum_s s(s) h_s - \sum_k \mu_k \text{cost}_k \le r \;\Rightarrow\;
   \text{answer} \le r + \dots + \sum_k \mu_k c_k .

information has no such list; for each box it suffices that :math:`r \ge \mu \ln \sum_s P(s) e^{h_s/\mu}`
(Donsker and Varadhan), with mu for each nat and c ln 2 in place of c. Proofs without a list of boxes
are about the bound on departure that it implies.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt, prod
from typing import Any

from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.logs import exp_above, ln_above
from freerand_opt.checker.membership import check_masses
from freerand_opt.checker.reading import choice, closed, fraction, integers, items
from freerand_opt.checker.sources import Average, Bits, Limits, Point, read_source
from freerand_opt.checker.vectors import Vector
from freerand_opt.checker.vertices import vertices

MEASURES = ("distance", "departure", "largest", "bad", "information")
MOST_SETTINGS = 14


def read_average(
    raw: Any, settings: tuple[int, ...], observed: Vector[Fraction] | None, work: Work
) -> Average:
    """Return the bounds on average of a question."""
    where = "question: source"
    measure = choice(raw.get("measure"), f"{where}: measure", MEASURES)
    more = {"distance": ("pairs",), "bad": ("good",)}.get(measure, ())
    closed(raw, where, ("kind", "measure", "bounds", *more))
    count = prod(settings)
    work.spend(count, where)
    if observed is None or not all(observed.values()):
        raise Unreadable(f"{where}: bounds on average need a stated distribution without zeros")
    bounds = tuple(fraction(x, f"{where}: bounds", 0) for x in items(raw["bounds"], where))
    pairs = []
    for entry in items(raw.get("pairs", []), where):
        s, t = integers(entry, f"{where}: pairs", 0, count - 1, 2)
        pairs.append((s, t))
    if len(bounds) != (len(pairs) if measure == "distance" else 1) or any(s >= t for s, t in pairs):
        raise Unreadable(f"{where}: one bound for each pair s < t, or one")
    if len(set(pairs)) < len(pairs):
        raise Unreadable(f"{where}: a pair is given twice")
    good = read_source(raw["good"], settings, observed, work) if measure == "bad" else None
    if good is not None and not isinstance(good, Point | Bits | Limits):
        raise Unreadable(f"{where}: the good source is uniform, free, of bits or of limits")
    return Average(observed, measure, bounds, tuple(pairs), good)


def costly_points(source: Average, work: Work) -> list[tuple[list[Fraction], list[Fraction]]]:
    """Return (distribution, costs) of every point."""
    share = source.observed.values()
    count = len(share)
    if source.good is not None:
        good = [(point, [Fraction(0)]) for point in vertices(source.good, work)]
        alone = [[Fraction(s == t) for s in range(count)] for t in range(count)]
        return good + [(point, [Fraction(1)]) for point in alone]
    if source.measure == "information":
        raise Rejected("source: mutual information is bounded box by box, not by points")
    if count > MOST_SETTINGS:
        raise TooMuch(f"source: bounds on average are checked for at most {MOST_SETTINGS} joint settings")
    work.spend(count * count << count, "points of the source")
    found = []
    for bits in range(1, 1 << count):
        held = [s for s in range(count) if bits >> s & 1]
        mass = sum((share[s] for s in held), Fraction(0))
        inside = [share[s] if bits >> s & 1 else Fraction(0) for s in range(count)]
        if source.measure == "departure":
            for t in held:
                moved = list(inside)
                moved[t] += 1 - mass
                found.append((moved, [1 - mass]))
        elif source.measure == "largest":
            even = Fraction(1, len(held))
            found.append(([even if bits >> s & 1 else Fraction(0) for s in range(count)], [even]))
        else:
            apart = [Fraction((bits >> s ^ bits >> t) & 1) / mass for s, t in source.pairs]
            found.append(([x / mass for x in inside], apart))
    return found


def check_averages(source: Average, masses: list[Vector[Fraction]], bad: list[bool], work: Work) -> None:
    """Raise Rejected unless strategies with these masses P(w) P(s|w) obey the bounds."""
    share = source.observed.values()
    spent = [Fraction(0)] * len(source.bounds)
    for own, arbitrary in zip(masses, bad, strict=True):
        values = own.values()
        weight = sum(values, Fraction(0))
        work.spend(len(values) + len(source.pairs), "attack")
        if source.measure == "distance":
            for k, (s, t) in enumerate(source.pairs):
                spent[k] += abs(values[s] / share[s] - values[t] / share[t])
        elif source.measure == "departure":
            moved = (abs(x - weight * p) for x, p in zip(values, share, strict=True))
            spent[0] += sum(moved, Fraction(0)) / 2
        elif source.measure == "largest":
            spent[0] += max(values)
        elif source.measure == "information":
            spent[0] += divergence(values, share)
        elif arbitrary:
            spent[0] += weight
        else:
            assert source.good is not None
            check_masses(source.good, own, work, "attack: a strategy that is not marked bad")
    ends = [limit(source, bound, above=False) for bound in source.bounds]
    if any(cost > bound for cost, bound in zip(spent, ends, strict=True)):
        raise Rejected("attack: a bound on average over w is broken")


def limit(source: Average, bound: Fraction, *, above: bool) -> Fraction:
    """Return what a price multiplies: the bound, or bits as nats, rounded to one side."""
    if source.measure != "information":
        return bound
    return bound * (ln_above(Fraction(2)) if above else -ln_above(Fraction(1, 2)))


def by_departure(source: Average) -> Average:
    r"""Return the bound on departure that one on information implies.

    .. math:: \sum_w P(w) d_w \le \Bigl(\sum_w P(w) d_w^2\Bigr)^{1/2}
       \le \Bigl(\tfrac12 \sum_w P(w) D(P(\cdot|w) \| P)\Bigr)^{1/2} \le (c \ln 2 / 2)^{1/2}

    (Jensen; Pinsker for each w, D in nats), rounded up.
    """
    half = limit(source, source.bounds[0], above=True) / 2
    root = isqrt(-(-half.numerator * 2**128 // half.denominator)) + 1
    return replace(source, measure="departure", bounds=(Fraction(root, 2**64),))


def divergence(values: list[Fraction], share: list[Fraction]) -> Fraction:
    """Return at least the sum of m ln(m / (sum of m) P(s)) over masses m, in nats."""
    weight = sum(values, Fraction(0))
    return sum((x * ln_above(x / (weight * p)) for x, p in zip(values, share, strict=True) if x), Fraction(0))


def free_energy(values: list[Fraction], share: list[Fraction], price: Fraction) -> Fraction:
    """Return at least price * ln of the sum of P(s) exp(h_s / price); the largest h_s for a price of 0."""
    top = max(values)
    if not price:
        return top
    total = sum((p * exp_above((h - top) / price) for h, p in zip(values, share, strict=True)), Fraction(0))
    return top + price * ln_above(total)
