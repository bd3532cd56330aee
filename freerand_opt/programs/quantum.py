r"""Programs over quantum devices: one moment matrix for each facet of the source.

For each guess label g and each node v of the source's cone (a leaf, an inner node) there is a
vector of moments z(g, v; .) = sum_w P(w) t_w(v) y_w(.), and

.. math:: h(z(\cdot; k)) = 0, \qquad \Gamma\bigl(f(z(g, \cdot; \cdot))\bigr) \succeq 0

for all equalities h and facets f of the source and all moments k. Every strategy of quantum devices
satisfies this, so the value is an upper bound (docs/proofs/quantum.md). With a source that is not
biased it is one subnormalised moment matrix for each guess label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

import numpy as np

from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.conditions import MOMENT_PATTERN, condition_rows
from freerand_opt.programs.cones import SourceCone, source_cone
from freerand_opt.programs.guesses import label_values
from freerand_opt.programs.integer_matrix import identity, kron, of_rows
from freerand_opt.programs.moments import MomentMatrix, moment_matrix
from freerand_opt.programs.observation import (
    TEST_PATTERN,
    Layout,
    column_bound,
    equalities_first,
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

#: The label by which the equalities of the source are known: label, equality, moment (fastest).
FLOW_PATTERN = "sum at node {1} of moment {2} [{0}]"


@dataclass(frozen=True, eq=False)
class MomentStrategies:
    """Columns (label, node, moment): a relaxation, so an upper bound only.

    `test_rows` has (row, scale) for each test: the number by which its row was multiplied;
    `moment_rows` the same for each condition on moments.
    """

    program: ConicProgram
    moments: MomentMatrix
    cone: SourceCone
    labels: int
    test_rows: tuple[tuple[int, int], ...]
    moment_rows: tuple[tuple[int, int], ...] = ()


def by_moments(
    question: Question, *, scores: Sequence[Exact] | None = None, cone: SourceCone | None = None
) -> MomentStrategies:
    """Return the relaxation of a question about quantum devices at the adversary's level.

    Raise InputError for a level that lacks a moment which the question needs.
    """
    scenario = question.scenario
    matrix = moment_matrix(scenario, question.adversary.level)
    cone = source_cone(question.source, scenario) if cone is None else cone
    labels, _ = label_values(question)
    nodes, width = len(cone.names), matrix.moments
    columns = len(labels) * nodes * width
    # moments that the level lacks stand behind the columns; no row may need them in the end
    spare = prod(party.base for party in matrix.parties)
    known: dict[tuple[int, int], list[tuple[int, Fraction]]] = {}

    def expanded(o: int, s: int) -> list[tuple[int, Fraction]]:
        """Return P(o|s) in moments."""
        if (o, s) not in known:
            terms = matrix.probability(scenario.joint_outcomes[o], scenario.joint_settings[s])
            known[o, s] = [
                (columns + _number(letters, matrix) if place is None else place, factor)
                for letters, factor in terms.items()
                for place in [matrix.position(letters)]
            ]
        return known[o, s]

    def column(g: int, s: int, k: int) -> int:
        return k if k >= columns else (g * nodes + int(cone.leaf[s])) * width + k

    layout = Layout(
        columns=columns + spare,
        cell=lambda o, s: [(column(g, s, k), v) for g in range(len(labels)) for k, v in expanded(o, s)],
        mass=lambda s: [(column(g, s, 0), Fraction(1)) for g in range(len(labels))],
        total=lambda: [((g * nodes + cone.root) * width, Fraction(1)) for g in range(len(labels))],
        one_mass=nodes == 1,
    )
    objective = _objective(question, lambda g, o, s: [(column(g, s, k), v) for k, v in expanded(o, s)])
    linear = [observed_rows(question, layout), *test_rows(question, layout, scores)]
    roots = [(g * nodes + cone.root) * width for g in range(len(labels))]
    linear += condition_rows(question, matrix, roots, columns + spare)
    needed = {place for place, value in objective.items() if value}
    needed |= {int(c) for part in linear for c in part.matrix.indices}
    _refuse_lacking(matrix, [place - columns for place in sorted(needed) if place >= columns])
    linear = [replace(part, matrix=part.matrix.columns(slice(columns))) for part in linear]
    tags = tuple(f"g{g}" for g in range(len(labels)))
    rows = [*equalities_first([_flow_rows(matrix, cone, tags), *linear]), *_positive_rows(matrix, cone, tags)]
    most = column_bound(question, cone)
    low = joined([constant(0, 1), constant(-most, width - 1)])
    program = conic_program(
        rows,
        objective=_vector(objective, columns),
        lower=low.take(np.tile(np.arange(width), len(labels) * nodes)),
        upper=constant(most, columns),
        column_labels=(Labels("{2} at {1} [{0}]", (tags, cone.names, matrix.labels)),),
    )
    scaled = (_scaled(rows, pattern) for pattern in (TEST_PATTERN, MOMENT_PATTERN))
    return MomentStrategies(program, matrix, cone, len(labels), *scaled)


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


def _flow_rows(matrix: MomentMatrix, cone: SourceCone, tags: tuple[str, ...]) -> Rows:
    """Return the equalities of the source, for each guess label and moment."""
    return homogeneous(
        "zero",
        kron(identity(len(tags)), kron(cone.equalities, identity(matrix.moments))),
        FLOW_PATTERN,
        tags,
        numbers(cone.equalities.shape[0]),
        matrix.labels,
    )


def _positive_rows(matrix: MomentMatrix, cone: SourceCone, tags: tuple[str, ...]) -> list[Rows]:
    """Return one psd block for each guess label and facet of the source."""
    gamma = matrix.rows()
    pairs = numbers(gamma.shape[0])
    found = []
    for g, tag in enumerate(tags):
        pick = of_rows([{g: 1}], len(tags))
        for f in range(cone.inequalities.shape[0]):
            block = -kron(kron(pick, cone.inequalities[[f]]), gamma)
            names = Labels("moment matrix, facet {1}, entry {2} [{0}]", ((tag,), (str(f),), pairs))
            found.append(Rows("psd", block, constant(0, gamma.shape[0]), names))
    return found


def _refuse_lacking(matrix: MomentMatrix, numbers_of: list[int]) -> None:
    if numbers_of:
        words = ", ".join(_named(number, matrix) for number in numbers_of[:3])
        raise InputError(
            "adversary.level",
            f"{matrix.level!r} has no moment {words}, which the question needs; use a higher level, "
            'such as 2, or "local 1" with products of all parties',
        )


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
