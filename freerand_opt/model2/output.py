"""What is guessed: a party's outcome, several, a function of outcomes, or the outcome of a picked party."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Annotated, Any, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model2.kinds import Either, Items, Number, Text, Word
from freerand_opt.model2.scenario import AnyScenario
from freerand_opt.model2.table import Inner, Table
from freerand_opt.model2.text import shown

#: The most values that an output can have, and of how many outcomes it may be a function.
MAX_VALUES, MOST_PARTIES = 4096, 20
#: (parties in ascending order, value by their joint outcome, number of values).
Values: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], int]
PARTIES = Either(
    'parties such as ["A", "B"], or "all"',
    text=Text("a party"),
    items=Items(Text("a party"), 1, 'parties such as ["A", "B"], or "all"'),
)
Parties: TypeAlias = Annotated[Any, PARTIES, 'parties, as ["A", "B"] or "all"']


class Majority(Table):
    """The majority of an odd number of outcomes."""

    majority: Parties

    def values(self, scenario: AnyScenario, where: str) -> Values:
        """Return the function."""
        parties = _two_outcomes(self.majority, scenario, f"{where}.majority")
        if len(parties) % 2 == 0:
            raise InputError(
                f"{where}.majority", f"of {len(parties)} outcomes may be a tie; an odd number of parties is needed"
            )
        return tabulated(scenario, parties, lambda xs: int(2 * sum(xs) > len(xs)), 2)


class Parity(Table):
    """The parity of outcomes."""

    parity: Parties

    def values(self, scenario: AnyScenario, where: str) -> Values:
        """Return the function."""
        parties = _two_outcomes(self.parity, scenario, f"{where}.parity")
        return tabulated(scenario, parties, lambda xs: sum(xs) % 2, 2)


class Count(Table, rename={"cycle": "values"}):
    """A function of the number of outcomes 1."""

    count: Parties
    cycle: Annotated[
        tuple[int, ...],
        Items(Number(0, MAX_VALUES - 1, whole=True), 1, "integers from 0"),
        "the value of 0, 1, 2, .. outcomes 1, repeating",
    ]

    def values(self, scenario: AnyScenario, where: str) -> Values:
        """Return the function."""
        parties = _two_outcomes(self.count, scenario, f"{where}.count")
        cycle = self.cycle
        return tabulated(scenario, parties, lambda xs: cycle[sum(xs) % len(cycle)], max(cycle) + 1)


class Given(Table):
    """A function by its values."""

    table: Annotated[
        tuple[int, ...],
        Items(Number(0, MAX_VALUES - 1, whole=True), 1, "integers from 0"),
        "the value of each joint outcome of the parties, the first party slowest",
    ]
    parties: Annotated[Any, PARTIES, "of which parties; all, if it is left out"] = None

    def values(self, scenario: AnyScenario, where: str) -> Values:
        """Return the function."""
        parties = party_numbers(self.parties or "all", scenario, f"{where}.parties")
        sizes = [scenario.outcomes[p] for p in parties]
        if len(self.table) != prod(sizes) or max(self.table) >= prod(sizes):
            raise InputError(
                f"{where}.table",
                f"{prod(sizes)} integers from 0 to {prod(sizes) - 1} are needed, one for each joint outcome, the first "
                "party slowest",
            )
        return tabulated(scenario, parties, lambda xs: self.table[_joint(xs, sizes)], max(self.table) + 1)


class PickedParty(Table, rename={"among": "from"}):
    """Which party, and how it is picked."""

    among: Annotated[Any, PARTIES, "2^bits parties in alphabetical order; the first bit halves them"]
    bits: Annotated[int, Number(0, 4, whole=True), "number of bits that pick one"]
    selection: Annotated[
        str,
        Word(("common-cause", "outcome-dependent")),
        "on what these bits may depend besides W and the settings: nothing, or also on the outcomes",
    ]
    epsilon: Annotated[
        Fraction, Number(0, Fraction(1, 2)), "largest deviation of such a bit from fair; 0 is perfect, 1/2 useless"
    ]


class Picked(Table):
    """The outcome of one of several parties, picked by bits of a source."""

    picked: Annotated[PickedParty, Inner((PickedParty,), "a table with from, bits, selection, epsilon"), "how"]

    def values(self, scenario: AnyScenario, where: str) -> Values:
        """Return the parties; the output is no function of the outcomes."""
        path = f"{where}.picked"
        parties = party_numbers(self.picked.among, scenario, f"{path}.from")
        if len(parties) != 2**self.picked.bits:
            raise InputError(
                f"{path}.bits", f"{self.picked.bits} bits pick from 2^bits parties, here {len(parties)} are named"
            )
        if list(parties) != sorted(parties):
            raise InputError(f"{path}.from", "name the parties in alphabetical order")
        if any(scenario.outcomes[p] != 2 for p in parties):
            raise InputError(f"{path}.from", "needs parties with two outcomes")
        return parties, (), 2


FUNCTIONS = (Majority, Parity, Count, Given, Picked)
Output: TypeAlias = str | tuple[str, ...] | Majority | Parity | Count | Given | Picked


class _Functions(Inner, frozen=True):
    """A function of outcomes, told by its key."""

    def choose(self, table: Any, where: str) -> type[Table]:
        """Return the class of a function; raise InputError if no key names one."""
        for cls in FUNCTIONS:
            if next(iter(cls.keys())) in table:
                return cls
        raise InputError(where, f"{shown(dict(table))}: one of majority, parity, count, table, picked is needed")


OUTPUT = Either(
    'a party such as "A", parties such as ["A", "B"], or a function such as { majority = ["A", "B", "C"] }',
    text=PARTIES.text,
    items=PARTIES.items,
    table=_Functions(FUNCTIONS, "a table with majority, parity, count, table or picked"),
)


def values(output: Output, scenario: AnyScenario, where: str) -> Values:
    """Return an output as a function of its parties' outcomes; InputError below `where` if it is none."""
    if not isinstance(output, str | tuple):
        return output.values(scenario, where)
    parties = party_numbers(output, scenario, where)
    sizes = [scenario.outcomes[p] for p in parties]
    if prod(sizes) > MAX_VALUES:
        raise InputError(where, f"has {prod(sizes)} values; at most {MAX_VALUES} are guessed")
    return tabulated(scenario, parties, lambda xs: _joint(xs, sizes), prod(sizes))


