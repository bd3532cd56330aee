"""The answer to a computation: a bracket that its checker read from a certificate, and the certificate."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from fractions import Fraction

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.answers.certified import Bracketed
from freerand_opt.claims.conjecture.checker.document import FORMAT, check
from freerand_opt.claims.conjecture.computation import Computation
from freerand_opt.errors import InputError
from freerand_opt.model.tables.text import said_at
from freerand_opt.numbers import markup


@dataclass(frozen=True)
class Computed(Bracketed):
    """The answer to a computation; its fields are those of `Result` where they make sense.

    `status` is COMPUTED, or PROVED* if its meaning rests on a written proof.
    """

    computation: Computation
    certificate: str = field(repr=False)
    bracket: Bracket
    words: tuple[str, ...]
    status: str
    seconds: float = field(default=0.0, compare=False)

    @property
    def quantity(self) -> str:
        """Return the name of the computation."""
        return self.computation.tag()["name"]

    @property
    def impossible(self) -> bool:
        """Return False: a computation has an answer."""
        return False

    @property
    def how(self) -> tuple[tuple[str, str], ...]:
        """Return how the answer was found."""
        return (("both ends", self.computation.how),)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return why an end is open."""
        lower, upper = self.bracket.lower, self.bracket.upper
        return tuple(f"{n} end: not bounded" for n, x in (("lower", lower), ("upper", upper)) if x is None)

    def __str__(self) -> str:
        return str(self.bracket)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the computation in words, the bracket and how it was found."""
        facts = [("computation", "; ".join(self.words)), (self.quantity, str(self)), *self.how]
        return markup.facts([*facts, ("certificate", f"{self.digest} ({self.status})")])


def compute(computation: Computation) -> Computed:
    """Return the checked answer to a computation; raise InputError where it cannot be had."""
    begun = time.perf_counter()
    with said_at("computation"):
        found = computation.ends()
    ends = {"lower": found.lower, "upper": found.upper}
    body = {
        "format": FORMAT,
        "version": 2,
        "computation": computation.parameters(),
        "answer": {name: None if end is None else str(end) for name, end in ends.items()},
        "proof": found.proof,
    }
    return computed_of(
        computation, json.dumps(body, separators=(",", ":")), seconds=time.perf_counter() - begun
    )


def computed_of(computation: Computation, certificate: str, *, seconds: float = 0.0) -> Computed:
    """Return what a certificate says of a computation, after a check.

    Raise the checker's Rejected, Unreadable or TooMuch where it says nothing, and InputError where it is
    about another computation.
    """
    held = json.loads(certificate)
    report = check(held)
    if held["computation"] != computation.parameters():
        raise InputError("computation", "the certificate is about another computation")
    lower: Fraction | None = report.lower
    words = (report.computation, report.statement)
    return Computed(computation, certificate, Bracket(lower, report.upper), words, report.status, seconds)
