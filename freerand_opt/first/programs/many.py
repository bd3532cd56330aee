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

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gcd

from freerand_opt.errors import TooLargeError
from freerand_opt.first.model.question import Question
from freerand_opt.first.model.source import SanthaVazirani
from freerand_opt.first.programs.party_orbits import Orbits, counts, orbit_states
from freerand_opt.first.programs.party_tests import (
    at_settings,
    broken_relations,
    normalised,
    seen_at,
    whole_behaviour,
)
from freerand_opt.first.programs.program import (
    ConicProgram,
    Labels,
    Rows,
    conic_program,
    constant,
    integer_rows,
    vector,
)
from freerand_opt.first.programs.worths import Worths, party_worths

#: Programs with more columns than this are not written down.
MAX_COLUMNS = 2**17


@dataclass(frozen=True, eq=False)
class OrbitBoxes:
    """Columns (guess label, orbit): one subnormalised box for each label. `labels` counts them."""

    program: ConicProgram
    orbits: Orbits
    labels: int


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


def by_party_orbits(
    question: Question, violated: Fraction | None = None, *, whole: bool, seen: bool = False
) -> OrbitBoxes:
    r"""Return the program of the best guess, relations broken with weight at most `violated` (or `whole`).

    .. math:: \max \sum_{g,o} c_g(o)\, x_g(o) : x \ge 0 \text{ no-signalling},\; \textstyle\sum x = 1,\;
       \sum_{\text{wrong}} (\text{settings in the orbit})\, x_g \le v,

    or, `whole`, with the sum over g equal to the behaviour of the GHZ state; `seen` demands that at the
    settings asked for only, of the output's parties. Raise TooLargeError.
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
    of_classes = [settings[own[0]] for own in classes]
    rows = [_no_signalling(orbits, len(worths)), normalised(orbits, len(worths))]
    if whole:
        rows.append(whole_behaviour(orbits, len(worths)))
    elif seen:
        rows.append(seen_at(orbits, len(worths), of_classes))
    elif violated:
        rows.append(broken_relations(orbits, len(worths), violated))
    objective = _objective(orbits, worths, classes, of_classes)
    shut = [int(whole or bool(violated) or not wrong) for _, wrong in orbit_states(orbits)]
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


def _labels(orbits: Orbits, labels: int) -> Labels:
    words = [
        " ".join("".join(map(str, own)) for own in inside) + (f" w{w} r{r}" if orbits.outside else "")
        for (inside, w, r), _ in orbit_states(orbits)
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


def _objective(
    orbits: Orbits, worths: Worths, classes: Sequence[Sequence[int]], settings: Sequence[int]
) -> list[Fraction]:
    """Return the worth of each column: of its outcomes, at the settings asked for (w = 0 outside)."""
    parties = sum(orbits.sizes)
    found = [Fraction(0)] * (len(worths) * orbits.count)
    for place, ((inside, w, _), _) in enumerate(orbit_states(orbits)):
        if not at_settings(inside, w, settings):
            continue
        # one outcome string of the orbit; the worth is the same for all of them
        string = 0
        for own, members, a in zip(inside, classes, settings, strict=True):
            for party in members[: own[2 * a + 1]]:
                string |= 1 << (parties - 1 - party)
        for g, row in enumerate(worths):
            found[g * orbits.count + place] = row[string]
    return found
