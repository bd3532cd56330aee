r"""Upper ends on an interval: prices that are polynomials over one, D, and boxes that suffice.

With h_g(o, s) = D phi_g(o, s) - y(s) - sum of m_k f_k(o, s), all polynomials in x,

.. math:: \sum_{s, o} s(s)\, q(o|s)\, h_g(o, s) \le r \text{ on the interval} \;\Rightarrow\;
   \text{answer}(x) \le \frac{r + \sum_s y(s) P(s) + \sum_k m_k I_k}{D} .
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.boxes import by_deterministic
from freerand_opt.checker.cycle import by_cycle
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.numbers import Number
from freerand_opt.checker.polynomials import OnSpan, Poly, Polynomial, Span, polynomial, value_at
from freerand_opt.checker.prices import read_prices
from freerand_opt.checker.reading import closed, fraction, tag
from freerand_opt.checker.varying import Swept, VaryingSource


@dataclass(frozen=True)
class Part:
    """A function on [low, high]: the sum of number * polynomial, over `unit`."""

    low: Fraction
    high: Fraction
    terms: tuple[tuple[Number, Polynomial], ...]
    unit: Polynomial

    def at(self, x: Fraction, work: Work | None = None) -> Number | None:
        """Return the value at x, None outside the interval."""
        if not self.low <= x <= self.high:
            return None
        total: Number = Fraction(0)
        below = 1 / value_at(self.unit, x, work)
        for number, p in self.terms:
            total = total + number * (value_at(p, x, work) * below)
        return total


def read_span(raw: Any, where: str, work: Work) -> Span:
    """Return the interval from `from` to `to`."""
    low, high = (fraction(raw[key], f"{where}: {key}") for key in ("from", "to"))
    if low >= high:
        raise Unreadable(f"{where}: 'from' is less than 'to'")
    return Span(low, high, work)


def read_item(raw: Any, q: Question, source: VaryingSource, work: Work, where: str) -> Part:
    """Return an upper end that was checked; raise Rejected."""
    closed(raw, where, ("from", "to", "unit", "rest", "prices", "proof"))
    span = read_span(raw, where, work)
    scale = OnSpan(raw["unit"], span, f"{where}: unit")
    top = Poly(span, polynomial(raw["rest"], f"{where}: rest"))
    proof = raw["proof"]
    way = tag(proof, "way", where, ("deterministic", "cycle"))
    closed(proof, f"{where}: proof", ("way", *(("edges",) if way == "cycle" else ())))
    if way == "cycle" and q.ask.at is None and not q.ask.told and Guesses(q, empty=False).guessed:
        raise Rejected("cycle: a guess that is not told the settings has no curve")
    rest = read_prices(raw["prices"], q, work, empty=False, scale=scale)
    by_boxes = by_cycle if way == "cycle" else by_deterministic
    for p in dict.fromkeys(by_boxes(proof, q, rest, Swept(source, span), work, empty=False)):
        if scale.sign(top - p) not in (0, 1):
            raise Rejected(f"{where}: a box is worth more than 'rest' somewhere on the interval")
    right: dict[Number, Poly] = {}
    for number, m in rest.right:
        right[number] = right.get(number, Poly(span, ())) + m
    terms = [(Fraction(1), top), *right.items()]
    unit = lcm(*(p.unit for _, p in terms))
    whole = tuple((number, span.sum((unit // p.unit, p.p))) for number, p in terms)
    return Part(span.low, span.high, whole, span.sum((unit, scale.one.p)))
