"""Sources from their definitions: inequalities on P(s|w), and the vertices of what they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod

from tests.oracle.number import Number
from tests.oracle.polytope import Row, integral, points
from tests.oracle.scenario import Scenario

Point = tuple[Fraction, ...]
ENCODINGS = ("most-significant-first", "least-significant-first", "gray")


@dataclass(frozen=True)
class Source:
    """`kind` as a file writes it; `numbers` are its parameters in the order of KEYS.

    `parts` are the sources of the parties of a mixture; `rows` are (factors by joint setting, relation,
    bound) of own inequalities.
    """

    kind: str
    numbers: tuple[Number, ...] = ()
    order: str = "interleaved"
    bits: str = "most-significant-first"
    parts: tuple[Source, ...] = ()
    rows: tuple[tuple[tuple[Number, ...], str, Number], ...] = ()

    @property
    def epsilon(self) -> Fraction:
        return self.numbers[0].low


#: The keys of a kind's numbers.
KEYS = {
    "uniform": (),
    "santha-vazirani": ("epsilon",),
    "mutual": ("epsilon",),
    "independent": ("epsilon",),
    "mixture": (),
    "measurement-dependence": ("lower", "upper"),
    "min-entropy": ("bits",),
    "inequalities": (),
}


def toml(source: Source, scenario: Scenario) -> str:
    """Return the table [source]."""
    lines = [f'kind = "{source.kind}"']
    lines += [f"{key} = {n.toml()}" for key, n in zip(KEYS[source.kind], source.numbers, strict=True)]
    if source.kind == "santha-vazirani":
        lines.append(f'order = "{source.order}"')
    if source.kind in ("santha-vazirani", "mutual", "independent"):
        lines.append(f'bits = "{source.bits}"')
    for party, part in zip(scenario.parties, source.parts, strict=False):
        inner = [f'kind = "{part.kind}"']
        if part.kind != "uniform":
            inner += [f"epsilon = {part.numbers[0].toml()}", f'bits = "{part.bits}"']
        lines.append(f"{party} = {{ {', '.join(inner)} }}")
    if source.kind == "inequalities":
        rows = []
        for factors, relation, bound in source.rows:
            terms = ", ".join(
                f'"{scenario.setting_label(s)}" = {n.toml()}' for s, n in enumerate(factors) if n.low
            )
            rows.append(f'  {{ terms = {{ {terms} }}, relation = "{relation}", bound = {bound.toml()} }}')
        lines.append("rows = [\n" + ",\n".join(rows) + "\n]")
    return "[source]\n" + "\n".join(lines) + "\n"


# ------------------------------------------------------------------ bits


def setting_of_bits(word: Sequence[int], encoding: str) -> int:
    """Return the setting that a party's bits, in time, stand for."""
    if encoding == "least-significant-first":
        return sum(bit << place for place, bit in enumerate(word))
    if encoding == "gray":
        # a Gray code's binary digits are the running parities of its digits
        word = [sum(word[: place + 1]) % 2 for place in range(len(word))]
    return sum(bit << (len(word) - 1 - place) for place, bit in enumerate(word))


def party_of_time(scenario: Scenario, order: str) -> list[int]:
    """Return whose bit comes when."""
    left = [size.bit_length() - 1 for size in scenario.settings]
    if order != "interleaved":
        first = scenario.parties.index(order[0])
        ranks = [first, *(party for party in range(len(left)) if party != first)]
        return [party for party in ranks for _ in range(left[party])]
    return [party for turn in range(max(left)) for party, bits in enumerate(left) if turn < bits]


def leaves(scenario: Scenario, order: str, encoding: str) -> dict[tuple[int, ...], int]:
    """Return the joint setting's index of every string of bits in time."""
    turns = party_of_time(scenario, order)
    found = {}
    for word in product((0, 1), repeat=len(turns)):
        own = [
            [bit for bit, turn in zip(word, turns, strict=True) if turn == party]
            for party in range(len(scenario.settings))
        ]
        joint = tuple(setting_of_bits(bits, encoding) for bits in own)
        found[word] = scenario.joint_settings.index(joint)
    return found


def _trees(depth: int, epsilon: Fraction) -> list[dict[tuple[int, ...], Fraction]]:
    """Return the extreme distributions of bits in one order: at every node one side is at its largest."""
    if depth == 0:
        return [{(): Fraction(1)}]
    below = _trees(depth - 1, epsilon)
    shares = (Fraction(1, 2) - epsilon, Fraction(1, 2) + epsilon) if epsilon else (Fraction(1, 2),)
    found = []
    for first in shares:
        for left, right in product(below, repeat=2):
            zero = {(0, *word): first * p for word, p in left.items()}
            found.append(zero | {(1, *word): (1 - first) * p for word, p in right.items()})
    return found


