"""The library of functionals: facets, local bounds by enumeration, no-signalling bounds of the literature."""

import tomllib
from fractions import Fraction
from itertools import product
from math import pi, sin
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from freerand_opt.bounds.bound import bound
from freerand_opt.model import (
    FUNCTIONALS,
    Adversary,
    Ask,
    Behaviour,
    Functional,
    MeasurementDependence,
    Question,
    Scenario,
    Uniform,
    chained,
    families,
    ghz,
)
from freerand_opt.model.behaviours.behaviour import SCENARIO
from freerand_opt.model.families.mdl import Mdl
from freerand_opt.model.families.sliwa import bound as sliwa_bound
from freerand_opt.model.families.tilted import Tilted
from freerand_opt.numbers.exact import compare, sqrt

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


def assert_facet(name, settings, outcomes, local):
    """Check the local bound, and that boxes that reach it span a facet."""
    factors, unit = table(name, settings, outcomes)
    every = np.array(list(boxes(settings, outcomes)))
    values = every @ factors
    assert values.max() == local * unit
    dimension = np.prod([n * (d - 1) + 1 for n, d in zip(settings, outcomes, strict=True)]) - 1
    assert np.linalg.matrix_rank(every[values == values.max()]) == dimension


@pytest.mark.parametrize("number", range(1, 47))
def test_sliwa(number):
    assert_facet(f"sliwa-{number}", (2, 2, 2), (2, 2, 2), sliwa_bound(number))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_inn22(n):
    assert_facet("inn22", (n, n), (2, 2), 0)


def test_inn22_is_i3322_at_three():
    three = Scenario((3, 3), (2, 2))
    assert FUNCTIONALS["inn22"](three) == FUNCTIONALS["i3322"](three)


def score(scenario, name, devices, sign=1):
    """Return the certified extreme of a functional, whose two ends meet."""
    extreme = "largest" if sign > 0 else "smallest"
    asked = Ask("score", functional=Functional.named(name), extreme=extreme)
    found = bound(Question(scenario, Uniform(), adversary=Adversary(devices), ask=asked)).bracket
    assert found.lower == found.upper
    return found.lower


@pytest.mark.parametrize("number", range(1, 47))
def test_no_signalling_maxima_of_sliwa(number):
    right = Fraction(NO_SIGNALLING[number - 1])
    assert score(Scenario((2, 2, 2), (2, 2, 2)), f"sliwa-{number}", "no-signalling") == right


