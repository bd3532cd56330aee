r"""Programs over quantum devices: for each guess label and node of the source a vector of moments.

.. math:: h(z(g, \cdot\,; k)) = 0, \qquad \Gamma_B\bigl(f(z(g, \cdot\,; \cdot))\bigr) \succeq 0

for all equalities h and facets f of the source (arXiv:0803.4290 for one matrix). Tests at their algebraic end
put all of these on one face: then k runs over the moments that are free there, and :math:`\Gamma_B` over its
parts.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

from freerand_opt.bounds.ratios import SCORE_BITS
from freerand_opt.certificates.question import question_form
from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.checker.zeros import Zeros as Forced
from freerand_opt.errors import InputError
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.programs.face import Face, face
from freerand_opt.first.programs.integer_matrix import of_rows
from freerand_opt.first.programs.moment_space import MomentSpace, moment_space
from freerand_opt.first.programs.moments import MomentMatrix, moment_matrix
from freerand_opt.first.programs.program import ConicProgram, Labels, Rows, conic_program, constant, vector
from freerand_opt.first.programs.zeros import Zero
from freerand_opt.model.problem import Problem, Test
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.rounding import round_up
from freerand_opt.programs.guesses import Guesses
from freerand_opt.programs.source_cone import Cone
from freerand_opt.programs.strategies import Assembly, asked_setting, by_setting, test_rows

#: Columns are masses times moments; solvers of semidefinite programs do not use these bounds.
FAR = Fraction(2**20)


@dataclass(frozen=True, eq=False)
class Moments:
    """What stands for a box: the free moments of one matrix, the identity first."""

    matrix: MomentMatrix
    space: MomentSpace
    held: Face | None
    carriers: int
    problem: Problem

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

    def word(self, name: str) -> dict[int, Fraction]:
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
    """The program with names.

    `names[i]` and `scales[i]` of each linear row, `blocks[b]` = (carrier, facet, part, scale).
    """

    program: ConicProgram
    names: tuple[Hashable, ...]
    scales: tuple[int, ...]
    blocks: tuple[tuple[int, int, int, int], ...]
    problem: Problem
    cone: Cone
    space: Moments


def moments_of(problem: Problem, level: str, labels: int) -> Moments:
    """Return the moments of a level, on the face of the question's zeros if there are any."""
    matrix = moment_matrix(Scenario(problem.settings, problem.outcomes), level)
    zeros = forced_zeros(problem)
    held = face(matrix, zeros, traced=True) if zeros else None
    return Moments(matrix, moment_space(matrix, held), held, labels, problem)


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


def moment_program(problem: Problem, cone: Cone, space: Moments, guesses: Guesses) -> MomentProgram:
    """Return the relaxation; raise InputError for a level that lacks what the question needs."""
    made = Assembly(problem, cone, space)  # type: ignore[arg-type]
    names: list[Hashable] = []
    scales: list[int] = []
    equal: list[Rows] = []
    unequal: list[Rows] = []
    equal_names: list[tuple[Hashable, int]] = []
    unequal_names: list[tuple[Hashable, int]] = []

    def put(name: Hashable, row: Mapping[int, Fraction], is_equal: bool, right: Exact) -> None:
        kept = {column: value for column, value in row.items() if value}
        scale = lcm(1, *(value.denominator for value in kept.values()))
        matrix = of_rows([{column: int(value * scale) for column, value in kept.items()}], made.columns)
        rows = Rows(
            "zero" if is_equal else "nonnegative", matrix, vector([right * scale]), Labels(str(name), ())
        )
        (equal if is_equal else unequal).append(rows)
        (equal_names if is_equal else unequal_names).append((name, scale))

    width, nodes = space.width, cone.nodes
    rows_of: list[dict[int, Fraction]] = [{} for _ in range(cone.equalities.shape[0])]
    for e, node, value in cone.equalities.entries():
        rows_of[e][node] = value
    for c in range(space.carriers):
        for e, row in enumerate(rows_of):
            for k in range(width):
                put(
                    ("equal", c, e, k),
                    {(c * nodes + n) * width + k: x for n, x in row.items()},
                    True,
                    Fraction(0),
                )
    _observed(problem, made, put)
    for k, test in enumerate(problem.tests):
        if isinstance(test, Test) and test.functional.on == "moments":
            side = -1 if test.relation == ">=" else 1
            row = {j: side * x for j, x in _words(made, space, cone, test.functional.words).items()}
            right: Exact = test.score * side
            if problem.observed is None and asked_setting(problem) is not None:
                # the mass of the setting asked for is 1, and the total is not
                limit = right if isinstance(right, Fraction) else round_up(right, SCORE_BITS)
                for j, x in made.row({}, dict.fromkeys(range(problem.shape[0]), -limit)).items():
                    row[j] = row.get(j, Fraction(0)) + x
                right = Fraction(0)
            put(("test", k, 0, side), row, test.relation == "=", right)
            continue
        for f, constants, is_equal, right, cell, side in test_rows(problem, test):
            put(("test", k, cell, side), made.row(f, constants), is_equal, right)
    blocks, psd = _positive(space, cone, made.columns, put)
    names = [name for name, _ in (*equal_names, *unequal_names)]
    scales = [scale for _, scale in (*equal_names, *unequal_names)]
    objective = _objective(problem, made, space, cone, guesses)
    program = conic_program(
        [*equal, *unequal, *psd],
        objective=vector(objective.get(column, Fraction(0)) for column in range(made.columns)),
        lower=constant(-FAR, made.columns),
        upper=constant(FAR, made.columns),
        column_labels=(Labels("{0}", (tuple(map(str, range(made.columns))),)),),
    )
    return MomentProgram(program, tuple(names), tuple(scales), tuple(blocks), problem, cone, space)


