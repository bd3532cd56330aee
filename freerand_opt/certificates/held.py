"""What a certificate holds, by the names of a program's rows: prices of settings and tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.checker.vectors import vector
from freerand_opt.model.problem import Kept, Problem, Test

#: The name of a row.
Key = tuple[Any, ...]


def prices(problem: Problem, raw: Mapping[str, Any]) -> Iterator[tuple[Key, Fraction]]:
    """Yield the prices of observed settings and tests by the names of rows."""
    if "settings" in raw:
        for s, y in enumerate(listed(raw["settings"], problem.shape[0])):
            yield ("observed", s), Fraction(y)
    if "bound" in raw:
        yield ("asked",), Fraction(raw["bound"])
    for k, (test, price) in enumerate(zip(problem.tests, raw["tests"], strict=True)):
        if isinstance(price, dict):
            for key in ("masses", "ratios"):
                yield ("test", k, key, 1), Fraction(price[key])
            for place, value in enumerate(listed(price["settings"], _settings(test))):
                yield ("test", k, place, 1), Fraction(value)
        elif isinstance(test, Kept):
            for cell, m in enumerate(listed(price, sum(len(row) for _, row in test.table))):
                value = Fraction(m[0] if isinstance(m, list) else m)
                side = 1 if value >= 0 or not test.tolerance else -1
                yield ("test", k, cell, side), value * side
        else:
            side = -1 if test.relation == ">=" else 1
            yield ("test", k, 0, side), side * Fraction(price[0] if isinstance(price, list) else price)


def of_proof(problem: Problem, upper: Mapping[str, Any]) -> Problem:
    """Return the problem of a proof: with the rational scores beside its prices, or without what is asked."""
    tests: list[Test | Kept] = []
    for test, price in zip(problem.tests, upper["prices"]["tests"], strict=True):
        if isinstance(test, Test) and isinstance(price, list):
            test = replace(test, score=Fraction(price[1]))
        tests.append(test)
    held = replace(problem, tests=tuple(tests))
    return held.exists if upper["claim"] == "none" else held


def listed(raw: Any, length: int) -> list[Any]:
    """Return a vector of a certificate in full."""
    return vector(raw, "a vector", length, lambda x, _: x).values()


def _settings(test: Test | Kept) -> int:
    assert isinstance(test, Test)
    return len(test.functional.settings)
