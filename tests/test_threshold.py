"""Critical epsilons: certified ends around the closed form."""

from __future__ import annotations

import copy
import json
import tomllib
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import pytest

import freerand_opt as fr
from freerand_opt.certificates.check import CertificateError
from freerand_opt.computations.roots import Computation, root_bracket
from freerand_opt.errors import InputError
from freerand_opt.exact import compare
from freerand_opt.model import behaviour as bh
from freerand_opt.model import functional as fn
from freerand_opt.model import scenario as sc
from freerand_opt.model.question import Adversary, Ask, Question, Threshold
from freerand_opt.model.question import Test as Check
from freerand_opt.model.source import SanthaVazirani
from freerand_opt.parse import parse
from freerand_opt.threshold import critical_epsilon
from freerand_opt.verification import check_certificate

REFERENCE = tomllib.loads((Path(__file__).parent / "reference_values.toml").read_text())


def question(n, score=None, bits="least-significant-first"):
    scenario = sc.chained(n)
    functional = fn.chained(scenario)
    if score is None:
        score = bh.score(functional, bh.quantum(scenario))
    test = Check(functional, "<=", score, "I_N")
    return Question(
        scenario,
        SanthaVazirani(F(0), "interleaved", bits),
        "uniform",
        Adversary("local"),
        (test,),
        Ask("strategy"),
    )


def threshold(low, high, width):
    return Threshold("source.epsilon", (F(low), F(high)), F(width))


def below_critical(n, epsilon):
    """Whether (1 - 2 eps)^(2r) > 2N sin^2(pi/4N), decided in fractions."""
    if n == 2:  # (1 - 2e)^2 > 2 - sqrt 2 iff sqrt 2 > 2 - (1 - 2e)^2, which is positive
        return (2 - (1 - 2 * epsilon) ** 2) ** 2 < 2
    # N = 4: 8 sin^2(pi/16) = 4 - 4 cos(pi/8) and cos(pi/8)^2 = (2 + sqrt 2)/4
    square = ((4 - (1 - 2 * epsilon) ** 4) / 4) ** 2  # compare with (2 + sqrt 2)/4
    return (4 * square - 2) ** 2 < 2


@pytest.mark.parametrize(
    ("n", "bits"),
    [
        (2, "most-significant-first"),
        (4, "least-significant-first"),
        (4, "gray"),
        (4, "most-significant-first"),
    ],
)
def test_critical_epsilon_of_local_models(n, bits):
    result = critical_epsilon(question(n, bits=bits), threshold(0, F(2, 5), F(1, 10**6)))
    lower, upper = result.bracket.lower, result.bracket.upper
    assert below_critical(n, lower)
    assert not below_critical(n, upper)
    assert upper - lower <= F(1, 10**6)
    published = F(REFERENCE["chained_local_threshold"]["decimals"][str(n.bit_length() - 1)])
    assert lower <= published <= upper
    check_certificate(json.loads(json.dumps(result.certificate)))


def test_critical_epsilons_grow_towards_the_published_limit():
    ends = [critical_epsilon(question(n), threshold(0, F(2, 5), F(1, 10**4))).bracket for n in (2, 4, 8)]
    assert ends[0].upper < ends[1].lower
    assert ends[1].upper < ends[2].lower
    limit = parse(REFERENCE["local_model_threshold"]["value"])
    assert compare(ends[2].upper, limit) < 0
    # (1 - 2e)^2 = 1/2 there
    lower, upper = root_bracket(Computation("averaged-base", (), F(1, 10**12)))
    assert compare(lower, limit) <= 0 <= compare(upper, limit)


def test_the_bound_of_theorem_1_vanishes_up_to_the_published_value():
    published = parse(REFERENCE["theorem_1_threshold"]["value"])
    lower, upper = root_bracket(Computation("theorem-1-base", (), F(1, 10**12)))
    assert compare(lower, published) <= 0 <= compare(upper, published)


