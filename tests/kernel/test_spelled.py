"""One thing spelled in several ways: vectors, and observed settings as the kernel tells them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from freerand_opt.checker.describe import describe
from freerand_opt.checker.failures import Work
from freerand_opt.checker.reading import fraction
from freerand_opt.checker.varied import Varied
from freerand_opt.checker.vectors import vector

from .makers import bits, chsh, question, read, score


def told(observed: Any) -> str:
    """Return how observed settings are told."""
    (line,) = (
        x for x in describe(read(question(score(chsh()), observed=observed)), Work()) if "observed" in x
    )
    return line


def test_a_list_a_palette_and_exceptions_are_one_vector() -> None:
    listed = vector(["1/2", "1/3", "1/2"], "x", 3, fraction)
    palette = vector({"palette": ["1/2", "1/3"], "codes": [0, 1, 0]}, "x", 3, fraction)
    apart = vector({"all": "1/2", "but": [[1, "1/3"]]}, "x", 3, fraction)
    assert listed.values() == palette.values() == apart.values() == [Fraction(1, n) for n in (2, 3, 2)]
    assert listed.but[0] is listed.but[2]  # what is one spelling is one object


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        ({"all": "1/8", "but": [[3, "5/8"]]}, "1,1: 5/8, all others: 1/8"),
        ({"all": "1/4", "but": [[1, "1/8"], [2, "3/8"]]}, "0,1: 1/8, 1,0: 3/8, all others: 1/4"),
        (["1/8", "1/8", "1/8", "5/8"], "0,0: 1/8, 0,1: 1/8, 1,0: 1/8, 1,1: 5/8"),
    ],
)
def test_observed_settings_are_told_whole(observed: Any, words: str) -> None:
    assert told(observed) == f"observed settings: {words}"


def test_questions_along_a_curve_are_not_all_kept() -> None:
    raw = question(score(chsh()), source={**bits(), "epsilon": "?"})
    field = Varied({"question": raw, "crosses": None}, Work())
    places = [Fraction(k, 40) for k in range(20)]
    asked = [field.question(place) for place in places]
    assert len(field.known) <= 4
    assert field.question(places[-1]) is asked[-1]  # the neighbour's is shared
