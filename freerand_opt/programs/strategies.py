r"""Programs over all strategies of the adversary: exact by boxes, exact by source vertices, outer.

The averaged tensors z = sum_w p_w s_w (x) q_w form the separable product of the cones of sources
and of boxes. Enumerating the extreme rays of one side, with the other in compact form, is exact;
demanding every product of facets is an outer bound (docs/proofs/strategies.md). Columns are
scaled as in `cones`: with uniform observed settings t = P(w|s) lies in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.arrays import Integers, whole
from freerand_opt.programs.boxes import Box, table
from freerand_opt.programs.conditions import box_rows
from freerand_opt.programs.cones import SourceCone, source_cone
from freerand_opt.programs.guesses import announced_values, box_values, label_values, output_worths
from freerand_opt.programs.integer_matrix import IntegerMatrix, identity, kron
from freerand_opt.programs.no_signalling import no_signalling_rows
from freerand_opt.programs.observation import (
    Entries,
    Layout,
    column_bound,
    equalities_first,
    normalised_at,
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
)
from freerand_opt.programs.vertices import source_vertices


@dataclass(frozen=True, eq=False)
class BoxStrategies:
    """Columns (w, node): one copy of the source's cone for each box; exact if the boxes suffice.

    `test_scales` are the denominators by which the rows of the tests were multiplied, `moment_scales`
    those of the conditions on moments.
    """

    program: ConicProgram
    boxes: tuple[Box, ...]
    cone: SourceCone
    test_scales: tuple[int, ...]
    moment_scales: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class VertexStrategies:
    """Columns (vertex, label, o, s): one subnormalised box for each source vertex and guess."""

    program: ConicProgram
    vertices: tuple[tuple[Fraction, ...], ...]
    labels: int


def homogeneous(cone: str, matrix: IntegerMatrix, pattern: str, *axes: tuple[str, ...]) -> Rows:
    """Return rows with right-hand side 0, labelled by a pattern over axes."""
    return Rows(cone, matrix, constant(0, matrix.shape[0]), Labels(pattern, axes))


def numbers(count: int) -> tuple[str, ...]:
    """Return the words 0, 1, .. for labels."""
    return tuple(map(str, range(count)))


class Palette:
    """Collect column values with few distinct ones."""

    def __init__(self, columns: int) -> None:
        self.places: dict[Fraction, int] = {Fraction(0): 0}
        self.codes = np.zeros(columns, dtype=np.int64)  # places of values, below the number of columns

    def put(self, column: int, value: Fraction) -> None:
        """Set the value of a column."""
        self.codes[column] = self.places.setdefault(value, len(self.places))

    def vector(self) -> ExactVector:
        """Return all values."""
        return ExactVector(tuple(self.places), self.codes)


def by_boxes(
    question: Question,
    boxes: Sequence[Box],
    *,
    scores: Sequence[Exact] | None = None,
    cone: SourceCone | None = None,
    moments: Sequence[Sequence[Fraction]] = (),
) -> BoxStrategies:
    r"""Return the program over all strategies that use only these boxes.

    .. math:: \max \sum_{k,s} g_k(s)\, t_k(s) \;:\; t_k \in \mathrm{cone}(S),\;
       \sum_k t_k(s) = S P(s),\; \sum_{k,s} \langle f, q_k \rangle_s t_k(s) \le \text{score}.

    `scores` replaces the tests' scores, `cone` the source's own cone; `moments[c][k]` is what box k
    counts in the adversary's condition c on moments. Exact whenever every strategy
    can be refined into the boxes and the cone is exact. An adversary who must announce one guess
    for all settings holds a copy of each box for each guess label.
    """
    cone = source_cone(question.source, question.scenario) if cone is None else cone
    chosen, silent = _announcing(question, boxes)
    tables, denominators = _tables(question, chosen)
    kinds, nodes = len(chosen), len(cone.names)
    starts = [(k * nodes, Fraction(1)) for k in range(kinds)]

    def cell(o: int, s: int) -> Entries:
        leaf = int(cone.leaf[s])
        held = tables[:, o, s]
        return [
            (int(k) * nodes + leaf, Fraction(int(held[k]), int(denominators[k])))
            for k in np.flatnonzero(held)
        ]

    layout = Layout(
        columns=kinds * nodes,
        cell=cell,
        mass=lambda s: [(start + int(cone.leaf[s]), one) for start, one in starts],
        total=lambda: [(start + cone.root, one) for start, one in starts],
        one_mass=nodes == 1,
    )
    names = tuple(box.label for box in chosen)
    each = identity(kinds)
    flow = homogeneous(
        "zero",
        kron(each, cone.equalities),
        "source, sum at node {1} [{0}]",
        names,
        numbers(cone.equalities.shape[0]),
    )
    facets = homogeneous(
        "nonnegative",
        -kron(each, cone.inequalities),
        "source, facet {1} [{0}]",
        names,
        numbers(cone.inequalities.shape[0]),
    )
    tests = test_rows(question, layout, scores)
    conditions = box_rows(question.adversary.moments if moments else (), moments, nodes, cone.root, kinds)
    rows = [flow, observed_rows(question, layout), *tests, *conditions, facets]
    worth, bottoms = (announced_values if silent else box_values)(question, tables, denominators)
    program = conic_program(
        equalities_first(rows),
        objective=_leaf_values(worth, bottoms, objective_factors(question), cone),
        lower=constant(0, layout.columns),
        upper=constant(column_bound(question, cone), layout.columns),
        column_labels=(Labels("t({1}) [{0}]", (names, cone.names)),),
    )
    scales = (tuple(part.scale for part in own) for own in (tests, conditions))
    return BoxStrategies(program, chosen, cone, *scales)


def _announcing(question: Question, boxes: Sequence[Box]) -> tuple[tuple[Box, ...], bool]:
    """Return the boxes, one copy for each guess label if one guess must serve all settings."""
    ask = question.ask
    silent = ask.output is not None and ask.at == "average" and question.adversary.told == "nothing"
    labels = len(output_worths(question)[0]) if silent else 1
    return tuple(box for box in boxes for _ in range(labels)), silent


def _tables(question: Question, boxes: Sequence[Box]) -> tuple[Integers, Integers]:
    """Return (numerators[k, o, s], denominators[k])."""
    pairs = [table(question.scenario, box) for box in boxes]
    return np.stack([numerators for numerators, _ in pairs]), whole([denominator for _, denominator in pairs])


def _leaf_values(
    worth: Integers, bottoms: Integers, factors: list[Fraction], cone: SourceCone
) -> ExactVector:
    """Add worth[k, s] / bottoms[k] * factors[s] to the leaf column of s in copy k of the cone."""
    total: dict[int, Fraction] = {}
    known: dict[tuple[int, int, Fraction], Fraction] = {}
    nodes = len(cone.names)
    for s, factor in enumerate(factors):
        for k in np.flatnonzero(worth[:, s]) if factor else ():
            key = (int(worth[k, s]), int(bottoms[k]), factor)
            value = known.get(key)
            if value is None:
                value = known[key] = Fraction(key[0], key[1]) * factor
            column = int(k) * nodes + int(cone.leaf[s])
            total[column] = total[column] + value if column in total else value
    palette = Palette(len(worth) * nodes)
    for column, value in total.items():
        palette.put(column, value)
    return palette.vector()


def by_source_vertices(
    question: Question,
    *,
    scores: Sequence[Exact] | None = None,
    vertices: Sequence[tuple[Fraction, ...]] | None = None,
) -> VertexStrategies:
    r"""Return the program over no-signalling boxes, one for each source vertex and guess label.

    .. math:: \max \sum_{v,g} \langle c_g, v \cdot z_{vg} \rangle \;:\; N z_{vg} = 0,\; z_{vg} \ge 0,\;
       \sum_{v,g} v(s) \sum_o z_{vg}(o|s) = S P(s), \text{ tests}.

    Exact with all vertices of the source, which are the default.
    """
    scenario = question.scenario
    outcomes, settings = scenario.shape
    vertices = tuple(vertices or source_vertices(question.source, scenario))
    labels, denominator = label_values(question)
    width = outcomes * settings
    weights = [vertex for vertex in vertices for _ in labels]
    columns = len(weights) * width

    def cell(o: int, s: int) -> Entries:
        return [(copy * width + o * settings + s, vertex[s]) for copy, vertex in enumerate(weights)]

    layout = Layout(
        columns=columns,
        cell=cell,
        mass=lambda s: [entry for o in range(outcomes) for entry in cell(o, s)],
        total=lambda: [
            (copy * width + o * settings, Fraction(1))
            for copy in range(len(weights))
            for o in range(outcomes)
        ],
        one_mass=len(vertices) == 1,
    )
    local, names = no_signalling_rows(scenario)
    tags = tuple(f"v{v} g{g}" for v in range(len(vertices)) for g in range(len(labels)))
    signalling = homogeneous(
        "zero", kron(identity(len(weights)), local), "no-signalling {1} [{0}]", tags, names
    )
    rows = [signalling, observed_rows(question, layout), *test_rows(question, layout, scores)]
    factors = objective_factors(question)
    palette = Palette(columns)
    for copy, vertex in enumerate(weights):
        worth = labels[copy % len(labels)]
        for o, s in np.argwhere(worth).tolist():
            palette.put(
                copy * width + o * settings + s,
                Fraction(int(worth[o, s]), denominator) * factors[s] * vertex[s],
            )
    program = conic_program(
        equalities_first(rows),
        objective=palette.vector(),
        lower=constant(0, columns),
        upper=constant(_vertex_bound(question, vertices), columns),
        column_labels=(Labels("{1} [{0}]", (tags, cells(question))),),
    )
    return VertexStrategies(program, vertices, len(labels))


def _vertex_bound(question: Question, vertices: Sequence[tuple[Fraction, ...]]) -> Fraction:
    """Return a number that no vertex's weight exceeds; weights sum to 1 unless one setting is normalised."""
    here = normalised_at(question)
    if question.setting_weights() is not None or here is None:
        return Fraction(1)
    least = min(vertex[here] for vertex in vertices)
    if least == 0:
        raise TooLargeError("the source may never choose the settings asked for")
    return 1 / least


def cells(question: Question) -> tuple[str, ...]:
    """Return the labels of all probabilities P(o|s)."""
    outcomes, settings = question.scenario.shape
    return tuple(question.scenario.label(o, s) for o in range(outcomes) for s in range(settings))
