r"""Programs over quantum devices: for each guess label and node of the source a vector of moments.

.. math:: h(z(g, \cdot\,; k)) = 0, \qquad \Gamma_B\bigl(f(z(g, \cdot\,; \cdot))\bigr) \succeq 0

for all equalities h and facets f of the source (arXiv:0803.4290 for one matrix). Tests at their algebraic
end put all of these on one face: then k runs over the moments that are free there, and :math:`\Gamma_B` over
its parts.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.checker.zeros import Zeros as Forced
from freerand_opt.conic.program import Builder, ConicProgram
from freerand_opt.errors import InputError
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Problem, Test
from freerand_opt.programs.assembly import Assembly
from freerand_opt.programs.guesses import Guesses
from freerand_opt.programs.npa.face import Zero, face
from freerand_opt.programs.npa.matrix import MomentMatrix, moment_matrix
from freerand_opt.programs.npa.space import MomentSpace, moment_space
from freerand_opt.programs.source_cone import Cone
from freerand_opt.programs.strategies import objective, seen_rows


@dataclass(frozen=True, eq=False)
class Moments:
    """What stands for a box: the free moments of one matrix, the identity first."""

    space: MomentSpace
    carriers: int
    problem: Problem

    @property
    def matrix(self) -> MomentMatrix:
        """Return the moment matrix of the level."""
        return self.space.matrix

    @property
    def width(self) -> int:
        """Return the number of columns of a carrier at a node."""
        return self.space.width

    @cached_property
    def _cells(self) -> dict[tuple[int, int], dict[int, Fraction]]:
        return {}

    def cell(self, s: int, o: int) -> dict[int, Fraction]:
        """Return P(o|s) in columns; raise InputError if the level lacks a moment."""
        if (s, o) not in self._cells:
            total: dict[int, Fraction] = {}
            terms = self.matrix.probability(self.problem.joint_outcomes[o], self.problem.joint_settings[s])
            for letters, factor in terms.items():
                place = self.matrix.position(letters)
                if place is None:
                    raise _lacking(self.matrix, self.matrix.named(letters))
                for k, share in self.space.lifted(place).items():
                    total[k] = total.get(k, Fraction(0)) + factor * share
            self._cells[s, o] = {k: value for k, value in total.items() if value}
        return self._cells[s, o]

    def value(self, carrier: int, s: int, f: Mapping[int, Fraction]) -> dict[int, Fraction]:
        """Return sum of f[o] P(o|s) in columns."""
        total: dict[int, Fraction] = {}
        for o, factor in f.items():
            for k, share in self.cell(s, o).items():
                total[k] = total.get(k, Fraction(0)) + factor * share
        return {k: value for k, value in total.items() if value}

    def word(self, carrier: int, name: str) -> dict[int, Fraction]:
        """Return a moment by name in columns."""
        place = self.matrix.named_position(f"<{name}>")
        if place is None:
            raise _lacking(self.matrix, f"<{name}>")
        return {} if place < 0 else dict(self.space.lifted(place))


def _lacking(matrix: MomentMatrix, name: str) -> InputError:
    return InputError(
        "adversary.level",
        f"{matrix.level!r} has no moment {name}, which the question needs; use a higher level, such as 2, or "
        '"local 1" with products of all parties',
    )


@dataclass(frozen=True, eq=False)
class MomentProgram:
    """The program: columns (label, node, moment); names of rows as in `programs.strategies`.

    Those of parts of the moment matrix are ("part", label, facet, part).
    """

    program: ConicProgram
    problem: Problem
    cone: Cone
    moments: Moments


def moments_of(problem: Problem, level: str, labels: int) -> Moments:
    """Return the moments of a level, on the face of the question's zeros if there are any."""
    matrix = moment_matrix(problem.parties, level)
    zeros = forced_zeros(problem)
    held = face(matrix, zeros, traced=True) if zeros else None
    return Moments(moment_space(matrix, held), labels, problem)


def forced_zeros(problem: Problem) -> list[Zero]:
    """Return the outcomes that the tests forbid to every box of every strategy.

    They are those that the kernel decides.
    """
    q = read_question(question_form(problem), Work(10**9))
    forced = Forced(q, Work(10**9))
    found: dict[tuple[int, int], Zero] = {}
    for k in range(len(problem.tests)):
        for s in _settings(problem, k):
            for o in range(problem.shape[1]):
                if (s, o) not in found and forced.holds(k, s, o):
                    found[s, o] = Zero(k, s, o)
    return sorted(found.values())


def _settings(problem: Problem, k: int) -> Sequence[int]:
    test = problem.tests[k]
    if not isinstance(test, Test):
        return [s for s, _ in test.table]
    if test.functional.on == "joint" and problem.observed is None:
        return range(problem.shape[0])
    return test.functional.settings


def moment_program(problem: Problem, cone: Cone, moments: Moments, guesses: Guesses) -> MomentProgram:
    """Return the relaxation; raise InputError for a level that lacks what the question needs."""
    made = Assembly(problem, cone, moments)
    build = Builder(made.columns)
    _flow(moments, cone, build)
    put_seen(problem, made, build)
    _positive(moments, cone, build)
    program = build.program(objective(problem, made, guesses, range(moments.carriers)))
    return MomentProgram(program, problem, cone, moments)


def put_seen(problem: Problem, made: Assembly, build: Builder) -> None:
    """Put what masses, averages and tests say; a test's row without entries that holds is left out."""
    for row, equal, right, name in seen_rows(problem, made):
        above = isinstance(right, Fraction) and (right == 0 if equal else right >= 0)
        if row or not above or name[0] != "test":
            build.put(name, row, right, equal=equal)


def _flow(moments: Moments, cone: Cone, build: Builder) -> None:
    """Put the equalities of the source, for each label and moment."""
    width, nodes = moments.width, cone.nodes
    for c in range(moments.carriers):
        for e, row in enumerate(cone.equalities.by_row()):
            for k in range(width):
                line = {(c * nodes + n) * width + k: x for n, x in row.items()}
                build.put(("equal", c, e, k), line, equal=True)


def _positive(moments: Moments, cone: Cone, build: Builder) -> None:
    """Put the parts of the moment matrix for each label and facet of the source."""
    for c in range(moments.carriers):
        for f, facet in enumerate(cone.facets.by_row()):
            starts = [((c * cone.nodes + node) * moments.width, value) for node, value in facet.items()]
            for p, part in enumerate(moments.space.parts):
                rows = [
                    {start + k: -value * x for k, x in row.items() for start, value in starts}
                    for row in part.rows
                ]
                name: Hashable = ("part", c, f, p)
                if part.cone == "psd":
                    build.put_matrix(name, len(part.words), rows)
                else:
                    build.put(name, rows[0], equal=part.cone == "zero")
