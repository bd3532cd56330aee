"""Numbers of a question by key path: setting them in its tables, and the values of a sweep's axis.

A path is as in messages: ``source.epsilon``, ``test[0].score``, ``test.score`` if there is one test,
``ask.at``, ``observed.settings."00"``. Tables are the dicts that a file holds; they are changed before they
are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.text import Digits, kind, shortened, shown
from freerand_opt.numbers.exact import Real, text

#: Most cells of a file that are held at once, and most cells of a file in one run.
MAX_INSTANCES, MAX_CELLS = 10_000, 10_000_000
_STEP = re.compile(r"""(?:^|\.)(?:([A-Za-z0-9_-]+)|"([^"]*)"|'([^']*)')|\[(\d{1,6})\]""", re.ASCII)


def with_values(table: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a question's tables with values put in by key path; raise InputError for what is no path.

    >>> with_values({"test": [{"score": 2}]}, {"test.score": "5/2", "source.epsilon": "1/20"})
    {'test': [{'score': '5/2'}], 'source': {'epsilon': '1/20'}}
    """
    found: Any = dict(table)
    for path, value in values.items():
        found = _put(found, steps(path), value, "", path)
    return found  # type: ignore[no-any-return]


def steps(path: str) -> list[str | int]:
    """Return the keys and places of a path; raise InputError for what is none."""
    found: list[str | int] = []
    end = 0
    for match in _STEP.finditer(path):
        if match.start() != end or (match[4] is not None and not found):
            break
        end = match.end()
        found.append(
            int(match[4]) if match[4] is not None else next(g for g in match.groups() if g is not None)
        )
    if end != len(path) or not found:
        raise InputError(
            shortened(path) or '""',
            "is no path of a field; they are written as source.epsilon or test[0].score",
        )
    return found


def _put(held: Any, rest: list[str | int], value: Any, above: str, path: str) -> Any:
    """Return a copy of a table or list with a value put in."""
    if not rest:
        return value
    step, below = rest[0], rest[1:]
    if isinstance(step, str) and isinstance(held, Mapping):
        here = f"{above}.{step}" if above else step
        inner = held.get(step, {} if not below or isinstance(below[0], str) else [])
        return {**held, step: _put(inner, below, value, here, path)}
    if isinstance(held, list):
        tables = all(isinstance(entry, Mapping) for entry in held)
        if isinstance(step, str) and tables:
            if len(held) != 1:
                raise InputError(path, f"{above} has {len(held)} entries; write which, as {above}[0].{step}")
            step, below = 0, rest
        if isinstance(step, int) and step < len(held):
            return [*held[:step], _put(held[step], below, value, f"{above}[{step}]", path), *held[step + 1 :]]
        if isinstance(step, int):
            raise InputError(path, f"{above} has {len(held)} entries; the first is {above}[0]")
    raise InputError(
        above or shortened(path), f"{shown(held)} is {kind(held)}; a field of it ({step}) cannot be set"
    )


def plain(value: Any) -> Any:
    """Return a value as a file holds it: NumPy numbers and fractions as texts of what they are."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Fraction | Real):
        return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else text(value)
    if hasattr(value, "__len__"):
        return [plain(entry) for entry in value]
    if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return Digits(float.__repr__(value) if isinstance(value, float) else str(value))
    found = exact(value, "value")
    return int(found) if isinstance(found, Fraction) and found.denominator == 1 else text(found)


@dataclass(frozen=True)
class Steps(Sequence[Any]):
    """The values first, first + step, ..: `size` of them, each made when it is asked for."""

    first: Fraction
    step: Fraction
    size: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, place: Any) -> Any:
        found = range(self.size)[place]
        return plain(self.first + self.step * found) if isinstance(found, int) else [self[k] for k in found]


def values_of(source: Any, where: str) -> Sequence[Any]:
    """Return the values of a list or array, or of a text.

    A text is ``first:last:step`` (last included), one or several values in brackets, or values with commas.
    """
    if isinstance(source, str) and not isinstance(source, Digits):
        return _of_text(str(source), where)
    if isinstance(source, Mapping | Digits) or not hasattr(source, "__len__"):
        hint = (
            '; write the name of a field in quotes, as "source.epsilon"'
            if isinstance(source, Mapping)
            else ""
        )
        raise InputError(
            where,
            f'{shown(source)} is {kind(source)}; a list, or a range as "0 : 1/5 : 1/100", is needed{hint}',
        )
    if not len(source):
        raise InputError(where, "[] has no values; leave the field out, or give it one")
    return [plain(value) for value in source]


def _of_text(source: str, where: str) -> Sequence[Any]:
    if source.lstrip().startswith(("[", "{")):
        import tomllib

        for form, several in ((f"x = {source}", False), (f"x = [{source}]", True)):
            try:
                held = tomllib.loads(form, parse_float=Digits)["x"]
            except ValueError:
                continue
            return list(held) if several else [held]
        raise InputError(where, f"{shown(source)} is no value in brackets; write it as in a file, as [0, 0]")
    if ":" in source:
        return _range(source, where)
    return [_typed(part.strip()) for part in source.split(",")]


def _range(source: str, where: str) -> Sequence[Any]:
    ends = [exact(part.strip(), where) for part in source.split(":")]
    fractions = [end for end in ends if isinstance(end, Fraction)]
    if len(ends) != 3 or len(fractions) != 3 or fractions[2] <= 0:
        raise InputError(
            where, f"{shown(source)} is no range; write first : last : step with rational numbers, step > 0"
        )
    first, last, step = fractions
    if last < first:
        raise InputError(where, f"{shown(source)} is an empty range; first <= last is needed")
    count = int((last - first) / step)
    if count >= MAX_CELLS:
        raise InputError(where, f"{shown(source)} has more than {MAX_CELLS} values")
    return Steps(first, step, count + 1)


def _typed(value: str) -> int | str:
    return int(value) if re.fullmatch(r"-?[0-9]{1,100}", value, re.ASCII) else value
