"""Flow graphs: distributions of strings of bits whose equal parts are written once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any


class Graph:
    """Nodes [chance, left, right], deepest first; equal ones are one."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Any, int | None, int | None]] = []
        self.places: dict[tuple[Any, int | None, int | None], int] = {}

    def node(self, chance: Any, left: int | None, right: int | None) -> int:
        """Return the number of a node."""
        key = (chance, left, right)
        if key not in self.places:
            self.places[key] = len(self.nodes)
            self.nodes.append(key)
        return self.places[key]

    def form(self, written: Callable[[Any], Any] = str) -> dict[str, Any]:
        """Return the graph in the certificate's grammar."""
        palette: dict[Any, int] = {}
        nodes = [
            [palette.setdefault(chance, len(palette)), left, right] for chance, left, right in self.nodes
        ]
        return {"palette": [written(chance) for chance in palette], "nodes": nodes}


def leaves_root(
    graph: Graph, masses: Sequence[Fraction], ranges: Sequence[tuple[Fraction, Fraction]]
) -> int | None:
    """Add the distribution of strings with these masses; return its root."""
    if len(masses) == 1:
        return None
    half = len(masses) // 2
    low, high = ranges[0]
    total, first = sum(masses, Fraction(0)), sum(masses[:half], Fraction(0))
    chance = first / total if total else min(max(Fraction(1, 2), low), high)
    left, right = (leaves_root(graph, part, ranges[1:]) for part in (masses[:half], masses[half:]))
    return graph.node(chance, left, right)
