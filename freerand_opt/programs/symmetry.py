r"""Symmetries of a question about quantum devices: permutations, with signs, of the observables.

A generator maps each observable to one, possibly with a minus sign, of any party. It permutes the
words of a level, :math:`w_i \mapsto \sigma_i w_{\pi(i)}`, and so the moments. If objective and tests
keep their form, moments may be averaged over the group: those of one orbit are equal up to a sign.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from freerand_opt.errors import InputError
from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.moments import MomentMatrix
from freerand_opt.programs.program import ConicProgram, IntArray

_MAP = re.compile(r"([A-Z])(\d+)\s*->\s*(-?)\s*([A-Z])(\d+)", re.ASCII)


#: Generators of the group of order 8 that keeps I3322.
I3322 = (
    "A2 -> -A2, B0 -> B1, B1 -> B0",
    "A0 -> A1, A1 -> A0, B2 -> -B2",
    "A0 -> -B0, A1 -> -B1, A2 -> -B2, B0 -> -A0, B1 -> -A1, B2 -> -A2",
)


@dataclass(frozen=True)
class Generator:
    """`images[party][setting]` is (party, setting, sign) of the image of an observable."""

    images: tuple[tuple[tuple[int, int, int], ...], ...]


def generator(scenario: Scenario, text: str) -> Generator:
    """Read ``A0 -> B0, B0 -> -A1``; observables that are not named stay. Raise InputError."""
    where = "symmetry"
    if any(count != 2 for count in scenario.outcomes):
        raise InputError(where, "symmetries are read for parties with two outcomes only")
    images = [[(p, s, 1) for s in range(n)] for p, n in enumerate(scenario.settings)]
    for part in text.split(","):
        match = _MAP.fullmatch(part.strip())
        if match is None:
            raise InputError(where, f"{part.strip()[:40]!r}: write maps such as A0 -> B0, B0 -> -A1")
        first, last = (
            (scenario.parties.find(letter), int(digits))
            for letter, digits in ((match[1], match[2]), (match[4], match[5]))
        )
        for party, setting in (first, last):
            if party < 0 or setting >= scenario.settings[party]:
                raise InputError(where, f"{part.strip()[:40]!r} names an observable that is not there")
        images[first[0]][first[1]] = (*last, -1 if match[3] else 1)
    reached = {(p, s) for row in images for p, s, _ in row}
    if len(reached) != sum(scenario.settings):
        raise InputError(where, "two observables have the same image")
    for row in images:
        if len({p for p, _, _ in row}) != 1:
            raise InputError(where, "observables of one party go to different parties")
    return Generator(tuple(tuple(row) for row in images))


def written(scenario: Scenario, held: Generator) -> str:
    """Return a generator as the text that `generator` reads."""
    maps = []
    for p, images in enumerate(held.images):
        for s, (q, t, sign) in enumerate(images):
            if (p, s, 1) != (q, t, sign):
                maps.append(f"{scenario.parties[p]}{s} -> {'-' if sign < 0 else ''}{scenario.parties[q]}{t}")
    return ", ".join(maps)


def known_generators(scenario: Scenario) -> tuple[Generator, ...]:
    """Return candidates for a family: the dihedral group of the chain, permutations of GHZ parties."""
    if scenario.family in ("chained", "chsh"):
        n = scenario.settings[0]
        chain = [(k % 2, k // 2) for k in range(2 * n)]
        shift = {chain[k]: (*chain[(k + 1) % (2 * n)], -1 if k == 2 * n - 1 else 1) for k in range(2 * n)}
        mirror = {chain[k]: (*chain[2 * n - 1 - k], 1) for k in range(2 * n)}
        maps = [shift, mirror]
        if scenario.family == "chsh":
            # the chain A0, B0, A1, B1 with its last link turned: E11 enters with a minus sign
            maps = [{(0, 0): (1, 0, 1), (0, 1): (1, 1, 1), (1, 0): (0, 0, 1), (1, 1): (0, 1, 1)}]
            maps.append({(0, 0): (0, 1, 1), (0, 1): (0, 0, 1), (1, 0): (1, 0, 1), (1, 1): (1, 1, -1)})
        return tuple(
            Generator(tuple(tuple(m[p, s] for s in range(k)) for p, k in enumerate(scenario.settings)))
            for m in maps
        )
    if scenario.family == "ghz":
        parties = len(scenario.settings)
        orders = [[1, 0, *range(2, parties)], [*range(1, parties), 0]]
        found = [Generator(tuple(((q, 0, 1), (q, 1, 1)) for q in order)) for order in orders]
        flips = [tuple(((p, 0, s), (p, 1, s)) for p, s in enumerate([-1, -1] + [1] * (parties - 2)))]
        return (*found, *(Generator(flip) for flip in flips))
    if scenario.family == "i3322":
        return tuple(generator(scenario, text) for text in I3322)
    return ()


@dataclass(frozen=True, eq=False)
class Action:
    """Word i goes to sign[i] times word[i], moment k to moment_sign[k] times moment[k]."""

    word: IntArray
    sign: IntArray
    moment: IntArray
    moment_sign: IntArray


def action(matrix: MomentMatrix, held: Generator) -> Action | None:
    """Return how a generator permutes words and moments; None if it leads out of the level."""
    parties = matrix.parties
    places = {tuple(row): i for i, row in enumerate(_letters(matrix))}
    word, sign = np.empty(matrix.size, dtype=np.int64), np.ones(matrix.size, dtype=np.int64)
    for row, i in places.items():
        image: list[tuple[int, ...]] = [()] * len(parties)
        for p, letters in enumerate(row):
            target = held.images[p][0][0]
            image[target] = tuple(1 + held.images[p][letter - 1][1] for letter in letters)
            for letter in letters:
                sign[i] *= held.images[p][letter - 1][2]
        found = places.get(tuple(image))
        if found is None:
            return None
        word[i] = found
    first = np.unique(matrix.classes, return_index=True)
    firsts = first[1][first[0] >= 0]
    left, right = np.divmod(firsts, matrix.size)
    moment = matrix.classes[word[left], word[right]]
    return Action(word, sign, moment, sign[left] * sign[right])


def _letters(matrix: MomentMatrix) -> list[tuple[tuple[int, ...], ...]]:
    tables = [
        [tuple(int(x) for x in row[:n]) for row, n in zip(party.letters, party.lengths, strict=True)]
        for party in matrix.parties
    ]
    return [tuple(tables[p][w] for p, w in enumerate(row)) for row in matrix.words.tolist()]


def keeps(program: ConicProgram, matrix: MomentMatrix, held: Action) -> bool:
    """Whether objective and every linear row keep their form, in all copies of the moments."""
    width = matrix.moments
    copies = np.arange(program.shape[1] // width)[:, None] * width
    target = (copies + held.moment[None, :]).ravel()
    signs = np.tile(held.moment_sign, len(copies))
    rows = program.matrix[np.flatnonzero(program.linear_rows)].tocsc()
    moved = rows[:, target] * signs[None, :]
    if abs(moved - rows).sum() != 0:
        return False
    codes, palette = program.objective.codes, program.objective.palette
    same = codes[target] == codes
    negated = np.array([palette.index(-v) if -v in palette else -1 for v in palette], dtype=np.int64)
    opposite = negated[codes[target]] == codes
    return bool(np.all(np.where(signs > 0, same, opposite)))


def orbits(actions: Sequence[Action], moments: int) -> tuple[IntArray, IntArray, int]:
    """Return (orbit, sign, number): moment k is sign[k] times its orbit's value; sign 0 if it vanishes."""
    own = np.arange(moments)
    heads, tails = [], []
    for held in actions:
        flipped = (held.moment_sign < 0) * moments
        heads += [own, own + moments]
        tails += [held.moment + flipped, held.moment + (moments - flipped)]
    pairs = (np.concatenate(heads), np.concatenate(tails))
    graph = coo_array((np.ones(len(pairs[0]), dtype=np.int8), pairs), shape=(2 * moments, 2 * moments))
    _, part = connected_components(graph, directed=False)
    plus, minus = part[:moments], part[moments:]
    vanish = plus == minus
    name = np.minimum(plus, minus)
    kept, orbit = np.unique(name[~vanish], return_inverse=True)
    place = np.full(moments, -1, dtype=np.int64)
    place[~vanish] = orbit
    sign = np.where(vanish, 0, np.where(plus == name, 1, -1))
    # the identity counts as positive, and with it its orbit
    first = np.zeros(len(kept), dtype=np.int64)
    signed = np.flatnonzero(sign)[::-1]
    first[place[signed]] = sign[signed]  # of several values the last one stays
    return place, sign * first[np.maximum(place, 0)], len(kept)
