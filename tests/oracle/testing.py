"""Random tests: functionals whose scores come from a strategy that was drawn first, or from beside it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from random import Random

from tests.oracle import boxes
from tests.oracle import scenario as scenarios
from tests.oracle.forms import MANY_BOXES
from tests.oracle.number import STYLES, Number, coefficient, exactly, mixture, share, shifted_root
from tests.oracle.question import Functional, Kept, Question, Test
from tests.oracle.scenario import Coefficients, Scenario
from tests.oracle.source import Point

#: Tests keep at most so many probabilities one by one.
MAX_KEPT = 36
DIGITS = 10**12


def draw_functional(
    random: Random, question: Question, style: str, on: str, single: bool = False
) -> Functional:
    """Return a functional by name or by labels; of one joint setting if `single`.

    Settings that never occur are not conditioned on.
    """
    scenario = question.scenario
    weights = question.weights
    outcomes, settings = scenario.shape
    occur = [s for s in range(settings) if on == "joint" or weights is None or weights[s]]
    names = scenarios.names(scenario)
    if not single and len(occur) == settings and names and random.random() < 0.25:
        return Functional(name=random.choice(names), on=on)
    own = style if random.random() < 0.7 else random.choice(STYLES)
    here = [random.choice(occur)] if single else occur
    correlators = set(scenario.outcomes) == {2} and not single and len(occur) == settings
    terms: dict[str, Number] = {}
    for _ in range(random.randint(1, 2 if single else 6)):
        if correlators and random.random() < 0.6:
            size = random.choice((1, 2, 2, len(scenario.parties)))
            parties = sorted(random.sample(range(len(scenario.parties)), min(size, len(scenario.parties))))
            words = [f"{scenario.parties[p]}{random.randrange(scenario.settings[p])}" for p in parties]
            label = f"<{' '.join(words)}>"
        else:
            label = scenario.label(random.randrange(outcomes), random.choice(here))
        terms[label] = coefficient(random, own)
    functional = Functional(tuple(terms.items()), on=on)
    return (
        functional
        if functional.coefficients(scenario)
        else draw_functional(random, question, style, on, single)
    )


def draw_tests(
    random: Random,
    question: Question,
    points: Sequence[Point],
    weights: Sequence[Fraction] | None,
    style: str,
) -> tuple[tuple[Test | Kept, ...], tuple[Number | None, ...]]:
    """Return tests, and the table of the observed behaviour if one of them speaks of it."""
    scenario = question.scenario
    size = scenario.shape[1]
    wide = question.weights is None or all(question.weights)
    whole = random.random() < 0.2 and scenario.shape[0] * size <= MAX_KEPT and wide
    if whole:
        return _of_behaviour(random, question, style)
    if weights is None:
        weights = [Fraction(1, len(points))] * len(points)
    joint = [Fraction(0)] * (scenario.shape[0] * size)
    for weight, point in zip(weights, points, strict=True):
        box = draw_box(random, scenario, question.devices, style) if weight else ()
        for cell, chance in enumerate(box):
            joint[cell] += weight * point[cell % size] * chance
    found: list[Test | Kept] = []
    for _ in range(random.choices((0, 1, 2, 3), (3, 5, 3, 1))[0]):
        found += _test(random, question, joint, style)
    return tuple(found), ()


def _test(random: Random, question: Question, joint: Sequence[Fraction], style: str) -> list[Test]:
    """Return one test, or two that hold a score within a tolerance."""
    scenario, free = question.scenario, question.settings == "free"
    on = random.choices(("conditional", "joint"), (3, 2 if free else 1))[0]
    single = free and on == "conditional" and random.random() < 0.85
    functional = draw_functional(random, question, style, on, single)
    terms = functional.coefficients(scenario)
    several = len({s for _, s in terms}) > 1
    value = _value(question, terms, joint, on)
    if value is None:  # the strategy that was drawn never chooses these settings
        return []
    spread = sum((abs(factor) for factor in terms.values()), Fraction(0))
    slack = spread * share(random, "small").low * random.choice((0, Fraction(1, 50), Fraction(1, 8)))
    if random.random() < 0.12:
        slack = -slack  # beside what the strategy shows, often where nobody can be
    relation = random.choices((">=", "<=", "="), (4, 4, 0 if free and several else 2))[0]
    if relation == "=":
        tolerance = abs(slack) * random.choice((0, 0, 1))
        if tolerance and random.random() < 0.7:
            ends = ((">=", value - tolerance), ("<=", value + tolerance))
            return [Test(functional, sign, exactly(end)) for sign, end in ends]
        return [Test(functional, "=", exactly(value))]
    end = value + (slack if relation == "<=" else -slack)
    return [Test(functional, relation, _written(random, end, relation, style))]


def _written(random: Random, end: Fraction, relation: str, style: str) -> Number:
    """Return a score at an end, exactly, as a decimal on its safe side, or a little beside it with a root."""
    if random.random() < 0.12:
        radicand = random.choice((2, 3, 5, 7))
        factor = Fraction(random.randint(1, 9), random.randint(10, 99))
        root = Fraction(floor(10**6 * float(radicand) ** 0.5), 10**6)
        base = end - factor * (root + (Fraction(1, 10**5) if relation == ">=" else 0))
        return shifted_root(base, factor, radicand)
    if style == "decimal":
        scaled = (ceil if relation == "<=" else floor)(end * DIGITS)
        sign, (whole, part) = "-" * (scaled < 0), divmod(abs(scaled), DIGITS)
        return exactly(f"{sign}{whole}.{part:012d}")
    return exactly(end)


def _value(question: Question, terms: Coefficients, joint: Sequence[Fraction], on: str) -> Fraction | None:
    """Return the score of a joint distribution, None if it conditions on what never happens."""
    outcomes, size = question.scenario.shape
    total = Fraction(0)
    for (o, s), factor in terms.items():
        bottom = Fraction(1)
        if on == "conditional":
            bottom = sum((joint[other * size + s] for other in range(outcomes)), Fraction(0))
            if bottom == 0:
                return None
        total += factor * joint[o * size + s] / bottom
    return total


# ------------------------------------------------------------------ behaviours


def _of_behaviour(
    random: Random, question: Question, style: str
) -> tuple[tuple[Test | Kept, ...], tuple[Number | None, ...]]:
    """Return tests of an observed table without signalling: kept as a whole, or a score of it."""
    scenario = question.scenario
    local = question.devices == "local" and random.random() < 0.8
    box = draw_box(random, scenario, "local" if local else "no-signalling", style)
    table = tuple(map(exactly, box))
    kind = random.choice(("behaviour", "behaviour", "errors", "score"))
    tolerance = exactly(share(random, style).low * random.choice((0, 0, Fraction(1, 100), Fraction(1, 10))))
    family = scenario.family.partition(" ")[0]
    if kind == "errors" and family in ("chsh", "chained"):
        return (Kept("errors", tolerance),), table
    if kind == "score":
        free = question.settings == "free"
        functional = draw_functional(random, question, style, "conditional", single=free)
        size = scenario.shape[1]
        terms = functional.coefficients(scenario)
        score = exactly(sum((f * box[o * size + s] for (o, s), f in terms.items()), Fraction(0)))
        relation = random.choice((">=", "<=", "="))
        return (Test(functional, relation, score, honest=True),), table
    return (Kept("behaviour", tolerance),), _disturbed(random, scenario, table, tolerance.low)


def _disturbed(
    random: Random, scenario: Scenario, table: Sequence[Number], tolerance: Fraction
) -> tuple[Number | None, ...]:
    """Return a table as it is, without some joint settings, or with signalling below the tolerance."""
    found: list[Number | None] = list(table)
    outcomes, settings = scenario.shape
    kind = random.random()
    if kind < 0.15 and settings > 1:
        for s in random.sample(range(settings), random.randint(1, settings - 1)):
            found[s::settings] = [None] * outcomes
    elif kind < 0.4 and tolerance and outcomes > 1:
        s = random.randrange(settings)
        first, second = random.sample(range(outcomes), 2)
        moved = min(table[first * settings + s].low, tolerance * Fraction(random.randint(1, 9), 10))
        for o, change in ((first, -moved), (second, moved)):
            found[o * settings + s] = exactly(table[o * settings + s].low + change)
    return tuple(found)


def draw_box(random: Random, scenario: Scenario, devices: str, style: str) -> boxes.Box:
    """Return a mixture of a few extreme boxes and, sometimes, noise."""
    held = [_deterministic(random, scenario) for _ in range(random.randint(1, 3))]
    if devices == "no-signalling":
        few = (*scenario.settings, *scenario.outcomes) not in MANY_BOXES
        if few:
            held += random.sample(boxes.no_signalling(scenario), min(2, len(boxes.no_signalling(scenario))))
        elif set(scenario.outcomes) == {2}:
            held.append(_parity_box(random, scenario))
    if random.random() < 0.4:
        held.append((Fraction(1, scenario.shape[0]),) * (scenario.shape[0] * scenario.shape[1]))
    weights = mixture(random, len(held), style) if len(held) > 1 else [Fraction(1)]
    return tuple(
        sum((w * chance for w, chance in zip(weights, column, strict=True)), Fraction(0))
        for column in zip(*held, strict=True)
    )


def _deterministic(random: Random, scenario: Scenario) -> boxes.Box:
    functions = [
        [random.randrange(a) for _ in range(x)]
        for a, x in zip(scenario.outcomes, scenario.settings, strict=True)
    ]
    return tuple(
        Fraction(int(all(f[x] == a for f, x, a in zip(functions, settings, outcomes, strict=True))))
        for outcomes in scenario.joint_outcomes
        for settings in scenario.joint_settings
    )


def _parity_box(random: Random, scenario: Scenario) -> boxes.Box:
    """Return a box whose outcomes' parity is a function of all settings, and nothing else is known."""
    parity = {settings: random.randrange(2) for settings in scenario.joint_settings}
    share_of_one = Fraction(2, scenario.shape[0])
    return tuple(
        share_of_one * (sum(outcomes) % 2 == parity[settings])
        for outcomes in scenario.joint_outcomes
        for settings in scenario.joint_settings
    )
