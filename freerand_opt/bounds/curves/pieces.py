"""Pieces of a curve: what one basis of a program proves, as functions of a number of the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.curves.fitting import Fitted, fitted, mapped, slots_of
from freerand_opt.bounds.methods.shapes import Shape, shape_of
from freerand_opt.checker.polynomials import line_through, over_unit
from freerand_opt.conic.basis import basic_point, exact_multipliers
from freerand_opt.conic.linear import Hint
from freerand_opt.model.certificate_form import moving_vector
from freerand_opt.model.problem import Bits, Kept, Limits, Problem
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


def _within_limits(family: Family, masses: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield polynomials whose signs say whether one strategy's masses are in the limits."""
    pairs = [(x, family.problem(x).source) for x in family.places[:2]]
    weight = combination((1, mass) for mass in masses)
    for s, mass in enumerate(masses):
        for k in (0, 1):
            line = [(x, (own.lower, own.upper)[k][s]) for x, own in pairs if isinstance(own, Limits)]
            (end,), unit = over_unit([line_through(line)])
            yield combination([(unit, mass), (-1, times(weight, end))])


def _piece(family: Family, found: Fitted, at: Fraction) -> dict[str, Any] | None:
    attack = found.form["attack"]
    key = "weights" if "weights" in attack else "strategies"
    name = "weight" if "flow" in attack else "masses"
    weights = attack[key] if key == "weights" else [one[name] for one in attack[key]]
    slots = slots_of(weights)
    numerators, unit = over_common([found.of(k) for k in slots], at)
    own = dict(zip(slots, numerators, strict=True))
    held = mapped(weights, lambda k: own[k])
    borders: list[Sequence[int]] = [*numerators, unit]
    borders += [p for k in slots_of(found.form["room"]) for p in found.of(k)]
    shown = dict(attack)
    if "flow" in attack:
        palette = [_turned(found.of(slot.place), at) for slot in attack["flow"]["palette"]]
        borders += [den for _, den in palette] + _rooms(family, attack["flow"], palette)
        shown["flow"] = {"palette": palette, "nodes": attack["flow"]["nodes"]}
    else:
        borders += [p for masses in held for p in _within_limits(family, masses)]
        held = [moving_vector(masses) for masses in held]
    within = drawn_in(*stretch(borders, at, family.ends), family.ends)
    if within is None:
        return None
    low, high = within
    if key == "strategies":
        held = [{**one, name: mine} for one, mine in zip(attack[key], held, strict=True)]
    shown[key] = held
    tests = family.problem(at).tests
    scores = [
        str(inside(test.score, test.relation))
        if not isinstance(test, Kept) and isinstance(test.score, Real)
        else None
        for test in tests
    ]
    return {"from": str(low), "to": str(high), "unit": unit, "scores": scores, **shown}


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
