r"""The boxes of an attack: P(o|s) and means of words of tables, answers, states and angles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, TypeAlias

from freerand_opt.checker.asked import Question, joint, split
from freerand_opt.checker.failures import Rejected, Work, product_of_bits
from freerand_opt.checker.numbers import Number, charge, cosine, read_number, sign
from freerand_opt.checker.reading import closed, fraction, integer, integers, items
from freerand_opt.checker.words import Word

MOST_STATES = 64
#: Real and imaginary parts.
Ket: TypeAlias = tuple[list[int], list[int]]


class Box:
    """P(o|s) by joint outcome, at the settings that are asked for."""

    def at(self, s: int) -> dict[int, Number]:
        """Return the probabilities that are not 0."""
        raise NotImplementedError

    def mean(self, word: Word) -> Number:
        """Return the real mean of a word."""
        raise Rejected("attack: means of words are those of deterministic and quantum boxes")


class Deterministic(Box):
    """Each party's outcome is a function of its setting: {"outcomes": [[outcome by setting], ..]}."""

    def __init__(self, raw: Any, q: Question, where: str) -> None:
        closed(raw, where, ("kind", "outcomes"))
        lists = items(raw["outcomes"], where, len(q.settings))
        self.q = q
        self.answers = [
            integers(own, where, 0, d - 1, n) for own, n, d in zip(lists, q.settings, q.outcomes, strict=True)
        ]

    def at(self, s: int) -> dict[int, Number]:
        """Return the one outcome."""
        own = [answers[x] for answers, x in zip(self.answers, split(s, self.q.settings), strict=True)]
        return {joint(own, self.q.outcomes): Fraction(1)}

    def mean(self, word: Word) -> Number:
        """Return the product of the operators' values."""
        value = 1
        for party, number in enumerate(word):
            for x, o in self.q.algebra.words[party][number]:
                answer = self.answers[party][x]
                value *= 1 - 2 * answer if o < 0 else int(answer == o)
        return Fraction(value)


