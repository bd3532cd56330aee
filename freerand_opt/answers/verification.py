"""The whole way: derive an answer, certify and check it, and compare it with what a file claims."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from freerand_opt.answers.bounding import bound
from freerand_opt.answers.computing import computed
from freerand_opt.answers.threshold import critical_value
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.certificate import question_from_json
from freerand_opt.errors import FreerandError, InputError
from freerand_opt.model.question import Expect
from freerand_opt.model.scenario import Scenario, cglmp, chained, chsh, ghz, i3322
from freerand_opt.numbers import markup
from freerand_opt.programs.build import any_settings, build
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.relaxed import without_objective
from freerand_opt.programs.strategies import BoxStrategies
from freerand_opt.proving.result import Bracket, Result, verdict
from freerand_opt.proving.solving import expanded
from freerand_opt.spec.file import Instance, QuestionFile

#: What a verdict says that rests on a program which is not derived from its question by the checker.
TRUSTED = " (program trusted)"


@dataclass(frozen=True)
class Verification:
    """A claim beside its certified answer; `verdict` is None without a claim.

    A verdict that rests on a program which the checker has not derived from the question says
    "(program trusted)". `as_expected` is False if it is not the verdict that the file foresees.
    """

    file: QuestionFile
    instance: Instance
    result: Result
    verdict: str | None
    as_expected: bool

    @property
    def impossible(self) -> bool:
        """Return whether no strategy passes the tests, so that what was asked has no answer."""
        asked = self.instance.question
        return self.result.infeasible and asked is not None and asked.ask.quantity != "strategy"

    @property
    def title(self) -> str:
        """Return the names of file and instance."""
        return f"{self.result.name} {self.result.instance}".strip()

    @property
    def usual_width(self) -> float:
        """Return how narrow a bracket is usually expected: linear programs are exact, relaxations floats."""
        asked = self.instance.question
        return 1e-6 if asked is not None and asked.adversary.devices == "quantum" else 1e-9

    def wider_than(self, width: float | None) -> bool:
        """Return whether the answer is not known as well as `width` (None: as usual) asks."""
        width = self.usual_width if width is None else width
        if self.result.notes:
            return True
        if self.impossible or self.result.quantity == "threshold":
            return False
        if self.result.quantity == "strategy":
            return str(self.result) == "?"
        size = self.result.bracket.width
        return size is None or not size <= width

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the claim, its verdict and the answer."""
        expect = self.instance.expect
        facts = [
            ("claim", self.file.claim),
            ("reference", self.file.reference),
            ("verdict", self.verdict or ""),
        ]
        facts.append(("expected", expect.shown if expect is not None and expect.shown else ""))
        return markup.facts(facts) + self.result._repr_html_()


def answer(file: QuestionFile, instance: Instance, **how: Any) -> Result:
    """Return the certified answer to one instance of a file; `how` are the options of `bound`."""
    if instance.computation is not None:
        return computed(file, instance)
    assert instance.question is not None
    how |= {"name": file.name, "instance": instance.name}
    if instance.threshold is not None:
        return critical_value(instance.question, instance.threshold, **how)
    return bound(instance.question, **how)


def verify(file: QuestionFile, instance: Instance, **how: Any) -> Verification:
    """Derive, certify and check one instance, and compare it with what the file expects.

    `how` are the options of `bound`: solver, time_limit, symmetry.
    """
    return compared(file, instance, answer(file, instance, **how))


def compared(file: QuestionFile, instance: Instance, result: Result) -> Verification:
    """Return the verdict on a result; nothing is claimed successfully about a question without an answer."""
    if instance.expect is None:
        return Verification(file, instance, result, None, True)
    wanted = instance.expect.verdict or "PROVED"
    impossible = Verification(file, instance, result, None, False).impossible
    if impossible and not instance.expect.none:
        return Verification(file, instance, result, "UNDECIDED", False)
    if instance.expect.none:
        reached = result.certificate.get("attack") is not None
        said = "PROVED" if impossible else "REFUTED" if reached else "UNDECIDED"
        trusted = TRUSTED if impossible and checker.trusted_ends(result.certificate) else ""
        return Verification(file, instance, result, said + trusted, said == wanted)
    expect = _of_existence(instance.expect, result)
    found: str = verdict(result.bracket, expect)
    as_expected = found.rstrip("*") == wanted
    if found != "UNDECIDED" and verdict(_tied(result), expect) != found:
        found += TRUSTED
    return Verification(file, instance, result, found, as_expected)


def _tied(result: Result) -> Bracket:
    """Return the ends of a result that rest on no program which has to be trusted."""
    trusted = checker.trusted_ends(result.certificate)
    lower, upper = result.bracket.lower, result.bracket.upper
    return Bracket(None if "lower" in trusted else lower, None if "upper" in trusted else upper)


