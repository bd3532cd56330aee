r"""Boxes of a mixture made better together: Newton's steps on what it gains and what its tests say.

With masses :math:`m_k` of boxes k, which have distributions :math:`p_k` of settings and states and angles
:math:`x_k`,

.. math:: \max \sum_k m_k \langle p_k \otimes w_k, T(x_k) \rangle \;:\;
   \sum_k m_k \langle p_k \otimes f_c, T(x_k) \rangle = b_c,

from where a linear program over listed boxes ends. Boxes that are best at its prices, one by one, come as
near to the end as the prices do; all together are there to the last digits in a few steps. Real qubits alone
move. In floats; what comes out are boxes in integers, which the program over boxes weighs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freerand_opt.attacks.gains import prices_at, worths
from freerand_opt.attacks.qubits import Tables
from freerand_opt.attacks.states import words_of
from freerand_opt.conic.linear import Hint
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem
from freerand_opt.programs.box import Box
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.strategies import Strategies

#: Steps, halvings of a step, and the size of the equations at which none is made any more.
STEPS, HALVINGS, ENOUGH = 40, 12, 1e-14
#: Masses and multipliers below this are none.
LITTLE = 1e-9
#: Directions in which equations change so little, beside the others, are left alone: turns of a party's axes.
FLAT = 1e-11
#: More unknowns are not solved for.
MOST = 600
#: Rows of a program that speak of boxes.
SPOKEN = ("observed", "asked", "total", "test")


@dataclass(frozen=True, eq=False)
class Mixed:
    """Boxes that were made better together: what reads them, a row of numbers and a mass for each.

    `missed` is by how much they are not the best, infinite if a box with a mass did not move.
    """

    tables: Tables
    rows: Floats
    masses: Floats
    missed: float

    @property
    def boxes(self) -> list[Box]:
        """Return the boxes in integers."""
        return [self.tables.box(row) for row in self.rows]


def polished(made: Strategies, hint: Hint) -> Mixed | None:
    """Return what boxes of a mixture become when they are made better together; None without real qubits.

    `hint` is the best point of the program, with violations or without.
    """
    problem, names, program = made.problem, made.program.names, made.program
    if set(problem.outcomes) != {2} or words_of(problem) or any(_kind(name) == "average" for name in names):
        return None
    size, tables = made.space.carriers * made.cone.nodes, Tables(problem)
    masses = hint.x[:size].reshape(made.space.carriers, -1) @ made.cone.masses.dense().T
    used = np.flatnonzero(masses.sum(axis=1) > LITTLE)
    boxes = [made.space.boxes[c] for c in used.tolist()]
    starts = [tables.read(box) for box in boxes]
    if all(start is None for start in starts) or len(used) * (tables.width + 1) > MOST:
        return None
    rows = [
        k
        for k, (name, equal) in enumerate(zip(names, program.equal, strict=True))
        if _kind(name) in SPOKEN and (equal or abs(float(hint.multipliers[k])) > LITTLE)
    ]
    shown = np.stack([_shown(box, problem) for box in boxes])
    shares = masses[used] / masses[used].sum(axis=1, keepdims=True)
    labels = [made.labels[c] for c in used.tolist()]
    worth = np.stack([_worth(problem, *both) for both in zip(labels, shown, strict=True)])
    factors = np.stack([-prices_at(problem, [names[k]], [1.0]) for k in rows])
    mixture = _Mixture(
        tables,
        tuple(start is not None for start in starts),
        shown.reshape(len(boxes), -1),
        (shares[:, :, None] * worth).reshape(len(boxes), -1),
        (shares[:, None, :, None] * factors).reshape(len(boxes), len(rows), -1),
        np.array([float(program.right[k]) for k in rows]),
    )
    first = np.stack([np.zeros(tables.width) if start is None else start for start in starts])
    point = _Point(first, masses[used].sum(axis=1), np.array([float(hint.multipliers[k]) for k in rows]))
    end = mixture.climbed(point)
    moved = [k for k, moves in enumerate(mixture.moving) if moves]
    whole = len(moved) == len(boxes) and min(end.masses) > 0
    missed = float(np.linalg.norm(mixture.equations(end))) if whole else np.inf
    return Mixed(tables, end.rows[moved], end.masses[moved], missed)


def _kind(name: object) -> str:
    assert isinstance(name, tuple)
    return str(name[0])


def _shown(box: Box, problem: Problem) -> Floats:
    found = np.zeros(problem.shape)
    for s in range(len(found)):
        for o, chance in box.at(s).items():
            found[s, o] = float(chance)
    return found


def _worth(problem: Problem, label: int, shown: Floats) -> Floats:
    """Return what outcomes are worth with a label's guesses, or, without one, the best at each setting."""
    guesses = guesses_of(problem)
    each = np.stack(worths(problem, guesses))
    best = (each * shown).sum(axis=2).argmax(axis=0)
    places = [guesses.at(label, s) if label >= 0 else int(best[s]) for s in range(len(shown))]
    return np.asarray(each[places, np.arange(len(shown))])


