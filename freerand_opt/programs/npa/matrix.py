r"""Moment matrices: one integer matrix of classes is the source of every form of the relaxation.

.. math:: \Gamma_{uv} = \langle u^* v \rangle \succeq 0, \qquad \Gamma_{uv} = y_{k(u,v)},

for words u, v of a level; k(u, v) = k(v, u) since real parts suffice for real functionals
(Navascues, Pironio and Acin, arXiv:0803.4290). Class 0 is the identity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from freerand_opt.conic.program import triangle
from freerand_opt.conic.sparse import Index
from freerand_opt.errors import TooLargeError
from freerand_opt.model.level import patterns
from freerand_opt.model.problem import Parties
from freerand_opt.model.tables.text import said_at
from freerand_opt.numbers import markup
from freerand_opt.programs.npa.words import MAX_CODE, MAX_WORDS, PartyWords, party_words

#: A moment's name, and one operator in it.
_MOMENT = re.compile(r"<([^<>]*)>")
_OPERATOR = re.compile(r"([A-Z])(?:(\d{1,6})|\[(\d{1,6})\|(\d{1,6})\])", re.ASCII)
MAX_NAME = 400


@dataclass(frozen=True, eq=False)
class MomentMatrix:
    """`classes[i, j]` is the class of word i* word j, -1 where it vanishes; 0 is the identity.

    `words[i]` holds each party's word, `codes[k]` the number of class k in the mixed radix of
    `values`, the sorted codes of each party's products.
    """

    scenario: Parties
    level: str
    parties: tuple[PartyWords, ...]
    words: Index
    classes: Index
    codes: Index
    values: tuple[Index, ...]

    @property
    def size(self) -> int:
        """Return the number of words."""
        return len(self.words)

    @property
    def moments(self) -> int:
        """Return the number of distinct moments, the identity included."""
        return len(self.codes)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Return the moments in words, as ``<A0 B1>``; the identity is ``<1>``."""
        return tuple(f"<{self._word(code)}>" for code in self.codes.tolist())

    def word_labels(self) -> tuple[str, ...]:
        """Return the words that index rows and columns."""
        back = [dict(enumerate(party.codes[0].tolist())) for party in self.parties]
        found = []
        for row in self.words.tolist():
            parts = [t for p, w in enumerate(row) for t in self.parties[p].text(back[p][w])]
            found.append(" ".join(parts) or "1")
        return tuple(found)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the matrix of moments by word, in words."""
        words = self.word_labels()
        rows = (
            [word, *("0" if k < 0 else self.labels[k] for k in self.classes[i, : markup.MOST + 1].tolist())]
            for i, word in enumerate(words)
        )
        return markup.table(["", *words], rows)

    def _word(self, code: int) -> str:
        parts: list[list[str]] = []
        for party, values in zip(reversed(self.parties), reversed(self.values), strict=True):
            code, place = divmod(code, len(values))
            parts.append(party.text(int(values[place])))
        return " ".join(text for part in reversed(parts) for text in part) or "1"

    def position(self, codes: Sequence[int]) -> int | None:
        """Return the class of a product of one word a party, given by codes (0 for none), or None.

        A product of at most one operator a party is its own adjoint; any other is given as the one
        of it and its adjoint that comes first.
        """
        code = self._joint(codes)
        if code is None:
            return None
        found = int(np.searchsorted(self.codes, code))
        return found if found < len(self.codes) and self.codes[found] == code else None

    def _joint(self, codes: Sequence[int]) -> int | None:
        code = 0
        for held, values in zip(codes, self.values, strict=True):
            place = int(np.searchsorted(values, held))
            if place == len(values) or values[place] != held:
                return None
            code = code * len(values) + place
        return code

    def named_position(self, name: str) -> int | None:
        """Return the class of a moment such as ``<A0 B0 A1>``, -1 if it vanishes, None if it is not there.

        Operators of one party keep their order; those of different parties commute. Raise ValueError
        for what is no moment of the scenario.
        """
        letters = self._letters(name)
        codes = [party.reduced(word) for party, word in zip(self.parties, letters, strict=True)]
        back = [party.reduced(word[::-1]) for party, word in zip(self.parties, letters, strict=True)]
        if None in codes:
            return -1
        both = [self._joint([code or 0 for code in held]) for held in (codes, back)]
        held = [code for code in both if code is not None]
        if not held:
            return None
        found = int(np.searchsorted(self.codes, min(held)))
        return found if found < len(self.codes) and self.codes[found] == min(held) else None

    def _letters(self, name: str) -> list[list[int]]:
        """Return each party's operators in a moment's name."""
        letters: list[list[int]] = [[] for _ in self.parties]
        for party, setting, outcome in operators(self.scenario, name):
            letters[party].append(self.parties[party].operator(setting, outcome or 0))
        return letters

    def probability(
        self, outcomes: Sequence[int], settings: Sequence[int]
    ) -> dict[tuple[int, ...], Fraction]:
        """Return P(outcomes|settings) as factors of products of one letter a party."""
        factors: list[list[tuple[int, Fraction]]] = []
        for party, o, s in zip(self.parties, outcomes, settings, strict=True):
            if party.outcomes == 2:
                half = Fraction(1, 2)
                factors.append([(0, half), (party.operator(s), half if o == 0 else -half)])
            elif o < party.outcomes - 1:
                factors.append([(party.operator(s, o), Fraction(1))])
            else:
                rest = [(party.operator(s, k), Fraction(-1)) for k in range(party.outcomes - 1)]
                factors.append([(0, Fraction(1)), *rest])
        return {
            tuple(letter for letter, _ in chosen): prod((f for _, f in chosen), start=Fraction(1))
            for chosen in product(*factors)
        }

    def named(self, letters: Sequence[int]) -> str:
        """Return a product of letters in words."""
        return (
            "<" + (" ".join(t for p, c in zip(self.parties, letters, strict=True) for t in p.text(c))) + ">"
        )

    def rows(self) -> list[dict[int, Fraction]]:
        """Return Gamma_ij by moment for each (i, j), i <= j, in order of j, then i."""
        i, j = triangle(self.size)
        return [{k: Fraction(1)} if k >= 0 else {} for k in self.classes[i, j].tolist()]


def operators(scenario: Parties, name: str) -> tuple[tuple[int, int, int | None], ...]:
    """Return (party, setting, outcome) of each operator in a moment's name; outcome None is an observable.

    Raise ValueError for what is no moment of the scenario.
    """
    whole = _MOMENT.fullmatch(name.strip())
    if whole is None or len(name) > MAX_NAME:
        raise ValueError("a moment is <1> or a product of operators, as <A0 B0 A1> or <A[0|1] B[0|0]>")
    found: list[tuple[int, int, int | None]] = []
    for word in () if whole[1].strip() == "1" else whole[1].split():
        match = _OPERATOR.fullmatch(word)
        party = scenario.letters.find(word[0])
        if match is None or party < 0:
            raise ValueError(f"{word} is no operator of {', '.join(scenario.letters)}")
        letter, outcomes = scenario.letters[party], scenario.outcomes[party]
        if (outcomes == 2) != (match[2] is not None):
            form = f"{letter}0, {letter}1, .." if outcomes == 2 else f"{letter}[outcome|setting]"
            raise ValueError(f"{word}: {letter} has {outcomes} outcomes, so its operators are {form}")
        setting, outcome = int(match[2] or match[4]), int(match[3] or 0)
        if setting >= scenario.settings[party] or outcome >= max(outcomes - 1, 1):
            last = "; the last outcome is 1 less the others" if outcomes > 2 else ""
            raise ValueError(
                f"{word}: settings of {letter} are 0..{scenario.settings[party] - 1}"
                + (f", outcomes 0..{outcomes - 2}{last}" if last else "")
            )
        found.append((party, setting, None if outcomes == 2 else outcome))
    return tuple(found)


def word_count(scenario: Parties, level: str) -> int:
    """Return the number of words of a level; raise InputError for a level that cannot be read."""
    with said_at("adversary.level"):
        lengths = patterns(level, scenario.letters)
    total = 0
    for part in lengths:
        counts = []
        for settings, outcomes, length in zip(scenario.settings, scenario.outcomes, part, strict=True):
            operators = settings * (outcomes - 1)
            counts.append(operators * (operators - outcomes + 1) ** (length - 1) if length else 1)
        total += prod(counts)
    return total


def moment_matrix(scenario: Parties, level: str) -> MomentMatrix:
    """Return the moment matrix of a level; raise InputError for a level that cannot be read."""
    with said_at("adversary.level"):
        lengths = patterns(level, scenario.letters)
    longest = [max(part[p] for part in lengths) for p in range(len(scenario.letters))]
    parties = tuple(party_words(scenario, p, n) for p, n in enumerate(longest))
    groups: list[Index] = []
    for part in lengths:
        chosen = [np.flatnonzero(party.lengths == n) for party, n in zip(parties, part, strict=True)]
        if sum(len(g) for g in groups) + prod(len(c) for c in chosen) > MAX_WORDS:
            raise TooLargeError(f"level {level} has more than {MAX_WORDS} words")
        grid = np.meshgrid(*chosen, indexing="ij")
        groups.append(np.stack([axis.ravel() for axis in grid], axis=1))
    words = np.concatenate(groups).astype(np.int64)
    values, total = [], np.zeros((len(words),) * 2, dtype=np.int64)
    vanish = np.zeros(total.shape, dtype=bool)
    size = 1
    for p, party in enumerate(parties):
        # without the products that vanish; the empty word is number 0
        known = np.unique(party.codes[party.codes >= 0])
        size *= len(known)
        if size >= MAX_CODE:
            raise TooLargeError(f"level {level} has too many products of words")
        place = np.searchsorted(known, np.maximum(party.codes, 0))
        pair = (words[:, None, p], words[None, :, p])
        total = total * len(known) + place[pair]
        vanish |= party.codes[pair] < 0
        values.append(known)
    total = np.minimum(total, total.T)
    codes, classes = np.unique(total[~vanish], return_inverse=True)
    table = np.full(total.shape, -1, dtype=np.int64)
    table[~vanish] = classes
    return MomentMatrix(scenario, level, parties, words, table, codes, tuple(values))
