r"""Cones of source distributions and of no-signalling boxes, by equalities and inequalities.

A source is scaled so that the uniform distribution of weight 1 is 1 everywhere. For a
Santha-Vazirani source of n bits, one column t for each node of the binary tree of bits,

.. math:: t(l) + t(r) = 2\,t(v), \qquad t(l), t(r) \le (1 + 2\epsilon)\, t(v),

t(root) = P(w), and t(leaf of s) = S P(w) P(s|w) with S joint settings (docs/proofs/strategies.md).
Epsilon is Colbeck and Renner's: 0 perfect, 1/2 useless.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from freerand_opt.errors import TooLargeError
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import SanthaVazirani, Source, Uniform, bit_count, leaf_settings
from freerand_opt.programs.program import IntArray

#: More vertices of a source than this are not enumerated.
MAX_VERTICES = 128


@dataclass(frozen=True, eq=False)
class SourceCone:
    """Columns t of a cone: equalities t = 0, inequalities t >= 0, as integer matrices.

    `leaf[s]` is the column with S P(w) P(s|w), `root` the one with P(w). Given P(w) = 1 no column
    exceeds `growth`; given that one leaf is 1, none exceeds `ratio`.
    """

    equalities: csr_array
    inequalities: csr_array
    leaf: IntArray
    root: int
    growth: Fraction
    ratio: Fraction
    names: tuple[str, ...]


def source_cone(source: Source, scenario: Scenario) -> SourceCone:
    """Return the cone of a source."""
    if isinstance(source, Uniform):
        return SourceCone(
            equalities=csr_array((0, 1), dtype=np.int64),
            inequalities=csr_array(np.ones((1, 1), dtype=np.int64)),
            leaf=np.zeros(scenario.shape[1], dtype=np.int64),
            root=0,
            growth=Fraction(1),
            ratio=Fraction(1),
            names=("any settings",),
        )
    return _tree_cone(source, scenario)


def _tree_cone(source: SanthaVazirani, scenario: Scenario) -> SourceCone:
    """Build the tree in heap order: node v has the children 2v+1 and 2v+2."""
    bits = bit_count(scenario)
    inner = np.arange(2**bits - 1, dtype=np.int64)
    nodes = 2 ** (bits + 1) - 1
    rows = np.repeat(inner, 3)
    columns = np.stack([inner, 2 * inner + 1, 2 * inner + 2], axis=1).ravel()
    equalities = csr_array((np.tile([2, -1, -1], len(inner)), (rows, columns)), shape=(len(inner), nodes))
    most = 1 + 2 * source.epsilon
    children = np.arange(1, nodes, dtype=np.int64)
    inequalities = csr_array(
        (
            np.tile([most.numerator, -most.denominator], len(children)),
            (np.repeat(np.arange(len(children)), 2), np.stack([(children - 1) // 2, children], axis=1).ravel()),
        ),
        shape=(len(children), nodes),
    )
    leaf = np.empty(2**bits, dtype=np.int64)
    leaf[np.array(leaf_settings(scenario, source))] = np.arange(2**bits) + 2**bits - 1
    names = tuple(format(v + 1, "b")[1:] or "root" for v in range(nodes))
    least = 1 - 2 * source.epsilon
    return SourceCone(equalities, inequalities, leaf, 0, most**bits, (most / least) ** bits, names)


def source_vertices(source: Source, scenario: Scenario) -> tuple[tuple[Fraction, ...], ...]:
    """Return the extreme distributions as S P(s|w) by joint setting.

    Raise TooLargeError beyond `MAX_VERTICES`; n bits have 2^(2^n - 1).
    """
    settings = scenario.shape[1]
    if isinstance(source, Uniform) or source.epsilon == 0:
        return ((Fraction(1),) * settings,)
    bits = bit_count(scenario)
    if 2**bits - 1 > 7:
        raise TooLargeError(f"a Santha-Vazirani source of {bits} bits has 2^{2**bits - 1} vertices")
    leaves = leaf_settings(scenario, source)
    most, least = 1 + 2 * source.epsilon, 1 - 2 * source.epsilon
    found = []
    for choice in product((0, 1), repeat=2**bits - 1):
        masses = [Fraction(1)] * (2 ** (bits + 1) - 1)
        for node, bit in enumerate(choice):
            masses[2 * node + 1 + bit] = masses[node] * most
            masses[2 * node + 2 - bit] = masses[node] * least
        vertex = [Fraction(0)] * settings
        for place, setting in enumerate(leaves):
            vertex[setting] = masses[2**bits - 1 + place]
        found.append(tuple(vertex))
    return tuple(found)


def no_signalling_rows(scenario: Scenario) -> tuple[csr_array, tuple[str, ...]]:
    """Return (N, names) with N p = 0 for no-signalling tables p[o, s], flattened o-slowest."""
    outcomes, settings = scenario.shape
    rows: list[int] = []
    columns: list[int] = []
    data: list[int] = []
    names: list[str] = []
    for party, letter in enumerate(scenario.parties):
        others = [range(d) for p, d in enumerate(scenario.outcomes) if p != party]
        for s, joint in enumerate(scenario.joint_settings):
            if joint[party] == 0:
                continue
            base = scenario.setting_index((*joint[:party], 0, *joint[party + 1 :]))
            for rest in product(*others):
                for value in range(scenario.outcomes[party]):
                    o = scenario.outcome_index((*rest[:party], value, *rest[party:]))
                    rows += [len(names), len(names)]
                    columns += [o * settings + s, o * settings + base]
                    data += [1, -1]
                shown = "".join(map(str, (*rest[:party], "*", *rest[party:])))
                names.append(f"{letter}: P({shown}|{scenario.setting_label(s)}) = P({shown}|{scenario.setting_label(base)})")
    matrix = csr_array((np.array(data, dtype=np.int64), (rows, columns)), shape=(len(names), outcomes * settings))
    return matrix, tuple(names)
