"""Numbers that the design of curves names: breakpoints, values and programs, found by others in floats.

They were found by linear programs at single places and by roots of closed forms (docs/proofs/chained-leakage,
statement 3). Slopes in the score, cells, forgeries: test_curves.py, tests/kernel/test_curves.py.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from math import cos, pi

import pytest

import freerand_opt as fr
from freerand_opt.bounds.methods.facets import facets
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.files.catalogue import curves, find
from freerand_opt.model.files.file import read
from freerand_opt.numbers.exact import compare, cos_pi
from freerand_opt.numbers.kernel import exact


def leakage(size: int) -> fr.Curve:
    folder, claim = curves(), find("chained_leakage_fixed_sv")
    assert folder is not None
    assert claim is not None
    path = folder / "chained_leakage_fixed_sv" / f"N={size}_epsilon=0..3_25.json"
    question = read(claim, {"scenario.N": [size], "source.epsilon": [0]}).instances[0].question
    return fr.load_curve(path, question, "source.epsilon")


@pytest.mark.parametrize(("size", "value"), [(4, "0.378736854977"), (8, "0.36099681876")])
def test_leakage_at_seven_hundredths(size: int, value: str) -> None:
    ((lower, upper),) = leakage(size).floats(["7/100"])
    assert lower == pytest.approx(float(value), abs=1e-11)
    assert upper == pytest.approx(float(value), abs=1e-11)


def test_breakpoints_at_eight_settings() -> None:
    """Roots of I_8 (1 + 2e)^j = (1 - 2e)^6/2 for j = 5, .., 0."""
    found = leakage(8).breaks()
    assert len(found) == 6
    assert found[0] == pytest.approx(0.053153274740, abs=1e-11)
    assert found[-1] == pytest.approx(0.089232876621, abs=1e-11)
    for e, j in zip(found, (5, 4, 3, 2, 1, 0), strict=True):
        assert 8 * (1 - cos(pi / 16)) * (1 + 2 * e) ** j == pytest.approx((1 - 2 * e) ** 6 / 2, abs=1e-11)


@pytest.mark.parametrize("size", [2, 3, 16])
def test_the_guess_without_symmetry_of_the_source(size: int) -> None:
    """(1 + I_N)/2 by boxes of the cycle; errors that cost the same are one of the program's columns."""
    claim = find("chained_guess")
    assert claim is not None
    result = fr.bound(read(claim, {"scenario.N": [size]}).instances[0].question)
    wanted = (1 + size * (1 - cos(pi / (2 * size)))) / 2
    assert result.lower is not None
    assert result.upper is not None
    assert float(result.lower) <= wanted + 1e-15
    assert float(result.upper) >= wanted - 1e-15
    assert result.bracket.width is not None
    assert result.bracket.width < Fraction(1, 10**12)
    assert dict(result.how)["upper"] == "2 boxes of a cycle"


@pytest.mark.parametrize(
    ("weights", "guess", "boxes"),
    [
        # errors at the cheapest edge, of weight 1/2
        ([(3, 2, 5, 7)], Fraction(3, 4), 2),
        # 3 a + 2 b <= 1, 2 a + 3 b <= 1: a = b = 1/5; the other two edges cost more in both
        ([(3, 2, 5, 7), (2, 3, 7, 5)], Fraction(7, 10), 3),
        # a <= 1/9 at each of four edges, each the cheapest in three tests
        ([tuple(9 * (k == j) for k in range(4)) for j in range(4)], Fraction(13, 18), 5),
    ],
)
def test_errors_that_cost_less_than_others_suffice(
    weights: list[tuple[int, ...]], guess: Fraction, boxes: int
) -> None:
    """Chain of N = 2 with perfect settings and weighted errors: (1 + the weight of errors)/2."""
    edges = ((0, 0), (1, 0), (1, 1), (0, 1))
    tests = [
        fr.Test(
            fr.Functional.from_terms(
                {
                    f"P({x}{x ^ (edge != (0, 1))}|{edge[0]},{edge[1]})": weight
                    for edge, weight in zip(edges, own, strict=True)
                    for x in (0, 1)
                    if weight
                }
            ),
            "<=",
            1,
        )
        for own in weights
    ]
    asked = fr.Question(
        fr.chained(2),
        fr.Uniform(),
        adversary={"devices": "no-signalling"},
        tests=tests,
        ask=fr.Ask("guessing-probability", of="A", at=[0, 0]),
    )
    result = fr.bound(asked)
    assert result.bracket.exact == guess
    assert dict(result.how)["upper"] == f"{boxes} boxes of a cycle"


@pytest.mark.parametrize("size", [4, 8])
def test_the_guess_in_cells(size: int) -> None:
    """The same (1 + I_N)/2 by Collins and Gisin's coordinates, exactly: (1 + N)/2 - N cos(pi/2N)/2."""
    claim = find("chained_guess")
    assert claim is not None
    pool = Pool(read(claim, {"scenario.N": [size]}).instances[0].question.problem())
    list(facets(pool, Options()))
    assert pool.upper is not None
    assert pool.upper["proof"]["way"] == "cells"
    wanted = (1 + size * (1 - cos_pi(Fraction(1, 2 * size)))) / 2
    assert pool.bound is not None
    assert pool.reached is not None
    assert compare(exact(pool.bound), wanted) == 0
    assert 0 <= float(wanted - pool.reached) < 1e-12


@pytest.mark.parametrize(("name", "value", "digits"), [("main", 0.2868121, 7), ("N_=_8", 0.2139297872, 10)])
def test_the_whole_behaviour_is_what_floats_found(name: str, value: float, digits: int) -> None:
    """Committed certificates beside a linear program over Collins and Gisin's coordinates and bit trees."""
    claim = find("chained_leakage_whole_sv")
    assert claim is not None
    path = claim.parent / "certificates" / claim.stem / f"{name}.json"
    (question,) = [
        one.question for one in read(claim).instances if (one.name or "main") == name.replace("_", " ")
    ]
    result = fr.load(path, question)
    assert result.lower is not None
    assert result.upper is not None
    assert round(float(result.lower), digits) == round(float(result.upper), digits) == value


def test_the_whole_behaviour_of_four_settings_is_one_number() -> None:
    """Found anew: a tolerance of 1e-9, a solver's own, leaves nothing open."""
    claim = find("chained_leakage_whole_sv")
    assert claim is not None
    result = fr.bound(read(claim).instances[0].question)
    assert result.lower is not None
    assert result.upper is not None
    assert 0 <= float(result.upper) - float(result.lower) < 1e-15


def test_a_linear_question_loads_no_scipy() -> None:
    """A cold start is short because nothing is loaded that a linear program does not use."""
    script = (
        "import sys, freerand_opt as fr\n"
        "asked = fr.Question(fr.chsh(), fr.Uniform(), adversary={'devices': 'local'},\n"
        "    ask=fr.Ask('score', functional='chsh', extreme='largest'))\n"
        "assert fr.bound(asked).bracket.exact == 2\n"
        "loaded = {m.split('.')[0] for m in sys.modules}\n"
        "print(sorted(loaded & {'scipy', 'clarabel', 'matplotlib', 'rich'}))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.strip() == "[]"
