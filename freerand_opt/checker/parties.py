r"""Many parties with relations: moments, strings, and what is equal among them (docs/kernel.md, section 7).

A *key* says, for each class of parties that can be exchanged, of how many with setting 0 and with setting 1
outcomes are multiplied, and whether all outside ones are (at w) or none (-1). A *string* says, for each
class, how many have (setting, outcome) 00, 01, 10, 11, and of those outside the settings 1 and the parity.

.. math:: P(\text{string}) = 2^{-M} \sum_k \prod_c K(n_{00}, n_{01}; k_0) K(n_{10}, n_{11}; k_1)\, m(k),
   \qquad K(a, b; k) = [z^k] (1+z)^a (1-z)^b
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import comb, lcm, prod
from operator import mul
from typing import Any, TypeAlias

from freerand_opt.checker.asked import Question, split
from freerand_opt.checker.failures import Unreadable, Work
from freerand_opt.checker.guesses import worths_of_many
from freerand_opt.checker.reading import integers
from freerand_opt.checker.vectors import add, over

Key: TypeAlias = tuple[tuple[tuple[int, int], ...], int]
Counts: TypeAlias = tuple[int, int, int, int]
String: TypeAlias = tuple[tuple[Counts, ...], int, int]


class Parties:
    """The classes of a question about relations, its guesses' worths, and its equal moments."""

    def __init__(self, q: Question, work: Work) -> None:
        assert q.relations is not None
        self.q, self.tested, self.work = q, q.relations, work
        self.total = len(q.settings)
        self.at = split(q.ask.at or 0, q.settings)
        self.here = [self.at[p] for p in q.ask.of]
        self.outside = self.total - len(self.here)
        self.worths = worths_of_many(q, self.here, work)
        self.classes = self._classes()
        self.sizes = tuple(len(c) for c in self.classes)
        self.asked = [self.here[c[0]] for c in self.classes]
        self.perfect = not self.tested.violated
        # flipping all outcomes of setting 1 keeps even tests and what is seen at settings 0
        self.even = not any(self.tested.signs[1::2]) and not any(self.here)
        self.groups: dict[tuple[tuple[int, ...], int], dict[int, tuple[int, int]]] = {}
        self.known: dict[Key, tuple[Key, int]] = {}

    def _classes(self) -> list[list[int]]:
        """Each asked party joins the first class with whose first party it can be exchanged."""
        found: dict[int, list[int]] = {}
        for party in range(len(self.here)):
            first = next((one for one in found if self._alike(one, party)), party)
            found.setdefault(first, []).append(party)
        return list(found.values())

    def _alike(self, i: int, j: int) -> bool:
        if self.here[i] != self.here[j]:
            return False
        self.work.spend(sum(len(row) for row in self.worths or []), "classes of parties")
        high, low = (1 << (len(self.here) - 1 - party) for party in (i, j))
        return all(
            row[x | high] is row[x | low] or row[x | high] == row[x | low]
            for row in self.worths or []
            for x in range(len(row))
            if not x & high and not x & low
        )

    def strings(self) -> Iterator[String]:
        """Return all strings."""
        beyond = [(w, r) for w in range(self.outside + 1) for r in (0, 1)] if self.outside else [(0, 0)]
        for inner in product(*(_counts(size) for size in self.sizes)):
            for w, r in beyond:
                yield inner, w, r

    def wrong(self, string: String) -> bool:
        """Return whether a string breaks a relation."""
        inner, w, r = string
        sign = self.tested.signs[w + sum(n[2] + n[3] for n in inner)]
        return sign == (1 if (r + sum(n[1] + n[3] for n in inner)) % 2 else -1)

    def multiplicity(self, string: String) -> int:
        """Return how many settings and outcomes of asked parties, and settings outside, are a string."""
        inner, w, _ = string
        ways = (comb(a + b + c + d, a + b) * comb(a + b, a) * comb(c + d, c) for a, b, c, d in inner)
        return prod(ways) * comb(self.outside, w)

    def chance(self, string: String) -> dict[Key, int]:
        """Return P(string) in representative moments, over 2^(asked parties + 1)."""
        inner, w, r = string
        self.work.spend(4 * prod((n[0] + n[1] + 1) * (n[2] + n[3] + 1) for n in inner), "strings")
        ends = ((-1, 1), (w, 1 - 2 * r)) if self.outside else ((-1, 2),)
        found, known = dict[Key, int](), self.known
        for chosen in product(*(_factors(*n) for n in inner)):
            key, value = tuple([pair for pair, _ in chosen]), prod([x for _, x in chosen])
            for beyond, factor in ends:
                place, sign = known.get((key, beyond)) or self.representative((key, beyond))
                if sign:
                    found[place] = found.get(place, 0) + value * factor * sign
        return found

    def chances(self, moments: dict[Key, int]) -> Iterator[tuple[String, int]]:
        """Return all strings and 2^(asked parties + 1) P(string), from all moments."""
        return self._chances((), {(*inner, beyond): value for (inner, beyond), value in moments.items()})

    def _chances(self, done: tuple[Counts, ...], moments: dict[Any, int]) -> Iterator[tuple[String, int]]:
        """Sum over the keys of one class after another, and of its parties at setting 1 first."""
        if len(done) == len(self.sizes):
            for w, r in product(range(self.outside + 1), (0, 1)) if self.outside else [(0, 0)]:
                more = (1 - 2 * r) * moments[w,] if self.outside else moments[-1,]
                yield (done, w, r), moments[-1,] + more
            return
        size = self.sizes[len(done)]
        tables: dict[Any, list[list[int]]] = {}
        for ((k, j), *rest), value in moments.items():
            key = tuple(rest)
            if key not in tables:
                tables[key] = [[0] * (size + 1 - k) for k in range(size + 1)]
            tables[key][k][j] = value
        for c, d in ((ones - d, d) for ones in range(size + 1) for d in range(ones + 1)):
            self.work.spend(2 * len(moments) * (size + 1), "strings")
            left, powers = size - c - d, _powers(c, d)
            half = {
                key: [sum(map(mul, powers, row)) for row in rows[: left + 1]] for key, rows in tables.items()
            }
            for b in range(left + 1):
                powers = _powers(left - b, b)
                below = {key: sum(map(mul, powers, row)) for key, row in half.items()}
                yield from self._chances((*done, (left - b, b, c, d)), below)

    def worth(self, label: int) -> dict[Key, Fraction]:
        """Return a guess's worth at the settings asked for, in representative moments."""
        found: dict[Key, Fraction] = {}
        if self.worths is None:  # the sum of biases
            for c, size in enumerate(self.sizes):
                one = tuple(
                    ((0, 1) if self.asked[c] else (1, 0)) if d == c else (0, 0)
                    for d in range(len(self.sizes))
                )
                place, sign = self.representative((one, -1))
                found[place] = found.get(place, Fraction(0)) + size * sign
            return found
        row, total = self.worths[label], dict[Key, int]()
        unit = lcm(*(x.denominator for x in row))
        for ones in product(*(range(size + 1) for size in self.sizes)):
            x = 0
            for members, n in zip(self.classes, ones, strict=True):
                x |= sum(1 << (len(self.here) - 1 - party) for party in members[:n])
            value = over(row[x], unit) * prod(map(comb, self.sizes, ones))
            inner = tuple(
                (0, 0, size - n, n) if a else (size - n, n, 0, 0)
                for size, n, a in zip(self.sizes, ones, self.asked, strict=True)
            )
            for r in (0, 1) if self.outside and value else (0,) if value else ():
                add(total, self.chance((inner, 0, r)), value)
        return {key: Fraction(x, unit << (len(self.here) + 1)) for key, x in total.items()}

    def representative(self, key: Key) -> tuple[Key, int]:
        """Return a moment that is equal up to a sign, and the sign (0: the moment vanishes)."""
        if key not in self.known:
            self.known[key] = self._representative(key)
        return self.known[key]

    def _representative(self, key: Key) -> tuple[Key, int]:
        inner, beyond = key
        ones = sum(j for _, j in inner) + max(beyond, 0)
        if self.even and ones % 2:
            return key, 0
        if not self.perfect:
            return key, 1
        sizes, flag = tuple(k + j for k, j in inner), int(beyond >= 0)
        # with nobody outside, "all" and "none" of them are the same
        other = tuple(n - k for n, k in zip(self.sizes, sizes, strict=True)), 1 - flag if self.outside else 0
        first = min((sizes, flag), other)
        if first not in self.groups:
            self.groups[first] = self._group(first, max((sizes, flag), other))
        side = 0 if (sizes, flag) == first else 1
        root, sign = self.groups[first].get(
            2 * ones + (0 if first == max((sizes, flag), other) else side), (-1, 1)
        )
        if root < 0:
            return key, sign
        chosen, least = (first if root % 2 == 0 else max((sizes, flag), other)), root // 2
        return _spread(chosen[0], chosen[1], least, self.outside), sign

    def _group(
        self, one: tuple[tuple[int, ...], int], two: tuple[tuple[int, ...], int]
    ) -> dict[int, tuple[int, int]]:
        """Join the moments of two complementary sets of parties by their number of settings 1.

        Node 2 t + side stands for all moments of that side with t ones; return {node: (root, sign)}, sign 0
        where m = -m; nodes that no relation reaches are left out.
        """
        counts = [sum(sizes) + self.outside * flag for sizes, flag in (one, two)]
        self.work.spend((counts[0] + 1) * (counts[1] + 1), "moments")
        same = one == two
        near: dict[int, list[tuple[int, int]]] = {}
        for t in range(counts[0] + 1):
            for u in range(counts[1] + 1):
                sign = self.tested.signs[t + u]
                if sign:
                    a, b = 2 * t, 2 * u + (0 if same else 1)
                    near.setdefault(a, []).append((b, sign))
                    near.setdefault(b, []).append((a, sign))
        found: dict[int, tuple[int, int]] = {}
        for root in sorted(near):
            if root in found:
                continue
            found[root], rest, broken = (root, 1), [root], False
            for node in rest:
                for other, sign in near[node]:
                    wanted = found[node][1] * sign
                    if other not in found:
                        found[other] = root, wanted
                        rest.append(other)
                    broken = broken or found[other][1] != wanted
            if broken:
                found.update(dict.fromkeys(rest, (root, 0)))
        return found

    @property
    def one(self) -> Key:
        """Return the key of the empty product."""
        return ((0, 0),) * len(self.sizes), -1

    def key(self, raw: Any, where: str) -> Key:
        """Return the key of a flat list: counts of setting 0 and setting 1 by class, then w or -1."""
        numbers = integers(raw, where, -1, None, 2 * len(self.sizes) + 1)
        inner = tuple((numbers[k], numbers[k + 1]) for k in range(0, len(numbers) - 1, 2))
        fits = all(min(k, j) >= 0 and k + j <= n for (k, j), n in zip(inner, self.sizes, strict=True))
        if not fits or numbers[-1] > (self.outside or -1):
            raise Unreadable(f"{where}: counts do not fit the classes of parties")
        return inner, numbers[-1]

    def every_key(self) -> Iterator[Key]:
        """Return all keys."""
        self.work.spend(8 * prod((n + 1) * (n + 2) // 2 for n in self.sizes) * (self.outside + 2), "moments")
        for inner in product(*(_pairs(size) for size in self.sizes)):
            for beyond in range(-1, self.outside + 1 if self.outside else 0):
                yield inner, beyond

    def observed(self, key: Key) -> int:
        """Return the GHZ state's mean: 0 but for no party, and for all parties at a tested weight."""
        inner, beyond = key
        if self.is_one(key):
            return 1
        if any(k + j < n for (k, j), n in zip(inner, self.sizes, strict=True)) or (
            self.outside and beyond < 0
        ):
            return 0
        return self.tested.signs[sum(j for _, j in inner) + max(beyond, 0)]

    def is_one(self, key: Key) -> bool:
        """Return whether a key is the empty product."""
        return key[1] < 0 and not any(k or j for k, j in key[0])


def parties_of(q: Question, work: Work) -> Parties:
    """Return the parties of a question, for both of its ends."""
    if "parties" not in q.made:
        q.made["parties"] = Parties(q, work)
    return q.made["parties"]  # type: ignore[no-any-return]


def _spread(sizes: tuple[int, ...], flag: int, ones: int, outside: int) -> Key:
    """Return the key of these sizes with the ones as early as possible, outside last."""
    inner = []
    for n in sizes:
        j = min(n, ones)
        inner.append((n - j, j))
        ones -= j
    return tuple(inner), ones if flag and outside else -1


@lru_cache(maxsize=1 << 16)
def _powers(a: int, b: int) -> tuple[int, ...]:
    """Return the coefficients of (1+z)^a (1-z)^b."""
    return tuple(
        sum((-1) ** j * comb(b, j) * comb(a, k - j) for j in range(max(0, k - a), min(b, k) + 1))
        for k in range(a + b + 1)
    )


@lru_cache(maxsize=1 << 16)
def _factors(a: int, b: int, c: int, d: int) -> tuple[tuple[tuple[int, int], int], ...]:
    """Return ((k, j), K(a, b; k) K(c, d; j)) where it is not 0."""
    second = _powers(c, d)
    return tuple(((k, j), x * y) for k, x in enumerate(_powers(a, b)) if x for j, y in enumerate(second) if y)


def _pairs(size: int) -> list[tuple[int, int]]:
    return [(k, j) for k in range(size + 1) for j in range(size + 1 - k)]


def _counts(size: int) -> list[Counts]:
    some = range(size + 1)
    return [(a, b, c, size - a - b - c) for a in some for b in some for c in some if a + b + c <= size]
