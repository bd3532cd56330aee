"""Computations whose answer is a number, or bounds on one, by name; the checker derives each anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from freerand_opt.first.computations import bits, freeness, protocol
from freerand_opt.first.computations.parameters import ENCODING, EPSILON, ORDER, Argument, Number, Word, whole
from freerand_opt.numbers.exact import Exact, text

#: Lower end, upper end (None: not bounded), and what the checker needs besides the parameters.
Found: TypeAlias = tuple[Exact | None, Exact | None, dict[str, Any]]


@dataclass(frozen=True)
class Value:
    """A named computation: what it is given, in order, and how its answer is found."""

    parameters: Mapping[str, Number | Word]
    find: Callable[..., Found]


def _exact(function: Callable[..., Exact]) -> Callable[..., Found]:
    def find(**arguments: Any) -> Found:
        value = function(**arguments)
        return value, value, {}

    return find


def _witnessed(function: Callable[..., tuple[Exact, dict[str, Any]]]) -> Callable[..., Found]:
    def find(**arguments: Any) -> Found:
        value, witness = function(**arguments)
        return value, value, witness

    return find


def _slope(terms: int) -> Found:
    return *bits.selection_slope(terms), {}


def _output_bias(**arguments: Any) -> Found:
    upper, witness = protocol.output_bias(**arguments)
    return None, upper, witness


_HALF = Number(Fraction(0), Fraction(1, 2))
_SIZE: dict[str, Number | Word] = {"r": whole(1, 5), "order": ORDER, "bits": ENCODING}
_ANALYSIS = Word(("printed", "tests", "majorised"))
_M, _I = Number(Fraction(1), Fraction(4)), Number(Fraction(0), Fraction(3))

VALUES: dict[str, Value] = {
    "test-probability": Value(
        _SIZE | {"extreme": Word(("largest", "smallest")), "epsilon": EPSILON},
        _exact(protocol.test_probability),
    ),
    "detection-ratio": Value(
        _SIZE | {"epsilon": EPSILON},
        _witnessed(protocol.detection_ratio),
    ),
    "honest-bits": Value(
        {"r": whole(1, 400), "m": _M, "protocol": Word(("printed", "repaired"))},
        _exact(protocol.honest_bits),
    ),
    "output-bias": Value(
        {"r": whole(1, 200), "m": _M, "i": _I, "analysis": _ANALYSIS, "epsilon": EPSILON},
        _output_bias,
    ),
    "exponent-margin": Value(
        {"analysis": Word(("printed", "tests")), "epsilon": EPSILON},
        protocol.margin,
    ),
    "selection-bias": Value(
        {"n": whole(0, 4), "epsilon": EPSILON},
        _exact(bits.selection_bias),
    ),
    "selection-slope": Value({"terms": whole(0, 12)}, _slope),
    "selection-weight": Value(
        {"n": whole(0, 7), "count": whole(0, 128), "epsilon": EPSILON},
        _exact(bits.heaviest),
    ),
    "least-bias": Value(
        {"n": whole(0, 4), "epsilon": EPSILON},
        _exact(bits.least_bias),
    ),
    "function-bias": Value(
        {
            "function": Word(("parity", "majority", "inner-product")),
            "n": whole(1, 14),
            "epsilon": EPSILON,
        },
        _exact(bits.function_bias),
    ),
    "independent-inner-product": Value(
        {"n": whole(1, 4), "epsilon": EPSILON},
        _exact(bits.independent_inner_product),
    ),
    "copied-inner-product": Value(
        {"one": Word(("up", "down")), "n": whole(1, 64), "epsilon": EPSILON},
        _exact(bits.copied_inner_product),
    ),
    "four-term-state": Value(
        {"order": Word(("1 first", "2 first")), "bit": whole(1, 2), "epsilon": EPSILON},
        _exact(freeness.four_term_state),
    ),
    "signalling": Value({"epsilon": EPSILON}, _witnessed(freeness.signalling)),
    "markov-step": Value(
        {"delta": _HALF, "level": Number(Fraction(1, 10**9), Fraction(1, 2))},
        _exact(freeness.markov),
    ),
    "missing-edge": Value(
        {
            "size": whole(2, 6),
            "weight": Number(Fraction(1, 10**6), Fraction(1, 2)),
            "edges": Word(("printed", "all")),
        },
        _witnessed(freeness.missing_edge),
    ),
}


def value_certificate(
    name: str, arguments: tuple[tuple[str, Argument], ...], *, file: str, instance: str
) -> dict[str, Any]:
    """Return the certificate of a value (format: docs/certificates.md); raise ValueError without one."""
    given = {key: int(x) if isinstance(x, Fraction) and _whole(name, key) else x for key, x in arguments}
    lower, upper, witness = VALUES[name].find(**given)
    return {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "value",
        "name": file,
        "instance": instance,
        "computation": {"name": name} | {key: str(x) for key, x in arguments},
        "answer": {
            "lower": None if lower is None else text(lower),
            "upper": None if upper is None else text(upper),
        },
        "witness": witness,
    }


def _whole(name: str, key: str) -> bool:
    kind = VALUES[name].parameters[key]
    return isinstance(kind, Number) and kind.whole
