"""Extreme no-signalling boxes: numbers of the literature, each box checked by the rank of what is tight."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest

from freerand_opt import Behaviour, Scenario, TooLargeError, extreme_boxes

SIZES = [((2, 2), 24), ((2, 3), 128), ((2, 4), 864), ((3, 3), 1408)]


@pytest.mark.parametrize(("settings", "count"), SIZES)
def test_two_outcomes(settings, count):
    """24: Barrett et al., quant-ph/0404097; the form of all: Jones and Masanes, quant-ph/0506182."""
    boxes = extreme_boxes(Scenario(settings, (2, 2)))
    assert len(boxes) == len(set(boxes)) == count
    values = {p for box in boxes for row in box.rows for p in row}
    assert values == {0, F(1, 2), 1}
    assert sum(all(p in (0, 1) for row in box.rows for p in row) for box in boxes) == 2 ** sum(settings)


@pytest.mark.parametrize(("settings", "outcomes"), [((2, 2), (2, 2)), ((2, 3), (2, 2)), ((2, 2), (2, 3))])
def test_each_is_extreme(settings, outcomes):
    """What is 0 and no-signalling leave one box: their rank is the number of probabilities."""
    scenario = Scenario(settings, outcomes)
    count, width = scenario.shape
    equal = []
    for p, n in enumerate(settings):
        for s, one in enumerate(scenario.joint_settings):
            if one[p] == n - 1:
                continue
            t = scenario.setting_index((*one[:p], one[p] + 1, *one[p + 1 :]))
            for rest in product(*(range(d) for q, d in enumerate(outcomes) if q != p)):
                row = np.zeros(count * width)
                for a in range(outcomes[p]):
                    o = scenario.outcome_index((*rest[:p], a, *rest[p:]))
                    row[s * width + o], row[t * width + o] = 1, -1
                equal.append(row)
    sums = [np.repeat(np.eye(count)[s], width) for s in range(count)]
    for box in extreme_boxes(scenario):
        assert box.signalling is None
        zeros = [np.eye(count * width)[k] for k, p in enumerate(p for row in box.rows for p in row) if p == 0]
        assert np.linalg.matrix_rank(np.array([*equal, *sums, *zeros])) == count * width


def test_the_eight_of_popescu_and_rohrlich():
    boxes = set(extreme_boxes(Scenario((2, 2), (2, 2))))
    for a, b, c in product((0, 1), repeat=3):
        signs = [[(-1) ** (x * y ^ a * x ^ b * y ^ c) for y in (0, 1)] for x in (0, 1)]
        assert Behaviour.from_correlators(signs) in boxes


def test_too_large_is_said():
    with pytest.raises(TooLargeError, match="probabilities"):
        extreme_boxes(Scenario((9, 9), (2, 2)))


def run(*arguments):
    command = [sys.executable, "-m", "freerand_opt", "boxes", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))


def test_the_verb(tmp_path):
    done = run("3,3", "2,2", "-o", str(tmp_path / "all.json"))
    assert (done.returncode, "1408, of which 64 are deterministic" in done.stdout) == (0, True)
    assert len(json.loads((tmp_path / "all.json").read_text())) == 1408
    assert json.loads(run("2,2", "2,2", "--json").stdout)["by_denominator"] == {"1": 16, "2": 8}
    assert run("2,x", "2,2").returncode == 2
