"""Observed settings that a source cannot show, and tests that contradict each other, by linear algebra."""

from __future__ import annotations

import json
import random
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from scipy.optimize import linprog

from freerand_opt import bound, check_certificate
from freerand_opt.answers.answering import InfeasibleError
from freerand_opt.certificates.check import CertificateError, trusted_ends
from freerand_opt.model.functional import Functional, from_terms, label_terms
from freerand_opt.model.question import Adversary, Ask, Question
from freerand_opt.model.question import Test as Demand
from freerand_opt.model.scenario import Scenario, chsh, i3322
from freerand_opt.model.source import (
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Uniform,
)
from freerand_opt.programs.contradiction import contradicted, sole_distribution
from freerand_opt.programs.membership import unshown
from freerand_opt.programs.vertices import source_vertices

CHSH = chsh()
FREE = Adversary("no-signalling")
EIGHTH = SanthaVazirani(F(1, 8))
SOURCES = {
    "uniform": Uniform(),
    "bits": EIGHTH,
    "bits, B first": SanthaVazirani(F(1, 5), "B first", "gray"),
    "mutual": Mutual(F(1, 10)),
    "independent": PerParty((EIGHTH, SanthaVazirani(F(1, 4)))),
    "mixture": PerParty((Uniform(), EIGHTH)),
    "limits": MeasurementDependence(F(1, 5), F(3, 10)),
    "upper limit": MeasurementDependence(F(0), F(2, 5)),
    "rows": Inequalities((((((0, F(1)), (1, F(2)))), F(2, 3)), (((3, F(-1)),), F(-1, 5)))),
}


def asked(source, settings, tests=(), devices=FREE, scenario=CHSH):
    return Question(scenario, source, settings, devices, tuple(tests), Ask("strategy"))


def in_hull(points, seen):
    """Whether floats find `seen` among the averages of points: a formulation of its own, by HiGHS."""
    columns = np.array([[float(x) for x in point] for point in points]).T
    found = linprog(
        np.zeros(columns.shape[1]),
        A_eq=np.vstack([columns, np.ones(columns.shape[1])]),
        b_eq=[*map(float, seen), 1],
    )
    return found.status == 0


def random_settings(rng, count, spread):
    weights = [rng.randint(100 - spread, 100 + spread) for _ in range(count)]
    return tuple(F(w, sum(weights)) for w in weights)


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize("name", SOURCES)
def test_settings_are_shown_if_and_only_if_they_are_an_average_of_vertices(name):
    source, rng, outside = SOURCES[name], random.Random(name), 0
    points = [[t / 4 for t in v] for v in source_vertices(source, CHSH)]
    for k in range(60):
        seen = random_settings(rng, 4, (5, 45, 95)[k % 3])
        found = unshown(asked(source, seen))
        assert (found is None) == in_hull(points, seen), seen
        if found is not None:
            outside += 1
            assert sum(g * p for g, p in zip(found.gains, seen, strict=True)) > 0
            assert all(sum(g * p for g, p in zip(found.gains, point, strict=True)) <= 0 for point in points)
    assert 5 < outside <= 60


@pytest.mark.parametrize("name", SOURCES)
def test_the_certificate_checks_and_is_of_no_settings_inside(name):
    source, rng = SOURCES[name], random.Random(name)
    points = source_vertices(source, CHSH)
    inside = tuple(sum(column) / len(points) / 4 for column in zip(*points, strict=True))
    tried = (random_settings(rng, 4, 60) for _ in range(100))
    seen = next(seen for seen in tried if unshown(asked(source, seen)) is not None)
    found = bound(asked(source, seen))
    assert found.infeasible
    assert str(found) == "none"
    assert trusted_ends(found.certificate) == set()
    assert any("so there is no strategy" in line for line in check_certificate(found.certificate))
    body = json.loads(json.dumps(found.certificate))
    body["question"]["observed"]["settings"] = [str(p) for p in inside]
    with pytest.raises(CertificateError, match="settings"):
        check_certificate(body)
    assert bound(asked(source, inside)).bracket.lower == 1


def test_products_are_separated_where_no_facet_is_broken():
    """Two perfectly correlated biased bits: each party is within its limits whatever the other does."""
    source = PerParty((SanthaVazirani(F(1, 4)), SanthaVazirani(F(1, 4))))
    seen = (F(3, 8), F(1, 8), F(1, 8), F(3, 8))
    found = unshown(asked(source, seen))
    assert "independent given W" in found.words
    # the largest P(equal) of products is that of two bits of 3/4: 10/16 < 12/16
    assert unshown(asked(source, (F(5, 16), F(3, 16), F(3, 16), F(5, 16)))) is None
    assert unshown(asked(source, (F(51, 160), F(29, 160), F(29, 160), F(51, 160)))) is not None


