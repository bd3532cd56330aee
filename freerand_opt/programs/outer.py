r"""The outer program over strategies: all products of facets of the source and of the boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.cones import SourceCone, source_cone
from freerand_opt.programs.guesses import label_values
from freerand_opt.programs.integer_matrix import IntegerMatrix, identity, kron
from freerand_opt.programs.no_signalling import no_signalling_rows
from freerand_opt.programs.observation import (
    Entries,
    Layout,
    column_bound,
    equalities_first,
    objective_factors,
    observed_rows,
    test_rows,
)
from freerand_opt.programs.program import ConicProgram, ExactVector, Labels, Rows, conic_program, constant
from freerand_opt.programs.strategies import (
    BoxStrategies,
    Palette,
    VertexStrategies,
    cells,
    homogeneous,
    numbers,
)


@dataclass(frozen=True, eq=False)
class OuterStrategies:
    """Columns (label, node, o, s): all products of facets hold; an upper bound only."""

    program: ConicProgram
    cone: SourceCone
    labels: int


StrategyProgram: TypeAlias = BoxStrategies | VertexStrategies | OuterStrategies


def outer(question: Question, *, scores: Sequence[Exact] | None = None) -> OuterStrategies:
    r"""Return the program over the maximal tensor product of the source's and the boxes' cones.

    .. math:: h(z(\cdot; o|s)) = 0, \quad N z(v; \cdot) = 0, \quad f(z(\cdot; o|s)) \ge 0,

    for all equalities h and facets f of the source and all cells (o, s). Its value is an upper
    bound on the exact one (docs/proofs/strategies.md).
    """
    scenario = question.scenario
    outcomes, settings = scenario.shape
    width = outcomes * settings
    cone = source_cone(question.source, scenario)
    labels, _ = label_values(question)
    nodes = len(cone.names)
    columns = len(labels) * nodes * width

    def place(g: int, node: int, o: int, s: int) -> int:
        return (g * nodes + node) * width + o * settings + s

    def cell(o: int, s: int) -> Entries:
        return [(place(g, int(cone.leaf[s]), o, s), Fraction(1)) for g in range(len(labels))]

    layout = Layout(
        columns=columns,
        cell=cell,
        mass=lambda s: [entry for o in range(outcomes) for entry in cell(o, s)],
        total=lambda: [
            (place(g, cone.root, o, 0), Fraction(1)) for g in range(len(labels)) for o in range(outcomes)
        ],
        one_mass=nodes == 1,
    )
    local, names = no_signalling_rows(scenario)
    tags = tuple(f"g{g}" for g in range(len(labels)))
    words = cells(question)
    each = identity(len(labels))

    def products(
        kind: str, left: IntegerMatrix, right: IntegerMatrix, pattern: str, *axes: tuple[str, ...]
    ) -> Rows:
        return homogeneous(kind, kron(each, kron(left, right)), pattern, tags, *axes)

    rows = [
        products(
            "zero",
            cone.equalities,
            identity(width),
            "sum at node {1} x {2} [{0}]",
            numbers(cone.equalities.shape[0]),
            words,
        ),
        products("zero", identity(nodes), local, "{1} x no-signalling {2} [{0}]", cone.names, names),
        observed_rows(question, layout),
        *test_rows(question, layout, scores),
        products(
            "nonnegative",
            -cone.inequalities,
            identity(width),
            "facet {1} x {2} [{0}]",
            numbers(cone.inequalities.shape[0]),
            words,
        ),
    ]
    program = conic_program(
        equalities_first(rows),
        objective=_objective(question, columns, place, cone),
        lower=constant(0, columns),
        upper=constant(column_bound(question, cone), columns),
        column_labels=(Labels("z({1}; {2}) [{0}]", (tags, cone.names, words)),),
    )
    return OuterStrategies(program, cone, len(labels))


def _objective(
    question: Question, columns: int, place: Callable[[int, int, int, int], int], cone: SourceCone
) -> ExactVector:
    labels, denominator = label_values(question)
    factors = objective_factors(question)
    palette = Palette(columns)
    for g, worth in enumerate(labels):
        for o, s in np.argwhere(worth).tolist():
            value = Fraction(int(worth[o, s]), denominator) * factors[s]
            palette.put(place(g, int(cone.leaf[s]), o, s), value)
    return palette.vector()
