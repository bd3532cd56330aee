"""States, angles and measurements in the table `observed`, inline or from CSV and JSON files."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError, nearest
from freerand_opt.model import quantum_state as quantum
from freerand_opt.model.behaviour import Behaviour
from freerand_opt.model.matrix import ZERO, Complex, Matrix
from freerand_opt.model.quantum_state import STATES, Measurements, State
from freerand_opt.model.scenario import Scenario
from freerand_opt.spec.fields import (
    Decimal,
    Fields,
    attempt,
    beside,
    contents,
    kind,
    number,
    shown,
    unseen,
)

MAX_BYTES = 2**22
#: Largest dimension of one party in a file of measurements.
MAX_SIZE = 16
_NO_NUMBER = 'a number is needed here, as 1/2, 0.5, "sqrt(2)/2*i" or [re, im]'
_HEADER = ["party", "setting", "outcome", "row", "column", "value"]


def behaviour(fields: Fields, scenario: Scenario, folder: Path) -> Behaviour:
    """Return the behaviour of the keys `state` and `angles` or `measurements`."""
    if fields.has("angles") == fields.has("measurements"):
        raise fields.fail("state", "needs one of angles (qubits) and measurements (a CSV or JSON file)")
    state = _state(fields, scenario, folder)
    found = _angles(fields, scenario) if "angles" in fields.table else _measurements(fields, scenario, folder)
    return attempt(fields.at("state"), lambda: quantum.behaviour(scenario, state, found))


# ------------------------------------------------------------------ states


def _state(fields: Fields, scenario: Scenario, folder: Path) -> State:
    value, path = fields.table["state"], fields.at("state")
    parties = len(scenario.settings)
    if isinstance(value, dict):
        inner = Fields(value, path)
        angle = inner.fraction("schmidt", required=True)
        inner.done()
        assert angle is not None
        return quantum.schmidt(angle, parties)
    if type(value) is str and Path(value).suffix in (".csv", ".json"):
        rows = _rows(beside(folder, value, path), path)
        with unseen(_NO_NUMBER):
            matrix = _matrix(rows, f"{path} ({value})")
        return attempt(path, lambda: quantum.from_matrix(matrix))
    if type(value) is str:
        if value not in STATES:
            raise InputError(
                path,
                f"{shown(value)} is not known; allowed: {', '.join(STATES)}, a .csv or .json file with a "
                f'density matrix, an array, {{ schmidt = "1/8" }}{nearest(value[:60], STATES)}',
            )
        return attempt(path, lambda: quantum.named(value, parties))
    if not isinstance(value, list) or not value:
        raise InputError(
            path, f"{shown(value)} is {kind(value)}; a name, amplitudes, or a density matrix is needed"
        )
    if isinstance(value[0], list):
        return _matrix_state(value, path)
    amplitudes = [complex_number(entry, f"{path}[{k}]") for k, entry in enumerate(value)]
    return attempt(path, lambda: quantum.from_amplitudes(amplitudes))


def _matrix_state(rows: Any, path: str) -> State:
    matrix = _matrix(rows, path)
    return attempt(path, lambda: quantum.from_matrix(matrix))


def _rows(path: Path, where: str) -> Any:
    """Return the rows of a density matrix from a CSV file (a line each) or a JSON file (arrays)."""
    body = contents(path, f"{where} ({path})", MAX_BYTES, "a density matrix is small")
    if path.suffix == ".json":
        return _json(body, f"{where} ({path})")
    lines = csv.reader(io.StringIO(body, newline=""))
    return [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]


def _json(body: str, where: str) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise InputError(where, f"is not JSON: {error}") from None


def _matrix(rows: Any, path: str) -> Matrix:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise InputError(path, f"{shown(rows)} is no array of rows")
    return tuple(
        tuple(complex_number(entry, f"{path}[{i}][{j}]") for j, entry in enumerate(row))
        for i, row in enumerate(rows)
    )


def complex_number(value: object, path: str) -> Complex:
    """Return the number of a real value, a pair [re, im] or a text such as "1/2 - sqrt(3)/2*i"."""
    if isinstance(value, list):
        if len(value) != 2:
            raise InputError(path, f"{shown(value)} is no number; a complex one is [re, im] or a text a+b*i")
        return number(value[0], path), number(value[1], path)
    text = str(value).replace(" ", "") if isinstance(value, str) else ""
    if not text.endswith("i") or text.endswith("pi"):
        return number(value, path), Fraction(0)
    # the imaginary part starts at the last sign outside of brackets
    signs = [k for k, letter in enumerate(text) if letter in "+-" and not _inside(text, k)]
    start = signs[-1] if signs else 0
    imaginary = text[start:-1].removesuffix("*").removeprefix("+")
    real = number(text[:start], path) if text[:start] else Fraction(0)
    return real, number(imaginary + "1" if imaginary in ("", "-") else imaginary, path)


def _inside(text: str, place: int) -> bool:
    """Whether a sign stands in brackets, in an exponent, or behind another operation."""
    before = text[:place]
    deep = before.count("(") != before.count(")")
    return deep or before[-1:] in ("*", "/", "^") or re.search(r"\d[eE]$", before) is not None


# ------------------------------------------------------------------ measurements


def _angles(fields: Fields, scenario: Scenario) -> Measurements:
    table = fields.get("angles", dict)
    if list(table) != list(scenario.parties):
        raise fields.fail("angles", f"one array for each of {', '.join(scenario.parties)} is needed")
    if set(scenario.outcomes) != {2}:
        raise fields.fail("angles", "are for two outcomes a setting; use measurements")
    found = []
    for letter, count in zip(scenario.parties, scenario.settings, strict=True):
        own, path = table[letter], fields.at(f"angles.{letter}")
        if not isinstance(own, list) or len(own) != count:
            given = f"{len(own)} angles" if isinstance(own, list) else shown(own)
            raise InputError(path, f"{given}; an array with one angle for each of {count} settings is needed")
        found.append(tuple(_direction(angle, f"{path}[{k}]") for k, angle in enumerate(own)))
    return tuple(found)


def _direction(value: object, path: str) -> tuple[Matrix, Matrix]:
    """Return the projectors of an angle in the Z-X plane, or of a pair [theta, phi]."""
    parts = value if isinstance(value, list) else [value]
    if len(parts) not in (1, 2):
        raise InputError(path, f"{shown(value)}: an angle is one number, or [theta, phi], in multiples of pi")
    angles = [number(part, path) for part in parts]
    if not all(isinstance(angle, Fraction) for angle in angles):
        raise InputError(
            path, f'{shown(value)} is irrational; angles are rational multiples of pi ("1/4" is 45 degrees)'
        )
    return quantum.in_direction(*angles)  # type: ignore[arg-type]


def _measurements(fields: Fields, scenario: Scenario, folder: Path) -> Measurements:
    name = fields.get("measurements", str)
    where = f"{fields.at('measurements')} ({name})"
    body = contents(beside(folder, name, where), where, MAX_BYTES, "matrices are small")
    reader = _from_json if Path(name).suffix == ".json" else _from_csv
    held = reader(body, where, scenario)
    found = []
    for letter, settings, outcomes in zip(
        scenario.parties, scenario.settings, scenario.outcomes, strict=True
    ):
        own = held[letter]
        if len(own) != settings:
            raise InputError(
                where, f"{letter} has {len(own)} measurements; {settings} settings need one each"
            )
        for setting, elements in enumerate(own):
            here = f"{where}, {letter}, setting {setting}"
            if len(elements) != outcomes:
                raise InputError(here, f"{len(elements)} elements; {outcomes} outcomes need one each")
            if any(len(element) > MAX_SIZE for element in elements):
                raise InputError(here, f"a matrix of more than {MAX_SIZE} rows")
            wrong = attempt(here, lambda elements=elements: quantum.measurement_fault(elements))  # type: ignore[misc]
            if wrong:
                raise InputError(here, f"no measurement: {wrong}")
        found.append(tuple(own))
    return tuple(found)


def _from_json(body: str, where: str, scenario: Scenario) -> dict[str, Sequence[tuple[Matrix, ...]]]:
    """Read { "A": [[matrix for each outcome] for each setting], "B": .. }."""
    held = _json(body, where)
    if isinstance(held, dict) and list(held) != list(scenario.parties):
        raise InputError(where, f"is about other parties; the scenario has {', '.join(scenario.parties)}")
    if not isinstance(held, dict) or not all(
        isinstance(own, list) and own and all(isinstance(elements, list) and elements for elements in own)
        for own in held.values()
    ):
        raise InputError(where, 'holds no { "A": [[matrix for each outcome] for each setting], "B": .. }')
    with unseen(_NO_NUMBER):
        return {
            letter: [
                tuple(
                    _matrix(element, f"{where}, {letter}, setting {s}, outcome {o}")
                    for o, element in enumerate(elements)
                )
                for s, elements in enumerate(own)
            ]
            for letter, own in held.items()
        }


def _from_csv(body: str, where: str, scenario: Scenario) -> dict[str, Sequence[tuple[Matrix, ...]]]:
    """Read lines party,setting,outcome,row,column,value; entries that are not listed are 0."""
    lines = [line for line in csv.reader(io.StringIO(body, newline="")) if any(map(str.strip, line))]
    header = [cell.strip() for cell in lines[0]] if lines else []
    if header != _HEADER:
        raise InputError(where, f"has another header; {','.join(_HEADER)} is needed")
    entries: dict[str, dict[tuple[int, ...], Complex]] = {letter: {} for letter in scenario.parties}
    limits = (max(scenario.settings), max(scenario.outcomes), MAX_SIZE, MAX_SIZE)
    for place, line in enumerate(lines[1:], start=2):
        here = f"{where}, line {place}"
        cells = [cell.strip() for cell in line]
        if len(cells) != len(_HEADER) or cells[0] not in entries:
            raise InputError(here, f"is no line {','.join(_HEADER)} with a party of the scenario")
        key = tuple(int(cell) if re.fullmatch(r"\d{1,6}", cell, re.ASCII) else -1 for cell in cells[1:5])
        if any(not 0 <= value < limit for value, limit in zip(key, limits, strict=True)):
            raise InputError(
                here, "setting, outcome, row and column are integers from 0 on, within the scenario"
            )
        if key in entries[cells[0]]:
            raise InputError(here, "is given twice")
        with unseen(_NO_NUMBER):
            entries[cells[0]][key] = complex_number(cells[5], here)
    found: dict[str, Sequence[tuple[Matrix, ...]]] = {}
    for letter, settings, outcomes in zip(
        scenario.parties, scenario.settings, scenario.outcomes, strict=True
    ):
        own = entries[letter]
        size = 1 + max((max(i, j) for _, _, i, j in own), default=0)
        found[letter] = [
            tuple(
                tuple(tuple(own.get((s, o, i, j), ZERO) for j in range(size)) for i in range(size))
                for o in range(outcomes)
            )
            for s in range(settings)
        ]
    return found
