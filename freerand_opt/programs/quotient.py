r"""The program by boxes, written down for orbits of the bit tree's symmetries alone.

Joint settings that play the same part in a question are leaves of one colour; the symmetries of
the coloured tree permute settings, boxes that err on one edge, and source distributions, and keep
the question. So all columns of an orbit may be equal (docs/proofs/tree-symmetry.md):

.. math:: \max \sum_{c,J} |c||J|\, g_c(J)\, t_c(J) \;:\; t_c \in \mathrm{cone}(S),\;
   \sum_{c, J \subset L} \tfrac{|c||J|}{|L|}\, t_c(J) = S P(L),\;
   \sum_c |c|\, f(e_c)\, t_c(e_c) \le \text{score},

over orbits c of edges (and the box without errors), orbits J of leaves that keep the mark of c,
and classes L of leaves. This is what colour refinement makes of the full program, found directly:
4^r leaves are coloured, and the full program's 4^r 2^(r+1) columns never exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.model.source import SanthaVazirani
from freerand_opt.programs.bit_tree import BitTree, Orbit, bit_tree, orbits
from freerand_opt.programs.integer_matrix import of_entries
from freerand_opt.programs.observation import OBSERVED_PATTERN, TEST_PATTERN, equalities_first
from freerand_opt.programs.parts import Parts, parts
from freerand_opt.programs.program import (
    ConicProgram,
    Labels,
    Rows,
    conic_program,
    constant,
    integer_rows,
    vector,
)

#: More orbits of columns than this are not written down.
MAX_COLUMNS = 2**18


@dataclass(frozen=True, eq=False)
class Copy:
    """An orbit of `count` boxes that err on one edge; `mark` is the leaf of one such edge.

    None, once: the box that errs nowhere. The columns of its source begin at `start`.
    """

    mark: int | None
    count: int
    nodes: tuple[Orbit, ...]
    start: int


@dataclass(frozen=True, eq=False)
class QuotientStrategies:
    """Columns (copy, orbit of nodes): the mean of the full program's columns of that orbit.

    `test_scales` are the numbers by which the rows of the tests were multiplied.
    """

    program: ConicProgram
    tree: BitTree
    parts: Parts
    copies: tuple[Copy, ...]
    test_scales: tuple[int, ...]
    epsilon: Fraction


def by_orbits(question: Question) -> QuotientStrategies:
    """Return the program over orbits of strategies for a question that counts errors on a cycle.

    The source is Santha-Vazirani and the observed settings are given. Raise TooLargeError beyond
    `MAX_COLUMNS` orbits.
    """
    source = question.source
    assert isinstance(source, SanthaVazirani)
    shared = parts(question)
    tree = bit_tree(question.scenario, source, shared.colours)
    copies = _copies(tree, shared, local=question.adversary.devices == "local")
    columns = copies[-1].start + len(copies[-1].nodes)
    flow, facets = _source_rows(copies, source.epsilon, columns)
    tests, scales = _test_rows(question, tree, shared, copies, columns)
    objective = [Fraction(0)] * columns
    for copy in copies:
        for column, (s, count) in _leaves(tree, copy):
            objective[column] = copy.count * count * shared.gain(s, unbiased=copy.mark is None)
        if copy.mark is not None:
            s = int(tree.setting[copy.mark])
            objective[copy.start + tree.depth] += copy.count * shared.own.get(s, Fraction(0))
    names = tuple(_name(question, tree, copy) for copy in copies)
    program = conic_program(
        equalities_first([flow, _observed_rows(tree, shared, copies, columns), *tests, facets]),
        objective=vector(objective),
        lower=constant(0, columns),
        upper=constant(max(Fraction(1), *(shared.scaled(s) for s in shared.named)), columns),
        column_labels=tuple(
            Labels("t(orbit {1}) [{0}]", ((name,), tuple(map(str, range(len(copy.nodes))))))
            for name, copy in zip(names, copies, strict=True)
        ),
    )
    return QuotientStrategies(program, tree, shared, copies, scales, source.epsilon)


def _copies(tree: BitTree, shared: Parts, *, local: bool) -> tuple[Copy, ...]:
    """Return one copy of the source's cone for each orbit of edges."""
    below, depth = tree.below(), tree.depth
    marks = [
        (leaf, tree.size[kind])
        for kind, leaf in tree.first_leaves().items()
        if int(tree.setting[leaf]) in shared.edges
    ]
    columns = 0 if local else below[0]
    for leaf, _ in marks:
        beside = (tree.levels[d][(leaf >> (depth - d)) ^ 1] for d in range(1, depth + 1))
        columns += depth + 1 + sum(below[int(kind)] for kind in beside)
    if columns > MAX_COLUMNS:
        raise TooLargeError(
            f"the orbits of this source's tree make {columns} columns, more than {MAX_COLUMNS}"
        )
    found: list[Copy] = []
    start = 0
    for mark, count in [*marks, *([] if local else [(None, 1)])]:
        nodes = tuple(orbits(tree, mark))
        found.append(Copy(mark, count, nodes, start))
        start += len(nodes)
    return tuple(found)


def _leaves(tree: BitTree, copy: Copy) -> list[tuple[int, tuple[int, int]]]:
    """Return (column, (joint setting of one leaf, number of leaves)) of each orbit of leaves."""
    return [
        (copy.start + place, (int(tree.setting[node.leaf]), node.count))
        for place, node in enumerate(copy.nodes)
        if node.leaf is not None
    ]