class Table(Box):
    """Any no-signalling box: {"denominator": D, "numerators": [D P(o|s), setting by setting]}."""

    def __init__(self, raw: Any, q: Question, work: Work, where: str) -> None:
        closed(raw, where, ("kind", "denominator", "numerators"))
        self.q, (count, self.width) = q, q.shape
        self.unit = integer(raw["denominator"], where, 1)
        self.values = integers(raw["numerators"], where, 0, self.unit, count * self.width)
        work.spend(count * self.width * (1 + len(q.settings)), where)
        if any(sum(self.values[s * self.width : (s + 1) * self.width]) != self.unit for s in range(count)):
            raise Rejected(f"{where}: probabilities do not sum to 1")
        for party in range(len(q.settings)):
            self._silent(party, where)

    def _silent(self, party: int, where: str) -> None:
        """Raise Rejected if the others' marginal depends on this party's setting."""
        step_s, step_o = prod(self.q.settings[party + 1 :]), prod(self.q.outcomes[party + 1 :])
        n, d = self.q.settings[party], self.q.outcomes[party]
        for o in range(self.width):
            if o // step_o % d == 0:
                chances = (self.values[o + x * step_o :: self.width] for x in range(d))
                others = list(map(sum, zip(*chances, strict=True)))
                if any(x != others[s - s // step_s % n * step_s] for s, x in enumerate(others)):
                    raise Rejected(f"{where}: party {party} signals")

    def at(self, s: int) -> dict[int, Number]:
        """Return the row of a setting."""
        row = self.values[s * self.width : (s + 1) * self.width]
        return {o: Fraction(value, self.unit) for o, value in enumerate(row) if value}


class Quantum(Box):
    """A state, or orthogonal ones that are mixed, and orthogonal vectors, in Gaussian integers.

    {"dimensions", "state", "measurements"[party][setting][outcome] = [vectors]}; an entry is an integer or
    [re, im].
    """

    keys: tuple[str, ...] = ("state",)

    def __init__(self, raw: Any, q: Question, work: Work, where: str) -> None:
        closed(raw, where, ("kind", "dimensions", "measurements", *self.keys))
        self.q, self.work = q, work
        self.sizes = integers(raw["dimensions"], where, 1, 64, len(q.settings))
        listed = items(raw["states"], where) if "states" in raw else [raw["state"]]
        if not 1 <= len(listed) <= MOST_STATES:
            raise Rejected(f"{where}: 1 to {MOST_STATES} states are mixed")
        work.spend(prod(self.sizes), where)
        self.kets = orthogonal(listed, prod(self.sizes), work, f"{where}: states")
        self.norms = [inner(v, v)[0] for v in self.kets]
        parties = items(raw["measurements"], where, len(self.sizes))
        self.known = [
            [self._measurement(own, party, where) for own in items(settings, where, q.settings[party])]
            for party, settings in enumerate(parties)
        ]
        # sums over the vectors of a measurement have the common multiple of their lengths below
        self.units = [[work.weigh_sum(x for *_, x in own) for own in settings] for settings in self.known]
        self._weigh(map(max, self.units))

    def _weigh(self, units: Iterable[int]) -> None:
        """Weigh a denominator: the product of those of measurements, and that of the states."""
        whole = sum(self.norms)
        for unit in units:
            self.work.weigh(whole)
            whole *= unit
        self.work.weigh(whole)

    def _measurement(self, raw: Any, party: int, where: str) -> list[tuple[int, Ket, int]]:
        """Return (outcome, vector, squared length) of an orthogonal basis."""
        size, listed = self.sizes[party], enumerate(items(raw, where, self.q.outcomes[party]))
        pairs = [(o, vector) for o, own in listed for vector in items(own, where)]
        kets = orthogonal([vector for _, vector in pairs], size, self.work, f"{where}: a measurement")
        if len(kets) != size:
            raise Rejected(f"{where}: the projectors of a measurement do not sum to 1")
        return [(o, v, inner(v, v)[0]) for (o, _), v in zip(pairs, kets, strict=True)]

    def at(self, s: int) -> dict[int, Number]:
        """Return the probabilities: contract the states party by party."""
        self.work.spend(4 * len(self.kets) * prod(self.sizes) * max(self.sizes), "quantum box")
        found: dict[int, Number] = {}
        for o, kets, length in self.contracted(s, range(len(self.sizes))):
            square = sum(x * x for ket in kets for (x,) in ket)
            found[o] = found.get(o, Fraction(0)) + Fraction(square, length * sum(self.norms))
        return found

    def contracted(self, s: int, of: Sequence[int]) -> Iterator[tuple[int, list[Ket], int]]:
        """Yield what vectors of some parties' settings leave of the states, with outcome and squared length.

        The joint outcome is that with outcome 0 of the other parties.
        """
        own, held = split(s, self.q.settings), [(0, self.kets, 1)]
        for party in reversed(of):
            # parties behind it are contracted, or are left as they are
            size, rest = (
                self.sizes[party],
                prod(n for p, n in enumerate(self.sizes) if p > party and p not in of),
            )
            step, longer = prod(self.q.outcomes[party + 1 :]), []
            for o, parts, unit in held:
                for out, v, length in self.known[party][own[party]]:
                    left = [_left(v, part, size, rest) for part in parts]
                    longer.append((o + out * step, left, unit * length))
            held = longer
        yield from held

    def mean(self, word: Word) -> Number:
        """Return the real part of <state, word state>; operators act from the last to the first."""
        pairs = enumerate(word)
        letters = [(party, x) for party, n in pairs for x, _ in self.q.algebra.words[party][n]]
        self._weigh(self.units[party][x] for party, x in letters)  # each operator brings its denominator
        total = Fraction(0)
        for state in self.kets:
            held: tuple[list[Any], list[Any]] = state
            for party, number in enumerate(word):
                for x, o in reversed(self.q.algebra.words[party][number]):
                    held = self._applied(held, party, x, o)
            total += inner(state, held)[0]
        return Fraction(total / sum(self.norms))

    def _applied(
        self, ket: tuple[list[Any], list[Any]], party: int, x: int, outcome: int
    ) -> tuple[list[Any], list[Any]]:
        """Return a projector, or an observable (outcome -1), on a vector."""
        rest, size = prod(self.sizes[party + 1 :]), self.sizes[party]
        self.work.spend(8 * len(ket[0]) * size, "quantum box")
        re, im = [Fraction(0)] * len(ket[0]), [Fraction(0)] * len(ket[0])
        for first in range(0, len(re), rest * size):
            for j in range(first, first + rest):
                span = slice(j, j + rest * size, rest)
                for o, (a, b), length in self.known[party][x]:
                    if outcome in (-1, o):
                        share = Fraction(-1 if outcome < 0 and o else 1, length)
                        c, d = (part * share for part in inner((a, b), (ket[0][span], ket[1][span])))
                        for k in range(size):
                            re[j + k * rest] += c * a[k] - d * b[k]
                            im[j + k * rest] += c * b[k] + d * a[k]
        return re, im


def orthogonal(raw: list[Any], size: int, work: Work, where: str) -> list[Ket]:
    """Return vectors that are orthogonal and not 0."""
    found, bits = list[Ket](), 0
    for entries in raw:
        v = read_ket(entries, size, where)
        bits = max(bits, *(x.bit_length() for part in v for x in part))
        work.spend(size * (len(found) + 1) * product_of_bits(bits), where)
        if not inner(v, v)[0] or any(any(inner(v, u)) for u in found):
            raise Rejected(f"{where}: vectors are 0 or not orthogonal")
        found.append(v)
    return found


def read_ket(raw: Any, length: int, where: str) -> Ket:
    """Return a vector of Gaussian integers."""
    pairs = [
        integers(x, where, None, None, 2) if type(x) is list else [integer(x, where), 0]
        for x in items(raw, where, length)
    ]
    return [re for re, _ in pairs], [im for _, im in pairs]


def _left(v: Ket, ket: Ket, size: int, rest: int) -> Ket:
    """Return <v, ket> over a factor of dimension `size` with `rest` dimensions behind it."""
    pairs = [
        inner(v, tuple(part[first + j : first + rest * size : rest] for part in ket))  # type: ignore[arg-type]
        for first in range(0, len(ket[0]), rest * size)
        for j in range(rest)
    ]
    return [re for re, _ in pairs], [im for _, im in pairs]


def inner(v: Ket, u: tuple[list[Any], list[Any]]) -> tuple[Any, Any]:
    """Return <v, u>, antilinear in v."""
    (a, b), (c, d) = v, u
    re = sum(x * y for x, y in zip(a, c, strict=True)) + sum(x * y for x, y in zip(b, d, strict=True))
    im = sum(x * y for x, y in zip(a, d, strict=True)) - sum(x * y for x, y in zip(b, c, strict=True))
    return re, im


class Qubits(Box):
    r"""Two qubits in :math:`\cos\theta|00\rangle + \sin\theta|11\rangle`, observables between Z and X.

    {"state": [cos 2 theta, sin 2 theta], "angles": [by setting of A, by setting of B]}, an angle a fraction
    of pi or [cosine, sine]. Mean of A: cos 2 theta cos alpha; of A B: cos alpha cos beta + sin 2 theta sin
    alpha sin beta.
    """

    def __init__(self, raw: Any, q: Question, work: Work, where: str) -> None:
        closed(raw, where, ("kind", "state", "angles"))
        if q.outcomes != (2, 2):
            raise Rejected(f"{where}: two parties with two outcomes each are needed")
        self.q, self.work = q, work
        self.state = _direction(raw["state"], work, where)[:2]
        lists = items(raw["angles"], where, 2)
        self.angles = [
            [_direction(x, work, where) for x in items(own, where, n)]
            for own, n in zip(lists, q.settings, strict=True)
        ]

    def at(self, s: int) -> dict[int, Number]:
        """Return the probabilities from the means."""
        (a, b, t), (c, d, u) = (own[x] for own, x in zip(self.angles, split(s, self.q.settings), strict=True))
        twist, tie = self.state
        if tie == 1 and t is not None and u is not None:  # then twist is 0
            even, odd = _halves(abs(t - u))
            return {0: even, 1: odd, 2: odd, 3: even}
        charge(self.work, ((a, c), (b, d), (twist, a), (twist, c)), "qubits")
        tied = b * d
        charge(self.work, ((tie, tied),), "qubits")
        both = a * c + tie * tied
        first, second = twist * a, twist * c
        quarter = Fraction(1, 4)
        even, odd = (both + 1) * quarter, (1 - both) * quarter
        found: dict[int, Number] = {}
        for x, y in product((0, 1), repeat=2):
            lean = (first * (1 - 2 * x) + second * (1 - 2 * y)) * quarter
            found[2 * x + y] = (odd if x ^ y else even) + lean
        return found


@lru_cache(maxsize=1 << 12)
def _halves(turn: Fraction) -> tuple[Number, Number]:
    """Return (1 + cos(turn pi))/4 and (1 - cos(turn pi))/4."""
    both = cosine(turn) * Fraction(1, 4)
    return both + Fraction(1, 4), Fraction(1, 4) - both


def _direction(raw: Any, work: Work, where: str) -> tuple[Number, Number, Fraction | None]:
    """Return cosine and sine, from a fraction of pi, which comes third, or two numbers: squares sum to 1."""
    if type(raw) is str:
        turn = fraction(raw, where)
        return cosine(turn), cosine(Fraction(1, 2) - turn), turn
    c, s = (read_number(x, where, work) for x in items(raw, where, 2))
    charge(work, ((c, c), (s, s)), where)
    if sign(c * c + s * s - 1, work) != 0:
        raise Rejected(f"{where}: the squares of a cosine and a sine do not sum to 1")
    return c, s, None
