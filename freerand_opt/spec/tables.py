"""The tables of a question file, one function each: scenario, source, observed, tests, ask."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.exact import Exact, compare
from freerand_opt.model import behaviour as behaviours
from freerand_opt.model import functional as functionals
from freerand_opt.model import scenario as scenarios
from freerand_opt.model.behaviour import Behaviour
from freerand_opt.model.functional import Functional
from freerand_opt.model.question import Adversary, Ask, Question, Test
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import BIT_ORDERS, SanthaVazirani, Source, Uniform
from freerand_opt.spec.fields import Fields, attempt, contents, kind, number, shortened, shown
from freerand_opt.spec.outputs import output

#: Largest number of probabilities P(o|s) that a scenario may have.
MAX_CELLS = 2**22
MAX_CSV_BYTES = 2**26
RELATIONS = ("<=", ">=", "=")
DEVICES = ("local", "no-signalling")
SETTINGS = ("uniform", "free")
AVERAGES = ("average", "worst")
EXTREMES = ("largest", "smallest")
ON = ("conditional", "joint")
KEPT = ("behaviour", "errors")
SETS_OF_RELATIONS = ("mermin",)
TOLD = ("settings", "nothing")
SOURCES = ("uniform", "santha-vazirani")
FAMILIES = ("chsh", "chained", "ghz")
QUANTITIES = ("guessing-probability", "trace-distance", "min-entropy", "score", "strategy")


def question(root: Fields, folder: Path) -> Question:
    """Return the question that the tables of a file ask; `folder` is where CSV files are looked for."""
    scenario = _scenario(root.table_at("scenario", required=True))
    source = _source(root.table_at("source", required=True), scenario)
    behaviour, settings = _observed(root.table_at("observed"), scenario, folder)
    adversary = _adversary(root.table_at("adversary", required=True))
    tests = _tests(root, scenario, behaviour)
    ask = _ask(root.table_at("ask", required=True), scenario)
    found = Question(scenario, source, settings, adversary, tests, ask)
    _refuse(found)
    return found


def _refuse(question: Question) -> None:
    """Raise InputError for combinations that are not linear or mean nothing."""
    asked = question.ask.functional
    if question.settings == "free":
        for place, test in enumerate(question.tests):
            several = len(test.functional.settings())
            if test.functional.on == "conditional" and several != 1:
                raise InputError(
                    f"test[{place}]",
                    f"{shown(test.label)} sums conditional probabilities of {several} joint settings, "
                    "which is no linear test when the observed settings are free (a sum of ratios); "
                    'test each error (keep = "errors"), use on = "joint", or observe uniform settings',
                )
        if asked is not None and asked.on == "conditional":
            raise InputError("ask", 'a conditional score is not linear with free settings; use on = "joint"')
    weights = question.setting_weights()
    if weights is not None:
        used = {
            s for t in question.tests if t.functional.on == "conditional" for s in t.functional.settings()
        }
        used |= asked.settings() if asked is not None and asked.on == "conditional" else set()
        if isinstance(question.ask.at, tuple):
            used.add(question.scenario.setting_index(question.ask.at))
        for s in sorted(used):
            if weights[s] == 0:
                raise InputError(
                    "observed.settings",
                    f"settings {question.scenario.setting_label(s)} never occur but are conditioned on",
                )


def _scenario(fields: Fields | None) -> Scenario:
    assert fields is not None
    if fields.has("family"):
        family = fields.choice("family", FAMILIES)
        if family == "chsh":
            fields.done()
            return scenarios.chsh()
        key = "N" if family == "chained" else "M"
        size = fields.get(key, int, required=True)
        fields.done()
        limit = 1024 if family == "chained" else 8
        if size > limit:
            raise fields.fail(key, f"{size} is too large; at most {limit}")
        maker = scenarios.chained if family == "chained" else scenarios.ghz
        return attempt(fields.at(key), lambda: maker(size))
    settings, outcomes = (_by_party(fields, key) for key in ("settings", "outcomes"))
    fields.done()
    if len(settings) != len(outcomes):
        raise fields.fail("outcomes", f"{len(outcomes)} parties, but settings have {len(settings)}")
    cells = prod(settings) * prod(outcomes)
    if cells > MAX_CELLS:
        raise fields.fail(
            "settings", f"make {cells} probabilities P(o|s) with these outcomes; at most {MAX_CELLS}"
        )
    return Scenario(settings, outcomes)


def _by_party(fields: Fields, key: str) -> tuple[int, ...]:
    table = fields.get(key, dict, required=True)
    letters = "ABCDEFGH"[: len(table)]
    if not table or "".join(sorted(table)) != letters:
        raise fields.fail(
            key, f"{shown(', '.join(table))}: parties are letters from A on, as {{ A = 2, B = 2 }}"
        )
    for letter, size in table.items():
        if type(size) is not int or not 1 <= size <= 1024:
            raise fields.fail(f"{key}.{letter}", f"{shown(size)} is not an integer from 1 to 1024")
    return tuple(table[letter] for letter in letters)


def _source(fields: Fields | None, scenario: Scenario) -> Source:
    assert fields is not None
    if fields.choice("kind", SOURCES) == "uniform":
        fields.done()
        return Uniform()
    epsilon = fields.fraction("epsilon", required=True)
    orders = ("interleaved", *(f"{letter} first" for letter in scenario.parties))
    order = fields.choice("order", orders, "interleaved")
    bits = fields.choice("bits", BIT_ORDERS, "most-significant-first")
    fields.done()
    assert epsilon is not None
    if not 0 <= epsilon < Fraction(1, 2):
        raise fields.fail(
            "epsilon",
            f"{epsilon} is not in [0, 1/2) (each bit then has probability in "
            "[1/2 - epsilon, 1/2 + epsilon]; 0 is perfect)",
        )
    for letter, size in zip(scenario.parties, scenario.settings, strict=True):
        if size & (size - 1):
            raise InputError(
                "scenario",
                f"party {letter} has {size} settings, which is no power of two; a Santha-Vazirani source "
                'chooses them by bits. Use 2, 4, 8, .. settings or source.kind = "uniform"',
            )
    if sum(size.bit_length() - 1 for size in scenario.settings) > 20:
        raise InputError(
            "scenario", "more than 20 bits of settings; at most 2^20 joint settings are supported"
        )
    return SanthaVazirani(epsilon, order, bits)


def _adversary(fields: Fields | None) -> Adversary:
    assert fields is not None
    devices = fields.choice("devices", DEVICES)
    told = fields.choice("told", TOLD, "settings")
    fields.done()
    return Adversary(devices, told)


def _observed(
    fields: Fields | None, scenario: Scenario, folder: Path
) -> tuple[Behaviour | None, str | tuple[Fraction, ...]]:
    if fields is None:
        return None, "uniform"
    behaviour: Behaviour | None = None
    if fields.has("behaviour"):
        name = fields.choice("behaviour", behaviours.NAMED)
        behaviour = attempt(fields.at("behaviour"), lambda: behaviours.NAMED[name](scenario))
    if fields.has("table"):
        if behaviour is not None:
            raise fields.fail("table", "given beside observed.behaviour; keep one of them")
        behaviour = _table(fields, scenario, folder)
        given = behaviour
        fault = attempt(fields.at("table"), lambda: behaviours.defect(given))
        if fault:
            raise fields.fail("table", f"no behaviour that can be observed: {fault}")
    if fields.has("visibility"):
        visibility = fields.number("visibility")
        assert visibility is not None
        if behaviour is None:
            raise fields.fail(
                "visibility", "needs observed.behaviour or observed.table to mix with white noise"
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
        entries = _csv_entries(folder / value, scenario, fields.at("table"))
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
    outcomes, settings = scenario.shape
    rows = tuple(tuple(cells.get((o, s), Fraction(0)) for s in range(settings)) for o in range(outcomes))
    return Behaviour(scenario, rows)


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
        found = shown(",".join(header))
        raise InputError(where, f"{path} has the header {found}; {','.join(short or long)} is needed")
    entries = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise InputError(where, f"{path}, line {line}: {len(row)} cells instead of {len(header)}")
        label = f"P({','.join(row[count : 2 * count])}|{','.join(row[:count])})"
        entries.append((label, row[-1].strip(), f"{where} ({path}, line {line})"))
    return entries


# ------------------------------------------------------------------ functionals and tests


def functional(fields: Fields, scenario: Scenario) -> tuple[Functional, str]:
    """Return (functional, name) from the keys functional or terms, and on."""
    on = fields.choice("on", ON, "conditional")
    if fields.has("functional") == fields.has("terms"):
        raise fields.fail("functional", "either functional (a name) or terms (a table of labels) is needed")
    if "functional" in fields.table:
        name = fields.choice("functional", functionals.NAMED)
        found: Functional = attempt(fields.at("functional"), lambda: functionals.NAMED[name](scenario))
        return Functional(found.terms, on), name
    total: dict[tuple[int, int], Fraction] = {}
    for label, entry in fields.get("terms", dict).items():
        path = fields.at(f'terms."{shortened(label)}"')
        factor = number(entry, path)
        if not isinstance(factor, Fraction):
            raise InputError(path, f"{factor} is irrational; coefficients are rational")
        terms = attempt(path, lambda label=label: functionals.label_terms(scenario, label))  # type: ignore[misc]
        for key, share in terms.items():
            total[key] = total.get(key, Fraction(0)) + factor * share
    words = " + ".join(f"{entry} {label}" for label, entry in fields.table["terms"].items())
    found = functionals.from_terms(total, on)
    if not found.terms:
        raise fields.fail("terms", "add up to nothing; a functional needs a coefficient that is not 0")
    return found, words


def _tests(root: Fields, scenario: Scenario, behaviour: Behaviour | None) -> tuple[Test, ...]:
    found: list[Test] = []
    for place, table in enumerate(root.get("test", list, [])):
        path = f"test[{place}]"
        if not isinstance(table, dict):
            raise InputError(path, f"{shown(table)} is {kind(table)}; a table is needed, as [[test]]")
        found += _test(Fields(table, path), scenario, behaviour)
    return tuple(found)


def _test(fields: Fields, scenario: Scenario, behaviour: Behaviour | None) -> list[Test]:
    if fields.has("keep"):
        return _kept(fields, scenario, behaviour)
    if fields.has("relations"):
        fields.choice("relations", SETS_OF_RELATIONS)
        violated = fields.number("violated", Fraction(0))
        fields.done()
        assert violated is not None
        allowed = violated
        if attempt(fields.at("violated"), lambda: compare(allowed, Fraction(0)) < 0):
            raise fields.fail("violated", f"{shown(fields.table['violated'])} is negative")
        errors = attempt(fields.at("relations"), lambda: functionals.mermin_errors(scenario))
        return [Test(errors, "<=", violated, "weight of broken Mermin relations")]
    chosen, name = functional(fields, scenario)
    relation = fields.choice("relation", RELATIONS)
    score = _score(fields, chosen, behaviour)
    fields.done()
    if relation == "=" and not isinstance(score, Fraction):
        raise fields.fail(
            "score",
            f"{score} is irrational and cannot be an equality; use <= or >=, or both with a tolerance",
        )
    return [Test(chosen, relation, score, f"{name} {relation} {score}")]


def _score(fields: Fields, chosen: Functional, behaviour: Behaviour | None) -> Exact:
    if fields.has("score") and fields.table["score"] == "observed":
        if behaviour is None:
            raise fields.fail("score", '"observed" needs observed.behaviour or observed.table')
        if chosen.on == "joint":
            raise fields.fail(
                "score", '"observed" is the score of conditional probabilities; give the joint score'
            )
        return behaviours.score(chosen, behaviour)
    value = fields.number("score", required=True)
    assert value is not None
    return value


def _kept(fields: Fields, scenario: Scenario, behaviour: Behaviour | None) -> list[Test]:
    """Expand `keep` into one test for each edge's error, or two for each probability."""
    what = fields.choice("keep", KEPT)
    tolerance = fields.fraction("tolerance", Fraction(0))
    fields.done()
    assert tolerance is not None
    if tolerance < 0:
        raise fields.fail("tolerance", f"{tolerance} is negative")
    if behaviour is None:
        raise fields.fail("keep", "needs observed.behaviour or observed.table")
    if what == "errors":
        total = attempt(fields.at("keep"), lambda: functionals.chained(scenario))
        tests = []
        for s in sorted(total.settings()):
            error = Functional(tuple(term for term in total.terms if term[1] == s))
            score = behaviours.score(error, behaviour) + tolerance
            tests.append(Test(error, "<=", score, f"error at {scenario.setting_label(s)} <= {score}"))
        return tests
    irrational = any(not isinstance(p, Fraction) for row in behaviour.table for p in row)
    if irrational and tolerance == 0:
        raise fields.fail(
            "tolerance", "this behaviour has irrational entries; a positive tolerance is needed, as 1e-9"
        )
    tests = []
    for o, row in enumerate(behaviour.table):
        for s, p in enumerate(row):
            cell = functionals.from_terms({(o, s): Fraction(1)})
            label = scenario.label(o, s)
            if tolerance == 0:
                tests.append(Test(cell, "=", p, f"{label} = {p}"))
            else:
                tests.append(Test(cell, "<=", p + tolerance, f"{label} <= {p + tolerance}"))
                tests.append(Test(cell, ">=", p - tolerance, f"{label} >= {p - tolerance}"))
    return tests


