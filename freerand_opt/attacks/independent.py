r"""Parties that are independent given W: both ends by pricing products of their distributions.

For each box k of a list that suffices, prices y leave the gains h_k = c_k - (A^T y)_k by joint
setting, and the best product u (x) v at these gains is found exactly (`programs.pricing`). Pairs
(product, box) with a positive gain are added to the restricted program; prices at which there are
none prove

.. math:: \sum_k \langle c_k, t_k \rangle \le b \cdot y \quad\text{if}\quad
   \max_k \max_{u, v} \langle h_k, u \otimes v \rangle \le 0

(docs/proofs/products.md). Prices are rounded to fractions and raised until that holds with room;
the checker verifies it exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from freerand_opt.attacks.generation import NO_SLACK, Candidate, Generated, generate, unit_of
from freerand_opt.attacks.oracles import best_for
from freerand_opt.attacks.search import Run, exact_masses, inner_scores, solved
from freerand_opt.certificates.attack import Strategy
from freerand_opt.certificates.certify import Multipliers
from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.model.source import PerParty
from freerand_opt.numbers.digits import at_least
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.build import any_settings
from freerand_opt.programs.observation import normalised_at, observation_rows
from freerand_opt.programs.pairs import Pair, by_pairs
from freerand_opt.programs.pricing import Products
from freerand_opt.programs.program import ConicProgram, FloatArray, IntArray
from freerand_opt.programs.relaxed import without_objective
from freerand_opt.programs.strategies import BoxStrategies

#: The grid of exact prices, in bits, and the room that they leave for rounding: absolute, or if that is
#: more, relative to the largest worth.
GRID_BITS = 45
ROOM, RELATIVE_ROOM = 1e-12, 1e-13


@dataclass(frozen=True, eq=False)
class Priced:
    """What pricing gave: an attack, its value (None: no strategy), the program and prices that bound it.

    `prices` is None where products are too many to be priced exactly.
    `passed`: whether pairs were found that pass all tests, as far as doubles can tell.
    """

    attack: tuple[Strategy, ...]
    value: Fraction | None
    program: ConicProgram
    prices: Multipliers | None
    passed: bool


@dataclass(frozen=True, eq=False)
class _Product(Candidate):
    """A pair in floats: the product, S P(s|w) by joint setting, and the place of the box."""

    masses: FloatArray
    place: int


def enumerated(question: Question) -> Products | None:
    """Return the source's products, or None if they are too many to be priced exactly."""
    assert isinstance(question.source, PerParty)
    try:
        return Products(question.source, question.scenario)
    except TooLargeError:
        return None


def priced(question: Question, above: BoxStrategies, products: Products | None, run: Run) -> Priced:
    """Return both ends by pricing; only an attack where the products are too many."""
    existence = question.ask.quantity == "strategy"
    made = any_settings(question, above)
    program = without_objective(made.program) if existence else made.program
    oracle = _Oracle(question, program, len(made.boxes), products)
    found = generate(
        oracle.lower,
        oracle.upper,
        oracle,
        center=np.zeros(len(oracle.upper)),
        unit=oracle.unit,
        existence=existence,
    )
    prices = _exact_prices(program, oracle, found) if products else None
    passed = found.slack < NO_SLACK
    attack, value = _attack(question, made, found, run) if passed else ((), None)
    return Priced(attack, value, program, prices, passed)


