"""Critical values: certified ends on both sides of closed forms (docs/proofs/thresholds.md)."""

from __future__ import annotations

import math
from fractions import Fraction as F
from types import SimpleNamespace

import pytest

from freerand_opt import (
    Ask,
    Behaviour,
    Independent,
    InputError,
    Keep,
    MinEntropy,
    Mixture,
    Mutual,
    OnAverage,
    Product,
    Question,
    Relative,
    SanthaVazirani,
    Test,
    Threshold,
    Uniform,
    bound,
    chained,
    chsh,
    ghz,
    read,
    verify,
)
from freerand_opt import MeasurementDependence as Limits
from freerand_opt.bounds.answers.about import asked_form
from freerand_opt.bounds.threshold import Crossing, NoChangeError, critical_value
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.numbers.exact import enclose

LOCAL, EVE = {"devices": "local"}, {"devices": "no-signalling"}
STRATEGY = Ask("strategy")
SEEN = [Test("chained", "<=", "observed")]
QUANTUM = {"behaviour": "quantum"}
CHSH = [Test("chsh", ">=", "observed")]
SV = SanthaVazirani("1/10")


def chain(n, source, tests=SEEN, ask=STRATEGY, devices=LOCAL):
    return Question(chained(n), source, adversary=devices, observed=QUANTUM, tests=tests, ask=ask)


def of_chsh(source, tests=CHSH, ask=STRATEGY, devices=LOCAL, **more):
    return Question(chsh(), source, adversary=devices, observed={**QUANTUM, **more}, tests=tests, ask=ask)


def sought(question, of, between, width=F(1, 10**6), **more):
    return bound(question, threshold={"of": of, "between": between, "width": width, **more})


def holds(result, critical, width=F(1, 10**6), slack=1e-12):
    """The bracket is narrow and has a number in floats inside."""
    low, high = enclose(result.bracket.lower, 80)[0], enclose(result.bracket.upper, 80)[1]
    assert high - low <= width + F(1, 10**12)
    assert float(low) - slack <= critical <= float(high) + slack


# ------------------------------------------------------------------ epsilon of local models


def below(n, epsilon):
    """Whether (1-2e)^(2r) > 2N sin^2(pi/4N), in fractions: no local model yet."""
    if n == 2:  # (1-2e)^2 > 2 - sqrt 2
        return (2 - (1 - 2 * epsilon) ** 2) ** 2 < 2
    # 8 sin^2(pi/16) = 4 - 4 cos(pi/8), cos(pi/8)^2 = (2 + sqrt 2)/4
    square = ((4 - (1 - 2 * epsilon) ** 4) / 4) ** 2
    return (4 * square - 2) ** 2 < 2


@pytest.mark.parametrize(
    ("n", "bits"), [(2, "gray"), (4, "least-significant-first"), (4, "most-significant-first")]
)
def test_local_models_of_chained_correlations(n, bits):
    """arXiv:1105.3195, limitation of chained correlations: 0.1173165 and 0.1285842."""
    bracket = sought(chain(n, SanthaVazirani(0, bits=bits)), "source.epsilon", [0, "2/5"]).bracket
    assert below(n, bracket.lower)
    assert not below(n, bracket.upper)
    assert bracket.upper - bracket.lower <= F(1, 10**6)


def test_critical_values_grow_towards_the_limit():
    ends = [
        sought(
            chain(n, SanthaVazirani(0, bits="least-significant-first")),
            "source.epsilon",
            [0, "2/5"],
            F(1, 10**4),
        ).bracket
        for n in (2, 4, 8)
    ]
    assert ends[0].upper < ends[1].lower
    assert ends[1].upper < ends[2].lower
    assert (1 - 2 * ends[2].upper) ** 2 > F(1, 2)  # the limit has (1-2e)^2 = 1/2


