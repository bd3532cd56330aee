"""Behaviours p[o, s] = P(o|s), exact: the known ones by name, tables, and their defects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from freerand_opt.model.functional import Functional, mermin_sign
from freerand_opt.model.scenario import Scenario, cycle
from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import Exact, cos_pi, sign, sqrt, text


@dataclass(frozen=True)
class Behaviour:
    """Conditional probabilities: `table[o][s]`, joint outcome o, joint setting s; exact.

    At the joint settings that are `missing` nothing is known, and the entries mean nothing. `signals`
    says how a table of frequencies signals; it is empty for behaviours that do not.
    """

    scenario: Scenario
    table: tuple[tuple[Exact, ...], ...]
    missing: frozenset[int] = frozenset()
    signals: str = ""

    def _repr_html_(self) -> str:
        """Return what a notebook shows: P(outcomes|settings), a row for each joint outcome."""
        settings = self.scenario.joint_settings[: markup.MOST + 1]
        head = ["P(outcomes|settings)", *("".join(map(str, joint)) for joint in settings)]
        rows = (
            ["".join(map(str, joint)), *(text(value) for value in row[: markup.MOST + 1])]
            for joint, row in zip(self.scenario.joint_outcomes, self.table, strict=True)
        )
        return markup.table(head, rows)


def from_function(
    scenario: Scenario, probability: Callable[[tuple[int, ...], tuple[int, ...]], Exact]
) -> Behaviour:
    """Return the behaviour with P(outcomes|settings) = probability(outcomes, settings)."""
    table = tuple(
        tuple(probability(outcomes, settings) for settings in scenario.joint_settings)
        for outcomes in scenario.joint_outcomes
    )
    return Behaviour(scenario, table)


@lru_cache(maxsize=16)
def quantum(scenario: Scenario) -> Behaviour:
    """Return the quantum behaviour for which the family is known.

    Chained: P(X != Y|a, b) = sin^2((alpha - beta)/2) with alpha = pi A/2N (arXiv:1105.3195, S3);
    CHSH: all four correlators of size 1/sqrt 2; GHZ: the M-party state with x and y measurements.
    """
    if scenario.family == "chained":
        return _chained(scenario)
    if scenario.family == "chsh":
        root = sqrt(Fraction(1, 2))

        def chsh_probability(outcomes: tuple[int, ...], settings: tuple[int, ...]) -> Exact:
            wins = (outcomes[0] + outcomes[1] + settings[0] * settings[1]) % 2 == 0
            return (1 + root) / 4 if wins else (1 - root) / 4

        return from_function(scenario, chsh_probability)
    if scenario.family == "ghz":
        parties = len(scenario.settings)

        def ghz_probability(outcomes: tuple[int, ...], settings: tuple[int, ...]) -> Exact:
            return Fraction(1 + mermin_sign(settings) * (-1) ** sum(outcomes), 2**parties)

        return from_function(scenario, ghz_probability)
    raise ValueError(
        "a quantum behaviour is known by name for the families chained, chsh and ghz; give a table"
    )


def _chained(scenario: Scenario) -> Behaviour:
    """Return P = (1 + cos(k pi/2N))/4 for equal outcomes, k = 2a - 2b - 1, one object for each k."""
    n = scenario.settings[0]
    same = [(1 + cos_pi(Fraction(k, 2 * n))) / 4 for k in range(1 - 2 * n, 2 * n)]
    rows = []
    for values in (same, [Fraction(1, 2) - value for value in same]):
        # at setting a of the first party k falls by 2 from one setting of the second to the next
        starts = range(2 * n - 2, 4 * n - 2, 2)
        rows.append(tuple(value for start in starts for value in values[start::-2][:n]))
    equal, other = rows
    return Behaviour(scenario, (equal, other, other, equal))


def white_noise(scenario: Scenario) -> Behaviour:
    """Return the behaviour with all outcomes equally likely at every setting."""
    share = Fraction(1, scenario.shape[0])
    return from_function(scenario, lambda outcomes, settings: share)


def pr_box(scenario: Scenario) -> Behaviour:
    """Return the no-signalling box without errors on the edges of the chained or CHSH game."""
    game = cycle(scenario)
    if game is None:
        raise ValueError("a PR box needs the family chsh or chained")
    parity = {(a, b): bit for a, b, bit in game.edges}

    def probability(outcomes: tuple[int, ...], settings: tuple[int, ...]) -> Exact:
        agrees = outcomes[0] ^ outcomes[1] == parity.get((settings[0], settings[1]), 0)
        return Fraction(int(agrees), 2)

    return from_function(scenario, probability)


def hardy(scenario: Scenario) -> Behaviour:
    """Return the quantum behaviour with the largest Hardy probability P(00|00) = (5 sqrt 5 - 11)/2.

    P(01|01) = P(10|10) = P(00|11) = 0 (Hardy, PRL 71, 1665 (1993)); see `_hardy`.
    """
    root = sqrt(Fraction(5))
    return _hardy(scenario, (3 - root) / 2, root - 2, (5 * root - 11) / 2)


def hardy_twelfth(scenario: Scenario) -> Behaviour:
    """Return the rational quantum behaviour with P(00|00) = 1/12 and Hardy's zeros (arXiv:1407.5634)."""
    return _hardy(scenario, Fraction(1, 3), Fraction(1, 6), Fraction(1, 12))


