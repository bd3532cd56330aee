"""Which columns of a table hold settings, outcomes and counts, and how their values are spelt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from freerand_opt.errors import InputError
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.text import listed, nearest, shown


@dataclass(frozen=True)
class Columns:
    """Names of columns by party; `values` maps spellings to numbers, by column (default: 0, 1, ..).

    >>> Columns(("alice",), ("click",), "events", {"click": {"no": 0, "yes": 1}}).outcomes
    ('click',)
    """

    settings: tuple[str, ...]
    outcomes: tuple[str, ...]
    number: str = "n"
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def usual(cls, parties: int) -> Columns:
        """Return x, y, .., a, b, .., n, or x1, x2, .., a1, a2, .., n for more than three parties."""
        if parties <= 3:
            return cls(tuple("xyz"[:parties]), tuple("abc"[:parties]))
        return cls(tuple(f"x{p + 1}" for p in range(parties)), tuple(f"a{p + 1}" for p in range(parties)))

    @classmethod
    def of(cls, given: Columns | Mapping[str, object] | None, scenario: AnyScenario) -> Columns:
        """Return columns from a table with settings, outcomes, n, values; raise InputError for what does
        not fit.
        """
        parties = len(scenario.settings)
        if given is None:
            return cls.usual(parties)
        if not isinstance(given, Columns):
            usual = cls.usual(parties)
            known = {"settings", "outcomes", "n", "values"}
            for key in given:
                if key not in known:
                    raise InputError(
                        f"columns.{key}",
                        f"unknown key; allowed here: {listed(sorted(known))}{nearest(key, known)}",
                    )
            given = cls(
                _names(given.get("settings", usual.settings), "columns.settings"),
                _names(given.get("outcomes", usual.outcomes), "columns.outcomes"),
                str(given.get("n", usual.number)),
                _spellings(given.get("values", {})),
            )
        for what, own in (("settings", given.settings), ("outcomes", given.outcomes)):
            if len(own) != parties:
                raise InputError(
                    f"columns.{what}", f"names {len(own)} columns; the scenario has {parties} parties"
                )
        every = (*given.settings, *given.outcomes, given.number)
        if len(set(every)) < len(every):
            raise InputError("columns", f"one column is named twice among {listed(every)}")
        return given

    def places(self, header: Sequence[str], where: str, *, counted: bool) -> list[int]:
        """Return the places of the columns in a header, settings first; other columns are left alone."""
        wanted = [*self.settings, *self.outcomes, *([self.number] if counted else [])]
        for name in wanted:
            if header.count(name) != 1:
                what = "is missing" if name not in header else "is there twice"
                raise InputError(
                    f"{where}, line 1",
                    f"column {name!r} {what}; read: {shown(','.join(header))}, needed: {listed(wanted)} "
                    f"(other "
                    f"names can be given by columns){nearest(name, header)}",
                )
        return [header.index(name) for name in wanted]

    def reader(self, scenario: AnyScenario) -> Callable[[Sequence[str], str], int]:
        """Return the function of a row's settings and outcomes, as texts, that gives the cell's number."""
        names = (*self.settings, *self.outcomes)
        sizes = (*scenario.settings, *scenario.outcomes)
        known = [
            self.values[name] if name in self.values else {str(k): k for k in range(size)}
            for name, size in zip(names, sizes, strict=True)
        ]
        for name, size, own in zip(names, sizes, known, strict=True):
            if not all(0 <= k < size for k in own.values()):
                raise InputError(f"columns.values.{name}", f"numbers are 0..{size - 1}")
        parties = len(scenario.settings)

        def cell(row: Sequence[str], where: str) -> int:
            index = 0
            for k, (text, own, size) in enumerate(zip(row, known, sizes, strict=True)):
                found = own.get(text.strip())
                if found is None:
                    what = "setting" if k < parties else "outcome"
                    raise InputError(
                        f"{where}, column {names[k]!r}",
                        f"{shown(text.strip())} is no {what} of {scenario.parties[k % parties]}; allowed: "
                        f"{listed(list(own)[:12])}",
                    )
                index = index * size + found
            return index

        return cell


def _names(given: object, where: str) -> tuple[str, ...]:
    if (
        isinstance(given, str)
        or not isinstance(given, Sequence)
        or not all(isinstance(x, str) for x in given)
    ):
        raise InputError(where, f"{shown(given)}: a list of column names, one for each party, is needed")
    return tuple(given)


def _spellings(given: object) -> dict[str, dict[str, int]]:
    if not isinstance(given, Mapping) or not all(isinstance(own, Mapping) for own in given.values()):
        raise InputError("columns.values", 'a table by column, as { a = { "+1" = 0, "-1" = 1 } }, is needed')
    found: dict[str, dict[str, int]] = {}
    for name, own in given.items():
        for text, number in own.items():
            if not isinstance(number, int) or isinstance(number, bool):
                raise InputError(f"columns.values.{name}.{text}", f"{shown(number)} is no integer")
        found[str(name)] = {str(text): int(number) for text, number in own.items()}
    return found
