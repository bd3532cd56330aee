r"""The fold over the source as multipliers of rows: that of the kernel (`checker.fold`), written out.

.. math:: R_n = \sum_e E_{en} \lambda_e - \sum_f F_{fn} G_f

for what prices leave at node n, equalities E with functionals :math:`\lambda`, facets F with nonnegative G.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.checker.vectors import add
from freerand_opt.model.problem import Bits, Limits, Point, Product, Source
from freerand_opt.programs.source_cone import Facet, folded
from freerand_opt.programs.strategies import Strategies

#: Functionals of a carrier by column, and multipliers of its positive rows by row.
Functional = dict[int, Fraction]
Positive = dict[int, Fraction]
ZERO = Fraction(0)


@dataclass(frozen=True)
class Listed:
    """Listed multipliers of a carrier: of facets by name, and of equalities, which are signed."""

    positive: Callable[[Facet], Positive]
    signed: Callable[[int], Functional]


class Fold:
    """One carrier's multipliers of facets and equalities, for a level r that is subtracted from each mass."""

    def __init__(self, made: Strategies, lists: Listed, left: list[Functional]) -> None:
        self.made, self.lists, self.left = made, lists, left
        self.rows = made.space.positive.by_row()
        self.facets: dict[int, Positive] = {}
        self.equal: dict[int, Functional] = {}
        self.places = {name: f for f, name in enumerate(made.cone.names)}

    def run(self, level: Fraction) -> Fraction:
        """Set the multipliers, and return the least level at which no more than nonnegative rest is left."""
        self.facets, self.equal, self.level = {}, {}, level
        values = [dict(f) for f in self.left]
        for _, node, mass in self.made.cone.masses.entries():
            values[node][0] = values[node].get(0, ZERO) - level * mass
        source = self.made.problem.source
        names = self.made.cone.names
        if all(name[0] == "last" for name in names):
            masses = [ZERO] * len(names)
            for _, node, mass in self.made.cone.masses.entries():
                masses[node] += mass
            return level + max(
                self._close(("last", n), values[n], {}, masses[n]) for n in range(self.made.cone.nodes)
            )
        if isinstance(source, Product):
            return level + self._product(source, values)
        return level + self._source(source, values, (), 0)

    def _source(self, source: Source, values: list[Functional], prefix: Facet, equalities: int) -> Fraction:
        if isinstance(source, Bits):
            return self._bits(source, values, prefix, equalities)
        if isinstance(source, Limits):
            return self._limits(source, values, prefix, equalities)
        if isinstance(source, Point):
            return self._close((*prefix, "last", 0), values[0], {}, Fraction(1))
        return self._listed_rows(values)

    def _positive(self, own: Positive) -> Functional:
        total: Functional = {}
        for g, value in own.items():
            add(total, self.rows[g], value)
        return total

    def _close(self, name: Facet, v: Functional, slack: Positive, mass: Fraction) -> Fraction:
        """Set the last G so that V - slack + G = 0, and return how much V is too large for a unit of mass."""
        own = self.lists.positive(name)
        rest = {k: -x for k, x in v.items()}
        add(rest, self._positive(own), Fraction(-1))
        over = self._top(rest)
        add(own, slack)
        if over <= 0:
            add(own, self._split(rest))
        self.facets[self.places[name]] = own
        return over / mass

    def _top(self, rest: Functional) -> Fraction:
        """Return by how much a functional that should be nonnegative may be negative: cells are in [0, 1]."""
        return -sum((x for k, x in rest.items() if not k or x < 0), ZERO)

    def _split(self, rest: Functional) -> Positive:
        """Return multipliers of positive rows for a functional whose constant pays for its negative cells."""
        total: Positive = {}
        constant = rest.get(0, ZERO)
        for k, x in rest.items():
            if k and x:
                inside, outside = cells(self.made, k)
                add(total, dict.fromkeys(inside if x > 0 else outside, abs(x)))
                constant += min(x, ZERO)
        if constant:
            add(
                total,
                dict.fromkeys(
                    range(self.made.problem.shape[1] if self.made.space.width > 1 else 1), constant
                ),
            )
        return total

    def _between(
        self, left: Functional, right: Functional, names: tuple[Facet, Facet]
    ) -> tuple[Positive, Positive, Positive]:
        """Return G+ and G- with left <= right + G+ - G-, as the kernel completes them, and the slack."""
        plus, minus = (self.lists.positive(name) for name in names)
        gap = dict(left)
        for more, factor in ((right, -1), (self._positive(plus), -1), (self._positive(minus), 1)):
            add(gap, more, Fraction(factor))
        rho = self._top({k: -x for k, x in gap.items()})
        one = dict.fromkeys(range(self.made.problem.shape[1] if self.made.space.width > 1 else 1), abs(rho))
        add(plus if rho > 0 else minus, one)
        gap[0] = gap.get(0, ZERO) - rho
        return plus, minus, self._split({k: -x for k, x in gap.items()})

    def _bits(self, source: Bits, values: list[Functional], prefix: Facet, equalities: int) -> Fraction:
        """Fold node by node; slack S of a node is V minus what its multipliers show."""
        inner = 2 ** len(source.ranges) - 1
        slack: dict[int, Positive] = {}
        place = 0
        for depth in reversed(range(len(source.ranges))):
            low, high = source.ranges[depth]
            for v in range(2**depth - 1, 2 ** (depth + 1) - 1):
                left, right = 2 * v + 1, 2 * v + 2
                names = ((*prefix, "node", place, 0), (*prefix, "node", place, 1))
                plus, minus, more = self._between(values[left], values[right], names)
                total = dict(values[right])
                add(total, self._positive(plus), high)
                add(total, self._positive(minus), -low)
                add(plus, slack.get(right, {}))
                add(minus, slack.get(left, {}))
                add(minus, more)
                self.facets[self.places[names[0]]], self.facets[self.places[names[1]]] = plus, minus
                # the multiplier of t_v = t_left + t_right is minus V at the right child
                shown = dict(values[right])
                add(shown, self._positive(slack.get(right, {})), Fraction(-1))
                self.equal[equalities + v] = {k: -x for k, x in shown.items()}
                slack[v] = {}
                for own, factor in (
                    (slack.get(right, {}), 1 - high),
                    (slack.get(left, {}), low),
                    (more, low),
                ):
                    add(slack[v], {g: factor * x for g, x in own.items()})
                values[v] = total
                place += 1
        assert inner == place
        return self._close((*prefix, "last", 0), values[0], slack.get(0, {}), Fraction(1))

    def _limits(self, source: Limits, values: list[Functional], prefix: Facet, equalities: int) -> Fraction:
        count = len(source.lower)
        level = self.lists.signed(equalities) if self.made.space.width > 1 else {0: _knapsack(source, values)}
        # a level that is listed is one for masses without r
        if self.made.space.width > 1:
            level[0] = level.get(0, ZERO) - self.level
        total, slack = dict(level), dict[int, Fraction]()
        for s in range(count):
            names = ((*prefix, "setting", s, 0), (*prefix, "setting", s, 1))
            plus, minus, more = self._between(values[s], level, names)
            add(total, self._positive(plus), source.upper[s])
            add(total, self._positive(minus), -source.lower[s])
            add(minus, more)
            add(slack, {g: source.lower[s] * x for g, x in more.items()})
            self.facets[self.places[names[0]]], self.facets[self.places[names[1]]] = plus, minus
        self.equal[equalities] = {k: -x for k, x in level.items()}
        return self._close((*prefix, "last", 0), total, slack, Fraction(1))

    def _listed_rows(self, values: list[Functional]) -> Fraction:
        """h_s + sum of a_k(s) G_k + slack = 0 at each setting."""
        cone = self.made.cone
        for f, name in enumerate(cone.names):
            if name[0] == "row":
                self.facets[f] = self.lists.positive(name)
        total = [dict(f) for f in values]
        for f, node, value in cone.facets.entries():
            if cone.names[f][0] == "row":
                add(total[node], self._positive(self.facets[f]), value)
        for e in range(cone.equalities.shape[0]):
            self.equal[e] = {k: -x for k, x in self.lists.signed(e).items()}
        for e, node, value in cone.equalities.entries():
            add(total[node], self.equal[e], -value)
        return max(self._close(("slack", s), total[s], {}, Fraction(1)) for s in range(cone.nodes))

    def _product(self, source: Product, values: list[Functional]) -> Fraction:
        copies = 1 + max(int(name[1]) for name in self.made.cone.names)
        nodes, each = self.made.cone.nodes // copies, self.made.cone.equalities.shape[0] // copies
        part = source.parts[folded(source, self.made.problem.settings)[0]]
        return max(
            self._source(part, values[k * nodes : (k + 1) * nodes], ("product", k), k * each)
            for k in range(copies)
        )


