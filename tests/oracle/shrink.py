"""A question with a fault made smaller, as long as the same kind of fault remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from tests.oracle.number import Number, exactly
from tests.oracle.question import Functional, Kept, Question, Test
from tests.oracle.source import Source


def shrunk(question: Question, fault_of: Callable[[Question], str]) -> Question:
    """Return a question that is no larger and has a fault of the same kind; `fault_of` says which.

    The kind is what stands before the first colon.
    """
    kind = fault_of(question).partition(":")[0]
    while True:
        for smaller in simpler(question):
            if fault_of(smaller).partition(":")[0] == kind:
                question = smaller
                break
        else:
            return question


def simpler(question: Question) -> Iterator[Question]:
    """Yield questions that differ in one thing and are simpler."""
    tests = question.tests
    for place in range(len(tests)):
        yield replace(question, tests=(*tests[:place], *tests[place + 1 :]))
    if question.table and not any(isinstance(t, Kept) or t.honest for t in tests):
        yield replace(question, table=())
    for source in _sources(question.source):
        yield replace(question, source=source)
    if question.settings != "uniform":
        yield replace(question, settings="uniform")
    if question.told != "settings":
        yield replace(question, told="settings")
    if question.devices == "no-signalling":
        yield replace(question, devices="local")
    ask = question.ask
    if ask.functional is not None and ask.quantity == "score":
        if ask.extreme == "smallest":
            yield replace(question, ask=replace(ask, extreme="largest"))
        for functional in _functionals(ask.functional):
            yield replace(question, ask=replace(ask, functional=functional))
    if ask.at in ("average", "worst"):
        yield replace(question, ask=replace(ask, at=question.scenario.joint_settings[0]))
    for place, test in enumerate(tests):
        for easier in _tests(test):
            yield replace(question, tests=(*tests[:place], easier, *tests[place + 1 :]))


def _sources(source: Source) -> Iterator[Source]:
    if source.kind != "uniform":
        yield Source("uniform")
    if source.bits != "most-significant-first":
        yield replace(source, bits="most-significant-first")
    if source.order != "interleaved":
        yield replace(source, order="interleaved")
    for place in range(len(source.rows)):
        if len(source.rows) > 1:
            yield replace(source, rows=(*source.rows[:place], *source.rows[place + 1 :]))
    if source.kind in ("santha-vazirani", "mutual", "independent"):
        for number in _numbers(source.numbers[0]):
            yield replace(source, numbers=(number,))


def _functionals(functional: Functional) -> Iterator[Functional]:
    terms = functional.terms
    for place, (label, factor) in enumerate(terms):
        rest = (*terms[:place], *terms[place + 1 :])
        if rest:
            yield replace(functional, terms=rest)
        for number in _numbers(factor):
            yield replace(functional, terms=(*terms[:place], (label, number), *terms[place + 1 :]))


def _tests(test: Test | Kept) -> Iterator[Test | Kept]:
    if isinstance(test, Kept):
        if test.tolerance.low:
            yield replace(test, tolerance=exactly(0))
        return
    for functional in _functionals(test.functional):
        yield replace(test, functional=functional, honest=False)
    for number in _numbers(test.score):
        yield replace(test, score=number, honest=False)


def _numbers(number: Number) -> Iterator[Number]:
    """Yield numbers near by with fewer digits."""
    for most in (1, 10, 1000, 10**6):
        near = number.low.limit_denominator(most)
        if near and Fraction(near).denominator * 10 < number.low.denominator:
            yield exactly(near)
