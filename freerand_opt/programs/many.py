r"""No-signalling programs of M parties with GHZ relations, in coordinates of orbits.

The parties of the output fall into classes that can be exchanged; the others act as one party whose
input is the number w of their settings 1 and whose output is the parity r of their outcomes. A column
is the probability of an orbit, at any one of its settings strings, that guess g was announced:

.. math:: x_g(n, w, r) = P(g, \text{outcomes in the orbit} \mid \text{settings}),

n_c(a, b) the number of parties of class c with setting a and outcome b. Derivation, and why the answer
is that of the full program: docs/proofs/ghz-orbits.md. The order of rows and columns is part of the
certificate format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import comb, gcd, prod
from typing import TypeAlias

from freerand_opt.errors import TooLargeError
from freerand_opt.model.functional import mermin_sign
from freerand_opt.model.question import Question
from freerand_opt.model.source import SanthaVazirani
from freerand_opt.programs.program import (
    MAX_ENTRY,
    ConicProgram,
    Labels,
    Rows,
    conic_program,
    constant,
    integer_rows,
    vector,
)
from freerand_opt.programs.worths import Worths, party_worths

#: (n00, n01, n10, n11): how many parties of a class have setting a and outcome b.
Counts: TypeAlias = tuple[int, int, int, int]
#: Programs with more columns than this are not written down.
MAX_COLUMNS = 2**17


@dataclass(frozen=True)
class Orbits:
    """The orbits of joint settings and outcomes: classes by size, and the parties outside them."""

    sizes: tuple[int, ...]
    outside: int

    @cached_property
    def states(self) -> tuple[tuple[Counts, ...], ...]:
        """Return the counts that each class can have, in order."""
        return tuple(tuple(counts(size)) for size in self.sizes)

    @cached_property
    def places(self) -> tuple[dict[Counts, int], ...]:
        """Return the place of each class's counts among its `states`."""
        return tuple({state: place for place, state in enumerate(each)} for each in self.states)

    @property
    def far(self) -> int:
        """Return the number of states (w, r) of the parties outside."""
        return 2 * (self.outside + 1) if self.outside else 1

    @property
    def count(self) -> int:
        """Return the number of orbits."""
        return prod(comb(size + 3, 3) for size in self.sizes) * self.far

    def column(self, inside: Sequence[Counts], w: int, r: int) -> int:
        """Return the place of an orbit: classes in order, the first slowest, then w, then r."""
        place = 0
        for own, places in zip(inside, self.places, strict=True):
            place = place * len(places) + places[own]
        return place * self.far + (2 * w + r if self.outside else 0)

    def far_states(self) -> list[tuple[int, int]]:
        """Return (w, r) in order."""
        return [(w, r) for w in range(self.outside + 1) for r in (0, 1)] if self.outside else [(0, 0)]


@dataclass(frozen=True, eq=False)
class OrbitBoxes:
    """Columns (guess label, orbit): one subnormalised box for each label. `labels` counts them."""

    program: ConicProgram
    orbits: Orbits
    labels: int


def counts(size: int) -> Iterator[Counts]:
    """Yield all (n00, n01, n10, n11) that sum to `size`, in lexicographic order."""
    for a in range(size + 1):
        for b in range(size + 1 - a):
            for c in range(size + 1 - a - b):
                yield a, b, c, size - a - b - c


def exchangeable(worths: Worths, settings: Sequence[int]) -> list[list[int]]:
    """Return the classes of the output's parties that can be exchanged, by their places.

    Two can if they have the same setting and exchanging their outcomes changes no guess's worth.
    """
    classes: list[list[int]] = []
    for party in range(len(settings)):
        for own in classes:
            if settings[own[0]] == settings[party] and _swaps(worths, len(settings), own[0], party):
                own.append(party)
                break
        else:
            classes.append([party])
    return classes


def _swaps(worths: Worths, parties: int, i: int, j: int) -> bool:
    low, high = 1 << (parties - 1 - i), 1 << (parties - 1 - j)
    return all(
        row[x] == row[x ^ low ^ high]
        for row in worths
        for x in range(1 << parties)
        if bool(x & low) != bool(x & high)
    )