def party_numbers(names: str | tuple[str, ...], scenario: AnyScenario, where: str) -> tuple[int, ...]:
    """Return the numbers of parties that are named, in the order given."""
    if names == "all":
        found = tuple(range(len(scenario.settings)))
    else:
        letters = (names,) if isinstance(names, str) else names
        if len(set(letters)) != len(letters):
            raise InputError(where, f"{shown(list(letters))}: different parties are needed")
        for name in letters:
            if len(name) != 1 or name not in scenario.parties:
                raise InputError(where, f"{shown(name)} is no party; allowed: {', '.join(scenario.parties)}")
        found = tuple(scenario.parties.index(name) for name in letters)
    if len(found) > MOST_PARTIES:
        raise InputError(where, f"functions of more than {MOST_PARTIES} outcomes are not tabulated")
    return found


def _two_outcomes(names: Any, scenario: AnyScenario, where: str) -> tuple[int, ...]:
    parties = party_numbers(names, scenario, where)
    if any(scenario.outcomes[p] != 2 for p in parties):
        raise InputError(where, "needs parties with two outcomes")
    return parties


def tabulated(
    scenario: AnyScenario, parties: Sequence[int], value: Callable[[Sequence[int]], int], count: int
) -> Values:
    """Return a function of outcomes, in the order in which parties were named, by ascending parties."""
    order = sorted(parties)
    places = [order.index(party) for party in parties]
    strings = product(*(range(scenario.outcomes[party]) for party in order))
    return tuple(order), tuple(value([string[place] for place in places]) for string in strings), count


def essential(found: Values, scenario: AnyScenario) -> Values:
    """Return a function of those outcomes alone on which it depends; of one party's if it is constant."""
    parties, table, count = found
    sizes = [scenario.outcomes[p] for p in parties]
    by_outcome = dict(zip(product(*map(range, sizes)), table, strict=True))
    kept = [
        k
        for k, d in enumerate(sizes)
        if any(by_outcome[xs] != by_outcome[(*xs[:k], (xs[k] + 1) % d, *xs[k + 1 :])] for xs in by_outcome)
    ]
    if not kept:
        return (0,), (table[0],) * scenario.outcomes[0], count
    short = {tuple(xs[k] for k in kept): value for xs, value in by_outcome.items()}
    return tuple(parties[k] for k in kept), tuple(short[xs] for xs in sorted(short)), count


def _joint(parts: Sequence[int], sizes: Sequence[int]) -> int:
    index = 0
    for part, size in zip(parts, sizes, strict=True):
        index = index * size + part
    return index
