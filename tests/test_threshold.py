"""Critical epsilons: certified ends around the closed form."""

from __future__ import annotations

import copy
import json
import math
import tomllib
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import pytest

import freerand_opt as fr
from freerand_opt.errors import InputError
from freerand_opt.first.answers.threshold import critical_value
from freerand_opt.first.answers.verification import answer, check_certificate
from freerand_opt.first.certificates.check import CertificateError
from freerand_opt.first.computations.parameters import Computation
from freerand_opt.first.computations.roots import root_bracket
from freerand_opt.first.model import behaviour as bh
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Question, Threshold
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import SanthaVazirani
from freerand_opt.first.spec.file import read
from freerand_opt.numbers.exact import compare
from freerand_opt.numbers.parse import parse

CLAIM = Path(__file__).parents[1] / "lps" / "chained_leakage_fixed_sv.toml"
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
def test_critical_value_of_local_models(n, bits):
    result = critical_value(question(n, bits=bits), threshold(0, F(2, 5), F(1, 10**6)))
    lower, upper = result.bracket.lower, result.bracket.upper
    assert below_critical(n, lower)
    assert not below_critical(n, upper)
    assert upper - lower <= F(1, 10**6)
    published = F(REFERENCE["chained_local_threshold"]["decimals"][str(n.bit_length() - 1)])
    assert lower <= published <= upper
    check_certificate(json.loads(json.dumps(result.certificate)))


def test_critical_values_grow_towards_the_published_limit():
    ends = [critical_value(question(n), threshold(0, F(2, 5), F(1, 10**4))).bracket for n in (2, 4, 8)]
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
    with pytest.raises(InputError, match="hold at one end and fail at the other") as caught:
        critical_value(question(2), threshold(*between, F(1, 10**4)))
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
    result = critical_value(question(2, F(16, 25)), threshold(low, high, width))
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
    result = critical_value(replace(question(2), tests=tests), threshold(0, F(2, 5), F(1, 10**4)))
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
    body = json.loads(json.dumps(critical_value(question(4), threshold(0, F(2, 5), F(1, 10**3))).certificate))
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
    assert [f.verdict for f in found] == ["PROVED (program trusted)", "REFUTED (program trusted)"]
    assert all(f.as_expected for f in found)


def question_file(tmp_path, text):
    path = tmp_path / "asked.toml"
    path.write_text(text, encoding="utf-8")
    return read(path)


LEAKAGE = """
[scenario]
family = "chained"
N = {n}
[source]
kind = "santha-vazirani"
epsilon = 0
bits = "least-significant-first"
[observed]
behaviour = "quantum"
[adversary]
devices = "no-signalling"
[[test]]
functional = "chained"
relation = "<="
score = "observed"
[ask]
quantity = "{quantity}"
of = "A"
at = [0, 0]
[threshold]
of = "source.epsilon"
between = [0, "1/5"]
crosses = "{crosses}"
width = 1e-8
"""


@pytest.mark.parametrize(
    ("quantity", "crosses"), [("trace-distance", "1/4"), ("guessing-probability", "3/4")]
)
def test_crossing_is_where_lemma_1_says(tmp_path, quantity, crosses):
    """I_N/2 ((1+2e)/(1-2e))^(2r) = 1/4 at e = (x-1)/(2(x+1)), x = (1/(2 I_N))^(1/2r), in floats."""
    file = question_file(tmp_path, LEAKAGE.format(n=4, quantity=quantity, crosses=crosses))
    result = answer(file, file.instances[0])
    x = (1 / (16 * math.sin(math.pi / 16) ** 2)) ** 0.25
    assert (
        float(result.bracket.lower) - 1e-12 <= (x - 1) / (2 * (x + 1)) <= float(result.bracket.upper) + 1e-12
    )
    assert result.bracket.width <= F(1, 10**8)
    body = json.loads(json.dumps(result.certificate))
    check_certificate(body)
    for field, value in (("crosses", "1/3"), ("crosses", None), ("answer", {"lower": "0", "upper": "1/5"})):
        with pytest.raises(CertificateError):
            check_certificate({**body, field: value})
    with pytest.raises(CertificateError):
        check_certificate({**body, "above": body["below"]})


def test_less_entropy_is_more_knowledge(tmp_path):
    """Min-entropy falls through log2(4/3) where the guess rises through 3/4."""
    guess, entropy = (
        answer(file, file.instances[0]).bracket
        for file in (
            question_file(tmp_path, LEAKAGE.format(n=2, quantity="guessing-probability", crosses="9/10")),
            question_file(tmp_path, LEAKAGE.format(n=2, quantity="min-entropy", crosses="-log2(9/10)")),
        )
    )
    assert max(guess.lower, entropy.lower) <= min(guess.upper, entropy.upper)


@pytest.mark.parametrize("field", ["lower", "upper"])
def test_measurement_dependence_thresholds(tmp_path, field):
    """Local models reach I_2 = 4 l, or 4 (1 - 3h) given only h: I_2 <= 1/2 needs l <= 1/8, h >= 7/24."""
    other = "upper = 1\nlower = 0" if field == "lower" else 'lower = 0\nupper = "1/4"'
    text = f"""
[scenario]
family = "chained"
N = 2
[source]
kind = "measurement-dependence"
{other}
[adversary]
devices = "local"
[[test]]
functional = "chained"
relation = "<="
score = "1/2"
[ask]
quantity = "strategy"
[threshold]
of = "source.{field}"
between = {'["0", "1/4"]' if field == "lower" else '["1/4", "1/2"]'}
width = 1e-6
"""
    file = question_file(tmp_path, text)
    result = answer(file, file.instances[0])
    # a local model errs on one edge for each w; the mass there is at least l, or 1 - 3h
    critical = F(1, 8) if field == "lower" else F(1 - F(1, 8), 3)
    assert result.bracket.lower <= critical <= result.bracket.upper
    check_certificate(result.certificate)


def test_a_crossing_that_is_not_there_is_bad_input(tmp_path):
    file = question_file(tmp_path, LEAKAGE.format(n=2, quantity="trace-distance", crosses="1/10"))
    with pytest.raises(InputError, match=r"threshold.between"):
        answer(file, file.instances[0])


def test_threshold_from_the_command_line_replaces_expectations():
    file = read(
        CLAIM,
        {"scenario.N": "2", "threshold.crosses": "2/5"},
        threshold="source.epsilon=0:1/10",
    )
    (instance,) = file.instances
    assert instance.expect is None
    bracket = answer(file, instance).bracket
    # beyond lambda = 1/2: D = (1 - (1-2e)^2 + I_2)/2 = 2/5, docs/proofs/chained-leakage.md
    critical = (1 - math.sqrt(4 * math.sin(math.pi / 8) ** 2 + 1 - 4 / 5)) / 2
    assert float(bracket.lower) - 1e-9 <= critical <= float(bracket.upper) + 1e-9
    for wrong in ("source.epsilon", "source.epsilon=1/4", "source.nothing=0:1/4", "source.epsilon=0:3/4"):
        with pytest.raises(InputError):
            read(CLAIM, {}, threshold=wrong)


def test_the_worst_settings_have_no_threshold(tmp_path):
    text = LEAKAGE.format(n=2, quantity="trace-distance", crosses="2/5").replace(
        "at = [0, 0]", 'at = "worst"'
    )
    with pytest.raises(InputError, match=r"threshold: needs fixed settings"):
        question_file(tmp_path, text)
