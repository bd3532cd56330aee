"""The library of functionals: facets, local bounds by enumeration, no-signalling bounds of the literature."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from freerand_opt.bounds.bound import bound
from freerand_opt.model import FUNCTIONALS, Adversary, Ask, Functional, Question, Scenario, Uniform
from freerand_opt.model.families.sliwa import bound as sliwa_bound

#: No-signalling maxima of Sliwa's inequalities, Vallins, Sainz, Liang (Phys. Rev. A 95, 022111, 2017), as
#: they are quoted in the data of another program.
NO_SIGNALLING = [
    "1",
    "4",
    "4",
    "6",
    "7",
    "7",
    "10",
    "8",
    "8",
    "20/3",
    "8",
    "8",
    "8",
    "8",
    "8",
    "8",
    "8",
    "8",
    "8",
    "10",
    "60/7",
    "8",
    "8",
    "31/3",
    "31/3",
    "31/3",
    "31/3",
    "14",
    "14",
    "14",
    "12",
    "12",
    "12",
    "12",
    "12",
    "14",
    "14",
    "14",
    "12",
    "12",
    "15",
    "16",
    "16",
    "20",
    "20",
    "62/3",
]


def boxes(settings, outcomes):
    """Yield P(o|s) of all deterministic boxes as 0 and 1, by joint setting and outcome."""
    own = [list(product(range(d), repeat=n)) for n, d in zip(settings, outcomes, strict=True)]
    places = list(product(*(range(d) for d in outcomes)))
    for box in product(*own):
        row = []
        for s in product(*(range(n) for n in settings)):
            answers = tuple(answer[x] for answer, x in zip(box, s, strict=True))
            row += [int(answers == o) for o in places]
        yield row


def table(name, settings, outcomes):
    scenario = Scenario(settings, outcomes)
    count, width = scenario.shape
    found = [Fraction(0)] * (count * width)
    for (s, o), factor in FUNCTIONALS[name](scenario).items():
        found[s * width + o] += factor
    unit = 720
    assert all((unit * x).denominator == 1 for x in found)
    return np.array([int(unit * x) for x in found]), unit


def facet(name, settings, outcomes, local):
    """Check the local bound, and that boxes that reach it span a facet."""
    factors, unit = table(name, settings, outcomes)
    every = np.array(list(boxes(settings, outcomes)))
    values = every @ factors
    assert values.max() == local * unit
    dimension = np.prod([n * (d - 1) + 1 for n, d in zip(settings, outcomes, strict=True)]) - 1
    assert np.linalg.matrix_rank(every[values == values.max()]) == dimension


@pytest.mark.parametrize("number", range(1, 47))
def test_sliwa(number):
    facet(f"sliwa-{number}", (2, 2, 2), (2, 2, 2), sliwa_bound(number))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_inn22(n):
    facet("inn22", (n, n), (2, 2), 0)


def test_inn22_is_i3322_at_three():
    three = Scenario((3, 3), (2, 2))
    assert FUNCTIONALS["inn22"](three) == FUNCTIONALS["i3322"](three)


def score(name, settings, outcomes, devices):
    asked = Ask("score", functional=Functional.named(name))
    question = Question(Scenario(settings, outcomes), Uniform(), adversary=Adversary(devices), ask=asked)
    found = bound(question).bracket
    assert found.lower == found.upper
    return found.lower


@pytest.mark.parametrize("number", [2, 5, 10, 21, 24, 41, 46])
def test_no_signalling_maxima_of_sliwa(number):
    right = Fraction(NO_SIGNALLING[number - 1])
    assert score(f"sliwa-{number}", (2, 2, 2), (2, 2, 2), "no-signalling") == right


@pytest.mark.parametrize(
    ("name", "settings", "local", "most"),
    [
        ("svetlichny", (2, 2), 2, 4),
        ("svetlichny", (2, 2, 2), 4, 8),
        ("elegant", (3, 4), 6, 12),
        ("gyni", (2, 2, 2), 1, Fraction(4, 3)),
        ("inn22", (4, 4), 0, Fraction(3, 2)),
    ],
)
def test_local_and_no_signalling(name, settings, local, most):
    outcomes = (2,) * len(settings)
    assert score(name, settings, outcomes, "local") == local
    assert score(name, settings, outcomes, "no-signalling") == most
