"""Factors from bounds on guesses: Mermin's test of three parties, and what the checker refuses."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import log2, sqrt

import numpy as np
import pytest
from scipy.optimize import linprog

from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.data import Counts
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.document import check
from freerand_opt.experiments.bits import bits
from freerand_opt.experiments.commands import answers
from freerand_opt.experiments.guesses import by_guesses, prove, sloped
from freerand_opt.experiments.setup import setup
from freerand_opt.model import SanthaVazirani, Uniform, chsh, families, ghz

from .shared import noisy

PLACES = list(product((0, 1), repeat=3))
TESTED = [z for z, place in enumerate(PLACES) if sum(place) % 2 == 0]
ALL = (0, 1, 2)


def plan(visibility: float) -> list[float]:
    """The GHZ state's behaviour, from the signs of the correlators alone: - at no y, + at two."""
    found = []
    for z, place in enumerate(PLACES):
        sign = 0 if z not in TESTED else (-1 if sum(place) == 0 else 1)
        found += [(1 + visibility * sign * (-1) ** sum(o)) / 64 for o in PLACES]
    return found


@lru_cache(maxsize=8)
def made(epsilon: str | None, devices: str = "no-signalling"):
    return setup(ghz(3), SanthaVazirani(epsilon) if epsilon else Uniform(), devices).by_guesses("mermin")


@pytest.mark.parametrize("epsilon", [None, "0"])
def test_mermin_with_uniform_settings(epsilon):
    """experiments.md, section 6(b): a = 3/2; rate .94418 at V = .99, beta = .01; .97143 for beta -> 0."""
    held = made(epsilon)
    raw = sloped(held, np.array(plan(0.99)), ALL)
    bound = prove(held, raw, ALL).estimator.bound
    for z, o in product(range(8), range(8)):
        sign = 0 if z not in TESTED else (-1 if z == 0 else 1)
        assert bound[8 * z + o] == Fraction(3, 2) - 2 * sign * (-1) ** sum(PLACES[o])
    factor = by_guesses(held, plan(0.99), 10**6, 64, ALL, 100)
    assert 100 * factor.rate(plan(0.99)) == pytest.approx(0.94418, abs=6e-6)
    mean = sum(float(b) * p for b, p in zip(bound, plan(0.99), strict=True))
    assert -log2(mean) == pytest.approx(0.97143, abs=6e-6)
    far = by_guesses(held, plan(0.99), 10**9, 64, ALL, 4000)
    assert 0.965 < 4000 * far.rate(plan(0.99)) < 0.97144


