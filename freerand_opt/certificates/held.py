r"""The multipliers that a certificate holds, on the named rows of a program (docs/kernel.md, section 4).

The fold over the source says what the multipliers of equalities are; the slack that it leaves is written as
 probabilities P(o|s) >= 0. So the rows add up to the objective, exactly, and to the certificate's bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.certificates.held_fold import ZERO, Fold, Functional, Listed, Positive
from freerand_opt.certificates.many import flat_key, flat_string
from freerand_opt.checker.vectors import vector
from freerand_opt.errors import UnavailableError
from freerand_opt.model.problem import Kept, Problem, Test
from freerand_opt.programs.many import Moments
from freerand_opt.programs.source_cone import Facet
from freerand_opt.programs.strategies import Strategies

#: The name of a row.
Key = tuple[Any, ...]


def multipliers(made: Strategies, upper: Mapping[str, Any]) -> dict[int, Fraction]:
    """Return the multipliers of the program's rows; raise UnavailableError if the proof has none there."""
    priced = dict(prices(made.problem, upper["prices"]))
    objective = {} if upper["claim"] == "none" else dict(made.program.objective)
    left = _left(made, objective, priced)
    folds = [Fold(made, _lists(made, upper["proof"], c), left[c]) for c in range(made.space.carriers)]
    level = max((fold.run(ZERO) for fold in folds), default=ZERO)
    observed = made.problem.observed
    found: dict[Any, Fraction] = dict(priced)
    if observed is not None:
        for s in range(len(observed)):
            found["observed", s] = found.get(("observed", s), ZERO) + level
    elif ("asked",) in priced:
        level = ZERO  # of a ratio the bound itself is priced, and nothing may be left
    else:
        found[("total",)] = level
    for c, fold in enumerate(folds):
        if fold.run(level) > level:
            raise UnavailableError("the proof leaves a rest that is no multiple of a row of this program")
        found |= {("facet", c, f, g): z for f, own in fold.facets.items() for g, z in own.items() if z}
        found |= {("equal", c, e, k): z for e, own in fold.equal.items() for k, z in own.items() if z}
    return {row: found[name] for row, name in enumerate(made.program.names) if found.get(name)}


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


def _left(
    made: Strategies, objective: dict[int, Fraction], priced: Mapping[Key, Fraction]
) -> list[list[Functional]]:
    """Return what prices leave of the objective, by carrier and node."""
    columns = dict(objective)
    z = [priced.get(name, ZERO) for name in made.program.names]  # type: ignore[call-overload]
    for row, column, value in made.program.matrix.entries():
        if z[row]:
            columns[column] = columns.get(column, ZERO) - z[row] * value
    found: list[list[Functional]] = [[{} for _ in range(made.cone.nodes)] for _ in range(made.space.carriers)]
    for column, value in columns.items():
        rest, k = divmod(column, made.space.width)
        c, node = divmod(rest, made.cone.nodes)
        if value:
            found[c][node][k] = value
    return found


# ------------------------------------------------------------------ what the proof lists


def _lists(made: Strategies, proof: Mapping[str, Any], carrier: int) -> Listed:
    if proof["way"] != "cells":
        return _of_boxes(made, proof, carrier)
    held = proof["labels"][carrier]
    unit = proof["unit"]

    def flat(raw: Any) -> dict[int, Fraction]:
        if isinstance(raw, dict):
            raise UnavailableError("the proof uses zeros of the question, which are no rows of this program")
        return {raw[i]: Fraction(raw[i + 1], unit) for i in range(0, len(raw), 2)}

    def at(name: Facet) -> Any:
        own, name = (held["products"][name[1]], name[2:]) if name[0] == "product" else (held, name)
        if "vertices" in own:
            return own["vertices"][name[1]]
        key = {"node": "nodes", "setting": "settings", "last": "last", "row": "rows", "slack": "settings"}[
            str(name[0])
        ]
        if key == "last":
            return own["last"]
        return own[key][name[1]][name[2]] if len(name) == 3 else own[key][name[1]]

    def signed(e: int) -> Functional:
        if "level" in held:
            return flat(held["level"])
        if "products" in held:
            return flat(held["products"][e]["level"])
        equal = [k for k, row in enumerate(getattr(made.problem.source, "rows", ())) if row[1] == "="]
        return flat(held["rows"][equal[e]])

    return Listed(lambda name: flat(at(name)), signed)


def _of_boxes(made: Strategies, proof: Mapping[str, Any], carrier: int) -> Listed:
    """Proofs by boxes list multipliers of a source's rows at most; the rest is the fold's own."""
    if proof.get("vertices") or proof.get("zeros"):
        raise UnavailableError(
            "a proof by boxes with listed vertices or zeros has no multipliers in this program"
        )
    rows: dict[int, Fraction] = {}
    if "rows" in proof:
        raw = proof["rows"][carrier]
        rows = {raw[i]: Fraction(raw[i + 1], proof["unit"]) for i in range(0, len(raw), 2)}
    equal = [k for k, row in enumerate(getattr(made.problem.source, "rows", ())) if row[1] == "="]

    def positive(name: Facet) -> Positive:
        value = rows.get(int(name[1])) if name[0] == "row" else None
        return {0: value} if value else {}

    def signed(e: int) -> Functional:
        return {0: rows[equal[e]]} if e < len(equal) and equal[e] in rows else {}

    return Listed(positive, signed)


def strings(made: Moments, upper: Mapping[str, Any]) -> dict[int, Fraction]:
    """Return the multipliers of a program of symmetric boxes that a proof by strings lists."""
    unit, found = upper["proof"]["unit"], dict[Key, Fraction]()
    places = {tuple(flat_string(string, made.parties)): place for place, string in enumerate(made.strings)}
    for label, own in enumerate(upper["proof"]["labels"]):
        for string, value in own:
            found["string", label, places[tuple(string)]] = Fraction(value, unit)
    found[("violated",)] = Fraction(upper["prices"]["violated"])
    seen = {tuple(key): Fraction(price) for key, price in upper["prices"]["seen"]}
    left = {} if upper["claim"] == "none" else dict(made.program.objective)
    total = made.program.names.index(("total",))
    z: dict[int, Fraction] = {}
    for row, name in enumerate(made.program.names):
        assert isinstance(name, tuple)
        z[row] = (
            found.get(name, ZERO) if name[0] != "seen" else seen.get(tuple(flat_key(name[1])), ZERO) * name[2]
        )
    ones = [column for row, column, _ in made.program.matrix.entries() if row == total]
    for row, column, value in made.program.matrix.entries():
        if column == ones[0] and z[row]:
            left[column] = left.get(column, ZERO) - z[row] * value
    z[total] = left.get(ones[0], ZERO)
    return {row: value for row, value in z.items() if value}
