"""The output that is guessed: a party's outcome, several, or a function of outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from freerand_opt.errors import InputError
from freerand_opt.model.question import Output
from freerand_opt.model.scenario import Scenario
from freerand_opt.spec.fields import Fields, shown


def output(fields: Fields, scenario: Scenario) -> Output:
    """Return the output that `of` names: "A", ["A", "B"], or { majority / parity / table = .. }."""
    if not fields.has("of"):
        raise fields.fail(
            "of", 'is missing; a party such as "A", parties such as ["A", "B"], or a function is needed'
        )
    value, path = fields.table["of"], fields.at("of")
    if isinstance(value, dict):
        return _function(Fields(value, path), scenario)
    parties = _parties([value] if isinstance(value, str) else value, scenario, path)
    sizes = [scenario.outcomes[p] for p in parties]

    def joint(outcomes: Sequence[int]) -> int:
        index = 0
        for outcome, size in zip(outcomes, sizes, strict=True):
            index = index * size + outcome
        return index

    count = 1
    for size in sizes:
        count *= size
    return _tabulated(scenario, parties, joint, count, "".join(scenario.parties[p] for p in parties))


def _tabulated(
    scenario: Scenario,
    parties: tuple[int, ...],
    value: Callable[[Sequence[int]], int],
    count: int,
    label: str,
) -> Output:
    values = tuple(value([outcomes[p] for p in parties]) for outcomes in scenario.joint_outcomes)
    return Output(values, count, label)


def _function(fields: Fields, scenario: Scenario) -> Output:
    if fields.has("table"):
        values = fields.get("table", list)
        fields.done()
        total = scenario.shape[0]
        if len(values) != total or any(type(v) is not int or not 0 <= v < total for v in values):
            raise fields.fail(
                "table", f"{total} integers from 0 are needed, one for each joint outcome, A slowest"
            )
        return Output(tuple(values), max(values) + 1, "table")
    for name, value in (("majority", _majority), ("parity", _parity)):
        if fields.has(name):
            parties = _parties(fields.get(name, list), scenario, fields.at(name))
            fields.done()
            if any(scenario.outcomes[p] != 2 for p in parties):
                raise fields.fail(name, "needs parties with two outcomes")
            if name == "majority" and len(parties) % 2 == 0:
                raise fields.fail(
                    name, f"of {len(parties)} outcomes may be a tie; an odd number of parties is needed"
                )
            letters = "".join(scenario.parties[p] for p in parties)
            return _tabulated(scenario, parties, value, 2, f"{name} of {letters}")
    fields.done()
    raise fields.fail("", "is empty; one of majority, parity, table is needed")


def _majority(outcomes: Sequence[int]) -> int:
    return int(2 * sum(outcomes) > len(outcomes))


def _parity(outcomes: Sequence[int]) -> int:
    return sum(outcomes) % 2


def _parties(names: object, scenario: Scenario, path: str) -> tuple[int, ...]:
    if not isinstance(names, list) or not names or len(set(map(str, names))) != len(names):
        raise InputError(path, f"{shown(names)}: one or more different parties are needed")
    for name in names:
        if not isinstance(name, str) or len(name) != 1 or name not in scenario.parties:
            raise InputError(path, f"{shown(name)} is no party; allowed: {', '.join(scenario.parties)}")
    return tuple(scenario.parties.index(name) for name in names)