def _one_party(size: int, part: Source) -> list[Point]:
    """Return the extreme distributions of one party's setting."""
    if part.kind == "uniform":
        return [(Fraction(1, size),) * size]
    alone = leaves(Scenario((size,), (1,)), "interleaved", part.bits)
    found = []
    for tree in _trees(size.bit_length() - 1, part.epsilon):
        point = [Fraction(0)] * size
        for word, p in tree.items():
            point[alone[word]] = p
        found.append(tuple(point))
    return list(dict.fromkeys(found))


# ------------------------------------------------------------------ inequalities


def facets(source: Source, scenario: Scenario) -> list[Row] | None:
    """Return rows with row . P >= 0 for all P of the source, besides P >= 0; None if it is not convex.

    Every bound is multiplied by the sum of all P, which is 1.
    """
    size = scenario.shape[1]
    if source.kind == "uniform":
        return [integral([1 - size * (s == t) for t in range(size)]) for s in range(size)] * (size > 1)
    if source.kind in ("measurement-dependence", "min-entropy"):
        low, high = limits(source)
        rows = [[high - (s == t) for t in range(size)] for s in range(size)]
        rows += [[(s == t) - low for t in range(size)] for s in range(size)]
        return [integral(row) for row in rows]
    if source.kind == "inequalities":
        return [
            integral([(1 if relation == "<=" else -1) * (bound.low - n.low) for n in factors])
            for factors, relation, bound in source.rows
        ]
    if source.kind == "santha-vazirani":
        words = leaves(scenario, source.order, source.bits)
        return _node_rows({word: (s,) for word, s in words.items()}, source.epsilon, size)
    if source.kind == "mutual":
        return _mutual_rows(source, scenario)
    return None


def _node_rows(words: dict[tuple[int, ...], tuple[int, ...]], epsilon: Fraction, size: int) -> list[Row]:
    """Return (1/2 + epsilon) P(node) - P(child) >= 0 for every node and child of a tree of bits."""
    depth = len(next(iter(words)))
    rows = []
    for d in range(depth):
        for child in product((0, 1), repeat=d + 1):
            row = [Fraction(0)] * size
            for word, settings in words.items():
                for s in settings:
                    row[s] += (Fraction(1, 2) + epsilon) * (word[:d] == child[:d])
                    row[s] -= word[: d + 1] == child
            rows.append(integral(row))
    return rows


def _mutual_rows(source: Source, scenario: Scenario) -> list[Row]:
    """Each party's string is a source of bits for every value of all the other strings."""
    rows = []
    for party, size in enumerate(scenario.settings):
        alone = leaves(Scenario((size,), (1,)), "interleaved", source.bits)
        others = [range(n) if p != party else (0,) for p, n in enumerate(scenario.settings)]
        for rest in product(*others):
            words: dict[tuple[int, ...], tuple[int, ...]] = {}
            for word, x in alone.items():
                joint = (*rest[:party], x, *rest[party + 1 :])
                words[word] = (scenario.joint_settings.index(joint),)
            rows += _node_rows(words, source.epsilon, scenario.shape[1])
    return rows


def limits(source: Source) -> tuple[Fraction, Fraction]:
    """Return the least and the largest P(s|w) that bounds on each probability allow."""
    if source.kind == "min-entropy":
        return Fraction(0), Fraction(1, 2 ** int(source.numbers[0].low))
    return source.numbers[0].low, source.numbers[1].low


# ------------------------------------------------------------------ vertices


@lru_cache(maxsize=64)
def vertices(source: Source, scenario: Scenario) -> tuple[Point, ...]:
    """Return the extreme distributions; raise TooManyRaysError if there are too many."""
    size = scenario.shape[1]
    if source.kind == "uniform":
        return ((Fraction(1, size),) * size,)
    if source.kind == "santha-vazirani":
        words = leaves(scenario, source.order, source.bits)
        place = {s: word for word, s in words.items()}
        trees = _trees(len(next(iter(words))), source.epsilon)
        return tuple(dict.fromkeys(tuple(tree[place[s]] for s in range(size)) for tree in trees))
    if source.kind in ("independent", "mixture"):
        parts = source.parts or (Source("santha-vazirani", source.numbers, bits=source.bits),) * len(
            scenario.settings
        )
        each = [_one_party(n, part) for n, part in zip(scenario.settings, parts, strict=True)]
        return tuple(
            tuple(prod(choice, start=Fraction(1)) for choice in product(*chosen)) for chosen in product(*each)
        )
    rows = facets(source, scenario)
    assert rows is not None
    return tuple(points(size, (), rows, limit=400))
