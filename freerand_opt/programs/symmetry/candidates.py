"""Relabellings that a question may have: named, of known scenarios, or found by a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Functional, Kept, Problem, Test
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.symmetry.generators import FIND, Generator, generator, known_generators
from freerand_opt.programs.symmetry.relabellings import found_generators


def candidates(problem: Problem, symmetry: Sequence[str]) -> list[tuple[str, Generator]]:
    """Return (text, generator), the text empty where it was not named; ``find`` has them searched for.

    Raise InputError for a text that cannot be read, TooLargeError for a search that is too long.
    """
    parties = problem.parties
    found = [(text, generator(parties, text)) for text in symmetry if text != FIND]
    found += [("", held) for held in known_generators(parties)]
    if FIND in symmetry:
        found += [("", held) for held in found_generators(parties, _tables(problem))]
    return found


def _tables(problem: Problem) -> list[Floats]:
    """Return what each guess earns, and each test's functional, as arrays [o, s]."""
    guesses, tables = guesses_of(problem), []
    for g in range(len(guesses.worths) if guesses.outputs else 0):
        table = np.zeros(problem.shape)
        for s in range(problem.shape[0]):
            for o, worth in guesses.worth(g, s).items():
                table[s, o] = float(worth)
        tables.append(table.T)
    functionals = [problem.ask.score] + [t.functional for t in problem.tests if isinstance(t, Test)]
    tables += [_table(problem, f) for f in functionals if f is not None and f.on != "moments"]
    for kept in problem.tests:
        if isinstance(kept, Kept):
            table = np.zeros(problem.shape)
            for s, row in kept.table:
                table[s] = [float(x) for x in row]
            tables.append(table.T)
    return tables


def _table(problem: Problem, f: Functional) -> Floats:
    table = np.zeros(problem.shape)
    for s, o, factor in f.terms:
        table[s, o] = float(factor)
    return table.T
