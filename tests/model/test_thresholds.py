"""Thresholds: which numbers vary, between which ends, what is crossed; faults of sources and many parties."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt.errors import InputError
from freerand_opt.model.files.file import read

BASE = """
[scenario]
{scenario}
[source]
{source}
[observed]
{observed}
[adversary]
devices = "{devices}"
{test}
[ask]
{ask}
{threshold}
"""
SV = 'kind = "santha-vazirani"\nepsilon = "1/10"'
BOUNDS = 'kind = "measurement-dependence"'
MIXTURE = 'kind = "mixture"\nA = { kind = "santha-vazirani", epsilon = 0 }\nB = { kind = "uniform" }'
CHSH = '[[test]]\nfunctional = "chsh"\nrelation = ">="\nscore = "observed"'
LEAKAGE = 'quantity = "trace-distance"\nof = "A"\nat = "average"'


def asked(folder, *, of="", between="[0, 1]", crosses="", **given):
    """Return the instance of a file, with a threshold if `of` is given."""
    tables = {
        "scenario": 'family = "chsh"',
        "source": SV,
        "observed": 'behaviour = "quantum"',
        "devices": "local",
        "test": CHSH,
        "ask": 'quantity = "strategy"',
    }
    threshold = f'[threshold]\nof = "{of}"\nbetween = {between}\n{crosses}' if of else ""
    path = folder / "asked.toml"
    path.write_text(BASE.format(threshold=threshold, **(tables | given)))
    return read(path).instances[0]


@pytest.mark.parametrize(
    ("of", "between", "source"),
    [
        ("source.epsilon", '[0, "49/100"]', SV),
        ("source.epsilon", '[0, "1/4"]', 'kind = "mutual"\nepsilon = 0'),
        ("source.epsilon", '[0, "1/4"]', MIXTURE),
        ("source.lower", '[0, "1/4"]', BOUNDS),
        ("source.upper", '["1/4", 1]', f"{BOUNDS}\nlower = 0.1"),
        ("source.bits", "[0, 2]", BOUNDS),
        ("source.bits", "[0, 2]", 'kind = "min-entropy"\nbits = 1'),
        ("observed.visibility", "[0, 1]", SV),
    ],
)
def test_numbers_that_vary(tmp_path, of, between, source):
    found = asked(tmp_path, of=of, between=between, source=source)
    assert found.threshold.of == of
    assert found.threshold.width == F(1, 10**6)


@pytest.mark.parametrize(
    ("of", "between", "given", "words"),
    [
        ("observed.visibility", "[0, 2]", {}, "second <= 1"),
        ("observed.visibility", "[0, 1]", {"observed": "", "test": ""}, "to mix"),
        ("source.bits", "[0, 1]", {}, "no bits"),
        ("source.bits", "[0, 1]", {"source": f"{BOUNDS}\nlower = 0.1"}, "no bits"),
        ("source.bits", "[0, 3]", {"source": 'kind = "min-entropy"\nbits = 0'}, "<= 2"),
        ("source.lower", '[0, "1/2"]', {"source": BOUNDS}, "<= 1/4"),
        ("source.epsilon", '[0, "1/4"]', {"source": 'kind = "uniform"'}, "no epsilon"),
        ("source.epsilon", '["1/4", 0]', {}, "first < second"),
        ("source.epsilon", '[0, "1/2"]', {}, "second < 1/2"),
        ("scenario.N", "[2, 4]", {}, "'scenario.N' is not known"),
        ("source.epsilon", "[0, 0.1]", {"ask": LEAKAGE}, "threshold.crosses: is missing"),
        ("source.epsilon", "[0, 0.1]", {"crosses": "crosses = 1"}, "must not be given"),
        ("source.epsilon", "[0, 0.1]", {"ask": LEAKAGE.replace("average", "worst")}, "needs fixed settings"),
        (
            "source.epsilon",
            "[0, 0.1]",
            {"ask": 'quantity = "score"\nfunctional = "chsh"\nextreme = "smallest"'},
            "of a smallest score",
        ),
        ("test.value", "[2, 4]", {}, "'test.value' is not known"),
        ("test[1].score", "[2, 4]", {}, "test has 1 entries"),
        ("observed.visibility", "[0, 1]", {"test": CHSH.replace('"observed"', "1")}, "not monotone"),
        (
            "observed.visibility",
            "[0, 1]",
            {"observed": 'table = { "P(00|00)" = 1 }', "test": '[[test]]\nkeep = "behaviour"'},
            "needs the whole behaviour",
        ),
    ],
)
def test_thresholds_that_are_refused(tmp_path, of, between, given, words):
    with pytest.raises(InputError) as caught:
        asked(tmp_path, of=of, between=between, **given)
    assert words in str(caught.value)


def test_white_noise_may_pass_a_given_score(tmp_path):
    assert asked(tmp_path, of="observed.visibility", test=CHSH.replace('"observed"', "-1")).threshold


@pytest.mark.parametrize(
    ("crosses", "at", "limit"),
    [
        ("1/4", F(1, 7), F(1, 4)),
        ("source.epsilon", F(1, 7), F(1, 7)),
        ("source.epsilon/2 + 1/200", F(1, 10), F(11, 200)),
        ("2*observed.visibility", F(1, 7), F(9, 5)),
    ],
)
def test_what_is_crossed(tmp_path, crosses, at, limit):
    found = asked(
        tmp_path,
        of="source.epsilon",
        between='[0, "1/5"]',
        crosses=f'crosses = "{crosses}"',
        ask=LEAKAGE,
        observed='behaviour = "quantum"\nvisibility = 0.9',
    )
    assert found.threshold.limit(at, found.body) == limit


@pytest.mark.parametrize(
    ("crosses", "words"),
    [
        ("source.upper", "no source.upper"),
        ("source.epsilon +", "number"),
        ("source.epsilonn", "no source.epsilonn"),
    ],
)
def test_what_cannot_be_crossed(tmp_path, crosses, words):
    with pytest.raises(InputError, match=words):
        asked(
            tmp_path, of="source.epsilon", between='[0, "1/5"]', crosses=f'crosses = "{crosses}"', ask=LEAKAGE
        )


# ------------------------------------------------------------------ sources in files

MIXED = 'kind = "mixture"\nA = { kind = "uniform" }\nB = { kind = "santha-vazirani", '
SOURCES = {
    "lower": (f"{BOUNDS}\nlower = 0.3", "source.lower", "3/10", "lower <= 1/4 <= upper"),
    "upper": (f"{BOUNDS}\nupper = 0.2", "source.upper", "1/5", "1/4 <= upper <= 1"),
    "lower negative": (f"{BOUNDS}\nlower = -1", "source.lower", "-1", "[0, 1]"),
    "upper beyond 1": (f"{BOUNDS}\nupper = 2", "source.upper", "2", "[0, 1]"),
    "irrational": (f'{BOUNDS}\nupper = "sqrt(1/2)"', "source.upper", "sqrt", "rational"),
    "entropy": ('kind = "min-entropy"\nbits = 3', "source.bits", "3 is not in [0, 2]", "4 joint settings"),
    "entropy broken": ('kind = "min-entropy"\nbits = 1.5', "source.bits", "1.5", "an integer"),
    "rows": ('kind = "inequalities"', "source.rows", "is missing; an array"),
    "row": (
        'kind = "inequalities"\nrows = [1]',
        "source.rows[0]",
        "1 is an integer",
        "terms, relation and bound",
    ),
    "row label": (
        'kind = "inequalities"\nrows = [{ terms = { "02" = 1 }, bound = 1 }]',
        'source.rows[0].terms."02"',
        "no joint setting",
        "00 to 11",
    ),
    "row factor": (
        'kind = "inequalities"\nrows = [{ terms = { "01" = "pi" }, bound = 1 }]',
        'source.rows[0].terms."01"',
        "irrational",
    ),
    "row relation": (
        'kind = "inequalities"\nrows = [{ terms = { "01" = 1 }, relation = "<", bound = 1 }]',
        "source.rows[0].relation",
        "allowed: <=, >=, =",
    ),
    "row bound": (
        'kind = "inequalities"\nrows = [{ terms = { "01" = 1 } }]',
        "source.rows[0].bound",
        "missing",
    ),
    "a party's epsilon": (
        f"{MIXED}epsilon = 0.7 }}",
        "source.B.epsilon",
        "0.7",
        "[0, 1/2)",
    ),
    "a party's order": (
        f'{MIXED}epsilon = 0, order = "B first" }}',
        "source.B.order",
        "no meaning",
    ),
    "a party left out": (
        'kind = "mixture"\nB = { kind = "uniform" }',
        "source",
        "parties are letters from A on",
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_fault_of_a_source_is_named(tmp_path, case):
    source, place, *fragments = SOURCES[case]
    with pytest.raises(InputError) as caught:
        asked(tmp_path, source=source)
    words = str(caught.value)
    assert f": {place}: " in words
    for fragment in fragments:
        assert fragment in words


# ------------------------------------------------------------------ many parties in files

MANY = {
    "a setting": ("ask.at", "2 is no setting of A", {"ask": 'quantity = "min-entropy"\nof = "A"\nat = 2'}),
    "average": ("ask.at", "at one setting", {"ask": 'quantity = "min-entropy"\nof = "A"\nat = "average"'}),
    "source": ("source.kind", "uniform or", {"source": 'kind = "mutual"\nepsilon = 0.1'}),
    "a party": ("ask.of.majority", "no party", {"of": '{ majority = ["A", "B", "Z"] }'}),
    "bits": (
        "ask.of.picked.bits",
        "2^bits",
        {"of": '{ picked = { from = ["A", "B"], bits = 2, selection = "common-cause", epsilon = 0 } }'},
    ),
    "devices": ("adversary.devices", "no-signalling", {"devices": "local"}),
    "test": ("test", "relations", {"test": '[[test]]\nfunctional = "mermin"\nrelation = ">="\nscore = 2'}),
    "two tests": ("test", "one test", {"test": '[[test]]\nrelations = "mermin"\n' * 2}),
    "too many": ("ask.of.parity", "20", {"scenario": 'family = "ghz"\nM = 40', "of": '{ parity = "all" }'}),
    "values": ("ask.of.values[0]", "an integer", {"of": '{ count = ["A"], values = [-1] }'}),
    "four values": ("ask.of", "4 values", {"ask": 'quantity = "trace-distance"\nof = ["A", "B"]\nat = 1'}),
    "visibility": ("observed", "no other behaviour", {"observed": 'behaviour = "quantum"\nvisibility = 0.9'}),
}


@pytest.mark.parametrize("case", MANY)
def test_fault_of_many_parties_is_named(tmp_path, case):
    place, words, more = MANY[case]
    given = dict(more)
    of = given.pop("of", '"A"')
    base = {
        "scenario": 'family = "ghz"\nM = 9',
        "source": 'kind = "uniform"',
        "devices": "no-signalling",
        "test": '[[test]]\nrelations = "mermin"\nviolated = 0',
        "ask": f'quantity = "guessing-probability"\nof = {of}\nat = 1',
    }
    with pytest.raises(InputError) as caught:
        asked(tmp_path, **{**base, **given})
    assert f": {place}: " in str(caught.value)
    assert words in str(caught.value)