@dataclass(frozen=True, eq=False)
class _Point:
    """A row of numbers for each box, their masses, and the prices of the rows."""

    rows: Floats
    masses: Floats
    prices: Floats

    def moved(self, step: Floats, size: int) -> _Point:
        """Return the point after a step, states of `size` amplitudes normalised."""
        at, count = self.rows.size, len(self.masses)
        rows = self.rows + step[:at].reshape(self.rows.shape)
        lengths = np.linalg.norm(rows[:, :size], axis=1, keepdims=True)
        rows[:, :size] /= np.where(lengths > 0, lengths, 1.0)
        return _Point(rows, self.masses + step[at : at + count], self.prices + step[at + count :])


@dataclass(frozen=True, eq=False)
class _Mixture:
    """The equations of a mixture's best point; by box and cell what outcomes are worth, and factors of rows.

    Boxes that do not move keep what they show.
    """

    tables: Tables
    moving: tuple[bool, ...]
    shown: Floats
    worth: Floats
    factors: Floats
    right: Floats

    def climbed(self, point: _Point) -> _Point:
        """Return where Newton's steps end."""
        held = self.equations(point)
        for _ in range(STEPS):
            size = np.linalg.norm(held)
            if size < ENOUGH:
                break
            step = np.linalg.lstsq(self._matrix(point), -held, rcond=FLAT)[0]
            for halving in range(HALVINGS):
                trial = point.moved(step / 2**halving, self.tables.size)
                found = self.equations(trial)
                if np.linalg.norm(found) < size:
                    break
            else:
                break
            point, held = trial, found
        return point

    def _seen(self, point: _Point) -> tuple[Floats, Floats, Floats]:
        """Return P(o|s) and its slopes by box, and what cells gain at the prices."""
        chances, slopes = self.shown.copy(), np.zeros((*self.shown.shape, self.tables.width))
        for k, row in enumerate(point.rows):
            if self.moving[k]:
                seen = self.tables.seen(row)
                chances[k], slopes[k] = seen.chances, seen.slopes
        return chances, slopes, self.worth - np.einsum("c,kct->kt", point.prices, self.factors)

    def equations(self, point: _Point) -> Floats:
        """Return the slopes of what is gained, by box what a mass gains, and what rows miss."""
        chances, slopes, gains = self._seen(point)
        climbs = point.masses[:, None] * np.einsum("kt,ktn->kn", gains, slopes)
        short = self.right - np.einsum("k,kct,kt->c", point.masses, self.factors, chances)
        return np.concatenate([climbs.ravel(), (gains * chances).sum(axis=1), short])

    def _matrix(self, point: _Point) -> Floats:
        """Return the derivatives of the equations."""
        chances, slopes, gains = self._seen(point)
        (count, width), at = point.rows.shape, point.rows.size
        found = np.zeros((at + count + len(self.right),) * 2)
        for k, mass in enumerate(point.masses):
            own, rest = slice(k * width, (k + 1) * width), slice(at + count, None)
            if self.moving[k]:
                found[own, own] = mass * self.tables.curved(point.rows[k], gains[k])
            found[own, at + k] = found[at + k, own] = gains[k] @ slopes[k]
            found[rest, own] = -mass * (self.factors[k] @ slopes[k])
            found[own, rest] = found[rest, own].T
            found[at + k, rest] = found[rest, at + k] = -(self.factors[k] @ chances[k])
        return found
