r"""Cones of source distributions, by equalities and inequalities, and their vertices when few.

A source is scaled so that the uniform distribution of weight 1 is 1 everywhere: the columns of a
cone contain t(root) = P(w) and t(s) = S P(w) P(s|w) for each of the S joint settings. For a
Santha-Vazirani source of n bits there is one column t for each node of the binary tree of bits,

.. math:: t(l) + t(r) = 2\,t(v), \qquad t(l), t(r) \le (1 + 2\epsilon)\, t(v)

(docs/proofs/strategies.md). Epsilon is Colbeck and Renner's: 0 perfect, 1/2 useless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import (
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Source,
    Uniform,
    bit_count,
    leaf_settings,
    party_leaves,
)
from freerand_opt.programs.integer_matrix import (
    IntegerMatrix,
    empty,
    identity,
    kron,
    of_codes,
    of_rows,
    stacked,
)
from freerand_opt.programs.products import product_vertices
from freerand_opt.programs.program import IntArray, integer_rows


@dataclass(frozen=True, eq=False)
class SourceCone:
    """Columns t of a cone: equalities t = 0, inequalities t >= 0, as matrices of integers of any size.

    `leaf[s]` is the column with S P(w) P(s|w), `root` the one with P(w). Given P(w) = 1 no column
    exceeds `growth`; given that one leaf is 1, none exceeds `ratio` (None: no such bound).
    `exact` is False if the cone is larger than the source's. A cone that is the hull of `vertices`
    has the weight of vertex v in column `weights + v`.
    """

    equalities: IntegerMatrix
    inequalities: IntegerMatrix
    leaf: IntArray
    root: int
    growth: Fraction
    ratio: Fraction | None
    names: tuple[str, ...]
    exact: bool = True
    vertices: tuple[tuple[Fraction, ...], ...] = ()
    weights: int = 0


def source_cone(source: Source, scenario: Scenario) -> SourceCone:
    """Return the cone of a source; the hull of its vertices where it is not convex by itself."""
    if isinstance(source, Uniform):
        return SourceCone(
            equalities=empty(1),
            inequalities=identity(1),
            leaf=np.zeros(scenario.shape[1], dtype=np.int64),
            root=0,
            growth=Fraction(1),
            ratio=Fraction(1),
            names=("any settings",),
        )
    if isinstance(source, SanthaVazirani):
        return _tree_cone(source, scenario)
    if isinstance(source, Mutual):
        return mutual_cone(source, scenario)
    if isinstance(source, PerParty):
        try:
            return hull_cone(product_vertices(source, scenario), scenario, party_bounds(source, scenario))
        except TooLargeError:
            return _product_cone(source, scenario)
    return row_cone(source, scenario)


def _tree_cone(source: SanthaVazirani, scenario: Scenario) -> SourceCone:
    bits = bit_count(scenario)
    equalities, inequalities = _tree(bits, source.epsilon)
    leaf = np.empty(2**bits, dtype=np.int64)  # columns, fewer than 2^(bits + 1)
    leaf[np.array(leaf_settings(scenario, source))] = np.arange(2**bits) + 2**bits - 1
    names = tuple(format(v + 1, "b")[1:] or "root" for v in range(2 ** (bits + 1) - 1))
    most, least = 1 + 2 * source.epsilon, 1 - 2 * source.epsilon
    return SourceCone(equalities, inequalities, leaf, 0, most**bits, (most / least) ** bits, names)


def _tree(bits: int, epsilon: Fraction) -> tuple[IntegerMatrix, IntegerMatrix]:
    """Return the rows of a tree in heap order: node v has the children 2v+1 and 2v+2.

    Their numbers are int64: 2^bits is the number of joint settings.
    """
    inner = np.arange(2**bits - 1, dtype=np.int64)
    nodes = 2 ** (bits + 1) - 1
    columns = np.stack([inner, 2 * inner + 1, 2 * inner + 2], axis=1)
    equalities = of_codes(np.tile([2, 1, 1], (len(inner), 1)), columns, nodes, (0, -1, 2))
    most = 1 + 2 * epsilon
    children = np.arange(1, nodes, dtype=np.int64)
    pairs = np.stack([(children - 1) // 2, children], axis=1)
    codes = np.tile([2, 1], (len(children), 1))
    facets = of_codes(codes, pairs, nodes, (0, -most.denominator, most.numerator))
    # without bits, or with perfect ones, nothing else says that the root is nonnegative
    if bits == 0 or epsilon == 0:
        facets = stacked([facets, of_rows([{0: 1}], nodes)])
    return equalities, facets


def _rows(entries: Sequence[Sequence[tuple[int, Fraction]]], columns: int) -> IntegerMatrix:
    triples = ((i, column, factor) for i, row in enumerate(entries) for column, factor in row)
    return integer_rows(triples, [Fraction(0)] * len(entries), columns)[0]


def mutual_cone(source: Mutual, scenario: Scenario) -> SourceCone:
    """One tree for each party and each joint setting of the others; leaves are shared."""
    settings = scenario.shape[1]
    names = [scenario.setting_label(s) for s in range(settings)] + ["total"]
    most, least = 1 + 2 * source.epsilon, 1 - 2 * source.epsilon
    equal = [[(settings, Fraction(settings)), *((s, Fraction(-1)) for s in range(settings))]]
    facets: list[list[tuple[int, Fraction]]] = []
    for party, size in enumerate(scenario.settings):
        order = party_leaves(size, source.bits)
        for joint in scenario.joint_settings:
            if joint[party]:
                continue
            level = [scenario.setting_index((*joint[:party], x, *joint[party + 1 :])) for x in order]
            while len(level) > 1:
                nodes = list(range(len(names), len(names) + len(level) // 2))
                names += [f"{scenario.parties[party]} node {node}" for node in nodes]
                for k, node in enumerate(nodes):
                    children = level[2 * k : 2 * k + 2]
                    equal.append([(node, Fraction(2)), *((child, Fraction(-1)) for child in children)])
                    facets += [[(node, most), (child, Fraction(-1))] for child in children]
                level = nodes
    bits = bit_count(scenario)
    # without bits, or with perfect ones, nothing else says that masses are nonnegative
    facets += [[(s, Fraction(1))] for s in range(settings)] if bits == 0 or source.epsilon == 0 else []
    return SourceCone(
        _rows(equal, len(names)),
        _rows(facets, len(names)),
        np.arange(settings),
        settings,
        most**bits,
        (most / least) ** bits,
        tuple(names),
    )


def row_cone(source: MeasurementDependence | Inequalities, scenario: Scenario) -> SourceCone:
    """Columns t(s) and the total; each row is a bound on P(s|w)."""
    settings = scenario.shape[1]
    total = settings
    equal = [[(total, Fraction(settings)), *((s, Fraction(-1)) for s in range(settings))]]
    facets: list[list[tuple[int, Fraction]]] = []
    growth, ratio = Fraction(settings), None
    if isinstance(source, MeasurementDependence):
        facets += [[(total, source.upper * settings), (s, Fraction(-1))] for s in range(settings)]
        facets += [[(s, Fraction(1)), (total, -source.lower * settings)] for s in range(settings)]
        # exactly uniform: nothing else says that the total is nonnegative
        facets += [[(total, Fraction(1))]] if source.lower == source.upper else []
        growth = source.upper * settings
        ratio = max(source.upper / source.lower, 1 / (settings * source.lower)) if source.lower else None
    else:
        for terms, limit in source.rows:
            row = dict.fromkeys(range(settings), Fraction(0)) | {total: limit * settings}
            for s, factor in terms:
                row[s] -= factor
            facets.append([(column, factor) for column, factor in row.items() if factor])
        facets += [[(s, Fraction(1))] for s in range(settings)]
    names = (*(scenario.setting_label(s) for s in range(settings)), "total")
    return SourceCone(
        _rows(equal, settings + 1),
        _rows(facets, settings + 1),
        np.arange(settings),
        total,
        growth,
        ratio,
        names,
    )


def hull_cone(
    vertices: Sequence[tuple[Fraction, ...]], scenario: Scenario, bounds: tuple[Fraction, Fraction | None]
) -> SourceCone:
    """Return the cone over given distributions, S P(s|w) by joint setting: t(s) is their weighted sum."""
    settings, count = scenario.shape[1], len(vertices)
    total, first = settings, settings + 1
    equal = [
        [(s, Fraction(1)), *((first + v, -vertex[s]) for v, vertex in enumerate(vertices))]
        for s in range(settings)
    ]
    equal.append([(total, Fraction(1)), *((first + v, Fraction(-1)) for v in range(count))])
    columns = first + count
    weights = of_rows([{first + v: 1} for v in range(count)], columns)
    names = (
        *(scenario.setting_label(s) for s in range(settings)),
        "total",
        *(f"vertex {v}" for v in range(count)),
    )
    return SourceCone(
        _rows(equal, columns),
        weights,
        np.arange(settings),
        total,
        bounds[0],
        bounds[1],
        names,
        vertices=tuple(vertices),
        weights=first,
    )


def any_cone(scenario: Scenario, bounds: tuple[Fraction, Fraction | None]) -> SourceCone:
    """Return the cone of any distributions at all: columns t(s), then their mean."""
    settings = scenario.shape[1]
    mean = [[(settings, Fraction(settings)), *((s, Fraction(-1)) for s in range(settings))]]
    return SourceCone(
        _rows(mean, settings + 1),
        empty(settings + 1),
        np.arange(settings),
        settings,
        bounds[0],
        bounds[1],
        (*(scenario.setting_label(s) for s in range(settings)), "total"),
        exact=False,
    )


def party_bounds(source: PerParty, scenario: Scenario) -> tuple[Fraction, Fraction]:
    """Return (growth, ratio) of a product of sources."""
    growth = ratio = Fraction(1)
    for part, size in zip(source.parts, scenario.settings, strict=True):
        if isinstance(part, SanthaVazirani):
            most, least = 1 + 2 * part.epsilon, 1 - 2 * part.epsilon
            growth *= most ** (size.bit_length() - 1)
            ratio *= (most / least) ** (size.bit_length() - 1)
    return growth, ratio


def _product_cone(source: PerParty, scenario: Scenario) -> SourceCone:
    """Return the cone of all products of the parties' facets; it contains the hull of products.

    Columns are tuples of tree nodes, one for each party.
    """
    equalities, facets, leaves = [], [], []
    names: list[tuple[str, ...]] = []
    for part, size in zip(source.parts, scenario.settings, strict=True):
        if isinstance(part, Uniform):
            equalities.append(empty(1))
            facets.append(identity(1))
            leaves.append(np.zeros(size, dtype=np.int64))
            names.append(("*",))
            continue
        bits = size.bit_length() - 1
        own, inequality = _tree(bits, part.epsilon)
        equalities.append(own)
        facets.append(inequality)
        leaf = np.empty(size, dtype=np.int64)
        leaf[np.array(party_leaves(size, part.bits))] = np.arange(size) + size - 1
        leaves.append(leaf)
        names.append(tuple(format(v + 1, "b")[1:] or "root" for v in range(2 * size - 1)))
    sizes = [matrix.shape[1] for matrix in facets]
    joint = reduce(kron, facets)
    equal = []
    for party, own in enumerate(equalities):
        equal.append(reduce(kron, [own if p == party else identity(n) for p, n in enumerate(sizes)]))
    index = np.zeros(scenario.shape[1], dtype=np.int64)  # columns of `joint`, which is in memory
    for s, settings in enumerate(scenario.joint_settings):
        for leaf, size, setting in zip(leaves, sizes, settings, strict=True):
            index[s] = index[s] * size + leaf[setting]
    growth, ratio = party_bounds(source, scenario)
    return SourceCone(
        stacked(equal),
        joint,
        index,
        0,
        growth,
        ratio,
        tuple(" x ".join(word) for word in product(*names)),
        exact=False,
    )
