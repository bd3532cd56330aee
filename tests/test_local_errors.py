"""The least weight of GHZ errors of local models: enumeration, other formulations, tampered certificates."""

from __future__ import annotations

import copy
from fractions import Fraction as F
from itertools import product

import pytest

from freerand_opt.errors import InputError
from freerand_opt.first.certificates import check
from freerand_opt.first.computations.local_errors import certificate
from freerand_opt.first.model.local_errors import LocalErrors, best_model, wrong_inputs
from freerand_opt.first.spec import read


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
    assert best_model(LocalErrors(parties, epsilon)).weight == min(found)


@pytest.mark.parametrize("parties", range(3, 9))
def test_closed_forms(parties):
    """Mermin's count at eps = 0; (1/2 - eps)^3 for three parties; positive below 1/2, and 0 there."""
    assert best_model(LocalErrors(parties, F(0))).weight == F(wrong_inputs(parties), 2**parties)
    for epsilon in (F(1, 10), F(49, 100)):
        weight = best_model(LocalErrors(parties, epsilon)).weight
        assert weight >= wrong_inputs(parties) * (F(1, 2) - epsilon) ** parties > 0
        assert parties != 3 or weight == (F(1, 2) - epsilon) ** 3
    assert best_model(LocalErrors(parties, F(1, 2))).weight == 0


def test_certificates():
    body = certificate(LocalErrors(5, F(1, 4)), name="n", instance="i")
    report = check.check(body)
    assert report.lower == report.upper == body["answer"]["lower"]
    assert any("to be read" in line for line in report.lines)
    best = F(body["answer"]["lower"])
    weaker = {**body, "answer": {"lower": str(best / 2), "upper": str(best * 2)}}
    assert check.check(weaker).lower == str(best / 2)


TAMPERED = {
    "lower end": (("answer", "lower"), "1/2", "lower"),
    "upper end": (("answer", "upper"), "1/1000", "upper"),
    "another model": (("model", "flips"), [1, 1, 1, 0, 0], "upper"),
    "another sign": (("model", "sign"), 0, "sign"),
    "a flip of two": (("model", "flips"), [0, 0, 0, 0, 2], "flips"),
    "too few flips": (("model", "flips"), [0, 0], "flips"),
    "two parties": (("parties",), 2, "parties"),
    "a hundred parties": (("parties",), 100, "parties"),
    "another epsilon": (("epsilon",), "1/3", "lower"),
    "epsilon above a half": (("epsilon",), "2/3", "epsilon"),
    "no epsilon": (("epsilon",), "x", "epsilon"),
    "no model": (("model",), None, "model"),
    "no reading": (("rests_on",), 3, "rests_on"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_tampered_certificates_are_rejected(case):
    path, value, words = TAMPERED[case]
    body = copy.deepcopy(certificate(LocalErrors(5, F(1, 4)), name="n", instance="i"))
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(check.CertificateError, match=words):
        check.check(body)


@pytest.mark.parametrize(
    ("fields", "words"),
    [("M = 2\nepsilon = 0", "M = 2"), ("M = 12\nepsilon = 0", "M = 12"), ("M = 3\nepsilon = 0.6", "1/2")],
)
def test_faults(fields, words, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f'[computation]\nname = "local-errors"\n{fields}\n')
    with pytest.raises(InputError, match=words):
        read(path)
