r"""Programs over quantum devices: one moment matrix for each facet of the source.

For each guess label g and each node v of the source's cone (a leaf, an inner node) there is a
vector of moments z(g, v; .) = sum_w P(w) t_w(v) y_w(.), and

.. math:: h(z(\cdot; k)) = 0, \qquad \Gamma\bigl(f(z(g, \cdot; \cdot))\bigr) \succeq 0

for all equalities h and facets f of the source and all moments k. Every strategy of quantum devices
satisfies this, so the value is an upper bound (docs/proofs/quantum.md). With a source that is not
biased it is one subnormalised moment matrix for each guess label. Tests at their algebraic end put all of
these on one face (`programs.face`): then k runs over the moments that are free there, and Gamma over
the parts that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import prod

import numpy as np

from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.conditions import MOMENT_PATTERN, condition_rows
from freerand_opt.programs.cones import SourceCone, source_cone
from freerand_opt.programs.face import face
from freerand_opt.programs.guesses import label_values
from freerand_opt.programs.integer_matrix import identity, kron, of_rows
from freerand_opt.programs.moment_space import MomentSpace, moment_space
from freerand_opt.programs.moments import MomentMatrix, moment_matrix
from freerand_opt.programs.observation import (
    TEST_PATTERN,
    Layout,
    column_bound,
    in_order,
    objective_factors,
    observed_rows,
    test_rows,
)
from freerand_opt.programs.program import (
    ConicProgram,
    ExactVector,
    Labels,
    Rows,
    conic_program,
    constant,
    joined,
)
from freerand_opt.programs.strategies import Palette, homogeneous, numbers
from freerand_opt.programs.zeros import zeros

#: The label by which the equalities of the source are known: label, equality, moment (fastest).
FLOW_PATTERN = "sum at node {1} of moment {2} [{0}]"


@dataclass(frozen=True, eq=False)
class MomentStrategies:
    """Columns (label, node, moment of `space`): a relaxation, so an upper bound only.

    `test_rows` has (row, scale) for each test: the number by which its row was multiplied; None for a
    test that holds wherever its zeros do. `moment_rows` the same for each condition on moments.
    """

    program: ConicProgram
    moments: MomentMatrix
    space: MomentSpace
    cone: SourceCone
    labels: int
    test_rows: tuple[tuple[int, int] | None, ...]
    moment_rows: tuple[tuple[int, int], ...] = ()

    @property
    def whole(self) -> bool:
        """Return whether the columns are all moments, so that there is no face."""
        return self.space.lift is None


def by_moments(
    question: Question, *, scores: Sequence[Exact] | None = None, cone: SourceCone | None = None
) -> MomentStrategies:
    """Return the relaxation of a question about quantum devices at the adversary's level.

    Raise InputError for a level that lacks a moment which the question needs.
    """
    matrix = moment_matrix(question.scenario, question.adversary.level)
    cone = source_cone(question.source, question.scenario) if cone is None else cone
    forced = zeros(question)
    space = moment_space(matrix, face(matrix, forced.zeros) if forced.zeros else None)
    held = _Columns(question.scenario, matrix, space, cone, len(label_values(question)[0]))
    objective = _objective(question, held.at)
    open_tests = [k for k, settled in enumerate(forced.settled) if not settled]
    asked = replace(question, tests=tuple(question.tests[k] for k in open_tests))
    limits = None if scores is None else [scores[k] for k in open_tests]
    linear = [observed_rows(question, held.layout), *test_rows(asked, held.layout, limits)]
    linear += condition_rows(question, matrix, space, held.roots, held.layout.columns)
    held.refuse_lacking({place for place, value in objective.items() if value}, linear)
    columns = held.count
    linear = [replace(part, matrix=part.matrix.columns(slice(columns))) for part in linear]
    tags = tuple(f"g{g}" for g in range(held.labels))
    rows = _by_cone([_flow_rows(space, cone, tags), *linear, *_positive_rows(space, cone, tags)])
    most = column_bound(question, cone)
    low = joined([constant(0, 1), constant(-most, space.width - 1)])
    program = conic_program(
        rows,
        objective=_vector(objective, columns),
        lower=low.take(np.tile(np.arange(space.width), held.labels * len(cone.names))),
        upper=constant(most, columns),
        column_labels=(Labels("{2} at {1} [{0}]", (tags, cone.names, space.labels)),),
    )
    by_test = dict(zip(open_tests, in_order(asked.tests, _scaled(rows, TEST_PATTERN)), strict=True))
    return MomentStrategies(
        program,
        matrix,
        space,
        cone,
        held.labels,
        tuple(by_test.get(k) for k in range(len(question.tests))),
        tuple(in_order(question.adversary.moments, _scaled(rows, MOMENT_PATTERN))),
    )


@dataclass(frozen=True, eq=False)
class _Columns:
    """Where a probability stands: columns (label, node, moment), then products that the level lacks."""

    scenario: Scenario
    matrix: MomentMatrix
    space: MomentSpace
    cone: SourceCone
    labels: int

    @property
    def count(self) -> int:
        """Return the number of columns of the program."""
        return self.labels * len(self.cone.names) * self.space.width

    @cached_property
    def roots(self) -> list[int]:
        """Return the column of P(w) for each label."""
        return [self._first(g, self.cone.root) for g in range(self.labels)]

    def _first(self, g: int, node: int) -> int:
        return (g * len(self.cone.names) + node) * self.space.width

    @cached_property
    def layout(self) -> Layout:
        """Return where masses stand; no row may need the columns behind the program's in the end."""
        spare = prod(party.base for party in self.matrix.parties)
        return Layout(
            columns=self.count + spare,
            cell=lambda o, s: [entry for g in range(self.labels) for entry in self.at(g, o, s)],
            mass=lambda s: [
                (self._first(g, int(self.cone.leaf[s])), Fraction(1)) for g in range(self.labels)
            ],
            total=lambda: [(root, Fraction(1)) for root in self.roots],
            one_mass=len(self.cone.names) == 1,
        )

    def at(self, g: int, o: int, s: int) -> list[tuple[int, Fraction]]:
        """Return P(o|s) under a label in columns."""
        first = self._first(g, int(self.cone.leaf[s]))
        return [(k if k >= self.count else first + k, value) for k, value in self.expanded[o, s]]

    @cached_property
    def expanded(self) -> dict[tuple[int, int], list[tuple[int, Fraction]]]:
        """Return P(o|s) in columns of one node, for all o and s."""
        outcomes, settings = self.scenario.shape
        return {(o, s): self._expanded(o, s) for o in range(outcomes) for s in range(settings)}

    def _expanded(self, o: int, s: int) -> list[tuple[int, Fraction]]:
        found: dict[int, Fraction] = {}
        terms = self.matrix.probability(self.scenario.joint_outcomes[o], self.scenario.joint_settings[s])
        for letters, factor in terms.items():
            place = self.matrix.position(letters)
            lacking = {self.count + _number(letters, self.matrix): Fraction(1)}
            for k, share in (lacking if place is None else self.space.lifted(place)).items():
                found[k] = found.get(k, Fraction(0)) + factor * share
        return [(k, value) for k, value in found.items() if value]

    def refuse_lacking(self, used: set[int], rows: Sequence[Rows]) -> None:
        """Raise InputError if an objective or rows need what the level lacks."""
        needed = used | {int(c) for part in rows for c in part.matrix.indices}
        lacking = [place - self.count for place in sorted(needed) if place >= self.count]
        if lacking:
            words = ", ".join(_named(number, self.matrix) for number in lacking[:3])
            raise InputError(
                "adversary.level",
                f"{self.matrix.level!r} has no moment {words}, which the question needs; use a higher level, "
                'such as 2, or "local 1" with products of all parties',
            )


