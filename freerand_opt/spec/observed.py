"""The table `observed`: what an honest run shows, by name, as a table, or from a CSV file."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model import behaviour as behaviours
from freerand_opt.model import functional as functionals
from freerand_opt.model.behaviour import Behaviour
from freerand_opt.model.quantum_state import STATES
from freerand_opt.model.scenario import Scenario
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.spec import states
from freerand_opt.spec.fields import (
    Fields,
    attempt,
    beside,
    contents,
    kind,
    number,
    shortened,
    shown,
    unseen,
)

MAX_CSV_BYTES = 2**26
SETTINGS = ("uniform", "free")


def observed(
    fields: Fields | None, scenario: Scenario, folder: Path
) -> tuple[Behaviour | None, str | tuple[Fraction, ...]]:
    """Return (behaviour or None, observed settings) from the table `observed`."""
    if fields is None:
        return None, "uniform"
    behaviour: Behaviour | None = None
    if fields.has("behaviour"):
        name = fields.choice("behaviour", behaviours.NAMED)
        behaviour = attempt(fields.at("behaviour"), lambda: behaviours.NAMED[name](scenario))
    if fields.has("state"):
        if behaviour is not None:
            raise fields.fail("state", "given beside observed.behaviour; keep one of them")
        behaviour = states.behaviour(fields, scenario, folder)
    elif fields.has("angles") or fields.has("measurements"):
        raise fields.fail("state", f'is missing; angles and measurements need a state, as "{STATES[0]}"')
    if fields.has("table"):
        if behaviour is not None:
            raise fields.fail("table", "given beside observed.behaviour or observed.state; keep one of them")
        behaviour = _table(fields, scenario, folder)
        given = behaviour
        fault = attempt(fields.at("table"), lambda: behaviours.improper(given))
        if fault:
            raise fields.fail("table", f"no behaviour that can be observed: {fault}")
    if fields.has("visibility"):
        visibility = fields.number("visibility")
        assert visibility is not None
        if behaviour is None:
            raise fields.fail(
                "visibility",
                "needs observed.behaviour, observed.state or observed.table to mix with white noise",
            )
        share = visibility
        if attempt(
            fields.at("visibility"),
            lambda: compare(share, Fraction(0)) < 0 or compare(share, Fraction(1)) > 0,
        ):
            raise fields.fail(
                "visibility", f"{visibility} is not in [0, 1] (1 is the behaviour, 0 white noise)"
            )
        behaviour = behaviours.mixed(behaviour, behaviours.white_noise(scenario), visibility)
    if behaviour is not None and fields.has("table"):  # others are known not to signal
        held = behaviour
        signals = attempt(fields.at("table"), lambda: behaviours.signalling(held))
        behaviour = replace(behaviour, signals=signals or "")
    settings = _settings(fields, scenario)
    fields.done()
    return behaviour, settings


def _settings(fields: Fields, scenario: Scenario) -> str | tuple[Fraction, ...]:
    if not fields.has("settings"):
        return "uniform"
    table = fields.table["settings"]
    if type(table) is str:
        return fields.choice("settings", SETTINGS)
    if not isinstance(table, dict):
        listed = ", ".join(SETTINGS)
        raise fields.fail(
            "settings",
            f"{shown(table)} is {kind(table)}; {listed}, or a table of probabilities is needed",
        )
    weights = [Fraction(0)] * scenario.shape[1]
    labels = {scenario.setting_label(s): s for s in range(scenario.shape[1])}
    for label, entry in table.items():
        path = fields.at(f'settings."{shortened(label)}"')
        if label not in labels:
            wanted = f"{next(iter(labels))} to {next(reversed(labels))}"
            raise InputError(path, f"is no joint setting; they are written as {wanted}")
        weight = number(entry, path)
        if not isinstance(weight, Fraction) or weight < 0:
            raise InputError(path, f"{shown(entry)} is no probability; a rational number from 0 on is needed")
        weights[labels[label]] = weight
    if sum(weights) != 1:
        raise fields.fail("settings", f"the probabilities sum to {sum(weights)}, not to 1")
    return tuple(weights)


def _table(fields: Fields, scenario: Scenario, folder: Path) -> Behaviour:
    """Read an inline table of labels, or the name of a CSV file with columns of settings, outcomes and p."""
    value = fields.table["table"]
    cells: dict[tuple[int, int], Exact] = {}
    if type(value) is str:
        entries = _csv_entries(beside(folder, value, fields.at("table")), scenario, fields.at("table"))
    elif not isinstance(value, dict):
        raise fields.fail(
            "table", f"{shown(value)} is {kind(value)}; a table of labels or the name of a CSV file is needed"
        )
    else:
        entries = [
            (label, entry, fields.at(f'table."{shortened(label)}"'))
            for label, entry in fields.get("table", dict).items()
        ]
    for label, entry, path in entries:
        terms = attempt(path, lambda label=label: functionals.label_terms(scenario, label))  # type: ignore[misc]
        if len(terms) != 1 or not label.strip().startswith("P"):
            raise InputError(path, "a behaviour is given by probabilities, labelled as P(01|10)")
        if next(iter(terms)) in cells:
            raise InputError(path, "is given twice")
        cells[next(iter(terms))] = number(entry, path)
    if not cells:
        raise fields.fail("table", "gives no probability")
    outcomes, settings = scenario.shape
    rows = tuple(tuple(cells.get((o, s), Fraction(0)) for s in range(settings)) for o in range(outcomes))
    return Behaviour(scenario, rows, frozenset(range(settings)) - {s for _, s in cells})


def _csv_entries(path: Path, scenario: Scenario, where: str) -> list[tuple[str, Any, str]]:
    """Return (label, number text, place) of each row; columns x,y,..,a,b,..,p or x1,x2,..,a1,a2,..,p."""
    count = len(scenario.settings)
    short = [*"xyz"[:count], *"abc"[:count], "p"] if count <= 3 else []
    long = [*(f"x{i + 1}" for i in range(count)), *(f"a{i + 1}" for i in range(count)), "p"]
    body = contents(path, f"{where} ({path})", MAX_CSV_BYTES, "a row for each probability that is not 0")
    try:
        rows = list(csv.reader(io.StringIO(body, newline="")))
    except csv.Error as error:
        raise InputError(where, f"{path} is no CSV file: {error}") from None
    header = [cell.strip() for cell in rows[0]] if rows else []
    if header not in (short, long):
        raise InputError(
            where,
            f"{path} has another header; {','.join(short or long)} is needed, a row for each P(o|s) that is "
            "not 0 (for counts: each divided by the number of trials at its joint setting)",
        )
    entries = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise InputError(where, f"{path}, line {line}: {len(row)} cells instead of {len(header)}")
        label = f"P({','.join(row[count : 2 * count])}|{','.join(row[:count])})"
        place = f"{where} ({path}, line {line})"
        ranges = ", ".join(
            f"{letter} 0..{n - 1} and 0..{d - 1}"
            for letter, n, d in zip(scenario.parties, scenario.settings, scenario.outcomes, strict=True)
        )
        with unseen(f"no settings and outcomes of this scenario, which are, party by party, {ranges}"):
            attempt(place, lambda label=label: functionals.label_terms(scenario, label))  # type: ignore[misc]
        with unseen("the probability is no number; write 1/4, 0.25 or sqrt(2)/4, with a point"):
            number(row[-1].strip(), place)
        entries.append((label, row[-1].strip(), place))
    return entries