def equalities():
    """Normalisation and no-signalling of q(abc|xyz), all of them, as rows."""
    rows, right = [], []
    for z in range(8):
        rows.append([float(k // 8 == z) for k in range(64)])
        right.append(1.0)
    for party, (z, place) in product(range(3), enumerate(PLACES)):
        if place[party]:
            other = z - (4, 2, 1)[party]
            for others in product((0, 1), repeat=2):
                row = [0.0] * 64
                for o, outcome in enumerate(PLACES):
                    if tuple(x for p, x in enumerate(outcome) if p != party) == others:
                        row[8 * z + o], row[8 * other + o] = 1.0, -1.0
                rows.append(row)
                right.append(0.0)
    return np.array(rows), np.array(right)


def corners(epsilon: float):
    """Distributions of three bits in time order, each end at every node."""
    for ends in product((0.5 - epsilon, 0.5 + epsilon), repeat=7):
        s = []
        for x, y, z in PLACES:
            first, second, third = ends[0], ends[1 + x], ends[3 + 2 * x + y]
            s.append(
                (1 - first if x else first) * (1 - second if y else second) * (1 - third if z else third)
            )
        yield np.array(s)


def test_the_constant_is_that_of_linear_programs_over_corners():
    """The worst guess of Mermin's test with eps = .01: the worst of 128 corners, and others."""
    held = made("1/100")
    raw = sloped(held, np.array(plan(0.99)), ALL)
    proved = prove(held, raw, ALL)
    over = float(proved.estimator.bound[0] - raw[0])
    b = np.array([float(x) for x in raw])
    matrix, right = equalities()
    values, chosen = [], list(corners(0.01))
    worst = int("1101011", 2)  # the high end of the nodes of 000 and of those that lead to tested settings
    for k in (worst, *range(0, 128, 9)):  # the guess of outcomes 001 at settings xxx
        s = chosen[k]
        objective = np.repeat(s, 8) * (8.0 * (np.arange(64) == 1) - b)
        values.append(-linprog(-objective, A_eq=matrix, b_eq=right, bounds=(0, 1)).fun)
    assert values[0] == pytest.approx(over, abs=1e-9)
    assert max(values) <= over + 1e-9


def test_the_condition_holds_for_boxes_that_are_not_listed():
    """(E) for deterministic boxes and vertices found by random programs, at corners of the source."""
    held, k = made("1/100"), 20
    factor = by_guesses(held, plan(0.99), 10**5, 64, ALL, k)
    f = 2.0 ** factor.logs()
    draw = np.random.default_rng(3)
    matrix, right = equalities()
    boxes = []
    for answers_ in product((0, 1), repeat=6):
        box = np.zeros(64)
        for z, place in enumerate(PLACES):
            outcome = [answers_[2 * p + x] for p, x in enumerate(place)]
            box[8 * z + 4 * outcome[0] + 2 * outcome[1] + outcome[2]] = 1
        boxes.append(box)
    for _ in range(15):
        boxes.append(linprog(draw.normal(size=64), A_eq=matrix, b_eq=right, bounds=(0, 1)).x.clip(0))
    boxes.append(np.array(plan(1)) * 8)
    worst = 0.0
    for s in corners(0.01):
        weight = np.repeat(s ** (1 + 1 / k) * 8 ** (1 / k), 8)
        worst = max(worst, *(float(weight @ (box ** (1 + 1 / k) * f)) for box in boxes))
    assert 0.9 < worst <= 1 + 1e-9


@lru_cache(maxsize=1)
def certified():
    """A run of 50,000 trials at V = .99, settings within 1 %."""
    cells = np.random.default_rng(2).multinomial(50_000, plan(0.99))
    found = bits(
        Counts(ghz(3), tuple(int(n) for n in cells)),
        made("1/100"),
        training=plan(0.99),
        error="2^-64",
    )
    assert found.success
    return found


def test_bits_are_checked_again():
    found = certified()
    document = json.loads(json.dumps(found.certificate))
    assert check(document).log2 == found.value > 20_000
    assert "section 9" in check(document).theorem
    assert len(document["claim"]["estimator"]["guesses"]) == 12
    assert len(json.dumps(document)) < 200_000


def _worse(document):
    document["claim"]["estimator"]["bound"] = ["0"] * 64


def _less(document):
    del document["claim"]["estimator"]["guesses"][3]


def _none(document):
    document["claim"]["estimator"]["guesses"] = []


def _scaled(document):
    document["claim"]["estimator"]["scale"] = "1/1000"


def _assumed(document):
    document["claim"]["later"] = "independent of outcomes"


def _local(document):
    document["devices"] = "local"


def _wide(document):
    document["source"]["epsilon"] = "1/5"


@pytest.mark.parametrize(
    ("forge", "error"),
    [(_worse, Rejected), (_less, Rejected), (_none, Rejected), (_scaled, Rejected), (_assumed, Unreadable),
     (_local, Unreadable), (_wide, Rejected)],
)  # fmt: skip
def test_forged_estimators_are_refused(forge, error):
    document = json.loads(json.dumps(certified().certificate))
    forge(document)
    with pytest.raises(error):
        check(document)


def test_one_cell_lowered_gains_nothing():
    """A smaller B at one cell breaks its symmetry, so that guesses lack a proof."""
    document = json.loads(json.dumps(certified().certificate))
    changed = copy.deepcopy(document)
    bound = changed["claim"]["estimator"]["bound"]
    bound[1] = str(Fraction(bound[1]) - Fraction(1, 10))
    with pytest.raises(Rejected):
        check(changed)


@pytest.mark.parametrize(
    ("devices", "most"), [("no-signalling", 1.5 - 0.99 / sqrt(2)), ("quantum", 2**-0.911)]
)
def test_chsh_by_guesses_is_below_extreme_points(devices, most):
    """No-signalling: 3/2 - S/4 (Masanes, Pironio, Acin 2011); quantum: .911 bits (experiments.md, 6(b))."""
    held = setup(chsh(), Uniform(), devices).by_guesses("chsh")
    raw = sloped(held, np.array(noisy(0.99)), (0, 1))
    bound = prove(held, raw, (0, 1)).estimator.bound
    mean = sum(float(b) * p for b, p in zip(bound, noisy(0.99), strict=True))
    assert mean == pytest.approx(most, abs=4e-4)
    rate = 100 * by_guesses(held, noisy(0.99), 10**6, 64, (0, 1), 100).rate(noisy(0.99))
    assert 0.3 < rate < -log2(mean)


def test_one_party_of_three_has_no_bits():
    """Its outcome may be fixed and the others a PR box, which passes Mermin's test."""
    held = made(None)
    for of, low in (((0,), 0.0), ((0, 1), 0.9)):
        rate = 100 * by_guesses(held, plan(0.99), 10**6, 64, of, 100).rate(plan(0.99))
        assert low - 1e-9 <= rate <= (0.94419 if low else 1e-9)


def test_three_parties_from_a_file(tmp_path):
    rows = families.behaviour("quantum", ghz(3))
    draw = np.random.default_rng(1).multinomial(20_000, plan(0.98))
    lines = ["x,y,z,a,b,c,n"]
    for k, n in enumerate(draw):
        lines.append(",".join(map(str, (*PLACES[k // 8], *PLACES[k % 8], n))))
        assert float(rows(k // 8)[k % 8]) == pytest.approx(8 * plan(1)[k])
    (tmp_path / "run.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "run.toml").write_text(
        'scenario = { family = "ghz", M = 3 }\nsource.kind = "uniform"\nadversary.devices = "no-signalling"\n'
        'observed = { behaviour = "quantum", visibility = "0.98" }\n'
        'ask = { quantity = "bits", functional = "mermin" }\n'
        'data = { counts = "run.csv", error = "1/1000000" }\n'
    )
    (one,) = answers(tmp_path / "run.toml")
    assert one.found.success and 15_000 < one.found.value < 20_000
    held = (tmp_path / "run.toml").read_text()
    (tmp_path / "run.toml").write_text(held.replace(', functional = "mermin"', ""))
    with pytest.raises(InputError, match="functional"):
        list(answers(tmp_path / "run.toml"))