def _by_cone(rows: Sequence[Rows]) -> list[Rows]:
    """Return the rows with equalities in front and matrices at the end."""
    return sorted(rows, key=lambda part: ("zero", "nonnegative", "psd").index(part.cone))


def _objective(
    question: Question, cell: Callable[[int, int, int], list[tuple[int, Fraction]]]
) -> dict[int, Fraction]:
    """Return what is earned by column; `cell(g, o, s)` has P(o|s) under label g in columns."""
    found: dict[int, Fraction] = {}
    labels, denominator = label_values(question)
    factors = objective_factors(question)
    for g, worth in enumerate(labels):
        for o, s in np.argwhere(worth).tolist():
            share = Fraction(int(worth[o, s]), denominator) * factors[s]
            for place, factor in cell(g, o, s):
                found[place] = found.get(place, Fraction(0)) + share * factor
    return found


def _vector(values: dict[int, Fraction], columns: int) -> ExactVector:
    found = Palette(columns)
    for place, value in values.items():
        if value:
            found.put(place, value)
    return found.vector()


def _flow_rows(space: MomentSpace, cone: SourceCone, tags: tuple[str, ...]) -> Rows:
    """Return the equalities of the source, for each guess label and moment."""
    return homogeneous(
        "zero",
        kron(identity(len(tags)), kron(cone.equalities, identity(space.width))),
        FLOW_PATTERN,
        tags,
        numbers(cone.equalities.shape[0]),
        space.labels,
    )


def _positive_rows(space: MomentSpace, cone: SourceCone, tags: tuple[str, ...]) -> list[Rows]:
    """Return the parts of the moment matrix for each guess label and facet of the source."""
    found = []
    for g, tag in enumerate(tags):
        pick = of_rows([{g: 1}], len(tags))
        for f in range(cone.inequalities.shape[0]):
            for part in space.parts:
                count = part.rows.shape[0]
                block = -kron(kron(pick, cone.inequalities[[f]]), part.rows)
                names = Labels(
                    "moment matrix, facet {1}, entry {2} [{0}]", ((tag,), (str(f),), numbers(count))
                )
                found.append(Rows(part.cone, block, constant(0, count), names))
    return found


def _scaled(rows: Sequence[Rows], pattern: str) -> tuple[tuple[int, int], ...]:
    """Return (row, scale) of the rows with a pattern, equalities first."""
    kept = [part for part in rows if part.matrix.shape[0]]
    starts = np.cumsum([0, *(part.matrix.shape[0] for part in kept)]).tolist()
    found = zip(starts[:-1], kept, strict=True)
    return tuple((start, part.scale) for start, part in found if part.labels.pattern == pattern)


def _number(letters: tuple[int, ...], matrix: MomentMatrix) -> int:
    code = 0
    for letter, party in zip(letters, matrix.parties, strict=True):
        code = code * party.base + letter
    return code


def _named(number: int, matrix: MomentMatrix) -> str:
    letters = []
    for party in reversed(matrix.parties):
        number, letter = divmod(number, party.base)
        letters.append(letter)
    return matrix.named(letters[::-1])
