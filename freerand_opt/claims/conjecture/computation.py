"""The base of all computations: a table with a name and parameters, and the ends of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any, ClassVar, TypeAlias

from freerand_opt.claims.conjecture.checker.document import derived
from freerand_opt.model.sources.encoding import ENCODINGS
from freerand_opt.model.tables.kinds import Kind, number, word
from freerand_opt.model.tables.table import Table, fields

HALF = Fraction(1, 2)
ENCODING = word(*ENCODINGS)
ORDER = word("interleaved", "A first", "B first")
Epsilon: TypeAlias = Annotated[
    Fraction, number(0, Fraction(499, 1000)), "largest deviation of a bit from fair; 0 is perfect"
]


def whole(least: int, most: int) -> Kind:
    """Return the integers of a range."""
    return number(least, most, whole=True)


@dataclass(frozen=True)
class Ends:
    """Ends of an answer (None: open), and what the checker needs to find them, in JSON."""

    lower: Fraction | None
    upper: Fraction | None
    proof: dict[str, Any] = field(default_factory=dict)


class Computation(Table, tag_field="name"):
    """A number of the paper that is computed."""

    positional: ClassVar[int] = 0

    def proof(self) -> dict[str, Any]:
        """Return what the checker needs beside the parameters, in JSON; nothing of it is believed."""
        return {}

    def ends(self) -> Ends:
        """Return what the checker derives; raise ValueError where the answer cannot be had."""
        proof = self.proof()
        return Ends(*derived(self.parameters(), proof), proof)

    @property
    def how(self) -> str:
        """Return in words how the answer is found."""
        return "derived by the checker"

    def parameters(self) -> dict[str, str]:
        """Return the name and what is given, as texts."""
        given = {field.key: str(getattr(self, field.name)) for field in fields(type(self))}
        given.pop("width", None)
        return self.tag() | given
