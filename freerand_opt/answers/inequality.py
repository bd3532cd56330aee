r"""Measurement-dependent Bell inequalities, read from the multipliers that refute every local model.

The multipliers y of the tests and lambda of the observed settings name a functional of the joint
distribution (arXiv:1407.5634 writes them so),

.. math:: \sum_{o,s} c(o,s) P(o,s) \le B \text{ for every local model whose settings come from the source},

while the tests imply that the observed value is at least V > B. Multipliers are rounded to small
integers, and B is then computed anew and exactly: the largest value over deterministic boxes of the
source's support function. So the inequality does not rest on the multipliers it was read from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import Any

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question, Test
from freerand_opt.model.source import Inequalities, MeasurementDependence, SanthaVazirani, Source, Uniform
from freerand_opt.numbers.exact import Exact, UndecidedError, compare, enclose, text
from freerand_opt.programs.boxes import Box, all_deterministic, table
from freerand_opt.programs.build import build
from freerand_opt.programs.observation import OBSERVED_PATTERN, observation_rows, rows_of_tests
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.ratios import relaxed, sums_ratios
from freerand_opt.programs.relaxed import without_objective
from freerand_opt.programs.strategies import BoxStrategies
from freerand_opt.programs.support import best_distribution, gain
from freerand_opt.programs.vertices import source_vertices
from freerand_opt.proving.solving import expanded

#: Beyond so many joint settings no inequality is written out.
MAX_SETTINGS = 256
#: Multipliers that make integers up to this size are kept as they are.
SMALL = 200
#: Else they are rounded to integers up to these sizes, the first that still prove a contradiction.
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 30, 40, 60, 100, 1000, 10**4, 10**6)


@dataclass(frozen=True)
class BellInequality:
    """sum c(o, s) P(o, s) <= bound for local models; the tests imply a value >= `observed` > bound.

    `terms` are `(joint outcome, joint setting, integer)`. `by_cycle`: the bound was computed over the
    boxes of docs/proofs/cycle-boxes.md, all deterministic ones being too many.
    """

    terms: tuple[tuple[int, int, int], ...]
    bound: Fraction
    observed: Exact
    by_cycle: bool


def bell_inequality(question: Question, certificate: dict[str, Any]) -> BellInequality | None:
    """Return the inequality behind a certificate that no local model passes the tests, or None.

    None without such a proof, and where the bound cannot be computed exactly (too many settings or vertices).
    """
    local = question.adversary.devices == "local" and question.ask.quantity == "strategy"
    if not local or certificate.get("kind") != "bracket" or certificate["multipliers"] is None:
        return None
    if question.scenario.shape[1] > MAX_SETTINGS:
        return None
    made = build(question).above
    if not isinstance(made, BoxStrategies):
        return None
    if any(sums_ratios(question, test) for test in question.tests):
        question = relaxed(question)
    tests, settings = _charges(question, made, certificate)
    exact = _tried(question, made, tests, settings)
    if exact is not None and max(abs(value) for _, _, value in exact.terms) <= SMALL:
        return exact
    for size in SIZES:
        found = _tried(question, made, *_rounded(tests, settings, size))
        if found is not None:
            return found
    return exact


def local_bound(question: Question, terms: Sequence[tuple[int, int, int]], boxes: Sequence[Box]) -> Fraction:
    """Return the largest sum of c(o, s) P(o, s) over these boxes and the source's distributions, exactly."""
    coefficients = np.zeros(question.scenario.shape, dtype=object)
    for o, s, value in terms:
        coefficients[o, s] += value
    best: Fraction | None = None
    for box in boxes:
        numerators, denominator = table(question.scenario, box)
        gains = [Fraction(int(total), denominator) for total in (coefficients * numerators).sum(axis=0)]
        reached = _support(question.source, question, gains)
        best = reached if best is None else max(best, reached)
    assert best is not None
    return best


def _support(source: Source, question: Question, gains: list[Fraction]) -> Fraction:
    """Return max sum_s gains(s) P(s|w) over the source."""
    if isinstance(source, Uniform | SanthaVazirani | MeasurementDependence | Inequalities):
        value = gain(gains, best_distribution(source, question.scenario, gains))
    else:
        value = max(gain(gains, vertex) for vertex in source_vertices(source, question.scenario))
    return value / len(gains)


# ------------------------------------------------------------------ multipliers


def _charges(
    question: Question, made: BoxStrategies, certificate: dict[str, Any]
) -> tuple[list[Fraction], list[Fraction]]:
    """Return the multiplier of each test (as written, not scaled) and of each joint setting's probability."""
    program = without_objective(made.program)
    values = _multipliers(program, certificate)
    labels = {program.row_label(row): row for row in observation_rows(program).tolist()}
    tests = []
    rows = rows_of_tests(question, program)
    for test, row, scale in zip(question.tests, rows, made.test_scales, strict=True):
        value = values.get(row, Fraction(0)) * scale
        # with free settings a conditional test is a row in masses S P(o, s)
        free = question.settings == "free" and test.functional.on == "conditional"
        tests.append(value * question.scenario.shape[1] if free else value)
    observed = []
    count = question.scenario.shape[1]
    for s in range(count):
        at = labels.get(OBSERVED_PATTERN.format(question.scenario.setting_label(s)))
        # masses are S P(s); a row for the total alone charges all settings alike
        observed.append(Fraction(0) if at is None else values.get(at, Fraction(0)) * count)
    common = max(observed, key=observed.count)  # probabilities sum to 1: a common price is a constant
    return tests, [price - common for price in observed]


