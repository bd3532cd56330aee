"""Thresholds in visibility, min-entropy and several sources, and crossings of another field."""

from __future__ import annotations

import copy
import json
import math
from fractions import Fraction as F

import pytest

from freerand_opt.errors import InputError
from freerand_opt.first.answers.threshold import simplest
from freerand_opt.first.answers.verification import answer, check_certificate
from freerand_opt.first.certificates.check import CertificateError, check
from freerand_opt.first.model import behaviour as bh
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.spec.file import read
from freerand_opt.numbers.exact import enclose
from freerand_opt.numbers.parse import parse

BASE = """
[scenario]
family = "{family}"
[source]
{source}
[observed]
behaviour = "{behaviour}"
[adversary]
devices = "{devices}"
{test}
[ask]
{ask}
[threshold]
of = "{of}"
between = {between}
width = 1e-6
{crosses}
"""
SV = 'kind = "santha-vazirani"\nepsilon = "1/10"'
CHSH = '[[test]]\nfunctional = "chsh"\nrelation = ">="\nscore = "observed"'
WHOLE = '[[test]]\nkeep = "behaviour"\ntolerance = 1e-9'
STRATEGY = 'quantity = "strategy"'


def asked(tmp_path, of, between, **given):
    tables = {
        "family": "chsh",
        "source": SV,
        "behaviour": "quantum",
        "devices": "local",
        "test": CHSH,
        "ask": STRATEGY,
        "crosses": "",
    }
    path = tmp_path / "asked.toml"
    path.write_text(BASE.format(of=of, between=between, **(tables | given)))
    return read(path)


def solved(*arguments, **given):
    file = asked(*arguments, **given)
    result = answer(file, file.instances[0])
    check_certificate(json.loads(json.dumps(result.certificate)))
    return result


def holds(result, critical, slack=1e-12):
    lower, upper = enclose(result.bracket.lower, 80)[0], enclose(result.bracket.upper, 80)[1]
    assert upper - lower <= F(1, 10**6) + F(1, 10**12)
    assert float(lower) - slack <= critical <= float(upper) + slack


def test_visibility_of_chsh(tmp_path):
    """Local models reach S = 4 - 8 q^2 (docs/proofs/chained-local-model.md): v 2 sqrt 2 = 4 - 8 q^2."""
    result = solved(tmp_path, "observed.visibility", '["9/10", 1]')
    holds(result, (4 - 8 * 0.4**2) / math.sqrt(8))


def test_whole_behaviour_of_free_settings(tmp_path):
    """With perfect settings the whole behaviour is local up to v = 1/sqrt 2 (Fine's theorem)."""
    result = solved(tmp_path, "observed.visibility", '["1/2", 1]', source='kind = "uniform"', test=WHOLE)
    holds(result, math.sqrt(0.5), slack=1e-8)  # the tolerance of the test moves it


def test_visibility_at_which_the_guess_passes(tmp_path):
    """Pironio et al.: 3/2 - S/4 passes 9/10 at S = 12/5."""
    result = solved(
        tmp_path,
        "observed.visibility",
        "[0, 1]",
        source='kind = "uniform"',
        devices="no-signalling",
        ask='quantity = "guessing-probability"\nof = "A"\nat = [0, 0]',
        crosses='crosses = "9/10"',
    )
    holds(result, 2.4 / math.sqrt(8))


@pytest.mark.parametrize("n", [2, 4])
def test_min_entropy(tmp_path, n):
    """I_N = 2N - (2N-1) N^2 2^-k is the least of local models (docs/proofs/thresholds.md)."""
    score = 2 * n * math.sin(math.pi / (4 * n)) ** 2
    result = solved(
        tmp_path,
        "source.bits",
        f"[0, {2 * (n.bit_length() - 1)}]",
        family=f'chained"\nN = {n} #',
        source='kind = "min-entropy"\nbits = 0',
        test='[[test]]\nfunctional = "chained"\nrelation = "<="\nscore = "observed"',
    )
    holds(result, math.log2((2 * n - 1) * n * n / (2 * n - score)))


@pytest.mark.parametrize(
    ("source", "critical"),
    [
        ('kind = "independent"\nepsilon = 0', 1 - math.sqrt(2 - math.sqrt(2))),
        (
            'kind = "mixture"\nA = { kind = "uniform" }\nB = { kind = "santha-vazirani", epsilon = 0 }',
            math.sqrt(2) - 1,
        ),
    ],
)
def test_sources_by_party(tmp_path, source, critical):
    """S = 2 sqrt 2 needs P(ab|w) = (2 - sqrt 2)/4 somewhere: q^2, or q/2 if one party is free."""
    holds(solved(tmp_path, "source.epsilon", '[0, "2/5"]', source=source), critical / 2)


