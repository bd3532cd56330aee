"""What is guessed: a party's outcome, several, a function of outcomes, or the outcome of a picked party."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Annotated, Any, ClassVar, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model.problem import joint
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.kinds import Schema, either, items, line, number, word
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.text import shown

#: The most values that an output can have, and of how many outcomes it may be a function.
MAX_VALUES, MOST_PARTIES = 4096, 20
#: (parties in ascending order, value by their joint outcome, number of values).
Values: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], int]
_NAMES = 'parties such as ["A", "B"], or "all"'
PARTIES = either(_NAMES, text=line("a party"), items=items(line("a party"), _NAMES, least=1))
_VALUES = items(number(0, MAX_VALUES - 1, whole=True), "integers from 0", least=1)
FUNCTIONS = ("majority", "parity", "count", "table", "picked")


class Picked(Table, rename={"among": "from"}):
    """Which party is picked, and how."""

    positional: ClassVar[int] = 1

    among: Annotated[Any, PARTIES, "2^bits parties in alphabetical order; the first bit halves them"]
    bits: Annotated[int, number(0, 4, whole=True), "number of bits that pick one"]
    selection: Annotated[
        str,
        word("common-cause", "outcome-dependent"),
        "on what these bits may depend besides W and the settings: nothing, or also on the outcomes",
    ]
    epsilon: Annotated[
        Fraction,
        number(0, Fraction(1, 2)),
        "largest deviation of such a bit from fair; 0 is perfect, 1/2 useless",
    ]


class Function(Table):
    """A function of outcomes, by one of five keys.

    >>> Function(majority=["A", "B", "C"])
    Function(majority=('A', 'B', 'C'))
    """

    positional: ClassVar[int] = 0
    rules: ClassVar[Schema] = {"oneOf": [{"required": [key]} for key in FUNCTIONS]}

    majority: Annotated[Any, PARTIES, "the majority of an odd number of outcomes"] = None
    parity: Annotated[Any, PARTIES, "the parity of outcomes"] = None
    count: Annotated[Any, PARTIES, "a function of the number of outcomes 1, by values"] = None
    values: Annotated[Any, _VALUES, "with count: the value of 0, 1, 2, .. outcomes 1, repeating"] = None
    table: Annotated[Any, _VALUES, "the value of each joint outcome of parties, the first party slowest"] = (
        None
    )
    parties: Annotated[Any, PARTIES, "with table: of which parties; all, if it is left out"] = None
    picked: Annotated[
        Picked | None,
        table(Picked, allowed="a table with from, bits, selection, epsilon"),
        "the outcome of one of several parties, picked by bits of a source",
    ] = None

    def check(self) -> None:
        """Raise InputError unless one of the five keys is given, with those that go with it."""
        given = [key for key in FUNCTIONS if getattr(self, key) is not None]
        if len(given) != 1:
            raise self.fault("", f"{', '.join(given) or 'is empty'}: one of {', '.join(FUNCTIONS)} is needed")
        if (self.count is None) != (self.values is None):
            raise self.fault("values", "goes with count, and count with values: integers from 0")
        if self.parties is not None and self.table is None:
            raise self.fault("parties", "goes with table")


Output: TypeAlias = str | tuple[str, ...] | Function
OUTPUT = either(
    'a party such as "A", parties such as ["A", "B"], or a function such as { majority = ["A", "B", "C"] }',
    text=line("a party"),
    items=items(line("a party"), _NAMES, least=1),
    table=table(Function, allowed=f"a table with one of {', '.join(FUNCTIONS)}"),
)


def values(output: Output, scenario: AnyScenario, where: str) -> Values:
    """Return an output as a function of its parties' outcomes; InputError below `where` if it is none.

    The outcome of a picked party is no function: its values are ().
    """
    if isinstance(output, Function):
        return _function(output, scenario, where)
    parties = party_numbers(output, scenario, where)
    sizes = [scenario.outcomes[p] for p in parties]
    if prod(sizes) > MAX_VALUES:
        raise InputError(where, f"has {prod(sizes)} values; at most {MAX_VALUES} are guessed")
    return tabulated(scenario, parties, lambda xs: joint(xs, sizes), prod(sizes))


def _function(given: Function, scenario: AnyScenario, where: str) -> Values:
    if given.picked is not None:
        return _picked(given.picked, scenario, f"{where}.picked")
    if given.table is not None:
        return _given(given, scenario, where)
    key = next(key for key in FUNCTIONS if getattr(given, key) is not None)
    parties = two_outcomes(getattr(given, key), scenario, f"{where}.{key}")
    if key == "parity":
        return tabulated(scenario, parties, lambda xs: sum(xs) % 2, 2)
    if key == "majority":
        if len(parties) % 2 == 0:
            said = f"of {len(parties)} outcomes may be a tie; an odd number of parties is needed"
            raise InputError(f"{where}.majority", said)
        return tabulated(scenario, parties, lambda xs: int(2 * sum(xs) > len(xs)), 2)
    cycle = given.values
    return tabulated(scenario, parties, lambda xs: int(cycle[sum(xs) % len(cycle)]), max(cycle) + 1)


def _given(given: Function, scenario: AnyScenario, where: str) -> Values:
    parties = party_numbers(given.parties or "all", scenario, f"{where}.parties")
    sizes = [scenario.outcomes[p] for p in parties]
    table = given.table
    if len(table) != prod(sizes) or max(table) >= prod(sizes):
        raise InputError(
            f"{where}.table",
            f"{prod(sizes)} integers from 0 to {prod(sizes) - 1} are needed, one for each joint outcome, the "
            "first party slowest",
        )
    return tabulated(scenario, parties, lambda xs: int(table[joint(xs, sizes)]), max(table) + 1)


def _picked(picked: Picked, scenario: AnyScenario, where: str) -> Values:
    parties = two_outcomes(picked.among, scenario, f"{where}.from")
    if len(parties) != 2**picked.bits:
        raise InputError(
            f"{where}.bits", f"{picked.bits} bits pick from 2^bits parties, here {len(parties)} are named"
        )
    if list(parties) != sorted(parties):
        raise InputError(f"{where}.from", "name the parties in alphabetical order")
    return parties, (), 2


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


def two_outcomes(names: str | tuple[str, ...], scenario: AnyScenario, where: str) -> tuple[int, ...]:
    """Return the numbers of parties that are named; raise InputError unless each has two outcomes."""
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
    """Return a function of those outcomes alone on which it depends; of party A's if it is constant."""
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