@pytest.mark.parametrize(
    ("between", "words"),
    [(("1/5", "2/5"), "fails at 1/5 and at 2/5"), ((0, "1/20"), "holds at 0 and at 1/20")],
)
def test_an_interval_without_a_change_is_refused(between, words):
    with pytest.raises(NoChangeError, match=f"^source.epsilon: that no strategy passes {words}; it must"):
        sought(chain(2, SanthaVazirani(0)), "source.epsilon", between, F(1, 10**4))


def test_a_source_that_moves_several_limits_at_once_is_refused_before_anything_is_solved():
    question = Question(
        chsh(),
        Relative("1/10"),
        adversary={"devices": "local"},
        tests=[Test("chsh", ">=", "2.7")],
        ask=Ask("strategy"),
    )
    for asked in (bound, asked_form):
        with pytest.raises(InputError, match="kind relative moves several limits at once"):
            asked(question, threshold=Threshold("source.epsilon", ["0", "2/5"]))


@pytest.mark.parametrize("critical", [F(1, 7), F(2, 9) + F(1, 10**7)])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("root", [False, True])
def test_violations_in_floats_find_where_proofs_are_worth_it(critical, turned, root):
    """Beyond a critical value nothing is violated, before it more and more: four exact answers are enough."""
    asked, sign = [], -1 if turned else 1

    def margin(place):
        short = max(0.0, sign * float(critical - place))
        return -(short**0.5 if root else short)

    def exact(place):
        asked.append(place)
        passes = sign * (place - critical) >= 0
        return SimpleNamespace(impossible=not passes, attack={} if passes else None, margin=margin(place))

    low, high = critical_value(exact, Crossing(), (F(0), F(1, 2)), F(1, 10**6), margin)
    assert low.place <= critical <= high.place
    assert high.place - low.place <= F(1, 10**6)
    assert len(asked) == 4


@pytest.mark.parametrize("crosses", ["number", "field", "entropy"])
def test_optima_in_floats_find_where_proofs_are_worth_it(crosses):
    """An answer that grows: x^2 passes 1/3 or x/2, (1/2 + x)^2 one bit; four exact answers are enough."""
    asked = []
    power, value = 2, {"number": F(1, 3), "field": F(1, 2), "entropy": F(1)}[crosses]
    shift = F(1, 2) if crosses == "entropy" else F(0)

    def exact(place):
        asked.append(place)
        found = (shift + place) ** power
        return SimpleNamespace(
            impossible=False, bound=found, reached=found, height=float(found), margin=float(found)
        )

    low, high = critical_value(
        exact,
        Crossing(crosses, value, float(value)),
        (F(1, 10), F(9, 10)),
        F(1, 10**6),
        lambda place: float((shift + place) ** power),
    )
    root = {"number": 3**-0.5, "field": 0.5, "entropy": 0.5**0.5 - 0.5}[crosses]
    assert low.place - F(1, 10**12) <= root <= high.place
    assert high.place - low.place <= F(1, 10**6)
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (F(1, 10) - F(1, 10**6), F(2, 5)),
        (F(0), F(1, 10) + F(1, 10**6)),
        (F(1, 10) - F(1, 10**6), F(1, 10) + F(1, 10**6)),
        (F(0), F(1, 10)),
    ],
)
def test_an_interval_that_ends_near_the_critical_value(low, high):
    """Local models reach 16/25 from 1/10 on; on a grid of the width both ends may be on one side."""
    asked = chain(2, SanthaVazirani(0), [Test("chained", "<=", "16/25")])
    for width in (F(1, 10**4), F(1, 7776)):
        bracket = sought(asked, "source.epsilon", (low, high), width).bracket
        assert low <= bracket.lower < F(1, 10) <= bracket.upper <= high
        assert bracket.upper - bracket.lower <= width


