"""A question in which one number varies, and on which side of a claim an end lies.

The number is "?" in the source (epsilon, lower, upper, largest, bounds), in score or tolerance of a test, or
the visibility v of an honest behaviour that is mixed with white noise: scores {"slack": t} stand for
v f(P) + (1 - v) f(noise) + t, and "keep": "?" for the whole behaviour; or the x of a path, a behaviour whose
entries are polynomials in x. What an adversary can do grows with
epsilon, upper, tolerances and scores from above, and shrinks with lower, v and scores from below; it is not
monotone in a score that is kept exactly, and nothing is known of paths (docs/proofs/thresholds.md).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from freerand_opt.checker.asked import Kept, Question, Test
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import (
    Number,
    charge,
    combined,
    denominator,
    read_number,
    readable,
    show,
    sign,
)
from freerand_opt.checker.question import read_question
from freerand_opt.checker.reading import ascending, closed, fraction, get, items
from freerand_opt.checker.scale import ALLOWED, terms_of


class Varied:
    """The field that varies, the claim, and the question at each value."""

    def __init__(self, raw: Any, work: Work) -> None:
        self.raw, self.work = raw["question"], work
        self.known: dict[Fraction, Question] = {}
        self.honest, self.path = (items(raw[key], key) if key in raw else None for key in ("honest", "path"))
        found: set[str] = set()
        _filled(get(self.raw, "source"), "", found)
        moving = self.honest is not None or self.path is not None
        self.test = None if moving else _moving_test(self.raw)
        if moving:
            if found or (self.honest is not None and self.path is not None):
                raise Unreadable("question: either the source or the honest behaviour varies")
            self.name, self.direction = ("visibility", -1) if self.path is None else ("x of the path", 0)
        elif self.test is not None:
            if found:
                raise Unreadable("question: '?' stands at one place")
            self.name = f"{self.test[1]} of test {self.test[0]}"
            relation = self.raw["tests"][self.test[0]].get("relation")
            grows = self.test[1] == "tolerance" or relation == "<="
            self.direction = 1 if grows else -1 if relation == ">=" else 0
        elif len(found) == 1 and found <= {"epsilon", "lower", "upper", "bounds", "largest"}:
            (key,) = found
            self.name, self.direction = f"source {key}", -1 if key == "lower" else 1
        else:
            raise Unreadable(
                "question: one of epsilon, lower, upper, largest, bounds of the source, score and tolerance "
                "of a test, must be '?'"
            )
        self.crosses = self._crosses(raw["crosses"])
        self.monotone = self.direction != 0 and not (self.crosses and self.crosses[0] == "field")
        if not self.monotone:
            self.statement += "; other changes are not excluded"

    @property
    def moves(self) -> bool:
        """Return whether the number is one of the source."""
        return self.honest is None and self.path is None and self.test is None

    def _crosses(self, raw: Any) -> tuple[str, Any] | None:
        """Return None (existence), or what the answer is compared with."""
        if raw is None:
            self.statement = "here a strategy begins or ceases to exist"
            return None
        if type(raw) is dict:
            kind = "field" if "field" in raw else "entropy"
            closed(raw, "crosses", (kind,))
            value = fraction(raw[kind], "crosses", 0)
            words = (
                f"{show(value)} times the field"
                if kind == "field"
                else f"a min-entropy of {show(value)} bits"
            )
            self.statement = f"here the answer passes {words}"
            return kind, value
        number = read_number(raw, "crosses", self.work)
        self.statement = f"here the answer passes {show(number)}"
        return "number", number

    def question(self, place: Fraction) -> Question:
        """Return the question at a value of the field; neighbouring parts of a curve share it."""
        if place not in self.known:
            if len(self.known) > 3:  # a line asks for three places, the next one for its last
                del self.known[next(iter(self.known))]
            self.known[place] = self._question(place)
        return self.known[place]

    def _question(self, place: Fraction) -> Question:
        if self.test is not None:
            k, key = self.test
            tests = list(self.raw["tests"])
            tests[k] = {**tests[k], key: str(place)}
            return read_question({**self.raw, "tests": tests}, self.work)
        if self.honest is None and self.path is None:
            return read_question(
                {**self.raw, "source": _filled(self.raw["source"], str(place), set())}, self.work
            )
        return self._mixed(place)

    def side(
        self, reached: Number | None, bound: Number | None, impossible: bool, place: Fraction, q: Question
    ) -> int:
        """Return 1 if the claim (no strategy, or answer at most c) is proved at an end, -1 if it fails."""
        if self.crosses is None:
            if q.ask.quantity != "strategy":
                raise Unreadable("question: without 'crosses' the existence of a strategy is asked for")
            return 1 if impossible else -1
        if q.ask.quantity == "strategy" or q.ask.sign < 0:
            raise Unreadable("question: a guess or a largest score crosses a number")
        if self.crosses[0] == "entropy" and q.ask.quantity != "guessing-probability":
            raise Unreadable("question: the min-entropy is that of a guessing probability")
        if impossible:
            return 1
        value = reached if bound is None else bound
        assert value is not None
        found = self._compared(value, place)
        if bound is not None and found > 0:
            raise Rejected(f"the bound {show(bound)} is above what it should not pass")
        if bound is None and found <= 0:
            raise Rejected(f"the attack's value {show(value)} does not pass what it should")
        return 1 if bound is not None else -1

    def _compared(self, value: Number, place: Fraction) -> int:
        assert self.crosses is not None
        kind, limit = self.crosses
        if kind == "entropy":  # guess^b against 2^-a
            if limit.denominator > 64 or limit.numerator > 4096:
                raise Unreadable("crosses: an entropy has a denominator of at most 64")
            self.work.weigh(1 << (denominator(value).bit_length() - 1) * limit.denominator)
            power: Number = Fraction(1)
            for _ in range(limit.denominator):
                charge(self.work, ((value, power),), "crosses")
                power = power * value
            return sign(power - Fraction(1, 1 << limit.numerator), self.work)
        return sign(value - (limit * place if kind == "field" else limit), self.work)

    def _mixed(self, x: Fraction) -> Question:
        """Return the question whose scores are those of the behaviour at x."""
        if not 0 <= x <= 1:
            raise Unreadable(f"{self.name}: a value is not in [0, 1]")
        asked = get(self.raw, "ask")
        if type(asked) is not dict or (self.path is None and asked.get("quantity") == "score"):
            raise Rejected("a score that is asked for is not monotone in the visibility")
        table = self._table(x)
        listed = items(self.raw.get("tests"), "question: tests")
        width = len(next(iter(table.values()), []))
        blank = [_blank(test, width) for test in listed]
        q = read_question({**self.raw, "tests": blank}, self.work)
        tests: list[Test | Kept] = []
        for raw, filled, test in zip(listed, blank, q.tests, strict=True):
            if isinstance(test, Kept):
                if raw is filled:
                    raise Unreadable(
                        "question: of a mixed behaviour 'keep' is '?', the honest one stands beside"
                    )
                if not all(s < q.shape[0] and len(row) == q.shape[1] for s, row in table.items()):
                    raise Unreadable("honest: a setting or the length of a row does not fit the question")
                kept = {s: [readable(y) for y in row] for s, row in table.items()}
                tests.append(Kept(kept, test.tolerance))
                continue
            f = test.functional
            if f.on == "moments":
                raise Rejected("conditions on moments are not monotone in the visibility")
            parts: list[tuple[Number, Fraction]] = []
            noise = Fraction(0)
            for (s, o), factor in f.terms.items():
                if s not in table or len(table[s]) != q.shape[1]:
                    raise Unreadable(f"honest: the row of setting {s} is missing or has another length")
                if f.on == "joint":
                    factor = factor * q.weight(s) if q.observed is not None else _no_joint()
                self.work.spend(terms_of(table[s][o]), "honest: scores")
                parts.append((table[s][o], factor))
                noise += factor / q.shape[1]
            tests.append(replace(test, score=self._score(raw, test, combined(parts), noise)))
        return replace(q, tests=tuple(tests))

    @property
    def degree(self) -> int:
        """Return the largest degree of a path's entries, as they are written."""
        return max((len(entry) - 1 for row in self._rows.values() for entry in row), default=0)

    @cached_property
    def _rows(self) -> dict[int, list[list[Number]]]:
        """Return what is given by setting and outcome: an honest probability, or a path's coefficients."""
        rows = {}
        for s, row in ascending(self.honest if self.path is None else self.path, "honest"):
            given = [[y] if self.path is None else items(y, "path") for y in items(row, "honest")]
            if not all(1 <= len(entry) <= 27 for entry in given):
                raise Unreadable("path: an entry has 1 to 27 coefficients")
            rows[s] = [[read_number(y, "honest", self.work) for y in entry] for entry in given]
        return rows

    def _table(self, x: Fraction) -> dict[int, list[Number]]:
        """Return the behaviour at x, by setting."""
        table: dict[int, list[Number]] = {}
        for s, row in self._rows.items():
            lengths = [sum(map(terms_of, entry)) for entry in row]
            if self.path is None:
                noise = (1 - x) * Fraction(1, max(len(row), 1))
                self.work.spend(2 * sum(lengths), "honest")
                table[s] = [y * x + noise for (y,) in row]
            else:
                table[s] = [self._polynomial(*pair, x) for pair in zip(row, lengths, strict=True)]
        return table

    def _polynomial(self, coefficients: list[Number], length: int, x: Fraction) -> Number:
        """Return the value of a polynomial, lowest degree first; its length is that of a power of x."""
        self.work.weigh(1 << (x.denominator.bit_length() - 1) * (len(coefficients) - 1))
        self.work.spend(2 * len(coefficients) * length, "path")
        value: Number = Fraction(0)
        for c in reversed(coefficients):
            value = value * x + c
        return value

    def _score(self, raw: Any, test: Test, score: Number, noise: Fraction) -> Number:
        """Return the score of a test: it is given, or that of the behaviour, and a slack."""
        if type(raw["score"]) is not dict:
            if self.path is None and sign(noise - test.score, self.work) not in ALLOWED[test.relation]:
                raise Rejected("white noise does not pass a test with a given score")
            return test.score
        slack = fraction(closed(raw["score"], "test: score", ("slack",))["slack"], "test: slack")
        if sign(-slack) not in ALLOWED[test.relation]:
            raise Rejected("a slack has the wrong sign")
        return readable(score + slack)


