"""From multipliers of a linear program to the upper end of a certificate (docs/kernel.md)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.conic.linear import GRID, MOST_BITS
from freerand_opt.model.certificate_form import vector_form
from freerand_opt.model.problem import (
    Bits,
    Kept,
    Limits,
    Mutual,
    Point,
    Problem,
    Product,
    Shared,
    Source,
    Test,
)
from freerand_opt.model.problem import Rows as SourceRows
from freerand_opt.programs.ratios import price_form, sums_ratios
from freerand_opt.programs.source_cone import Facet, folded
from freerand_opt.programs.strategies import Strategies


def rounded(values: Iterable[float]) -> list[Fraction]:
    """Return floats on a grid of 2^-50."""
    return [Fraction(round(float(value) * GRID), GRID) for value in values]


def prices_of(
    names: Sequence[Hashable], z: Sequence[Fraction], problem: Problem, rational: Mapping[int, Any]
) -> dict[str, Any]:
    """Return the prices of settings and tests.

    `rational[k]` are rational scores of test k where they are needed.
    """
    y: dict[int, Fraction] = {}
    averages: list[Fraction] = []
    bound = None
    tests: list[Any] = []
    for test in problem.tests:
        cells = sum(len(row) for _, row in test.table) if isinstance(test, Kept) else 0
        blank: Any = [Fraction(0)] * cells if isinstance(test, Kept) else Fraction(0)
        tests.append({} if sums_ratios(problem, test) else blank)
    for name, value in zip(names, z, strict=True):
        assert isinstance(name, tuple)
        if name[0] == "observed":
            y[name[1]] = value
        elif name[0] == "asked":
            bound = value
        elif name[0] == "average":
            averages.append(max(value, Fraction(0)))
        elif name[0] == "test":
            _, k, cell, side = name
            if isinstance(tests[k], dict):
                tests[k][cell] = value
            elif isinstance(tests[k], list):
                tests[k][cell] += side * value
            else:
                tests[k] += side * value
    found: dict[str, Any] = {}
    if problem.observed is not None:
        found["settings"] = vector_form([y.get(s, Fraction(0)) for s in range(problem.shape[0])])
    if isinstance(problem.source, Shared):
        found["cuts"] = [str(m) for m in problem.source.cuts]
    if averages:
        found["averages"] = [str(price) for price in averages]
    shown: list[Any] = []
    for k, price in enumerate(tests):
        if isinstance(price, dict):
            test = problem.tests[k]
            assert isinstance(test, Test)
            shown.append(price_form(problem, test, price))
        elif isinstance(price, list):
            plain: list[Any] = [str(m) for m in price]
            if k in rational:
                plain = [
                    [text, str(limits[m > 0])] if m and limits is not None else text
                    for m, text, limits in zip(price, plain, rational[k], strict=True)
                ]
            shown.append(plain)
        else:
            shown.append([str(price), str(rational[k])] if k in rational and price else str(price))
    found["tests"] = shown
    if bound is not None:
        found["bound"] = str(bound)
    return found


class Lists:
    """Multipliers of facets by carrier and facet, as integers over one unit."""

    def __init__(self, made: Strategies, z: Sequence[Fraction]) -> None:
        self.made = made
        self.facets: dict[tuple[int, Facet], list[tuple[int, Fraction]]] = {}
        self.equal: dict[tuple[int, int], list[tuple[int, Fraction]]] = {}
        for name, value in zip(made.program.names, z, strict=True):
            assert isinstance(name, tuple)
            if not value:
                continue
            if name[0] == "facet" and (value > 0 or name[3] in made.zeros):
                key = (name[1], made.cone.names[name[2]])
                self.facets.setdefault(key, []).append((name[3], value))
            elif name[0] == "equal":
                self.equal.setdefault((name[1], name[2]), []).append((name[3], -value))
        self.unit = lcm(
            1, *(x.denominator for own in (*self.facets.values(), *self.equal.values()) for _, x in own)
        )
        if self.unit.bit_length() > MOST_BITS:
            self.unit = GRID

    def positive(self, carrier: int, facet: Facet) -> Any:
        """Return a flat list [cell, integer, ..], zeros beside it if there are any."""
        pairs = self.facets.get((carrier, facet), [])
        flat = self._flat([(g, value) for g, value in pairs if g not in self.made.zeros])
        width = self.made.problem.shape[1]
        zeros = [
            [self.made.zeros[g], *divmod(g, width), None, whole]
            for g, value in sorted(pairs)
            if g in self.made.zeros and (whole := round(value * self.unit))
        ]
        return {"terms": flat, "zeros": zeros} if zeros else flat

    def signed(self, carrier: int, row: int) -> list[int]:
        """Return a flat list of an equality's multiplier, by column of the carrier."""
        return self._flat(self.equal.get((carrier, row), []))

    def _flat(self, pairs: list[tuple[int, Fraction]]) -> list[int]:
        found = []
        for place, value in sorted(pairs):
            whole = round(value * self.unit)
            found += [place, whole] if whole else []
        return found


