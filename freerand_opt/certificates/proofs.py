"""From multipliers of a linear program to the upper end of a certificate (docs/kernel.md)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
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
from freerand_opt.programs.source_cone import Cone, Facet, folded
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
    labels = []
    for carrier in range(made.space.carriers):
        if vertices:
            labels.append({"vertices": [lists.positive(carrier, name) for name in made.cone.names]})
        else:
            own, signed = partial(lists.positive, carrier), partial(lists.signed, carrier)
            labels.append(by_source(made.problem, made.cone, own, signed))
    return {"way": "cells", "unit": lists.unit, "labels": labels}


def by_source(
    problem: Problem, cone: Cone, own: Callable[[Facet], Any], signed: Callable[[int], Any]
) -> dict[str, Any]:
    """Return a label's proof as its source lists it: of each facet `own`, of each equality `signed`."""
    copies = 1 + max((int(name[1]) for name in cone.names if name[0] == "product"), default=0)
    each = cone.equalities.shape[0] // copies

    def listed(source: Source, prefix: Facet, first: int) -> dict[str, Any]:
        def pairs(kind: str, count: int) -> list[list[Any]]:
            return [[own((*prefix, kind, v, side)) for side in (0, 1)] for v in range(count)]

        if isinstance(source, Product):
            part = source.parts[folded(source, problem.settings)[0]]
            return {"products": [listed(part, ("product", k), k * each) for k in range(copies)]}
        if isinstance(source, Bits | Limits | Point):
            last = {"last": own((*prefix, "last", 0))}
            if isinstance(source, Bits):
                return {"nodes": pairs("node", 2 ** len(source.ranges) - 1), **last}
            if isinstance(source, Limits):
                return {"level": signed(first), "settings": pairs("setting", len(source.lower)), **last}
            return last
        slacks = [own((*prefix, "slack", s)) for s in range(problem.shape[0])]
        return {"rows": _rows(source, cone, own, signed), "settings": slacks}

    return listed(problem.source, (), 0)


def _rows(source: Source, cone: Cone, own: Callable[[Facet], Any], signed: Callable[[int], Any]) -> list[Any]:
    """Return what a source's rows are multiplied by."""
    if isinstance(source, SourceRows):
        equal = [relation == "=" for _, relation, _ in source.rows]
    else:
        equal = [False for name in cone.names if name[0] == "row"]
    return [signed(sum(equal[:k])) if is_equal else own(("row", k)) for k, is_equal in enumerate(equal)]


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
    for c in order:
        found = _rows(source, made.cone, partial(lists.positive, c), partial(lists.signed, c))
        rows.append([x for k, flat in enumerate(found) if flat for x in (k, flat[1])])
    return {**way, "rows": rows, "unit": lists.unit}