def _multipliers(program: ConicProgram, certificate: dict[str, Any]) -> dict[int, Fraction]:
    proof = certificate["multipliers"]
    palette, rows, codes = proof["palette"], proof["rows"], proof["codes"]
    if proof["lift"] is not None:
        palette, rows, codes = expanded(certificate, program, None)[1][program.digest]
    return {row: Fraction(palette[code]) for row, code in zip(rows, codes, strict=True)}


def _rounded(
    tests: list[Fraction], settings: list[Fraction], size: int
) -> tuple[list[Fraction], list[Fraction]]:
    """Round both to integers in units of the largest multiplier of a test over `size`."""
    unit = max((abs(value) for value in tests), default=Fraction(0)) or Fraction(1)
    nice = [Fraction(round(value / unit * size)) for value in tests]
    return nice, [Fraction(round(value / unit * size)) for value in settings]


def _tried(
    question: Question, made: BoxStrategies, tests: list[Fraction], settings: list[Fraction]
) -> BellInequality | None:
    """Return the inequality that these multipliers name, if the tests violate it."""
    found = _functional(question, tests, settings)
    if found is None:
        return None
    terms, observed = found
    by_cycle = False
    try:
        try:
            boxes: Sequence[Box] = all_deterministic(question.scenario)
        except TooLargeError:
            boxes, by_cycle = made.boxes, True
        limit = local_bound(question, terms, boxes)
    except TooLargeError:
        return None
    try:
        violated = compare(observed, limit) > 0
    except UndecidedError:
        return None
    return BellInequality(terms, limit, observed, by_cycle) if violated else None


def _functional(
    question: Question, tests: list[Fraction], settings: list[Fraction]
) -> tuple[tuple[tuple[int, int, int], ...], Exact] | None:
    """Return (c, V): -sum y_k (test k as <=) - sum lambda_s P(s), in integers without a common factor.

    Where the settings are free the settings' multipliers are left out (a constant).
    """
    weights = question.setting_weights()
    total: dict[tuple[int, int], Fraction] = {}
    observed: Exact = Fraction(0)
    for test, multiplier in zip(question.tests, tests, strict=True):
        factor = multiplier if test.relation == ">=" else -multiplier
        if not factor:
            continue
        if weights is None and test.functional.on == "conditional":
            (s,) = test.functional.settings()
            score = _weaker(test)
            for o in range(question.scenario.shape[0]):
                total[o, s] = total.get((o, s), Fraction(0)) - factor * score
        else:
            observed = observed + test.score * factor
        for o, s, value in test.functional.terms:
            known = weights is not None and test.functional.on == "conditional"
            share = 1 / weights[s] if weights is not None and known else Fraction(1)
            total[o, s] = total.get((o, s), Fraction(0)) + factor * value * share
    if weights is not None:
        for s, price in enumerate(settings):
            observed = observed - price * weights[s]
            for o in range(question.scenario.shape[0]):
                total[o, s] = total.get((o, s), Fraction(0)) - price
    kept = {key: value for key, value in sorted(total.items(), key=lambda item: item[0][::-1]) if value}
    if not kept:
        return None
    scale = lcm(*(value.denominator for value in kept.values()))
    common = gcd(*(int(value * scale) for value in kept.values()))
    terms = tuple((o, s, int(value * scale) // common) for (o, s), value in kept.items())
    return terms, observed * Fraction(scale, common)


def _weaker(test: Test) -> Fraction:
    """Return the score, or a fraction of six digits that makes the test a little weaker."""
    if isinstance(test.score, Fraction):
        return test.score
    low, high = enclose(test.score)
    if test.relation == "<=":
        return Fraction(ceil(high * 10**6), 10**6)
    return Fraction(floor(low * 10**6), 10**6)


def probability(question: Question, o: int, s: int) -> str:
    """Return the name of a joint probability, P(outcomes, settings), such as ``P(01,10)``."""
    scenario = question.scenario
    outcomes, settings = scenario.outcome_label(o), scenario.setting_label(s)
    return f"P({outcomes}{';' if ',' in outcomes + settings else ','}{settings})"


def signed_terms(question: Question, found: BellInequality) -> Iterator[tuple[str, str]]:
    """Yield (signed factor, probabilities with that factor): equal factors are put together."""
    groups: dict[int, list[str]] = {}
    for o, s, value in found.terms:
        groups.setdefault(value, []).append(probability(question, o, s))
    for value, names in sorted(groups.items(), key=lambda item: (item[0] < 0, -abs(item[0]))):
        size = "" if abs(value) == 1 else f"{abs(value)} "
        words = names[0] if len(names) == 1 else f"[{' + '.join(names)}]"
        yield ("+" if value > 0 else "-"), f"{size}{words}"


def words(question: Question, found: BellInequality, *, latex: bool = False) -> str:
    """Return the inequality as a line of text or of LaTeX."""
    parts = [f"{sign} {term}" for sign, term in signed_terms(question, found)]
    left = " ".join(parts).removeprefix("+ ")
    if not latex:
        return f"{left} <= {found.bound}"
    bound = found.bound
    size = (
        str(abs(bound))
        if bound.denominator == 1
        else rf"\frac{{{abs(bound.numerator)}}}{{{bound.denominator}}}"
    )
    body = left.replace("[", r"\left[").replace("]", r"\right]")
    return rf"{body} \le {'-' if bound < 0 else ''}{size}"


def record(question: Question, found: BellInequality) -> dict[str, Any]:
    """Return the inequality as plain data: terms [o, s, integer], exact ends as text, and LaTeX."""
    return {
        "terms": [list(term) for term in found.terms],
        "bound": str(found.bound),
        "observed_at_least": text(found.observed),
        "over": "boxes of docs/proofs/cycle-boxes.md" if found.by_cycle else "all deterministic boxes",
        "words": words(question, found),
        "latex": words(question, found, latex=True),
    }
