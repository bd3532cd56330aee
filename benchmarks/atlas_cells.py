"""What the atlas asks: families, sources, devices, settings and quantities, and the question of a cell.

A score is of the conditional probabilities where settings are uniform. Where they are free, that is any
average of what the source allows, a ratio at several settings is not linear: then each setting has a test of
its own, and the largest score is of the joint probabilities times the number of settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from freerand_opt.errors import TooLargeError
from freerand_opt.model.behaviours.functional import Functional
from freerand_opt.model.problem import Problem
from freerand_opt.model.question import Question
from freerand_opt.model.threshold import Threshold
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.moments import moments_of
from freerand_opt.programs.source_cone import source_cone, vertex_cone

DEVICES = ("local", "quantum", "no-signalling")
SETTINGS = ("uniform", "free")
QUANTITIES = ("score", "guess", "threshold")
#: Quantum cells with more moments take longer than the seconds of a cell.
MOST_MOMENTS = 2400
#: What the guess passes at a critical strength of the source.
CROSSES = "49/50"
TILTED = {"<A0>": "1", "<A0 B0>": "1", "<A0 B1>": "1", "<A1 B0>": "1", "<A1 B1>": "-1"}
MDL = {"P(00|00)": "1/10", "P(01|01)": "-7/10", "P(10|10)": "-7/10", "P(00|11)": "-7/10"}


class Cell(NamedTuple):
    """One cell by its names; `text` is the key of its certificate."""

    family: str
    source: str
    devices: str
    quantity: str
    settings: str

    @property
    def text(self) -> str:
        """Return the names in one line."""
        return " | ".join(self)


@dataclass(frozen=True)
class Family:
    """A scenario, a functional by name or terms, the observed score, whose outcomes are guessed.

    `shares` are the scores of each setting where settings are free; else equal parts of the score.
    """

    scenario: dict[str, Any]
    functional: str | dict[str, str]
    score: str
    shares: tuple[str, ...] = ()

    @property
    def parties(self) -> int:
        """Return how many parties measure."""
        return int(self.scenario.get("M", 2))


_CHSH, _GHZ = {"family": "chsh"}, {"family": "ghz", "M": 3}
FAMILIES = {
    "CHSH": Family(_CHSH, "chsh", "27/10"),
    "tilted CHSH": Family(_CHSH, TILTED, "31/10", ("9/10", "9/10", "13/20", "13/20")),
    "Hardy": Family(_CHSH, "hardy", "1/5", ("21/50", "-11/150", "-11/150", "-11/150")),
    "MDL, l = 1/10": Family(_CHSH, MDL, "1/200", ("1/125", "-1/1000", "-1/1000", "-1/1000")),
    "CGLMP, three outcomes": Family({"family": "cglmp", "d": 3}, "cglmp", "14/5"),
    "Mermin": Family(_GHZ, "mermin", "7/2"),
    "Svetlichny": Family(_GHZ, "svetlichny", "11/2"),
    "neighbour's input": Family(_GHZ, "gyni", "11/10"),
    "Sliwa 4": Family(_GHZ, "sliwa-4", "27/10"),
    "Sliwa 10": Family(_GHZ, "sliwa-10", "5"),
}
#: Sources: a table (numbers in units of 1/n, n joint settings, where they end in /n), which number of it
#: varies, between which values.
SOURCES: dict[str, tuple[dict[str, Any], str, tuple[str, str]]] = {
    "uniform": ({"kind": "uniform"}, "", ("", "")),
    "bits, A first": (
        {"kind": "santha-vazirani", "epsilon": "1/20", "order": "A first"},
        "epsilon",
        ("0", "2/5"),
    ),
    "mutual": ({"kind": "mutual", "epsilon": "1/20"}, "epsilon", ("0", "2/5")),
    "independent": ({"kind": "independent", "epsilon": "1/20"}, "epsilon", ("0", "2/5")),
    "A alone leans": (
        {
            "kind": "mixture",
            "A": {"kind": "santha-vazirani", "epsilon": "1/20"},
            "B": {"kind": "uniform"},
            "C": {"kind": "uniform"},
        },
        "epsilon",
        ("0", "2/5"),
    ),
    "limits": (
        {"kind": "measurement-dependence", "lower": "4/5/n", "upper": "6/5/n"},
        "lower",
        ("0", "1/n"),
    ),
    "upper limit": (
        {"kind": "measurement-dependence", "lower": "0", "upper": "6/5/n"},
        "upper",
        ("1/n", "1"),
    ),
    "relative": (
        {"kind": "relative", "epsilon": "1/10"},
        "",
        ("", ""),
    ),  # both limits move, a critical value has one
    "product": ({"kind": "product", "largest": ["11/20", "11/20", "11/20"]}, "", ("", "")),
    "distance": ({"kind": "on-average", "distance": "1/10"}, "distance", ("0", "3/2")),
    "departure": ({"kind": "on-average", "departure": "1/20"}, "departure", ("0", "3/4")),
    "arbitrary trials": ({"kind": "on-average", "bad": "1/20"}, "bad", ("0", "9/10")),
    "largest": ({"kind": "on-average", "largest": "6/5/n"}, "largest", ("1/n", "1")),
    "information": ({"kind": "on-average", "information": "1/20"}, "information", ("0", "1")),
    "full support": ({"kind": "full-support"}, "", ("", "")),
}


def cells() -> Iterator[Cell]:
    """Yield every cell in the order of the table."""
    for names in product(FAMILIES, SOURCES, DEVICES, QUANTITIES, SETTINGS):
        yield Cell(*names)


def by_cost(cell: Cell) -> tuple[bool, int]:
    """Return what sorts the quick cells before the slow ones."""
    return cell.devices == "quantum", QUANTITIES.index(cell.quantity)


class Untold(Exception):
    """A cell that is not asked; says why."""


def asked(cell: Cell) -> tuple[Question, Threshold | None]:
    """Return a cell's question and what is sought; raise Untold, or InputError for what is no question."""
    family = FAMILIES[cell.family]
    source, number, between = source_of(cell)
    body: dict[str, Any] = {
        "scenario": family.scenario,
        "source": source,
        "observed": {"settings": "uniform" if cell.settings == "uniform" else "unconstrained"},
        "adversary": {"devices": cell.devices},
    }
    if cell.devices == "quantum":
        body["adversary"]["level"] = _level((2,) * family.parties)
    if cell.quantity == "score":
        body["ask"] = {"quantity": "score", **_functional(family, cell.settings)}
        return _within_reach(cell, Question.from_dict(body)), None
    body["test"] = _tests(family, cell.settings)
    body["ask"] = {
        "quantity": "guessing-probability",
        "of": "A" if family.parties == 2 else ["A", "B"],
        "at": [0] * family.parties,
    }
    if cell.quantity == "guess":
        return _within_reach(cell, Question.from_dict(body)), None
    if not number:
        raise Untold("no one number of this source varies")
    if cell.devices == "quantum":
        raise Untold("not sought: about twenty quantum guesses, most of 5 to 30 s each")
    sought: dict[str, Any] = {"of": f"source.{number}", "between": between, "width": "1/1000000"}
    if cell.devices == "local":  # a table by w is known to her: the guess is 1 from where one exists
        body["ask"] = {"quantity": "strategy"}
    else:
        sought["crosses"] = CROSSES
    question = _within_reach(cell, Question.from_dict(body))
    threshold = Threshold(**sought)
    threshold.fit(question)
    return question, threshold