def test_parties_of_three_settings_may_be_uniform_beside_bits():
    scenario = Scenario((3, 2), (2, 2))
    source = PerParty((Uniform(), SanthaVazirani(F(1, 10))))
    even = (F(1, 6),) * 6
    assert unshown(asked(source, even, scenario=scenario)) is None
    seen = (F(1, 6) + F(1, 50), F(1, 6), F(1, 6) - F(1, 50), *even[3:])
    found = bound(asked(source, seen, scenario=scenario))
    assert found.infeasible
    assert check_certificate(found.certificate)


def test_words_name_what_the_settings_break():
    seen = (F(53, 245), F(79, 245), F(62, 245), F(51, 245))
    words = {name: unshown(asked(source, seen)) for name, source in SOURCES.items()}
    assert "P(settings 01) = 79/245 (32.24 %) is more than 1/4 (25 %)" in words["uniform"].words
    narrow = unshown(asked(SanthaVazirani(F(1, 100)), seen)).words
    assert "79/245 (32.24 %) is more than 2601/10000 (26.01 %); it is (51/100)^2" in narrow
    assert "more than 3/10 (30 %); the upper limit" in words["limits"].words
    assert words["bits"] is None
    assert words["upper limit"] is None
    given = unshown(asked(Mutual(F(1, 100)), seen)).words
    assert "a bit given B=1 prefers settings 01 with 79/130 (60.77 %), more than 1/2 + epsilon" in given


def test_a_question_with_impossible_settings_has_no_answer_and_says_why(freerand, tmp_path):
    seen = (F(3, 10), F(1, 5), F(3, 10), F(1, 5))
    question = Question(
        CHSH,
        Uniform(),
        seen,
        Adversary("quantum", level="1"),
        (),
        Ask("score", functional=Functional(((0, 0, F(1)),))),
    )
    with pytest.raises(InfeasibleError) as caught:
        bound(question)
    assert caught.value.where == "observed.settings"
    assert "the source cannot show these settings" in caught.value.message


# ------------------------------------------------------------------ tests


def cells(scenario, source):
    """The equations of no-signalling behaviours, or of normalised ones, in P(o|s): rows and right sides."""
    outcomes, settings = scenario.shape
    rows, right = [], []
    for s in range(settings):
        rows.append({(o, s): F(1) for o in range(outcomes)})
        right.append(F(1))
    if sole_distribution(source, settings) is None:
        return rows, right
    for party, size in enumerate(scenario.settings):
        for s, joint in enumerate(scenario.joint_settings):
            if joint[party] == 0:
                continue
            other = scenario.setting_index((*joint[:party], 0, *joint[party + 1 :]))
            for rest in product(*(range(d) for p, d in enumerate(scenario.outcomes) if p != party)):
                row = {}
                for x in range(scenario.outcomes[party]):
                    o = scenario.outcome_index((*rest[:party], x, *rest[party:]))
                    row[o, s], row[o, other] = F(1), F(-1)
                rows.append(row)
                right.append(F(0))
        assert size
    return rows, right


def consistent(scenario, source, tests):
    """Whether linear algebra leaves any numbers P(o|s), by ranks: a second formulation."""
    rows, right = cells(scenario, source)
    rows += [{(o, s): f for o, s, f in test.functional.terms} for test in tests]
    right += [test.score for test in tests]
    outcomes, settings = scenario.shape
    matrix = [
        [
            fmpq(x.numerator, x.denominator)
            for x in (row.get((o, s), F(0)) for o in range(outcomes) for s in range(settings))
        ]
        for row in rows
    ]
    full = [[*line, fmpq(b.numerator, b.denominator)] for line, b in zip(matrix, right, strict=True)]
    return fmpq_mat(matrix).rank() == fmpq_mat(full).rank()


