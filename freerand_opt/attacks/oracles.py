"""What prices are held against, in floats: the best distribution of a source, the program of all boxes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import PerParty, SanthaVazirani, Uniform
from freerand_opt.programs.cones import SourceCone, source_cone
from freerand_opt.programs.no_signalling import no_signalling_rows
from freerand_opt.programs.pricing import Products, tree_of
from freerand_opt.programs.program import (
    ConicProgram,
    FloatArray,
    Labels,
    Rows,
    conic_program,
    constant,
    integer_rows,
)
from freerand_opt.programs.support import best_distribution


def best_for(question: Question) -> Callable[[FloatArray], FloatArray]:
    """Return the function from gains by setting to a best distribution of the source, in floats."""
    source, scenario = question.source, question.scenario
    if isinstance(source, Uniform):
        return lambda gains: np.ones(len(gains))
    if isinstance(source, SanthaVazirani):
        return tree_of(source, scenario).best
    if isinstance(source, PerParty):
        try:
            products = Products(source, scenario)
        except TooLargeError:
            return lambda gains: _by_turns(question, gains)
        return lambda gains: products.best(gains)[0]
    cone = source_cone(source, scenario)
    from freerand_opt.solvers.restricted import Maximiser

    ask = Maximiser(_source_program(cone))

    def best(gains: FloatArray) -> FloatArray:
        full = np.zeros(len(cone.names))
        np.add.at(full, cone.leaf, gains)
        return ask(full)[cone.leaf]

    return best


def _by_turns(question: Question, gains: FloatArray) -> FloatArray:
    exact = [Fraction(round(float(gain) * 2**40), 2**40) for gain in gains]
    return np.array([float(m) for m in best_distribution(question.source, question.scenario, exact)])


def _source_program(cone: SourceCone) -> ConicProgram:
    """Return the program of the source's distributions, P(w) = 1."""
    columns = len(cone.names)
    one, right = integer_rows([(0, cone.root, Fraction(1))], [Fraction(1)], columns)
    empty = Labels("", ())
    return conic_program(
        [
            Rows("zero", cone.equalities, constant(0, cone.equalities.shape[0]), empty),
            Rows("zero", one, right, empty),
            Rows("nonnegative", -cone.inequalities, constant(0, cone.inequalities.shape[0]), empty),
        ],
        objective=constant(0, columns),
        lower=constant(0, columns),
        upper=constant(cone.growth, columns),
        column_labels=(empty,),
    )


def box_program(scenario: Scenario) -> ConicProgram:
    """Return the program of the no-signalling boxes."""
    outcomes, settings = scenario.shape
    width = outcomes * settings
    local, _ = no_signalling_rows(scenario)
    entries = [(0, o * settings, Fraction(1)) for o in range(outcomes)]
    total, one = integer_rows(entries, [Fraction(1)], width)
    empty = Labels("", ())
    return conic_program(
        [Rows("zero", local, constant(0, local.shape[0]), empty), Rows("zero", total, one, empty)],
        objective=constant(0, width),
        lower=constant(0, width),
        upper=constant(1, width),
        column_labels=(empty,),
    )
