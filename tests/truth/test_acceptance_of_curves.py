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
from freerand_opt.bounds.linear import facets
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.catalogue import curves, find
from freerand_opt.model.file import read
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
    """(1 + I_N)/2 by boxes of the cycle, whose program has one column a box."""
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
    assert dict(result.how)["upper"] == f"{2 * size + 1} boxes of a cycle"


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


@pytest.mark.parametrize(("name", "value"), [("main", 0.2868121)])
def test_the_whole_behaviour_is_what_floats_found(name: str, value: float) -> None:
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
    assert float(result.lower) - 1e-7 <= value <= float(result.upper) + 1e-7


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
