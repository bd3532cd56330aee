r"""Outer polytopes of two-setting, two-outcome quantum devices: proved cuts of the no-signalling polytope.

.. math:: \sum_{z,c} h(c,z)\, q(c|z) \le b \quad\text{for all quantum boxes},

each with a proof of the kernel (sums of squares). Symmetric cuts share one proof, whose words are
relabelled: a setting's observable goes to that of another setting, or to its negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.checker.failures import Work
from freerand_opt.errors import FreerandError, InputError
from freerand_opt.experiment_checker.boxes import Box
from freerand_opt.experiment_checker.document import cut_bound
from freerand_opt.experiment_checker.vertices import Polytope, half_space
from freerand_opt.experiments.oracle import BY_GUESSES
from freerand_opt.experiments.setup import Setup
from freerand_opt.model.problem import Ask, Functional, Point, Problem

Terms = Mapping[tuple[int, int], Fraction]
LEVEL = "1 + A B"
#: Further cuts for runs near the CHSH optimum, in <A0>, <A1>, <B0>, <B1>, <A0 B0>, .., over 64: from a
#: vertex that was left to the nearest point of the level, at V = .99. Any are sound; these certify more.
DIRECTIONS = ((-20, 4, 4, 20, 64, 52, 64, -64), (20, -6, 20, -6, 64, 44, 44, -44))
#: Steps of the exact vertices at most.
WORK = 10**9


@dataclass(frozen=True)
class Cut:
    """Sum of factors times q(c|z) is at most `bound`, by the kernel's proof `upper`."""

    terms: tuple[tuple[int, int, Fraction], ...]
    upper: dict[str, Any]
    bound: Fraction

    def form(self) -> dict[str, Any]:
        """Return the cut as certificates hold it."""
        return {"terms": [[z, c, str(x)] for z, c, x in self.terms], "upper": self.upper}

    @property
    def half_space(self) -> tuple[int, ...]:
        """Return the functional that is >= 0 on what is left."""
        return half_space({(z, c): x for z, c, x in self.terms}, self.bound)


def prove(terms: Terms) -> Cut:
    """Return a cut with the least bound that the level proves; raise FreerandError if none is found."""
    held = _sorted(terms)
    ask = Ask("score", score=Functional("conditional", held))
    problem = Problem((2, 2), (2, 2), Point(None), (Fraction(1, 4),) * 4, "quantum", (), ask)
    size = sum((abs(x) for _, _, x in held), Fraction(0))
    # any bound will do: the first one proved is kept
    pool = corridor(problem, Options(width=size, level=LEVEL))
    if pool.upper is None or pool.bound is None:
        raise FreerandError(f"no bound of a quantum score was proved: {'; '.join(pool.failures[:3])}")
    return derived(held, pool.upper)


def derived(terms: tuple[tuple[int, int, Fraction], ...], upper: dict[str, Any]) -> Cut:
    """Return a cut with the bound that the kernel derives from its proof, whatever the proof was made for."""
    return Cut(terms, upper, cut_bound([[z, c, str(x)] for z, c, x in terms], upper, Work())[1])


def chsh_terms() -> dict[tuple[int, int], Fraction]:
    """Return S = E00 + E01 + E10 - E11."""
    return {
        (z, c): Fraction((1 if c in (0, 3) else -1) * (-1 if z == 3 else 1))
        for z, c in product(range(4), repeat=2)
    }


@dataclass(frozen=True)
class Relabelling:
    """Setting x of A becomes `first[x]`, its outcomes exchanged if `flips[0][x]`; likewise for B."""

    first: tuple[int, int]
    second: tuple[int, int]
    flips: tuple[tuple[int, int], tuple[int, int]]

    def terms(self, cut: Cut) -> tuple[tuple[int, int, Fraction], ...]:
        """Return the terms of the image."""
        found = []
        for z, c, factor in cut.terms:
            (x, y), (a, b) = divmod(z, 2), divmod(c, 2)
            place = 2 * self.first[x] + self.second[y], 2 * (a ^ self.flips[0][x]) + (b ^ self.flips[1][y])
            found.append((*place, factor))
        return tuple(sorted(found))

    def word(self, word: str) -> tuple[str, int]:
        """Return the image of a word of at most one observable of each party, and its sign."""
        sign, names = 1, []
        for name in [] if word == "1" else word.split(" "):
            x, party = int(name[1]), name[0] == "B"
            names.append(f"{name[0]}{(self.second if party else self.first)[x]}")
            sign *= (-1) ** self.flips[party][x]
        return " ".join(names) or "1", sign

    def apply(self, cut: Cut) -> Cut:
        """Return the image of a cut, with its proof; the checker proves it anew from that."""
        proof = cut.upper["proof"]
        images = [self.word(word) for word in proof["words"]]
        signs = [sign for _, sign in images]
        # a block holds the places of words, and a row of integers for each of these words
        labels = [
            {
                **label,
                "last": [
                    [places, [[x * signs[p] for x in row] for p, row in zip(places, rows, strict=True)]]
                    for places, rows in label["last"]
                ],
            }
            for label in proof["labels"]
        ]
        held = {**proof, "words": [word for word, _ in images], "labels": labels}
        return derived(self.terms(cut), {**cut.upper, "proof": held})


