"""The output that is guessed: a party's outcome, several, a function of outcomes, or a picked party's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from freerand_opt.errors import InputError
from freerand_opt.first.model.question import SELECTIONS, Output, Picked
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.programs.worths import MOST_PARTIES
from freerand_opt.first.spec.fields import Fields, shown

#: The most values that an output can have.
MAX_VALUES = 4096
#: The most bits that pick a party.
MAX_BITS = 4
FUNCTIONS = ("majority", "parity", "count", "table", "picked")


def output(fields: Fields, scenario: Scenario) -> Output:
    """Return the output that `of` names, as a function of the joint outcome."""
    found = party_output(fields, scenario)
    if found.picked is not None:
        raise fields.fail(
            "of.picked", "needs the family ghz, no-signalling devices, relations and given settings"
        )
    assert found.parties is not None
    sizes = [scenario.outcomes[party] for party in found.parties]

    def value(outcomes: Sequence[int]) -> int:
        place = 0
        for party, size in zip(found.parties or (), sizes, strict=True):
            place = place * size + outcomes[party]
        return found.values[place]

    return Output(tuple(map(value, scenario.joint_outcomes)), found.count, found.label)


def party_output(fields: Fields, scenario: Scenario) -> Output:
    """Return the output as a function of its parties' outcomes, in the order of parties.

    `of` is "A", ["A", "B"], or a table with one of `FUNCTIONS`; "all" names all parties.
    """
    if not fields.has("of"):
        raise fields.fail(
            "of", 'is missing; a party such as "A", parties such as ["A", "B"], or a function is needed'
        )
    value, path = fields.table["of"], fields.at("of")
    if isinstance(value, dict):
        return _function(Fields(value, path), scenario)
    parties = _parties([value] if isinstance(value, str) and value != "all" else value, scenario, path)
    sizes = [scenario.outcomes[p] for p in parties]
    count = prod(sizes)
    if count > MAX_VALUES:
        raise InputError(path, f"has {count} values; at most {MAX_VALUES} are guessed")

    def joint(outcomes: Sequence[int]) -> int:
        index = 0
        for outcome, size in zip(outcomes, sizes, strict=True):
            index = index * size + outcome
        return index

    return _tabulated(scenario, parties, joint, count, _letters(scenario, parties))


def biased_parties(fields: Fields, scenario: Scenario) -> Output:
    """Return the number of outcomes 1 of the parties whose biases are summed: "A", [..], or "all"."""
    value = fields.table["of"] if fields.has("of") else "all"
    names = [value] if isinstance(value, str) and value != "all" else value
    parties = _parties(names, scenario, fields.at("of"))
    return _tabulated(scenario, parties, sum, len(parties) + 1, _letters(scenario, parties))


def _tabulated(
    scenario: Scenario,
    parties: tuple[int, ...],
    value: Callable[[Sequence[int]], int],
    count: int,
    label: str,
) -> Output:
    """Return a function of outcomes in the order in which the file names the parties."""
    order = sorted(parties)
    places = [order.index(party) for party in parties]
    strings = product(*(range(scenario.outcomes[party]) for party in order))
    values = tuple(value([string[place] for place in places]) for string in strings)
    return Output(values, count, label, tuple(order))


def _function(fields: Fields, scenario: Scenario) -> Output:
    given = [name for name in FUNCTIONS if fields.has(name)]
    if not given:
        fields.done()
        raise fields.fail("", f"is empty; one of {', '.join(FUNCTIONS)} is needed")
    if given[0] == "table":
        return _table(fields, scenario)
    if given[0] == "picked":
        inner = fields.table_at("picked", required=True)
        fields.done()
        assert inner is not None
        return _picked(inner, scenario)
    return _counted(fields, given[0], scenario)


def _counted(fields: Fields, name: str, scenario: Scenario) -> Output:
    """Return a function of the number of outcomes 1."""
    parties = _parties(fields.table[name], scenario, fields.at(name))
    cycle = fields.get("values", list, required=True) if name == "count" else []
    fields.done()
    if any(scenario.outcomes[p] != 2 for p in parties):
        raise fields.fail(name, "needs parties with two outcomes")
    letters = _letters(scenario, parties)
    if name == "parity":
        return _tabulated(scenario, parties, lambda xs: sum(xs) % 2, 2, f"parity of {letters}")
    if name == "majority":
        if len(parties) % 2 == 0:
            raise fields.fail(
                name, f"of {len(parties)} outcomes may be a tie; an odd number of parties is needed"
            )
        return _tabulated(
            scenario, parties, lambda xs: int(2 * sum(xs) > len(xs)), 2, f"majority of {letters}"
        )
    if not cycle or any(type(v) is not int or not 0 <= v < MAX_VALUES for v in cycle):
        raise fields.fail(
            "values", "integers from 0 are needed: the value of 0, 1, 2, .. outcomes 1, repeating"
        )
    words = " ".join(map(str, cycle))
    label = f"the number of outcomes 1 of {letters} modulo {len(cycle)} -> {words}"
    return _tabulated(scenario, parties, lambda xs: cycle[sum(xs) % len(cycle)], max(cycle) + 1, label)


def _table(fields: Fields, scenario: Scenario) -> Output:
    """Return a function given by its values, of all parties or of those that are named."""
    values = fields.get("table", list)
    everyone = list(scenario.parties) if len(scenario.settings) <= MOST_PARTIES else "all"
    named = fields.table["parties"] if fields.has("parties") else everyone
    parties = _parties(named, scenario, fields.at("parties"))
    fields.done()
    total = prod(scenario.outcomes[party] for party in parties)
    if len(values) != total or any(type(v) is not int or not 0 <= v < total for v in values):
        raise fields.fail(
            "table",
            f"{total} integers from 0 are needed, one for each joint outcome, the first party slowest",
        )
    sizes = [scenario.outcomes[party] for party in parties]

    def value(outcomes: Sequence[int]) -> int:
        place = 0
        for outcome, size in zip(outcomes, sizes, strict=True):
            place = place * size + outcome
        found: int = values[place]
        return found

    return _tabulated(scenario, parties, value, max(values) + 1, "table")


def _picked(fields: Fields, scenario: Scenario) -> Output:
    """Return the outcome of one of 2^bits parties, which are named in the order of the picking bits."""
    fields.has("from")
    parties = _parties(fields.table.get("from"), scenario, fields.at("from"))
    bits = fields.get("bits", int, required=True)
    selection = fields.choice("selection", SELECTIONS)
    epsilon = fields.fraction("epsilon", required=True)
    fields.done()
    assert epsilon is not None
    if not 0 <= bits <= MAX_BITS or len(parties) != 2**bits:
        raise fields.fail(
            "bits", f"{bits} bits pick from 2^bits parties, here {len(parties)}; at most {MAX_BITS} bits"
        )
    if not 0 <= epsilon <= Fraction(1, 2):
        raise fields.fail("epsilon", f"{epsilon} is not in [0, 1/2] (0 is perfect)")
    if list(parties) != sorted(parties):
        raise fields.fail("from", "name the parties in alphabetical order")
    letters = _letters(scenario, parties)
    label = f"the outcome of one of {letters}, picked by {bits} bits, {selection}, epsilon {epsilon}"
    return Output((), 2, label, parties, Picked(bits, selection, epsilon))


def _letters(scenario: Scenario, parties: Sequence[int]) -> str:
    if len(parties) == len(scenario.settings) > 8:
        return "all parties"
    return "".join(scenario.parties[party] for party in parties)


def _parties(names: object, scenario: Scenario, path: str) -> tuple[int, ...]:
    if names == "all":
        if len(scenario.settings) > MOST_PARTIES:
            raise InputError(path, f"functions of more than {MOST_PARTIES} outcomes are not tabulated")
        return tuple(range(len(scenario.settings)))
    if not isinstance(names, list) or not names or len(set(map(str, names))) != len(names):
        raise InputError(path, f"{shown(names)}: one or more different parties are needed")
    if len(names) > MOST_PARTIES:
        raise InputError(path, f"functions of more than {MOST_PARTIES} outcomes are not tabulated")
    for name in names:
        if not isinstance(name, str) or len(name) != 1 or name not in scenario.parties:
            raise InputError(path, f"{shown(name)} is no party; allowed: {', '.join(scenario.parties)}")
    return tuple(scenario.parties.index(name) for name in names)
