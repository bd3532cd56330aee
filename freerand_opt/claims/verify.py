"""Derive an answer, certify and check it; the verdict on what a file claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.bound import bound
from freerand_opt.claims.formulas import value
from freerand_opt.model.files import file as questions
from freerand_opt.model.files.expect import Expect, Formula
from freerand_opt.model.files.head import kind_of, load
from freerand_opt.model.quantities import STRATEGY
from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import Exact, UndecidedError, compare

if TYPE_CHECKING:
    from freerand_opt.claims.conjecture import file as computations
    from freerand_opt.claims.conjecture.computed import Computed

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


File: TypeAlias = "questions.QuestionFile | computations.ComputationFile"
Instance: TypeAlias = "questions.Instance | computations.Instance"
Answer: TypeAlias = "Result | Computed"


@dataclass(frozen=True)
class Verification:
    """A claim beside its certified answer; `verdict` is None without a claim.

    `as_expected` is False if the verdict is not the one that the file foresees.
    """

    file: File
    instance: Instance
    result: Answer
    verdict: Verdict | None
    as_expected: bool

    @property
    def title(self) -> str:
        """Return the names of file and instance."""
        return f"{self.file.name} {self.instance.name}".strip()

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the claim, its verdict and the answer."""
        facts = [
            ("claim", self.file.claim),
            ("reference", self.file.reference),
            ("verdict", self.verdict or ""),
            ("expected", self.instance.expected),
        ]
        return markup.facts(facts) + self.result._repr_html_()


def read(path: str | Path, overrides: Mapping[str, Any] | None = None) -> File:
    """Read a file with claims about questions or computations; raise InputError for any other."""
    if kind_of(load(path)) == "computation":
        from freerand_opt.claims.conjecture import file as computations

        return computations.read(path, overrides)
    return questions.read(path, overrides)


def verify(file: File, instance: Instance, **options: Any) -> Verification:
    """Answer one instance and compare the answer with what the file expects.

    `options` are those of `bounds.bound.bound`: solver, time_limit, width, symmetry; a computation has none.
    """
    if isinstance(instance, questions.Instance):
        return compared(file, instance, bound(instance, **options))
    from freerand_opt.claims.conjecture.computed import compute

    return compared(file, instance, compute(instance.computation))


def compared(file: File, instance: Instance, result: Answer) -> Verification:
    """Return the verdict on a result; raise InputError for a formula that is not about the question.

    Where a claim names no difference that is allowed, it is none; of a critical value its width.
    """
    expect = instance.expect
    if expect is None:
        return Verification(file, instance, result, None, True)
    known = found(result) if isinstance(result, Result) else Found(result.bracket)
    asked = result.question if isinstance(result, Result) else result.computation
    sought = instance.threshold if isinstance(instance, questions.Instance) else None
    within = Fraction(0) if sought is None else sought.width
    said = verdict(known, expect, within, lambda name: value(name, asked))
    return Verification(file, instance, result, said, said.rstrip("*") == expect.verdict)
