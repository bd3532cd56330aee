"""The oracle's own formulation: vertices, exact linear programs, closed forms, two forms of one question."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from itertools import count, product
from math import comb
from random import Random

import pytest

from tests.oracle import boxes, forms
from tests.oracle.draw import question as drawn
from tests.oracle.number import exactly, shifted_root
from tests.oracle.polytope import TooManyRaysError, points
from tests.oracle.program import Program, _from_scratch, optimum, program
from tests.oracle.question import Ask, Functional, Kept, Question, written_out
from tests.oracle.question import Test as Demand
from tests.oracle.scenario import Scenario, of_family
from tests.oracle.source import Source, facets, vertices
from tests.oracle.truth import truth
from tests.oracle.worth import TooManyError, sums_ratios

CHSH, CHAINED_3, GHZ = of_family("chsh"), of_family("chained N = 3"), of_family("ghz M = 3")
EPSILONS = (F(0), F(1, 20), F(3, 17))
S_CHSH = Functional(name="chsh")
UNIFORM = Source("uniform")


def sv(epsilon, order="interleaved"):
    return Source("santha-vazirani", (exactly(epsilon),), order)


def asked(scenario, source, devices, ask, *tests, settings="uniform", **more):
    return Question(scenario, source, settings, devices, tests, ask, **more)


def score(functional, extreme="largest"):
    return Ask("score", functional=functional, extreme=extreme)


def guess(at, scenario=CHSH, party=0, quantity="guessing-probability"):
    letter = scenario.parties[party]
    return Ask(quantity, f'"{letter}"', tuple(a[party] for a in scenario.joint_outcomes), 2, at)


def value(question):
    found = truth(question)
    assert found.feasible
    assert found.low == found.high
    return found.low


# ------------------------------------------------------------------ vertices


def test_extreme_boxes_of_two_settings_and_two_outcomes():
    """24 = 16 local + 8 PR boxes (Barrett et al., arXiv:quant-ph/0404097)."""
    found = set(boxes.no_signalling(CHSH))
    assert len(found) == 24
    assert set(boxes.deterministic(CHSH)) < found
    assert sum(F(1, 2) in box for box in found) == 8


def test_extreme_boxes_of_two_settings_and_three_outcomes():
    """k of the outcomes are used, C(3,k)^4 choices; the classes k = 1, 2, 3 hold 1, 8, (3!)^3 2 boxes.

    81 local ones, and those of Barrett et al. (arXiv:quant-ph/0404097), section II, up to relabelling.
    """
    found = boxes.no_signalling(Scenario((2, 2), (3, 3)))
    sizes = [max(p.denominator for p in box) for box in found]
    assert [sizes.count(k) for k in (1, 2, 3)] == [81, comb(3, 2) ** 4 * 8, 432]


@pytest.mark.parametrize("turned", [Scenario((4, 2), (2, 2)), Scenario((2, 4), (2, 2))])
def test_turning_the_parties_round_keeps_boxes_without_signalling(turned):
    rows = boxes.no_signalling_rows(turned)
    for box in boxes.no_signalling(turned):
        assert all(sum(a * p for a, p in zip(row, box, strict=True)) == 0 for row in rows)


@pytest.mark.parametrize("order", ["interleaved", "A first", "B first"])
@pytest.mark.parametrize("scenario", [CHSH, Scenario((2, 4), (2, 2)), GHZ], ids=["2 bits", "3 bits", "GHZ"])
def test_vertices_of_bits_are_those_of_their_inequalities(scenario, order):
    source = replace(sv(F(1, 20), order), bits="gray")
    found = vertices(source, scenario)
    assert len(found) == 2 ** (scenario.shape[1] - 1)  # one choice at each inner node of the tree
    assert set(points(scenario.shape[1], (), facets(source, scenario), 400)) == set(found)


def test_vertices_of_two_mutually_free_bits():
    """Six (mathematics of sources; four products, and two that lean on each other)."""
    assert len(vertices(Source("mutual", (exactly("1/20"),)), CHSH)) == 6


def test_products_lie_in_the_mutual_source_and_that_in_each_time_order():
    pair = [Source(kind, (exactly("1/7"),)) for kind in ("independent", "mutual")]
    for small, large in ((pair[0], pair[1]), (pair[1], sv(F(1, 7))), (pair[1], sv(F(1, 7), "B first"))):
        for point in vertices(small, CHSH):
            rows = facets(large, CHSH)
            assert all(sum(a * p for a, p in zip(row, point, strict=True)) >= 0 for row in rows)


# ------------------------------------------------------------------ linear programs


def random_program(seed):
    random = Random(seed)
    rows, columns = random.randint(2, 6), random.randint(4, 12)
    inside = [F(random.randint(0, 3), random.randint(1, 5)) * (random.random() < 0.6) for _ in range(columns)]
    made = [([F(1)] * columns, "<=", sum(inside) + 1)]
    for _ in range(rows):
        factors = [F(random.randint(-5, 5), random.randint(1, 4)) for _ in range(columns)]
        reached = sum((a * x for a, x in zip(factors, inside, strict=True)), F(0))
        relation = random.choice(("<=", ">=", "="))
        made.append((factors, relation, reached))
    return program([F(random.randint(-9, 9), 7) for _ in range(columns)], made)


@pytest.mark.parametrize("seed", range(20))
def test_the_suggested_basis_and_the_exact_simplex_method_agree(seed):
    made = random_program(seed)
    assert optimum(made).value == _from_scratch(made).value is not None


def test_an_optimum_is_exact():
    tiny = F(1, 10**40)
    made = program([F(1), F(1)], [([F(3), F(1)], "<=", F(1) + tiny), ([F(1), F(3)], "<=", F(1))])
    assert optimum(made).value == (2 + tiny) / 4


def test_no_point_is_said_even_where_floats_see_one():
    tiny = F(1, 10**30)
    made = program([F(1)], [([F(1)], "<=", F(1)), ([F(1)], ">=", 1 + tiny)])
    assert optimum(made).value is None


def test_a_degenerate_program():
    rows = [
        ([F(1), F(1), F(1)], "=", F(1)),
        ([F(1), F(1), F(1)], "<=", F(1)),
        ([F(2), F(2), F(2)], "=", F(2)),
    ]
    assert optimum(program([F(1), F(2), F(2)], rows)).value == 2
    assert isinstance(program([F(1)], []), Program)


# ------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("kind", ["santha-vazirani", "mutual", "independent"])
def test_largest_local_chsh_score(epsilon, kind):
    """4 - 8 (1/2 - epsilon)^2 for every reading of a source (docs/proofs/chained-local-model.md)."""
    source = Source(kind, (exactly(epsilon),))
    assert value(asked(CHSH, source, "local", score(S_CHSH))) == 4 - 8 * (F(1, 2) - epsilon) ** 2


def test_one_party_alone_is_biased():
    """4 - 4 (1/2 - epsilon)."""
    source = Source("mixture", parts=(sv(F(1, 20)), UNIFORM))
    assert value(asked(CHSH, source, "local", score(S_CHSH))) == 4 - 4 * F(9, 20)


@pytest.mark.parametrize(("low", "high"), [(F(0), F(3, 10)), (F(1, 10), F(1, 2)), (F(1, 5), F(1, 3))])
def test_bounds_on_each_probability(low, high):
    """The losing settings have at least max(l, 1 - 3h): the score is 4 less 8 times that."""
    source = Source("measurement-dependence", (exactly(low), exactly(high)))
    assert value(asked(CHSH, source, "local", score(S_CHSH))) == 4 - 8 * max(low, 1 - 3 * high)


def test_relative_bounds_as_rows():
    """(1 - eps) P(s) <= P(s|w) <= (1 + eps) P(s): 2 + 2 eps for every P(s) <= 1/2."""
    seen, epsilon = (F(3, 10), F(2, 10), F(3, 10), F(2, 10)), F(1, 13)
    rows = []
    for s, p in enumerate(seen):
        factors = tuple(exactly(int(s == t)) for t in range(4))
        rows += [(factors, "<=", exactly((1 + epsilon) * p)), (factors, ">=", exactly((1 - epsilon) * p))]
    source = Source("inequalities", rows=tuple(rows))
    question = asked(CHSH, source, "local", score(S_CHSH), settings=tuple(map(exactly, seen)))
    assert value(question) == 2 + 2 * epsilon


@pytest.mark.parametrize(
    ("functional", "family", "local", "no_signalling"),
    [
        ("chsh", "chsh", 2, 4),
        ("hardy", "chsh", 0, F(1, 2)),
        ("i3322", "i3322", 0, 1),
        ("cglmp", "cglmp d = 3", 2, 4),
        ("mermin", "ghz M = 3", 2, 4),
        ("svetlichny", "ghz M = 3", 4, 8),
        ("chained", "chained N = 3", 5, 6),
    ],
)
def test_maxima_of_named_functionals(functional, family, local, no_signalling):
    """References: `model.behaviours.functional`. Deterministic boxes err on an odd number of edges."""
    for devices, right in (("local", local), ("no-signalling", no_signalling)):
        ask = score(Functional(name=functional))
        assert value(asked(of_family(family), UNIFORM, devices, ask)) == right


def test_measurement_dependent_locality():
    """l P(00,00) - h [P(01,01) + P(10,10) + P(00,11)] is at most 0 (arXiv:1407.5634)."""
    source = Source("measurement-dependence", (exactly("1/10"), exactly("3/5")))
    terms = {"P(00|00)": "1/10", "P(01|01)": "-3/5", "P(10|10)": "-3/5", "P(00|11)": "-3/5"}
    functional = Functional(tuple((label, exactly(x)) for label, x in terms.items()), on="joint")
    assert value(asked(CHSH, source, "local", score(functional), settings="free")) == 0


def test_a_joint_score_on_which_products_of_facets_are_weaker():
    """7/10 (docs/proofs/strategies.md, exact)."""
    signs = {"00": (-1, 1, 1, 0), "01": (1, 0, 0, 1), "10": (0, 0, -1, 0), "11": (1, 0, 0, -1)}
    labels = [(f"P({o}|{s})", x) for o, row in signs.items() for s, x in zip(signs, row, strict=True) if x]
    functional = Functional(tuple((label, exactly(x)) for label, x in labels), on="joint")
    question = asked(CHSH, sv(F(1, 5), "A first"), "no-signalling", score(functional), settings="free")
    assert value(question) == F(7, 10)


@pytest.mark.parametrize("at", [(0, 0), (1, 0), "average", "worst"])
def test_no_signalling_guess_given_the_chsh_score(at):
    """3/2 - S/4 (Pironio et al., arXiv:0911.3427); the trace distance of a bit is 1/2 less."""
    test = Demand(S_CHSH, ">=", exactly("2.7"))
    for quantity, less in (("guessing-probability", 0), ("trace-distance", F(1, 2)), ("min-entropy", 0)):
        question = asked(CHSH, UNIFORM, "no-signalling", guess(at, quantity=quantity), test)
        assert value(question) == F(3, 2) - F(27, 10) / 4 - less


@pytest.mark.parametrize("scenario", [of_family("chained N = 2"), CHAINED_3], ids=["N = 2", "N = 3"])
def test_no_signalling_guess_given_the_chained_value(scenario):
    """(1 + I_N)/2."""
    test = Demand(Functional(name="chained"), "<=", exactly("3/10"))
    assert value(asked(scenario, UNIFORM, "no-signalling", guess((0, 0), scenario), test)) == F(13, 20)


@pytest.mark.parametrize("epsilon", [F(1, 50), F(1, 20)])
def test_leakage_at_fixed_settings_and_on_average(epsilon):
    """N = 2: I/2 ((1 + 2e)/(1 - 2e))^2 at (a0, b0), and I/(2 (1 - 2e)^2) on average (chained-leakage)."""
    test = Demand(Functional(name="chained"), "<=", exactly("1/3"))
    for at, right in (((0, 1), (1 + 2 * epsilon) ** 2), ("average", 1)):
        question = asked(CHSH, sv(epsilon), "no-signalling", guess(at, quantity="trace-distance"), test)
        question = replace(question, scenario=of_family("chained N = 2"))
        assert value(question) == F(1, 6) * right / (1 - 2 * epsilon) ** 2


def test_ghz_relations_leave_one_outcome_known():
    """Perfect relations of three parties, no-signalling devices: a single outcome may be known."""
    test = Demand(Functional(name="mermin-errors"), "<=", exactly(0))
    assert value(asked(GHZ, UNIFORM, "no-signalling", guess((0, 0, 0), GHZ), test)) == 1


def test_an_irrational_score_gives_an_enclosure():
    test = Demand(S_CHSH, ">=", shifted_root(F(0), F(2), 2))
    found = truth(asked(CHSH, UNIFORM, "no-signalling", guess((0, 0)), test))
    assert found.low < F(3, 2) - F(2**0.5) / 2 + F(1, 10**15)
    assert 0 < found.high - found.low < F(1, 10**60)


def test_beyond_the_largest_score_there_is_no_strategy():
    above = exactly(F(2) + F(1, 10**25))
    question = asked(CHSH, UNIFORM, "local", Ask("strategy"), Demand(S_CHSH, ">=", above))
    assert truth(question).feasible is False
    assert truth(replace(question, tests=(Demand(S_CHSH, ">=", exactly(2)),))).feasible is True


def test_a_kept_behaviour_leaves_nothing_free():
    """A PR box is extreme: its outcomes are uniform whatever is known."""
    cells = product((0, 1), repeat=4)
    pr = tuple(exactly(F(int((a ^ b) == (x & y)), 2)) for a, b, x, y in cells)
    kept = Kept("behaviour", exactly(0))
    question = asked(CHSH, UNIFORM, "no-signalling", guess((0, 0)), kept, table=pr)
    assert value(question) == F(1, 2)
    assert truth(replace(question, devices="local")).feasible is False


# ------------------------------------------------------------------ two forms


def small_programs(question):
    """The question's program in two forms, None if they are too large to be solved exactly twice."""
    tests = written_out(question)
    if question.ask.at == "worst" or any(sums_ratios(question, test) for test in tests):
        return None
    second = forms.by_facets if question.devices == "local" else forms.by_equalities
    scored = [(test, test.score.low) for test in tests]
    try:
        made = [make(question, scored) for make in (forms.by_vertices, second)]
    except (TooManyError, TooManyRaysError):
        return None
    return made if made[1].matrix.size <= 40_000 else None


@pytest.mark.parametrize("devices", ["local", "no-signalling"])
def test_two_forms_agree_exactly(devices):
    """Vertices times boxes against inequalities of the source, or equalities of the boxes."""
    compared = 0
    for seed in count(40):
        question = drawn(seed)
        made = small_programs(question) if question.devices == devices else None
        if made is not None:
            assert optimum(made[0]).value == optimum(made[1]).value, seed
            compared += 1
        if compared == 10:
            break
