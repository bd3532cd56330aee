r"""Where a factor comes from: theory, an earlier run, or the first share of ordered trials.

A plan is a distribution P(c, z) of cells. What data plan is projected first on what the source and
no-signalling devices can show (maximum likelihood inside the hull of S x NS): raw frequencies overfit, and
a factor for them bets against the settings instead of against the devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from freerand_opt.data.counts import Counts
from freerand_opt.data.trials import Trials
from freerand_opt.errors import InputError
from freerand_opt.experiments.factors import likeliest
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.setup import Setup
from freerand_opt.model.scenario import Rows
from freerand_opt.model.tables.text import shown

#: Probabilities of cells (theory), counts of an earlier run, or the first share of these trials.
Training: TypeAlias = Sequence[Fraction | float] | Array | Counts | Fraction | str


@dataclass(frozen=True)
class Plan:
    """A distribution of cells, and in words where it is from.

    `rest` are the data that may be scored by it; `trained` the trials that taught it, None for theory.
    """

    cells: Array
    rest: Counts | Trials
    words: str
    trained: int | None = None


def theory(setup: Setup, rows: Rows) -> tuple[Fraction | float, ...]:
    """Return P(c, z) of a behaviour with the settings of the source's centre."""
    settings = setup.shape.count[0]
    found: list[float] = []
    for z in range(settings):
        row = rows(z)
        if row is None:
            raise InputError("plan", f"nothing is known of the behaviour at joint setting {z}")
        found += [float(setup.centre[z]) * float(p) for p in row]
    return tuple(found)


def plan(setup: Setup, training: Training, data: Counts | Trials, *, project: bool = True) -> Plan:
    """Return a plan; raise InputError for a training that would make the statement false.

    A random share of the trials, or the scored counts themselves, are no training: under memory the device
    writes what it knows of the ones into the others.
    """
    if isinstance(training, str | Fraction | int):
        if isinstance(data, Counts):
            raise InputError(
                "training",
                f"{training}: counts alone cannot be split, since only a first share may teach about "
                f"later trials; "
                "give the trials in order, an earlier run, or theory",
            )
        held, rest = data.split(training)
        words = f"the first {held.total} trials, which are not scored"
        cells, words = _projected(setup, held, words, project=project)
        return Plan(cells, rest, words, held.total)
    if isinstance(training, Counts):
        if _same(training, data):
            raise InputError(
                "training", "the scored data themselves are no training; give an earlier run or theory"
            )
        words = f"an earlier run of {training.total} trials ({training.name or 'in memory'})"
        cells, words = _projected(setup, training, words, project=project)
        return Plan(cells, data, words, training.total)
    cells = np.array([float(x) for x in training])
    return Plan(cells / cells.sum(), data, "theory")


def _same(training: Counts, data: Counts | Trials) -> bool:
    """Return whether training is the scored data: the same file, or the same counts in another one."""
    if isinstance(data, Counts) and training.values == data.values:
        return True
    return training.digest is not None and training.digest == _digest(data)


def _digest(data: Counts | Trials) -> str | None:
    return data.digest if isinstance(data, Counts) else data.digest()


def _projected(setup: Setup, counts: Counts, words: str, *, project: bool) -> tuple[Array, str]:
    """Return the plan that counts make, and in words whether it is the likeliest or the raw one."""
    counts.require_settings()
    frequencies = counts.frequencies()
    raw = np.array([float(x) for x in frequencies])
    if not project:
        return raw, words
    try:
        return likeliest(setup.devices("no-signalling"), frequencies, counts.total), words
    except InputError as error:  # the extreme boxes of this scenario are not known
        if error.where != "adversary.devices":
            raise
        return raw, f"{words}, raw frequencies (not projected on no-signalling ones)"


def require_inputs(data: Counts | Trials, made: Setup) -> None:
    """Raise InputError for other data and setups, which the caller's types have not stopped."""
    if not isinstance(data, Counts | Trials):
        raise InputError(
            "data", f"{shown(data)} given; Counts or Trials are needed, as fr.Counts.from_csv(..)"
        )
    if not isinstance(made, Setup):
        raise InputError("setup", f"{shown(made)} given; fr.setup(scenario, source, devices) is needed")


def whole(data: Counts | Trials) -> Counts:
    """Return counts of data."""
    return data if isinstance(data, Counts) else data.counts()
