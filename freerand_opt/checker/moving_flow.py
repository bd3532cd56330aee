"""Flow graphs on an interval: chances are quotients of polynomials, masses below a root are polynomials."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import lcm, prod
from typing import Any

from freerand_opt.checker.failures import Rejected
from freerand_opt.checker.points import Flow, read_nodes
from freerand_opt.checker.polynomials import Poly, Span, content, polynomial
from freerand_opt.checker.reading import closed, items
from freerand_opt.checker.sources import Bits
from freerand_opt.checker.varying import VaryingSource


@dataclass(frozen=True)
class MovingFlow(Flow):
    """A flow graph whose heads are (numerator, denominator): quotients of masses by it leave no rest."""

    where: str = ""
    known: dict[tuple[int, Poly], tuple[Poly, Poly]] = field(default_factory=dict)

    def halves(self, k: int, mass: Poly) -> tuple[Poly, Poly]:
        """Return what goes left and right of a mass at a node, times the unit of its height."""
        if (k, mass) not in self.known:
            num, den = self.heads[k]
            first = Poly(mass.span, mass.span.divided((mass * num).p, den, self.where))
            self.known[k, mass] = first, mass * self.units[self.nodes[k].height] - first
        return self.known[k, mass]


def read_moving(raw: Any, bits: Bits, source: VaryingSource, span: Span, where: str) -> MovingFlow:
    """Return a flow graph whose palette is of pairs [numerator, denominator] of polynomials."""
    closed(raw, where, ("palette", "nodes"))
    palette = []
    for entry in items(raw["palette"], where):
        num, den = (polynomial(p, where) for p in items(entry, where, 2))
        if not span.positive(den):
            raise Rejected(f"{where}: a denominator is not positive on the interval")
        palette.append((num, den))
    nodes, used = read_nodes(raw["nodes"], palette, len(source.ends), span.work, where)
    units = [1] * (len(source.ends) + 1)
    for height, code in used:
        num, den = palette[code]
        low, high = (span.times(end, den) for end in source.ends[-height])
        for gap in (span.sum((source.unit, num), (-1, low)), span.sum((-source.unit, num), (1, high))):
            if span.sign(gap) not in (0, 1):
                raise Rejected(f"{where}: a chance leaves the source's range on the interval")
        units[height] = lcm(units[height], content(den))
    heads = {}
    for height, code in used:
        num, den = palette[code]
        held = content(den)
        # by Gauss's lemma a polynomial quotient by a primitive one has integer coefficients
        part = Poly(span, span.sum((units[height] // held, num)))
        heads[height, palette[code]] = part, tuple(c // held for c in den)
    listed = tuple(heads[node.height, node.chance] for node in nodes)
    return MovingFlow(bits, nodes, tuple(units), listed, prod(units), where)
