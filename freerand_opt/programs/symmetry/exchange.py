r"""Relaxations that an exchange of both guesses and of some parties' outcomes keeps: half the program.

Of two guess labels the second has the moments :math:`z(1, v; k) = \pm z(0, v; k)`, minus for products of an
odd number of those parties' observables. The half is solved; its dual is written out for the full program.
Nothing rests on the symmetry but speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np

from freerand_opt.conic.program import Builder, ConicProgram, Row, triangle
from freerand_opt.conic.solution import Dual, Factor, Solution
from freerand_opt.conic.sparse import Index
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.npa.matrix import MomentMatrix


@dataclass(frozen=True, eq=False)
class Half:
    """The program in the first label's columns; the full program's rows that each of its rows stands for.

    `linear[r]` are (row, sign) of a linear row, `blocks[k]` the places of the two matrices; `words` are the
    signs of the words in the second.
    """

    full: ConicProgram
    program: ConicProgram
    linear: tuple[tuple[tuple[int, int], ...], ...]
    blocks: tuple[tuple[int, int], ...]
    words: Index
    signs: Index

    def lifted(self, found: Solution) -> Solution:
        """Return a solution of the full program."""
        x = np.concatenate([found.x, self.signs * found.x])
        name = f"{found.solver} on one guess"
        if isinstance(found.multipliers, Dual):
            return Solution(found.status, name, x, self._exact(found.multipliers))
        z = np.zeros(len(self.full.rows))
        for r, images in enumerate(self.linear):
            for row, sign in images:
                z[row] = sign * found.multipliers[r]
        i, j = triangle(len(self.words))
        turned = self.words[i] * self.words[j]
        for (first, second), (start, _) in zip(self.blocks, self.program.spans, strict=True):
            part = found.multipliers[start : start + len(i)]
            for place, own in ((first, part), (second, part * turned)):
                begin = self.full.spans[place][0]
                z[begin : begin + len(i)] = own
        return Solution(found.status, name, x, z)

    def _exact(self, dual: Dual) -> Dual:
        values = {
            row: dual.values[r] * sign
            for r, images in enumerate(self.linear)
            if r in dual.values
            for row, sign in images
        }
        factors: list[Factor] = [Factor((), 0)] * len(self.full.sizes)
        for (first, second), own in zip(self.blocks, dual.factors, strict=True):
            factors[first] = own
            turned = zip(self.words.tolist(), own.rows, strict=True)
            factors[second] = Factor(tuple(tuple(s * x for x in row) for s, row in turned), own.bits)
        return Dual(values, tuple(factors))


def half_of(made: MomentProgram) -> Half | None:
    """Return half of a program with two guesses, None if no exchange of outcomes keeps it.

    All parties are tried first.
    """
    matrix = made.moments.matrix
    if (
        made.moments.carriers != 2
        or made.moments.space.face is not None
        or set(matrix.scenario.outcomes) != {2}
    ):
        return None
    parties = range(len(matrix.scenario.outcomes))
    for size in reversed(range(1, len(parties) + 1)):
        for turned in combinations(parties, size):
            signs = np.tile(_moment_signs(matrix, turned), made.cone.nodes)
            linear = _images(made.program, signs.tolist())
            if linear is not None:
                return _half(made, linear, signs, _word_signs(matrix, turned))
    return None


def _images(program: ConicProgram, signs: Sequence[int]) -> dict[int, int] | None:
    """Return the place of the image of each linear row under the exchange, None if there is none."""
    half = len(signs)

    def moved(row: Row) -> dict[int, Fraction]:
        return {(c + half) % (2 * half): value * signs[c % half] for c, value in row.items()}

    if moved(program.objective) != dict(program.objective):
        return None
    known: dict[object, list[tuple[int, int]]] = {}
    for r in range(program.linear):
        for sign in (1, -1) if r < program.equalities else (1,):
            row = frozenset((c, sign * value) for c, value in program.rows[r].items())
            known.setdefault((r < program.equalities, program.right[r] * sign, row), []).append((r, sign))
    found = {}
    for r in range(program.linear):
        key = (r < program.equalities, program.right[r], frozenset(moved(program.rows[r]).items()))
        if key not in known:
            return None
        places = known[key]
        image, sign = next(((s, f) for s, f in places if s == r), places[0])
        found[r] = (image + 1) * sign
    return found


def _half(made: MomentProgram, images: dict[int, int], signs: Index, words: Index) -> Half:
    program, half = made.program, len(signs)
    build = Builder(half)
    linear: dict[bool, list[tuple[tuple[int, int], ...]]] = {True: [], False: []}
    for r in range(program.linear):
        place, sign = abs(images[r]) - 1, 1 if images[r] > 0 else -1
        if place < r:
            continue  # its image is kept
        equal = r < program.equalities
        if place == r:  # shared by both labels: half of it
            row = {c: value for c, value in program.rows[r].items() if c < half}
            build.put(program.names[r], row, program.right[r] * Fraction(1, 2), equal=equal)
            linear[equal].append(((r, 1),))
        else:
            build.put(program.names[r], _both(program.rows[r], signs), program.right[r], equal=equal)
            linear[equal].append(((r, 1), (place, sign)))
    blocks = []
    count = len(program.sizes) // 2
    for k, (start, size) in enumerate(program.spans[:count]):
        rows = program.rows[start : start + size * (size + 1) // 2]
        build.put_matrix(program.blocks[k], size, rows)
        blocks.append((k, k + count))
    objective = {c: value for c, value in program.objective.items() if c < half}
    lines = (*linear[True], *linear[False])
    return Half(program, build.program(objective), lines, tuple(blocks), words, signs)


def _both(row: Row, signs: Index) -> dict[int, Fraction]:
    """Return a row in the first label's columns, the second's being their images."""
    found: dict[int, Fraction] = {}
    for c, value in row.items():
        place = c % len(signs)
        found[place] = found.get(place, Fraction(0)) + value * (1 if c < len(signs) else int(signs[place]))
    return {c: value for c, value in found.items() if value}


def _word_signs(matrix: MomentMatrix, turned: tuple[int, ...]) -> Index:
    """Return -1 for words of an odd number of observables of these parties, else 1."""
    lengths = sum(matrix.parties[place].lengths[matrix.words[:, place]] for place in turned)
    return np.where(np.asarray(lengths) % 2, -1, 1)


def _moment_signs(matrix: MomentMatrix, turned: tuple[int, ...]) -> Index:
    words = _word_signs(matrix, turned)
    found = np.ones(matrix.moments, dtype=np.int64)
    inside = matrix.classes >= 0
    found[matrix.classes[inside]] = np.outer(words, words)[inside]
    return found
