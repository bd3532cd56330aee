"""A certificate of a computation: its name and parameters, the ends of its answer, and what finds them.

Each answer is derived from the parameters: by enumeration, by intervals, or by weak duality from what the
proof names. The maker of a certificate asks here too, and only finds roots and what proofs name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.checker.numbers import show
from freerand_opt.checker.reading import closed, fraction, shown
from freerand_opt.claims.conjecture.checker import biases, freeness, ladders, local_errors, protocol, trees
from freerand_opt.claims.conjecture.checker.intervals import Interval, interval
from freerand_opt.claims.conjecture.checker.reading import Arguments, End, Ends
from freerand_opt.claims.conjecture.checker.roots import ROOTS, check_root

FORMAT = "freerand-computation"
#: Ends that are irrational are rounded outward to multiples of 1 / GRID where they are derived.
GRID = 2**100
VALUES: dict[str, Callable[[Arguments], Ends]] = {
    "test-probability": protocol.test_probability,
    "detection-ratio": protocol.detection_ratio,
    "honest-bits": protocol.honest_bits,
    "output-bias": protocol.output_bias,
    "exponent-margin": protocol.exponent_margin,
    "selection-bias": trees.selection_bias,
    "selection-slope": trees.selection_slope,
    "selection-weight": trees.selection_weight,
    "least-bias": trees.least_bias,
    "function-bias": trees.function_bias,
    "independent-inner-product": trees.independent_inner_product,
    "copied-inner-product": trees.copied_inner_product,
    "four-term-state": freeness.four_term_state,
    "signalling": freeness.signalling,
    "markov-step": freeness.markov_step,
    "missing-edge": freeness.missing_edge,
    "local-errors": local_errors.local_errors,
    "sum-of-biases": biases.sum_of_biases,
    "ladder-top": ladders.ladder_top,
    "single-shot-distance": ladders.single_shot,
    "selecting-constant": ladders.selecting_constant,
    "ladder-noise-threshold": ladders.ladder_noise,
}
#: Pages on which the meaning of an answer rests, beside those of roots.
PAGES = {"local-errors": local_errors.PAGE, "sum-of-biases": biases.PAGE}
PAGES |= dict.fromkeys(
    ("ladder-top", "single-shot-distance", "selecting-constant", "ladder-noise-threshold"), ladders.PAGE
)


@dataclass(frozen=True)
class Report:
    """What was found: the answer lies between `lower` and `upper` (None: open).

    `status` is COMPUTED, or PROVED* if that the answer means what it says is written on `page`.
    """

    computation: str
    lower: Fraction | None
    upper: Fraction | None
    status: str
    page: str
    statement: str


def check(raw: Any) -> Report:
    """Return what a certificate of a computation says; raise Unreadable, Rejected or TooMuch."""
    closed(raw, "certificate", ("format", "version", "computation", "answer", "proof"))
    if raw["format"] != FORMAT or raw["version"] != 2 or type(raw["version"]) is not int:
        raise Unreadable(f"certificate: the format is {FORMAT!r}, version 2")
    a = Arguments(raw["computation"], raw["proof"])
    name = a.text("name")
    if type(name) is not str or (name not in VALUES and name not in ROOTS):
        raise Unreadable(f"computation: {shown(name)} is none of {', '.join((*VALUES, *ROOTS))}")
    answer = closed(raw["answer"], "answer", ("lower", "upper"))
    lower, upper = (
        None if answer[key] is None else fraction(answer[key], f"answer: {key}") for key in ("lower", "upper")
    )
    if lower is None and upper is None:
        raise Unreadable("answer: it has no end")
    if name in ROOTS:
        words, page = check_root(name, a, lower, upper)
    else:
        found = VALUES[name](a)
        _follows("lower", lower, found[0])
        _follows("upper", upper, found[1])
        words, page = "derived anew", PAGES.get(name, "")
    a.done()
    given = ", ".join(f"{key} = {value}" for key, value in a.parameters.items() if key != "name")
    ends = ", ".join("open" if end is None else show(end) for end in (lower, upper))
    said = f"{words}: {page}" if page else words
    return Report(
        f"{name}({given})",
        lower,
        upper,
        "PROVED*" if page else "COMPUTED",
        page,
        f"it lies in [{ends}]; {said}",
    )


def derived(parameters: Any, proof: Any) -> tuple[Fraction | None, Fraction | None]:
    """Return ends of what a computation, which is no root, is shown to be; irrational ones on the grid."""
    low, high = VALUES[parameters["name"]](Arguments(parameters, proof))
    lower = Fraction(floor(low.low * GRID), GRID) if isinstance(low, Interval) else low
    return lower, Fraction(ceil(high.high * GRID), GRID) if isinstance(high, Interval) else high


def _follows(side: str, claimed: Fraction | None, derived: End) -> None:
    """Raise Rejected unless an end follows from the one that was derived."""
    if claimed is None:
        return
    if derived is None:
        raise Rejected(f"answer: nothing proves the {side} end")
    held = interval(derived)
    if (claimed > held.low) if side == "lower" else (claimed < held.high):
        raise Rejected(f"answer: the {side} end is {show(claimed)}, derived {show(held.low)}")
