"""The oracle: right by itself (closed forms, a second form, planted faults), then held against the library."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from math import comb
from random import Random

import numpy as np
import pytest

from tests.oracle import boxes, forms, quantum
from tests.oracle.answer import Answer, ask
from tests.oracle.draw import question as drawn
from tests.oracle.number import exactly, shifted_root
from tests.oracle.polytope import points
from tests.oracle.program import Program, _from_scratch, optimum, program
from tests.oracle.question import Ask, Functional, Kept, Question, toml
from tests.oracle.question import Test as Demand
from tests.oracle.record import fresh_seed, record, two_ended_share
from tests.oracle.run import Plan, report, run
from tests.oracle.scenario import Scenario, named, of_family
from tests.oracle.source import Source, facets, vertices
from tests.oracle.truth import Truth, truth
from tests.oracle.verdict import judge, judge_inside

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
    rows = [([F(1), F(1), F(1)], "=", F(1)), ([F(1), F(1), F(1)], "<=", F(1)), ([F(2), F(2), F(2)], "=", F(2))]
    assert optimum(program([F(1), F(2), F(2)], rows)).value == 2
    assert isinstance(program([F(1)], []), Program)


# ------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("kind", ["santha-vazirani", "mutual", "independent"])
def test_largest_local_chsh_score(epsilon, kind):
    """4 - 8 (1/2 - epsilon)^2 for every reading of an epsilon-free source (docs/proofs/chained-local-model)."""
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


@pytest.mark.parametrize("functional", ["hardy", "i3322", "cglmp", "mermin"])
def test_local_maxima_of_named_functionals(functional):
    """0, 0, 2, 2 (references in freerand_opt.model.functional)."""
    family, right = {"hardy": ("chsh", 0), "i3322": ("i3322", 0), "cglmp": ("cglmp d = 3", 2), "mermin": ("ghz M = 3", 2)}[
        functional
    ]
    assert value(asked(of_family(family), UNIFORM, "local", score(Functional(name=functional)))) == right


@pytest.mark.parametrize("functional", ["chsh", "i3322", "cglmp", "mermin", "svetlichny"])
def test_no_signalling_maxima_of_named_functionals(functional):
    """4, 1, 4, 4, 8."""
    family, right = {
        "chsh": ("chsh", 4),
        "i3322": ("i3322", 1),
        "cglmp": ("cglmp d = 3", 4),
        "mermin": ("ghz M = 3", 4),
        "svetlichny": ("ghz M = 3", 8),
    }[functional]
    assert value(asked(of_family(family), UNIFORM, "no-signalling", score(Functional(name=functional)))) == right


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
    pr = tuple(exactly(F(int((a ^ b) == (x & y)), 2)) for a in (0, 1) for b in (0, 1) for x in (0, 1) for y in (0, 1))
    kept = Kept("behaviour", exactly(0))
    question = asked(CHSH, UNIFORM, "no-signalling", guess((0, 0)), kept, table=pr)
    assert value(question) == F(1, 2)
    assert truth(replace(question, devices="local")).feasible is False


# ------------------------------------------------------------------ quantum strategies


def test_a_seesaw_reaches_the_quantum_maximum_of_chsh():
    wanted = np.zeros(CHSH.shape)
    for (o, s), factor in named(CHSH, "chsh").items():
        wanted[o, s] = float(factor)
    floats = np.random.default_rng(0)
    box = quantum._box(Random(0), floats, CHSH, wanted, tries=4)
    assert (box * wanted).sum() == pytest.approx(8**0.5, abs=1e-9)


def test_quantum_strategies_do_not_signal_and_stay_below_the_closed_form():
    """Guess of one outcome at most 1/2 + sqrt(2 - S^2/4)/2 (arXiv:0911.3427), for boxes drawn at random."""
    rows = np.array(boxes.no_signalling_rows(CHSH))
    wanted, floats = np.zeros(CHSH.shape), np.random.default_rng(1)
    for (o, s), factor in named(CHSH, "chsh").items():
        wanted[o, s] = float(factor)
    for k in range(30):
        box = quantum._box(Random(k), floats, CHSH, wanted, tries=k % 2)
        assert np.abs(rows @ box.ravel()).max() < 1e-12
        seen, known = (box * wanted).sum(), max(box[:2, 0].sum(), box[2:, 0].sum())
        assert known <= 0.5 + max(2 - seen**2 / 4, 0) ** 0.5 / 2 + 1e-9 or seen < 2


# ------------------------------------------------------------------ faults are found

EXAMPLE = asked(CHSH, sv(F(1, 20)), "local", score(S_CHSH))
RIGHT = 4 - 8 * F(81, 400)
TINY = F(1, 10**25)


def bracket(low, high):
    return Answer("bracket", None if low is None else (low, low), None if high is None else (high, high))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (bracket(None, RIGHT - TINY), "false upper end"),
        (bracket(RIGHT + TINY, None), "false lower end"),
        (bracket(None, F(5)), "beyond the range"),
        (Answer("none"), "there is one"),
        (Answer("crashed", words="KeyError"), "crashed"),
        (Answer("refused", words="InputError: exact coefficients exceed 2^50"), "refused"),
        (Answer("slow"), "slow"),
    ],
)
def test_a_wrong_answer_is_noticed(answer, words):
    verdict = judge(EXAMPLE, answer, truth(EXAMPLE))
    assert verdict.kind == "wrong"
    assert words in verdict.fault


def test_a_right_answer_passes():
    right = truth(EXAMPLE)
    assert [judge(EXAMPLE, made, right).kind for made in (bracket(RIGHT, RIGHT), bracket(None, RIGHT))] == [
        "two-ended",
        "one-ended",
    ]
    assert judge(EXAMPLE, ask(toml(EXAMPLE)), right).kind == "two-ended"


def test_an_answer_where_no_strategy_passes_is_noticed():
    nobody = Truth(None, None, False)
    assert "no strategy passes" in judge(EXAMPLE, bracket(RIGHT, RIGHT), nobody).fault
    assert judge(EXAMPLE, Answer("none"), nobody).kind == "none"
    assert judge_inside(EXAMPLE, bracket(None, RIGHT), None, None).fault


def test_a_quantum_end_below_what_a_strategy_reaches_is_noticed():
    question = replace(EXAMPLE, devices="quantum", level="1 + A B", source=UNIFORM)
    assert judge_inside(question, bracket(None, F(28, 10)), 8**0.5, None).fault
    assert not judge_inside(question, bracket(None, F(2829, 1000)), 8**0.5, None).fault


def test_min_entropies_are_compared_as_logarithms():
    question = asked(CHSH, UNIFORM, "no-signalling", guess((0, 0), quantity="min-entropy"), Demand(S_CHSH, ">=", exactly(4)))
    assert not judge(question, bracket(F(1), F(1)), truth(question)).fault
    assert "false lower end" in judge(question, bracket(1 + TINY, None), truth(question)).fault


@pytest.mark.parametrize("seed", range(40, 60))
def test_two_forms_agree(seed):
    """Vertices times boxes against inequalities of the source, or equalities of the boxes, both exactly."""
    question = drawn(seed)
    tests = [(test, test.score.low) for test in forms_tests(question)]
    second = forms.by_facets if question.devices == "local" else forms.by_equalities
    try:
        programs = [make(question, tests) for make in (forms.by_vertices, second)]
    except (forms.TooManyError, ValueError):
        pytest.skip("too large for two forms, or a sum of ratios")
    if programs[1].matrix.size > 60_000:
        pytest.skip("too large for two exact solutions")
    assert optimum(programs[0]).value == optimum(programs[1]).value


def forms_tests(question):
    from tests.oracle.question import written_out

    return written_out(question)


# ------------------------------------------------------------------ the library


def test_the_same_seed_asks_the_same_question():
    assert toml(drawn(7)) == toml(drawn(7)) != toml(drawn(8))
    assert toml(quantum.inside(7).question) == toml(quantum.inside(7).question)


def test_a_fault_is_written_down_with_its_command(tmp_path):
    made = replace(record(7, False), fault="planted", kind="wrong")
    lines = report(Plan(7, 1, 0), [made], tmp_path)
    assert "--seed 7 --count 1" in "\n".join(lines)
    assert (tmp_path / "linear_7.toml").read_text().endswith(made.text)


def test_two_hundred_questions(capsys):
    """New ones in every run; the seed is printed. `make long` asks many more."""
    plan = Plan(fresh_seed(), linear=190, quantum=10, budget=150)
    found = run(plan)
    lines = report(plan, found)
    with capsys.disabled():
        print("\n" + "\n".join(lines[:4]))
    assert [made.fault for made in found if made.fault] == [], "\n".join(lines)
    assert two_ended_share(made for made in found if made.rational and not made.quantum) >= 0.9