# ------------------------------------------------------------------ the page docs/library.md

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
TABLE = [
    [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("|")
]
LIBRARY = [row for row in TABLE if row[0] in FUNCTIONALS]


def no_signalling(scenario, cells, sign):
    """Return the extreme of a functional over P(o|s) by a linear program of its own, in floats."""
    count, width = scenario.shape
    at = {s: k for k, s in enumerate(scenario.joint_settings)}
    rows, rhs = [], []
    for s in range(count):
        rows.append({(s, o): 1 for o in range(width)})
        rhs.append(1)
    for p, n in enumerate(scenario.settings):
        for s, settings in enumerate(scenario.joint_settings):
            if settings[p] == n - 1:
                continue
            other = at[(*settings[:p], settings[p] + 1, *settings[p + 1 :])]
            for rest in product(*(range(d) for q, d in enumerate(scenario.outcomes) if q != p)):
                row = {}
                for a in range(scenario.outcomes[p]):
                    o = scenario.outcome_index((*rest[:p], a, *rest[p:]))
                    row[s, o], row[other, o] = 1, -1
                rows.append(row)
                rhs.append(0)
    matrix = lil_matrix((len(rows), count * width))
    for k, row in enumerate(rows):
        for (s, o), x in row.items():
            matrix[k, s * width + o] = x
    costs = np.zeros(count * width)
    for (s, o), x in cells.items():
        costs[s * width + o] -= sign * float(x)
    return -sign * linprog(costs, A_eq=matrix.tocsr(), b_eq=rhs).fun


@pytest.mark.parametrize("row", LIBRARY, ids=lambda row: f"{row[0]}-{row[1]}")
def test_the_page_of_functionals(row):
    """Local by enumeration, no-signalling by another program; both with certificates of two ends."""
    name, where, local, most, quantum, reference = row
    assert reference
    scenario = SCENARIO.read(tomllib.loads(f"x = {{ {where} }}")["x"], "scenario")
    sign = -1 if "smallest" in reference else 1
    for devices, value in (("local", local), ("no-signalling", most)):
        assert score(scenario, name, devices, sign) == Fraction(value)
    cells = FUNCTIONALS[name](scenario)
    assert no_signalling(scenario, cells, sign) == pytest.approx(float(Fraction(most)), abs=1e-7)
    every = np.array(list(boxes(scenario.settings, scenario.outcomes)))
    factors = np.zeros(every.shape[1])
    for (s, o), x in cells.items():
        factors[s * scenario.shape[1] + o] = float(x)
    assert sign * (every @ (sign * factors)).max() == pytest.approx(float(Fraction(local)), abs=1e-9)
    closed = CLOSED.get(quantum, quantum)
    if closed and sign > 0:
        assert float(Fraction(local)) <= float(closed) <= float(Fraction(most))


#: What the page's closed forms are worth.
CLOSED = {
    "2√2": 8**0.5,
    "(√2 − 1)/2": (2**0.5 - 1) / 2,
    "√(17/2)": 8.5**0.5,
    "√221/4": 221**0.5 / 4,
    "4 · 1.2508754": 5.0035016,
    "3√3/4 − 1": 0.75 * 3**0.5 - 1,
    "4√3": 48**0.5,
    "6 sin²(π/12)": 6 * sin(pi / 12) ** 2,
    "12 sin²(π/24)": 12 * sin(pi / 24) ** 2,
    "1 + √(11/3)": 1 + (11 / 3) ** 0.5,
    "4√2": 32**0.5,
    "8√2": 128**0.5,
}


def test_the_page_has_sliwa_s_numbers():
    found = [row for row in TABLE if len(row) == 3 and row[0].isdigit()]
    assert found == [[str(k), str(sliwa_bound(k)), NO_SIGNALLING[k - 1]] for k in range(1, 47)]


@pytest.mark.parametrize(
    ("name", "settings"), [("a4", (3, 4)), ("a5", (4, 4)), ("a6", (4, 4)), ("a7", (4, 4)), ("i4422", (4, 4))]
)
def test_facets_of_avis_imai_ito_and_sasaki(name, settings):
    assert_facet(name, settings, (2, 2), 0)


def test_i4422_is_a7_with_outcomes_exchanged():
    """Outcomes of A0, A1, A3 and B2: so the quantum value is that of A7, .2878683 (arXiv:0810.1615)."""
    every = np.array(list(boxes((4, 4), (2, 2)))).reshape(-1, 4, 4, 2, 2)
    turned = every.copy()
    for x in (0, 1, 3):
        turned[:, x] = turned[:, x, :, ::-1]
    turned[:, :, 2] = turned[:, :, 2, :, ::-1]
    (one, unit), (other, same) = (table(name, (4, 4), (2, 2)) for name in ("i4422", "a7"))
    assert unit == same
    assert (every.reshape(-1, 64) @ one == turned.reshape(-1, 64) @ other).all()


def test_froissart_is_i3322_in_means():
    """4 I3322 + 4 on every local box."""
    scenario, every = Scenario((3, 3), (2, 2)), np.array(list(boxes((3, 3), (2, 2))))
    (mean, unit), (facet_of, _) = (table(name, *scenario.sizes) for name in ("froissart", "i3322"))
    assert (every @ mean == 4 * (every @ facet_of) + 4 * unit).all()


@pytest.mark.parametrize(("beta", "alpha"), [("1/2", "1"), ("1/2", "3/2"), ("1", "2"), ("0", "1")])
def test_the_tilted_behaviour_has_the_largest_quantum_score(beta, alpha):
    """sqrt((1 + alpha^2)(4 + beta^2)), arXiv:1107.2754."""
    scenario = Tilted(beta=beta, alpha=alpha)
    rows = [families.behaviour("quantum", scenario)(s) for s in range(4)]
    assert Behaviour(Scenario((2, 2), (2, 2)), rows).signalling is None
    a, b = Fraction(alpha), Fraction(beta)
    total = sum((rows[s][o] * x for (s, o), x in FUNCTIONALS["tilted"](scenario).items()), Fraction(0))
    assert compare(total, sqrt((1 + a * a) * (4 + b * b))) == 0


def test_the_inequality_of_measurement_dependent_locality():
    """At most 0 for local devices and 1/10 <= P(xy|w) <= 3/10 (arXiv:1407.5634); with other limits more."""
    asked = Ask("score", functional=Functional.named("mdl", on="joint"))
    scenario, local = Mdl(lower="1/10", upper="3/10"), Adversary("local")
    right = Question(scenario, MeasurementDependence("1/10", "3/10"), adversary=local, ask=asked)
    assert bound(right).bracket.exact == 0
    wider = right.changed(source=MeasurementDependence("1/20", "1/2"))
    assert bound(wider).bracket.lower > 0


def test_names_need_no_family():
    """Mermin's and the chained functional fit any scenario of their size."""
    assert FUNCTIONALS["mermin"](Scenario((2, 2, 2), (2, 2, 2))) == FUNCTIONALS["mermin"](ghz(3))
    assert FUNCTIONALS["chained"](Scenario((3, 3), (2, 2))) == FUNCTIONALS["chained"](chained(3))