def _source_rows(copies: tuple[Copy, ...], epsilon: Fraction, columns: int) -> tuple[Rows, Rows]:
    """Return the rows of the tree (`cones`), one for each orbit."""
    most = 1 + 2 * epsilon
    sums: list[tuple[int, int, int]] = []
    facets: list[tuple[int, int, int]] = []
    inner: dict[int, int] = {}
    count = 0
    for copy in copies:
        for place, node in enumerate(copy.nodes):
            if node.parent < 0:
                continue
            column, above = copy.start + place, copy.start + node.parent
            row = inner.setdefault(above, len(inner))
            sums.append((row, column, -2 if node.twin else -1))
            facets += [(count, above, -most.numerator), (count, column, most.denominator)]
            count += 1
    sums += [(row, column, 2) for column, row in inner.items()]
    if epsilon == 0 or not inner:
        # with perfect bits nothing else says that the root is nonnegative
        facets += [(count + k, copy.start, -1) for k, copy in enumerate(copies)]
        count += len(copies)
    return (
        _homogeneous("zero", sums, len(inner), columns, "source, sum {0}"),
        _homogeneous("nonnegative", facets, count, columns, "source, facet {0}"),
    )


def _homogeneous(
    cone: str, entries: list[tuple[int, int, int]], rows: int, columns: int, pattern: str
) -> Rows:
    return Rows(
        cone,
        of_entries(entries, (rows, columns)),
        constant(0, rows),
        Labels(pattern, (tuple(map(str, range(rows))),)),
    )


def _observed_rows(tree: BitTree, shared: Parts, copies: tuple[Copy, ...], columns: int) -> Rows:
    """Return one row for each class of leaves: how many columns of an orbit one leaf sees."""
    first = int(tree.leaf_classes[0])
    entries = [
        (node.kind - first, copy.start + place, copy.count * node.count // tree.size[node.kind])
        for copy in copies
        for place, node in enumerate(copy.nodes)
        if node.leaf is not None
    ]
    matrix = of_entries(entries, (len(tree.leaf_classes), columns))
    leaves = tree.first_leaves()
    right = vector(shared.scaled(int(tree.setting[leaf])) for leaf in leaves.values())
    return Rows("zero", matrix, right, Labels(OBSERVED_PATTERN, (tuple(map(str, leaves)),)))


def _test_rows(
    question: Question, tree: BitTree, shared: Parts, copies: tuple[Copy, ...], columns: int
) -> tuple[list[Rows], tuple[int, ...]]:
    """Return one row for each test (>= turned into <=), and the numbers that they were multiplied by."""
    rows, scales = [], []
    for test, errors, score in zip(question.tests, shared.errors, shared.scores, strict=True):
        entries = []
        for copy in copies:
            factor = (
                Fraction(0) if copy.mark is None else errors.get(int(tree.setting[copy.mark]), Fraction(0))
            )
            if factor:
                entries.append((0, copy.start + tree.depth, copy.count * factor))
        matrix, right = integer_rows(entries, [score], columns)
        scales.append(lcm(*(value.denominator for _, _, value in entries)))
        rows.append(Rows("nonnegative", matrix, right, Labels(TEST_PATTERN, ((test.label,),)), scales[-1]))
    return rows, tuple(scales)


def _name(question: Question, tree: BitTree, copy: Copy) -> str:
    if copy.mark is None:
        return "errs nowhere, unbiased"
    edge = question.scenario.setting_label(int(tree.setting[copy.mark]))
    return f"errs on {edge} alone" + (f", and {copy.count - 1} like it" if copy.count > 1 else "")


def class_gains(
    made: QuotientStrategies, prices: Mapping[int, Fraction], *, unbiased: bool
) -> list[Fraction]:
    """Return for each class the largest gain, less the prices of leaves, of a unit of mass that is there.

    Gains are those of boxes without their own edge; the recursion is that of strategies.md, section 5.
    """
    tree, parts = made.tree, made.parts
    values = [Fraction(0)] * len(tree.size)
    for kind, leaf in tree.first_leaves().items():
        values[kind] = parts.gain(int(tree.setting[leaf]), unbiased=unbiased) * parts.settings - prices[kind]
    for kind in reversed(range(tree.leaf_classes[0])):
        values[kind] = _biased([values[child] for child in tree.children[kind]], made.epsilon)
    return values


def best_gain(
    made: QuotientStrategies, copy: Copy, gains: Sequence[Fraction], tests: Sequence[Fraction]
) -> Fraction:
    """Return the largest gain of a unit of mass for the boxes of a copy, from that of classes.

    Only the values on the path to its edge differ; `tests` are the prices of errors.
    """
    if copy.mark is None:
        return gains[0]
    tree, parts = made.tree, made.parts
    s = int(tree.setting[copy.mark])
    own = parts.own.get(s, Fraction(0))
    for price, errors in zip(tests, parts.errors, strict=True):
        own -= price * errors.get(s, Fraction(0))
    value = gains[copy.nodes[tree.depth].kind] + own * parts.settings
    for d in range(tree.depth, 0, -1):
        beside = int(tree.levels[d][(copy.mark >> (tree.depth - d)) ^ 1])
        value = _biased([value, gains[beside]], made.epsilon)
    return value


def _biased(gains: list[Fraction], epsilon: Fraction) -> Fraction:
    """Return the best mean of two gains (or of one, twice) that a bit can give."""
    return (Fraction(1, 2) + epsilon) * max(gains) + (Fraction(1, 2) - epsilon) * min(gains)
