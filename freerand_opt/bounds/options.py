"""How far an answer is sought."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Options:
    """How far to go: the width of the bracket, seconds for each program, and what quantum devices need."""

    width: Fraction = Fraction(1, 10**9)
    time_limit: float | None = None
    solver: str = "auto"
    level: str = ""
    symmetry: tuple[str, ...] = ()
