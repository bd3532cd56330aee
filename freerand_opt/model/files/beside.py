"""Files that a question names: only beside it or below its folder; messages never show what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.behaviours.states import MAX_SIZE, complex_number
from freerand_opt.model.scenario import AnyScenario, joined
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.text import Digits, shown

MAX_TABLE, MAX_MATRIX = 2**26, 2**22
_HEADER = ["party", "setting", "outcome", "row", "column", "value"]
_NO_NUMBER = 'a number is needed here, as 1/2, 0.5, "sqrt(2)/2*i" or [re, im]'


def contents(path: Path, where: str, largest: int, advice: str) -> str:
    """Return the text of a file of at most `largest` bytes; raise InputError at `where` else."""
    try:
        if path.is_dir():
            raise InputError(where, "is a directory; a file is needed")
        if path.exists() and not path.is_file():
            raise InputError(where, "is no ordinary file")
        size = path.stat().st_size
        if size > largest:
            raise InputError(where, f"has {size} bytes; at most {largest} are read ({advice})")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(where, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(where, "is not UTF-8 text") from None
    except ValueError as error:
        raise InputError(where, f"cannot be read: {error}") from None


def beside(folder: Path, name: str, where: str) -> Path:
    """Return the path of a file that a question names; InputError unless it is in its folder or below."""
    try:
        inside = (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(where, f"{shown(name)} cannot be read: {error}") from None
    if not inside:
        raise InputError(
            where,
            f"{shown(name)} is not in the folder of this file or below it, and only such files are read",
        )
    return folder / name


@contextmanager
def _unseen(where: str, message: str) -> Iterator[None]:
    """Say of errors in a file's contents where they are, and `message` in place of what stands there."""
    try:
        yield
    except InputError:
        raise InputError(where, message) from None


def inlined(observed: Mapping[str, Any], scenario: AnyScenario, folder: Path) -> dict[str, Any]:
    """Return the table `observed` with the contents of the files that it names."""
    found = dict(observed)
    for key, read in (("table", _table), ("state", _state), ("measurements", _measurements)):
        name = found.get(key)
        is_file = isinstance(name, str) and not isinstance(name, Digits)
        if is_file and (key != "state" or Path(str(name)).suffix in (".csv", ".json")):
            where = f"observed.{key}"
            found[key] = read(beside(folder, str(name), where), f"{where} ({shown(name)[1:-1]})", scenario)
    return found


def _rows(body: str, where: str) -> list[list[str]]:
    import csv
    import io

    try:
        rows = list(csv.reader(io.StringIO(body, newline="")))
    except csv.Error as error:
        raise InputError(where, f"is no CSV file: {error}") from None
    return [[cell.strip() for cell in row] for row in rows]


def _table(path: Path, where: str, scenario: AnyScenario) -> dict[str, str]:
    """Return probabilities by label; columns x,y,..,a,b,..,p or x1,x2,..,a1,a2,..,p, zeros left out."""
    count = len(scenario.settings)
    short = [*"xyz"[:count], *"abc"[:count], "p"] if count <= 3 else []
    long = [*(f"x{i + 1}" for i in range(count)), *(f"a{i + 1}" for i in range(count)), "p"]
    rows = _rows(contents(path, where, MAX_TABLE, "a row for each probability that is not 0"), where)
    if rows and rows[0][-1] == "n" and rows[0][:-1] in (short[:-1], long[:-1]):
        raise InputError(
            where,
            f"holds counts, not probabilities; name it in [data], counts = {shown(path.name)}, ask for "
            'quantity = "p-value" or "bits", and run `freerand experiment FILE` (its --help shows one)',
        )
    if not rows or rows[0] not in (short, long):
        raise InputError(
            where,
            f"has another header; {','.join(short or long)} is needed, a row for each P(o|s) that is not 0",
        )
    found: dict[str, str] = {}
    limits = (*scenario.settings, *scenario.outcomes)
    for line, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        here = f"{where}, line {line}"
        if len(row) != len(rows[0]):
            raise InputError(here, f"{len(row)} cells instead of {len(rows[0])}")
        places = _integers(row[:-1], limits, here, "settings and outcomes")
        with _unseen(here, "the last cell is no probability, such as 1/4, 0.25 or sqrt(2)/4, with a point"):
            exact(row[-1], here)
        label = f"P({joined(places[count:], scenario.outcomes)}|{joined(places[:count], scenario.settings)})"
        if label in found:
            raise InputError(here, "is given twice")
        found[label] = row[-1]
    return found