@pytest.mark.parametrize(
    ("source", "critical"),
    [
        ("independent", (1 - 0.2 ** (1 / 2)) / 2),
        ("santha-vazirani", (1 - 0.2 ** (1 / 3)) / 2),
        ("mutual", ((19 / 3) ** 0.5 - 1) / ((19 / 3) ** 0.5 + 1) / 2),
    ],
)
def test_mermin_relations_broken_with_weight_a_fifth(tmp_path, source, critical):
    """Weight (1-2e)^2, (1-2e)^3 and 4/(1 + 3 rho^2) (docs/proofs/thresholds.md)."""
    result = solved(
        tmp_path,
        "source.epsilon",
        '[0, "2/5"]',
        family='ghz"\nM = 3 #',
        source=f'kind = "{source}"\nepsilon = 0',
        test='[[test]]\nrelations = "mermin"\nviolated = "1/5"',
    )
    holds(result, critical)


LEAKAGE = {
    "devices": "no-signalling",
    "source": 'kind = "santha-vazirani"\nepsilon = "1/10"',
    "behaviour": "quantum",
    "test": '[[test]]\nfunctional = "chained"\nrelation = "<="\nscore = "1/100"',
    "family": 'chained"\nN = 2 #',
    "ask": 'quantity = "trace-distance"\nof = "A"\nat = "average"',
}


@pytest.mark.parametrize(("between", "below"), [('[0, "1/10"]', False), ('["1/10", "49/100"]', True)])
def test_crossing_epsilon_twice(tmp_path, between, below):
    """1/(200 (1-2e)^2) = e twice: the output is better than the input in between (averaged lemma)."""
    result = solved(tmp_path, "source.epsilon", between, crosses='crosses = "source.epsilon"', **LEAKAGE)
    low, high = ((0.0, 0.1), (0.1, 0.49))[below]
    for _ in range(200):
        middle = (low + high) / 2
        if (0.005 / (1 - 2 * middle) ** 2 <= middle) == below:
            low = middle
        else:
            high = middle
    holds(result, low)
    assert "another change" in " ".join(check_certificate(result.certificate))
    assert "monotone" not in result.method
    body = json.loads(json.dumps(result.certificate))
    for crosses in ("source.epsilon + 1/100", "source.epsilon - 1/100", "1/10", "source.epsilon/0", None):
        with pytest.raises(CertificateError):
            check_certificate({**body, "crosses": crosses})


def test_crossing_half_of_epsilon_and_a_field_that_is_fixed(tmp_path):
    given = LEAKAGE | {"crosses": 'crosses = "source.epsilon/2 + 1/200"'}
    result = solved(tmp_path, "source.epsilon", '["1/10", "49/100"]', **given)
    # D = e/2 + 1/200 at the upper end's side only
    e = float(result.bracket.lower)
    assert 0.005 / (1 - 2 * e) ** 2 <= e / 2 + 0.005 <= 0.005 / (1 - 2 * (e + 2e-6)) ** 2
    given = LEAKAGE | {
        "crosses": 'crosses = "2*source.epsilon"',
        "test": LEAKAGE["test"].replace('"1/100"', '"observed"'),
    }
    found = asked(tmp_path, "observed.visibility", "[0, 1]", **given).instances[0].threshold
    assert found.crosses == F(1, 5)


def test_bad_crossings(tmp_path):
    for crosses, word in (
        ('"source.upper"', "no source.upper"),
        ('"source.epsilon +"', "number"),
        ('"source.epsilonn"', "no source.epsilonn"),
    ):
        with pytest.raises(InputError, match=word):
            asked(tmp_path, "source.epsilon", '[0, "1/5"]', **LEAKAGE, crosses=f"crosses = {crosses}")


@pytest.mark.parametrize(
    ("of", "between", "given", "word"),
    [
        ("observed.visibility", "[0, 2]", {}, "second <= 1"),
        ("source.bits", "[0, 1]", {}, "no bits"),
        ("source.bits", "[0, 3]", {"source": 'kind = "min-entropy"\nbits = 0'}, "<= 2"),
        ("source.lower", '[0, "1/2"]', {"source": 'kind = "measurement-dependence"'}, "<= 1/4"),
        ("source.epsilon", '[0, "1/4"]', {"source": 'kind = "uniform"'}, "no epsilon"),
        (
            "observed.visibility",
            "[0, 1]",
            {"test": '[[test]]\nfunctional = "chsh"\nrelation = ">="\nscore = 1'},
            "not monotone",
        ),
    ],
)
def test_refused(tmp_path, of, between, given, word):
    with pytest.raises(InputError, match=word):
        asked(tmp_path, of, between, **given)


# ------------------------------------------------------------------ certificates


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    return json.loads(
        json.dumps(solved(tmp_path_factory.mktemp("noise"), "observed.visibility", '["9/10", 1]').certificate)
    )


