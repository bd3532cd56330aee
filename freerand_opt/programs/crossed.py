r"""Moments of several of the adversary's operators at once: one matrix of a node's words.

.. math:: \Gamma \succeq 0 \text{ over } u,\; s C_v \quad (s \text{ at most one operator of the parties}),

whose entries are y(u* u'), <u* s C_v> = 2 z_v(u* s) - y(u* s) and, for v != w, <s* s' C_v C_w>, which no
matrix of one operator has. The effects of a node are those of one state: a whole behaviour tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Problem
from freerand_opt.programs.npa.matrix import MomentMatrix

#: Entries by (group, place): group -1 is y, v is z_v, `letters` the moments of two operators.
Entries = dict[tuple[int, int], Fraction]


@dataclass(frozen=True)
class Crossed:
    """Words (place, operator or -1), the upper triangle of their matrix, and how many columns are new."""

    words: tuple[tuple[int, int], ...]
    rows: tuple[Entries, ...]
    width: int


def crossed(problem: Problem, matrix: MomentMatrix, letters: int) -> Crossed:
    """Return the matrix of a node with so many operators of the adversary."""
    algebra = read_question(question_form(problem), Work(10**9)).algebra
    party = len(problem.settings)
    labels = matrix.word_labels()
    whole = [algebra.word(label, "words") for label in labels]
    few = [place for place, label in enumerate(labels) if " " not in label]
    numbers = [algebra.number(party, ((v, -1),)) for v in range(letters)]
    words = [*((place, -1) for place in range(len(labels)))]
    words += [(place, v) for v in range(letters) for place in few]
    rows: list[Entries] = []
    columns: dict[object, int] = {}
    for j, (right, w) in enumerate(words):
        for left, v in words[: j + 1]:
            moment = int(matrix.classes[left, right])
            if v >= 0 and v != w:
                pair = ((*whole[p][:party], numbers[x]) for p, x in ((left, v), (right, w)))
                key = algebra.product(*pair)  # type: ignore[arg-type]
                place = None if key is None else columns.setdefault(key, len(columns))
                rows.append({} if place is None else {(letters, place): Fraction(1)})
            elif moment < 0:
                rows.append({})
            elif v == w:  # C_v^2 = 1
                rows.append({(-1, moment): Fraction(1)})
            else:
                rows.append({(w, moment): Fraction(2), (-1, moment): Fraction(-1)})
    return Crossed(tuple(words), tuple(rows), len(columns))
