r"""Boxes given by a quantum state and measurements, exactly: vectors of Gaussian integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from operator import mul
from typing import Any, TypeAlias

from freerand_opt.attacks.gaussian import Gaussian, parts, plain, squared

Vector: TypeAlias = tuple[Gaussian, ...]


@dataclass(frozen=True)
class Quantum:
    r"""A pure state and projective measurements, in Gaussian integers.

    `state` has one entry for each joint basis state, party A slowest, parties having `dimensions`;
    `measurements[party][setting][outcome]` lists orthogonal vectors that span the outcome's projector:

    .. math:: P(o|s) = \sum_v |\langle v_A \otimes v_B .., \psi \rangle|^2 / (|v_A|^2 |v_B|^2 .. |\psi|^2).

    A measurement that is not projective is one in a larger space (Naimark), where the state is 0.
    """

    dimensions: tuple[int, ...]
    state: Vector
    measurements: tuple[tuple[tuple[tuple[Vector, ...], ...], ...], ...]
    label: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the box in the certificate's form."""
        return {
            "kind": "quantum",
            "dimensions": list(self.dimensions),
            "state": plain(self.state),
            "measurements": [
                [[[plain(v) for v in vs] for vs in outcomes] for outcomes in party]
                for party in self.measurements
            ],
        }


def moment(box: Quantum, word: Sequence[tuple[int, int, int | None]]) -> Fraction:
    """Return the real part of the state's mean of a product of operators (party, setting, outcome).

    Outcome None is the observable, outcome 0 less outcome 1. Operators of one party keep their order.
    """
    norm = squared(box.state)
    state = parts(box.state)
    held: tuple[list[Any], list[Any]] = state
    for party, setting, outcome in reversed(word):
        held = _applied(box, held, party, setting, outcome)
    return Fraction(sum(map(mul, state[0], held[0])) + sum(map(mul, state[1], held[1]))) / norm


def _applied(
    box: Quantum, state: tuple[list[Any], list[Any]], party: int, setting: int, outcome: int | None
) -> tuple[list[Any], list[Any]]:
    rest, size = prod(box.dimensions[party + 1 :]), box.dimensions[party]
    real, imaginary = [Fraction(0)] * len(state[0]), [Fraction(0)] * len(state[0])
    for o, vectors in enumerate(box.measurements[party][setting]):
        if outcome not in (None, o):
            continue
        for v in vectors:
            (a, b), share = parts(v), Fraction(-1 if outcome is None and o else 1, squared(v))
            for start in (i + j for i in range(0, len(real), rest * size) for j in range(rest)):
                places = range(start, start + rest * size, rest)
                x, y = ([part[k] for k in places] for part in state)
                c = share * (sum(map(mul, a, x)) + sum(map(mul, b, y)))
                d = share * (sum(map(mul, a, y)) - sum(map(mul, b, x)))
                for k, p, q in zip(places, a, b, strict=True):
                    real[k] += c * p - d * q
                    imaginary[k] += c * q + d * p
    return real, imaginary


def chances(box: Quantum, settings: Sequence[int]) -> list[Fraction]:
    """Return P(o|settings) for every joint outcome, exactly."""
    real, imaginary = parts(box.state)
    # project party by party: (joint outcome so far, real and imaginary parts of what is left, weight)
    Held: TypeAlias = tuple[tuple[int, ...], list[int], list[int], Fraction]
    found: list[Held] = [((), real, imaginary, Fraction(1, squared(box.state)))]
    for party, setting in enumerate(settings):
        rest = prod(box.dimensions[party + 1 :])
        longer: list[Held] = []
        vectors = [
            (outcome, *parts(v), squared(v))
            for outcome, vs in enumerate(box.measurements[party][setting])
            for v in vs
        ]
        for outcomes, x, y, weight in found:
            columns = [(x[j::rest], y[j::rest]) for j in range(rest)]
            for outcome, a, b, size in vectors:
                left = [sum(map(mul, a, p)) + sum(map(mul, b, q)) for p, q in columns]
                turned = [sum(map(mul, a, q)) - sum(map(mul, b, p)) for p, q in columns]
                longer.append(((*outcomes, outcome), left, turned, weight / size))
        found = longer
    counts = [len(measurement[0]) for measurement in box.measurements]
    chance = [Fraction(0)] * prod(counts)
    for outcomes, last, other, weight in found:
        place = 0
        for outcome, count in zip(outcomes, counts, strict=True):
            place = place * count + outcome
        chance[place] += weight * (last[0] ** 2 + other[0] ** 2)
    return chance
