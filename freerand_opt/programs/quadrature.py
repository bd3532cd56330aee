r"""The program of an entropy's quadrature: at each node, contractions of the adversary, not self-adjoint.

.. math:: \max -\sum_k c_k \sum_v \langle \Pi_v (Z_{kv} + Z_{kv}^* + (1 - t_k) Z_{kv}^* Z_{kv}) + t_k Z_{kv}
   Z_{kv}^* \rangle

over moments of the parties' words u, of u Z and of u Z*, one matrix for each node; all nodes see the same
moments of the parties (docs/proofs/entropies.md, 10). Nothing asks what Z does beyond Pi_v, so that
where that is a projector words are Pi_v u Z: with all u Z the best matrix of multipliers would be singular.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import ceil, log2

import numpy as np

from freerand_opt.checker.asked import Question, split
from freerand_opt.checker.chords import Worths
from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.checker.vectors import add
from freerand_opt.checker.words import ADJOINT, CONTRACTION, Letter, Word
from freerand_opt.conic.program import Builder, ConicProgram
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Problem
from freerand_opt.programs.assembly import Assembly
from freerand_opt.programs.moments import Moments, put_seen
from freerand_opt.programs.source_cone import Cone

#: Nodes are fractions over this power of two, rounded up: then the rule lies below the logarithm.
GRID = 2**40
#: Words with integers.
Polynomial = dict[Word, int]


def radau_nodes(count: int) -> list[Fraction]:
    """Return the nodes of Gauss and Radau's rule before 1, rounded up: a Jacobi polynomial's roots."""
    k = np.arange(count, dtype=np.float64)
    between = np.sqrt(k * (k + 1)) / (2 * k + 1)
    matrix = np.diag(-1 / ((2 * k + 1) * (2 * k + 3))) + np.diag(between[1:], 1) + np.diag(between[1:], -1)
    # a little more than half an ulp, so that no root comes out a step too low
    return [Fraction(ceil((1 + x) / 2 * GRID + 2**-8), GRID) for x in np.linalg.eigvalsh(matrix).tolist()]


def _parts(made: Assembly) -> list[list[tuple[int, Fraction]]]:
    """Return the masses of each setting, in parts of the first one."""
    listed = map(made.at, range(made.problem.shape[0]))
    return [[(n, x / at[0][1]) for n, x in at] for at in listed]


@dataclass(frozen=True, eq=False)
class Quadrature:
    """Nodes t_k with weights c_k, and their program.

    Columns (k, node of the source, moment): those of the parties first, then those of the adversary's words.
    Rows by name: those of `programs.strategies`, ("equal", k, row, moment) and ("shared", k, s, moment) with
    node 0. Matrices: (k, facet).
    """

    problem: Problem
    cone: Cone
    moments: Moments
    places: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]

    @cached_property
    def q(self) -> Question:
        """Return the question as the kernel reads it, for its algebra of words."""
        return read_question(question_form(self.problem), Work(10**9))

    @property
    def letters(self) -> int:
        """Return how many operators the adversary has at a node."""
        return self.q.algebra.settings[-1]

    def turn(self, k: int) -> int:
        """Return the power of two by which contractions are enlarged in node k's matrix, for the solver."""
        t = float(self.places[k])
        return max(0, round(log2((1 - t) / t) / 2 - 1))

    def contractions(self, word: Word) -> int:
        """Return how many contractions a word has."""
        return len(self.q.algebra.words[-1][word[-1]])

    @cached_property
    def basis(self) -> list[Polynomial]:
        """Return the polynomials of a node's matrix."""
        algebra = self.q.algebra
        own = [algebra.word(label, "words") for label in self.moments.matrix.word_labels()]
        found: list[Polynomial] = [{u: 1} for u in own]
        for v in range(self.letters):
            adjoint = self._number(((v, ADJOINT),))
            found += self._projected_words(v, own)
            found += [{(*u[:-1], adjoint): 1} for u in own]
        return found

    def _projected_words(self, v: int, own: Sequence[Word]) -> list[Polynomial]:
        """Return Pi u Z for an operator Z and the outcomes of its value, u Z where there is no projector."""
        ask, z = self.problem.ask, self._number(((v, CONTRACTION),))
        if ask.noise or (ask.at is None and not ask.told):
            return [{(*u[:-1], z): 1} for u in own]
        place, value = divmod(v, ask.count)
        at = split(place, tuple(self.problem.settings[p] for p in ask.of))
        if ask.at is not None:
            digits = split(ask.at, self.problem.settings)
            at = [digits[p] for p in ask.of]
        outcomes = product(*(range(self.problem.outcomes[p]) for p in ask.of))
        found = []
        for o, used in zip(outcomes, ask.values, strict=True):
            measured = dict(zip(ask.of, zip(o, at, strict=True), strict=True))
            for u in own if used == value else ():
                if not any(u[p] for p in ask.of):
                    found.append({(*w[:-1], z): x for w, x in self._projected(u, measured).items()})
        return found

    def _number(self, letters: Sequence[Letter]) -> int:
        number = self.q.algebra.number(len(self.problem.settings), letters)
        assert number is not None
        return number

    def _projected(self, word: Word, measured: dict[int, tuple[int, int]]) -> Polynomial:
        """Return a word times (a multiple of) the projector on (outcome, setting) of some parties."""
        algebra, found = self.q.algebra, {word: 1}
        for party, (o, x) in measured.items():
            count = self.problem.outcomes[party]
            factors: list[tuple[tuple[Letter, ...], int]] = [(((x, o),), 1)]
            if count == 2:
                factors = [((), 1), (((x, -1),), 1 - 2 * o)]
            elif o == count - 1:
                factors = [((), 1), *((((x, each),), -1) for each in range(o))]
            more: Polynomial = {}
            for letters, sign in factors:
                number = algebra.number(party, letters)
                assert number is not None
                for u, value in found.items():
                    more[*u[:party], number, *u[party + 1 :]] = sign * value
            found = more
        return found

    @cached_property
    def _entries(self) -> list[Polynomial]:
        """Return the upper triangle of a node's matrix, by moment."""
        algebra, found = self.q.algebra, []
        for j, right in enumerate(self.basis):
            for left in self.basis[: j + 1]:
                row: Polynomial = {}
                for (u, a), (w, b) in product(left.items(), right.items()):
                    moment = algebra.product(u, w)
                    if moment is not None:
                        add(row, {moment: a * b})
                found.append({moment: x for moment, x in row.items() if x})
        return found

    @cached_property
    def _columns(self) -> dict[Word, int]:
        """Return the columns of words; the parties' are those of their moments."""
        algebra = self.q.algebra
        names = (label.strip("<>") for label in self.moments.matrix.labels)
        found = {algebra.moment(algebra.word(name, "words")): k for k, name in enumerate(names)}
        for row in self._entries:
            for moment in row:
                found.setdefault(moment, len(found))
        return found

    def column(self, k: int, node: int) -> int:
        """Return the first column of a node of the rule and of the source."""
        return (k * self.cone.nodes + node) * len(self._columns)

    @cached_property
    def program(self) -> ConicProgram:
        """Return the program."""
        problem, columns = self.problem, self._columns
        made = Assembly(problem, self.cone, self.moments)
        build = Builder(self.column(len(self.places), 0))
        self._put_seen(made, build)
        told = list({tuple(at): s for s, at in enumerate(_parts(made))}.values())
        entries = [[(columns[w], x) for w, x in entry.items()] for entry in self._entries]
        for k in range(len(self.places)):
            for e, row in enumerate(self.cone.equalities.by_row()):
                for u in range(len(columns)):
                    line = {self.column(k, n) + u: x for n, x in row.items()}
                    build.put(("equal", k, e, u), line, equal=True)
            for s in told if k else ():
                for u in range(self.moments.width):
                    line = {self.column(k, n) + u: x for n, x in made.at(s)}
                    line |= {self.column(0, n) + u: -x for n, x in made.at(s)}
                    build.put(("shared", k, s, u), line, equal=True)
            for f, facet in enumerate(self.cone.facets.by_row()):
                starts = [(self.column(k, n), share) for n, share in facet.items()]
                rows = [{at + c: -x * share for at, share in starts for c, x in entry} for entry in entries]
                build.put_matrix((k, f), len(self.basis), rows)
        return build.program(self._objective(made))

    def _put_seen(self, made: Assembly, build: Builder) -> None:
        """Put what is seen of the parties, in the columns of node 0."""
        own = Builder(made.columns)
        put_seen(self.problem, made, own)
        for equal, listed in own.linear.items():
            for name, row, right in listed:
                line = {self._moved(column): x for column, x in row.items()}
                build.put(name, line, right, equal=equal)

    def _moved(self, column: int) -> int:
        node, moment = divmod(column, self.moments.width)
        return self.column(0, node) + moment

    def _objective(self, made: Assembly) -> dict[int, Fraction]:
        total: dict[int, Fraction] = {}
        for k, (place, weight) in enumerate(zip(self.places, self.weights, strict=True)):
            worth = Worths(self.q, place, weight, Work(10**12), ruled=True)
            for s, (_, words) in worth(0).items():
                for node, mass in made.at(s):
                    start = self.column(k, node)
                    for word, x in words.items():
                        column = start + self._columns[word]
                        share = mass * x / 2 ** (self.turn(k) * self.contractions(word))
                        total[column] = total.get(column, Fraction(0)) + share
        return total
