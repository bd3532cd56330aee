"""Flow graphs on an interval: chances are quotients of polynomials, masses below a root are polynomials."""

from __future__ import annotations

from collections.abc import Iterable
from math import lcm, prod
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected
from freerand_opt.checker.points import read_nodes
from freerand_opt.checker.polynomials import Polynomial, Span, content, polynomial
from freerand_opt.checker.reading import closed, items
from freerand_opt.checker.varying import VaryingSource


class MovingFlow:
    """Nodes (height, chance as (factor, num, den), left, right); masses below a node are polynomials.

    At each height masses are multiplied by `scales[height]`, so that they are integer polynomials.
    """

    def __init__(self, raw: Any, source: VaryingSource, span: Span, where: str) -> None:
        closed(raw, where, ("palette", "nodes"))
        assert source.leaves is not None
        self.source, self.span, self.where = source, span, where
        palette = []
        for entry in items(raw["palette"], where):
            num, den = (polynomial(p, where) for p in items(entry, where, 2))
            if not span.positive(den):
                raise Rejected(f"{where}: a denominator is not positive on the interval")
            palette.append((num, den))
        self.nodes, used = read_nodes(raw["nodes"], palette, len(source.ends), span.work, where)
        for height, code in used:
            num, den = palette[code]
            low, high = source.ends[-height]
            gaps = ((1, num), (-1, low)), ((-1, num), (1, high))
            for (one, _), (other, end) in gaps:
                gap = span.sum((one * source.unit, num), (other, span.times(end, den)))
                if span.sign(gap) not in (0, 1):
                    raise Rejected(f"{where}: a chance leaves the source's range on the interval")
        contents = [(num, den, content(den)) for num, den in palette]
        self.scales = [1] * (len(source.ends) + 1)
        for height, code in used:
            self.scales[height] = lcm(self.scales[height], contents[code][2])
        self.palette = [(num, tuple(c // g for c in den), g) for num, den, g in contents]
        self.scale = prod(self.scales)
        self.known: dict[tuple[int, Polynomial], tuple[tuple[int | None, Polynomial], ...]] = {}

    def children(self, k: int | None, mass: Polynomial) -> tuple[tuple[int | None, Polynomial], ...]:
        """Return (child, mass) of the left and the right one."""
        assert k is not None
        if (k, mass) not in self.known:
            self.known[k, mass] = self._children(k, mass)
        return self.known[k, mass]

    def _children(self, k: int, mass: Polynomial) -> tuple[tuple[int | None, Polynomial], ...]:
        height, code, left, right = self.nodes[k]
        num, den, held = self.palette[code]
        scale = self.scales[height]
        span = self.span
        # by Gauss's lemma a polynomial quotient by a primitive one has integer coefficients
        first = span.divided(span.times(mass, span.sum((scale // held, num))), den, self.where)
        return (left, first), (right, span.sum((scale, mass), (-1, first)))

    def mass(self, k: int, weight: Polynomial, leaf: int) -> Polynomial:
        """Return scale * D * P(w) P(leaf|w)."""
        node: int | None = k
        for bit in reversed(range(len(self.source.ends))):
            node, weight = self.children(node, weight)[leaf >> bit & 1]
        return weight

    def check_sums(self, roots: list[tuple[int, Polynomial]], unit: Polynomial, q: Question) -> None:
        """Raise Rejected unless the points' mean is the observed distribution, identically."""
        assert q.observed is not None
        assert self.source.leaves is not None
        leaves, span = self.source.leaves, self.span
        span.work.spend(q.shape[0] + len(leaves), self.where)
        alike = not q.observed.but and len(leaves) == q.shape[0] == len(set(leaves))
        level: dict[Any, tuple[dict[int | None, Polynomial], int]] = {0: (self._merged(roots), 0)}
        for _ in self.source.ends:
            below: dict[Any, tuple[dict[int | None, Polynomial], int]] = {}
            for held, place in level.values():
                pairs = [self.children(node, mass) for node, mass in held.items()]
                for k in (0, 1):
                    child = self._merged(pair[k] for pair in pairs)
                    # below equal combinations all is alike if every string is one setting, all equally likely
                    below[frozenset(child.items()) if alike else 2 * place + k] = child, 2 * place + k
            level = below
        by_setting: dict[int, list[tuple[int, Polynomial]]] = {}
        for held, place in level.values():
            by_setting.setdefault(leaves[place], []).extend((1, p) for p in held.values())
        for s in by_setting if alike else range(q.shape[0]):
            share = q.observed[s]
            found = span.sum(*((share.denominator * f, p) for f, p in by_setting.get(s, [])))
            if found != span.sum((self.scale * share.numerator, unit)):
                raise Rejected(f"{self.where}: setting {s} does not have its observed probability")

    def _merged(self, pairs: Iterable[tuple[int | None, Polynomial]]) -> dict[int | None, Polynomial]:
        found: dict[int | None, list[tuple[int, Polynomial]]] = {}
        for node, mass in pairs:
            found.setdefault(node, []).append((1, mass))
        return {node: self.span.sum(*parts) for node, parts in found.items()}