# ------------------------------------------------------------------ what is asked


def _ask(fields: Fields | None, scenario: Scenario) -> Ask:
    assert fields is not None
    quantity = fields.choice("quantity", QUANTITIES)
    if quantity == "strategy":
        fields.done()
        return Ask("strategy")
    if quantity == "score":
        chosen, _ = functional(fields, scenario)
        extreme = fields.choice("extreme", EXTREMES, "largest")
        fields.done()
        return Ask("score", functional=chosen, extreme=extreme)
    of = output(fields, scenario)
    at = _at(fields, scenario)
    fields.done()
    return Ask(quantity, output=of, at=at)  # type: ignore[arg-type]


def _at(fields: Fields, scenario: Scenario) -> tuple[int, ...] | str:
    needed = 'an array of settings such as [0, 0], "average" or "worst" is needed'
    if not fields.has("at"):
        raise fields.fail("at", f"is missing; {needed}")
    value = fields.table["at"]
    if type(value) is str:
        return fields.choice("at", AVERAGES)
    if not isinstance(value, list):
        raise fields.fail("at", f"{shown(value)} is {kind(value)}; {needed}")
    sizes = scenario.settings
    if len(value) != len(sizes):
        raise fields.fail(
            "at", f"{shown(value)} has {len(value)} settings; the scenario has {len(sizes)} parties"
        )
    for letter, setting, size in zip(scenario.parties, value, sizes, strict=True):
        if type(setting) is not int or not 0 <= setting < size:
            raise fields.fail("at", f"{shown(setting)} is no setting of {letter}, which are 0..{size - 1}")
    return tuple(value)
