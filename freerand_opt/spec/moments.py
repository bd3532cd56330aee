"""The tables `[[moment]]`: linear conditions on moments of quantum devices."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.errors import InputError
from freerand_opt.model.question import MomentCondition
from freerand_opt.spec.fields import Fields, kind, number, shortened, shown

RELATIONS = ("<=", ">=", "=")


def moment_conditions(root: Fields, devices: str) -> tuple[MomentCondition, ...]:
    """Return the conditions of a file; which moments a level has is found when its program is built."""
    found = []
    for place, table in enumerate(root.get("moment", list, [])):
        path = f"moment[{place}]"
        if not isinstance(table, dict):
            raise InputError(path, f"{shown(table)} is {kind(table)}; a table is needed, as [[moment]]")
        if devices != "quantum":
            raise InputError(path, f"devices are {devices}; only quantum devices have moments")
        found.append(_condition(Fields(table, path)))
    return tuple(found)


def _condition(fields: Fields) -> MomentCondition:
    terms: list[tuple[str, Fraction]] = []
    for name, entry in fields.get("terms", dict, required=True).items():
        path = fields.at(f'terms."{shortened(name)}"')
        factor = number(entry, path)
        if not isinstance(factor, Fraction):
            raise InputError(path, f"{factor} is irrational; coefficients are rational")
        word = sorted(name.strip(" <>").split(), key=lambda operator: operator[:1])
        if any(word == sorted(other.strip(" <>").split(), key=lambda x: x[:1]) for other, _ in terms):
            raise InputError(path, "is given twice")
        terms.append((name, factor))
    if not any(factor for _, factor in terms):
        raise fields.fail("terms", "add up to nothing; a coefficient that is not 0 is needed")
    relation = fields.choice("relation", RELATIONS)
    bound = fields.number("bound", required=True)
    fields.done()
    assert bound is not None
    if relation == "=" and not isinstance(bound, Fraction):
        raise fields.fail("bound", f"{bound} is irrational and cannot be an equality; use <= and >=")
    return MomentCondition(tuple(terms), relation, bound)