@pytest.mark.parametrize(
    ("scenario", "source"),
    [
        (CHSH, Uniform()),
        (CHSH, EIGHTH),
        (Scenario((2, 3), (3, 2)), Uniform()),
        (Scenario((2, 2, 1), (2, 2, 2)), Uniform()),
        (Scenario((2, 3), (3, 2)), MeasurementDependence(F(0), F(1, 2))),
    ],
)
def test_equalities_contradict_each_other_if_and_only_if_ranks_say_so(scenario, source):
    rng = random.Random(str(scenario))
    outcomes, settings = scenario.shape
    found = {True: 0, False: 0}
    for _ in range(40):
        # scores of a local behaviour, one of them moved in half of the cases
        answers = [
            [rng.randrange(d) for _ in range(n)]
            for n, d in zip(scenario.settings, scenario.outcomes, strict=True)
        ]
        table = [
            scenario.outcome_index([own[x] for own, x in zip(answers, joint, strict=True)])
            for joint in scenario.joint_settings
        ]
        tests = []
        for _ in range(rng.randint(settings * outcomes // 2, settings * outcomes + 2)):
            size = rng.choice((1, 1, outcomes // 2, 3))
            terms = {
                (rng.randrange(outcomes), rng.randrange(settings)): F(rng.randint(-3, 3)) for _ in range(size)
            }
            functional = from_terms(terms)
            score = sum((f for o, s, f in functional.terms if table[s] == o), F(0))
            if functional.terms:
                tests.append(Demand(functional, "=", score, "a test"))
        if rng.random() < 0.7:
            k = rng.randrange(len(tests))
            tests[k] = Demand(tests[k].functional, "=", tests[k].score + F(1, 7), "moved")
        question = asked(source, "uniform", tests, scenario=scenario)
        expected = consistent(scenario, source, tests)
        contradiction = contradicted(question)
        assert (contradiction is None) == expected
        found[expected] += 1
        if contradiction is not None:
            result = bound(question)
            assert result.infeasible
            assert "contradiction" in result.certificate
            assert trusted_ends(result.certificate) == set()
            assert check_certificate(result.certificate)
    assert min(found.values()) > 3


def whole(table, tolerance=F(0)):
    """Tests that keep P(o|s) of a table {s: [P(o|s) for o]} within a tolerance."""
    for s, column in table.items():
        for o, p in enumerate(column):
            cell, label = from_terms({(o, s): F(1)}), CHSH.label(o, s)
            if tolerance:
                yield Demand(cell, "<=", p + tolerance, label)
                yield Demand(cell, ">=", p - tolerance, label)
            else:
                yield Demand(cell, "=", p, label)


NOISE = {  # 4 x 1000 fair outcomes
    0: [263, 235, 245, 257],
    1: [227, 248, 268, 257],
    2: [247, 241, 272, 240],
    3: [243, 247, 266, 244],
}
FREQUENCIES = {s: [F(n, 1000) for n in column] for s, column in NOISE.items()}


@pytest.mark.parametrize("devices", ["local", "no-signalling", "quantum"])
def test_frequencies_that_signal_are_named(devices):
    adversary = Adversary(devices, level="1 + A B" if devices == "quantum" else "")
    question = asked(Uniform(), "uniform", whole(FREQUENCIES), adversary)
    # P(A=0|00) = 498/1000, P(A=0|01) = 475/1000; the other three changes are smaller
    words = contradicted(question).words
    assert words == "they signal: P(A=0) at settings A=0 changes by 23/1000 when B measures 0 instead of 1"
    assert bound(question).infeasible


def least_tolerance(table):
    """How far the nearest no-signalling behaviour is, by HiGHS on the 16 probabilities themselves."""
    rows, right = cells(CHSH, Uniform())
    places = [(o, s) for o in range(4) for s in range(4)]
    equal = [[float(row.get(place, 0)) for place in places] + [0.0] for row in rows]
    near = [
        [sign * float(place == other) for other in places] + [-1.0] for place in places for sign in (1, -1)
    ]
    limits = [sign * float(table[s][o]) for o, s in places for sign in (1, -1)]
    found = linprog([0.0] * 16 + [1.0], A_ub=near, b_ub=limits, A_eq=equal, b_eq=[float(x) for x in right])
    return found.fun


def test_a_tolerance_makes_room_for_signalling():
    rng = random.Random(1)
    tables = [FREQUENCIES]
    for _ in range(5):
        counts = {s: [rng.randint(150, 350) for _ in range(4)] for s in range(4)}
        tables.append({s: [F(n, sum(column)) for n in column] for s, column in counts.items()})
    for table in tables:
        least = F(least_tolerance(table))
        for tolerance, passed in ((least + F(1, 10**6), True), (least - F(1, 10**6), False)):
            question = asked(Uniform(), "uniform", whole(table, tolerance))
            found = contradicted(question)
            assert (found is None) == passed
            result = bound(question)
            assert result.infeasible == (not passed)
            if found is not None:
                assert found.words.startswith("they signal: P(")
                assert "contradiction" in result.certificate
                assert check_certificate(result.certificate)


def test_one_marginal_is_the_sum_of_four_tolerances():
    found = contradicted(asked(Uniform(), "uniform", whole(FREQUENCIES, F(22, 4000))))
    assert "P(A=0) at settings A=0 changes by at least 1/1000" in found.words


def test_biased_settings_may_signal_but_not_lose_probability():
    assert contradicted(asked(EIGHTH, "uniform", whole(FREQUENCIES))) is None
    lost = {**FREQUENCIES, 2: [F(1, 4), F(1, 4), F(1, 4), F(1, 5)]}
    found = contradicted(asked(EIGHTH, "uniform", whole(lost)))
    assert found.words == "the outcomes at settings 10 sum to at most 19/20, not to 1"
    assert bound(asked(EIGHTH, "uniform", whole(lost))).infeasible


def test_a_part_of_the_outcomes_is_completed_by_normalisation():
    """Three of four probabilities at each setting say as much as all of them."""
    part = {s: column[:3] for s, column in FREQUENCIES.items()}
    words = contradicted(asked(Uniform(), "uniform", whole(part))).words
    assert words == contradicted(asked(Uniform(), "uniform", whole(FREQUENCIES))).words
    assert contradicted(asked(Uniform(), "uniform", whole({0: FREQUENCIES[0], 3: FREQUENCIES[3]}))) is None


def test_joint_scores_at_given_settings():
    """P(o, s) at P(s) = 2/5, 1/5, 1/5, 1/5, chosen freely: the marginal of A is P(a, s)/P(s)."""
    seen = (F(2, 5), F(1, 5), F(1, 5), F(1, 5))
    rows = []
    for s, p in enumerate(seen):
        rows += [(((s, F(1)),), p), (((s, F(-1)),), -p)]
    free = Inequalities(tuple(rows))
    assert sole_distribution(free, 4) == seen

    def joint(o, s, score):
        return Demand(Functional(((o, s, F(1)),), "joint"), "=", score, "joint")

    tests = [joint(0, 0, F(1, 5)), joint(1, 0, F(0)), joint(0, 1, F(1, 10)), joint(1, 1, F(0))]
    assert contradicted(asked(free, seen, tests)) is None  # P(A=0) is 1/2 at both
    moved = [*tests[:3], joint(1, 1, F(1, 100))]
    question = asked(free, seen, moved)
    assert "P(A=0) at settings A=0 changes by 1/20" in contradicted(question).words
    assert bound(question).infeasible


def test_two_scores_of_one_probability():
    tests = [*whole({0: [F(1, 4)]}), *whole({0: [F(1, 3)]})]
    assert contradicted(asked(EIGHTH, "uniform", tests)).words == "P(00|00) is at most 1/4 and at least 1/3"
    correlator = from_terms(label_terms(CHSH, "<A0 B0>"))
    tests = [Demand(correlator, "=", F(0), "E = 0"), Demand(correlator, "=", F(1, 2), "E = 1/2")]
    words = contradicted(asked(Uniform(), "uniform", tests)).words
    assert "the equalities contradict each other: -1 (E = 0) + 1 (E = 1/2)" in words


# ------------------------------------------------------------------ tables and labels


TABLE = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[observed.table]
{table}
[adversary]
devices = "{devices}"
[[test]]
keep = "behaviour"
tolerance = {tolerance}
[ask]
quantity = "strategy"
"""


def written(path, table, devices="local", tolerance="0"):
    lines = "\n".join(f'"{label}" = "{value}"' for label, value in table.items())
    path.write_text(TABLE.format(table=lines, devices=devices, tolerance=tolerance))
    return path


CORRELATED = {"P(00|00)": "1/2", "P(11|00)": "1/2", "P(00|11)": "1/2", "P(11|11)": "1/2"}


@pytest.mark.parametrize("tolerance", ["0", '"1/100"'])
def test_a_table_may_leave_out_joint_settings(freerand, tmp_path, tolerance):
    """Settings 00 and 11 alone, perfectly correlated: a shared bit does it."""
    (row,) = freerand("bound", written(tmp_path / "a.toml", CORRELATED, tolerance=tolerance), "--json").data
    assert (row["lower"], row["upper"]) == ("1", None)
    # with the two others a PR box, of which no local model is within 1/100
    more = {"P(00|01)": "1/2", "P(11|01)": "1/2", "P(01|10)": "1/2", "P(10|10)": "1/2"}
    (row,) = freerand(
        "bound", written(tmp_path / "b.toml", CORRELATED | more, tolerance=tolerance), "--json"
    ).data
    assert (row["lower"], row["upper"]) == (None, "0")
    assert row["why"] is None


def test_a_partial_table_does_for_what_it_tells(freerand, tmp_path):
    path = written(tmp_path / "a.toml", CORRELATED)
    text = path.read_text()
    path.write_text(
        text.replace(
            'keep = "behaviour"\ntolerance = 0', 'functional = "chsh"\nrelation = ">="\nscore = "observed"'
        )
    )
    run = freerand("bound", path)
    assert run.code == 2
    assert "test[0].score: the table says nothing of settings 01, 10" in run.err
    path.write_text(text.replace('"P(11|11)" = "1/2"', '"P(11|11)" = "1/3"'))
    assert "the outcomes at settings 11 sum to 5/6, not to 1" in freerand("bound", path).err
    path.write_text(text.replace("[ask]", '[threshold]\nof = "observed.visibility"\nbetween = [0, 1]\n[ask]'))
    assert "needs the whole behaviour" in freerand("bound", path).err


SIGNALLING = {
    "P(00|00)": "1/2", "P(11|00)": "1/2", "P(00|01)": "13/25", "P(11|01)": "12/25",
    "P(00|10)": "1/2", "P(11|10)": "1/2", "P(01|11)": "1/2", "P(10|11)": "1/2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("tolerance", "answer"), [("0", "refused"), ("0.002", "none"), ("0.02", "exists"), ("0.1", "exists")]
)
def test_a_table_that_signals_is_kept_with_a_tolerance(freerand, tmp_path, tolerance, answer):
    """P(A=0) is 1/2 or 13/25: four probabilities that give way by 1/500 are not enough, by 1/50 are."""
    run = freerand("bound", written(tmp_path / "a.toml", SIGNALLING, "no-signalling", tolerance))
    if answer == "refused":
        assert run.code == 2
        assert "no behaviour that can be observed: it signals: P(" in run.err
        assert "tolerance" in run.err
        return
    assert run.code == 0
    assert f"answer      {answer}" in run.out
    if answer == "none":
        assert "none: no devices at all pass the tests (proved)" in run.out
        assert "because     tests: no devices at all pass these tests: they signal" in run.out
        assert "inequality" not in run.out


def test_no_inequality_of_local_models_where_no_devices_pass(freerand, tmp_path):
    """CHSH >= 9/2 is beyond 4: nothing is said of local models in particular."""
    for score, words in (
        ("5/2", "inequality  "),
        ("9/2", "no-signalling devices do not pass these tests either"),
    ):
        path = tmp_path / "a.toml"
        text = written(path, CORRELATED).read_text()
        text = text[: text.index("[observed.table]")] + text[text.index("[adversary]") :]
        path.write_text(
            text.replace(
                'keep = "behaviour"\ntolerance = 0',
                f'functional = "chsh"\nrelation = ">="\nscore = "{score}"',
            )
        )
        out = freerand("bound", path).out
        assert "answer      none" in out
        assert words in out
        assert ("inequality" in out) == (score == "5/2")


def test_marginal_probabilities_have_labels():
    assert label_terms(CHSH, "PA(0|1)") == {
        (0, 2): F(1, 2),
        (1, 2): F(1, 2),
        (0, 3): F(1, 2),
        (1, 3): F(1, 2),
    }
    assert label_terms(CHSH, "PAB(01|10)") == label_terms(CHSH, "P(01|10)")
    total = {}
    # Collins and Gisin (arXiv:quant-ph/0306129) in their own form, P(0|a) and P(00|ab)
    for label, factor in {
        "PA(0|0)": -1, "PB(0|0)": -2, "PB(0|1)": -1,
        "P(00|00)": 1, "P(00|01)": 1, "P(00|02)": 1, "P(00|10)": 1, "P(00|11)": 1, "P(00|12)": -1,
        "P(00|20)": 1, "P(00|21)": -1,
    }.items():  # fmt: skip
        for key, share in label_terms(i3322(), label).items():
            total[key] = total.get(key, F(0)) + factor * share
    from freerand_opt.model.functional import i3322 as functional

    assert from_terms(total) == functional(i3322())


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("P(0|0)", "2 outcomes are needed, one for each of A, B; P of party A alone is PA(0|1)"),
        ("PC(0|0)", "parties are letters in order out of AB"),
        ("PBA(00|00)", "parties are letters in order"),
        ("PA(2|0)", "outcome 2 of A is not in 0..1"),
        ("PA(0|2)", "setting 2 of A is not in 0..1"),
    ],
)
def test_labels_that_are_none(label, words):
    with pytest.raises(ValueError, match="A") as caught:
        label_terms(CHSH, label)
    assert words in str(caught.value)
