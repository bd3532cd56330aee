"""An interval that certainly holds an answer, and its ends, whose floats err on the safe side."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering

from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import Exact, compare, enclose, text
from freerand_opt.numbers.rounding import decimal_above, decimal_below, float_above, float_below


@total_ordering
@dataclass(frozen=True)
class End:
    """One end of a bracket: `value` is exact, `float(end)` lies on the safe side of it.

    >>> float(End(Fraction(1, 3), upper=True)) > Fraction(1, 3) > float(End(Fraction(1, 3), upper=False))
    True
    """

    value: Exact
    upper: bool

    def __float__(self) -> float:
        return float_above(self.value) if self.upper else float_below(self.value)

    def __str__(self) -> str:
        return text(self.value)

    def __repr__(self) -> str:
        return f"{'<=' if self.upper else '>='} {self}"

    def __eq__(self, other: object) -> bool:
        value = _exact(other)
        return NotImplemented if value is None else compare(self.value, value) == 0

    def __lt__(self, other: object) -> bool:
        value = _exact(other)
        return NotImplemented if value is None else compare(self.value, value) < 0

    def __hash__(self) -> int:
        return hash(self.value)


def _exact(other: object) -> Exact | None:
    """Return the exact number that a value is, None if it is none."""
    if isinstance(other, End):
        return other.value
    if isinstance(other, int | float) and other == other and abs(other) != float("inf"):
        return Fraction(other)
    return other if isinstance(other, Exact) else None


@dataclass(frozen=True)
class Bracket:
    """An interval [lower, upper] that certainly holds the answer; None where nothing is proved."""

    lower: Exact | None
    upper: Exact | None

    @property
    def width(self) -> Fraction | None:
        """Return an upper bound on upper - lower, None if an end is missing."""
        if self.lower is None or self.upper is None:
            return None
        return max(enclose(self.upper - self.lower, 80)[1], Fraction(0))

    @property
    def exact(self) -> Exact | None:
        """Return the answer if both ends are the same number, else None."""
        same = self.lower is not None and self.upper is not None and compare(self.lower, self.upper) == 0
        return self.lower if same else None

    def to_row(self) -> dict[str, str | float | None]:
        """Return the ends by name: exact texts, decimals and floats, the latter two on the safe side."""
        lower, upper = self.lower, self.upper
        return {
            "lower": None if lower is None else text(lower),
            "upper": None if upper is None else text(upper),
            "lower_decimal": None if lower is None else decimal_below(lower),
            "upper_decimal": None if upper is None else decimal_above(upper),
            "lower_float": None if lower is None else float_below(lower) + 0.0,  # no negative zero
            "upper_float": None if upper is None else float_above(upper) + 0.0,
        }

    def __str__(self) -> str:
        if isinstance(self.exact, Fraction) and len(str(self.exact)) <= 24:
            return str(self.exact)
        lower = "-" if self.lower is None else decimal_below(self.lower)
        upper = "-" if self.upper is None else decimal_above(self.upper)
        return f"[{lower}, {upper}]"

    def _repr_latex_(self) -> str:
        """Return the ends for a notebook: one exact number, or decimals rounded outward."""
        exact = self.exact
        return f"${self if exact is None else markup.latex(exact)}$"
