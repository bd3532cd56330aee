r"""Symmetries of a question about quantum devices: relabellings that permute operators.

With observables for two outcomes, and the projectors of *all* outcomes otherwise, a relabelling permutes
the words, :math:`w_i \mapsto \sigma_i w_{\pi(i)}`, and the moments of these *full* words. The moment
matrix has one outcome less, since the projectors of a setting sum to 1: full words are combinations
E of its words, full moments combinations X of its moments. If objective and tests keep their form,
moments may be averaged over the group: full moments of one orbit are equal up to a sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import prod
from typing import TypeAlias

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array
from scipy.sparse.csgraph import connected_components

from freerand_opt.conic.program import ConicProgram, Row
from freerand_opt.conic.sparse import Index
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.programs.npa.algebra import words_of
from freerand_opt.programs.npa.matrix import MomentMatrix, moment_matrix
from freerand_opt.programs.symmetry.generators import Generator

#: More full words than this are not written down for a symmetry of more than two outcomes.
MAX_FULL = 600
#: Each party's letters.
Word: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class FullWords:
    """The moment matrix with the projectors of all outcomes, and how the program's lies in it.

    `words` is E (full words, words), `moments` X (full moments, moments), in int64: a word of k operators
    has factors 1 and -1, at most one for each of the d^k choices of an outcome (words of at most 8 a party);
    `own[i]` is the full word that is word i, `place[k]` the full moment that is moment k.
    Without parties of three outcomes E and X are 1.
    """

    matrix: MomentMatrix
    words: csr_array
    moments: csr_array
    own: Index
    place: Index

    @property
    def plain(self) -> bool:
        """Return whether no party has more than two outcomes, so that nothing was added."""
        return bool(self.matrix.size == self.words.shape[1])


@dataclass(frozen=True, eq=False)
class Action:
    """Full word i goes to sign[i] times word[i], full moment k to moment_sign[k] times moment[k]."""

    word: Index
    sign: Index
    moment: Index
    moment_sign: Index


def full_words(matrix: MomentMatrix) -> FullWords:
    """Return the full words of a moment matrix; raise InputError for a level without some product.

    Raise TooLargeError beyond `MAX_FULL` words.
    """
    scenario = matrix.scenario
    if all(count == 2 for count in scenario.outcomes):
        words, moments = np.arange(matrix.size), np.arange(matrix.moments)
        return FullWords(matrix, _one(words), _one(moments), words, moments)
    counts = tuple(count + (count > 2) for count in scenario.outcomes)
    full = moment_matrix(replace(scenario, outcomes=counts), matrix.level)
    if full.size > MAX_FULL:
        raise TooLargeError(f"a symmetry of outcomes needs {full.size} words, more than {MAX_FULL}")
    places = {word: i for i, word in enumerate(words_of(matrix))}
    entries = [
        (row, places.get(word, -1), factor)
        for row, held in enumerate(words_of(full))
        for word, factor in _expanded(matrix, held)
    ]
    rows, columns, values = (np.array(part, dtype=np.int64) for part in zip(*entries, strict=True))
    if columns.min() < 0:
        raise InputError("symmetry", f"level {matrix.level!r} lacks words that a symmetry of outcomes needs")
    words = csr_array(coo_array((values, (rows, columns)), shape=(full.size, matrix.size)))
    there = {word: i for i, word in enumerate(words_of(full))}
    own = np.array([there[_raised(matrix, word)] for word in places], dtype=np.int64)
    left, right = _first_entries(matrix)
    place = full.classes[own[left], own[right]]
    return FullWords(full, words, _moments_of(full, matrix, words), own, place)


def _one(places: Index) -> csr_array:
    return csr_array(eye_array(len(places), dtype=np.int64, format="csr"))


def _first_entries(matrix: MomentMatrix) -> tuple[Index, Index]:
    """Return the rows and columns in which the moments occur first."""
    held, first = np.unique(matrix.classes, return_index=True)
    left, right = np.divmod(first[held >= 0], matrix.size)
    return left, right


def _raised(matrix: MomentMatrix, word: Word) -> Word:
    """Return a word in the letters of all outcomes."""
    found = []
    for party, letters in zip(matrix.parties, word, strict=True):
        each = party.outcomes - 1
        pairs = (divmod(letter - 1, each) for letter in letters)
        found.append(letters if each == 1 else tuple(1 + s * (each + 1) + o for s, o in pairs))
    return tuple(found)


def _expanded(matrix: MomentMatrix, word: Word) -> Iterator[tuple[Word, int]]:
    """Yield (word, factor) of a full word: the last outcome's projector is 1 less the others."""
    sums: list[list[tuple[tuple[int, ...], int]]] = []
    for party, letters in zip(matrix.parties, word, strict=True):
        each = party.outcomes - 1
        choices: list[list[tuple[int, int]]] = []
        for letter in letters:
            setting, outcome = divmod(letter - 1, each + (each > 1))
            own = [(party.operator(setting, k), -1) for k in range(each)]
            last = each > 1 and outcome == each
            choices.append([(0, 1), *own] if last else [(party.operator(setting, outcome), 1)])
        sums.append([])
        for chosen in product(*choices):
            held = party.reduced([letter for letter, _ in chosen if letter])
            if held is not None:
                sums[-1].append((_digits(held, party.base), prod(factor for _, factor in chosen)))
    for parts in product(*sums):
        yield tuple(letters for letters, _ in parts), prod(factor for _, factor in parts)