def test_the_whole_behaviour_by_equalities():
    """A PR box with noise: errors of 15/100 add up to 6/10, and local models need (1-2e)^2 <= 6/10."""
    seen = {
        f"P({x}{y}|{a}{b})": F(17, 40) if ((x != y) == ((a, b) == (0, 1))) else F(3, 40)
        for x in (0, 1)
        for y in (0, 1)
        for a in (0, 1)
        for b in (0, 1)
    }
    asked = Question(
        chained(2),
        SanthaVazirani(0),
        adversary=LOCAL,
        observed={"table": seen},
        tests=[{"keep": "behaviour"}],
        ask=STRATEGY,
    )
    bracket = sought(asked, "source.epsilon", [0, "2/5"], F(1, 10**4)).bracket
    assert (1 - 2 * bracket.upper) ** 2 <= F(6, 10)


@pytest.mark.parametrize(
    ("source", "critical"),
    [
        (Independent(0), 1 - math.sqrt(2 - math.sqrt(2))),
        (Mixture([Uniform(), SanthaVazirani(0)]), math.sqrt(2) - 1),
    ],
)
def test_sources_by_party(source, critical):
    """S = 2 sqrt 2 needs P(ab|w) = (2 - sqrt 2)/4 somewhere: q^2, or q/2 if one party is free."""
    holds(sought(of_chsh(source), "source.epsilon", [0, "2/5"]), critical / 2)


@pytest.mark.parametrize(
    ("source", "of", "between", "critical"),
    [
        (Product(["1/2", "1/2"]), "source.largest.A", ("1/2", 1), math.sqrt(1 / 2)),
        (OnAverage(distance=[0, 0]), "source.distance.A", (0, 2), 2 * math.sqrt(2) - 2),
        (Mixture([SanthaVazirani(0), Uniform()]), "source.A.epsilon", (0, "2/5"), math.sqrt(1 / 2) - 1 / 2),
    ],
)
def test_numbers_of_one_party(source, of, between, critical):
    """S = 2 sqrt 2 = 4 - 8 (1 - u)/2 for u = 1/2 + e of one party; M = 2 sqrt 2 - 2 (Hall, one-sided)."""
    holds(sought(of_chsh(source), of, between), critical)


def test_a_number_that_no_party_has():
    with pytest.raises(InputError, match=r"no B.epsilon that varies; it has epsilon, A.epsilon"):
        sought(of_chsh(Mixture([SanthaVazirani(0), Uniform()])), "source.B.epsilon", (0, "2/5"))


@pytest.mark.parametrize(
    ("source", "critical"),
    [
        (Independent(0), (1 - 0.2 ** (1 / 2)) / 2),
        (SanthaVazirani(0), (1 - 0.2 ** (1 / 3)) / 2),
        (Mutual(0), ((19 / 3) ** 0.5 - 1) / ((19 / 3) ** 0.5 + 1) / 2),
    ],
)
def test_mermin_relations_broken_with_weight_a_fifth(source, critical):
    """Weight (1-2e)^2, (1-2e)^3 and 4/(1 + 3 rho^2)."""
    tests = [{"relations": "mermin", "violated": "1/5"}]
    asked = Question(ghz(3), source, adversary=LOCAL, tests=tests, ask=STRATEGY)
    holds(sought(asked, "source.epsilon", [0, "2/5"]), critical)


# ------------------------------------------------------------------ other fields


@pytest.mark.parametrize(
    ("source", "of", "between", "critical"),
    [
        (Limits(lower=0, upper=1), "source.lower", (0, "1/4"), 1 / 8),
        (Limits(lower=0, upper="1/4"), "source.upper", ("1/4", "1/2"), 7 / 24),
    ],
)
def test_bounds_of_probabilities(source, of, between, critical):
    """One edge is lost: l at least, or 1 - 3h, so I_2 <= 1/2 needs l <= 1/8, h >= 7/24."""
    holds(sought(chain(2, source, [Test("chained", "<=", "1/2")]), of, between), critical)


@pytest.mark.parametrize("n", [2, 4])
def test_min_entropy(n):
    """I_N = 2N - (2N-1) N^2 2^-k is the least of local models."""
    score = 2 * n * math.sin(math.pi / (4 * n)) ** 2
    result = sought(chain(n, MinEntropy(0)), "source.bits", [0, 2 * (n.bit_length() - 1)])
    holds(result, math.log2((2 * n - 1) * n * n / (2 * n - score)))


