r"""Bell inequalities of quantum devices, read from the prices that refute every quantum strategy.

The prices m of tests on conditional probabilities name a functional; written in means of observables,

.. math:: \sum_{x, y} c_{xy} \langle A_x B_y \rangle + \sum_x c_x \langle A_x \rangle + \dots \le B

holds for all quantum devices while the tests imply more. Its coefficients are rounded to small integers, and
B is what the kernel then reads off the squares of the proof: they prove the largest score as they refuted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import isqrt, prod
from typing import Any

from freerand_opt.certificates.held import prices
from freerand_opt.checker.document import FORMAT, check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Functional, Kept, Point, Problem, Test
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.rounding import decimal_above
from freerand_opt.programs.strategies import test_rows

#: Coefficients are rounded to integers up to these sizes, the first that still refute.
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 30, 40, 60, 100, 1000, 10**4, 10**6)
WORK = 10**9

#: The setting of each party in a mean, None where it has no part.
Mean = tuple[int | None, ...]


@dataclass(frozen=True)
class QuantumInequality:
    """sum of factors times means <= bound for quantum devices; the tests imply `observed` > bound."""

    terms: tuple[tuple[Mean, int], ...]
    bound: Fraction
    observed: Exact

    def words(self) -> str:
        """Return the inequality as a line of text, the bound rounded up."""
        found = []
        for mean, factor in self.terms:
            size = "" if abs(factor) == 1 else f"{abs(factor)} "
            letters = " ".join(f"{chr(65 + p)}{x}" for p, x in enumerate(mean) if x is not None)
            found.append(f"{'+' if factor > 0 else '-'} {size}<{letters}>")
        return f"{' '.join(found).removeprefix('+ ')} <= {decimal_above(self.bound)}"


def quantum_inequality(problem: Problem, upper: Mapping[str, Any] | None) -> QuantumInequality | None:
    """Return the inequality behind a proof by squares that no quantum strategy passes the tests.

    None without such a proof, for more than two outcomes a party, for settings that depend on W, and for
    tests that are neither one whole table nor a single score.
    """
    plain = isinstance(problem.source, Point) and set(problem.outcomes) == {2} and len(problem.tests) == 1
    if problem.devices != "quantum" or upper is None or upper["claim"] != "none" or not plain:
        return None
    (label,) = upper["proof"].get("labels", [{}])
    (test,) = problem.tests
    if type(label.get("last")) is not list or (
        isinstance(test, Test) and test.functional.on != "conditional"
    ):
        return None
    means = _means(problem, _charged(problem, dict(prices(problem, upper["prices"]))))
    means.pop((None,) * len(problem.settings), None)
    most = max((abs(value) for value in means.values()), default=Fraction(0))
    for size in SIZES if most else ():
        whole = {mean: round(value / most * size) for mean, value in means.items()}
        whole = {mean: value for mean, value in whole.items() if value}
        cells = _cells(problem, whole)
        bound = _bound(problem, cells, upper["proof"], Fraction(size) / most)
        seen = None if bound is None else _seen(problem, test, cells)
        if bound is not None and seen is not None and compare(seen, bound) > 0:
            return QuantumInequality(tuple(whole.items()), bound, seen)
    return None


Cells = Mapping[tuple[int, int], Fraction]


def _charged(problem: Problem, priced: Mapping[Any, Fraction]) -> Cells:
    """Return minus prices times the test, as factors of P(o|s) by (s, o)."""
    found: dict[tuple[int, int], Fraction] = {}
    assert problem.observed is not None
    for factors, _, _, _, cell, side in test_rows(problem, problem.tests[0]):
        price = priced.get(("test", 0, cell, side), Fraction(0))
        for s, row in factors.items():
            for o, value in row.items():
                found[s, o] = found.get((s, o), Fraction(0)) - price * value * problem.observed[s]
    return found


def _means(problem: Problem, cells: Cells) -> dict[Mean, Fraction]:
    """Return factors of P(o|s) as factors of means of observables' products."""
    found: dict[Mean, Fraction] = {}
    width = problem.shape[1]
    for (s, o), value in cells.items():
        pairs = zip(problem.joint_settings[s], problem.joint_outcomes[o], strict=True)
        for choice in product(*(((None, 1), (x, 1 - 2 * out)) for x, out in pairs)):
            mean = tuple(x for x, _ in choice)
            found[mean] = found.get(mean, Fraction(0)) + value * prod(sign for _, sign in choice) / width
    return {mean: value for mean, value in found.items() if value}


def _cells(problem: Problem, means: Mapping[Mean, int]) -> Cells:
    """Return means as factors of P(o|s), those of few parties averaged over the others' settings."""
    found: dict[tuple[int, int], Fraction] = {}
    for mean, value in means.items():
        used = [p for p, x in enumerate(mean) if x is not None]
        at = [s for s, own in enumerate(problem.joint_settings) if all(own[p] == mean[p] for p in used)]
        for s, (o, outcomes) in product(at, enumerate(problem.joint_outcomes)):
            sign = prod(1 - 2 * outcomes[p] for p in used)
            found[s, o] = found.get((s, o), Fraction(0)) + Fraction(value * sign, len(at))
    return dict(sorted((cell, value) for cell, value in found.items() if value))


def _bound(problem: Problem, cells: Cells, proof: Mapping[str, Any], scale: Fraction) -> Fraction | None:
    """Return what the proof's squares, times `scale`, say of the largest score with these factors."""
    terms = tuple((s, o, value) for (s, o), value in cells.items())
    ask = replace(problem.ask, quantity="score", score=Functional("conditional", terms), sign=1)
    asked = question_form(replace(problem, tests=(), ask=ask))
    unit = isqrt(int(proof["unit"] ** 2 / scale))
    prices_of = {"settings": {"all": "0", "but": []}, "tests": []}
    upper = {"claim": "bound", "prices": prices_of, "proof": {**proof, "unit": unit}}
    form = {"format": FORMAT, "version": 2, "kind": "bracket", "question": asked}
    try:
        found = check({**form, "upper": upper, "attack": None}, Work(WORK)).upper
    except (Rejected, Unreadable, TooMuch):
        return None
    return found if isinstance(found, Fraction) else None


def _seen(problem: Problem, test: Test | Kept, cells: Cells) -> Exact | None:
    """Return what the test implies of the score at least, None if it is not seen."""
    if isinstance(test, Kept):
        table = dict(test.table)
        if len(table) < problem.shape[0]:
            return None
        total: Exact = -test.tolerance * sum((abs(value) for value in cells.values()), Fraction(0))
        for (s, o), value in cells.items():
            total = total + table[s][o] * value
        return total
    held = _means(problem, {(s, o): factor for s, o, factor in test.functional.terms})
    constant = held.pop((None,) * len(problem.settings), Fraction(0))
    ours = _means(problem, cells)
    ratio = {ours.get(mean, Fraction(0)) / value for mean, value in held.items()}
    same = len(ratio) == 1 and ours.keys() == held.keys()
    return (test.score - constant) * next(iter(ratio)) if same else None
