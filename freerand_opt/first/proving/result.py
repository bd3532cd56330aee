"""What comes out: a certified bracket, its certificate, and the verdict on a claim."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal, TypeAlias

from freerand_opt.first.certificates.attack import Strategies, reached
from freerand_opt.first.certificates.certificate import Certificate
from freerand_opt.first.model.question import Expect
from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import Exact, UndecidedError, compare, enclose, text
from freerand_opt.numbers.rounding import decimal_above, decimal_below, float_above, float_below

#: How an answer came about.
How: TypeAlias = Literal["solved", "checked", "stored"]
Verdict: TypeAlias = Literal["PROVED", "PROVED*", "REFUTED", "UNDECIDED"]


@dataclass(frozen=True)
class Bracket:
    """An interval [lower, upper] that certainly holds the answer; None where nothing is proved."""

    lower: Exact | None
    upper: Exact | None

    @property
    def width(self) -> Fraction | None:
        """Return an upper bound on upper - lower, or None if an end is missing."""
        if self.lower is None or self.upper is None:
            return None
        return max(enclose(self.upper - self.lower, 80)[1], Fraction(0))

    @property
    def exact(self) -> Fraction | None:
        """Return the answer if both ends are the same fraction, else None."""
        return self.lower if isinstance(self.lower, Fraction) and self.lower == self.upper else None

    @property
    def lower_float(self) -> float | None:
        """Return a float at most the lower end."""
        return None if self.lower is None else float_below(self.lower)

    @property
    def upper_float(self) -> float | None:
        """Return a float at least the upper end."""
        return None if self.upper is None else float_above(self.upper)

    def __str__(self) -> str:
        if self.exact is not None and len(str(self.exact)) <= 24:
            return str(self.exact)
        lower = "-" if self.lower is None else decimal_below(self.lower)
        upper = "-" if self.upper is None else decimal_above(self.upper)
        return f"[{lower}, {upper}]"

    def _repr_latex_(self) -> str:
        """Return the ends for a notebook: one exact number, or decimals rounded outward."""
        exact = self.exact
        return f"${self if exact is None else markup.latex(exact)}$"


@dataclass(frozen=True)
class Result:
    """The answer to one question: `bracket`, and its proofs in `certificate`.

    `method` names the programs, `solver` who suggested the proof, `seconds` is the wall time of
    solving. `how`: solved in this run; checked, a stored certificate that checks exactly; stored,
    one that is as it was written after its check. `infeasible` is True if no strategy passes the
    tests, which the certificate proves.
    """

    name: str
    instance: str
    quantity: str
    bracket: Bracket
    certificate: Certificate
    digest: str
    method: str
    solver: str
    seconds: float
    how: How = "solved"
    infeasible: bool = False
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def attack(self) -> Strategies:
        """Return the attack that the certificate holds, () if there is none.

        At the worst settings it is the one there; of a threshold, the one that refutes the claim.
        """
        return reached(self.certificate)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the bracket, its exact ends, how it is proved, the attack."""
        ends = (exact_text(self.bracket.lower) or "open", exact_text(self.bracket.upper) or "open")
        facts = markup.facts(
            [
                ("question", f"{self.name} {self.instance}".strip()),
                (self.quantity, str(self)),
                ("lower end", ends[0]),
                ("upper end", ends[1]),
                ("method", self.method),
                ("certificate", f"{self.digest} ({self.how})" if self.digest else ""),
            ]
        )
        if not self.attack:
            return facts
        found = sorted(((one.weight, one.label) for one in self.attack), reverse=True)
        return facts + markup.table(("weight of w", "box"), ((f"{float(p):.6f}", box) for p, box in found))

    def __str__(self) -> str:
        if self.quantity != "strategy":
            return str(self.bracket)
        if self.bracket.lower is not None:
            return "exists"
        return "?" if self.bracket.upper is None else "none"


def verdict(bracket: Bracket, expect: Expect) -> Verdict:
    """Compare a bracket with a claim: PROVED, REFUTED or UNDECIDED; PROVED* rests on a written proof.

    `at_most c`: PROVED if upper <= c, REFUTED if lower > c. `at_least c` likewise. `value c`:
    PROVED if both ends are within `within` of c, REFUTED if the bracket excludes that.
    """
    found: Verdict = "PROVED"
    for outcome in _comparisons(bracket, expect):
        if outcome == "REFUTED":
            return "REFUTED"
        if outcome == "UNDECIDED":
            found = "UNDECIDED"
    if found == "PROVED" and expect.rests_on is not None:
        return "PROVED*"
    return found


def _comparisons(bracket: Bracket, expect: Expect) -> list[Verdict]:
    lower, upper, within = bracket.lower, bracket.upper, expect.within
    outcomes: list[Verdict] = []
    if expect.at_most is not None:
        outcomes.append(_below(upper, lower, expect.at_most + within))
    if expect.at_least is not None:
        outcomes.append(_below(_negative(lower), _negative(upper), -expect.at_least + within))
    if expect.value is not None:
        outcomes.append(_below(upper, lower, expect.value + within))
        outcomes.append(_below(_negative(lower), _negative(upper), -expect.value + within))
    return outcomes


def _negative(x: Exact | None) -> Exact | None:
    return None if x is None else -x


def _below(proved: Exact | None, reached: Exact | None, claimed: Exact) -> Verdict:
    """`proved` bounds the answer from above, `reached` from below; decide answer <= claimed."""
    try:
        if proved is not None and compare(proved, claimed) <= 0:
            return "PROVED"
        if reached is not None and compare(reached, claimed) > 0:
            return "REFUTED"
    except UndecidedError:
        pass
    return "UNDECIDED"


def exact_text(x: Exact | None) -> str | None:
    """Return the exact text of an end, or None."""
    return None if x is None else text(x)
