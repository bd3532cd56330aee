"""Numbers as the kernel spells them, and those that it proved as numbers of the product."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import MOST_RADICAND, Number, read_number
from freerand_opt.checker.numbers import Real as KernelReal
from freerand_opt.errors import InputError
from freerand_opt.numbers.atoms import text
from freerand_opt.numbers.exact import cos_pi, sqrt
from freerand_opt.numbers.field import MOST_ORDER
from freerand_opt.numbers.real import Exact


def exact(x: Number) -> Exact:
    """Return the same number."""
    if not isinstance(x, KernelReal):
        return x
    found: Exact = Fraction(0)
    for (n, q), factor in x.terms:
        found = found + sqrt(Fraction(n)) * cos_pi(q) * factor
    return found


def kernel_number(x: Exact) -> Number:
    """Return the same number as the kernel reads it; raise InputError for one that it does not."""
    try:
        return read_number(triples(x), "number", Work())
    except ValueError as error:
        raise InputError("number", str(error)) from None


def triples(x: Exact) -> str | list[list[str | int]]:
    """Return what the checker reads: a fraction's text, or [factor, n, q] of factor * sqrt(n) * cos(q pi).

    Raise ValueError for a number that is no such sum, or one that is too large for the checker.
    """
    if isinstance(x, Fraction):
        return str(x)
    advice = "round it to a fraction on the safe side"
    if x.parts.keys() != {()}:
        raise ValueError(f"{text(x)[:60]} is no sum of fraction * sqrt(n) * cos(q pi); {advice}")
    terms, most = x.parts[()], MOST_ORDER // 2
    if any(n > MOST_RADICAND or b > most for n, _, b in terms):
        limits = f"a radicand above {MOST_RADICAND}, or a denominator above {most} in an angle"
        raise ValueError(f"{text(x)[:60]} has {limits}; {advice}")
    ordered = sorted((n, Fraction(a, b), factor) for (n, a, b), factor in terms.items())
    return [[str(factor), n, str(q)] for n, q, factor in ordered]