def _hardy(scenario: Scenario, a: Exact, single: Exact, both: Exact) -> Behaviour:
    r"""Return the behaviour of sqrt(a)(|01> + |10>) + sqrt(1-2a)|11>, measured at 1 in this basis.

    At setting 0 the vector of outcome 0 is proportional to sqrt(1-2a)|0> - sqrt(a)|1>; then
    P(X=0) is single = a^2/(1-a), and P(00|00) is both = a^2 (1-2a)/(1-a)^2.
    """
    if (scenario.settings, scenario.outcomes) != ((2, 2), (2, 2)):
        raise ValueError("Hardy's behaviours need two parties with two settings and two outcomes")
    none = Fraction(0)
    tables = {
        (0, 0): (both, single - both, single - both, 1 - 2 * single + both),
        (0, 1): (single, none, a - single, 1 - a),
        (1, 0): (single, a - single, none, 1 - a),
        (1, 1): (none, a, a, 1 - 2 * a),
    }
    return from_function(scenario, lambda o, s: tables[s[0], s[1]][2 * o[0] + o[1]])


NAMED: dict[str, Callable[[Scenario], Behaviour]] = {
    "quantum": quantum,
    "white-noise": white_noise,
    "pr-box": pr_box,
    "hardy": hardy,
    "hardy-twelfth": hardy_twelfth,
}


def mixed(first: Behaviour, second: Behaviour, weight: Exact) -> Behaviour:
    """Return weight * first + (1 - weight) * second."""
    known: dict[tuple[int, int], Exact] = {}

    def mix(p: Exact, q: Exact) -> Exact:
        # a table shares the objects of its few distinct values
        key = (id(p), id(q))
        if key not in known:
            known[key] = weight * p + (1 - weight) * q
        return known[key]

    table = tuple(
        tuple(mix(p, q) for p, q in zip(row, row_2, strict=True))
        for row, row_2 in zip(first.table, second.table, strict=True)
    )
    return Behaviour(first.scenario, table, first.missing | second.missing)


def score(functional: Functional, behaviour: Behaviour) -> Exact:
    """Return the value of a conditional functional on a behaviour, exactly; ValueError if that is unknown."""
    unknown = functional.settings() & behaviour.missing
    if unknown:
        labels = ", ".join(map(behaviour.scenario.setting_label, sorted(unknown)[:4]))
        raise ValueError(f"the table says nothing of settings {labels}, which this score needs")
    # a table shares the objects of its few distinct values, so factors are added first
    shares: dict[int, tuple[Exact, Fraction]] = {}
    for o, s, factor in functional.terms:
        p = behaviour.table[o][s]
        shares[id(p)] = (p, shares[id(p)][1] + factor if id(p) in shares else factor)
    total: Exact = Fraction(0)
    for p, factor in shares.values():
        total = total + p * factor
    return total


def defect(behaviour: Behaviour) -> str | None:
    """Return in words why a table is no no-signalling behaviour (how much, where), or None."""
    return improper(behaviour) or signalling(behaviour)


def improper(behaviour: Behaviour) -> str | None:
    """Return in words where a table's entries are no probabilities, or None."""
    scenario = behaviour.scenario
    for s in range(scenario.shape[1]):
        if s in behaviour.missing:
            continue
        for o in range(scenario.shape[0]):
            if sign(behaviour.table[o][s]) < 0:
                return f"{scenario.label(o, s)} = {behaviour.table[o][s]} is negative"
        total = sum((row[s] for row in behaviour.table), start=Fraction(0))
        if sign(total - 1) != 0:
            return f"the outcomes at settings {scenario.setting_label(s)} sum to {total}, not to 1"
    return None


def signalling(behaviour: Behaviour) -> str | None:
    """Return in words the largest change of the others' marginal with one party's setting, or None."""
    scenario = behaviour.scenario
    worst: tuple[float, str] | None = None
    for party, letter in enumerate(scenario.parties):
        marginals: dict[tuple[tuple[int, ...], tuple[int, ...], int], Exact] = {}
        first: dict[tuple[int, ...], int] = {}  # the first setting that is known, given the others'
        for s, settings in enumerate(scenario.joint_settings):
            if s in behaviour.missing:
                continue
            others = settings[:party] + settings[party + 1 :]
            first.setdefault(others, settings[party])
            for o, outcomes in enumerate(scenario.joint_outcomes):
                rest = outcomes[:party] + outcomes[party + 1 :]
                key = (rest, others, settings[party])
                marginals[key] = marginals.get(key, Fraction(0)) + behaviour.table[o][s]
        for (rest, others, setting), value in marginals.items():
            difference = value - marginals[rest, others, first[others]]
            size = abs(float(difference))
            if (worst is None or size > worst[0]) and sign(difference) != 0:
                names = scenario.parties.replace(letter, "")
                worst = (
                    size,
                    f"it signals: P({_list(names, rest)}) at settings {_list(names, others)} "
                    f"changes by {difference} "
                    f"when {letter} measures {setting} instead of {first[others]}",
                )
    return None if worst is None else worst[1]


def _list(names: str, values: tuple[int, ...]) -> str:
    return ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
