"""Named irrational numbers, and the texts of numbers that are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeAlias

from freerand_opt.numbers.ring import UNIT, Terms


class Irrational(Protocol):
    """A number by its parts, {monomial of atoms: sum of fraction * sqrt(n) * cos(q pi)}."""

    @property
    def parts(self) -> Parts:
        """Return the parts, no sum 0."""


@dataclass(frozen=True)
class Atom:
    """One irrational factor, such as ``log2(3)``: pi, log2, root3, .., sqrt, or a sum in brackets.

    `argument` is unused (0) for ``pi``.
    """

    function: str
    argument: Fraction | Irrational

    def __str__(self) -> str:
        if self.function == "pi":
            return "pi"
        return f"{'' if self.function == 'sum' else self.function}({text(self.argument)})"


Monomial: TypeAlias = tuple[tuple[Atom, int], ...]
Parts: TypeAlias = Mapping[Monomial, Terms]


def parts(x: Fraction | Irrational | int) -> Parts:
    """Return the parts of a number, {} for 0."""
    if isinstance(x, Fraction | int):
        return {(): {UNIT: Fraction(x)}} if x else {}
    return x.parts


def names(monomial: Monomial) -> list[str]:
    """Return the texts of the powers of a monomial."""
    return [f"{atom}^{exponent}" if exponent != 1 else str(atom) for atom, exponent in monomial]


def text(x: Fraction | Irrational) -> str:
    """Return the text of a number, its terms in the order of their texts; `parse(text(x)) == x`."""
    if isinstance(x, Fraction):
        return str(x)
    bodies: dict[str, Fraction] = {}
    for monomial, terms in x.parts.items():
        atoms = names(monomial)
        for (n, a, b), factor in terms.items():
            own = ([f"cos({a}/{b}*pi)"] if a else []) + ([f"sqrt({n})"] if n > 1 else [])
            bodies["*".join(sorted(own + atoms))] = factor
    shown = ""
    for body, factor in sorted(bodies.items()):
        size = abs(factor)
        joint = (" - " if factor < 0 else " + ") if shown else "-" if factor < 0 else ""
        shown += joint + (str(size) if not body else body if size == 1 else f"{size}*{body}")
    return shown
