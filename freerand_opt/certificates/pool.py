"""The best ends found so far for one problem; each was proved by the kernel before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from freerand_opt.certificates.shorter import shortened
from freerand_opt.checker.document import FORMAT, Report, check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import Number, enclose, sign
from freerand_opt.errors import TooLargeError
from freerand_opt.model.certificate_form import plain_form
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Problem
from freerand_opt.model.quantities import GUESS

#: Digits of a numerator or denominator that the kernel reads.
MOST_DIGITS = 4001
#: Steps of work that a proof may take when it is made; files of this size are checked by anybody.
WORK = 10**9
#: How well a small answer is to be known, in parts of itself.
RELATIVE = Fraction(1, 1000)
#: What a shorter proof may cost, in parts of the width that is sought.
LOSS = Fraction(1, 1000)
#: By what bounds are raised that rounding left too low.
RAISED = (Fraction(0), *(Fraction(1, 2**bits) for bits in (56, 48, 40, 32, 24, 16)))


@dataclass
class Pool:
    """Upper end, attack and what was tried; the smaller bound and the larger value stay.

    `width` is how near each other the ends are sought; `relative`, also beside the answer, or what a guess is
    short of 1, which is nearly its entropy (unless that may be nothing).
    """

    subject: Problem | Many
    width: Fraction = Fraction(0)
    relative: bool = False
    question: dict[str, Any] = field(init=False)
    upper: dict[str, Any] | None = None
    attack: dict[str, Any] | None = None
    bound: Number | None = None
    reached: Number | None = None
    impossible: bool = False
    contradicted: bool = False  # a program had no solution; whether there is a strategy is to be asked
    margin: float | None = (
        None  # the optimum in floats, or by how much a test is passed: a hint for thresholds
    )
    how: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the question once; raise TooLargeError where the kernel could not read it."""
        self.question = plain_form(self.subject)
        long = longest(self.question)
        if long > MOST_DIGITS:
            raise TooLargeError(
                f"the question has a number of {long} digits, and a certificate has at most {MOST_DIGITS}; "
                "give shorter numbers"
            )

    @property
    def problem(self) -> Problem:
        """Return the question in joint indices; relations of many parties have none."""
        assert isinstance(self.subject, Problem)
        return self.subject

    @property
    def sign(self) -> int:
        """Return -1 if the smallest score is asked for, else 1."""
        return self.subject.ask.sign if isinstance(self.subject, Problem) else 1

    def offer_upper(self, form: dict[str, Any], how: str) -> bool:
        """Keep an upper end if it is proved and better; return whether it was."""
        report = self._proved(form, None, how)
        if report is None:
            return False
        if report.impossible:
            self.upper, self.impossible = form, True
            self.how["upper"] = how
            return True
        value = self._bound(report)
        if value is None or (self.bound is not None and sign(value - self.bound) >= 0):
            return False
        self.upper, self.bound = form, value
        self.how["upper"] = how
        return True

    def offer_folded(self, form: dict[str, Any], how: str) -> bool:
        """Keep an upper end, a stated bound raised until it is proved; return whether it was better.

        With unconstrained settings the bound is part of what is folded, and rounding may leave it too low.
        """
        stated = form["prices"].get("bound")
        if stated is None:
            return self.offer_upper(form, how)
        raised = (Fraction(stated) + more for more in RAISED)
        return any(
            self.offer_upper({**form, "prices": {**form["prices"], "bound": str(bound)}}, how)
            for bound in raised
        )

    def shorten(self) -> None:
        """Round squares where the bound then stays within LOSS of the width asked."""
        form = None if self.upper is None else shortened(self.upper)
        failures = list(self.failures)  # none of the route's
        report = None if form is None else self._proved(form, None, "shorter squares")
        self.failures = failures
        if report is None or report.impossible != self.impossible:
            return
        before, value = (self.upper, self.bound), self._bound(report)
        if self.bound is None or value is None or enclose(value - self.bound, 200)[1] <= LOSS * self.width:
            was_settled = self.settled
            self.upper, self.bound = form, value
            if was_settled and not self.settled:
                self.upper, self.bound = before

    def _bound(self, report: Report) -> Number | None:
        """Return what a proof bounds from above: of the smallest score the negative."""
        return report.upper if self.sign > 0 else None if report.lower is None else -report.lower

    def offer_attack(self, form: dict[str, Any], how: str) -> bool:
        """Keep an attack if it passes and reaches more; return whether it does."""
        report = self._proved(None, form, how)
        if report is None:
            return False
        value = report.lower if self.sign > 0 else None if report.upper is None else -report.upper
        if value is None or (self.reached is not None and sign(value - self.reached) <= 0):
            return False
        self.attack, self.reached = form, value
        self.how["attack"] = how
        return True

    def _proved(self, upper: dict[str, Any] | None, attack: dict[str, Any] | None, how: str) -> Report | None:
        try:
            return check(self.certificate(upper, attack), Work(WORK))
        except (Rejected, Unreadable, TooMuch) as fault:
            self.failures.append(f"{how}: {fault}")
            return None

    def certificate(self, upper: dict[str, Any] | None, attack: dict[str, Any] | None) -> dict[str, Any]:
        """Return a certificate of the problem with these ends."""
        return {
            "format": FORMAT,
            "version": 2,
            "kind": "bracket",
            "question": self.question,
            "upper": upper,
            "attack": attack,
        }

    @property
    def best(self) -> dict[str, Any]:
        """Return the certificate with the best ends."""
        return self.certificate(self.upper, None if self.impossible else self.attack)

    @property
    def settled(self) -> bool:
        """Return whether there is no strategy, or one where one was asked for, or the ends are so near."""
        if self.impossible:
            return True
        if isinstance(self.subject, Problem) and self.subject.ask.quantity == "strategy":
            return self.attack is not None
        if self.bound is None or self.reached is None:
            return False
        size = enclose(self.bound - self.reached, 200)[1]
        guess = isinstance(self.subject, Problem) and self.subject.ask.quantity == GUESS
        small = abs(enclose(1 - self.bound if guess else self.bound, 200)[0])
        if self.relative and RELATIVE * small < size < small:
            return False
        return size <= self.width

    @property
    def top(self) -> float:
        """Return what is reached as a float, minus infinity without an attack."""
        return float("-inf") if self.reached is None else float(enclose(self.reached, 80)[0])

    @property
    def height(self) -> float:
        """Return the bound as a float, infinite without one."""
        return float("inf") if self.bound is None else float(enclose(self.bound, 80)[1])


def longest(form: Any) -> int:
    """Return the number of digits of the longest integer in a certificate's texts."""
    if isinstance(form, dict):
        form = list(form.values())
    if isinstance(form, list):
        return max(map(longest, form), default=0)
    return max(map(len, form.lstrip("-").split("/"))) if isinstance(form, str) else 0
