"""What prices and weights are: fractions, or polynomials on an interval (polynomials.py)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import Number, Real, combined, sign
from freerand_opt.checker.reading import fraction

#: The signs of a difference that a relation to 0 allows.
ALLOWED: dict[str, tuple[int, ...]] = {"<=": (-1, 0), ">=": (0, 1), "=": (0,)}


class Scale:
    """How prices and weights are read and compared; what is not priced is multiplied by `one`."""

    one: Any = Fraction(1)

    def __init__(self, work: Work) -> None:
        self.work = work

    def read(self, raw: Any, where: str) -> Any:
        """Return a price."""
        return fraction(raw, where)

    def amount(self, raw: Any, where: str) -> Any:
        """Return a weight, which is not negative."""
        return fraction(raw, where, 0)

    def sign(self, x: Any) -> int | None:
        """Return -1, 0 or 1, None if that was not seen."""
        return sign(x, self.work)

    def total(self, parts: Iterable[tuple[Any, Any]]) -> Any:
        """Return the sum of products."""
        return combined(parts)


def terms_of(x: Number) -> int:
    """Return how many terms a number has."""
    return len(x.terms) if isinstance(x, Real) else 1
