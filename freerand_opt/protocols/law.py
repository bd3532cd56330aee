r"""What a source that is the same in every round does to one round, by the recursion over its bits.

With p, q = 1/2 +- eps and the two chances of the children of a node,

    P(node) = p P(heavy child) + q P(other child),

where the child is heavy for which the held combination of P(T) and P(edge (0, 2N-1)) is larger.
For most and fewest tests, interleaved least significant first or party by party, P(T) is
(2/N)(1 +- 2 eps)^(r-1) (docs/proofs/theorem-2-exponent.md). Exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from freerand_opt.conic.sparse import Index
from freerand_opt.numbers.exact import Exact, enclose, sin_pi
from freerand_opt.programs.bit_tree import BitTree, bit_tree
from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.sources import HeldBits, ReplayedBits, UniformBits, leaf_settings

Pair = tuple[Fraction, Fraction]
Key = Callable[[Pair], tuple[Fraction, ...]]


@dataclass(frozen=True)
class RoundLaw:
    """P(round in T | w) and P(settings are (0, 2N-1) | w), exact."""

    test: Fraction
    edge: Fraction

    @property
    def error(self) -> Fraction:
        """Return the chance that a deterministic round in T errs."""
        return self.edge / self.test


@dataclass(frozen=True, eq=False)
class HeldTree:
    """The bits of a held source: who is heavy at each node, and where no edge can be reached any more.

    `right_heavy[d]` and `alive[d]` are arrays over the nodes of depth d; `is_edge` says for each
    leaf whether its settings are (0, 2N-1).
    """

    law: RoundLaw
    heavy_chance: float
    right_heavy: tuple[npt.NDArray[np.bool_], ...]
    alive: tuple[npt.NDArray[np.bool_], ...]
    is_edge: npt.NDArray[np.bool_]


def honest_error(protocol: Protocol) -> Exact:
    """Return the chance that an honest round in T errs, sin^2(pi/4N) for quantum devices; exact."""
    if protocol.devices.honest == "zero-error":
        return Fraction(0)
    sine = sin_pi(Fraction(1, 4 * protocol.size))
    return sine * sine


@lru_cache(maxsize=64)
def honest_chance(protocol: Protocol) -> float:
    """Return `honest_error` as a float."""
    return float(enclose(honest_error(protocol), 200)[0])


def edge_colours(size: int) -> Index:
    """Return for each joint setting i N + j (a = 2i, b = 2j+1): 2 on (0, 2N-1), 1 on other edges, else 0."""
    i, j = np.divmod(np.arange(size * size, dtype=np.int64), size)
    colours: Index = np.isin((j - i) % size, (0, size - 1)).astype(np.int64)
    colours[size - 1] = 2
    return colours


def round_law(protocol: Protocol) -> RoundLaw | None:
    """Return the law of one round, or None for replayed bits, of which nothing is known."""
    source, size = protocol.source, protocol.size
    if isinstance(source, UniformBits):
        return RoundLaw(Fraction(2, size), Fraction(1, size * size))
    if isinstance(source, ReplayedBits):
        return None
    assert isinstance(source, HeldBits)
    return _held(source, _tree(source, size))[0]


def held_tree(protocol: Protocol) -> HeldTree:
    """Return the bits of a held source, node by node, for drawing them one after the other."""
    source = protocol.source
    assert isinstance(source, HeldBits)
    tree = _tree(source, protocol.size)
    law, chances, heavy = _held(source, tree)
    alive = np.array([chance[0] > 0 for chance in chances])
    heavy_class = np.array(heavy)
    right = []
    for level, below in zip(tree.levels[:-1], tree.levels[1:], strict=True):
        # where both children are alike the left one is heavy
        chosen = heavy_class[level]
        right.append((below[1::2] == chosen) & (below[0::2] != chosen))
    return HeldTree(
        law,
        float(Fraction(1, 2) + source.epsilon),
        tuple(right),
        tuple(alive[level] for level in tree.levels),
        tree.setting == protocol.size - 1,
    )


def _tree(source: HeldBits, size: int) -> BitTree:
    return bit_tree(leaf_settings(size, source.order, source.bits), edge_colours(size))


def _held(source: HeldBits, tree: BitTree) -> tuple[RoundLaw, list[Pair], list[int]]:
    """Return the law, the pair of chances of each class of nodes, and each class's heavy child."""
    colours = _leaf_pairs(tree)
    if source.hold == "most-tests":
        chances, heavy = _recursion(source, tree, colours, lambda pair: (pair[0], -pair[1]))
    elif source.hold == "fewest-tests":
        chances, heavy = _recursion(source, tree, colours, lambda pair: (-pair[0], -pair[1]))
    else:
        # the smallest ratio edge/tests: lower the ratio until no source has a smaller one (Dinkelbach)
        ratio = Fraction(1)
        while True:
            limit = ratio
            chances, heavy = _recursion(source, tree, colours, _below(limit))
            ratio = chances[0][1] / chances[0][0]
            if ratio == limit:
                break
    return RoundLaw(*chances[0]), chances, heavy


def _below(ratio: Fraction) -> Key:
    return lambda pair: (ratio * pair[0] - pair[1], pair[0])


def _leaf_pairs(tree: BitTree) -> dict[int, Pair]:
    size = int(len(tree.setting) ** 0.5)
    colours = edge_colours(size)
    values: dict[int, Pair] = {}
    for kind, leaf in tree.first_leaves().items():
        colour = int(colours[tree.setting[leaf]])
        values[kind] = (Fraction(int(colour > 0)), Fraction(int(colour == 2)))
    return values


def _recursion(
    source: HeldBits, tree: BitTree, leaves: dict[int, Pair], key: Key
) -> tuple[list[Pair], list[int]]:
    p, q = Fraction(1, 2) + source.epsilon, Fraction(1, 2) - source.epsilon
    chances: list[Pair] = [(Fraction(0), Fraction(0))] * len(tree.size)
    heavy = [0] * len(tree.size)
    for node in reversed(range(len(tree.size))):
        children = tree.children[node]
        if not children:
            chances[node] = leaves[node]
            continue
        first, last = children[0], children[-1]
        if key(chances[last]) > key(chances[first]):
            first, last = last, first
        heavy[node] = first
        x, y = chances[first], chances[last]
        chances[node] = (p * x[0] + q * y[0], p * x[1] + q * y[1])
    return chances, heavy