def test_visibility_of_chsh():
    """Local models reach 4 - 8 q^2: v 2 sqrt 2 = 4 - 8 (2/5)^2."""
    holds(sought(of_chsh(SV), "observed.visibility", ["9/10", 1]), (4 - 8 * 0.4**2) / math.sqrt(8))


def test_the_whole_behaviour_of_free_settings_is_local_up_to_one_over_root_two():
    """Fine's theorem; the tolerance of the test moves it."""
    asked = of_chsh(Uniform(), [{"keep": "behaviour", "tolerance": "1e-9"}])
    holds(sought(asked, "observed.visibility", ["1/2", 1]), math.sqrt(0.5), slack=1e-8)


def test_visibility_at_which_the_guess_passes():
    """arXiv:0911.3427: 3/2 - S/4 passes 9/10 at S = 12/5."""
    asked = of_chsh(Uniform(), ask=Ask("guessing-probability", of="A", at=(0, 0)), devices=EVE)
    holds(sought(asked, "observed.visibility", [0, 1], crosses="9/10"), 2.4 / math.sqrt(8))


# ------------------------------------------------------------------ crossings


def leakage(n, quantity="trace-distance", at=(0, 0), tests=SEEN):
    source = SanthaVazirani(0, bits="least-significant-first")
    return chain(n, source, tests, Ask(quantity, of="A", at=at), EVE)


@pytest.mark.parametrize(
    ("quantity", "crosses"), [("trace-distance", "1/4"), ("guessing-probability", "3/4")]
)
def test_the_leakage_crosses_where_lemma_1_says(quantity, crosses):
    """I_N/2 ((1+2e)/(1-2e))^(2r) = 1/4 at e = (x-1)/(2(x+1)), x = (1/(2 I_N))^(1/2r)."""
    width = F(1, 10**8)
    result = sought(leakage(4, quantity), "source.epsilon", [0, "1/5"], width, crosses=crosses)
    x = (1 / (16 * math.sin(math.pi / 16) ** 2)) ** 0.25
    holds(result, (x - 1) / (2 * (x + 1)), width)
    document = result.document
    changes = (
        {"crosses": "1/3"},
        {"crosses": None},
        {"above": document["below"]},
        {"below": document["above"]},
    )
    for change in changes:
        with pytest.raises((Rejected, Unreadable)):
            check({**document, **change})


def test_beyond_a_half_the_leakage_is_another_branch():
    """D = (1 - (1-2e)^2 + I_2)/2 = 2/5 at N = 2 (docs/proofs/chained-leakage.md)."""
    result = sought(leakage(2), "source.epsilon", [0, "1/10"], crosses="2/5")
    holds(result, (1 - math.sqrt(4 * math.sin(math.pi / 8) ** 2 + 1 - 4 / 5)) / 2)


def test_less_entropy_is_more_knowledge():
    """1/2 + D = 2^(-1/5) where D = (1 - (1-2e)^2 + I_2)/2."""
    result = sought(leakage(2, "min-entropy"), "source.epsilon", [0, "1/5"], crosses="1/5")
    square = 2 + 4 * math.sin(math.pi / 8) ** 2 - 2**0.8
    holds(result, (1 - math.sqrt(square)) / 2)


@pytest.mark.parametrize(("between", "above"), [([0, "1/10"], False), (["1/10", "49/100"], True)])
def test_the_leakage_crosses_epsilon_twice(between, above):
    """1/(200 (1-2e)^2) = e: in between the output is better than the input (averaged lemma)."""
    asked = leakage(2, at="average", tests=[Test("chained", "<=", "1/100")])
    result = sought(asked, "source.epsilon", between, crosses="source.epsilon")
    low, high = ((0.0, 0.1), (0.1, 0.49))[above]
    for _ in range(200):
        middle = (low + high) / 2
        inside = 0.005 / (1 - 2 * middle) ** 2 <= middle
        low, high = (middle, high) if inside == above else (low, middle)
    holds(result, low)
    with pytest.raises((Rejected, Unreadable)):
        check({**result.document, "crosses": "1/10"})


