"""The answer to a question about data: a P-value or certified bits, from the tables of the question's
file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from freerand_opt.data.columns import Columns
from freerand_opt.data.counts import Counts
from freerand_opt.data.streams import Block
from freerand_opt.data.trials import Trials
from freerand_opt.errors import InputError
from freerand_opt.experiments.bits import Bits, bits
from freerand_opt.experiments.brackets import AverageScore, RegionBracket, average_score, bracket
from freerand_opt.experiments.cuts import LEVEL, quantum
from freerand_opt.experiments.games import wins
from freerand_opt.experiments.plans import Training, plan, theory, whole
from freerand_opt.experiments.pvalue import PValue, p_value
from freerand_opt.experiments.setup import Setup, setup
from freerand_opt.model.data import ALIKE
from freerand_opt.model.files.beside import beside
from freerand_opt.model.quantities import BITS, P_VALUE
from freerand_opt.model.question import Question

#: Hears the name of a file of trials and how many of them were read, from the first again for each pass.
Watch: TypeAlias = Callable[[str, int], None]


Found: TypeAlias = PValue | Bits | RegionBracket | AverageScore


def answer(question: Question, folder: str | Path = ".", watch: Watch | None = None) -> Found:
    """Return the answer to a question about data, whose files are in `folder` or below.

    Raise InputError for what the data or the question lack.
    """
    if question.data is None:
        raise InputError(
            "data", "is missing; P-values and certified bits are statements about counts or trials"
        )
    made, data = setup_of(question), data_of(question, Path(folder), watch)
    if question.is_region:
        return _region(question, made, data, Path(folder))
    if question.ask.quantity == P_VALUE:
        if question.ask.method == "game":
            assert question.ask.functional is not None
            cells = wins(question.scenario, question.ask.functional, extreme=question.ask.extreme)
            return p_value(data, made, game=cells)
        training = training_of(question, made, Path(folder))
        return p_value(data, made, training=training, stop=question.data.stop)
    return bits(
        data,
        made,
        training=training_of(question, made, Path(folder)),
        error=question.data.error,
        success=question.data.success,
        later=question.data.later,
        of=parties_of(question),
    )


def _region(question: Question, made: Setup, data: Counts | Trials, folder: Path) -> Found:
    """Return the bracket over a region of behaviours, or a score's average under any memory."""
    given, ask = question.data, question.ask
    assert given is not None
    if given.rounds == ALIKE:
        return bracket(question, made, whole(data), given.error, rounds=given.rounds)
    assert ask.functional is not None
    # the plan is not projected: it only fixes lambda
    held = plan(made, training_of(question, made, folder), data, project=False)
    counts = whole(held.rest)
    return average_score(
        made, counts, ask.functional, given.error, held.cells, extreme=ask.extreme, origin=held.words
    )


def setup_of(question: Question) -> Setup:
    """Return scenario, source and devices of a question."""
    weights = question.observed.weights(question.scenario)
    made = setup(question.scenario, question.source, question.adversary.devices, settings=weights)
    if question.ask.quantity == BITS and question.ask.functional is not None:
        return made.by_guesses(question.ask.functional, question.adversary.level)
    if question.adversary.devices != "quantum" or question.is_region:
        return made
    if question.adversary.level != LEVEL:
        raise InputError(
            "adversary.level", f"{question.adversary.level!r}: cuts of data are proved at level {LEVEL!r}"
        )
    return quantum(made)


def data_of(question: Question, folder: Path, watch: Watch | None = None) -> Counts | Trials:
    """Return the counts or trials that a question names; `watch` hears how far each pass over trials is."""
    assert question.data is not None
    given = question.data
    if given.counts is not None:
        return Counts.from_csv(
            beside(folder, given.counts, "data.counts"), question.scenario, _columns(given)
        )
    assert given.trials is not None
    found = _trials(beside(folder, given.trials, "data.trials"), question)
    return found if watch is None else replace(found, read=partial(_heard, found, watch))


def _heard(trials: Trials, watch: Watch) -> Iterator[Block]:
    done, name = 0, trials.path.name if trials.path else "trials"
    for block in trials.read():
        done += len(block)
        watch(name, done)
        yield block


def _trials(path: Path, question: Question) -> Trials:
    if path.suffix == ".u8":
        return Trials.from_bytes(path, question.scenario)
    read = Trials.from_csv if path.suffix == ".csv" else Trials.from_parquet
    return read(path, question.scenario, _columns(question.data))


def _columns(given: Any) -> Columns | dict[str, Any] | None:
    if given.columns is None:
        return None
    found = dict(given.columns)
    if "values" in found:
        found["values"] = {name: dict(own) for name, own in found["values"]}
    return found


def training_of(question: Question, made: Setup, folder: Path) -> Training:
    """Return theory's behaviour, a share, or the counts of an earlier run."""
    assert question.data is not None
    given = question.data.training
    if isinstance(given, Fraction):
        return given
    if given == "theory":
        rows = question.observed.rows(question.scenario)
        if rows is None:
            raise InputError(
                "observed",
                'training = "theory" needs a behaviour (observed.behaviour, .state or .table); '
                "or name the counts of an earlier run, or a first share of trials in order, as data.training",
            )
        return theory(made, rows)
    path = beside(folder, given, "data.training")
    if path.suffix == ".csv" and question.data.counts is not None:
        return Counts.from_csv(path, question.scenario, _columns(question.data))
    return _trials(path, question).counts()


def parties_of(question: Question) -> tuple[int, ...]:
    """Return the parties whose outcomes are to be certified, all of them by default."""
    of, letters = question.ask.of, question.scenario.parties
    if of is None or of == "all":
        return tuple(range(len(letters)))
    named = (of,) if isinstance(of, str) else of
    if not isinstance(named, tuple) or not all(
        isinstance(x, str) and x in letters and len(x) == 1 for x in named
    ):
        raise InputError(
            "ask.of", f'bits are certified of parties, such as "A" or {list(letters)}, or of all'
        )
    return tuple(sorted({letters.index(x) for x in named}))
