"""Pieces of a curve: what one basis of a program proves, as functions of a number of the source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.curves.fitting import Fitted, fitted, mapped, slots_of
from freerand_opt.bounds.methods.shapes import Shape, shape_of
from freerand_opt.checker.polynomials import line_through, over_unit
from freerand_opt.conic.basis import basic_point, exact_multipliers
from freerand_opt.conic.linear import Hint
from freerand_opt.model.problem import Bits, Kept, Problem
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.interpolation import Quotient, over_common, stretch
from freerand_opt.numbers.polynomials import combination, times
from freerand_opt.numbers.rounding import drawn_in, inside


@dataclass(frozen=True)
class Family:
    """The same question at each value of a number of its source."""

    problem: Callable[[Fraction], Problem]
    shape: Callable[[Fraction], Shape]
    ends: tuple[Fraction, Fraction]
    places: Sequence[Fraction]
    needed: list[int]  # places that the last attacks needed: a hint


def upper_item(family: Family, hint: Hint, at: Fraction) -> dict[str, Any] | None:
    """Return the prices of a basis as polynomials on the whole interval, or None."""

    def form(place: Fraction) -> Any:
        shape = family.shape(place)
        z = exact_multipliers(shape.program, hint)
        return None if z is None else shape.upper(z[: shape.program.matrix.shape[0]])

    found = fitted(form, family.places)
    if found is None:
        return None
    prices = found.form["prices"]
    slots = slots_of(prices)
    numerators, unit = over_common([found.of(k) for k in slots], at)
    own = dict(zip(slots, numerators, strict=True))
    return {
        "unit": unit,
        "rest": [],
        "prices": mapped(prices, lambda k: own[k]),
        "proof": mapped(found.form["proof"], lambda _: None),
    }


def lower_piece(family: Family, hint: Hint, at: Fraction) -> dict[str, Any] | None:
    """Return the attack of a basis as functions, on the interval about a place where it is one, or None."""

    def form(place: Fraction) -> Any:
        shape = family.shape(place)
        right = [Fraction(b) if not isinstance(b, Real) else inside(b, "<=") for b in shape.program.right]
        x = basic_point(shape.program, hint, right)
        if x is None:
            return None
        attack = shape.attack(x[: shape.program.matrix.shape[1]])
        return {"attack": attack, "room": _slacks(shape, x, right)}

    if not isinstance(family.problem(at).source, Bits):
        return None
    found = fitted(form, family.places, family.needed[0])
    if found is None:
        return None
    family.needed[0] = max(family.needed[0], found.places - 6)
    return _piece(family, found, at)


def _slacks(shape: Shape, x: Sequence[Fraction], right: Sequence[Fraction]) -> list[str]:
    """Return what tests leave over, as text."""
    names: Sequence[Any] = shape.program.names
    tests = [k for k, name in enumerate(names) if name[0] == "test" and not shape.program.equal[k]]
    left = shape.program.matrix.applied(x)
    return [str(right[row] - left[row]) for row in tests]


def _rooms(family: Family, flow: dict[str, Any], palette: list[list[list[int]]]) -> list[list[int]]:
    """Return polynomials whose signs say whether chances are in their ranges."""
    pairs = [(x, family.problem(x).source) for x in family.places[:2]]
    heights: list[int] = []
    rooms: dict[tuple[int, int], None] = {}
    for code, left, _ in flow["nodes"]:
        heights.append(1 if left is None else heights[left] + 1)
        rooms[heights[-1], code] = None
    found = []
    for height, code in rooms:
        num, den = palette[code]
        for k in (0, 1):
            line = [(x, source.ranges[-height][k]) for x, source in pairs if isinstance(source, Bits)]
            (end,), unit = over_unit([line_through(line)])
            found.append(combination([(unit, num), (-1, times(den, end))]))
    return found


def _piece(family: Family, found: Fitted, at: Fraction) -> dict[str, Any] | None:
    attack = found.form["attack"]
    chained = "weights" in attack
    weights = attack["weights"] if chained else [one["weight"] for one in attack["strategies"]]
    slots = slots_of(weights)
    numerators, unit = over_common([found.of(k) for k in slots], at)
    own = dict(zip(slots, numerators, strict=True))
    palette = [_turned(found.of(slot.place), at) for slot in attack["flow"]["palette"]]
    borders: list[Sequence[int]] = [*numerators, unit, *(den for _, den in palette)]
    borders += [p for k in slots_of(found.form["room"]) for p in found.of(k)]
    borders += _rooms(family, attack["flow"], palette)
    within = drawn_in(*stretch(borders, at, family.ends), family.ends)
    if within is None:
        return None
    low, high = within
    shown: dict[str, Any] = {
        key: value for key, value in attack.items() if key not in ("flow", "strategies", "weights")
    }
    if chained:
        shown["weights"] = mapped(weights, lambda k: own[k])
    else:
        shown["strategies"] = [{**one, "weight": own[one["weight"].place]} for one in attack["strategies"]]
    tests = family.problem(at).tests
    scores = [
        str(inside(test.score, test.relation))
        if not isinstance(test, Kept) and isinstance(test.score, Real)
        else None
        for test in tests
    ]
    flow = {"palette": palette, "nodes": attack["flow"]["nodes"]}
    return {"from": str(low), "to": str(high), "unit": unit, "scores": scores, "flow": flow, **shown}


def _turned(quotient: Quotient, at: Fraction) -> list[list[int]]:
    """Return numerator and denominator, the latter positive at a place."""
    den = sum(c * at**k for k, c in enumerate(quotient[1]))
    return [[c if den > 0 else -c for c in p] for p in quotient]


def family_of(
    problem: Callable[[Fraction], Problem], ends: tuple[Fraction, Fraction], places: Sequence[Fraction]
) -> Family | None:
    """Return the family of a question, None if no program has the same shape everywhere."""
    known: dict[Fraction, Shape] = {}
    asked: dict[Fraction, Problem] = {}

    def at(place: Fraction) -> Problem:
        if place not in asked:
            asked[place] = problem(place)
        return asked[place]

    def shape(place: Fraction) -> Shape:
        if place not in known:
            found = shape_of(at(place))
            assert found is not None
            known[place] = found
        return known[place]

    return None if shape_of(at(places[0])) is None else Family(at, shape, ends, places, [0])