def test_a_crossing_that_is_not_there_is_refused():
    with pytest.raises(NoChangeError):
        sought(leakage(2), "source.epsilon", [0, "1/5"], crosses="1/10")


# ------------------------------------------------------------------ files


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
    file = read(path)
    found = [verify(file, instance) for instance in file.instances]
    assert [one.verdict for one in found] == ["PROVED", "REFUTED"]
    assert all(one.as_expected for one in found)


# ------------------------------------------------------------------ numbers of a test

SCORE, LEAK = "test.score", Ask("guessing-probability", of="A", at=(0, 0))


def at_least(score, source=SV, relation=">=", **more):
    return Question(chsh(), source, tests=[Test("chsh", relation, score)], **more)


@pytest.mark.parametrize(("relation", "sign"), [(">=", 1), ("<=", -1)])
def test_the_largest_score_of_local_devices_is_where_strategies_end(relation, sign):
    """4 - 8 q^2 = 2.38 at epsilon 1/20, q = 9/20; the smallest is its negative."""
    question = at_least(0, SanthaVazirani("1/20"), relation, adversary=LOCAL, ask=STRATEGY)
    ends = sorted((F(2 * sign), F(4 * sign)))
    holds(sought(question, SCORE, ends), sign * 2.38)


def test_the_score_at_which_a_guess_of_no_signalling_devices_passes_a_number():
    """3/2 - S/4 (arXiv:0911.3427): 7/10 at S = 16/5; half a bit at 6 - 2 sqrt 2."""
    question = at_least(3, Uniform(), adversary=EVE, ask=LEAK)
    holds(sought(question, "test[0].score", (2, 4), crosses=F(7, 10)), 3.2)
    bits = question.changed(ask=LEAK.changed(quantity="min-entropy"))
    holds(sought(bits, SCORE, (2, 4), crosses=F(1, 2)), 6 - 2 * math.sqrt(2))


def test_the_score_at_which_a_guess_of_quantum_devices_passes_a_number():
    """(1 + sqrt(2 - S^2/4))/2 (arXiv:0911.3427): 4/5 at S = 2 sqrt(1.64)."""
    eve = {"devices": "quantum", "level": "1 + A B"}
    question = at_least(2, Uniform(), adversary=eve, ask=LEAK)
    found = sought(question, SCORE, (F(5, 2), F(13, 5)), F(1, 50), crosses=F(4, 5))
    holds(found, 2 * math.sqrt(1.64), F(1, 50))


def test_the_tolerance_at_which_local_devices_pass_for_a_box_of_popescu_and_rohrlich():
    """Each entry may move by t, so a correlator by 4 t, and 4 - 16 t = 2."""
    box = Behaviour.from_correlators([[1, 1], [1, -1]])
    question = Question(
        chsh(), Uniform(), observed=box, adversary=LOCAL, tests=[Keep("behaviour")], ask=STRATEGY
    )
    holds(sought(question, "test.tolerance", (0, F(1, 2))), 1 / 8)


def test_the_epsilon_at_which_the_local_score_passes_a_number():
    """4 - 8 q^2 = 3 at q = 1/sqrt 8."""
    question = Question(chsh(), SV, adversary=LOCAL, ask=Ask("score", functional="chsh"))
    holds(sought(question, "source.epsilon", (0, F(2, 5)), crosses=3), 1 / 2 - math.sqrt(1 / 8))


def test_a_smallest_score_has_no_threshold():
    asked = Ask("score", functional="chsh", extreme="smallest")
    with pytest.raises(InputError, match="smallest score"):
        sought(Question(chsh(), SV, adversary=LOCAL, ask=asked), "source.epsilon", (0, F(2, 5)), crosses=-3)
