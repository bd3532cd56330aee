r"""Prices on named rows of the question, and what they leave of the objective at each setting.

With z(o, s) = sum over w of P(w) P(s|w) P(o|s, w), prices y(s) of the observed settings and m_k of the tests,

.. math:: h_g(o, s) = \phi_g(o, s) - y(s) - \sum_k m_k f_k(o, s), \qquad
   \max_{g, s, q} \sum_{s, o} s(s)\, q(o|s)\, h_g(o, s) \le r
   \;\Rightarrow\; \text{answer} \le r + \sum_s y(s) P(s) + \sum_k m_k I_k .
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from freerand_opt.checker.asked import Kept, Question, Test
from freerand_opt.checker.averages import limit
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.numbers import Number, sign
from freerand_opt.checker.reading import amount, closed, fraction, items
from freerand_opt.checker.scale import ALLOWED, Scale
from freerand_opt.checker.shared import Shared, enclosed
from freerand_opt.checker.sources import Average
from freerand_opt.checker.support import largest_mass, largest_ratio
from freerand_opt.checker.vectors import Vector, add, dot, vector
from freerand_opt.checker.words import Word


@dataclass
class Rest:
    """What is left of the objective: a constant by setting, factors of P(o|s), and of words at every setting.

    `right` are the (I_k, m_k), `bound` what the answer is compared with if the settings asked for
    have no stated probability (None otherwise); `averages` are the prices of bounds on average over w.
    With `empty` no strategy is claimed to exist, and nothing is guessed.
    """

    q: Question
    scale: Scale
    empty: bool
    constants: Vector[Any]
    cells: dict[int, dict[int, Any]] = field(default_factory=dict)
    words: dict[Word, Any] = field(default_factory=dict)
    right: list[tuple[Number, Any]] = field(default_factory=list)
    bound: Fraction | None = None
    averages: tuple[Fraction, ...] = ()

    @property
    def work(self) -> Work:
        """Return the counter of work."""
        return self.scale.work

    @cached_property
    def guesses(self) -> Guesses:
        """Return the guesses."""
        return Guesses(self.q, empty=self.empty)

    def add(self, s: int, o: int, value: Any) -> None:
        """Add to the factor of P(o|s)."""
        row = self.cells.setdefault(s, {})
        row[o] = row[o] + value if o in row else value

    def charge(self, terms: dict[tuple[int, int], Fraction], m: Any, on: str = "joint") -> None:
        """Add m times factors of P(o|s), over a stated P(s) if conditional; what is alike is one product."""
        known: dict[tuple[int, ...], Any] = {}
        share, shared = Fraction(1), on == "conditional" and self.q.observed is not None
        for (s, o), factor in terms.items():
            share = self.q.weight(s) if shared else share
            place = (*factor.as_integer_ratio(), *share.as_integer_ratio())
            if place not in known:
                known[place] = m * (factor / share)
            self.add(s, o, known[place])

    def shift(self, s: int, value: Any) -> None:
        """Add to the constant of a setting."""
        self.constants.but[s] = self.constants[s] + value


def read_prices(raw: Any, q: Question, work: Work, *, empty: bool, scale: Scale | None = None) -> Rest:
    """Return h without the guess, times `one`; with `empty` no strategy is claimed to exist, and phi = 0."""
    scale = scale or Scale(work)
    where = "prices"
    count = q.shape[0]
    fixed = not empty and (
        q.ask.at is not None or (q.ask.score is not None and q.ask.score.on == "conditional")
    )
    ratio = q.observed is None and fixed
    keys: tuple[str, ...] = ("tests",) if q.observed is None else ("settings", "tests")
    keys += (
        ("averages",) if isinstance(q.source, Average) else ("cuts",) if isinstance(q.source, Shared) else ()
    )
    closed(raw, where, (*keys, *(("bound",) if ratio else ())))
    rest = Rest(q, scale, empty, Vector(count, Fraction(0), {}))
    if q.observed is not None:
        y = vector(raw["settings"], f"{where}: settings", count, scale.read)
        rest.constants = y.map(lambda x: -x)
        rest.right.append((Fraction(1), dot(y, q.observed)))
    if ratio:
        rest.bound = fraction(raw["bound"], f"{where}: bound")
        rest.shift(_place(q), -rest.bound)
    if isinstance(q.source, Average):
        listed = items(raw["averages"], f"{where}: averages", len(q.source.bounds))
        rest.averages = tuple(fraction(x, f"{where}: averages", 0) for x in listed)
        pairs = zip(rest.averages, q.source.bounds, strict=True)
        spent = (mu * limit(q.source, c, above=True) for mu, c in pairs)
        rest.right.append((Fraction(1), sum(spent, Fraction(0))))
    prices = items(raw["tests"], f"{where}: tests", len(q.tests))
    for k, (price, test) in enumerate(zip(prices, q.tests, strict=True)):
        work.spend(
            len(test.table) * q.shape[1] if isinstance(test, Kept) else len(test.functional.terms), where
        )
        _charge(rest, price, test, f"{where}: test {k}")
    if not empty and q.ask.score is not None:
        one = scale.one * q.ask.sign
        rest.charge(q.ask.score.terms, one, q.ask.score.on)
        add(rest.words, q.ask.score.words, one)
    if isinstance(q.source, Shared):
        rest.q = replace(q, source=enclosed(q.source, raw["cuts"], work))
    return rest


def _place(q: Question) -> int:
    """Return the one setting that is asked about; with unconstrained settings a sum of ratios is refused."""
    if q.ask.at is not None:
        return q.ask.at
    assert q.ask.score is not None
    settings = q.ask.score.settings
    if len(settings) != 1:
        raise Rejected(
            "a conditional score at several settings with unconstrained settings is a sum of ratios"
        )
    return settings[0]


def _charge(rest: Rest, raw: Any, test: Test | Kept, where: str) -> None:
    """Subtract m f from what is left, and add m I on the right side."""
    q = rest.q
    if isinstance(test, Kept):
        cells = [(s, o) for s in test.table for o in range(q.shape[1])]
        prices = vector(raw, where, len(cells), lambda x, place: _price(rest, x, "=", place))
        for k, (s, o) in enumerate(cells):
            m, score = prices[k]
            side = rest.scale.sign(m)
            if side is None and test.tolerance:
                raise Rejected(f"{where}: with a tolerance a price has one sign on the interval")
            if m:
                end = test.table[s][o] + test.tolerance * (side or 0)
                _conditional(rest, {(s, o): Fraction(1)}, m, end, score, where)
        return
    f = test.functional
    if f.on == "conditional" and q.observed is None and len(f.settings) > 1:
        _ratios(rest, raw, test, where)
        return
    m, score = _price(rest, raw, test.relation, where)
    if not m:
        return
    if f.on == "conditional":
        _conditional(rest, f.terms, m, test.score, score, where)
        return
    if score is not None:
        raise Unreadable(f"{where}: a rational score is given only where it multiplies masses")
    rest.charge(f.terms, -m)
    add(rest.words, f.words, -m)
    rest.right.append((test.score, m))


def _price(rest: Rest, raw: Any, relation: str, where: str) -> tuple[Any, Fraction | None]:
    """Return a price of the right sign, and the rational score that comes with it, if any."""
    score = None
    if rest.q.observed is None and type(raw) is list:
        raw, rational = items(raw, where, 2)
        score = fraction(rational, where)
    m = rest.scale.read(raw, where)
    side = rest.scale.sign(m) if relation != "=" else 0
    if side is None or -side not in ALLOWED[relation]:
        raise Rejected(f"{where}: the price of a test {relation} has the wrong sign")
    return m, score


def _conditional(
    rest: Rest,
    terms: dict[tuple[int, int], Fraction],
    m: Any,
    score: Number,
    rational: Fraction | None,
    where: str,
) -> None:
    """Charge m times a conditional score: P(o, s)/P(s), or P(o, s) - I P(s) with unconstrained settings."""
    rest.charge(terms, -m, "conditional")
    if rest.q.observed is not None:
        rest.right.append((score, m))
        return
    (s,) = {s for s, _ in terms}
    rest.shift(s, m * _outward(score, rational, m > 0, rest.work, where))


def _outward(score: Number, rational: Fraction | None, above: bool, work: Work, where: str) -> Fraction:
    """Return a fraction that is the score, or on its safe side."""
    if isinstance(score, Fraction) == (rational is not None):
        raise Unreadable(f"{where}: a rational score comes with an irrational one that multiplies masses")
    if rational is None:
        assert isinstance(score, Fraction)
        return score
    if sign(score - rational, work) * (1 if above else -1) > 0:
        raise Rejected(f"{where}: the rational score is on the wrong side")
    return rational


def _ratios(rest: Rest, raw: Any, test: Test, where: str) -> None:
    """Charge the linear consequences (a), (b), (c) of a sum of ratios (docs/proofs/ratios.md).

    With g = f - min f >= 0 at each setting and I' the score without these minima: (a) the sum of Z_s/M_s is
    at most I'; (b) the sum of Z_s/R_s is at most I' P(at); (c) Z_s <= I' P(s). M_s is the largest mass of s,
    R_s its largest ratio to the setting asked for.
    """
    if test.relation == "=":
        raise Rejected(f"{where}: a sum of ratios is tested by <= or >=")
    q, turn = rest.q, 1 if test.relation == "<=" else -1
    closed(raw, where, ("masses", "ratios", "settings", "score"))
    low: dict[int, Fraction] = {}
    for s in test.functional.settings:
        values = [turn * test.functional.terms.get((s, o), Fraction(0)) for o in range(q.shape[1])]
        low[s] = min(values)
    score = test.score * Fraction(turn)
    exact = score - sum(low.values(), Fraction(0))
    limit = fraction(raw["score"], where)
    if sign(exact - limit, rest.work) > 0:
        raise Rejected(f"{where}: the rational score is on the wrong side")
    a, b = (fraction(raw[key], where, 0) for key in ("masses", "ratios"))
    c = vector(raw["settings"], where, len(low), amount)
    rest.right.append((limit, a))
    if b:
        if rest.bound is None:
            raise Rejected(f"{where}: ratios need a setting that is asked about")
        rest.shift(_place(q), b * limit)
    for k, (s, least) in enumerate(low.items()):
        share = c[k]
        if a:
            mass = largest_mass(q.source, s, q.shape[0], rest.work)
            if not mass:
                raise Rejected(f"{where}: setting {s} never occurs")
            share += a / mass
        if b:
            ratio = largest_ratio(q.source, s, _place(q), rest.work)
            if not ratio:
                raise Rejected(f"{where}: the source has no largest ratio of masses")
            share += b / ratio
        rest.shift(s, c[k] * limit)
        for o in range(q.shape[1]):
            value = turn * test.functional.terms.get((s, o), Fraction(0)) - least
            if value and share:
                rest.add(s, o, -share * value)
