r"""Cycle questions with bits in one time order: programs over orbits of the coloured tree of bits.

Joint settings that play the same part are leaves of one colour; the symmetries of the coloured tree permute
settings, boxes that err on one edge, and distributions, and keep the question, so all columns of an orbit may
be equal (docs/proofs/tree-symmetry.md). Columns are node masses of a copy (an orbit of edges, or the box
without errors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from freerand_opt.conic.linear import LinearProgram, Row, program_of
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Bits, Kept
from freerand_opt.programs.bit_tree import BitTree, Orbit, bit_tree, orbits
from freerand_opt.programs.cycle import Cycle, edge_form

MOST_COLUMNS = 2**18


@dataclass(frozen=True, eq=False)
class Copy:
    """An orbit of `count` boxes that err on one edge, whose leaf is `mark`.

    None, once, is the box without errors.
    """

    mark: int | None
    count: int
    nodes: tuple[Orbit, ...]
    start: int


@dataclass(frozen=True, eq=False)
class Quotient:
    """The program; rows by name: ("sum", ..), ("facet", ..), ("observed", class), ("test", k)."""

    program: LinearProgram
    cycle: Cycle
    source: Bits
    tree: BitTree
    copies: tuple[Copy, ...]


def quotient(cycle: Cycle) -> Quotient | None:
    """Return the program over orbits, None if the source is none of bits that name each setting once.

    Raise TooLargeError beyond 2^18 columns.
    """
    problem, source = cycle.problem, cycle.problem.source
    if not isinstance(source, Bits) or problem.observed is None or len(set(source.leaves)) < problem.shape[0]:
        return None
    tree = bit_tree(np.array(source.leaves, dtype=np.int64), _colours(cycle))
    copies = _copies(cycle, tree)
    columns = copies[-1].start + len(copies[-1].nodes)
    rows: list[Row] = []
    objective: dict[int, Fraction] = {}
    seen: dict[int, list[tuple[int, Fraction]]] = {kind: [] for kind in tree.leaf_classes}
    charged: list[list[tuple[int, Fraction]]] = [[] for _ in cycle.tests]
    for copy in copies:
        _source_rows(source, copy, rows)
        for place, node in enumerate(copy.nodes):
            if node.leaf is None:
                continue
            column, s = copy.start + place, int(tree.setting[node.leaf])
            every = copy.count * node.count
            seen[node.kind].append((column, Fraction(every, tree.size[node.kind])))
            gain = cycle.worth_at(s, copy.mark is not None) + cycle.objective.get(s, (Fraction(0),) * 2)[0]
            base = [values.get(s, (Fraction(0),) * 2)[0] for values in cycle.tests]
            if node.leaf == copy.mark:
                gain += cycle.objective.get(s, (Fraction(0),) * 2)[1]
                base = [
                    b + values.get(s, (Fraction(0),) * 2)[1]
                    for b, values in zip(base, cycle.tests, strict=True)
                ]
            if gain:
                objective[column] = every * gain
            for own, value in zip(charged, base, strict=True):
                own += [(column, every * value)] if value else []
    firsts = tree.first_leaves()
    for kind, own in seen.items():
        rows.append((list(own), True, problem.observed[int(tree.setting[firsts[kind]])], ("observed", kind)))
    for k, (own, test) in enumerate(zip(charged, problem.tests, strict=True)):
        assert not isinstance(test, Kept)
        rows.append((list(own), False, test.score if test.relation == "<=" else -test.score, ("test", k)))
    sizes = tuple(-node.depth for copy in copies for node in copy.nodes)
    program = program_of(rows, columns, objective, sizes)
    return Quotient(program, cycle, source, tree, copies)


def _colours(cycle: Cycle) -> np.ndarray:
    """Return a number for each joint setting; equal numbers play the same part."""
    problem = cycle.problem
    assert problem.observed is not None
    count = problem.shape[0]
    special = {*cycle.edges, *cycle.objective, *(s for values in cycle.tests for s in values)}
    if problem.ask.at is not None:
        special.add(problem.ask.at)
    colours = np.zeros(count, dtype=np.int64)
    places: dict[Any, int] = {}
    if not problem.even:
        colours = np.array(
            [places.setdefault(mass, len(places)) for mass in problem.observed], dtype=np.int64
        )
    for s in sorted(special):
        part = (
            int(colours[s]),
            s in cycle.edges,
            cycle.objective.get(s),
            tuple(values.get(s) for values in cycle.tests),
            s == problem.ask.at,
        )
        colours[s] = places.setdefault(part, count + len(places))
    return colours


def _copies(cycle: Cycle, tree: BitTree) -> tuple[Copy, ...]:
    below, depth = tree.below(), tree.depth
    marks = [
        (leaf, tree.size[kind])
        for kind, leaf in tree.first_leaves().items()
        if int(tree.setting[leaf]) in cycle.edges
    ]
    local = cycle.problem.devices == "local"
    columns = 0 if local else below[0]
    for leaf, _ in marks:
        beside = (tree.levels[d][(leaf >> (depth - d)) ^ 1] for d in range(1, depth + 1))
        columns += depth + 1 + sum(below[int(kind)] for kind in beside)
    if columns > MOST_COLUMNS:
        raise TooLargeError(
            f"the orbits of this source's tree make {columns} columns, more than {MOST_COLUMNS}"
        )
    found: list[Copy] = []
    start = 0
    for mark, count in [*marks, *([] if local else [(None, 1)])]:
        nodes = tuple(orbits(tree, mark))
        found.append(Copy(mark, count, nodes, start))
        start += len(nodes)
    return tuple(found)


def _source_rows(source: Bits, copy: Copy, rows: list[Row]) -> None:
    """Add the rows of one copy: a node's mass is its children's; the left child's share is in its range."""
    children: dict[int, list[int]] = {}
    for place, node in enumerate(copy.nodes):
        if node.parent >= 0:
            children.setdefault(node.parent, []).append(place)
    zero = Fraction(0)
    for parent, own in children.items():
        above = copy.start + parent
        low, high = source.ranges[copy.nodes[parent].depth]
        if len(own) == 1:  # twins: each has half, which must be in the range and in its mirror image
            rows.append(([(above, 1), (copy.start + own[0], -2)], True, zero, ("sum", above)))
            if low > Fraction(1, 2) or high < Fraction(1, 2):
                raise TooLargeError("bits that are never fair are not exchanged")
            continue
        left, right = sorted(own, key=lambda place: copy.nodes[place].node % 2)
        rows.append(
            ([(above, 1), (copy.start + left, -1), (copy.start + right, -1)], True, zero, ("sum", above))
        )
        rows.append(([(copy.start + left, 1), (above, -high)], False, zero, ("facet", above, 0)))
        rows.append(([(above, low), (copy.start + left, -1)], False, zero, ("facet", above, 1)))
    rows.append(([(copy.start, -1)], False, zero, ("facet", copy.start, 2)))


def prices(made: Quotient, z: Sequence[Fraction]) -> dict[str, Any]:
    """Return the upper end of a certificate: prices by class, and the boxes of the cycle."""
    problem, tree = made.cycle.problem, made.tree
    of_class: dict[int, Fraction] = {}
    tests = []
    for name, value in zip(made.program.names, z, strict=True):
        assert isinstance(name, tuple)
        if name[0] == "observed":
            of_class[name[1]] = value / tree.size[name[1]]
        elif name[0] == "test":
            test = problem.tests[name[1]]
            assert not isinstance(test, Kept)
            tests.append(str(max(value, Fraction(0)) * (1 if test.relation == "<=" else -1)))
    common = max(of_class, key=lambda kind: tree.size[kind])
    kinds = tree.levels[-1]
    but = []
    for kind, price in of_class.items():
        if price != of_class[common]:
            but += [[int(s), str(price)] for s in tree.setting[np.flatnonzero(kinds == kind)]]
    y = {"all": str(of_class[common]), "but": sorted(but)}
    claim = "none" if problem.ask.quantity == "strategy" else "bound"
    return {
        "claim": claim,
        "prices": {"settings": y, "tests": tests},
        "proof": {"way": "cycle", "edges": edge_form(made.cycle)},
    }
