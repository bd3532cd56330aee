"""Certified roots of decreasing functions of epsilon: positive at one end, negative at the other."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freerand_opt.first.computations.exponents import exact_tests, majorised, selected
from freerand_opt.first.computations.parameters import Computation
from freerand_opt.first.formulas.limits import (
    any_encoding_base,
    averaged_base,
    devices_like_sources_base,
    free_edges_averaged_base,
    free_edges_fixed_base,
    free_fixed_base,
    half_entropy,
    theorem_1_base,
    theorem_2_exponent,
)
from freerand_opt.numbers.exact import Exact, sign, text

#: Functions of epsilon by name, with the names of their parameters; all decrease on [0, 1/4].
FUNCTIONS: dict[str, tuple[Callable[..., Exact], tuple[str, ...]]] = {
    "theorem-1-base": (theorem_1_base, ()),
    "averaged-base": (averaged_base, ()),
    "free-fixed-base": (free_fixed_base, ()),
    "free-edges-fixed-base": (free_edges_fixed_base, ()),
    "free-edges-averaged-base": (free_edges_averaged_base, ()),
    "half-entropy": (half_entropy, ()),
    "any-encoding-base": (any_encoding_base, ("fraction",)),
    "devices-like-sources-base": (devices_like_sources_base, ()),
    "theorem-2-exponent": (theorem_2_exponent, ("m", "i")),
    "exact-tests-exponent": (exact_tests, ("m", "i")),
    "majorised-exponent": (majorised, ("m", "i")),
    "selected-exponent": (selected, ("m", "i")),
}


def root_bracket(computation: Computation) -> tuple[Fraction, Fraction]:
    """Return fractions lower < upper with value > 0 at lower, < 0 at upper, at most `width` apart.

    Bisection with exact signs on decimal fractions; raise ValueError without a change of sign.
    """
    function, _ = FUNCTIONS[computation.name]
    parameters: dict[str, Any] = dict(computation.parameters)

    def sign_at(epsilon: Fraction) -> int:
        return sign(function(epsilon, **parameters))

    lower, upper = Fraction(0), Fraction(1, 4)
    if sign_at(lower) <= 0 or sign_at(upper) >= 0:
        raise ValueError(f"{computation.name} has no change of sign on [0, 1/4]")
    while upper - lower > computation.width:
        step = (upper - lower) / 10
        for _ in range(9):
            middle = lower + step
            found = sign_at(middle)
            if found == 0:
                return middle - computation.width / 2, middle + computation.width / 2
            if found < 0:
                upper = middle
                break
            lower = middle
    return lower, upper


def certificate(computation: Computation, *, name: str, instance: str, rests_on: str) -> dict[str, Any]:
    """Return the certificate of a root (format: docs/certificates.md)."""
    lower, upper = root_bracket(computation)
    function, _ = FUNCTIONS[computation.name]
    parameters: dict[str, Any] = dict(computation.parameters)
    words = ", ".join(f"{key}={value}" for key, value in computation.parameters)
    return {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "root",
        "name": name,
        "instance": instance,
        "function": f"{computation.name}({words})",
        "answer": {"lower": str(lower), "upper": str(upper)},
        "at_lower": text(function(lower, **parameters)),
        "at_upper": text(function(upper, **parameters)),
        "rests_on": rests_on,
    }