def edited(body, path, value):
    body = copy.deepcopy(body)
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return body


def test_visibility_is_checked(noise):
    assert check(noise).ok
    assert any("observed.visibility" in line and "only one" in line for line in check(noise).lines)
    table = noise["observed"]["behaviour"]["palette"]
    wrong = [
        edited(noise, ["observed", "behaviour", "palette"], ["1/4"] * len(table)),
        edited(noise, ["observed", "behaviour", "palette"], table[::-1]),
        edited(noise, ["observed", "slack"], ["1/100"]),
        edited(noise, ["observed", "slack"], [None]),
        edited(noise, ["observed", "slack"], []),
        edited(noise, ["field"], "observed.settings"),
        edited(noise, ["field"], "source.epsilon"),
        edited(noise, ["below", "question", "tests", 0, "score"], "2"),
        edited(noise, ["above", "question", "tests", 0, "score"], "2"),
        edited(noise, ["answer", "lower"], "91/100"),
        edited(noise, ["answer", "upper"], "99/100"),
        {key: value for key, value in noise.items() if key != "observed"},
    ]
    for body in wrong:
        with pytest.raises(CertificateError):
            check(body)


def test_sides_on_the_wrong_side_of_monotonicity(noise):
    """Two true proofs of unrelated questions do not become a threshold when they are exchanged."""
    exchanged = {**noise, "below": noise["above"], "above": noise["below"]}
    exchanged["answer"] = {"lower": noise["answer"]["upper"], "upper": noise["answer"]["lower"]}
    with pytest.raises(CertificateError, match="order"):
        check(exchanged)


def test_epsilon_of_all_parties_is_checked(tmp_path):
    body = solved(
        tmp_path, "source.epsilon", '[0, "2/5"]', source='kind = "independent"\nepsilon = 0'
    ).certificate
    other = copy.deepcopy(body)
    other["below"]["question"]["source"]["parts"][1]["epsilon"] = "0"
    with pytest.raises(CertificateError, match="different values"):
        check(other)


def test_min_entropy_is_checked(tmp_path):
    body = solved(tmp_path, "source.bits", "[0, 2]", source='kind = "min-entropy"\nbits = 0').certificate
    assert check(body).ok
    for path, value in (
        (["below", "question", "source", "lower"], "1/100"),
        (["below", "question", "source", "upper"], "1/3"),
        (["field"], "source.upper"),
        (["answer", "upper"], "2"),
    ):
        with pytest.raises(CertificateError):
            check(edited(body, path, value))


# ------------------------------------------------------------------ data


def test_simplest():
    assert simplest(F(1, 3), F(1, 2)) == F(1, 2)
    assert simplest(F(0), F(1, 9)) == 0
    for low, high in ((F(314, 100), F(315, 100)), (F(1, 7), F(1, 6)), (F(211, 1000), F(212, 1000))):
        found = simplest(low, high)
        assert low <= found <= high
        assert not any(-(-low * d // 1) <= high * d // 1 for d in range(1, found.denominator))


def test_hardy_behaviours():
    """Hardy's maximum (5 sqrt 5 - 11)/2; 1/12 in arXiv:1407.5634; both no-signalling and quantum."""
    scenario = sc.chsh()
    for behaviour, value in ((bh.hardy, "(5*sqrt(5) - 11)/2"), (bh.hardy_twelfth, "1/12")):
        table = behaviour(scenario)
        assert bh.defect(table) is None
        assert table.table[0][0] == parse(value)
        assert bh.score(fn.hardy(scenario), table) == parse(value)
    # the same state and vectors in floating point
    for a, behaviour in (((3 - math.sqrt(5)) / 2, bh.hardy), (1 / 3, bh.hardy_twelfth)):
        state = {(0, 1): math.sqrt(a), (1, 0): math.sqrt(a), (1, 1): math.sqrt(1 - 2 * a)}
        size = math.sqrt(1 - a)
        zero = (math.sqrt(1 - 2 * a) / size, -math.sqrt(a) / size)
        vectors = {0: (zero, (-zero[1], zero[0])), 1: ((1, 0), (0, 1))}
        for s, (x, y) in enumerate(scenario.joint_settings):
            for o, (i, j) in enumerate(scenario.joint_outcomes):
                amplitude = sum(
                    vectors[x][i][k] * vectors[y][j][m] * weight for (k, m), weight in state.items()
                )
                assert math.isclose(amplitude**2, float(behaviour(scenario).table[o][s]), abs_tol=1e-12)
    values = [
        bh.score(
            fn.hardy(scenario),
            bh.from_function(scenario, lambda o, s, f=f: F(int(o == (f[s[0]], f[2 + s[1]])))),
        )
        for f in [tuple(k >> j & 1 for j in range(4)) for k in range(16)]
    ]
    assert max(values) == 0
