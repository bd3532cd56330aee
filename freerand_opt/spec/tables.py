"""The tables of a question file, one function each: scenario, source, observed, tests, ask."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path

from freerand_opt.errors import InputError
from freerand_opt.model import functional as functionals
from freerand_opt.model import scenario as scenarios
from freerand_opt.model.level import patterns
from freerand_opt.model.question import Adversary, Ask, Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.spec import many, sources
from freerand_opt.spec.fields import Fields, attempt, kind, shown
from freerand_opt.spec.functionals import functional
from freerand_opt.spec.moments import moment_conditions
from freerand_opt.spec.observed import observed
from freerand_opt.spec.outputs import output
from freerand_opt.spec.tests import tests as tests_of

#: Largest number of probabilities P(o|s) that a scenario may have.
MAX_CELLS = 2**22
DEVICES = ("local", "quantum", "no-signalling")
AVERAGES = ("average", "worst")
EXTREMES = ("largest", "smallest")
TOLD = ("settings", "nothing")
#: Families: the key of their size, the largest size, the maker (of a size, if there is a key).
SIZED = {
    "chained": ("N", 1024, scenarios.chained),
    "ghz": ("M", 64, scenarios.ghz),
    "cglmp": ("d", 32, scenarios.cglmp),
}
UNSIZED = {"chsh": scenarios.chsh, "i3322": scenarios.i3322}
FAMILIES = ("chsh", "chained", "ghz", "i3322", "cglmp")
#: What may be asked; written out, a sum of biases is a score by another name.
QUANTITIES = ("guessing-probability", "trace-distance", "min-entropy", "score", "strategy", "sum-of-biases")


def question(root: Fields, folder: Path) -> Question:
    """Return the question that the tables of a file ask; `folder` is where CSV files are looked for."""
    scenario = _scenario(root.table_at("scenario", required=True))
    if many.by_orbits(root.table, scenario):
        found = many.question(root, scenario)
        moment_conditions(root, found.adversary.devices)
        return found
    chooser = root.table_at("source", required=True)
    assert chooser is not None
    source = sources.source(chooser, scenario)
    behaviour, settings = observed(root.table_at("observed"), scenario, folder)
    adversary = _adversary(root.table_at("adversary", required=True), scenario)
    adversary = replace(adversary, moments=moment_conditions(root, adversary.devices))
    tests = tests_of(root, scenario, behaviour)
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
            if test.functional.on == "conditional" and several != 1 and test.relation == "=":
                raise InputError(
                    f"test[{place}]",
                    f"{shown(test.label)} sums conditional probabilities of {several} joint settings, "
                    "a sum of ratios when the observed settings are free, and can only be bracketed with "
                    '<= or >=; write two tests, use on = "joint", or observe uniform settings',
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
        if family in UNSIZED:
            fields.done()
            return UNSIZED[family]()
        key, limit, maker = SIZED[family]
        size = fields.get(key, int, required=True)
        fields.done()
        if size > limit:
            raise fields.fail(key, f"{size} is too large; at most {limit}")
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


def _adversary(fields: Fields | None, scenario: Scenario) -> Adversary:
    assert fields is not None
    devices = fields.choice("devices", DEVICES)
    told = fields.choice("told", TOLD, "settings")
    level = fields.get("level", str, "")
    fields.done()
    if (devices == "quantum") != bool(level):
        said = f"{shown(level)} is given" if level else "is missing"
        raise fields.fail("level", f'{said}; quantum devices, and only they, need a level, as "1 + A B"')
    if level:
        attempt(fields.at("level"), lambda: patterns(level, scenario.parties))
    return Adversary(devices, told, level)


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
    if quantity == "sum-of-biases":
        inputs = _at(fields, scenario)
        fields.done()
        if isinstance(inputs, str):
            raise fields.fail("at", f"{shown(inputs)}; a sum of biases is asked at one joint setting")
        total = attempt(fields.at("quantity"), lambda: functionals.biases(scenario, inputs))
        return Ask("score", functional=total)
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