class _Oracle:
    """The best product for each box; its maximum is the true one if the products are enumerated."""

    def __init__(
        self, question: Question, program: ConicProgram, boxes: int, products: Products | None
    ) -> None:
        self.by_turns = best_for(question) if products is None else None
        self.rows: IntArray = observation_rows(program)
        self.products, self.settings = products, question.scenario.shape[1]
        matrix = program.float_matrix[self.rows].toarray()
        self.scales = np.maximum(np.abs(matrix).max(axis=1), 1e-300)
        self.upper = program.float_right[self.rows] / self.scales
        self.lower = np.where(program.zero_rows[self.rows], self.upper, -np.inf)
        # the mean of t is P(w) = 1: its column is shared out among the settings
        by_box = (matrix / self.scales[:, None]).reshape(len(self.rows), boxes, self.settings + 1)
        self.matrix = by_box[..., :-1] + by_box[..., -1:] / self.settings
        worth = program.objective.floats().reshape(boxes, self.settings + 1)[:, :-1]
        self.size = unit_of(worth)
        self.worth = worth / self.size
        self.floor = -np.inf  # gains that are all negative may be raised where the unit charges exactly 1
        self.unit = np.zeros(len(self.rows))
        if products is not None:
            self.unit = self._unit(question, program, products)

    def _unit(self, question: Question, program: ConicProgram, products: Products) -> FloatArray:
        """Return prices that charge every product of weight 1 at least 1."""
        unit = np.zeros(len(self.rows))
        settings = sum("observed settings" in program.row_label(int(row)) for row in self.rows)
        if settings == 1:
            here = normalised_at(question)
            unit[0] = self.scales[0] / (1.0 if here is None else products.least)
            self.floor = -np.inf if here is None else 0.0
        else:
            unit[:settings] = self.scales[:settings] / self.settings
        return unit

    def gains(self, prices: FloatArray) -> FloatArray:
        """Return h[box, setting]."""
        return np.asarray(self.worth - np.einsum("r,rks->ks", prices, self.matrix))

    def __call__(self, prices: FloatArray, _: Sequence[Candidate]) -> tuple[list[Candidate], float | None]:
        found: list[Candidate] = []
        most = -np.inf
        for place, gains in enumerate(self.gains(prices)):
            if self.products is not None:
                masses, mean = self.products.best(gains)
                most = max(most, mean * self.settings)
            else:
                assert self.by_turns is not None
                masses = self.by_turns(gains)
            key = (place, np.round(masses, 9).tobytes())
            worth = float(self.worth[place] @ masses)
            found.append(_Product(worth, self.matrix[:, place] @ masses, key, masses, place))
        return found, float(max(most, self.floor)) if self.products is not None else None


def _exact_prices(program: ConicProgram, oracle: _Oracle, found: Generated) -> Multipliers:
    """Return exact prices at which no product gains, by the oracle's maximum and room for rounding."""
    inner = np.isneginf(oracle.lower)
    floats = np.where(inner, np.maximum(found.prices, 0), found.prices)
    scale = 2.0**GRID_BITS
    floats = np.rint(floats / oracle.scales * scale) / scale * oracle.scales
    most = oracle(floats, ())[1]
    assert most is not None
    raised = floats + (most + max(ROOM / oracle.size, RELATIVE_ROOM)) * oracle.unit
    values = {
        int(row): Fraction(round(float(price) * 2**60), 2**60) * int(oracle.size)
        for row, price in zip(oracle.rows, raised / oracle.scales, strict=True)
        if price
    }
    values = program.exact_multipliers(values)
    total: Exact = Fraction(0)
    for row, price in values.items():
        total = total + program.right[row] * price
    return Multipliers(values, at_least(total))


def _attack(
    question: Question, made: BoxStrategies, found: Generated, run: Run
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the best exact attack with the pairs found."""
    silent = question.ask.at == "average" and question.adversary.told == "nothing"
    labels = len(made.boxes) // len(dict.fromkeys(made.boxes))
    pairs = [
        Pair(
            exact_masses(question, pair.masses),
            made.boxes[pair.place],
            pair.place % labels if silent else None,
        )
        for pair in found.pairs
        if isinstance(pair, _Product)
    ]
    if not pairs:
        return (), None
    try:
        exact = by_pairs(question, list(dict.fromkeys(pairs)), scores=inner_scores(question))
    except TooLargeError:
        return (), None
    return solved(question, exact, run)
