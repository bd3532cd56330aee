r"""Inner bounds: an explicit attack where only an outer program bounds from above.

Pairs of a source distribution and a box are generated at prices that start from the outer
program's multipliers. For one guess label the best pair at given prices is a bilinear program,

.. math:: \max_{s, q} \sum_{o, s} s(s)\, q(o|s)\, g(o, s),

solved from many starts by turns: the source's best distribution for a box (a recursion on the tree
of bits), the best extreme box for a distribution (a small linear program). An exact program over
the pairs found, or over their boxes and the whole source, is the attack. Whatever is found is a
valid attack; the upper bound tells how good it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import numpy as np

from freerand_opt.attacks.generation import Candidate, generate, unit_of
from freerand_opt.attacks.oracles import best_for, box_program
from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import objective_value, point
from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.boxes import Box, Table
from freerand_opt.programs.build import MULTIPLIED_BITS
from freerand_opt.programs.cones import source_cone
from freerand_opt.programs.integer_matrix import IntegerMatrix
from freerand_opt.programs.no_signalling import no_signalling_rows
from freerand_opt.programs.observation import observation_rows
from freerand_opt.programs.outer import OuterStrategies, StrategyProgram
from freerand_opt.programs.pairs import Cells, Pair, PairStrategies, by_pairs, cell_gains, observed_cells
from freerand_opt.programs.program import (
    ConicProgram,
    FloatArray,
)
from freerand_opt.programs.relaxed import by_margin, test_inequalities, without_objective
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.strategies import BoxStrategies, by_boxes
from freerand_opt.programs.support import best_distribution

Run: TypeAlias = Callable[[ConicProgram, float | None], Solution]
#: Starts of the bilinear program a turn.
STARTS = 30
#: Times that box and distribution are improved in turn, at most.
MAX_SWAPS = 50
#: Boxes times the source in compact form: up to so many columns the whole source is used at the end.
MAX_COLUMNS = 6000
#: Extreme boxes have small denominators; an entry with a larger one is rounding noise.
MAX_DENOMINATOR = 1000


@dataclass(frozen=True, eq=False)
class Found(Candidate):
    """A pair in floats: S P(s|w) by joint setting, the box's table, the label announced."""

    masses: FloatArray
    box: FloatArray
    label: int


