r"""The program of an entropy's chords: at each node, what the adversary's operators leave of the state.

.. math:: \max \sum_k c_k \sum_v z_{kv}(t_k - \Pi_v), \qquad
   0 \preceq \Gamma(z_{kv}) \preceq \Gamma(y_k), \qquad z_{kv}(u) = \langle u P_v \rangle ,

over moments u of the parties alone, P_v the adversary's effects at node k. All nodes see the same z(s; u) of
the state, y_k (docs/proofs/entropies.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

from freerand_opt.conic.program import Builder, ConicProgram
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem, joint
from freerand_opt.programs.assembly import Assembly
from freerand_opt.programs.crossed import Crossed, crossed
from freerand_opt.programs.moments import Moments, put_seen
from freerand_opt.programs.npa.matrix import moment_matrix
from freerand_opt.programs.npa.space import moment_space
from freerand_opt.programs.source_cone import Cone


@dataclass(frozen=True, eq=False)
class Chords:
    """Nodes t_k with weights c_k, and their program.

    Columns (k, 0 for y or 1 + operator, node of the source, moment), then those of two operators. Rows by
    name: those of `programs.strategies`, ("equal", k, operator, row, moment) and ("shared", k, s, moment)
    with node 0. Matrices: (k, operator, facet, 1 for z or -1 for y - z), and, if operators are crossed, one
    for all of them, (k, -1, facet, 0).
    """

    problem: Problem
    cone: Cone
    moments: Moments
    places: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]
    cross: bool = False

    @cached_property
    def crossed(self) -> Crossed | None:
        """Return the matrix of a node's operators together, None if they are not crossed."""
        return crossed(self.problem, self.moments.matrix, self.letters) if self.cross else None

    @property
    def letters(self) -> int:
        """Return how many operators the adversary has at a node."""
        ask = self.problem.ask
        return ask.count * (prod(self.problem.settings[p] for p in ask.of) if ask.told else 1)

    def column(self, k: int, operator: int, node: int) -> int:
        """Return the first column of a node's state (operator -1), effect, or pairs of these (`letters`)."""
        if operator == self.letters:
            start = self.column(len(self.places), -1, 0)
            return start + (k * self.cone.nodes + node) * self.width(operator)
        return ((k * (1 + self.letters) + 1 + operator) * self.cone.nodes + node) * self.moments.width

    def width(self, operator: int) -> int:
        """Return how many columns an operator has at a node of the source; `letters` stands for all pairs."""
        if operator < self.letters:
            return self.moments.width
        return 0 if self.crossed is None else self.crossed.width

    def letter(self, s: int, value: int) -> int:
        """Return the operator that stands for a value of the output at a joint setting."""
        ask, sizes = self.problem.ask, self.problem.settings
        if not ask.told:
            return value
        own = self.problem.joint_settings[s]
        place = joint([own[p] for p in ask.of], tuple(sizes[p] for p in ask.of))
        return place * ask.count + value

    @cached_property
    def program(self) -> ConicProgram:
        """Return the program."""
        problem, width = self.problem, self.moments.width
        made = Assembly(problem, self.cone, self.moments)
        build = Builder(self.column(len(self.places), self.letters, 0))
        put_seen(problem, made, build)
        equal, facets = self.cone.equalities.by_row(), self.cone.facets.by_row()
        for k in range(len(self.places)):
            for operator in range(-1, self.letters + 1):
                for e, row in enumerate(equal):
                    for u in range(self.width(operator)):
                        line = {self.column(k, operator, n) + u: x for n, x in row.items()}
                        build.put(("equal", k, operator, e, u), line, equal=True)
            for s in range(problem.shape[0]) if k else ():
                for u in range(width):
                    line = {self.column(k, -1, n) + u: x for n, x in made.at(s)}
                    line |= {self.column(0, -1, n) + u: -x for n, x in made.at(s)}
                    build.put(("shared", k, s, u), line, equal=True)
            for operator in range(self.letters):
                for f, facet in enumerate(facets):
                    self._matrices(build, k, operator, f, facet)
            for f, facet in enumerate(facets if self.crossed else ()):
                self._together(build, k, f, facet)
        return build.program(self._objective(made))

    def _matrices(self, build: Builder, k: int, operator: int, f: int, facet: dict[int, Fraction]) -> None:
        (part,) = self.moments.space.parts
        for sign in (1, -1):
            rows = []
            for row in part.rows:
                line = {}
                for n, share in facet.items():
                    for u, x in row.items():
                        line[self.column(k, operator, n) + u] = -sign * share * x
                        if sign < 0:
                            line[self.column(k, -1, n) + u] = -share * x
                rows.append(line)
            build.put_matrix((k, operator, f, sign), len(part.words), rows)

    def _together(self, build: Builder, k: int, f: int, facet: dict[int, Fraction]) -> None:
        assert self.crossed is not None
        rows = []
        for row in self.crossed.rows:
            line = {}
            for n, share in facet.items():
                for (operator, u), x in row.items():
                    line[self.column(k, operator, n) + u] = -share * x
            rows.append(line)
        build.put_matrix((k, -1, f, 0), len(self.crossed.words), rows)

    def _objective(self, made: Assembly) -> dict[int, Fraction]:
        total: dict[int, Fraction] = {}
        for k, weight in enumerate(self.weights):
            for column, x in self._height(made, k).items():
                total[column] = weight * x
        return total

    def _height(self, made: Assembly, k: int) -> dict[int, Fraction]:
        """Return F(t_k) by column."""
        problem, total = self.problem, dict[int, Fraction]()
        outputs = problem.outputs()
        for s in range(problem.shape[0]) if problem.ask.at is None else (problem.ask.at,):
            assert problem.observed is not None
            share = 1 / problem.observed[s] if problem.ask.at is not None else Fraction(1)
            for v in range(problem.ask.count):
                chances = ((o, problem.ask.chance(v, value)) for o, value in enumerate(outputs))
                cells = {o: -chance for o, chance in chances if chance}
                factors = self.moments.value(0, s, cells)
                factors[0] = factors.get(0, Fraction(0)) + self.places[k]
                for node, mass in made.at(s):
                    start = self.column(k, self.letter(s, v), node)
                    for u, x in factors.items():
                        total[start + u] = total.get(start + u, Fraction(0)) + share * mass * x
        return total

    def heights(self, x: Floats) -> list[float]:
        """Return F(t_k) of a point."""
        made = Assembly(self.problem, self.cone, self.moments)
        return [
            sum(float(value) * float(x[column]) for column, value in self._height(made, k).items())
            for k in range(len(self.places))
        ]


def parties_moments(problem: Problem, level: str) -> Moments:
    """Return the moments of the parties, without the adversary."""
    matrix = moment_matrix(problem.parties, level)
    return Moments(moment_space(matrix, None), 1, problem)
