"""The least weight of GHZ errors of local models: enumeration, other formulations, tampered certificates."""

from __future__ import annotations

import json
from fractions import Fraction as F
from itertools import product

import pytest

from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.claims.conjecture.checker.document import check
from freerand_opt.claims.conjecture.computed import compute
from freerand_opt.claims.conjecture.relations import LocalErrors
from freerand_opt.claims.formulas.ghz import wrong_inputs
from freerand_opt.claims.verify import read
from freerand_opt.errors import InputError


def least_errors(parties, epsilon):
    found = compute(LocalErrors(M=parties, epsilon=epsilon)).bracket
    assert found.lower == found.upper
    return found.lower


@pytest.mark.parametrize("parties", [3, 4])
@pytest.mark.parametrize("epsilon", [F(0), F(1, 7), F(2, 5), F(1, 2)])
def test_every_deterministic_box_with_every_vertex_of_the_source(parties, epsilon):
    """From the definition: 4^M boxes x_i(a_i), and for each the least of the mean over 2^M inputs."""
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    strings = list(product((0, 1), repeat=parties))

    def least(errors):
        if len(errors) == 1:
            return errors[0]
        half = len(errors) // 2
        one, two = least(errors[:half]), least(errors[half:])
        return min(p * one + q * two, q * one + p * two)

    found = []
    for box in product(product((1, -1), repeat=2), repeat=parties):
        errors = []
        for inputs in strings:
            outcome, k = 1, sum(inputs)
            for party, a in zip(box, inputs, strict=True):
                outcome *= party[a]
            errors.append(F(int(k % 2 == 0 and outcome != (-1, 1)[k // 2 % 2])))
        found.append(least(errors))
    assert least_errors(parties, epsilon) == min(found)


@pytest.mark.parametrize("parties", range(3, 9))
def test_closed_forms(parties):
    """Mermin's count at eps = 0; (1/2 - eps)^3 for three parties; positive below 1/2, and 0 there."""
    assert least_errors(parties, F(0)) == F(wrong_inputs(parties), 2**parties)
    for epsilon in (F(1, 10), F(49, 100)):
        weight = least_errors(parties, epsilon)
        assert weight >= wrong_inputs(parties) * (F(1, 2) - epsilon) ** parties > 0
        assert parties != 3 or weight == (F(1, 2) - epsilon) ** 3
    assert least_errors(parties, F(1, 2)) == 0


def certificate():
    return json.loads(compute(LocalErrors(M=5, epsilon=F(1, 4))).certificate)


def test_certificates():
    body = certificate()
    report = check(body)
    assert report.lower == report.upper == F(body["answer"]["lower"])
    assert report.status == "PROVED*"
    best = report.lower
    weaker = {**body, "answer": {"lower": str(best / 2), "upper": str(best * 2)}}
    assert check(weaker).lower == best / 2


TAMPERED = {
    "lower end": (("answer", "lower"), "1/2", "lower"),
    "upper end": (("answer", "upper"), "1/1000", "upper"),
    "another model": (("proof", "flips"), [1, 1, 1, 0, 0], "upper"),
    "another sign": (("proof", "sign"), 0, "sign"),
    "a flip of two": (("proof", "flips"), [0, 0, 0, 0, 2], "flips"),
    "too few flips": (("proof", "flips"), [0, 0], "flips"),
    "two parties": (("computation", "M"), "2", "M"),
    "a hundred parties": (("computation", "M"), "100", "M"),
    "another epsilon": (("computation", "epsilon"), "1/3", "lower"),
    "epsilon above a half": (("computation", "epsilon"), "2/3", "epsilon"),
    "no epsilon": (("computation", "epsilon"), "x", "epsilon"),
    "no model": (("proof",), None, "proof"),
    "another format": (("format",), "freerand-certificate", "format"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_tampered_certificates_are_rejected(case):
    path, value, words = TAMPERED[case]
    body = certificate()
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises((Rejected, Unreadable), match=words):
        check(body)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("M = 2\nepsilon = 0", r"\[3, 11\]"),
        ("M = 12\nepsilon = 0", r"\[3, 11\]"),
        ("M = 3\nepsilon = 0.6", "1/2"),
    ],
)
def test_faults(fields, words, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f'[computation]\nname = "local-errors"\n{fields}\n')
    with pytest.raises(InputError, match=words):
        read(path)