def _digits(code: int, base: int) -> tuple[int, ...]:
    found: list[int] = []
    while code:
        code, letter = divmod(code, base)
        found.append(letter)
    return tuple(found[::-1])


def _moments_of(full: MomentMatrix, matrix: MomentMatrix, words: csr_array) -> csr_array:
    """Return the full moments as combinations of moments, from one entry <u* v> of each."""
    rows, columns, values = [], [], []
    for row, (a, b) in enumerate(zip(*_first_entries(full), strict=True)):
        i, j = (words.indices[words.indptr[w] : words.indptr[w + 1]] for w in (a, b))
        x, y = (words.data[words.indptr[w] : words.indptr[w + 1]] for w in (a, b))
        classes = matrix.classes[np.ix_(i, j)].ravel()
        kept = classes >= 0
        columns.append(classes[kept])
        values.append(np.outer(x, y).ravel()[kept])
        rows.append(np.full(len(columns[-1]), row))
    place = (np.concatenate(rows), np.concatenate(columns))
    return csr_array(coo_array((np.concatenate(values), place), shape=(full.moments, matrix.moments)))


def action(full: FullWords, held: Generator) -> Action | None:
    """Return how a generator permutes full words and moments; None if it leads out of the level."""
    matrix = full.matrix
    parties = matrix.parties
    places = {row: i for i, row in enumerate(words_of(matrix))}
    word, sign = np.empty(matrix.size, dtype=np.int64), np.ones(matrix.size, dtype=np.int64)
    for row, i in places.items():
        image: list[tuple[int, ...]] = [()] * len(parties)
        for p, letters in enumerate(row):
            each = parties[p].outcomes - 1
            moved = []
            for letter in letters:
                setting, outcome = divmod(letter - 1, each)
                _, other, outcomes = held.images[p][setting]
                if each == 1:
                    sign[i] *= 1 if outcomes[0] == 0 else -1
                moved.append(1 + other * each + (outcomes[outcome] if each > 1 else 0))
            image[held.images[p][0][0]] = tuple(moved)
        found = places.get(tuple(image))
        if found is None:
            return None
        word[i] = found
    left, right = _first_entries(matrix)
    moment = matrix.classes[word[left], word[right]]
    return Action(word, sign, moment, sign[left] * sign[right])


def word_map(full: FullWords, held: Action) -> csr_array:
    """Return the integer matrix C that takes the words w to their images C w."""
    moved = csr_array(full.words[held.word[full.own]])
    return csr_array(moved.multiply(held.sign[full.own][:, None]))


def moment_map(full: FullWords, held: Action) -> csr_array:
    """Return the integer matrix that takes moments to the moments of the images."""
    moved = csr_array(full.moments[held.moment[full.place]])
    return csr_array(moved.multiply(held.moment_sign[full.place][:, None]))


def moved_rows(program: ConicProgram, full: FullWords, held: Action) -> Index | None:
    """Return to which linear row each linear row goes, or None if objective or rows change.

    All copies of the moments are moved alike; rows match if cone, right-hand side and entries do.
    """
    each = moment_map(full, held)
    images = [
        [(int(each.indices[k]), int(each.data[k])) for k in range(each.indptr[m], each.indptr[m + 1])]
        for m in range(each.shape[0])
    ]

    def moved(row: Row) -> dict[int, Fraction]:
        found: dict[int, Fraction] = {}
        for column, value in row.items():
            copy, k = divmod(column, len(images))
            for place, factor in images[k]:
                to = copy * len(images) + place
                found[to] = found.get(to, Fraction(0)) + value * factor
        return {column: value for column, value in found.items() if value}

    if moved(program.objective) != dict(program.objective):
        return None
    named: dict[object, int] = {}
    linear = range(program.linear)
    for r in linear:
        named.setdefault(_key(program, r, program.rows[r]), r)
    found = [named.get(_key(program, r, moved(program.rows[r])), -1) for r in linear]
    return None if -1 in found else np.array(found, dtype=np.int64)


def _key(program: ConicProgram, r: int, row: Row) -> object:
    return r < program.equalities, program.right[r], frozenset(row.items())


def orbits(actions: Sequence[Action], moments: int) -> tuple[Index, Index, int]:
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


def row_orbits(moved: Sequence[Index]) -> Index:
    """Return the orbit of each linear row, from the images of all rows under each generator."""
    count = len(moved[0])
    pairs = (np.tile(np.arange(count), len(moved)), np.concatenate(moved))
    graph = coo_array((np.ones(len(pairs[0]), dtype=np.int8), pairs), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
