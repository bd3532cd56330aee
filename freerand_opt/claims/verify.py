"""Derive an answer, certify and check it, and compare it with what a file claims."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.result import Result
from freerand_opt.claims.formulas import value
from freerand_opt.claims.verdict import Verdict, found, verdict
from freerand_opt.model.file import Instance, QuestionFile
from freerand_opt.numbers import markup


@dataclass(frozen=True)
class Verification:
    """A claim beside its certified answer; `verdict` is None without a claim.

    `as_expected` is False if the verdict is not the one that the file foresees.
    """

    file: QuestionFile
    instance: Instance
    result: Result
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


def verify(file: QuestionFile, instance: Instance, **options: Any) -> Verification:
    """Answer one instance and compare the answer with what the file expects.

    `options` are those of `bounds.bound.bound`: solver, time_limit, width, symmetry.
    """
    return compared(file, instance, bound(instance, **options))


def compared(file: QuestionFile, instance: Instance, result: Result) -> Verification:
    """Return the verdict on a result; raise InputError for a formula that is not about the question.

    Where a claim names no difference that is allowed, it is none; of a critical value its width.
    """
    expect = instance.expect
    if expect is None:
        return Verification(file, instance, result, None, True)
    within = Fraction(0) if instance.threshold is None else instance.threshold.width
    said = verdict(found(result), expect, within, lambda name: value(name, instance.question))
    return Verification(file, instance, result, said, said.rstrip("*") == expect.verdict)
