r"""A curve: the answer as a function of one number of the question, between two functions that are proved.

*A number of the source* ("?" under epsilon, lower or upper): upper ends are prices that are polynomials
(curve_ends.py), lower ends flows or masses that are, and single attacks, which serve for all larger
values (of lower: smaller), since what an adversary can do grows with epsilon and upper and shrinks with
lower.

*A score or tolerance of the tests* ("?"), *a visibility* (`honest`), *or the x of a path* that is straight
(one party's losses, other noise): they stand on the right side alone, and linearly. So an ordinary proof
bounds by a line, given by its values at the two ends of its interval; and of two attacks the mixture in
proportion passes in between, whose value is the chord's. This is why the answer is concave there (convex:
the smallest score, an entropy). Of an entropy chords in nats are the lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any

from freerand_opt.checker.asked import ENTROPY, Question
from freerand_opt.checker.attack import check_attack
from freerand_opt.checker.bound import check_upper
from freerand_opt.checker.chords import bits_above, by_nodes
from freerand_opt.checker.curve_ends import Part, read_item, read_piece
from freerand_opt.checker.describe import describe
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import Number, largest, sign
from freerand_opt.checker.reading import closed, fraction, get, items
from freerand_opt.checker.varied import Varied
from freerand_opt.checker.varying import VaryingSource

MOST_PARTS = 4096


@dataclass(frozen=True)
class Curve:
    """What was proved of the answer: at most each of `upper`, at least each of `lower` and the attacks.

    `points` are (x, lower, upper) of single certificates, ascending. Lower ends serve upwards and upper ones
    downwards (`direction` 1), or the other way (-1); 0: not monotone, attacks serve in between. `turn` is -1
    if the smallest score is asked for: all values are its negative.
    """

    name: str
    domain: tuple[Fraction, Fraction]
    direction: int
    turn: int
    upper: tuple[Part, ...]
    lower: tuple[Part, ...]
    points: tuple[tuple[Fraction, Number | None, Number | None], ...]
    question: tuple[str, ...]

    def at(self, x: Fraction, work: Work | None = None) -> tuple[Number | None, Number | None]:
        """Return (lower, upper) of the answer at x, None where nothing is proved; raise Rejected outside."""
        low, high = self.domain
        if not low <= x <= high:
            raise Rejected(f"{self.name} = {x} is outside the curve's interval [{low}, {high}]")
        bounds: list[Number] = [value for part in self.upper if (value := part.at(x, work)) is not None]
        served = (self._serves(part, x, work) for part in self.lower)
        reached: list[Number] = [value for value in served if value is not None]
        for place, attained, bound in self.points:
            ahead = (x - place) * self.direction
            if attained is not None and (place == x or ahead > 0):
                reached.append(attained)
            if bound is not None and (place == x or ahead < 0):
                bounds.append(bound)
        below, above = largest(reached, work), largest([-bound for bound in bounds], work)
        if self.turn < 0:
            return above, None if below is None else -below
        return below, None if above is None else -above

    def _serves(self, part: Part, x: Fraction, work: Work | None) -> Number | None:
        """Return the value of a lower end at x; what passes at its last place passes beyond it."""
        last = part.high if self.direction > 0 else part.low
        return part.at(last if self.direction and (x - last) * self.direction > 0 else x, work)


def read_curve(raw: Any, work: Work) -> Curve:
    """Return the curve of {"question", "upper": [..], "lower": [..], "points": [{"at", "attack"}, ..]}."""
    parts = {key: items(raw[key], f"certificate: {key}") for key in ("upper", "lower", "points")}
    if not 1 <= sum(map(len, parts.values())) <= MOST_PARTS:
        raise Unreadable(f"certificate: a curve has 1 to {MOST_PARTS} parts")
    places = [
        fraction(get(part, key), f"certificate: {key}")
        for own, keys in (("upper", ("from", "to")), ("lower", ("from", "to")), ("points", ("at",)))
        for part in parts[own]
        for key in keys
    ]
    domain = min(places), max(places)
    field = _field(raw, work)
    q = field.question(domain[0])
    if q.relations is not None or q.observed is None or q.ask.quantity == "strategy":
        raise Unreadable("curve: the observed settings are stated, and more than existence is asked for")
    if field.moves and q.ask.quantity == ENTROPY and (parts["upper"] or parts["lower"]):
        raise Unreadable("curve: of an entropy's curve in a number of the source all ends are points")
    points = _points(parts["points"], field, q.ask.sign, work)
    if not field.moves and (parts["lower"] or any(bound is not None for *_, bound in points)):
        raise Unreadable("certificate: of a curve in a score lower ends are points, upper ends lines")
    upper, lower = (_parts(kind, parts[kind], field, domain, work) for kind in ("upper", "lower"))
    if not field.moves:
        shown = [(place, value) for place, value, _ in points if value is not None]
        lower = [_chord(a, b, f, g) for (a, f), (b, g) in pairwise(shown)]
    return Curve(
        field.name,
        domain,
        field.direction if field.moves else 0,
        q.ask.sign,
        tuple(upper),
        tuple(lower),
        tuple(points),
        (*_told(q, field, domain[1], work), f"varied: {field.name}, first at {domain[0]}"),
    )


def _told(q: Question, field: Varied, end: Fraction, work: Work) -> list[str]:
    """Return the question in words; of a behaviour that moves (it is straight) at both ends."""
    lines = describe(q, work)
    if field.moves or field.test is not None:
        return lines
    told = describe(field.question(end), work)
    return [*lines, *(f"at {end}: {line}" for line in told if line not in lines)]


def read_part(kind: str, part: Any, raw: Any, domain: tuple[Fraction, Fraction], work: Work) -> Part:
    """Return an upper or lower end, checked, of the curve of {"question", ..} on an interval."""
    return _parts(kind, [part], _field(raw, work), domain, work)[0]


def _parts(
    kind: str, listed: list[Any], field: Varied, domain: tuple[Fraction, Fraction], work: Work
) -> list[Part]:
    if not listed or not field.moves:
        return [_line(part, field, work, f"{kind} end") for part in listed]
    if domain[0] == domain[1]:
        raise Unreadable(f"{kind} end: 'from' is less than 'to'")
    q = field.question(domain[0])
    source = VaryingSource([(x, field.question(x).source) for x in domain])
    read = read_item if kind == "upper" else read_piece
    return [read(part, q, source, work, f"{kind} end") for part in listed]


def _points(
    raw: list[Any], field: Varied, turn: int, work: Work
) -> list[tuple[Fraction, Number | None, Number | None]]:
    """Return (x, what is reached, what bounds) of single certificates."""
    found: list[tuple[Fraction, Number | None, Number | None]] = []
    for k, part in enumerate(raw):
        closed(part, f"points: {k}", ("at", "upper", "attack"))
        place = fraction(part["at"], f"points: {k}")
        if found and place <= found[-1][0]:
            raise Unreadable("points: places ascend, each once")
        if part["upper"] is None and part["attack"] is None:
            raise Unreadable(f"points: {k}: it has neither an upper end nor an attack")
        q = field.question(place)
        bound = None if part["upper"] is None else check_upper(part["upper"], q, work)
        if part["upper"] is not None and bound is None:
            raise Rejected(f"points: {k}: that no strategy passes is no value of a curve")
        reached = None if part["attack"] is None else turn * check_attack(part["attack"], q, work)
        found.append((place, reached, bound))
    return found


def _line(raw: Any, field: Varied, work: Work, where: str) -> Part:
    """Return the line of an ordinary proof: what it shows at both ends of its interval.

    A test that stands at an end of what it can be makes outcomes zero (zeros.py): there may be others at both
    ends of the interval than in between, and some in the middle alone, if no strategy passes at one end. All
    is affine, so what is zero at all three places is zero everywhere.
    """
    closed(raw, where, ("from", "to", "proof"))
    low, high = (fraction(raw[key], f"{where}: {key}") for key in ("from", "to"))
    if low >= high:
        raise Unreadable(f"{where}: 'from' is less than 'to'")
    found = []
    for x in (low, high, (low + high) / 2):
        q = field.question(x)
        proof = raw["proof"] if type(raw["proof"]) is dict else {}
        nodes = q.ask.quantity == ENTROPY and proof.get("claim") == "bound" and "nodes" in proof
        value = by_nodes(proof, q, work) if nodes else check_upper(raw["proof"], q, work)
        if value is None:
            raise Rejected(f"{where}: that no strategy passes is no line")
        found.append(value)
    if sign(2 * found[2] - found[0] - found[1], work) > 0:
        raise Rejected(f"{where}: the bound is no line")
    # nodes are lines in nats, before anything is rounded
    first, last = (bits_above(x) if nodes else x for x in found[:2])
    return _chord(low, high, first, last)


def _chord(low: Fraction, high: Fraction, first: Number, last: Number) -> Part:
    """Return the line with these values at the two ends of its interval."""
    unit = lcm(low.denominator, high.denominator)
    a, b = int(low * unit), int(high * unit)
    return Part(low, high, ((first, (b, -unit)), (last, (-a, unit))), (b - a,))


def _field(raw: Any, work: Work) -> Varied:
    """Return which number is the argument, and the question at each value."""
    more = {key: raw[key] for key in ("honest", "path") if key in raw}
    field = Varied({"question": raw["question"], "crosses": None, **more}, work)
    if field.name == "source bounds":
        raise Unreadable("curve: bounds on average have none yet")
    if field.path is not None and field.degree > 1:
        raise Unreadable("curve: scores along a path are lines, so its entries have at most 2 coefficients")
    return field