def _observed(problem: Problem, made: Assembly, put: object) -> None:
    assert callable(put)
    if problem.observed is not None:
        for s, mass in enumerate(problem.observed):
            put(("observed", s), made.row({}, {s: Fraction(1)}), True, mass)
        return
    asked = asked_setting(problem)
    if asked is not None:
        put(("asked",), made.row({}, {asked: Fraction(1)}), True, Fraction(1))
    else:
        put(("total",), made.row({}, {s: Fraction(1) for s in range(problem.shape[0])}), True, Fraction(1))


def _words(
    made: Assembly, space: Moments, cone: Cone, words: Sequence[tuple[str, Fraction]]
) -> dict[int, Fraction]:
    """Return a functional of moments, averaged over w: the sum over all settings' nodes."""
    total: dict[int, Fraction] = {}
    for name, factor in words:
        for k, share in space.word(name).items():
            for c in range(space.carriers):
                for at in made.at:
                    for node, mass in at:
                        column = (c * cone.nodes + node) * space.width + k
                        total[column] = total.get(column, Fraction(0)) + factor * share * mass
    return total


def _objective(
    problem: Problem, made: Assembly, space: Moments, cone: Cone, guesses: Guesses
) -> dict[int, Fraction]:
    score = problem.ask.score
    if score is not None and score.on == "moments":
        return {k: problem.ask.sign * x for k, x in _words(made, space, cone, score.words).items()}
    if score is not None:
        return made.row(by_setting(score, problem.ask.sign, problem))
    total: dict[int, Fraction] = {}
    settings = range(problem.shape[0]) if problem.ask.at is None else [problem.ask.at]
    for label in range(space.carriers) if guesses.outputs else ():
        for s in settings:
            made.add(total, label, {s: dict(guesses.worth(guesses.at(label, s), s))}, {})
    return {column: value for column, value in total.items() if value}


def _positive(
    space: Moments, cone: Cone, columns: int, put: object
) -> tuple[list[tuple[int, int, int, int]], list[Rows]]:
    """Return the psd blocks, one for each label, facet of the source and part.

    Nonnegative rows and equalities are put beside.
    """
    assert callable(put)
    facets: list[dict[int, Fraction]] = [{} for _ in range(cone.facets.shape[0])]
    for f, node, value in cone.facets.entries():
        facets[f][node] = value
    blocks, found = [], []
    for c in range(space.carriers):
        for f, facet in enumerate(facets):
            scale = lcm(1, *(value.denominator for value in facet.values()))
            for p, part in enumerate(space.space.parts):
                lines = []
                for r in range(part.rows.shape[0]):
                    line: dict[int, int] = {}
                    for k, x in part.rows.row(r):
                        for node, value in facet.items():
                            line[(c * cone.nodes + node) * space.width + k] = -int(value * scale) * x
                    lines.append(line)
                if part.cone != "psd":
                    row = {column: Fraction(x, scale) for column, x in lines[0].items()}
                    put(("part", c, f, p), row, part.cone == "zero", Fraction(0))
                    continue
                blocks.append((c, f, p, scale))
                matrix = of_rows(lines, columns)
                found.append(
                    Rows("psd", matrix, constant(0, len(lines)), Labels(f"part {p} of facet {f}", ()))
                )
    return blocks, found
