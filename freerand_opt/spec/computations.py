"""The table `computation` of a question file: its name and what it is given."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.computations.parameters import Argument, Computation, Word
from freerand_opt.computations.roots import FUNCTIONS
from freerand_opt.computations.values import VALUES
from freerand_opt.spec.fields import Fields


def computation(fields: Fields | None) -> Computation:
    """Return the computation that a table names; raise InputError for what it cannot be given."""
    assert fields is not None
    name = fields.choice("name", (*FUNCTIONS, *VALUES))
    if name in VALUES:
        return _value(name, fields)
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
