"""A reader and checker of VIPR certificates, written from the format's description only.

It knows nothing of freerand_opt. Of the reasons it accepts `lin`, which is all that a linear
program needs; anything else is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

SENSE = {"L": -1, "E": 0, "G": 1}


class Refused(Exception):
    """The text is not a certificate, or does not prove what it states."""


@dataclass(frozen=True)
class Constraint:
    name: str
    sense: int
    right: Fraction
    left: dict[int, Fraction]

    def holds(self, x: dict[int, Fraction]) -> bool:
        excess = sum((a * x.get(j, Fraction(0)) for j, a in self.left.items()), Fraction(0)) - self.right
        return excess == 0 or (excess > 0) - (excess < 0) == self.sense

    def absurd(self) -> bool:
        return not self.left and not self.holds({})

    def dominates(self, other: Constraint) -> bool:
        if self.absurd():
            return True
        if self.left != other.left or self.sense not in (0, other.sense):
            return False
        gap = self.right - other.right
        return gap == 0 if other.sense == 0 else gap * other.sense >= 0


@dataclass
class Certificate:
    variables: list[str]
    maximise: bool
    objective: dict[int, Fraction]
    constraints: list[Constraint]
    bounds: int
    relation: tuple[str, str] | None = None
    solutions: list[dict[int, Fraction]] = field(default_factory=list)

    @property
    def infeasible(self) -> bool:
        return self.relation is None


class _Tokens:
    def __init__(self, text: str) -> None:
        lines = text.splitlines()
        while lines and lines[0].startswith("%"):
            lines.pop(0)
        self.left = " ".join(lines).split()[::-1]

    def word(self) -> str:
        if not self.left:
            raise Refused("the text ends too early")
        return self.left.pop()

    def expect(self, word: str) -> None:
        found = self.word()
        if found != word:
            raise Refused(f"{word} expected, {found} found")

    def count(self) -> int:
        word = self.word()
        if not word.isdigit():
            raise Refused(f"{word} is not a count or an index")
        return int(word)

    def number(self) -> Fraction:
        word = self.word()
        try:
            return Fraction(word)
        except (ValueError, ZeroDivisionError):
            raise Refused(f"{word} is not a number") from None

    def pairs(self, count: int, below: int) -> dict[int, Fraction]:
        found: dict[int, Fraction] = {}
        for _ in range(count):
            index = self.count()
            if index in found or index >= below:
                raise Refused(f"index {index} twice or out of range")
            found[index] = self.number()
        return {index: value for index, value in found.items() if value}


def check(text: str) -> Certificate:
    """Return what a certificate states, all of it verified; raise Refused."""
    tokens = _Tokens(text)
    tokens.expect("VER")
    if tokens.word() not in ("1.0", "1.1"):
        raise Refused("unknown version")
    found = _problem(tokens)
    _relation(tokens, found)
    _solutions(tokens, found)
    _derivations(tokens, found)
    if tokens.left:
        raise Refused("text after the end")
    return found


def _problem(tokens: _Tokens) -> Certificate:
    tokens.expect("VAR")
    names = [tokens.word() for _ in range(tokens.count())]
    if len(set(names)) != len(names):
        raise Refused("two variables of one name")
    tokens.expect("INT")
    tokens.expect("0")
    tokens.expect("OBJ")
    sense = tokens.word()
    if sense not in ("min", "max"):
        raise Refused("no objective sense")
    objective = tokens.pairs(tokens.count(), len(names))
    tokens.expect("CON")
    count, bounds = tokens.count(), tokens.count()
    found = Certificate(names, sense == "max", objective, [], bounds)
    for place in range(count):
        constraint = _constraint(tokens, found)
        if place < bounds and len(constraint.left) != 1:
            raise Refused("a bound constraint has one variable")
        found.constraints.append(constraint)
    return found


def _constraint(tokens: _Tokens, found: Certificate) -> Constraint:
    name, sense = tokens.word(), tokens.word()
    if sense not in SENSE or name in {c.name for c in found.constraints}:
        raise Refused(f"constraint {name} has no sense or appears twice")
    right = tokens.number()
    word = tokens.word()
    if word == "OBJ":
        return Constraint(name, SENSE[sense], right, found.objective)
    tokens.left.append(word)
    return Constraint(name, SENSE[sense], right, tokens.pairs(tokens.count(), len(found.variables)))


def _relation(tokens: _Tokens, found: Certificate) -> None:
    tokens.expect("RTP")
    kind = tokens.word()
    if kind == "range":
        found.relation = (tokens.word(), tokens.word())
    elif kind != "infeas":
        raise Refused("no relation to prove")


def _solutions(tokens: _Tokens, found: Certificate) -> None:
    tokens.expect("SOL")
    for _ in range(tokens.count()):
        tokens.word()
        x = tokens.pairs(tokens.count(), len(found.variables))
        if not all(constraint.holds(x) for constraint in found.constraints):
            raise Refused("a solution is not feasible")
        found.solutions.append(x)
    if found.relation is None:
        return
    shown = found.relation[0 if found.maximise else 1]
    if shown in ("-inf", "inf"):
        return
    values = [sum(c * x.get(j, Fraction(0)) for j, c in found.objective.items()) for x in found.solutions]
    wanted = Fraction(shown)
    if not any(value >= wanted if found.maximise else value <= wanted for value in values):
        raise Refused("no solution reaches the value stated")


def _derivations(tokens: _Tokens, found: Certificate) -> None:
    known = list(found.constraints)
    tokens.expect("DER")
    for _ in range(tokens.count()):
        stated = _constraint(tokens, found)
        tokens.expect("{")
        tokens.expect("lin")
        weights = tokens.pairs(tokens.count(), len(known))
        tokens.expect("}")
        last = tokens.word()
        if not last.removeprefix("-").isdigit():
            raise Refused("no index after a reason")
        if not _combined(known, weights).dominates(stated):
            raise Refused(f"{stated.name} does not follow")
        known.append(stated)
    last_one = known[-1]
    if found.relation is None:
        if not last_one.absurd():
            raise Refused("no contradiction is derived")
        return
    shown = found.relation[1 if found.maximise else 0]
    if shown in ("-inf", "inf"):
        return
    goal = Constraint("goal", -1 if found.maximise else 1, Fraction(shown), found.objective)
    if not last_one.dominates(goal):
        raise Refused("the range is not derived")


def _combined(known: list[Constraint], weights: dict[int, Fraction]) -> Constraint:
    senses = {known[i].sense * (1 if value > 0 else -1) for i, value in weights.items()} - {0}
    if len(senses) > 1:
        raise Refused("not a suitable combination: the senses differ")
    left: dict[int, Fraction] = {}
    right = Fraction(0)
    for i, value in weights.items():
        right += value * known[i].right
        for j, a in known[i].left.items():
            left[j] = left.get(j, Fraction(0)) + value * a
    return Constraint("combined", senses.pop() if senses else 0, right, {j: a for j, a in left.items() if a})
