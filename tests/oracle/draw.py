"""Random questions: who measures, who chooses, what is observed, tested and asked; one seed a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from random import Random

from tests.oracle import scenario as scenarios
from tests.oracle.number import STYLES, Number, exactly, mixture, share
from tests.oracle.polytope import TooManyRaysError
from tests.oracle.program import optimum, program
from tests.oracle.question import Ask, Functional, Question
from tests.oracle.scenario import Scenario
from tests.oracle.source import ENCODINGS, Point, Source, vertices
from tests.oracle.testing import draw_functional, draw_tests

#: Scenarios with how often they are drawn: (family, or settings and outcomes).
SCENARIOS: tuple[tuple[int, str | tuple[tuple[int, ...], tuple[int, ...]]], ...] = (
    (14, "chsh"),
    (14, ((2, 2), (2, 2))),
    (5, ((2, 4), (2, 2))),
    (2, ((4, 2), (2, 2))),
    (5, ((2, 2), (3, 2))),
    (1, ((2, 2), (3, 3))),
    (2, "cglmp d = 3"),
    (3, ((2, 3), (2, 2))),
    (2, "i3322"),
    (2, "chained N = 2"),
    (2, "chained N = 3"),
    (1, "chained N = 4"),
    (5, "ghz M = 3"),
    (4, ((2, 2, 2), (2, 2, 2))),
    (3, ((2, 1, 2), (2, 2, 2))),
    (2, ((2, 2, 1), (2, 2, 3))),
    (2, ((1, 2), (2, 3))),
    (1, ((2,), (2,))),
    (1, ((2, 2), (2, 1))),
)
#: How often each style of numbers is drawn.
STYLE_WEIGHTS = (3, 4, 2, 2, 2)
#: Questions whose small formulation would have more vertices than this are drawn again.
MAX_VERTICES = 300
#: The worst settings are asked for among so many.
MAX_WORST = 9
#: Outputs of several parties have at most so many values.
MAX_VALUES = 6


def question(seed: int) -> Question:
    """Return the question of a seed."""
    random = Random(seed)
    while True:
        try:
            return _question(random)
        except TooManyRaysError:
            continue


def _question(random: Random) -> Question:
    style = random.choices(STYLES, STYLE_WEIGHTS)[0]
    scenario = _scenario(random)
    source = draw_source(random, scenario, style)
    points = vertices(source, scenario)
    if len(points) > MAX_VERTICES:
        raise TooManyRaysError
    devices = random.choice(("local", "no-signalling"))
    weights, settings = draw_settings(random, scenario, source, points, style)
    told = "nothing" if random.random() < 0.25 else "settings"
    drawn = Question(scenario, source, settings, devices, (), Ask("strategy"), told)
    drawn = replace(drawn, ask=draw_ask(random, drawn, style))
    tests, table = draw_tests(random, drawn, points, weights, style)
    if drawn.ask.quantity == "strategy" and not tests:
        raise TooManyRaysError
    return replace(drawn, tests=tests, table=table)


def _scenario(random: Random) -> Scenario:
    chosen = random.choices([entry for _, entry in SCENARIOS], [often for often, _ in SCENARIOS])[0]
    return scenarios.of_family(chosen) if isinstance(chosen, str) else Scenario(*chosen)


# ------------------------------------------------------------------ sources and settings


def draw_source(random: Random, scenario: Scenario, style: str) -> Source:
    """Return a source that the scenario can have."""
    binary = all(size & (size - 1) == 0 for size in scenario.settings)
    bits = ("santha-vazirani", "santha-vazirani", "santha-vazirani", "mutual", "independent", "mixture")
    kinds = ("uniform", "measurement-dependence", "min-entropy", "inequalities", *(bits if binary else ()))
    kind = random.choice(kinds)
    size, encoding = scenario.shape[1], random.choice(ENCODINGS)
    if kind in ("santha-vazirani", "mutual", "independent"):
        orders = ("interleaved", *(f"{letter} first" for letter in scenario.parties))
        return Source(kind, (_epsilon(random, style),), random.choice(orders), encoding)
    if kind == "mixture":
        parts = [
            Source("uniform")
            if random.random() < 0.4
            else Source("santha-vazirani", (_epsilon(random, style),), bits=random.choice(ENCODINGS))
            for _ in scenario.parties
        ]
        return Source(kind, parts=tuple(parts))
    if kind == "min-entropy":
        return Source(kind, (exactly(random.randint(0, size.bit_length() - 1)),))
    if kind == "measurement-dependence":
        low = share(random, style).low / size if random.random() < 0.8 else Fraction(0)
        high = Fraction(1, size) + (1 - Fraction(1, size)) * share(random, style).low * random.choice(
            (1, Fraction(1, 4))
        )
        return Source(kind, (exactly(low), exactly(high)))
    if kind == "inequalities":
        return Source(kind, rows=_rows(random, size, style))
    return Source("uniform")


def _epsilon(random: Random, style: str) -> Number:
    if random.random() < 0.08:
        return exactly(0)
    if style == "decimal":
        return exactly(f"0.{random.randint(1, 10**17 - 1) * random.randint(1, 4):018d}")
    half = share(random, style).low / 2
    return exactly(half * random.choice((1, Fraction(1, 2), Fraction(1, 5))))


def _rows(random: Random, size: int, style: str) -> tuple[tuple[tuple[Number, ...], str, Number], ...]:
    """Return rows that a distribution drawn first obeys, so that the source is not empty."""
    inside = mixture(random, size, style) if size > 1 else [Fraction(1)]
    rows = []
    for _ in range(random.randint(1, 3)):
        factors = [
            exactly(
                random.randint(-2, 2)
                if style != "coprime"
                else Fraction(random.randint(-99, 99), random.randint(1, 99))
            )
            for _ in range(size)
        ]
        relation = random.choice(("<=", ">="))
        slack = share(random, style).low * random.choice((0, 1, Fraction(1, 5)))
        value = sum((f.low * p for f, p in zip(factors, inside, strict=True)), Fraction(0))
        rows.append((tuple(factors), relation, exactly(value + (slack if relation == "<=" else -slack))))
    return tuple(row for row in rows if any(n.low for n in row[0])) or _rows(random, size, style)


def draw_settings(
    random: Random, scenario: Scenario, source: Source, points: Sequence[Point], style: str
) -> tuple[list[Fraction] | None, str | tuple[Number, ...]]:
    """Return (weights of the vertices that show the observed settings, the settings).

    Once in a while they cannot be shown; then there are no weights.
    """
    size = scenario.shape[1]
    kind = random.choices(("uniform", "stated", "free"), (5, 3, 2))[0]
    if kind == "stated":
        chosen = random.sample(range(len(points)), min(len(points), random.randint(1, 4)))
        shares = mixture(random, len(chosen), style) if len(chosen) > 1 else [Fraction(1)]
        weights = [Fraction(0)] * len(points)
        for place, value in zip(chosen, shares, strict=True):
            weights[place] = value
        seen = mean(points, weights)
        if random.random() < 0.12 and size > 1:
            # elsewhere, mostly where the source cannot be
            a, b = random.sample(range(size), 2)
            moved = seen[a] * share(random, style).low
            seen = [p - moved if s == a else p + moved if s == b else p for s, p in enumerate(seen)]
            return shown(random, points, seen), tuple(map(exactly, seen))
        return weights, tuple(map(exactly, seen))
    if kind == "free":
        here = random.randrange(len(points))
        return [Fraction(int(place == here)) for place in range(len(points))], "free"
    return shown(random, points, [Fraction(1, size)] * size), "uniform"


def mean(points: Sequence[Point], weights: Sequence[Fraction]) -> list[Fraction]:
    """Return the average distribution."""
    held = [(w, p) for w, p in zip(weights, points, strict=True) if w]
    return [sum((w * p[s] for w, p in held), Fraction(0)) for s in range(len(points[0]))]


def shown(random: Random, points: Sequence[Point], seen: Sequence[Fraction]) -> list[Fraction] | None:
    """Return weights of vertices that average to `seen`, extreme ones at random; None if none do."""
    prices = [Fraction(random.randint(-9, 9)) for _ in points]
    rows = [([point[s] for point in points], "=", value) for s, value in enumerate(seen)]
    found = optimum(program(prices, rows))
    if found.value is None:
        return None
    return [found.point.get(place, Fraction(0)) for place in range(len(points))]


# ------------------------------------------------------------------ what is asked


def draw_ask(random: Random, question: Question, style: str) -> Ask:
    """Return what is asked: a guess, a score, or whether there is a strategy."""
    scenario = question.scenario
    kind = random.choices(("guess", "score", "strategy", "sum-of-biases"), (10, 6, 2, 1))[0]
    if kind == "strategy":
        return Ask("strategy")
    if kind == "sum-of-biases" and set(scenario.outcomes) == {2} and question.weights is not None:
        at = random.choice([x for s, x in enumerate(scenario.joint_settings) if question.weights[s]])
        return Ask("sum-of-biases", at=at, functional=_biases(scenario, at))
    if kind == "score":
        on = (
            "joint" if question.settings == "free" else random.choice(("conditional", "conditional", "joint"))
        )
        functional = draw_functional(random, question, style, on)
        return Ask("score", functional=functional, extreme=random.choice(("largest", "smallest")))
    quantity = random.choices(("guessing-probability", "trace-distance", "min-entropy"), (5, 3, 2))[0]
    of, values, count = draw_output(random, scenario)
    usable = [
        x for s, x in enumerate(scenario.joint_settings) if question.weights is None or question.weights[s]
    ]
    whole = len(usable) == scenario.shape[1] <= MAX_WORST
    places: tuple[tuple[int, ...] | str, ...] = (random.choice(usable), "average", "worst")
    at = random.choices(places, (6, 4, int(whole)))[0]
    return Ask(quantity, of=of, values=values, count=count, at=at)


def _biases(scenario: Scenario, at: tuple[int, ...]) -> Functional:
    """Return the sum over the parties of P(0) - P(1) at a joint setting."""
    s = scenario.joint_settings.index(at)
    terms = ((o, sum((-1) ** outcome for outcome in a)) for o, a in enumerate(scenario.joint_outcomes))
    return Functional(tuple((scenario.label(o, s), exactly(factor)) for o, factor in terms if factor))


def draw_output(random: Random, scenario: Scenario) -> tuple[str, tuple[int, ...], int]:
    """Return (TOML of `of`, its value for each joint outcome, the number of values)."""
    joint = scenario.joint_outcomes
    letters = scenario.parties
    kind = random.choices(("one", "several", "parity", "majority", "count", "table"), (8, 2, 2, 1, 1, 1))[0]
    chosen = sorted(random.sample(range(len(letters)), random.randint(1, len(letters))))
    binary = all(scenario.outcomes[party] == 2 for party in chosen)
    named = "[" + ", ".join(f'"{letters[party]}"' for party in chosen) + "]"
    if kind == "several":
        strings = list(product(*(range(scenario.outcomes[party]) for party in chosen)))
        if len(strings) <= MAX_VALUES:
            own = (tuple(a[party] for party in chosen) for a in joint)
            return named, tuple(map(strings.index, own)), len(strings)
    elif kind in ("parity", "majority", "count") and binary:
        ones = [sum(a[party] for party in chosen) for a in joint]
        if kind == "parity":
            return f"{{ parity = {named} }}", tuple(n % 2 for n in ones), 2
        if kind == "majority" and len(chosen) % 2:
            return f"{{ majority = {named} }}", tuple(int(2 * n > len(chosen)) for n in ones), 2
        if kind == "count":
            cycle = [random.randint(0, 2) for _ in range(random.randint(2, 4))]
            cycle[0] = 0
            counted = tuple(cycle[n % len(cycle)] for n in ones)
            return f"{{ count = {named}, values = {cycle} }}", counted, max(cycle) + 1
    elif kind == "table":
        values = tuple(random.randint(0, min(2, len(joint) - 1)) for _ in joint)
        return f"{{ table = {list(values)} }}", values, max(values) + 1
    party = random.randrange(len(letters))
    return f'"{letters[party]}"', tuple(a[party] for a in joint), scenario.outcomes[party]