def _integers(cells: Sequence[str], limits: Sequence[int], where: str, what: str) -> list[int]:
    found = [int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 7 else -1 for cell in cells]
    if any(not 0 <= value < limit for value, limit in zip(found, limits, strict=True)):
        raise InputError(where, f"{what} are integers from 0 on, within the scenario")
    return found


def _json(body: str, where: str) -> Any:
    import json

    try:
        return json.loads(body, parse_float=Digits)
    except (ValueError, RecursionError):
        raise InputError(where, "is not JSON") from None


def _state(path: Path, where: str, scenario: AnyScenario) -> Any:
    """Return the rows of a density matrix from a CSV file (a line each) or a JSON file (arrays)."""
    body = contents(path, where, MAX_MATRIX, "a density matrix is small")
    rows = _json(body, where) if path.suffix == ".json" else [row for row in _rows(body, where) if any(row)]
    return _matrix(rows, where)


def _matrix(rows: Any, where: str) -> list[list[Any]]:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise InputError(where, "is no array of rows")
    with _unseen(where, _NO_NUMBER):
        for row in rows:
            for entry in row:
                complex_number(entry, where)
    return rows


def _measurements(path: Path, where: str, scenario: AnyScenario) -> Any:
    """Return matrices by party, setting and outcome from { "A": [[matrix, ..], ..], .. } or a CSV file."""
    body = contents(path, where, MAX_MATRIX, "matrices are small")
    if path.suffix != ".json":
        return _listed(_rows(body, where), where, scenario)
    held = _json(body, where)
    if not isinstance(held, dict) or list(held) != list(scenario.parties):
        raise InputError(where, f"is about other parties; the scenario has {', '.join(scenario.parties)}")
    for letter, own in held.items():
        nested = isinstance(own, list) and own and all(isinstance(x, list) and x for x in own)
        if not nested:
            raise InputError(where, 'holds no { "A": [[matrix for each outcome] for each setting], "B": .. }')
        for s, elements in enumerate(own):
            for o, element in enumerate(elements):
                _matrix(element, f"{where}, {letter}, setting {s}, outcome {o}")
    return held


def _listed(rows: list[list[str]], where: str, scenario: AnyScenario) -> dict[str, Any]:
    """Read lines party,setting,outcome,row,column,value; entries that are not listed are 0."""
    lines = [(k, row) for k, row in enumerate(rows, start=1) if any(row)]
    if not lines or lines[0][1] != _HEADER:
        raise InputError(where, f"has another header; {','.join(_HEADER)} is needed")
    entries: dict[str, dict[tuple[int, ...], str]] = {letter: {} for letter in scenario.parties}
    for k, row in lines[1:]:
        here = f"{where}, line {k}"
        if len(row) != len(_HEADER) or row[0] not in entries:
            raise InputError(here, f"is no line {','.join(_HEADER)} with a party of the scenario")
        party = scenario.parties.index(row[0])
        limits = (scenario.settings[party], scenario.outcomes[party], MAX_SIZE, MAX_SIZE)
        key = tuple(_integers(row[1:5], limits, here, "setting, outcome, row and column"))
        if key in entries[row[0]]:
            raise InputError(here, "is given twice")
        with _unseen(here, _NO_NUMBER):
            complex_number(row[5], here)
        entries[row[0]][key] = row[5]
    found = {}
    for letter, n, d in zip(scenario.parties, *scenario.sizes, strict=True):
        own = entries[letter]
        size = range(1 + max((max(key[2:]) for key in own), default=0))
        found[letter] = [
            [[[own.get((s, o, i, j), 0) for j in size] for i in size] for o in range(d)] for s in range(n)
        ]
    return found
