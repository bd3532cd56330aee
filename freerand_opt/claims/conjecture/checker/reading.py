"""The parameters of a computation, each read once; a key that nobody reads is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeAlias

from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.checker.reading import choice, closed, fraction, items, shown
from freerand_opt.claims.conjecture.checker.intervals import Interval

#: Longest denominator of a parameter.
MOST_BITS = 1024
#: Derived ends; an end that is no fraction is an interval that holds it. None: open.
End: TypeAlias = Fraction | Interval | None
Ends: TypeAlias = tuple[End, End]


class Arguments:
    """Parameters and proof of a computation."""

    def __init__(self, parameters: Any, proof: Any) -> None:
        if type(parameters) is not dict or type(proof) is not dict:
            raise Unreadable("certificate: computation and proof are objects")
        self.parameters, self.proof = parameters, proof
        self.taken, self.used = {"name"}, set[str]()

    def text(self, key: str) -> Any:
        """Return a parameter."""
        self.taken.add(key)
        if key not in self.parameters:
            raise Unreadable(f"computation: {key!r} is missing")
        return self.parameters[key]

    def rational(self, key: str, least: Fraction | int, most: Fraction | int) -> Fraction:
        """Return a fraction of a range."""
        value = fraction(self.text(key), f"computation: {key}")
        if value.denominator >> MOST_BITS:
            raise Unreadable(f"computation: {key} has a denominator of more than {MOST_BITS} bits")
        if not least <= value <= most:
            raise Unreadable(f"computation: {key} {shown(str(value))} is not from {least} to {most}")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        """Return an integer of a range."""
        value = self.rational(key, least, most)
        if value.denominator != 1:
            raise Unreadable(f"computation: {key} {value} is no integer")
        return int(value)

    def word(self, key: str, *allowed: str) -> str:
        """Return one of a few words."""
        return choice(self.text(key), f"computation: {key}", allowed)

    def bit(self) -> tuple[Fraction, Fraction]:
        """Return p, q = 1/2 +- epsilon."""
        epsilon = self.rational("epsilon", 0, Fraction(499, 1000))
        return Fraction(1, 2) + epsilon, Fraction(1, 2) - epsilon

    def proved(self, key: str) -> Any:
        """Return a part of the proof."""
        self.used.add(key)
        if key not in self.proof:
            raise Unreadable(f"proof: {key!r} is missing")
        return self.proof[key]

    def numbers(self, key: str, length: int) -> list[Fraction]:
        """Return fractions of the proof."""
        return fractions(self.proved(key), f"proof: {key}", length)

    def table(self, key: str, rows: int, length: int) -> list[list[Fraction]]:
        """Return rows of fractions of the proof."""
        held = items(self.proved(key), f"proof: {key}", rows)
        return [fractions(row, f"proof: {key}", length) for row in held]

    def done(self) -> None:
        """Raise Unreadable for what nobody read."""
        closed(self.parameters, "computation", sorted(self.taken))
        closed(self.proof, "proof", sorted(self.used))


def fractions(raw: Any, where: str, length: int) -> list[Fraction]:
    """Return a list of fractions."""
    return [fraction(x, where) for x in items(raw, where, length)]


def require(held: bool, message: str) -> None:
    """Raise Rejected with a message unless something holds."""
    if not held:
        raise Rejected(message)
