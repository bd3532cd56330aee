"""The verdict on a claim, from what was proved and what was claimed.

`at_most c` is PROVED if the upper end is at most c and REFUTED if the lower end is above c; `at_least`
likewise; `value c` asks both, up to `within`. PROVED* rests on a written proof beside the certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from freerand_opt.bounds.bracket import Bracket
from freerand_opt.bounds.result import Result
from freerand_opt.model.expect import Expect, Formula
from freerand_opt.model.quantities import STRATEGY
from freerand_opt.numbers.exact import Exact, UndecidedError, compare

Verdict: TypeAlias = Literal["PROVED", "PROVED*", "REFUTED", "UNDECIDED"]
#: What a closed form is worth, by its name.
Evaluate: TypeAlias = Callable[[str], Exact]


@dataclass(frozen=True)
class Found:
    """What is known of an answer: its bracket, and whether nothing passes the tests, or something does."""

    bracket: Bracket
    impossible: bool = False
    reached: bool = True


def found(result: Result) -> Found:
    """Return what a result says; of a strategy 1 (exists) or 0 (none)."""
    reached = _reached(result)
    if result.quantity != STRATEGY:
        return Found(result.bracket, result.impossible, reached)
    answer = Fraction(0) if result.impossible else Fraction(1) if reached else None
    return Found(Bracket(answer, answer), result.impossible, reached)


def _reached(result: Result) -> bool:
    """Return whether the certificate holds an attack, which passes the tests."""
    held = result.document
    ends = held.get("parts") or [held.get(key) for key in ("below", "above") if key in held] or [held]
    return not result.impossible and any(end.get("attack") is not None for end in ends)


def verdict(known: Found, expect: Expect, within: Fraction, evaluate: Evaluate) -> Verdict:
    """Compare what is known with a claim; `within` is the difference allowed where the claim names none.

    Nothing but ``value = "none"`` is proved, or refuted, of a question that has no answer.
    """
    within = within if expect.within is None else expect.within
    if expect.value == "none":
        said: Verdict = "PROVED" if known.impossible else "REFUTED" if known.reached else "UNDECIDED"
    elif expect.value == "exists":
        said = "REFUTED" if known.impossible else "PROVED" if known.reached else "UNDECIDED"
    elif known.impossible and known.bracket.lower is None:
        return "UNDECIDED"
    else:
        said = _all(_comparisons(known.bracket, expect, within, evaluate))
    return "PROVED*" if said == "PROVED" and expect.rests_on is not None else said


def _all(outcomes: Iterator[Verdict]) -> Verdict:
    """Return REFUTED if one is, UNDECIDED if one is or there is none, else PROVED."""
    held = set(outcomes)
    return "REFUTED" if "REFUTED" in held else "PROVED" if held == {"PROVED"} else "UNDECIDED"


def _comparisons(bracket: Bracket, expect: Expect, within: Fraction, evaluate: Evaluate) -> Iterator[Verdict]:
    def number(end: Exact | Formula) -> Exact:
        return evaluate(end.formula) if isinstance(end, Formula) else end

    lower, upper = bracket.lower, bracket.upper
    for end in (expect.at_most, expect.value):
        if end is not None:
            yield _below(upper, lower, number(end) + within)
    for end in (expect.at_least, expect.value):
        if end is not None:
            yield _below(_negative(lower), _negative(upper), within - number(end))


def _negative(x: Exact | None) -> Exact | None:
    return None if x is None else -x


def _below(proved: Exact | None, reached: Exact | None, claimed: Exact) -> Verdict:
    """Decide answer <= claimed; `proved` bounds the answer from above, `reached` from below."""
    try:
        if proved is not None and compare(proved, claimed) <= 0:
            return "PROVED"
        if reached is not None and compare(reached, claimed) > 0:
            return "REFUTED"
    except UndecidedError:
        pass
    return "UNDECIDED"
