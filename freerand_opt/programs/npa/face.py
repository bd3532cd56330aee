r"""The face of a relaxation on which all strategies lie that have a question's zeros, exactly.

With :math:`\Pi_{o|s}|\psi\rangle = 0` every :math:`k = \sum_a c_a\, a\Pi` gives :math:`k|\psi\rangle = 0`
and :math:`\langle u^* k\rangle = 0` for all words u. The left ideal of these k, as far as it fits into the
level's words, is found by elimination over the rationals, with pivots on the longest words: the words that
are left carry the whole moment matrix, and the moments that are left all others,

.. math:: \Gamma = C\,\Gamma_B\,C^T, \qquad y = L\,y_{\mathrm{free}} .

Each elimination knows of which :math:`\langle v\Pi\rangle` it is a combination (docs/proofs/quantum.md).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

import numpy as np
from flint import fmpq

from freerand_opt.conic.echelon import Echelon, subtract
from freerand_opt.programs.npa.algebra import Algebra, Polynomial, Term, Word, adjoint, length, words_of
from freerand_opt.programs.npa.matrix import MomentMatrix

Row: TypeAlias = Mapping[int, fmpq]


@dataclass(frozen=True, order=True)
class Zero:
    """P(outcome|setting) = 0 for every box of every strategy, by the test at place `test`."""

    test: int
    setting: int
    outcome: int


@dataclass(frozen=True, eq=False)
class Kernel:
    """`sum_x row[x] (word x)` takes every state with the zeros to 0; it is `sum trace[a, z] (a Pi_z)`.

    The trace is empty where it was not asked for, and where the word's own moment vanishes.
    """

    row: Row
    trace: Mapping[Term, fmpq]


@dataclass(frozen=True, eq=False)
class Face:
    """The words that are left, by place in the level; each moment in those that are left, `lift[m][free]`.

    `kernel[x]` tells how word x is eliminated. `free` are the moments that are left. The moment m less its
    lift is the sum of `sums[m][n]` times equation n, <u* k> = 0 for (u, trace of k) = `equations[n]`.
    """

    zeros: tuple[Zero, ...]
    words: tuple[int, ...]
    free: tuple[int, ...]
    lift: tuple[Row, ...]
    kernel: Mapping[int, Kernel]
    algebra: Algebra
    equations: Sequence[tuple[Word, Mapping[Term, fmpq]]] = ()
    sums: Mapping[int, Mapping[int, fmpq]] = field(default_factory=dict)

    def terms(self, moment: int) -> dict[Term, fmpq]:
        """Return of which <v Pi_z> a moment less its lift is the sum (real parts), if traces were kept."""
        found: dict[Term, fmpq] = {}
        for n, factor in self.sums.get(moment, {}).items():
            word, trace = self.equations[n]
            subtract(found, self.algebra.moved(adjoint(word), trace), -factor)
        return found


def face(matrix: MomentMatrix, zeros: Sequence[Zero], *, traced: bool = False) -> Face:
    """Return the face of a moment matrix for zeros that hold for every box."""
    if not zeros:
        raise ValueError("without zeros there is no face to be found by them")
    vanishing: list[int] = []
    while True:
        ideal = _Ideal(matrix, zeros, vanishing, traced)
        found = ideal.face()
        # a word whose own moment vanishes takes every state to 0 as well
        more = [b for b in found.words if not found.lift[int(matrix.classes[b, b])]]
        if not more:
            return found
        vanishing += more


class _Order(dict[Word, tuple[int, int, Word]]):
    """Words far from the level come first in eliminations, then those near it, then long ones of its own."""

    def __init__(self, near: set[Word], level: set[Word]) -> None:
        super().__init__()
        self.near, self.level = near, level

    def __missing__(self, word: Word) -> tuple[int, int, Word]:
        place = 0 if word in self.level else 1 if word in self.near else 2
        self[word] = found = (place, length(word), word)
        return found


class _Ideal:
    """Left multiples of the zeros' projectors, in echelon form: words outside the level first."""

    def __init__(
        self, matrix: MomentMatrix, zeros: Sequence[Zero], vanishing: Sequence[int], traced: bool
    ) -> None:
        self.matrix, self.zeros, self.traced = matrix, tuple(zeros), traced
        self.algebra = Algebra(matrix.scenario)
        self.words = words_of(matrix)
        self.place = {word: i for i, word in enumerate(self.words)}
        singles = [((), *((k,) for k in range(1, party.base))) for party in matrix.parties]
        near = set(product(*singles))
        self.near = near | set(self.words)
        self.order = _Order(near, set(self.words))
        self.echelon: Echelon[Word, Term] = Echelon(self.order.__getitem__, traced)
        given = [
            (self.algebra.projector(zero.outcome, zero.setting), {(self.algebra.one, z): fmpq(1)})
            for z, zero in enumerate(zeros)
        ]
        self.close([*given, *(({self.words[x]: fmpq(1)}, {}) for x in vanishing)])

    def close(self, given: Sequence[tuple[Polynomial, Mapping[Term, fmpq]]]) -> None:
        """Multiply by single operators whatever combination fits into the words, until nothing is new."""
        operators = list(self.algebra.operators())
        todo = deque(pivot for row, trace in given if (pivot := self.echelon.add(row, trace)) is not None)
        while todo:
            pivot = todo.popleft()
            row, trace = self.echelon.rows[pivot], self.echelon.traces.get(pivot, {})
            for operator in operators:
                moved = self.algebra.multiplied(operator, row)
                origin = self.algebra.moved(operator, trace)
                new = self.echelon.add(moved, origin)
                if new is not None and new in self.near:
                    todo.append(new)

    def face(self) -> Face:
        """Return the words and moments that are left."""
        held: Echelon[Word, Term] = Echelon(self.order.__getitem__, self.traced)
        held.rows = {pivot: row for pivot, row in self.echelon.rows.items() if pivot in self.place}
        held.traces = {pivot: trace for pivot, trace in self.echelon.traces.items() if pivot in self.place}
        held.reduce()
        kernel = {
            self.place[pivot]: Kernel(
                {self.place[word]: value for word, value in row.items()}, held.traces.get(pivot, {})
            )
            for pivot, row in held.rows.items()
        }
        equations: list[tuple[Word, Mapping[Term, fmpq]]] = []
        moments = self._moments(kernel, equations)
        free = tuple(m for m in range(self.matrix.moments) if m not in moments.rows or m == 0)
        index = {m: k for k, m in enumerate(free)}
        lift = tuple(
            {index[m]: fmpq(1)}
            if m not in moments.rows
            else {index[k]: -value for k, value in moments.rows[m].items() if k != m}
            for m in range(self.matrix.moments)
        )
        words = tuple(x for x in range(self.matrix.size) if x not in kernel)
        return Face(self.zeros, words, free, lift, kernel, self.algebra, equations, moments.traces)

    def _moments(
        self, kernel: Mapping[int, Kernel], equations: list[tuple[Word, Mapping[Term, fmpq]]]
    ) -> Echelon[int, int]:
        """Return the equations <u* k> = 0, solved for the moments of the longest words.

        Products of two words of the level are numbered as in the matrix, all others behind them: these are
        eliminated first, and their rows are dropped. `equations` grows by those of which traces speak.
        """
        names = _names(self.matrix, self.words, self.algebra)
        count = len(names)
        ranks = _Ranks(names)
        held: Echelon[int, int] = Echelon(ranks.__getitem__, self.traced)
        seen = set()
        for given in (self._inside(kernel), self._outside(names)):
            if len(held.rows) == count - 1:
                break  # all moments are multiples of the identity
            for row, word, trace in given:
                key = frozenset(row.items())
                if row and key not in seen:
                    seen.add(key)
                    if held.add(row, {len(equations): fmpq(1)}) is not None:
                        equations.append((word, trace))
        held.rows = {m: row for m, row in held.rows.items() if m < count}
        held.traces = {m: trace for m, trace in held.traces.items() if m < count}
        held.reduce()
        return held

    def _inside(
        self, kernel: Mapping[int, Kernel]
    ) -> Iterator[tuple[dict[int, fmpq], Word, Mapping[Term, fmpq]]]:
        """Yield <u* k> in moments, u and the trace of k for the k in the level's words."""
        for u, own in zip(self.words, self.matrix.classes.tolist(), strict=True):
            for k in kernel.values():
                row: dict[int, fmpq] = {}
                for x, value in k.row.items():
                    if (m := own[x]) >= 0:
                        row[m] = row.get(m, 0) + value
                yield {m: value for m, value in row.items() if value}, u, k.trace

    def _outside(self, names: dict[Word, int]) -> Iterator[tuple[dict[int, fmpq], Word, Mapping[Term, fmpq]]]:
        """Yield the same for the other k; `names` grows by the moments that the level lacks."""
        for pivot, k in self.echelon.rows.items():
            if pivot not in self.near or pivot in self.place:
                continue
            for u in self.words:
                row: dict[int, fmpq] = {}
                for word, value in self.algebra.multiplied(adjoint(u), k).items():
                    m = names.setdefault(min(word, adjoint(word)), len(names))
                    row[m] = row.get(m, 0) + value
                yield {m: v for m, v in row.items() if v}, u, self.echelon.traces.get(pivot, {})


class _Ranks(dict[int, tuple[bool, int, int]]):
    """The order of moments in eliminations: those that the level lacks, then those of long words."""

    def __init__(self, names: dict[Word, int]) -> None:
        super().__init__((m, (False, length(word), m)) for word, m in names.items())

    def __missing__(self, moment: int) -> tuple[bool, int, int]:
        return True, 0, moment


def _names(matrix: MomentMatrix, words: Sequence[Word], algebra: Algebra) -> dict[Word, int]:
    """Return the moments by word, of each and its adjoint the one that comes first."""
    found: dict[Word, int] = {}
    for m, place in zip(
        *(part.tolist() for part in np.unique(matrix.classes, return_index=True)), strict=True
    ):
        i, j = divmod(place, matrix.size)
        word = algebra.times(adjoint(words[i]), words[j])
        if m >= 0 and word is not None:
            found[min(word, adjoint(word))] = m
    return found
