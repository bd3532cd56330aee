"""The method for entropies from above: qubits found at prices, mixed by a linear program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import log
from typing import Any

import numpy as np

from freerand_opt.attacks.entropies import Qubits, qubits_suit
from freerand_opt.attacks.strategies import attack_form, box_form, strategies
from freerand_opt.bounds.methods.settled import settled
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.attack import read_box
from freerand_opt.checker.entropies import entropy_reached
from freerand_opt.checker.failures import Work
from freerand_opt.checker.guesses import outputs
from freerand_opt.checker.question import read_question
from freerand_opt.checker.vectors import Vector
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import TooLargeError
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Kept, Problem
from freerand_opt.programs.box import Box, deterministic_boxes
from freerand_opt.programs.boxes import box_space
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.of_quantum import cone_of
from freerand_opt.programs.strategies import Strategies, build, test_rows
from freerand_opt.programs.violations import with_violations

#: Prices by (test, cell, side), in bits for each unit.
Prices = dict[tuple[int, int, int], float]
#: Rounds of new prices, starts of a descent, and nodes of the source at which boxes are sought.
ROUNDS, STARTS, MOST_NODES = 24, 2, 16
#: Bits for each unit of the tests' violation while no mixture passes them: twice as many in each round, since
#: a table that is kept exactly may be near the edge, where a little of it is worth much.
PENALTY, MOST_PENALTY = 16.0, 2.0**14
MOST_BOXES = 64
GRID = 2**60


@dataclass
class Leaks:
    """Boxes found so far, and the program that mixes them."""

    problem: Problem
    boxes: list[Box] = field(default_factory=list)
    best: dict[int, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with deterministic boxes, if they are few: they leave little or no entropy."""
        self.q = read_question(question_form(self.problem), Work(10**9))
        self.qubits, self.values = Qubits(self.q), outputs(self.q)
        self.cone, self.rng = cone_of(self.problem), np.random.default_rng(1)
        self.costs: dict[tuple[int, int], Fraction] = {}
        try:
            listed = deterministic_boxes(self.problem)
        except TooLargeError:
            listed = ()
        self.boxes += listed if len(listed) <= MOST_BOXES else ()

    def seek(self, prices: Prices) -> None:
        """Add the boxes that leave least at these prices, one for each node of the source."""
        count, width = self.problem.shape
        priced = np.zeros((count, width))
        for k, test in enumerate(self.problem.tests):
            for factors, _, _, _, cell, side in test_rows(self.problem, test):
                for s, row in factors.items():
                    for o, x in row.items():
                        priced[s, o] += prices.get((k, cell, side), 0.0) * float(x)
        ask, observed = self.problem.ask, self.problem.observed
        assert observed is not None
        share = [float(p) or 1.0 for p in observed]
        asked = np.array([float(ask.at is None) or float(s == ask.at) / p for s, p in enumerate(share)])
        for node, masses in list(self._shares().items())[:MOST_NODES]:
            starts = [self.qubits.random(self.rng) for _ in range(STARTS if self.best else 4 * STARTS)]
            starts += [self.best[k] for k in {node, *list(self.best)[:1]} if k in self.best]
            found = [self.qubits.descended(x, masses, asked / log(2), priced, self.values) for x in starts]
            self.best[node] = min(found, key=lambda pair: pair[0])[1]
            self.boxes.append(self.qubits.box(self.best[node], self.values))

    def _shares(self) -> dict[int, Floats]:
        found = {node: np.zeros(self.problem.shape[0]) for node in range(self.cone.nodes)}
        for s, node, value in self.cone.masses.entries():
            found[node][s] = float(value)
        if all(name[0] == "last" for name in self.cone.names):
            return found
        assert self.problem.observed is not None
        return {-1: np.array([float(x) for x in self.problem.observed])}

    def mixed(self, options: Options, penalty: float) -> tuple[dict[str, Any] | None, Prices]:
        """Return the attack that mixes the boxes best, None if none passes, and the prices then."""
        made = self.program()
        program, hint = settled(self.problem, made.program, options)
        passes = hint.status == "optimal"
        if not passes:  # what would pass, were it found, is worth most
            program = with_violations(made.program, penalty)
            hint = solve(program, options.time_limit)
        prices = {
            name[1:]: float(z)
            for name, z in zip(program.names, hint.multipliers, strict=False)
            if isinstance(name, tuple) and name[0] == "test"
        }
        x = inner_point(program, hint) if passes else None
        if x is None:
            return None, prices
        return attack_form(self.problem, strategies(made, x[: made.program.matrix.shape[1]])), prices

    @property
    def extreme(self) -> bool:
        """Return whether the listed boxes have all extreme ones among them, and the kernel knows them."""
        sizes, ask = (self.problem.settings, self.problem.outcomes), self.problem.ask
        return sizes == ((2, 2), (2, 2)) and (ask.told or ask.at is not None) and not ask.noise

    def program(self) -> Strategies:
        """Return the program: boxes at nodes of the source, what they leave of the entropy as costs."""
        problem, boxes = self.problem, self.boxes
        made = build(
            problem, self.cone, box_space(boxes, problem.shape[1]), guesses_of(problem), (-1,) * len(boxes)
        )
        objective: dict[int, Fraction] = {}
        masses: dict[int, dict[int, Fraction]] = {}
        for s, node, value in self.cone.masses.entries():
            masses.setdefault(node, {})[s] = value
        for c in range(len(boxes)):
            for node, own in masses.items():
                objective[made.column(c, node, 0)] = -self._cost(c, node, own)
        return replace(made, program=replace(made.program, objective=objective))

    def _cost(self, c: int, node: int, masses: dict[int, Fraction]) -> Fraction:
        if (c, node) not in self.costs:
            work = Work(10**9)
            box = self.boxes[c]
            value = Fraction(0)
            ask = self.problem.ask
            # whose answers are fixed leaves nothing, unless it answers otherwise at settings she is not told
            if box.answers is None or ask.noise or not (ask.told or ask.at is not None):
                held = read_box(box_form(box), self.q, work, "box")
                whole = Vector(self.problem.shape[0], Fraction(0), masses)
                value = entropy_reached(self.q, [whole], [held], work)
            self.costs[c, node] = Fraction(round(value * GRID), GRID)
        return self.costs[c, node]


def leaks(pool: Pool, options: Options, prices: Prices) -> Iterator[None]:
    """Offer mixtures of qubits, sought at prices of the lower end, then at their own."""
    yield from mixtures(pool, options, Leaks(pool.problem), prices)


def mixtures(pool: Pool, options: Options, found: Leaks, prices: Prices) -> Iterator[None]:
    """Offer mixtures of the boxes that were found, for quantum devices of ever better ones."""
    problem, reached = pool.problem, float("inf")
    quantum = problem.devices == "quantum"
    if not all(isinstance(test, Kept) or test.functional.on != "moments" for test in problem.tests):
        pool.failures.append("strategies: none are sought where moments are tested")
        return
    if quantum and not qubits_suit(found.q):
        pool.failures.append("strategies: qubits are sought where each of few parties has two outcomes")
        return
    for k in range(ROUNDS):
        if quantum:
            found.seek(prices)
        form, own = found.mixed(options, min(PENALTY * 2**k, MOST_PENALTY))
        if form is not None:
            pool.offer_attack(form, f"{len(found.boxes)} boxes, mixed")
        yield
        gained = reached + pool.top
        if not quantum or gained < float(options.width) / 16:
            return
        reached, prices = -pool.top, own or prices