def search(
    question: Question, above: OuterStrategies, primal: FloatArray, multipliers: FloatArray, run: Run
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the best attack found and its value (None if no strategy was found).

    `primal` and `multipliers` are a float solution of the full program `above`.
    """
    existence = question.ask.quantity == "strategy"
    rows = observed_cells(question, inner_scores(question))
    gains = cell_gains(question)
    size = unit_of(gains)
    oracle = _Alternating(question, gains / size, rows.matrix, slices(question, above, primal))
    found = generate(
        rows.lower,
        rows.upper,
        oracle,
        center=rows.fold @ _prices(above.program, rows, multipliers) / size * (not existence),
        unit=np.zeros(len(rows.upper)),
        proved=not existence,
        existence=existence,
    )
    pairs = [pair for pair in found.pairs if isinstance(pair, Found)]
    return exact_attack(question, pairs, run)


def _prices(program: ConicProgram, rows: Cells, multipliers: FloatArray) -> FloatArray:
    """Return the multipliers of the rows of observed settings and tests as `rows.fold` takes them."""
    seen = observation_rows(program)
    return np.asarray(np.ldexp(multipliers[seen], rows.shifts - program.shifts[seen]))


def inner_scores(question: Question, multiplied: int = MULTIPLIED_BITS) -> list[Exact]:
    """Return the tests' scores, rounded to the safe side; coarser where they multiply columns."""
    bits = multiplied if question.settings == "free" else 60
    return [(round_up if t.relation == ">=" else round_down)(t.score, bits) for t in question.tests]


def slices(question: Question, above: StrategyProgram, primal: FloatArray) -> list[FloatArray]:
    """Return the distributions z(.; o|s) that an outer solution suggests, S P(s|w) by joint setting."""
    outcomes, settings = question.scenario.shape
    found = [np.ones(settings)]
    if isinstance(above, OuterStrategies):
        tensor = primal.reshape(above.labels, len(above.cone.names), outcomes * settings)
        rows = tensor[:, above.cone.leaf, :].transpose(0, 2, 1).reshape(-1, settings)
        kept = rows[rows.sum(axis=1) > 1e-7]
        found += list(np.unique(np.round(kept * settings / kept.sum(axis=1)[:, None], 6), axis=0))
    return found


# ------------------------------------------------------------------ pricing


class _Alternating:
    """The oracle over all no-signalling boxes: by turns, from starts drawn with a fixed seed."""

    def __init__(
        self, question: Question, gains: FloatArray, rows: FloatArray, starts: Sequence[FloatArray]
    ) -> None:
        self.shape = question.scenario.shape
        self.rows, self.starts = rows, list(starts)
        self.gains = gains
        self.best = best_for(question)
        from freerand_opt.solvers.restricted import Maximiser

        self.boxes = Maximiser(box_program(question.scenario))
        self.random = np.random.default_rng(0)

    def __call__(
        self, prices: FloatArray, active: Sequence[Candidate]
    ) -> tuple[list[Candidate], float | None]:
        charges = prices @ self.rows
        fixed, charge = float(charges[-1]), charges[:-1].reshape(self.shape)
        pool = self.starts + [pair.masses for pair in active if isinstance(pair, Found)]
        found: list[Candidate] = []
        for place in self.random.permutation(len(pool))[:STARTS]:
            label = int(self.random.integers(len(self.gains)))
            found.append(self._pair(self.gains[label] - charge, fixed, label, pool[place]))
        return found, None

    def _pair(self, gains: FloatArray, fixed: float, label: int, masses: FloatArray) -> Found:
        value = -np.inf
        for _ in range(MAX_SWAPS):
            box = self.boxes((gains * masses).ravel()).reshape(self.shape)
            masses = self.best((gains * box).sum(axis=0))
            reached = float((gains * box * masses).sum()) - fixed
            if reached <= value + 1e-12:
                break
            value = reached
        joint = (box * masses).ravel()
        return Found(
            worth=float(self.gains[label].ravel() @ joint),
            column=self.rows @ np.append(joint, masses.mean()),
            key=(label, np.round(box, 6).tobytes(), np.round(masses, 6).tobytes()),
            masses=masses,
            box=box,
            label=label,
        )


# ------------------------------------------------------------------ the exact attack


def exact_attack(
    question: Question, found: Sequence[Found], run: Run
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the best exact attack with these pairs, or with their boxes and the whole source."""
    boxes = _exact_boxes(question.scenario, found)
    kept = [(pair, box) for pair, box in zip(found, boxes, strict=True) if box is not None]
    best: tuple[tuple[Strategy, ...], Fraction | None] = ((), None)
    for maker in (_over_boxes, _over_pairs):
        if best[1] is not None:
            break
        try:
            made = maker(question, kept) if kept else None
        except TooLargeError:
            continue
        if made is not None:
            best = solved(question, made, run)
    return best


def _over_boxes(question: Question, kept: Sequence[tuple[Found, Box]]) -> BoxStrategies | None:
    """Return the program over the boxes and the whole source, if it is convex and that is small."""
    cone = source_cone(question.source, question.scenario)
    boxes = list(dict.fromkeys(box for _, box in kept))
    if not cone.exact or len(boxes) * len(cone.names) > MAX_COLUMNS:
        return None
    return by_boxes(question, boxes, scores=inner_scores(question), cone=cone)


def _over_pairs(question: Question, kept: Sequence[tuple[Found, Box]]) -> PairStrategies:
    silent = question.ask.at == "average" and question.adversary.told == "nothing"
    pairs = [
        Pair(exact_masses(question, pair.masses), box, pair.label if silent else None) for pair, box in kept
    ]
    return by_pairs(question, list(dict.fromkeys(pairs)), scores=inner_scores(question))


def solved(
    question: Question, made: BoxStrategies | PairStrategies, run: Run
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the attack of an exact program's best exact point and its value, or none.

    A question of existence gets the point with the largest margin, and the value 1.
    """
    program, size = made.program, made.program.shape[1]
    existence = question.ask.quantity == "strategy"
    if existence and len(test_inequalities(program)):
        program = by_margin(without_objective(program))
    solution = run(program, None)
    if solution.status == "infeasible":
        return (), None
    points = [point(program, hint) for hint in _hints(program, solution)]
    values = [(objective_value(program, x), x) for x in points if x is not None]
    if not values:
        return (), None
    value, x = max(values, key=lambda pair: pair[0])
    if existence and value < 0:
        return (), None
    return strategies(question, made, x[:size]), Fraction(1) if existence else value


def _hints(program: ConicProgram, solution: Solution) -> Iterator[Solution]:
    yield solution
    from freerand_opt.solvers.highs import sharpen

    yield sharpen(program, solution)


def exact_masses(question: Question, masses: FloatArray) -> tuple[Fraction, ...]:
    """Return the exact extreme distribution at a float one.

    All extreme distributions of bits, of their products and of bounds on each probability have
    one length, so the one with the largest inner product with itself is itself.
    """
    gains = [Fraction(round(float(mass) * 2**40), 2**40) for mass in masses]
    return best_distribution(question.source, question.scenario, gains)


def _exact_boxes(scenario: Scenario, found: Sequence[Found]) -> list[Box | None]:
    """Return the exact extreme boxes at float ones, None where rounding gives no box."""
    local, _ = no_signalling_rows(scenario)
    known: dict[bytes, Box | None] = {}
    boxes = []
    for pair in found:
        key = np.round(pair.box, 6).tobytes()
        if key not in known:
            box = _exact_box(pair.box, local)
            known[key] = None if box is None else replace(box, label=f"no. {len(known)}")
        boxes.append(known[key])
    return boxes


def _exact_box(near: FloatArray, local: IntegerMatrix) -> Table | None:
    entries = [Fraction(float(p)).limit_denominator(MAX_DENOMINATOR) for p in near.ravel()]
    unit = lcm(*(entry.denominator for entry in entries))
    numerators = [entry.numerator * (unit // entry.denominator) for entry in entries]
    settings = near.shape[1]
    totals = (sum(numerators[s::settings]) for s in range(settings))
    if min(numerators) < 0 or any(total != unit for total in totals):
        return None
    signals = (sum(factor * numerators[k] for k, factor in local.row(i)) for i in range(local.shape[0]))
    return None if any(signals) else Table(tuple(numerators), unit)
