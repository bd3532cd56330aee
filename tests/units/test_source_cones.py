"""Cones and vertices of sources: the same set two ways, against bits drawn by hand."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog

from freerand_opt.errors import TooLargeError
from freerand_opt.model import (
    Ask,
    Independent,
    Inequalities,
    MeasurementDependence,
    MinEntropy,
    Mixture,
    Mutual,
    Question,
    SanthaVazirani,
    Scenario,
    Uniform,
    chained,
)
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.source_vertices import vertices

E = F(1, 10)
BITS = ("least-significant-first", "gray", "most-significant-first")
ORDERS = ("interleaved", "A first", "B first")
TWO, MIXED = chained(2), Scenario((3, 4), (2, 2))
ROW = {"terms": {"00": 1, "01": 1}, "relation": "<=", "bound": "3/5"}


def problem(source, scenario):
    return Question(scenario, source, adversary={"devices": "no-signalling"}, ask=Ask("strategy")).problem()


def listed(source, scenario=TWO):
    made = problem(source, scenario)
    return vertices(made.source, made.settings, made.observed)


def of_bits(epsilon, order, bits, counts):
    """All extreme Santha-Vazirani distributions by joint setting, from the definition."""
    n = sum(counts)
    strings = []
    for joint in product(*(range(2**k) for k in counts)):
        written = []
        for x, k in zip(joint, counts, strict=True):
            text = format(x ^ (x >> 1) if bits == "gray" else x, f"0{k}b")
            written.append(text[::-1] if bits == "least-significant-first" else text)
        if order == "interleaved":
            strings.append("".join(s[j] for j in range(max(counts)) for s in written if j < len(s)))
        else:
            first = "AB".index(order[0])
            strings.append(written[first] + written[1 - first])
    prefixes = ["".join(p) for k in range(n) for p in product("01", repeat=k)]
    for favoured in product("01", repeat=len(prefixes)):
        likes = dict(zip(prefixes, favoured, strict=True))
        found = []
        for text in strings:
            share = F(1)
            for k in range(n):
                share *= F(1, 2) + (epsilon if text[k] == likes[text[:k]] else -epsilon)
            found.append(share)
        yield tuple(found)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("counts", [(1, 1), (2, 1), (1, 2)])
def test_vertices_of_bits_in_one_time_order(order, bits, counts):
    scenario = Scenario(tuple(2**k for k in counts), (2, 2))
    found = listed(SanthaVazirani(F(1, 7), order=order, bits=bits), scenario)
    assert len(found) == len(set(found)) == 2 ** (2 ** sum(counts) - 1)
    assert set(found) == set(of_bits(F(1, 7), order, bits, counts))


def test_numbers_of_vertices():
    """Two bits: 8 in one order, 6 if mutually free, 4 if independent; perfect bits have one.

    Of bounds 4/25 and 9/25: two at the least, one at the most, the rest 8/25 between them.
    """
    box = MeasurementDependence(lower=(F(1, 2) - E) ** 2, upper=(F(1, 2) + E) ** 2)
    sources = (SanthaVazirani(E), Mutual(E), Independent(E), Mixture([Uniform(), SanthaVazirani(E)]), box)
    assert [len(listed(source)) for source in sources] == [8, 6, 4, 2, 12]
    assert len(listed(MinEntropy(1))) == 6
    assert len(listed(MeasurementDependence(lower=0, upper=1))) == 4
    for perfect in (Mutual(0), Independent(0), SanthaVazirani(0)):
        assert set(listed(perfect)) == {(F(1, 4),) * 4}
    with pytest.raises(TooLargeError):
        listed(SanthaVazirani(E), chained(4).changed(N=16))


CASES = {
    **{f"bits {order}": (SanthaVazirani(E, order=order), TWO) for order in ORDERS},
    "mutual": (Mutual(E), TWO),
    "independent": (Independent(E), TWO),
    "mixture of 3 and 4": (Mixture([Uniform(), SanthaVazirani(E, bits="gray")]), MIXED),
    "mixture of two biases": (Mixture([SanthaVazirani(F(1, 5)), SanthaVazirani(E)]), TWO),
    "bounds": (MeasurementDependence(lower=F(1, 5), upper=F(1, 3)), TWO),
    "bounds from above": (MeasurementDependence(lower=0, upper=F(2, 5)), TWO),
    "tight bounds": (MeasurementDependence(lower=F(1, 4), upper=F(1, 4)), TWO),
    "min-entropy": (MinEntropy(1), TWO),
    "bits of two and one": (SanthaVazirani(E, bits="gray"), Scenario((4, 2), (2, 2))),
}


@pytest.mark.parametrize("name", CASES)
def test_a_cone_has_its_vertices_as_extremes(name):
    """The largest mean of random gains over the cone's rows of mass 1 is that of the best vertex."""
    source, scenario = CASES[name]
    made = problem(source, scenario)
    cone, corners = source_cone(made), np.array(listed(source, scenario), dtype=float)
    dense = []
    for matrix in (cone.masses, cone.equalities, cone.facets):
        found = np.zeros(matrix.shape)
        for row, column, x in matrix.entries():
            found[row, column] += float(x)
        dense.append(found)
    masses, equal, facets = dense
    random = Random(1)
    for _ in range(6):
        gains = np.array([random.randint(-9, 9) for _ in range(len(masses))])
        found = linprog(
            -gains @ masses,
            A_ub=-facets,
            b_ub=np.zeros(len(facets)),
            A_eq=np.vstack([masses.sum(axis=0), equal]),
            b_eq=np.eye(1 + len(equal))[0],
            bounds=(None, None),
        )
        assert found.status == 0
        assert -found.fun == pytest.approx((corners @ gains).max(), abs=1e-9)


def test_rows_are_those_that_were_given():
    made = problem(Inequalities([ROW]), TWO)
    point = np.array([F(1, 4)] * 4)
    rows = {k: F(0) for k in range(source_cone(made).facets.shape[0])}
    for k, s, x in source_cone(made).facets.entries():
        rows[k] += x * point[s]
    assert F(3, 5) - F(1, 2) in rows.values()