def violation_limit(question: Question) -> Fraction:
    """Return what the mean weight of wrong outcomes given W can be at most, at the settings asked for.

    v/m with m = ((1-2 eps)/(1+2 eps))^M for bits in one time order (docs/proofs/ghz-orbits.md).
    """
    assert question.relations is not None
    limit = question.relations.violated
    if isinstance(question.source, SanthaVazirani):
        epsilon = question.source.epsilon
        limit *= ((1 + 2 * epsilon) / (1 - 2 * epsilon)) ** len(question.scenario.settings)
    return limit


def by_party_orbits(question: Question, violated: Fraction | None = None, *, whole: bool) -> OrbitBoxes:
    r"""Return the program of the best guess, relations broken with weight at most `violated` (or `whole`).

    .. math:: \max \sum_{g,o} c_g(o)\, x_g(o) : x \ge 0 \text{ no-signalling},\; \textstyle\sum x = 1,\;
       \sum_{\text{wrong}} (\text{settings in the orbit})\, x_g \le v,

    or, `whole`, with the sum over g equal to the behaviour of the GHZ state. Raise TooLargeError.
    """
    ask = question.ask
    assert ask.output is not None
    assert ask.output.parties is not None
    assert isinstance(ask.at, tuple)
    inside = ask.output.parties
    worths = party_worths(ask)
    settings = [ask.at[party] for party in inside]
    classes = exchangeable(worths, settings)
    orbits = Orbits(tuple(map(len, classes)), len(ask.at) - len(inside))
    columns = len(worths) * orbits.count
    if columns > MAX_COLUMNS:
        raise TooLargeError(
            f"{len(worths)} guess labels x {orbits.count} orbits make {columns} columns, more than "
            f"{MAX_COLUMNS}; ask for a function of fewer parties, or one with more symmetry"
        )
    rows = [_no_signalling(orbits, len(worths)), _normalised(orbits, len(worths))]
    if whole:
        rows.append(_whole(orbits, len(worths)))
    elif violated:
        rows.append(_violated(orbits, len(worths), violated))
    objective = _objective(orbits, worths, classes, [settings[own[0]] for own in classes])
    shut = [int(whole or bool(violated) or not wrong) for _, wrong in _orbits(orbits)]
    return OrbitBoxes(
        conic_program(
            rows,
            objective=vector(objective),
            lower=constant(0, columns),
            upper=vector([Fraction(flag) for flag in shut] * len(worths)),
            column_labels=(_labels(orbits, len(worths)),),
        ),
        orbits,
        len(worths),
    )


def _orbits(orbits: Orbits) -> Iterator[tuple[tuple[tuple[Counts, ...], int, int], bool]]:
    """Yield ((classes' counts, w, r), whether a relation is broken) in column order."""
    for inside in product(*orbits.states):
        ones = sum(own[2] + own[3] for own in inside)
        odd = sum(own[1] + own[3] for own in inside)
        for w, r in orbits.far_states():
            wanted = mermin_sign((1,) * (ones + w))
            yield (inside, w, r), wanted != 0 and (-1) ** (odd + r) != wanted


def _labels(orbits: Orbits, labels: int) -> Labels:
    words = [
        " ".join("".join(map(str, own)) for own in inside) + (f" w{w} r{r}" if orbits.outside else "")
        for (inside, w, r), _ in _orbits(orbits)
    ]
    return Labels("g{0}: {1}", (tuple(map(str, range(labels))), tuple(words)))


def _no_signalling(orbits: Orbits, labels: int) -> Rows:
    """Return the equalities by which no party's setting is seen by the others, label by label."""
    lines: list[list[tuple[int, int]]] = []
    names: list[str] = []
    for c, size in enumerate(orbits.sizes):
        others = [
            list(counts(size - 1)) if d == c else list(orbits.states[d]) for d in range(len(orbits.sizes))
        ]
        for inside in product(*others):
            i, j, k, n = inside[c]
            shared = gcd(i + j + 1, k + n + 1)
            here, there = (k + n + 1) // shared, (i + j + 1) // shared
            parts = (
                ((i + 1, j, k, n), here * (i + 1)),
                ((i, j + 1, k, n), here * (j + 1)),
                ((i, j, k + 1, n), -there * (k + 1)),
                ((i, j, k, n + 1), -there * (n + 1)),
            )
            for w, r in orbits.far_states():
                lines.append(
                    [
                        (orbits.column((*inside[:c], own, *inside[c + 1 :]), w, r), factor)
                        for own, factor in parts
                    ]
                )
                names.append(f"class {c}: {i}{j}{k}{n} w{w} r{r}")
    for inside in product(*orbits.states):
        for w in range(orbits.outside):
            first = orbits.column(inside, w, 0)
            lines.append([(first, 1), (first + 1, 1), (first + 2, -1), (first + 3, -1)])
            names.append(f"outside: w{w} = w{w + 1}")
    entries = (
        (label * len(lines) + row, label * orbits.count + column, Fraction(factor))
        for label in range(labels)
        for row, line in enumerate(lines)
        for column, factor in line
    )
    total = labels * len(lines)
    matrix, right = integer_rows(entries, [Fraction(0)] * total, labels * orbits.count)
    names_of = Labels("no-signalling g{0}: {1}", (tuple(map(str, range(labels))), tuple(names)))
    return Rows("zero", matrix, right, names_of)


