"""The table `computation` of a question file: its name and what it is given."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from freerand_opt.first.computations.parameters import Argument, Computation, Word
from freerand_opt.first.computations.roots import FUNCTIONS
from freerand_opt.first.computations.values import VALUES
from freerand_opt.first.model.local_errors import LocalErrors
from freerand_opt.first.model.relations import POWERS, Relations, SumOfBiases
from freerand_opt.first.spec.fields import Fields, attempt

#: Computations about GHZ relations; both are given a number of parties M.
BIASES, ERRORS = "sum-of-biases", "local-errors"
NAMES = (*FUNCTIONS, *VALUES, BIASES, ERRORS)
Asked: TypeAlias = Computation | SumOfBiases | LocalErrors


def computation(fields: Fields | None) -> Asked:
    """Return the computation that a table names; raise InputError for what it cannot be given."""
    assert fields is not None
    name = fields.choice("name", NAMES)
    if name in VALUES:
        return _value(name, fields)
    if name in (BIASES, ERRORS):
        return _about_relations(name, fields)
    parameters: list[tuple[str, Argument]] = []
    for key in FUNCTIONS[name][1]:
        value = fields.fraction(key, required=True)
        assert value is not None
        parameters.append((key, value))
    width = fields.fraction("width", Fraction(1, 10**12))
    fields.done()
    assert width is not None
    if width < Fraction(1, 10**300) or width > Fraction(1, 10):
        raise fields.fail("width", f"{width} is not in [1e-300, 1/10]")
    return Computation(name, tuple(parameters), width)


def _about_relations(name: str, fields: Fields) -> SumOfBiases | LocalErrors:
    parties = fields.get("M", int, required=True)
    if name == BIASES:
        kind = fields.choice("relations", POWERS)
        fields.done()
        return SumOfBiases(attempt(fields.at("M"), lambda: Relations(parties, kind)))
    epsilon = fields.fraction("epsilon", required=True)
    fields.done()
    assert epsilon is not None
    return attempt(fields.path, lambda: LocalErrors(parties, epsilon))


def _value(name: str, fields: Fields) -> Computation:
    parameters: list[tuple[str, Argument]] = []
    for key, kind in VALUES[name].parameters.items():
        if isinstance(kind, Word):
            parameters.append((key, fields.choice(key, kind.allowed)))
            continue
        value = fields.fraction(key, required=True)
        assert value is not None
        if not kind.allows(value):
            raise fields.fail(key, f"{value} is not {kind}")
        parameters.append((key, value))
    fields.done()
    return Computation(name, tuple(parameters), Fraction(0))
