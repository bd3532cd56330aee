r"""Exact real numbers: polynomials in named irrational numbers over a field whose zero is decided.

.. math:: x = \sum_i k_i \prod_j \alpha_{ij}^{e_{ij}}, \qquad e_{ij} \in \mathbb{Z},

where every k is a sum of fraction * sqrt(n) * cos(q pi) (`ring`) and every :math:`\alpha` one of ``pi``,
``root3(y)``, .., ``log2(y)``, and ``sqrt(y)``, ``(y)`` where they are none of those sums.
A sum k is 0 or rational only if it is a `Fraction`, up to orders of roots of unity of `field.MOST_ORDER`;
so signs of such numbers are always found. All others are told apart by enclosures, or not at all.
Nothing here is ever rounded: an enclosure is a pair of fractions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

from freerand_opt.numbers import field
from freerand_opt.numbers.atoms import Atom, Monomial, Parts, names, parts, text
from freerand_opt.numbers.enclosure import UndecidedError, decided, near_sign, one_form, rounded, sign
from freerand_opt.numbers.ring import UNIT, Term, Terms, times


@dataclass(frozen=True, eq=False)
class Real:
    """An irrational number, {monomial of atoms: sum}, no sum 0; make it with `real`."""

    parts: Parts

    def __add__(self, other: Exact | int) -> Exact:
        return total((self, other))

    def __neg__(self) -> Exact:
        return self * -1

    def __sub__(self, other: Exact | int) -> Exact:
        return self + (-other)

    def __rsub__(self, other: Exact | int) -> Exact:
        return -self + other

    def __mul__(self, other: Exact | int) -> Exact:
        if not isinstance(other, Real):
            return self._scaled(Fraction(other))
        found: dict[Monomial, dict[Term, Fraction]] = {}
        for monomial, terms in self.parts.items():
            for monomial_2, terms_2 in other.parts.items():
                coefficient = times(terms, terms_2)
                if monomial and monomial_2:
                    for rest, factors in parts(_product(monomial + monomial_2)).items():
                        _add(found, rest, times(coefficient, factors))
                else:
                    _add(found, monomial or monomial_2, coefficient)
        return real(found)

    def _scaled(self, factor: Fraction) -> Exact:
        if not factor:
            return factor
        return Real({m: {term: f * factor for term, f in terms.items()} for m, terms in self.parts.items()})

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Exact | int) -> Exact:
        return self * inverse(other)

    def __rtruediv__(self, other: Exact | int) -> Exact:
        return other * inverse(self)

    def __pow__(self, exponent: int) -> Exact:
        return power(self, exponent)

    def __eq__(self, other: object) -> bool:
        """Whether two numbers are equal; raise UndecidedError as `sign` does."""
        if not isinstance(other, Real | Fraction | int):
            return NotImplemented
        if not isinstance(other, Real):
            return not decided(self) and compare(self, Fraction(other)) == 0
        return self.parts == other.parts or (
            not (one_form(self) and one_form(other)) and compare(self, other) == 0
        )

    def __hash__(self) -> int:
        try:
            return hash(self._nearest)
        except OverflowError:
            return 0

    def __float__(self) -> float:
        """Return the nearest float; raise OverflowError beyond the largest."""
        return self._nearest

    @cached_property
    def _nearest(self) -> float:
        found = rounded(self, float)
        if found is None:
            raise UndecidedError(f"the float nearest to {text(self)} is not decided")
        return found

    def __str__(self) -> str:
        return text(self)


Exact: TypeAlias = Fraction | Real


def _add(found: dict[Monomial, dict[Term, Fraction]], monomial: Monomial, terms: Terms) -> None:
    held = found.setdefault(monomial, {})
    for term, factor in terms.items():
        held[term] = held.get(term, 0) + factor


def real(found: Parts) -> Exact:
    """Return the number of these parts, as a fraction if it is one; all in one order."""
    kept: dict[Monomial, Terms] = {}
    for monomial, held in found.items():
        terms = {term: factor for term, factor in sorted(held.items()) if factor}
        value = field.rational(terms)
        if value is None:
            kept[monomial] = terms
        elif value:
            kept[monomial] = {UNIT: value}
    if not kept:
        return Fraction(0)
    if len(kept) > 1:
        kept = dict(sorted(kept.items(), key=lambda part: names(part[0])))
    elif kept.keys() == {()} and kept[()].keys() == {UNIT}:
        return kept[()][UNIT]
    return Real(kept)


def total(numbers: Iterable[Exact | int]) -> Exact:
    """Return the sum of some numbers."""
    return real(_merged(numbers))


def _merged(numbers: Iterable[Exact | int]) -> Parts:
    found: dict[Monomial, dict[Term, Fraction]] = {}
    for x in numbers:
        for monomial, terms in parts(x).items():
            _add(found, monomial, terms)
    return found


def _product(factors: Monomial) -> Exact:
    """Multiply atoms; powers of roots and of sums are rewritten."""
    powers: dict[Atom, int] = {}
    for atom, exponent in factors:
        powers[atom] = powers.get(atom, 0) + exponent
    result: Exact = Fraction(1)
    left: list[tuple[Atom, int]] = []
    for atom, exponent in powers.items():
        argument, degree = atom.argument, _degree(atom)
        assert isinstance(argument, Fraction | Real)
        if degree and (exponent >= degree or (exponent < 0 and _divides(argument))):
            result = result * power(argument, exponent // degree)
            exponent %= degree
        if exponent:
            left.append((atom, exponent))
    if not left:
        return result
    left.sort(key=lambda item: str(item[0]))
    # a fraction only scales the monomial; otherwise powers were rewritten and the degree fell
    if isinstance(result, Fraction):
        return real({tuple(left): {UNIT: result}})
    return result * Real({tuple(left): {UNIT: Fraction(1)}})


def _degree(atom: Atom) -> int:
    """Return n for an nth root, 1 for a sum in brackets, 0 for any other atom."""
    if atom.function.startswith("root"):
        return int(atom.function[4:])
    return {"sqrt": 2, "sum": 1}.get(atom.function, 0)


def _divides(x: Exact) -> bool:
    """Return whether 1/x is a sum again, without atoms."""
    return isinstance(x, Fraction) or (x.parts.keys() == {()} and field.inverse(x.parts[()]) is not None)


def power(x: Exact, exponent: int) -> Exact:
    """Return `x` to an integer power, exactly."""
    if isinstance(x, Fraction):
        return x**exponent
    if exponent < 0:
        return power(inverse(x), -exponent)
    result: Exact = Fraction(1)
    while exponent:
        if exponent % 2:
            result = result * x
        exponent //= 2
        x = x * x if exponent else x
    return result


def inverse(x: Exact | int) -> Exact:
    """Return 1/x exactly; raise ZeroDivisionError for 0."""
    if not isinstance(x, Real):
        return 1 / Fraction(x)
    if len(x.parts) > 1:
        return of_atom("sum", x, -1)
    ((monomial, terms),) = x.parts.items()
    found = field.inverse(terms)
    number = of_atom("sum", real({(): terms}), -1) if found is None else real({(): found})
    return number * _product(tuple((atom, -exponent) for atom, exponent in monomial))


def of_atom(function: str, argument: Exact, exponent: int = 1) -> Real:
    """Return a power of one atom."""
    return Real({((Atom(function, argument), exponent),): {UNIT: Fraction(1)}})


def compare(x: Exact, y: Exact) -> int:
    """Return -1, 0 or 1 as x < y, x = y or x > y; raise UndecidedError as `sign` does."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return (x > y) - (x < y)
    # an enclosure first: to find out whether a number is a fraction takes longer
    return near_sign(Real(_merged((x, -y)))) or sign(x - y)
