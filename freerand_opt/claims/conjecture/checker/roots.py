"""Roots of decreasing functions: the sign at both ends, by intervals.

That a function decreases on [0, 1/2) and what its root means stand on the page that is named beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from freerand_opt.checker.failures import TooMuch
from freerand_opt.claims.conjecture.checker.intervals import Interval, interval, log2
from freerand_opt.claims.conjecture.checker.reading import Arguments, require

MOST_BITS = 1 << 12
#: Where ends of a root may lie.
MOST = Fraction(499, 1000)
Value: TypeAlias = Interval | Fraction
#: A function of e, its parameters, and a logarithm.
Function: TypeAlias = Callable[[Fraction, dict[str, Fraction], Callable[[Fraction], Interval]], Value]
_READINGS = "docs/proofs/theorem-1-readings.md"
_PROTOCOL = "docs/proofs/theorem-2-protocol.md"


def _entropy(e: Fraction, log: Callable[[Fraction], Interval]) -> Value:
    return Fraction(0) if e == 0 else -e * log(e) - (1 - e) * log(1 - e)


#: By name: parameters, the function in words, the function, and the page of its proof.
ROOTS: dict[str, tuple[str, str, Function, str]] = {
    "theorem-1-base": (
        "",
        "2 (1-2e)^2 - (1+2e)^2",
        lambda e, known, log: 2 * (1 - 2 * e) ** 2 - (1 + 2 * e) ** 2,
        "docs/proofs/chained-leakage.md",
    ),
    "averaged-base": (
        "",
        "2 (1-2e)^2 - 1",
        lambda e, known, log: 2 * (1 - 2 * e) ** 2 - 1,
        "docs/proofs/averaged-lemma.md",
    ),
    "free-fixed-base": (
        "",
        "2 (1-2e)^4 - (1+2e)^4",
        lambda e, known, log: 2 * (1 - 2 * e) ** 4 - (1 + 2 * e) ** 4,
        _READINGS,
    ),
    "free-edges-fixed-base": (
        "",
        "4 (1/2-e)^4 - (1/2+e)^3",
        lambda e, known, log: 4 * (Fraction(1, 2) - e) ** 4 - (Fraction(1, 2) + e) ** 3,
        _READINGS,
    ),
    "free-edges-averaged-base": (
        "",
        "4 (1/2-e)^2 - (1/2+e)",
        lambda e, known, log: 4 * (Fraction(1, 2) - e) ** 2 - (Fraction(1, 2) + e),
        _READINGS,
    ),
    "half-entropy": ("", "1/2 - h(e)", lambda e, known, log: Fraction(1, 2) - _entropy(e, log), _READINGS),
    "any-encoding-base": (
        "fraction",
        "1 - 2 (1-fraction) log2((1+2e)/(1-2e))",
        lambda e, known, log: 1 - 2 * (1 - known["fraction"]) * log((1 + 2 * e) / (1 - 2 * e)),
        _READINGS,
    ),
    "devices-like-sources-base": (
        "",
        "2 (1-2e)^12 - (1+2e)^12",
        lambda e, known, log: 2 * (1 - 2 * e) ** 12 - (1 + 2 * e) ** 12,
        _READINGS,
    ),
    "theorem-2-exponent": (
        "m i",
        "2 log2(1/2-e) - (m+1) log2(1/2+e) - (1+i)",
        lambda e, known, log: (
            2 * log(Fraction(1, 2) - e) - (known["m"] + 1) * log(Fraction(1, 2) + e) - (1 + known["i"])
        ),
        "docs/proofs/theorem-2-exponent.md",
    ),
    "exact-tests-exponent": (
        "m i",
        "2 log2(1/2-e) - m log2(1/2+e) - i",
        lambda e, known, log: 2 * log(Fraction(1, 2) - e) - known["m"] * log(Fraction(1, 2) + e) - known["i"],
        _PROTOCOL,
    ),
    "majorised-exponent": (
        "m i",
        "2 log2(1/2-e) - log2(1/2+e) - i + (m-1) h(1/2+e)",
        lambda e, known, log: (
            2 * log(Fraction(1, 2) - e)
            - log(Fraction(1, 2) + e)
            - known["i"]
            + (known["m"] - 1) * _entropy(Fraction(1, 2) + e, log)
        ),
        _PROTOCOL,
    ),
    "selected-exponent": (
        "m i",
        "m - 1 - i + 2 log2(1/2-e) - log2(1/2+e)",
        lambda e, known, log: (
            known["m"] - 1 - known["i"] + 2 * log(Fraction(1, 2) - e) - log(Fraction(1, 2) + e)
        ),
        _PROTOCOL,
    ),
    "two-party-exponent": (
        "",
        "h(1/2+e) - 2 log2((1/2+e)/(1/2-e)) (1 - h(1/2+e))",
        lambda e, known, log: (
            _entropy(Fraction(1, 2) + e, log)
            - 2 * log((1 + 2 * e) / (1 - 2 * e)) * (1 - _entropy(Fraction(1, 2) + e, log))
        ),
        "docs/proofs/two-parties.md",
    ),
}


def check_root(name: str, a: Arguments, lower: Fraction | None, upper: Fraction | None) -> tuple[str, str]:
    """Return what is proved in words, and the page on which it rests."""
    keys, words, _, page = ROOTS[name]
    known = {key: a.rational(key, 0, 4) for key in keys.split()}
    require(lower is not None and upper is not None, "a root has two ends")
    assert lower is not None
    assert upper is not None
    require(0 <= lower <= upper <= MOST, "the ends of a root are in order, from 0 to 499/1000")
    for place, wanted in ((lower, 1), (upper, -1)):
        require(sign(name, place, known) == wanted, f"{words} is not {'+' * (wanted > 0) or '-'} at {place}")
    return f"{words} changes its sign between the ends; that it decreases is to be read", page


def sign(name: str, e: Fraction, known: dict[str, Fraction]) -> int:
    """Return the sign of a function of `ROOTS` at e; raise TooMuch where it is not decided."""
    function = ROOTS[name][2]
    bits = 64
    while bits <= MOST_BITS:
        found = interval(function(e, known, partial(log2, bits=bits))).sign()
        if found is not None:
            return found
        bits *= 2
    raise TooMuch("a sign could not be decided within the limits")