def _normalised(orbits: Orbits, labels: int) -> Rows:
    """Return the row by which probabilities at settings 0 sum to 1."""
    chosen = [
        place
        for place, ((inside, w, _), _) in enumerate(_orbits(orbits))
        if w == 0 and all(own[2] == own[3] == 0 for own in inside)
    ]
    entries = ((0, g * orbits.count + place, Fraction(1)) for g in range(labels) for place in chosen)
    matrix, right = integer_rows(entries, [Fraction(1)], labels * orbits.count)
    return Rows("zero", matrix, right, Labels("normalised", ()))


def _whole(orbits: Orbits, labels: int) -> Rows:
    """Return the rows by which the boxes of all guesses add up to the behaviour of the GHZ state."""
    parties = sum(orbits.sizes) + orbits.outside
    right = []
    for (inside, w, r), _ in _orbits(orbits):
        strings = prod(comb(a + b, b) * comb(c + d, d) for a, b, c, d in inside)
        strings *= 2 ** (orbits.outside - 1) if orbits.outside else 1
        wanted = mermin_sign((1,) * (w + sum(own[2] + own[3] for own in inside)))
        odd = r + sum(own[1] + own[3] for own in inside)
        right.append(Fraction(strings * (1 + wanted * (-1) ** odd), 2**parties))
    entries = (
        (place, g * orbits.count + place, Fraction(1)) for place in range(orbits.count) for g in range(labels)
    )
    matrix, bounds = integer_rows(entries, right, labels * orbits.count)
    return Rows("zero", matrix, bounds, Labels("observed {0}", (tuple(map(str, range(orbits.count))),)))


def _violated(orbits: Orbits, labels: int, violated: Fraction) -> Rows:
    """Return the row by which wrong outcomes have at most a total weight, summed over all settings."""
    weights = {
        place: comb(orbits.outside, w) * prod(comb(sum(own), own[2] + own[3]) for own in inside)
        for place, ((inside, w, _), wrong) in enumerate(_orbits(orbits))
        if wrong
    }
    if max(weights.values()) >= MAX_ENTRY:
        raise TooLargeError("violated: an orbit has more than 2^50 joint settings; use fewer parties")
    entries = (
        (0, g * orbits.count + place, Fraction(weight))
        for g in range(labels)
        for place, weight in weights.items()
    )
    matrix, right = integer_rows(entries, [violated], labels * orbits.count)
    return Rows("nonnegative", matrix, right, Labels("broken relations", ()))


def _objective(
    orbits: Orbits, worths: Worths, classes: Sequence[Sequence[int]], settings: Sequence[int]
) -> list[Fraction]:
    """Return the worth of each column: of its outcomes, at the settings asked for (w = 0 outside)."""
    parties = sum(orbits.sizes)
    found = [Fraction(0)] * (len(worths) * orbits.count)
    for place, ((inside, w, _), _) in enumerate(_orbits(orbits)):
        if w or any(own[2 - 2 * a] or own[3 - 2 * a] for own, a in zip(inside, settings, strict=True)):
            continue
        # one outcome string of the orbit; the worth is the same for all of them
        string = 0
        for own, members, a in zip(inside, classes, settings, strict=True):
            for party in members[: own[2 * a + 1]]:
                string |= 1 << (parties - 1 - party)
        for g, row in enumerate(worths):
            found[g * orbits.count + place] = row[string]
    return found