def _knapsack(source: Limits, values: Sequence[Functional]) -> Fraction:
    """Return the value of the setting at which the largest mean over limits of P(s) uses up the mass."""
    mass = 1 - sum(source.lower, ZERO)
    worth = [f.get(0, ZERO) for f in values[: len(source.lower)]]
    for s in sorted(range(len(worth)), key=lambda s: -worth[s]):
        mass -= source.upper[s] - source.lower[s]
        if mass <= 0:
            return worth[s]
    return min(worth)


def cells(made: Strategies, cell: int) -> tuple[list[int], list[int]]:
    """Return the rows P(o|s) that add up to a cell, and those that add up to its complement."""
    problem = made.problem
    digits = []
    for n, d in reversed(list(zip(problem.settings, problem.outcomes, strict=True))):
        cell, digit = divmod(cell, 1 + n * (d - 1))
        digits.append(divmod(digit - 1, d - 1) if digit else None)
    digits.reverse()
    s = problem.joint_settings.index(tuple(0 if own is None else own[0] for own in digits))
    inside: list[int] = []
    outside: list[int] = []
    for o, outcomes in enumerate(problem.joint_outcomes):
        fits = all(own is None or own[1] == out for own, out in zip(digits, outcomes, strict=True))
        (inside if fits else outside).append(s * problem.shape[1] + o)
    return inside, outside