def cells_proof(made: Strategies, z: Sequence[Fraction], *, vertices: bool) -> dict[str, Any]:
    """Return the way `cells`: one proof for each guess label."""
    lists = Lists(made, z)
    problem = made.problem
    labels = []
    for carrier in range(made.space.carriers):
        if vertices:
            labels.append({"vertices": [lists.positive(carrier, name) for name in made.cone.names]})
        else:
            labels.append(_by_source(problem.source, problem, lists, carrier, ()))
    return {"way": "cells", "unit": lists.unit, "labels": labels}


def _by_source(source: Source, problem: Problem, lists: Lists, carrier: int, prefix: Facet) -> dict[str, Any]:
    def own(*name: Any) -> Any:
        return lists.positive(carrier, (*prefix, *name))

    if isinstance(source, Point):
        return {"last": own("last", 0)}
    if isinstance(source, Bits):
        nodes = [[own("node", v, 0), own("node", v, 1)] for v in range(2 ** len(source.ranges) - 1)]
        return {"nodes": nodes, "last": own("last", 0)}
    if isinstance(source, Limits):
        settings = [[own("setting", s, 0), own("setting", s, 1)] for s in range(len(source.lower))]
        level = lists.signed(carrier, _level(lists.made, prefix))
        return {"level": level, "settings": settings, "last": own("last", 0)}
    if isinstance(source, Product):
        count = 1 + max(name[1] for name in lists.made.cone.names if name[0] == "product")  # type: ignore[operator]
        part = source.parts[folded(source, problem.settings)[0]]
        return {
            "products": [_by_source(part, problem, lists, carrier, ("product", k)) for k in range(int(count))]
        }
    rows: list[list[int]] = []
    equalities = 0
    for k, equal in enumerate(_equal_rows(source)):
        if equal:
            rows.append(lists.signed(carrier, equalities))
            equalities += 1
        else:
            rows.append(own("row", k))
    if isinstance(source, Mutual):
        rows = [own("row", k) for k in range(sum(1 for name in lists.made.cone.names if name[0] == "row"))]
    return {"rows": rows, "settings": [own("slack", s) for s in range(problem.shape[0])]}


def _equal_rows(source: Source) -> list[bool]:
    return [relation == "=" for _, relation, _ in source.rows] if isinstance(source, SourceRows) else []


def _level(made: Strategies, prefix: Facet) -> int:
    """Return the equality whose multiplier is the level of limits; those of products follow each other."""
    each = made.cone.equalities.shape[0]
    return int(prefix[1]) * (each // _copies(made)) if prefix else 0


def _copies(made: Strategies) -> int:
    return 1 + max((int(name[1]) for name in made.cone.names if name[0] == "product"), default=0)


def boxes_proof(
    made: Strategies, z: Sequence[Fraction], way: dict[str, Any], order: Sequence[int]
) -> dict[str, Any]:
    """Return a way by boxes.

    Multipliers of a source's rows, where it has rows, are in the given order of carriers.
    """
    source = made.problem.source
    if not isinstance(source, Mutual | SourceRows):
        return way
    lists = Lists(made, z)
    rows = []
    count = sum(1 for name in made.cone.names if name[0] == "row")
    flags = _equal_rows(source) or [False] * count
    for carrier in order:
        own: list[int] = []
        equalities = 0
        for k, equal in enumerate(flags):
            if equal:
                found = lists.signed(carrier, equalities)
                equalities += 1
            else:
                found = lists.positive(carrier, ("row", k))
            own += [k, found[1]] if found else []
        rows.append(own)
    return {**way, "rows": rows, "unit": lists.unit}
