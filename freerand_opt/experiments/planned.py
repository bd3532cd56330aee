"""Plans of runs to come: bits against trials, which assumption is worth how many, the largest epsilon.

In floats, from theory or training; a plan scores no data and states nothing about them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.data.counts import Counts
from freerand_opt.errors import InputError
from freerand_opt.experiments.answer import Watch, data_of, parties_of, setup_of, training_of
from freerand_opt.experiments.cuts import quantum
from freerand_opt.experiments.design import Design, design, largest_epsilon, least_trials
from freerand_opt.experiments.figures import bits_against_trials
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.plans import plan
from freerand_opt.experiments.setup import Setup, setup
from freerand_opt.model.question import Question
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani

WORDS = "a plan in floats, at a threshold three standard deviations below the mean; no statement"
#: Points of a curve, and bisections of epsilon.
POINTS, STEPS = 8, 10


@dataclass(frozen=True)
class Case:
    """Assumptions under which a run is planned, in words; `free` says that nothing is assumed of (A2).

    `as_stated`: source and devices are the question's own.
    """

    words: str
    setup: Setup
    free: bool
    as_stated: bool = True


@dataclass(frozen=True)
class Planned:
    """What runs of a question would certify on `cells`, P(c, z), under each of `cases`; the first is as
    stated.
    """

    question: Question
    cells: Array
    cases: tuple[Case, ...]

    @property
    def terms(self) -> tuple[Fraction, tuple[int, ...]]:
        """Return delta, and the parties whose outcomes are certified."""
        assert self.question.data is not None
        return self.question.data.error, parties_of(self.question)

    def design(self, case: Case, trials: int) -> Design:
        """Return what so many trials would certify."""
        error, of = self.terms
        return design(case.setup, self.cells, trials, error, free=case.free, of=of)

    def least(self, case: Case, wanted: float) -> Design | None:
        """Return the shortest run that would certify `wanted` bits."""
        error, of = self.terms
        return least_trials(case.setup, self.cells, wanted, error, free=case.free, of=of)

    def epsilon(self, case: Case, trials: int) -> Fraction | None:
        """Return the largest epsilon found at which so many trials still certify a bit, None where there is
        no epsilon to speak of, or none.
        """
        source = self.question.source
        if not isinstance(source, SanthaVazirani):
            return None
        error, of = self.terms

        def make(epsilon: Fraction) -> Setup:
            return _biased(self.question, epsilon, case.setup)

        try:
            return largest_epsilon(make, self.cells, trials, error, free=case.free, of=of, steps=STEPS)[0]
        except InputError:
            return None

    def rows(self, sizes: Sequence[int], wanted: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield a row for each number of trials and case; `gain` is what a case adds to the first."""
        for n in sizes:
            first: float | None = None
            for case in self.cases:
                held = self.design(case, n)
                first = held.bits if first is None else first
                most = self.epsilon(case, n) if case.as_stated else None
                row = {
                    "trials": n,
                    "assumed": case.words,
                    "k": held.power,
                    "bits": round(held.bits, 1),
                    "at the mean": round(held.expected, 1),
                    "gain": round(held.bits - first, 1),
                    "largest epsilon": None if most is None else round(float(most), 4),
                }
                if wanted is not None:
                    short = self.least(case, wanted)
                    row["least trials"] = None if short is None else short.trials
                yield row

    def figure(self, sizes: Sequence[int]) -> Any:
        """Return bits against the number of trials, a curve for each case."""
        low, high = math.log(min(sizes)), math.log(max(sizes))
        low, high = (low - 2, high + 2) if high - low < 2 else (low, high)
        grid = [round(math.exp(low + (high - low) * j / (POINTS - 1))) for j in range(POINTS)]
        axes: Any = None
        for case in self.cases:
            axes = bits_against_trials([self.design(case, n) for n in grid], axes, case.words)
        axes.legend(fontsize="small")
        return axes.figure


def planned(question: Question, folder: str | Path = ".", watch: Watch | None = None) -> Planned:
    """Return the plans of a question about bits; its data are read where they train, and never scored."""
    folder = Path(folder)
    made = setup_of(question)
    training = training_of(question, made, folder)
    shape = question.scenario.shape
    # a share alone is in the data; a run to come has none
    share = isinstance(training, Fraction)
    data = (
        data_of(question, folder, watch) if share else Counts(question.scenario, (0,) * (shape[0] * shape[1]))
    )
    cells = plan(made, training, data).cells
    return Planned(question, cells, tuple(_cases(question, made)))


def _cases(question: Question, made: Setup) -> Iterator[Case]:
    yield Case("as stated, (E)", made, free=True)
    whole = len(parties_of(question)) == len(made.shape.settings)
    if whole and made.functional is None:
        yield Case("(A2), (E')", made, free=False)
    source = question.source
    if isinstance(source, SanthaVazirani) and source.epsilon:
        yield Case("fair settings, (E)", _biased(question, Fraction(0), made), free=True, as_stated=False)
    small = (made.shape.settings, made.shape.outcomes) == ((2, 2), (2, 2))
    if made.setting.devices == "no-signalling" and small and made.functional is None:
        yield Case("quantum devices, (E)", quantum(made), free=True, as_stated=False)


def _biased(question: Question, epsilon: Fraction, like: Setup) -> Setup:
    """Return the setup of a question with another epsilon, and the devices of `like`."""
    weights = question.observed.weights(question.scenario)
    other = setup(
        question.scenario, question.source.changed(epsilon=epsilon), "no-signalling", settings=weights
    )
    return replace(
        like,
        setting=replace(like.setting, source=other.setting.source),
        form={**like.form, "source": other.form["source"]},
        centre=other.centre,
        source=other.source,
    )


def cells(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return rows as a table of texts under their names; what is unknown is a dash."""
    return [[*rows[0]], *([_cell(value) for value in row.values()] for row in rows)]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if isinstance(value, float) and value >= 1000 else f"{value}"
