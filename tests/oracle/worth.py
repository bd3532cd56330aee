"""What each cell (o, s) earns and counts: guesses, functionals, tests, denominators by setting."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from tests.oracle.question import Question, Test
from tests.oracle.scenario import Scenario

Row = list[Fraction]
#: What a cell is worth, table[o][s], times P(o, s).
Table = list[Row]
#: More guessing functions than this are not written down.
MAX_LABELS = 64


class TooManyError(Exception):
    """The question is too large for the small formulation."""


def normalised_at(question: Question) -> int | None:
    """Return the joint setting whose total is scaled to 1, None if all together are.

    A guess at one joint setting is a ratio where the settings are free; all else is scaled with it.
    """
    if question.settings == "free" and isinstance(question.ask.at, tuple):
        return question.scenario.joint_settings.index(question.ask.at)
    return None


def sums_ratios(question: Question, test: Test) -> bool:
    """Return whether a test adds conditional probabilities of several settings that are free."""
    if question.settings != "free" or test.functional.on == "joint":
        return False
    return len({s for _, s in test.functional.coefficients(question.scenario)}) > 1


def guess_tables(question: Question) -> list[Table]:
    """Return the table of each label that the adversary may announce, one for all settings.

    A label is a value, or for the trace distance a set T of values, which earns [value in T] - |T|/d.
    """
    scenario, ask = question.scenario, question.ask
    outcomes, settings = scenario.shape
    nothing = [[Fraction(0)] * settings for _ in range(outcomes)]
    if ask.functional is not None:
        sign = -1 if ask.extreme == "smallest" else 1
        factors = denominators(question, ask.functional.on)
        for (o, s), value in ask.functional.coefficients(scenario).items():
            nothing[o][s] = sign * value * factors[s]
        return [nothing]
    if not ask.of:
        return [nothing]
    share = [Fraction(1)] * settings
    if isinstance(ask.at, tuple):
        here = scenario.joint_settings.index(ask.at)
        weights = question.weights
        share = [Fraction(0)] * settings
        share[here] = Fraction(1) if weights is None else 1 / weights[here]
    return [
        [[label[o] * share[s] for s in range(settings)] for o in range(outcomes)]
        for label in labels(question)
    ]


def labels(question: Question) -> list[Row]:
    """Return what each label earns by joint outcome."""
    ask = question.ask
    if ask.quantity != "trace-distance":
        return [[Fraction(int(value == guess)) for value in ask.values] for guess in range(ask.count)]
    found = []
    for bits in product((0, 1), repeat=ask.count):
        size = Fraction(sum(bits), ask.count)
        found.append([bits[value] - size for value in ask.values])
    return found


def guessing_functions(question: Question) -> list[Table]:
    """Return one table for each way to choose labels by the settings of the parties that matter.

    Only an adversary who is told the settings, and is asked for an average, chooses by them; without
    signalling the settings of parties on whose outcome the output does not depend tell her nothing.
    """
    tables = guess_tables(question)
    if question.ask.at != "average" or question.told == "nothing":
        return tables
    scenario = question.scenario
    parties = relevant_parties(scenario, question.ask.values)
    keys = [tuple(x[party] for party in parties) for x in scenario.joint_settings]
    known = sorted(set(keys))
    if len(tables) ** len(known) > MAX_LABELS:
        raise TooManyError(f"{len(tables)}^{len(known)} guessing functions")
    found = []
    for choice in product(range(len(tables)), repeat=len(known)):
        chosen = [choice[known.index(key)] for key in keys]
        outcomes, settings = scenario.shape
        found.append([[tables[chosen[s]][o][s] for s in range(settings)] for o in range(outcomes)])
    return found


def relevant_parties(scenario: Scenario, values: Sequence[int]) -> list[int]:
    """Return the parties on whose outcome an output depends."""
    table = dict(zip(scenario.joint_outcomes, values, strict=True))
    return [
        party
        for party in range(len(scenario.outcomes))
        if any(value != table[(*a[:party], 0, *a[party + 1 :])] for a, value in table.items())
    ]


def denominators(question: Question, on: str) -> Row:
    """Return for each joint setting the factor from P(o, s) to what a functional speaks of."""
    weights = question.weights
    if on == "joint" or weights is None:
        return [Fraction(1)] * question.scenario.shape[1]
    return [1 / weight if weight else Fraction(0) for weight in weights]


def test_table(question: Question, test: Test, score: Fraction) -> tuple[Table, Fraction]:
    """Return (table, right-hand side) of a test; denominators that are unknown are multiplied out."""
    scenario, on = question.scenario, test.functional.on
    outcomes, settings = scenario.shape
    factors = denominators(question, on)
    found = [[Fraction(0)] * settings for _ in range(outcomes)]
    terms = test.functional.coefficients(scenario)
    for (o, s), value in terms.items():
        found[o][s] = value * factors[s]
    if question.settings != "free" or (on == "joint" and normalised_at(question) is None):
        return found, score
    used = {s for _, s in terms} if on == "conditional" else set(range(settings))
    if on == "conditional" and len(used) > 1:
        raise ValueError("a sum of ratios is no linear test")
    for o in range(outcomes):
        for s in used:
            found[o][s] -= score
    return found, Fraction(0)
