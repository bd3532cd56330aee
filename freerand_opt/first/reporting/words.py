"""Questions, programs and attacks in words."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from freerand_opt.first.certificates.attack import Strategies, Strategy
from freerand_opt.first.certificates.orbits import OrbitStrategy
from freerand_opt.first.model.question import Question
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import (
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Source,
    Uniform,
)
from freerand_opt.first.programs.boxes import Table
from freerand_opt.first.programs.build import by_relations
from freerand_opt.first.programs.program import ConicProgram
from freerand_opt.numbers.rounding import decimal_below

#: Boxes with at most so many probabilities are printed in full.
WRITTEN_CELLS = 64
#: Up to so many joint settings a strategy is printed with its whole distribution, where it is what was asked.
WRITTEN_OUT = 4
_QUANTITY = {
    "guessing-probability": "the guessing probability of {output}",
    "trace-distance": "the trace distance D(P_RW, U x P_W) of {output}",
    "min-entropy": "the min-entropy, in bits, of {output}",
    "score": "the {extreme} score of a functional",
    "strategy": "whether there is a strategy at all",
    "sum-of-biases": "the largest sum of the biases P(0) - P(1) of {output}",
}


def question(asked: Question) -> Iterator[str]:
    """Yield a question line by line, in the order of a question file."""
    scenario = asked.scenario
    parties = f"{len(scenario.settings)} parties, 2 settings, 2 outcomes each"
    if asked.relations is None:
        parties = ", ".join(
            f"{letter}: {n} settings, {d} outcomes"
            for letter, n, d in zip(scenario.parties, scenario.settings, scenario.outcomes, strict=True)
        )
    yield f"scenario    {parties}" + (f" ({scenario.family})" if scenario.family else "")
    lines = list(_source(asked.source, scenario.parties))
    yield f"source      {lines[0]}"
    yield from (f"            {line}" for line in lines[1:])
    observed = asked.settings if isinstance(asked.settings, str) else "a given distribution"
    yield f"observed    settings: {observed}"
    told = f", told {asked.adversary.told} before she guesses" if asked.ask.at == "average" else ""
    level = f" (level {asked.adversary.level})" if asked.adversary.level else ""
    yield f"adversary   {asked.adversary.devices} devices given W{level}{told}"
    for condition in asked.adversary.moments:
        yield f"moments     {condition.label}"
    tests = asked.tests
    for test in tests[:4]:
        yield f"test        {test.label}"
    if len(tests) > 4:
        yield f"            .. and {len(tests) - 4} more"
    if asked.relations is not None:
        yield f"test        {asked.relations.label}"
    ask = asked.ask
    output = "" if ask.output is None else ask.output.label
    at = ""
    if isinstance(ask.at, tuple):
        at = f" at settings {scenario.settings_label(ask.at)}"
    elif ask.at is not None:
        at = f", {ask.at} over the settings" if ask.at == "average" else " at the worst settings"
    yield "ask         " + _QUANTITY[ask.quantity].format(output=output, extreme=ask.extreme) + at


def _source(source: Source, parties: str) -> Iterator[str]:
    """Yield what a source may do, in one line or more."""
    if isinstance(source, Uniform):
        yield "uniform settings, independent of W"
    elif isinstance(source, SanthaVazirani):
        yield f"Santha-Vazirani bits, {_bias(source.epsilon)} given the past and W"
        yield f"order {source.order}, {source.bits}"
    elif isinstance(source, Mutual):
        yield f"Santha-Vazirani bits, {_bias(source.epsilon)} given the past, all other parties' bits and W"
        yield f"both ways, {source.bits}"
    elif isinstance(source, PerParty):
        yield "one for each party, independent given W"
        for letter, part in zip(parties, source.parts, strict=True):
            yield f"{letter}: {next(_source(part, letter))}"
    elif isinstance(source, MeasurementDependence):
        yield f"{source.lower} <= P(settings|W) <= {source.upper} for every joint setting"
    else:
        yield f"given by {len(source.rows)} inequalities for P(settings|W)"


def _bias(epsilon: Fraction) -> str:
    low, high = Fraction(1, 2) - epsilon, Fraction(1, 2) + epsilon
    return f"epsilon = {epsilon} (0 perfect): each bit in [{low}, {high}]"


def program(made: ConicProgram, method: str) -> Iterator[str]:
    """Yield what a program looks like: method, size, digest and some labels."""
    rows, columns = made.shape
    equal = int(made.zero_rows.sum())
    yield f"program     {method}"
    yield f"            {rows} rows ({equal} equalities), {columns} columns, {made.matrix.nnz} nonzeros"
    yield f"            {made.digest}"
    yield f"columns     {made.column_label(0)}, .., {made.column_label(columns - 1)}"
    yield f"rows        {made.row_label(0)}, .., {made.row_label(rows - 1)}"


def attack(strategies: Strategies, asked: Question, limit: int = 8) -> Iterator[str]:
    """Yield the heaviest strategies: weight, box, and the settings that the source favours and shuns."""
    shown: list[Strategy | OrbitStrategy] = sorted(strategies, key=lambda part: part.weight, reverse=True)
    values = sum(strategy.count if isinstance(strategy, OrbitStrategy) else 1 for strategy in shown)
    orbits = f" in {len(shown)} orbits" if any(isinstance(s, OrbitStrategy) for s in shown) else ""
    local = asked.ask.quantity == "strategy" and asked.adversary.devices == "local"
    yield f"{'local model' if local else 'attack     '} {values} values of W{orbits}; heaviest first"
    scenario = asked.scenario
    for strategy in shown[:limit]:
        weight = strategy.weight
        if (
            isinstance(strategy, Strategy)
            and asked.ask.quantity == "strategy"
            and len(strategy.masses) <= WRITTEN_OUT
        ):
            shares = (
                f"{scenario.setting_label(s)} {_short(mass / weight)}"
                for s, mass in enumerate(strategy.masses)
            )
            yield f"  weight {_short(weight)}: box {strategy.box.label}; settings {', '.join(shares)}"
            continue
        if isinstance(strategy, Strategy) and strategy.even:
            yield f"  weight {_short(weight)}: box {strategy.label}; all settings equally likely"
            continue
        most, largest = max(strategy.chances, key=lambda pair: pair[1])
        least, smallest = min(strategy.chances, key=lambda pair: pair[1])
        spread = f"settings {scenario.setting_label(most)} most likely ({_short(largest)})"
        if largest != smallest:
            spread += f", {scenario.setting_label(least)} least ({_short(smallest)})"
        else:
            spread = "all settings equally likely"
        yield f"  weight {_short(strategy.weight)}: box {strategy.label}; {spread}"
    if len(shown) > limit:
        yield f"  .. and {len(shown) - limit} more (in the certificate)"


def tables(strategies: Strategies, scenario: Scenario) -> Iterator[str]:
    """Yield the boxes that are tables, in small scenarios: each setting with the outcomes that occur."""
    outcomes, settings = scenario.shape
    for strategy in strategies:
        box = strategy.box if isinstance(strategy, Strategy) else None
        if not isinstance(box, Table) or outcomes * settings > WRITTEN_CELLS:
            continue
        yield f"box {box.label}: outcomes with their probabilities, at each setting"
        for s in range(settings):
            held = ((o, Fraction(box.numerators[o * settings + s], box.denominator)) for o in range(outcomes))
            chances = ", ".join(f"{scenario.outcome_label(o)} {chance}" for o, chance in held if chance)
            yield f"  {scenario.setting_label(s)}: {chances}"


def orbit_boxes(attack: dict[str, Any], asked: Question, limit: int = 8) -> Iterator[str]:
    """Yield the boxes of an attack by orbits of parties: weight and outcomes at the settings asked for."""
    made = by_relations(asked).below
    palette = [Fraction(value) for value in attack["point"]["palette"]]
    x = [palette[code] for code in attack["point"]["codes"]]
    worth = made.program.objective
    yield f"attack      {made.labels} boxes, one for each guess; orbits of outcomes at the settings asked for"
    yield "            (of each class of parties how many have setting, outcome = 00 01 10 11)"
    for g in range(made.labels):
        columns = range(g * made.orbits.count, (g + 1) * made.orbits.count)
        right = [column for column in columns if worth[column] and x[column]]
        for column in sorted(right, key=lambda column: -x[column])[:limit]:
            yield f"  {made.program.column_label(column)}: {_short(x[column])}"


def _short(value: Fraction) -> str:
    if len(str(value)) <= 12:
        return str(value)
    return decimal_below(value, 6) if value >= Fraction(1, 1000) else f"{float(value):.3g}"
