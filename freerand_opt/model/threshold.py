"""The table `threshold`: at which value of a number of the question the answer changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from math import prod
from string import ascii_uppercase
from typing import Annotated, Any

from freerand_opt.errors import InputError
from freerand_opt.model.ask import WORST
from freerand_opt.model.conditions import Test
from freerand_opt.model.observed import Observed
from freerand_opt.model.quantities import SCORE, STRATEGY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.kinds import Kind, either, items, line, number, word
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.table import Table
from freerand_opt.model.tables.text import kind, listed, shown
from freerand_opt.numbers.exact import Exact, compare, text

#: Numbers in which what an adversary can do is monotone: it grows with epsilon and upper, and shrinks with
#: lower, bits and visibility (docs/proofs/thresholds.md); not, in general, with efficiency or other noise.
FIELDS = (
    "source.epsilon",
    "source.lower",
    "source.upper",
    "source.bits",
    "source.distance",
    "source.departure",
    "source.bad",
    "source.largest",
    "source.information",
    "source.joint",
    "observed.visibility",
    "observed.efficiency",
    "observed.efficiency.B",
)
#: Numbers of one test: it grows with tolerances and scores from above, and shrinks with scores from below.
OF_TEST = re.compile(r"(?:test(?:\[\d{1,6}\])?\.(?:score|tolerance)|moment(?:\[\d{1,6}\])?\.bound)", re.ASCII)
#: The number of one party; one of all parties is a field of its own.
OF_PARTY = re.compile(
    r"(?:observed\.efficiency|source\.(?:distance|largest))\.[A-Z]"
    r"|source\.[A-Z]\.(?:epsilon|lower|upper|bits)",
    re.ASCII,
)
_KNOWN = word(*FIELDS, "test.score", "test[0].score", "test.tolerance", "moment.bound")
_FIELD = re.compile(r"\b(?:source\.[A-Z]\.[a-z]+|(?:source|observed)\.[a-z]+(?:\.[A-Z])?)\b")


def _read_field(value: Any, where: str) -> str:
    """Return a known field, or the path of a test's or a party's number."""
    own = isinstance(value, str) and (OF_TEST.fullmatch(value) or OF_PARTY.fullmatch(value))
    return str(value if own else _KNOWN.read(value, where))


_OF = Kind(
    read=_read_field,
    allowed=_KNOWN.allowed,
    need=_KNOWN.need,
    schema={
        "anyOf": [
            _KNOWN.schema,
            {"type": "string", "pattern": f"^(?:{OF_TEST.pattern}|{OF_PARTY.pattern})$"},
        ]
    },
)


class Threshold(Table):
    """Seek where a strategy begins or ceases to exist, or the answer passes a number."""

    of: Annotated[str, _OF, "which number of the question varies"]
    between: Annotated[
        tuple[Fraction, ...],
        items(number(), "a pair of rational numbers", least=2, most=2),
        "the least and the largest value",
    ]
    width: Annotated[Fraction, number(above=Fraction(0)), "how narrow the bracket of the value is sought"] = (
        Fraction(1, 10**6)
    )
    crosses: Annotated[
        Any,
        either(
            "a number, or an expression in numbers of the question",
            text=line("a number"),
            number=number(rational=False),
        ),
        "what the answer passes: a number, or an expression such as source.epsilon/2; without it, existence",
    ] = None

    def check(self) -> None:
        """Raise InputError unless there are two ends in order."""
        if self.between[0] >= self.between[1]:
            ends = listed(map(str, self.between))
            raise self.fault("between", f"{ends}: two rational numbers, first < second, are needed")

    def fit(self, question: Question) -> None:
        """Raise InputError if the question lacks the number or what is crossed, or is not monotone in it."""
        first, last = self.between
        least, most = first, last
        if OF_TEST.fullmatch(self.of):
            question.varied(self.of, first)
        else:
            least, most = _extent(self.of, question)
        open_end = self.of.endswith("epsilon")
        if not least <= first < last <= most or (open_end and last == most):
            below = "<" if open_end else "<="
            raise InputError(
                "threshold.between",
                f"{first}, {last}: two rational numbers {least} <= first < second {below} {most} are needed",
            )
        if question.ask.at == WORST:
            raise InputError("threshold", 'needs fixed settings or "average"; ask.at is "worst"')
        quantity = question.ask.quantity
        if question.ask.row.program == SCORE and question.ask.extreme == "smallest":
            raise InputError("threshold", "of a smallest score is not offered; ask the largest of minus it")
        if (quantity == STRATEGY) != (self.crosses is None):
            needed = (
                "must not be given" if quantity == STRATEGY else "is missing; the number to cross is needed"
            )
            raise InputError("threshold.crosses", f"{needed} (ask.quantity is {quantity})")
        if self.of.startswith("observed."):
            _suits_mixtures(question, self.of)
            if not moves_on_a_path(question, self.of):
                _suits_visibility(question)

    def limit(self, value: Exact, body: Mapping[str, Any]) -> Exact | None:
        """Return the number that the answer passes where the field has a value, None for existence.

        `body` holds the question's tables, whose other numbers an expression may name.
        """
        if not isinstance(self.crosses, str):
            return self.crosses  # type: ignore[no-any-return]

        def put_in(match: re.Match[str]) -> str:
            if match[0] == self.of:
                return f"({text(value)})"
            given: Any = body
            for key in match[0].split("."):
                given = given.get(key) if isinstance(given, Mapping) else None
            if given is None or isinstance(given, Mapping):
                raise InputError(
                    "threshold.crosses",
                    f"{shown(self.crosses)}: the question has no {match[0]}; use a number that it has",
                )
            return f"({text(exact(given, match[0]))})"

        return exact(_FIELD.sub(put_in, self.crosses), "threshold.crosses")


def threshold_of(given: object, question: Question) -> Threshold:
    """Return a question's threshold, from itself or its table; raise InputError for none, or another's."""
    if isinstance(given, Mapping):
        given = Threshold.from_dict(given, "threshold")
    if not isinstance(given, Threshold):
        what = f"{shown(given)} is {kind(given)}"
        raise InputError("threshold", f"{what}; a Threshold, or a table with of and between is needed")
    given.fit(question)
    return given


def _extent(of: str, question: Question) -> tuple[Fraction, Fraction]:
    """Return the least and largest value of a field; raise InputError if the question has none."""
    table, _, path = of.partition(".")
    varying = question.source.varying
    if table == "source" and path not in varying:
        has = f"it has {listed(varying)}" if varying else "it has none"
        raise InputError("threshold.of", f"this source has no {path} that varies; {has}")
    (name,) = (word for word in path.split(".") if not word.isupper())
    (letter,) = [word for word in path.split(".") if word.isupper()] or [""]
    sizes = question.scenario.settings
    settings = sizes[ascii_uppercase.index(letter)] if letter and table == "source" else prod(sizes)
    extents = {
        "epsilon": (Fraction(0), Fraction(1, 2)),
        "lower": (Fraction(0), Fraction(1, settings)),
        "upper": (Fraction(1, settings), Fraction(1)),
        "bits": (Fraction(0), Fraction(settings.bit_length() - 1)),
        "distance": (Fraction(0), Fraction(2)),
        "largest": (Fraction(1, settings), Fraction(1)),
        "information": (Fraction(0), Fraction(settings.bit_length())),
        "joint": (Fraction(1, settings), Fraction(1)),
    }
    return extents.get(name, (Fraction(0), Fraction(1)))


def moves_on_a_path(question: Question, of: str) -> bool:
    """Return whether a field moves the honest behaviour otherwise than towards white noise."""
    seen = question.observed
    return of.startswith("observed.efficiency") or seen.noise is not None or seen.efficiency is not None


def _suits_mixtures(question: Question, of: str) -> None:
    """Raise InputError unless there is an honest behaviour, and it is whole."""
    seen = question.observed
    if not question.is_written_out:
        raise InputError("threshold.of", f"{of} is of questions of at most 8 parties")
    if seen.rows(question.scenario) is None:
        raise InputError("threshold.of", f"{of} needs observed.behaviour, .state or .table to mix")
    if of.startswith("observed.efficiency"):
        _suits_losses(seen, of)
    for table in (seen.table, seen.noise):
        if any(row is None for row in getattr(table, "rows", ())):
            raise InputError(
                "threshold.of", f"{of} needs the whole behaviour, and observed.table has a part of it"
            )
    if question.moments:
        raise InputError("threshold.of", f"{of}: conditions on moments do not follow the behaviour")


def _suits_losses(seen: Observed, of: str) -> None:
    """Raise InputError unless the efficiency that moves is what the question has, and losses are defined."""
    each = seen.efficiency if isinstance(seen.efficiency, tuple) else ()
    party = of.removeprefix("observed.efficiency").removeprefix(".")
    if seen.no_click is None:
        raise InputError("threshold.of", f"{of} needs observed.efficiency (any) and observed.no_click")
    if party and ord(party) - ord("A") >= len(each):
        given = listed(map(str, each)) or str(seen.efficiency)
        raise InputError(
            "threshold.of",
            f"{of} needs observed.efficiency = {{ A = .., B = .. }} with it; the question has {given}",
        )
    if not party and len(set(each)) > 1:
        raise InputError(
            "threshold.of",
            f"{of} is one number for all parties, and the question has {listed(map(str, each))}; "
            f"give one number, or seek that of one party, as {of}.B",
        )


def _suits_visibility(question: Question) -> None:
    """Raise InputError unless white noise passes all given scores."""
    seen, scenario = question.observed, question.scenario
    if question.moments or question.ask.functional is not None:
        raise InputError("threshold.of", "observed.visibility: moments and scores are not monotone in it")
    weights, share = seen.weights(scenario), Fraction(1, scenario.shape[1])
    for k, test in enumerate(question.tests):
        if not isinstance(test, Test) or isinstance(test.score, str):
            continue
        functional = test.functional.resolved(scenario, f"test[{k}]")
        total: Exact = Fraction(0)
        for s, _, factor in functional.terms:
            total = total + factor * share * (weights[s] if functional.on == "joint" and weights else 1)
        order = compare(total, test.score)
        passes = {"<=": order <= 0, ">=": order >= 0, "=": order == 0}[test.relation]
        unknown = functional.on == "moments" or (functional.on == "joint" and weights is None)
        if unknown or not passes:
            raise InputError(
                f"test[{k}]",
                "white noise does not pass this given score, so the answer is not monotone in visibility; "
                'use score = "observed"',
            )
