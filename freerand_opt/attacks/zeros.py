"""Quantum boxes made to give outcomes that a test forbids the probability 0, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import product
from math import floor

from freerand_opt.certificates.attack import Strategy
from freerand_opt.certificates.worth import evaluated
from freerand_opt.model.question import Question
from freerand_opt.model.source import Uniform
from freerand_opt.programs.boxes import Box
from freerand_opt.programs.gaussian import Gaussian, joined, orthogonal, parts, squared
from freerand_opt.programs.quantum_box import Quantum
from freerand_opt.programs.zeros import zeros

#: Bits to which the value that is claimed is rounded down.
BITS = 128


def forbidden(question: Question) -> list[tuple[int, int]]:
    """Return the (o, s) that must have probability 0 in every box."""
    return [(zero.outcome, zero.setting) for zero in zeros(question).zeros]


def cleaned(question: Question, box: Quantum) -> Quantum | None:
    """Return the box with its state projected to where forbidden outcomes do not occur, None if to 0."""
    scenario = question.scenario
    vectors: list[tuple[Gaussian, ...]] = []
    for o, s in forbidden(question):
        places = zip(scenario.joint_outcomes[o], scenario.joint_settings[s], strict=True)
        held = [box.measurements[p][x][a] for p, (a, x) in enumerate(places)]
        vectors += [reduce(_kron, each) for each in product(*held)]
    state = orthogonal([*vectors, box.state])[-1]
    return replace(box, state=state) if squared(state) else None


def concerns(question: Question) -> bool:
    """Return whether one box alone is a good attack: a score under tests with zeros, the settings uniform."""
    plain = isinstance(question.source, Uniform) and question.ask.functional is not None
    return plain and bool(forbidden(question))


def best_single(question: Question, boxes: Iterable[Box]) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the one box that does best on a score under tests with zeros, and its value."""
    best: tuple[tuple[Strategy, ...], Fraction | None] = ((), None)
    settings = question.scenario.shape[1]
    for box in boxes:
        clean = cleaned(question, box) if isinstance(box, Quantum) else box
        if clean is None:
            continue
        attack = (Strategy((Fraction(1, settings),) * settings, clean),)
        value = evaluated(question, attack)
        if value is not None and (best[1] is None or value > best[1]):
            # what is claimed may be less than what is reached
            best = attack, Fraction(floor(value * 2**BITS), 2**BITS)
    return best


def _kron(left: Sequence[Gaussian], right: Sequence[Gaussian]) -> tuple[Gaussian, ...]:
    (a, b), (c, d) = parts(left), parts(right)
    real = [x * z - y * w for x, y in zip(a, b, strict=True) for z, w in zip(c, d, strict=True)]
    imaginary = [x * w + y * z for x, y in zip(a, b, strict=True) for z, w in zip(c, d, strict=True)]
    return joined(real, imaginary)
