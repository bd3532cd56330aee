"""The base of all computations: a table with a name and parameters, and the ends of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any, ClassVar, TypeAlias

from freerand_opt.model.kinds import Kind, number, word
from freerand_opt.model.sources.encoding import ENCODINGS
from freerand_opt.model.table import Table, fields
from freerand_opt.numbers.exact import Exact

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

    lower: Exact | None
    upper: Exact | None
    proof: dict[str, Any] = field(default_factory=dict)


class Computation(Table, tag_field="name"):
    """A number of the paper that is computed."""

    positional: ClassVar[int] = 0

    def ends(self) -> Ends:
        """Return bounds on the answer; raise ValueError where it cannot be had."""
        raise NotImplementedError

    @property
    def how(self) -> str:
        """Return in words how the answer is found."""
        return "derived twice, exactly"

    def parameters(self) -> dict[str, str]:
        """Return the name and what is given, as texts."""
        given = {field.key: str(getattr(self, field.name)) for field in fields(type(self))}
        given.pop("width", None)
        return self.tag() | given