def relabellings() -> list[Relabelling]:
    """Return all relabellings of settings and of each setting's outcomes."""
    orders = ((0, 1), (1, 0))
    pairs = ((0, 0), (0, 1), (1, 0), (1, 1))
    return [
        Relabelling(first, second, (own, other))
        for first in orders
        for second in orders
        for own in pairs
        for other in pairs
    ]


def orbit(cut: Cut, keep: Terms | None = None) -> list[Cut]:
    """Return all images of a cut, one for each half-space, under the relabellings that keep a functional."""
    kept = None if keep is None else Cut(_sorted(keep), {}, Fraction(0))
    found: dict[Any, Cut] = {}
    for relabelling in relabellings():
        image = relabelling.terms(cut)
        if image not in found and (kept is None or relabelling.terms(kept) == kept.terms):
            found[image] = relabelling.apply(cut)
    return list(found.values())


def _sorted(terms: Terms) -> tuple[tuple[int, int, Fraction], ...]:
    return tuple(sorted((z, c, x) for (z, c), x in terms.items() if x))


@lru_cache(maxsize=1)
def tsirelson_cuts() -> tuple[Cut, ...]:
    """Return the eight cuts S <= 2 sqrt 2 (rounded up): 80 vertices are left."""
    return tuple(orbit(prove(chsh_terms())))


def direction_terms(direction: Sequence[int]) -> dict[tuple[int, int], Fraction]:
    """Return the functional of <A0>, <A1>, <B0>, <B1>, <A0 B0>, .., <A1 B1>, over 64, in cells."""
    found: dict[tuple[int, int], Fraction] = {}
    places = [(0, 0, None), (2, 0, None), (0, None, 0), (1, None, 0), *((z, 0, 0) for z in range(4))]
    for weight, (z, of_a, of_b) in zip(direction, places, strict=True):
        for c in range(4):
            sign = (-1) ** ((c // 2 if of_a is not None else 0) + (c % 2 if of_b is not None else 0))
            found[z, c] = found.get((z, c), Fraction(0)) + Fraction(sign * weight, 64)
    return found


@lru_cache(maxsize=1)
def sharp_cuts() -> tuple[Cut, ...]:
    """Return also the images of `DIRECTIONS` that keep S."""
    found = list(tsirelson_cuts())
    for direction in DIRECTIONS:
        found += orbit(prove(direction_terms(direction)), keep=chsh_terms())
    return tuple(found)


def polytope(cuts: tuple[Cut, ...]) -> tuple[Box, ...]:
    """Return the vertices of the no-signalling polytope cut so, exactly."""
    found = Polytope(Work(WORK))
    for cut in cuts:
        found.cut(cut.half_space)
    return tuple(found.boxes())


def quantum(setup: Setup, cuts: tuple[Cut, ...] | None = None) -> Setup:
    """Return a setup with quantum devices, taken as the outer polytope of cuts (default: `sharp_cuts`).

    Raise InputError unless two parties have two settings with two outcomes each.
    """
    if (setup.shape.settings, setup.shape.outcomes) != ((2, 2), (2, 2)):
        raise InputError(
            "adversary.devices",
            "quantum devices are covered by cuts for two parties with two settings and two outcomes; "
            f"{BY_GUESSES}, and no-signalling devices hold quantum ones",
        )
    held = sharp_cuts() if cuts is None else cuts
    return setup.devices("quantum", polytope(held), [cut.form() for cut in held])