def _blank(test: Any, width: int) -> Any:
    """Return a test with a score in place of a slack, so that its functional can be read."""
    if get(test, "keep") == "?":
        return {**test, "keep": [[0, ["0"] * width]]}
    if type(get(test, "score")) is dict:
        return {**test, "score": "0"}
    return test


def _moving_test(raw: Any) -> tuple[int, str] | None:
    """Return (number of the test, key) where "?" stands among the tests, None if it does not."""
    tests = get(raw, "tests")
    listed = enumerate(tests if type(tests) is list else [])
    places = [(k, key) for k, test in listed for key in ("score", "tolerance") if get(test, key) == "?"]
    if len(places) > 1:
        raise Unreadable("question: '?' stands at one place")
    return places[0] if places else None


def _no_joint() -> Fraction:
    raise Rejected("joint scores of an honest behaviour need observed settings")


def _filled(raw: Any, text: str, found: set[str], key: str = "", depth: int = 0) -> Any:
    """Return JSON with a text for each "?", and collect their keys; {"all": "?"} belongs to the vector's."""
    if depth > 20:
        raise Unreadable("question: source: it is nested too deeply")
    if raw == "?":
        found.add(key)
        return text
    if type(raw) is dict:
        named = ((name, key if name == "all" else name, value) for name, value in raw.items())
        return {name: _filled(value, text, found, own, depth + 1) for name, own, value in named}
    return [_filled(x, text, found, key, depth + 1) for x in raw] if type(raw) is list else raw
