r"""A state and measurements of two parties from which a run is planned to certify many bits.

.. math:: \max_{P \text{ quantum}} \; \max_{k, F} \; k \, \Bigl(\sum_{z, c} u(z) P(c|z) \log_2 F(c, z)
   - \frac1n \log_2 \frac1\delta\Bigr)

The best factor of a device is a functional of behaviours: a device with more of it has no fewer bits at the
mean, and a better factor of its own. As in `bounds.search.design` the turns may end short of the best
device. A plan in floats; what data then certify is proved from them alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from freerand_opt.bounds.search.best import DEVICES, searched
from freerand_opt.bounds.search.design import Device, begins, best_parameter, chained_device, ladder_device
from freerand_opt.bounds.search.inner import Inner
from freerand_opt.bounds.search.wanted import (
    EPSILON,
    STARTS,
    VISIBILITY,
    Numbers,
    asked_of,
    noise_of,
    numbers_of,
)
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import InputError
from freerand_opt.experiments.choice import choose
from freerand_opt.experiments.design import MOST_TRIALS, Design
from freerand_opt.experiments.planned import WORDS, Planned, planned
from freerand_opt.experiments.setup import Setup
from freerand_opt.model.question import Question
from freerand_opt.model.tables.kinds import number

#: More settings have too many extreme boxes.
SETTINGS = (2, 4)


@dataclass(frozen=True)
class BestBits:
    """The device that was found with what a run is planned to certify, and the ladder's and the chain's.

    `question` is about data (counts in run.csv, which need not be there) with the device as its theory.
    """

    sought: ClassVar[str] = "bits"
    question: Question
    found: Design
    ladder: Design
    chained: Design

    def __str__(self) -> str:
        n = self.found.trials
        rows = (("found", self.found), ("ladder", self.ladder), ("chained", self.chained))
        lines = [
            f"  {name:<8} {one.bits:.0f}  ({one.bits / n:.6f} a trial, k = {one.power})" for name, one in rows
        ]
        return "\n".join([f"bits that {n} trials would certify", *lines, WORDS])


def best_bits(
    *,
    visibility: Any,
    epsilon: Any,
    trials: int,
    error: Any = Fraction(1, 2**64),
    efficiency: Any = 1,
    settings: int = 2,
    devices: str = "no-signalling",
    starts: int = 4,
) -> BestBits:
    """Search a device from which `trials` trials would certify many bits of both outcomes, in floats.

    Two parties with 2 or 4 settings chosen by bits within `epsilon` in [0, 1/2) of fair; no-signalling or,
    with two settings, quantum devices; white noise to `visibility` in [0, 1], detectors of `efficiency`, no
    click counts as outcome 0; `error` in (0, 1) is delta. Raise InputError for numbers out of range.
    """
    held = numbers_of(settings, visibility, epsilon, efficiency)
    for field in (EPSILON, VISIBILITY):
        if held[field] is None:
            raise InputError(field.split(".")[1], "is needed where bits are sought")
    trials = number(1, MOST_TRIALS, whole=True).read(trials, "trials")
    starts = STARTS.read(starts, "starts")
    delta = number(above=Fraction(0), below=Fraction(1)).read(error, "error")
    if settings not in SETTINGS or devices not in DEVICES or (devices == "quantum" and settings != 2):
        raise InputError("devices", "no-signalling with 2 or 4 settings, or quantum with 2, for bits of data")
    first = ladder_device(settings, best_parameter(settings))
    inner = _inner(_planned(first, settings, held, devices, delta), trials, delta)
    device = searched(inner, noise_of(held), begins(settings, starts), 0)
    plans = [
        _planned(one, settings, held, devices, delta) for one in (device, first, chained_device(settings))
    ]
    found, ladder, chained = (plan.design(plan.cases[0], trials) for plan in plans)
    return BestBits(plans[0].question, found, ladder, chained)


def _planned(device: Device, settings: int, held: Numbers, devices: str, error: Fraction) -> Planned:
    level = {"level": "1 + A B"} if devices == "quantum" else {}
    body = {
        **asked_of(device, settings, held),
        "adversary": {"devices": devices, **level},
        "ask": {"quantity": "bits"},
        "data": {"counts": "run.csv", "error": error},
    }
    return planned(Question.from_dict(body))


def _inner(plan: Planned, trials: int, error: Fraction) -> Inner:
    """Return minus the bits a trial at the mean of a behaviour, and the functional that its factor is."""
    made: Setup = plan.cases[0].setup
    of, cost = plan.terms[1], math.log2(1 / error) / trials
    centre = np.array([float(u) for u in made.centre])[:, None]

    def inner(table: Floats) -> tuple[float, Floats]:
        factor = choose(made, (centre * table).reshape(-1), trials, error, free=True, of=of)
        k = factor.condition.power or 0
        functional = -k * centre * factor.logs().reshape(table.shape)
        return k * cost + float((functional * table).sum()), functional

    return inner