@pytest.mark.parametrize("between", [(F(1, 5), F(2, 5)), (F(0), F(1, 20))])
def test_an_interval_without_a_change_is_refused(between):
    with pytest.raises(InputError, match="none at the first and one at the second") as caught:
        critical_epsilon(question(2), threshold(*between, F(1, 10**4)))
    assert caught.value.where == "threshold.between"


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (F(1, 10) - F(1, 10**6), F(2, 5)),
        (F(0), F(1, 10) + F(1, 10**6)),
        (F(1, 10) - F(1, 10**6), F(1, 10) + F(1, 10**6)),
        (F(0), F(1, 10)),
    ],
)
@pytest.mark.parametrize("width", [F(1, 10**4), F(1, 7776), F(1, 7777)])
def test_an_interval_that_ends_near_the_critical_value(low, high, width):
    # local models reach 16/25 from 1/10 on; on a grid of sixteenths of the width both ends may be on one side
    result = critical_epsilon(question(2, F(16, 25)), threshold(low, high, width))
    assert low <= result.bracket.lower < F(1, 10) <= result.bracket.upper <= high
    assert result.bracket.upper - result.bracket.lower <= width


def test_the_whole_behaviour_by_equalities():
    # noise on a PR box: errors (1 - v)/2 on all four edges and uniform marginals
    scenario = sc.chained(2)
    table = bh.mixed(bh.pr_box(scenario), bh.white_noise(scenario), F(7, 10)).table
    tests = tuple(
        Check(fn.from_terms({(o, s): F(1)}), "=", table[o][s], scenario.label(o, s))
        for o in range(4)
        for s in range(4)
    )
    result = critical_epsilon(replace(question(2), tests=tests), threshold(0, F(2, 5), F(1, 10**4)))
    # four errors of 15/100 add up to I_N = 6/10, which local models need (1 - 2e)^2 <= 6/10 for
    assert (1 - 2 * result.bracket.upper) ** 2 <= F(6, 10)
    check_certificate(json.loads(json.dumps(result.certificate)))


def tampered():
    def moved(end, shift):
        def change(body):
            body["answer"][end] = str(F(body["answer"][end]) + shift)

        return change

    def swapped(body):
        body["below"], body["above"] = body["above"], body["below"]

    def unproved(body):
        body["below"]["multipliers"] = None
        body["below"]["answer"]["upper"] = None

    def other_source(body):
        body["above"]["question"]["source"]["bits"] = "gray"

    def closer(body):
        body["below"]["question"]["source"]["epsilon"] = body["answer"]["lower"] = "3/25"

    return {
        "lower": moved("lower", F(1, 10**9)),
        "upper": moved("upper", F(-1, 10**9)),
        "swapped": swapped,
        "unproved": unproved,
        "other source": other_source,
        "closer": closer,
    }


@pytest.mark.parametrize("key", tampered())
def test_tampered_ends_are_rejected(key):
    body = json.loads(
        json.dumps(critical_epsilon(question(4), threshold(0, F(2, 5), F(1, 10**3))).certificate)
    )
    check_certificate(copy.deepcopy(body))
    tampered()[key](body)
    with pytest.raises(CertificateError):
        check_certificate(body)


def test_a_threshold_file(tmp_path):
    path = tmp_path / "threshold.toml"
    path.write_text("""
[scenario]
family = "chained"
N = 2
[source]
kind = "santha-vazirani"
epsilon = 0
[observed]
behaviour = "quantum"
[adversary]
devices = "local"
[[test]]
functional = "chained"
relation = "<="
score = "observed"
[ask]
quantity = "strategy"
[threshold]
of = "source.epsilon"
between = [0, "2/5"]
width = "1/100000"
[expect]
value = { formula = "chained-local-threshold" }
[[instances]]
name = "wrong"
expect = { at_most = "117/1000", verdict = "REFUTED" }
""")
    file = fr.read(path)
    found = [fr.verify(file, instance) for instance in file.instances]
    assert [f.verdict for f in found] == ["PROVED", "REFUTED"]
    assert all(f.as_expected for f in found)
