"""Numbers that the kernel proved, as numbers of the product."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import Number, Real, read_number
from freerand_opt.errors import InputError
from freerand_opt.numbers.exact import Exact, cos_pi, sqrt, triples


def exact(x: Number) -> Exact:
    """Return the same number."""
    if not isinstance(x, Real):
        return x
    found: Exact = Fraction(0)
    for (n, q), factor in x.terms:
        found = found + sqrt(Fraction(n)) * cos_pi(q) * factor
    return found


def kernel_number(x: Exact) -> Number:
    """Return the same number as the kernel reads it; raise InputError for one that it does not."""
    try:
        raw = triples(x)
        return read_number(raw, "number", Work())
    except ValueError as error:
        raise InputError("number", str(error)) from None
