"""A question as the oracle holds it, and the TOML file that says the same to the library."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tests.oracle import scenario as scenarios
from tests.oracle.number import Number
from tests.oracle.scenario import Coefficients, Scenario
from tests.oracle.source import Source
from tests.oracle.source import toml as source_toml


@dataclass(frozen=True)
class Functional:
    """A functional by name, or by labels with factors; of conditional or of joint probabilities."""

    terms: tuple[tuple[str, Number], ...] = ()
    name: str = ""
    on: str = "conditional"

    def coefficients(self, scenario: Scenario) -> Coefficients:
        if self.name:
            return scenarios.named(scenario, self.name)
        return scenarios.added(scenario, {label: factor.low for label, factor in self.terms})

    def toml(self) -> str:
        """Return the keys."""
        on = f'on = "{self.on}"\n' if self.on != "conditional" else ""
        if self.name:
            return f'functional = "{self.name}"\n{on}'
        inner = ", ".join(f'"{label}" = {factor.toml()}' for label, factor in self.terms)
        return f"terms = {{ {inner} }}\n{on}"


@dataclass(frozen=True)
class Test:
    """A functional's score stands in a relation to a number; `honest` writes it as "observed"."""

    functional: Functional
    relation: str
    score: Number
    honest: bool = False


@dataclass(frozen=True)
class Kept:
    """Every probability (or, of a cycle, every edge's error) of the observed table is kept."""

    what: str
    tolerance: Number


@dataclass(frozen=True)
class Ask:
    """What is asked; `of` as TOML writes it, `values` what it gives for each joint outcome.

    `at` is a joint setting, "average" or "worst".
    """

    quantity: str
    of: str = ""
    values: tuple[int, ...] = ()
    count: int = 0
    at: tuple[int, ...] | str = ""
    functional: Functional | None = None
    extreme: str = "largest"


@dataclass(frozen=True)
class Question:
    """`settings` is "uniform", "free" or the observed probability of each joint setting.

    `table` is the observed behaviour P(o|s), o slowest, where a test keeps it or speaks of it; None stands
    at joint settings that were not observed.
    """

    scenario: Scenario
    source: Source
    settings: str | tuple[Number, ...]
    devices: str
    tests: tuple[Test | Kept, ...]
    ask: Ask
    told: str = "settings"
    level: str = ""
    table: tuple[Number | None, ...] = ()

    @property
    def weights(self) -> tuple[Fraction, ...] | None:
        """Return the observed distribution of settings, None if it is free."""
        if self.settings == "free":
            return None
        size = self.scenario.shape[1]
        if isinstance(self.settings, str):
            return (Fraction(1, size),) * size
        return tuple(number.low for number in self.settings)

    @property
    def rational(self) -> bool:
        """Return whether every score is a rational number."""
        return all(test.score.rational for test in written_out(self))


def written_out(question: Question) -> list[Test]:
    """Return the tests one by one: what is kept becomes a test, or two, of each probability."""
    found: list[Test] = []
    for test in question.tests:
        found += [test] if isinstance(test, Test) else _kept(question, test)
    return found


def _kept(question: Question, kept: Kept) -> list[Test]:
    scenario, slack = question.scenario, kept.tolerance.low
    settings = scenario.shape[1]
    found = []
    if kept.what == "errors":
        for x in scenarios.edges(scenario):
            s = scenario.joint_settings.index(x)
            wrong = {key: value for key, value in scenarios.named(scenario, "chained").items() if key[1] == s}
            score = sum((_chance(question, o, s) for o, _ in wrong), slack)
            found.append(_cell_test(scenario, list(wrong), "<=", score))
        return found
    for place, number in enumerate(question.table):
        if number is None:
            continue
        cell = [divmod(place, settings)]
        if slack == 0:
            found.append(_cell_test(scenario, cell, "=", number.low))
        else:
            found.append(_cell_test(scenario, cell, "<=", number.low + slack))
            found.append(_cell_test(scenario, cell, ">=", number.low - slack))
    return found


def _chance(question: Question, o: int, s: int) -> Fraction:
    number = question.table[o * question.scenario.shape[1] + s]
    assert number is not None
    return number.low


def _cell_test(scenario: Scenario, cells: list[tuple[int, int]], relation: str, score: Fraction) -> Test:
    one = Number("1", Fraction(1), Fraction(1))
    functional = Functional(tuple((scenario.label(o, s), one) for o, s in cells))
    return Test(functional, relation, Number(str(score), score, score))


# ------------------------------------------------------------------ TOML


def toml(question: Question) -> str:
    """Return the question as a file."""
    parts = [question.scenario.toml(), source_toml(question.source, question.scenario)]
    observed = _observed(question)
    if observed:
        parts.append(observed)
    adversary = f'[adversary]\ndevices = "{question.devices}"\n'
    if question.level:
        adversary += f'level = "{question.level}"\n'
    if question.told != "settings":
        adversary += f'told = "{question.told}"\n'
    parts.append(adversary)
    for test in question.tests:
        if isinstance(test, Kept):
            lines = f'keep = "{test.what}"\n'
            lines += f"tolerance = {test.tolerance.toml()}\n" if test.tolerance.low else ""
        else:
            score = '"observed"' if test.honest else test.score.toml()
            lines = f'{test.functional.toml()}relation = "{test.relation}"\nscore = {score}\n'
        parts.append(f"[[test]]\n{lines}")
    parts.append(_ask(question.ask))
    return "\n".join(parts)


def _observed(question: Question) -> str:
    scenario = question.scenario
    lines = []
    if isinstance(question.settings, str):
        if question.settings != "uniform":
            lines.append(f'settings = "{question.settings}"')
    else:
        cells = (
            f'"{scenario.setting_label(s)}" = {number.toml()}'
            for s, number in enumerate(question.settings)
            if number.low
        )
        lines.append(f"settings = {{ {', '.join(cells)} }}")
    if question.table:
        settings = scenario.shape[1]
        cells = (
            f'"{scenario.label(*divmod(place, settings))}" = {number.toml()}'
            for place, number in enumerate(question.table)
            if number is not None and number.low
        )
        lines.append(f"table = {{ {', '.join(cells)} }}")
    return "[observed]\n" + "\n".join(lines) + "\n" if lines else ""


def _ask(ask: Ask) -> str:
    lines = f'[ask]\nquantity = "{ask.quantity}"\n'
    if ask.functional is not None and ask.quantity == "score":
        lines += ask.functional.toml()
        lines += 'extreme = "smallest"\n' if ask.extreme == "smallest" else ""
    if ask.of:
        lines += f"of = {ask.of}\n"
    if ask.at:
        lines += f"at = {list(ask.at)}\n" if isinstance(ask.at, tuple) else f'at = "{ask.at}"\n'
    return lines