def _of_existence(expect: Expect, result: Result) -> Expect:
    """Existence has one proved end: "none" is at most 0, "exists" at least 1."""
    if result.quantity != "strategy" or expect.value is None:
        return expect
    if expect.value == 0:
        return replace(expect, value=None, at_most=expect.value)
    return replace(expect, value=None, at_least=expect.value)


def unanswered(file: QuestionFile, instance: Instance, mark: str, why: str) -> Verification:
    """Return a cell of a table that has no answer, with a short mark and the whole reason as notes."""
    quantity = "threshold" if instance.threshold is not None else "none"
    result = Result(
        name=file.name,
        instance=instance.name,
        quantity=quantity,
        bracket=Bracket(None, None),
        certificate={},
        digest="",
        method="none",
        solver="none",
        seconds=0.0,
        notes=(mark, why),
    )
    if instance.expect is None:
        return Verification(file, instance, result, None, True)
    return Verification(file, instance, result, "UNDECIDED", instance.expect.verdict == "UNDECIDED")


# ------------------------------------------------------------------ checking without a solver


def check_certificate(body: dict[str, Any]) -> tuple[str, ...]:
    """Check a certificate, rebuilding what it only names; return what was proved.

    A program is built from its question even if the file carries one. Raise check.CertificateError
    if it does not prove what it states.
    """
    programs: dict[str, Any] = {}
    lifted: dict[str, Any] = {}
    rebuilt = False
    for part in brackets(body):
        proof = part.get("multipliers") or part.get("products")
        asked = part.get("question")
        related = isinstance(asked, dict) and "relations" in asked  # the checker builds the program
        if not isinstance(proof, dict) or "program" not in proof or "question" not in part or related:
            continue
        program = _program_of(asked, products=part.get("multipliers") is None)
        rebuilt = True
        if program.digest != proof.get("digest"):
            raise checker.CertificateError(
                f"multipliers: they are about the program {proof.get('digest')}, "
                f"the question's is {program.digest}"
            )
        if proof["program"] is None and part.get("multipliers") is None:
            programs[program.digest] = program.plain
        elif proof["program"] is None:
            try:
                more, raised = expanded(part, program, None)
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                raise checker.CertificateError(f"multipliers: they cannot be lifted ({error})") from None
            programs |= more
            lifted |= raised
    lines = checker.check(body, programs=programs, lifted=lifted).lines
    return (*lines, "the program was rebuilt from the question: same digest") if rebuilt else lines


def _program_of(question: Any, *, products: bool = False) -> ConicProgram:
    """Return the program of a certificate's question, or the one that prices of products are about."""
    checker._read_question(question)  # sizes and numbers are as documented, so that building ends
    try:
        asked = question_from_json(question)
        _check_family(asked.scenario)
        above = build(asked).above
        if products:
            assert isinstance(above, BoxStrategies)
            above = any_settings(asked, above)
        program = above.program
    except checker.CertificateError:
        raise
    except (
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        AttributeError,
        FreerandError,
        AssertionError,
    ) as error:
        raise checker.CertificateError(f"question: no program can be built from it ({error})") from None
    return without_objective(program) if asked.ask.quantity == "strategy" else program


def _check_family(scenario: Scenario) -> None:
    """Raise CertificateError if a scenario is none of its family: proofs about the family choose programs."""
    settings, family = scenario.settings, scenario.family
    makers: dict[str | None, Callable[[], Scenario]] = {
        None: lambda: scenario,
        "chsh": chsh,
        "chained": lambda: chained(settings[0]),
        "ghz": lambda: ghz(len(settings)),
        "i3322": i3322,
        "cglmp": lambda: cglmp(scenario.outcomes[0]),
    }
    if family not in makers:
        raise checker.CertificateError(f"question: the family {family!r} is not known")
    made = makers[family]()
    if (made.settings, made.outcomes) != (settings, scenario.outcomes):
        raise checker.CertificateError(
            f"question: {settings} settings and {scenario.outcomes} outcomes are not of the family {family!r}"
        )


def brackets(body: Any) -> Iterator[dict[str, Any]]:
    """Yield the certificates of kind bracket that a certificate consists of."""
    if not isinstance(body, dict):
        return
    if body.get("kind") == "bracket":
        yield body
    for key in ("below", "above"):
        yield from brackets(body.get(key))
    parts = body.get("parts")
    for part in parts if isinstance(parts, list) else ():
        yield from brackets(part)


def load(path: Path) -> dict[str, Any]:
    """Read a certificate; raise InputError if it is no JSON, CertificateError if it is no object."""
    try:
        body = loads(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    except checker.CertificateError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(str(path), f"is no JSON ({error}); was it cut off?") from None
    if not isinstance(body, dict):
        raise checker.CertificateError("is no JSON object")
    return body


def loads(text: bytes | str) -> Any:
    """Return what a JSON text holds; raise CertificateError for a key that occurs twice, or a float."""
    return json.loads(text, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise checker.CertificateError("a key occurs twice in one object")
    return found


def _no_float(word: str) -> Any:
    raise checker.CertificateError(f"{word[:40]} is a floating-point number; numbers are texts")
