"""Derive an answer, certify and check it, and compare it with what a file claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.result import Result
from freerand_opt.claims.formulas import value
from freerand_opt.claims.verdict import Found, Verdict, found, verdict
from freerand_opt.model import file as questions
from freerand_opt.model.head import kind_of, load
from freerand_opt.numbers import markup

if TYPE_CHECKING:  # what asks questions alone loads no computations
    from freerand_opt.claims.conjecture import file as computations
    from freerand_opt.claims.conjecture.computed import Computed

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
        expect = self.instance.expect
        facts = [
            ("claim", self.file.claim),
            ("reference", self.file.reference),
            ("verdict", self.verdict or ""),
            ("expected", "" if expect is None else expect.shown),
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