def _within_reach(cell: Cell, question: Question) -> Question:
    """Return a question, or raise Untold where moments are too many."""
    if cell.devices != "quantum":
        return question
    problem = question.problem()
    labels = few_labels(guesses_of(problem))
    points, moments = _points(cell.source, cell.settings, problem), _moments(cell.family, labels, problem)
    if labels * points * moments > MOST_MOMENTS:
        raise Untold(
            f"not sought: {labels} labels x {points} points of the source x {moments} moments, more than "
            f"{MOST_MOMENTS} in all"
        )
    return question


_COUNTS: dict[tuple[object, ...], int] = {}


def _points(source: str, settings: str, problem: Problem) -> int:
    """Return how many vertices a source has, or rows where these are not listed."""
    key = (source, settings, problem.settings)
    if key not in _COUNTS:
        try:
            _COUNTS[key] = vertex_cone(problem).nodes
        except TooLargeError:
            _COUNTS[key] = source_cone(problem).nodes
    return _COUNTS[key]


def _moments(family: str, labels: int, problem: Problem) -> int:
    """Return how many moments a matrix of the level holds."""
    key = (family, labels)
    if key not in _COUNTS:
        _COUNTS[key] = moments_of(problem, _level(problem.settings), labels).space.width
    return _COUNTS[key]


def _level(settings: tuple[int, ...]) -> str:
    return "1 + A B" if len(settings) == 2 else "local 1"


def source_of(cell: Cell) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Return the table of a cell's source, which number varies, and between which values."""
    parties = FAMILIES[cell.family].parties
    found, number, between = SOURCES[cell.source]
    settings = 2**parties
    source = {key: _scaled(value, settings) for key, value in found.items()}
    if parties == 2:
        source.pop("C", None)
    if "largest" in source and isinstance(source["largest"], list):
        source["largest"] = source["largest"][:parties]
    if source["kind"] == "relative" and cell.settings == "free":
        names = [format(s, f"0{parties}b") for s in range(settings)]
        source["around"] = dict.fromkeys(names, f"1/{settings}")
    return source, number, tuple(_scaled(value, settings) for value in between)


def _scaled(value: Any, settings: int) -> Any:
    if not isinstance(value, str) or not value.endswith("/n"):
        return value
    return str(Fraction(value.removesuffix("/n")) / settings)


def _table(family: Family) -> dict[int, dict[str, Fraction]]:
    """Return the coefficients of a functional by setting and label."""
    given = family.functional
    functional = Functional.named(given) if isinstance(given, str) else Functional.from_terms(given)
    scenario = Question.from_dict(
        {
            "scenario": family.scenario,
            "source": {"kind": "uniform"},
            "adversary": {"devices": "local"},
            "ask": {"quantity": "strategy"},
        }
    ).scenario
    found: dict[int, dict[str, Fraction]] = {}
    for s, o, x in functional.resolved(scenario, "atlas").terms:
        outcomes = "".join(map(str, list(scenario.joint_outcomes)[o]))
        label = f"P({outcomes}|{scenario.setting_label(s)})"
        found.setdefault(s, {})[label] = x
    return found


def _functional(family: Family, settings: str) -> dict[str, Any]:
    if settings == "uniform":
        return {"functional": family.functional}
    count = 2**family.parties
    terms = {label: str(x * count) for row in _table(family).values() for label, x in row.items()}
    return {"functional": {"terms": terms, "on": "joint"}}


def _tests(family: Family, settings: str) -> list[dict[str, Any]]:
    """Return the test of the score, or one test a setting where settings are free."""
    if settings == "uniform":
        named = isinstance(family.functional, str)
        form = {"functional" if named else "terms": family.functional}
        return [{**form, "relation": ">=", "score": family.score}]
    table = _table(family)
    equal = (str(Fraction(family.score) / len(table)),) * len(table)
    return [
        {"terms": {label: str(x) for label, x in row.items()}, "relation": ">=", "score": share}
        for row, share in zip(table.values(), family.shares or equal, strict=True)
    ]
