"""Every question of the catalogue and of the reports, against the model that the new one replaces.

To go together with `freerand_opt.first.model`, `freerand_opt.first.spec` and `freerand_opt.first.to_problem`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from freerand_opt.first.spec import read as old_read
from freerand_opt.first.to_problem import problem_of
from freerand_opt.model.file import read
from freerand_opt.model.head import kind_of, load
from freerand_opt.model.problem import Test as SolvedTest

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("lps/*.toml"), *ROOT.glob("sdps/*.toml"), *ROOT.glob("reports/*.toml")])
#: Joint settings up to which problems are compared; the larger ones differ in N alone and take a minute.
LARGEST = 2**14
QUESTIONS = [path for path in FILES if kind_of(load(path)) == "question"]


def sorted_words(problem):
    """Return the problem with the moments of each test in order, which the old model keeps as written."""
    tests = tuple(
        replace(test, functional=replace(test.functional, words=tuple(sorted(test.functional.words))))
        if isinstance(test, SolvedTest)
        else test
        for test in problem.tests
    )
    return replace(problem, tests=tests)


def same_many(old, many):
    """Compare questions of many parties, which are kept short."""
    output = old.ask.output
    values = () if old.ask.quantity == "sum-of-biases" else output.values
    assert (many.violated, many.whole) == (old.relations.violated, old.relations.whole)
    assert (many.at, many.of, many.values, many.count) == (old.ask.at, output.parties, values, output.count)
    assert many.epsilon == getattr(old.source, "epsilon", 0)
    if output.picked is None:
        assert many.picked is None
    else:
        held = (many.picked.bits, many.picked.selection, many.picked.epsilon)
        assert held == (output.picked.bits, output.picked.selection, output.picked.epsilon)


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_problem_is_that_of_the_old_model(path):
    old, new = old_read(path), read(path)
    assert (old.title, old.claim, old.reference, old.tier) == (new.title, new.claim, new.reference, new.tier)
    assert len(old.instances) == len(new.instances)
    for one, two in zip(old.instances, new.instances, strict=True):
        if "{'" not in one.name:  # a table by its Python repr, which is now written as TOML
            assert (one.name, one.at, one.row, one.column) == (two.name, two.at, two.row, two.column)
        assert (one.corner, one.variant, one.expect is None) == (two.corner, two.variant, two.expect is None)
        if one.threshold is not None:
            assert (one.threshold.field, one.threshold.between) == (two.threshold.of, two.threshold.between)
            assert one.threshold.width == two.threshold.width
        if one.question.relations is not None:
            same_many(one.question, two.question.many())
        elif two.question.scenario.shape[0] <= LARGEST:
            assert two.question.problem() == sorted_words(problem_of(one.question))


def test_files_are_sorted_by_kind():
    kinds = [kind_of(load(path)) for path in FILES]
    assert kinds.count("question") + kinds.count("computation") == len(FILES)
    assert kinds.count("computation") > 20
