r"""Bits in one time order, each biased to a centre of its own; strings of bits name settings.

.. math:: c_t - \epsilon_t \;\le\; P(\text{bit}_t = 0 \,|\, \text{bits before } t, w) \;\le\; c_t + \epsilon_t

At centre 1/2 this is a Santha-Vazirani source (arXiv:1105.3195, Eq. 1). Epsilon is an absolute deviation: 0
is perfect, and a bit is useless where the range is [0, 1]. A range may depend on the bits before. With a
coding several strings may name one setting; devices see the setting alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Annotated, Any, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import HALF, Source
from freerand_opt.model.sources.encoding import MAX_BITS, counts, in_time, need_bits
from freerand_opt.model.sources.santha_vazirani import ORDERS
from freerand_opt.model.tables.kinds import by_party, either, items, labelled, line, number, word
from freerand_opt.model.tables.table import Table, table

#: The least and the largest probability that a bit is 0.
Ends: TypeAlias = tuple[Fraction, Fraction]

_WHOLE = number(0, 63, whole=True)
_SHARE = number(0, 1)
#: A number for all parties, or one for each.
_EACH = either(
    "a number in [0, 1], or one for each party", number=_SHARE, table=by_party(_SHARE), items=by_party(_SHARE)
)


def _string(label: Any) -> str:
    if not isinstance(label, str) or not 0 < len(label) <= MAX_BITS or set(label) - {"0", "1"}:
        raise ValueError(f"{label!r} is no string of bits, as 01")
    return label


_BEFORE = line("a string of bits such as 01")


class Range(Table):
    """The range of one bit of one party."""

    party: Annotated[str, word(*"ABCDEFGH"), "whose bit"]
    bit: Annotated[int, number(0, MAX_BITS, whole=True), "which of the party's bits, in time; 0 is the first"]
    least: Annotated[Fraction, _SHARE, "the least probability that it is 0"]
    most: Annotated[Fraction, _SHARE, "the largest probability that it is 0"]
    after: Annotated[
        str, _BEFORE, "only after these bits of all parties, all that come before it in time"
    ] = ""

    def check(self) -> None:
        """Raise InputError for an empty range."""
        if self.least > self.most:
            raise self.fault("least", f"{self.least} is above most, {self.most}")
        if set(self.after) - {"0", "1"}:
            raise self.fault("after", f"{self.after!r} is no string of bits, as 01")


class Bits(Source, tag="bits"):
    """Bits within epsilon of a centre, given all bits before them and W."""

    positional = 2

    epsilon: Annotated[Any, _EACH, "largest deviation of P(bit = 0 | past, w) from the centre; 0 is perfect"]
    centre: Annotated[Any, _EACH, "the probability of 0 that is meant, for all parties or for each"] = HALF
    order: Annotated[str, word(*ORDERS), "whose bit comes when"] = "interleaved"
    ranges: Annotated[
        tuple[Range, ...],
        items(table(Range, allowed="a table with party, bit, least, most"), "an array of ranges of bits"),
        "bits whose range is another one",
    ] = ()
    coding: Annotated[
        tuple[tuple[str, tuple[tuple[str, int], ...]], ...],
        labelled(
            labelled(
                _WHOLE, _string, 'a table of strings such as { "00" = 0, "01" = 0 }', once=True, least=1
            ),
            str,
            'a table such as { A = { "0" = 0, "1" = 1 } }',
            once=True,
        ),
        "which setting each string of a party's bits names; several strings may name one setting",
    ] = ()

    def _of_party(self, key: str, party: int, parties: int) -> Fraction:
        value = getattr(self, key)
        if isinstance(value, Fraction):
            return value
        if len(value) != parties:
            raise InputError(
                f"Question.source.{key}", f"has {len(value)} parties; the scenario has {parties}"
            )
        found: Fraction = value[party]
        return found

    def _codes(self, scenario: AnyScenario) -> list[dict[str, int]]:
        """Return the setting of each string, by party."""
        coded = dict(self.coding)
        for letter in coded:
            if letter not in scenario.parties:
                raise InputError(f"Question.source.coding.{letter}", "is no party of the scenario")
        found = []
        for party, (letter, size) in enumerate(zip(scenario.parties, scenario.settings, strict=True)):
            if letter not in coded:
                need_bits(scenario, party)
                own = counts((size,))[0]
                found.append({"".join(s): k for k, s in enumerate(product("01", repeat=own))})
                continue
            code = dict(coded[letter])
            where, length = f"Question.source.coding.{letter}", len(next(iter(code)))
            if set(code) != {"".join(s) for s in product("01", repeat=length)}:
                raise InputError(where, f"names {len(code)} strings; all of one length are needed, each once")
            if set(code.values()) != set(range(size)):
                raise InputError(where, f"settings 0..{size - 1} are needed, each named by a string or more")
            found.append(code)
        if sum(len(next(iter(code))) for code in found) > MAX_BITS:
            raise InputError("Question.source", f"more than {MAX_BITS} bits choose the settings")
        return found

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for codes or ranges that do not fit the scenario."""
        self.form(scenario, observed)

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Bits | forms.Rows:
        """Return the ranges in time, and the joint setting that each string names; rows if nodes differ."""
        ranges, nodes, leaves = self.tree(scenario)
        if not nodes:
            return forms.Bits(ranges, leaves)
        rows = []
        for depth, prefix, (low, high) in nodes_of(ranges, nodes):
            size = len(leaves) >> depth
            below = leaves[prefix * size : (prefix + 1) * size]
            for sign, end in ((-1, low), (1, high)):
                terms = sorted((s, sign * ((k < size // 2) - end)) for k, s in enumerate(below))
                rows.append((tuple(terms), "<=", Fraction(0)))
        return forms.Rows(tuple(rows))

    def tree(
        self, scenario: AnyScenario
    ) -> tuple[tuple[Ends, ...], dict[tuple[int, int], Ends], tuple[int, ...]]:
        """Return ranges by depth, those of single nodes (depth, bits before it), settings by string."""
        codes, parties = self._codes(scenario), len(scenario.parties)
        if self.order != "interleaved" and self.order[0] not in scenario.parties:
            raise InputError("Question.source.order", f"{self.order!r} is about no party of the scenario")
        lengths = [len(next(iter(code))) for code in codes]
        time = in_time(lengths, self.order)
        ranges, nodes = {}, {}
        for party, bit in time:
            centre, epsilon = (self._of_party(key, party, parties) for key in ("centre", "epsilon"))
            if not 0 <= centre - epsilon <= centre + epsilon <= 1:
                raise InputError(
                    "Question.source.epsilon",
                    f"[{centre - epsilon}, {centre + epsilon}] is not within [0, 1]",
                )
            ranges[party, bit] = (centre - epsilon, centre + epsilon)
        for k, given in enumerate(self.ranges):
            place = (ord(given.party) - ord("A"), given.bit)
            if place not in ranges:
                raise InputError(f"Question.source.ranges[{k}]", "the scenario has no such bit")
            depth = time.index(place)
            if given.after and len(given.after) != depth:
                raise InputError(
                    f"Question.source.ranges[{k}].after",
                    f"{depth} bits come before this one; give all of them",
                )
            if given.after:
                nodes[depth, int(given.after, 2)] = (given.least, given.most)
            else:
                ranges[place] = (given.least, given.most)
        leaves = []
        for string in product("01", repeat=len(time)):
            own = ["" for _ in lengths]
            for (party, _), digit in zip(time, string, strict=True):
                own[party] += digit
            leaves.append(scenario.setting_index(tuple(c[s] for c, s in zip(codes, own, strict=True))))
        if nodes and len(set(leaves)) < len(leaves):
            raise InputError(
                "Question.source.ranges",
                "after needs a coding in which each string names a setting of its own",
            )
        return tuple(ranges[place] for place in time), nodes, tuple(leaves)

    @property
    def by_node(self) -> bool:
        """Return whether the range of a bit depends on the bits before it."""
        return any(given.after for given in self.ranges)

    @property
    def varying(self) -> tuple[str, ...]:  # type: ignore[override]
        """Return epsilon, if all bits have the same."""
        return ("epsilon",) if isinstance(self.epsilon, Fraction) and not self.ranges else ()


def nodes_of(ranges: tuple[Ends, ...], nodes: dict[tuple[int, int], Ends]) -> Iterator[tuple[int, int, Ends]]:
    """Yield depth, the bits before it as a number, and the range of each node, level by level."""
    for depth, ends in enumerate(ranges):
        for prefix in range(1 << depth):
            yield depth, prefix, nodes.get((depth, prefix), ends)
