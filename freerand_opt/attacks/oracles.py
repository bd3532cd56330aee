"""In floats: the best distribution of a source for given gains, and the best box for given weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import TYPE_CHECKING, TypeAlias

import highspy
import numpy as np

from freerand_opt.checker.vectors import over
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Average, Bits, Limits, Point, Problem, Product, Shared
from freerand_opt.programs.box import Box
from freerand_opt.programs.boxes import cell_matrix
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.source_vertices import vertices

if TYPE_CHECKING:  # states are loaded for quantum devices alone
    from freerand_opt.attacks.states import Words

#: Cells of extreme boxes have small denominators.
MOST_DENOMINATOR = 5040
#: Deterministic boxes of all parties but the last that are enumerated.
ENUMERATED = 4096


#: From gains[s, o] and the best distribution for gains by joint setting, with its cost, to boxes.
Joint: TypeAlias = Callable[[Floats, Callable[[Floats], tuple[Floats, float]]], Iterator[Box]]
#: From gains by joint setting, and prices of bounds on average over W, to (P(s|w), what these cost it).
Best: TypeAlias = Callable[[Floats, Sequence[float]], tuple[Floats, float]]


def best_distribution(problem: Problem) -> Best:
    """Return the function to the distribution with the largest mean gain less what it costs."""
    source = problem.source
    if isinstance(source, Average):
        return _of_average(problem)
    free = _best_free(problem)
    return lambda gains, spent: (free(gains), 0.0)


def _of_average(problem: Problem) -> Best:
    cone = source_cone(problem)
    shares, costs = cone.masses.dense(), cone.dear

    def best(gains: Floats, spent: Sequence[float]) -> tuple[Floats, float]:
        paid = np.array(spent) @ costs if spent else np.zeros(cone.nodes)
        place = int(np.argmax(gains @ shares - paid))
        return shares[:, place], float(paid[place])

    return best


def _best_free(problem: Problem) -> Callable[[Floats], Floats]:
    source, count = problem.source, problem.shape[0]
    if isinstance(source, Point):
        (point,) = vertices(source, problem.settings, problem.observed)
        fixed = np.array([float(x) for x in point])
        return lambda gains: fixed
    if isinstance(source, Bits):
        leaves = np.array(source.leaves)
        return lambda gains: np.bincount(leaves, flow(source, gains[leaves]), minlength=count).astype(float)
    if isinstance(source, Limits):
        lower = np.array([float(x) for x in source.lower])
        upper = np.array([float(x) for x in source.upper])
        return lambda gains: _greedy(lower, upper, gains)
    if isinstance(source, Product | Shared):
        table = np.array(
            [[float(x) for x in v] for v in vertices(source, problem.settings, problem.observed)]
        )
        return lambda gains: table[int(np.argmax(table @ gains))]
    cone = source_cone(problem)
    return _Maximiser(
        cone.facets.floats(), cone.facets.rows, cone.facets.columns, cone.facets.shape, np.ones(count)
    ).best


def flow(source: Bits, gains: Floats) -> Floats:
    """Return the leaf masses of the best flow; the last axis are leaves."""
    levels = [gains]
    for low, high in reversed(source.ranges):
        left, right = levels[-1][..., ::2], levels[-1][..., 1::2]
        share = np.where(left > right, float(high), float(low))
        levels.append(share * left + (1 - share) * right)
    masses = np.ones((*gains.shape[:-1], 1))
    for (low, high), values in zip(source.ranges, reversed(levels[:-1]), strict=True):
        share = np.where(values[..., ::2] > values[..., 1::2], float(high), float(low))
        masses = np.stack([masses * share, masses * (1 - share)], axis=-1).reshape(*gains.shape[:-1], -1)
    return masses


def _greedy(lower: Floats, upper: Floats, gains: Floats) -> Floats:
    found = lower.copy()
    left = 1 - float(lower.sum())
    for s in np.argsort(-gains):
        share = min(left, float(upper[s] - lower[s]))
        found[s] += share
        left -= share
    return found


class _Maximiser:
    """A linear program G x >= 0, mass . x = 1, solved again and again with other objectives."""

    def __init__(
        self, values: Floats, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], mass: Floats
    ) -> None:
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        order = np.lexsort((columns, rows))
        used = np.flatnonzero(mass)
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = shape[0] + 1, shape[1]
        model.sense_ = highspy.ObjSense.kMaximize
        infinite = np.full(shape[1], highspy.kHighsInf)
        model.col_cost_, model.col_lower_, model.col_upper_ = np.zeros(shape[1]), -infinite, infinite
        model.row_lower_ = np.concatenate([np.zeros(shape[0]), [1.0]])
        model.row_upper_ = np.concatenate([np.full(shape[0], highspy.kHighsInf), [1.0]])
        counts = np.concatenate([np.bincount(rows, minlength=shape[0]), [len(used)]])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        model.a_matrix_.index_ = np.concatenate([columns[order], used]).astype(np.int32)
        model.a_matrix_.value_ = np.concatenate([values[order], mass[used]])
        highs.passModel(model)
        self.highs, self.places = highs, np.arange(shape[1], dtype=np.int32)

    def best(self, objective: Floats) -> Floats:
        """Return the best x."""
        self.highs.changeColsCost(len(self.places), self.places, objective)
        self.highs.run()
        return np.array(self.highs.getSolution().col_value)


def best_box(problem: Problem) -> Callable[[Floats, Words], tuple[Floats, Box] | None]:
    """Return the function from weights[s, o], and of words, to (P(o|s) in floats, the exact box).

    It returns None if the box is not found exactly. Only quantum devices have words.
    """
    if problem.devices == "local":
        return lambda weights, words: _reply(problem, weights)
    if problem.devices == "quantum":
        from freerand_opt.attacks.states import quantum_oracle

        return quantum_oracle(problem)
    cells = cell_matrix(problem)
    mass = np.zeros(cells.shape[1])
    mass[0] = 1
    program = _Maximiser(cells.floats(), cells.rows, cells.columns, cells.shape, mass)
    dense = cells.dense()
    # entries of cells are -1, 0, 1
    lines = [[(column, int(value)) for column, value in row.items()] for row in cells.by_row()]
    known: dict[tuple[Fraction, ...], Box | None] = {}

    def best(weights: Floats, words: Words) -> tuple[Floats, Box] | None:
        x = program.best(dense.T @ weights.ravel())
        values = tuple(Fraction(value).limit_denominator(MOST_DENOMINATOR) for value in x.tolist())
        if values not in known:
            known[values] = _exact_table(lines, values, problem)
        table = known[values]
        return None if table is None else ((dense @ x).reshape(problem.shape), table)

    return best


def joint_boxes(problem: Problem) -> Joint | None:
    """Return the function from gains[s, o] and best distributions to boxes; None where one box is sought."""
    if problem.devices != "quantum" or isinstance(problem.source, Point) or problem.ask.told:
        return None
    from freerand_opt.attacks.states import joint_oracle

    return joint_oracle(problem)


def _exact_table(
    lines: Sequence[Sequence[tuple[int, int]]], values: Sequence[Fraction], problem: Problem
) -> Box | None:
    count, width = problem.shape
    common = lcm(*(value.denominator for value in values))
    whole = [over(value, common) for value in values]
    rows = []
    for s in range(count):
        row = []
        for o in range(width):
            chance = sum(sign * whole[k] for k, sign in lines[s * width + o])
            if chance < 0:
                return None
            if chance:
                row.append((o, Fraction(chance, common)))
        rows.append(tuple(row))
    return Box(None, tuple(rows), problem.settings, problem.outcomes, "extreme box")


def _reply(problem: Problem, weights: Floats) -> tuple[Floats, Box]:
    """Return the best deterministic box.

    It tries all answers of the others, or takes turns, with the last party's best reply.
    """
    settings, outcomes = problem.settings, problem.outcomes
    tensor = weights.reshape(*settings, *outcomes)
    parties = len(settings)
    others = prod(d**n for n, d in zip(settings[:-1], outcomes[:-1], strict=True))
    best, chosen = -np.inf, None
    if others <= ENUMERATED:
        own = [list(product(range(d), repeat=n)) for n, d in zip(settings[:-1], outcomes[:-1], strict=True)]
        starts = [list(box) for box in product(*own)]
    else:
        rng = np.random.default_rng(0)
        starts = [
            [tuple(rng.integers(0, d, n)) for n, d in zip(settings[:-1], outcomes[:-1], strict=True)]
            for _ in range(60)
        ]
    for start in starts:
        answers = [*start, (0,) * settings[-1]]
        value = -np.inf
        for turn in range(1 if others <= ENUMERATED else 50):
            before = value
            for party in (parties - 1,) if others <= ENUMERATED else range(parties):
                party = (party + parties - 1) % parties if others > ENUMERATED else party
                value, answers[party] = _answer(tensor, answers, party, parties)
            if value <= before + 1e-12 and turn:
                break
        if value > best + 1e-12:
            best, chosen = value, [tuple(int(a) for a in own_answers) for own_answers in answers]
    assert chosen is not None
    box = Box(
        tuple(chosen), None, settings, outcomes, "outcomes " + " ".join("".join(map(str, a)) for a in chosen)
    )
    table = np.zeros(problem.shape)
    for s in range(problem.shape[0]):
        for o in box.at(s):
            table[s, o] = 1
    return table, box


def _answer(
    tensor: Floats, answers: list[tuple[int, ...]], party: int, parties: int
) -> tuple[float, tuple[int, ...]]:
    """Return a party's best answers to the others', and the value."""
    reduced = tensor
    # contract the other parties, the last first, so that axes keep their numbers
    kept_setting, kept_outcome = party, parties + party
    letters = "abcdefghijklm"
    total = None
    grids = [np.eye(reduced.shape[parties + p])[list(answers[p])] for p in range(parties)]
    operands: list[Floats] = [reduced]
    names = letters[: 2 * parties]
    script = [names]
    for p in range(parties):
        if p != party:
            operands.append(grids[p])
            script.append(names[p] + names[parties + p])
    total = np.einsum(",".join(script) + "->" + names[kept_setting] + names[kept_outcome], *operands)
    return float(total.max(axis=1).sum()), tuple(total.argmax(axis=1).tolist())
