"""Questions built in Python: what is welcome, what is refused with which words, and that they are values."""

from __future__ import annotations

import copy
import decimal
import pickle
import subprocess
import sys
import tomllib
from fractions import Fraction as F
from typing import Annotated

import numpy as np
import pytest

from freerand_opt.errors import FreerandError, InputError, TooLargeError
from freerand_opt.model import (
    Adversary,
    Ask,
    Behaviour,
    Free,
    Function,
    Functional,
    Independent,
    Inequalities,
    Keep,
    MeasurementDependence,
    MinEntropy,
    Mixture,
    Moment,
    Observed,
    Picked,
    Question,
    Relations,
    SanthaVazirani,
    Scenario,
    Test,
    Uniform,
    cglmp,
    chained,
    chsh,
    ghz,
    i3322,
)
from freerand_opt.model.problem import Limits
from freerand_opt.model.source import Source
from freerand_opt.model.tables.kinds import number

EVE = Adversary("no-signalling")
GUESS = Ask("guessing-probability", of="A", at=(0, 0))
NOISE = [[[[0.25, 0.25], [0.25, 0.25]], [[0.25, 0.25], [0.25, 0.25]]]] * 2


def question(scenario=None, source=None, **others):
    """Return a question about CHSH with some of its parts replaced."""
    parts = {"adversary": EVE, "tests": [Test("chsh", ">=", "2.7")], "ask": GUESS, **others}
    return Question(scenario or chsh(), source or Uniform(), **parts)


# ------------------------------------------------------------------ one clear error for each mistake

#: {mistake: (what is built, where the error is, what it says)}.
MISTAKES = {
    "wrong type": (lambda: SanthaVazirani([0.1]), "SanthaVazirani.epsilon", "[0.1] is an array; a number"),
    "nothing": (lambda: SanthaVazirani(None), "SanthaVazirani.epsilon", "is missing; a rational number"),
    "no argument": (lambda: SanthaVazirani(), "SanthaVazirani.epsilon", "is missing; a rational number"),
    "negative epsilon": (lambda: SanthaVazirani(-0.1), "SanthaVazirani.epsilon", "-0.1", "[0, 1/2)"),
    "epsilon 1/2": (lambda: SanthaVazirani("1/2"), "SanthaVazirani.epsilon", "'1/2'", "[0, 1/2)"),
    "nan": (lambda: SanthaVazirani(float("nan")), "SanthaVazirani.epsilon", "nan is not finite"),
    "infinite": (lambda: Test("chsh", ">=", np.inf), "Test.score", "inf is not finite"),
    "a truth value": (lambda: MinEntropy(True), "MinEntropy.bits", "true is a truth value; a number"),
    "NumPy's truth value": (lambda: MinEntropy(np.True_), "MinEntropy.bits", "a number is needed"),
    "complex": (lambda: SanthaVazirani(0.1j), "SanthaVazirani.epsilon", "0.1j is a complex"),
    "irrational": (lambda: SanthaVazirani("sqrt(2)/10"), "SanthaVazirani.epsilon", "irrational"),
    "misspelt keyword": (
        lambda: SanthaVazirani(0.1, oder="A first"),
        "SanthaVazirani.oder",
        "unknown key",
        "did you mean 'order'?",
    ),
    "misspelt keyword that is needed": (
        lambda: SanthaVazirani(epsilom=0.1),
        "SanthaVazirani.epsilon",
        "is missing",
        "did you write 'epsilom'?",
    ),
    "misspelt word": (
        lambda: Adversary("no-signaling"),
        "Adversary.devices",
        "'no-signaling'",
        "did you mean 'no-signalling'?",
    ),
    "too many without names": (
        lambda: SanthaVazirani(0.1, "A first", "gray"),
        "SanthaVazirani",
        "3 values without a name; only epsilon",
    ),
    "given twice": (lambda: SanthaVazirani(0.1, epsilon=0.2), "SanthaVazirani.epsilon", "given twice"),
    "sizes no power of two": (
        lambda: question(chained(3), SanthaVazirani(0.1), tests=()),
        "Question.scenario",
        "party A has 3 settings, which is no power of two",
    ),
    "one size for all": (
        lambda: Scenario(2, 2),
        "Scenario.settings",
        "2 is an integer; one value for each party",
    ),
    "parties differ": (
        lambda: Scenario((2, 2), (2, 2, 2)),
        "Scenario.outcomes",
        "3 parties, but settings have 2",
    ),
    "no setting": (
        lambda: Scenario((2, 0), (2, 2)),
        "Scenario.settings[1]",
        "0 is not an integer in [1, 1024]",
    ),
    "family too small": (lambda: ghz(2), "Ghz.M", "2 is not an integer in [3, 64]"),
    "half a setting": (lambda: chained(2.5), "Chained.N", "2.5 is not an integer"),
    "table that sums to 1 - 1e-16": (
        lambda: Behaviour.from_array(
            [[[[0.25, 0.25]] * 2] * 2, [[[0.25, 0.25]] * 2, [[0.25, 0.2499999999999999]] * 2]]
        ),
        "Behaviour.from_array",
        "settings 01 sum to 9999999999999999/10000000000000000, not to 1",
        "nearest=True",
    ),
    "negative probability": (
        lambda: Behaviour.from_correlators([[1.5, 0], [0, 0]]),
        "Behaviour.from_correlators",
        "P(01|00) = -1/8 is negative",
    ),
    "nan in a table": (
        lambda: Behaviour.from_array(np.full((2, 2, 2, 2), np.nan)),
        "Behaviour.from_array[0][0][0][0]",
        "nan is not finite",
    ),
    "ragged table": (
        lambda: Behaviour.from_array([[1, 2], [3]], axes="ax"),
        "Behaviour.from_array",
        "different lengths",
    ),
    "axes that do not fit": (
        lambda: Behaviour.from_array(np.ones((2, 2)), axes="abxy"),
        "Behaviour.from_array",
        "an array of 2 axes",
        "'abxy' names 4",
    ),
    "axes of one side": (
        lambda: Behaviour.from_array(NOISE, axes="abcd"),
        "Behaviour.from_array",
        "axes 'abcd'",
    ),
    "table of another size": (
        lambda: question(observed=Behaviour.from_array(np.full((2, 2, 3, 3), 0.25))),
        "Question.observed.table",
        "settings and outcomes (3, 3) and (2, 2); the scenario has others",
    ),
    "unknown party": (
        lambda: question(ask=Ask("guessing-probability", of="C", at=(0, 0))),
        "Question.ask.of",
        "'C' is no party; allowed: A, B",
    ),
    "setting outside": (
        lambda: question(ask=Ask("guessing-probability", of="A", at=(0, 2))),
        "Question.ask.at",
        "2 is no setting of B, which are 0..1",
    ),
    "negative setting": (lambda: Ask("guessing-probability", of="A", at=(0, -1)), "Ask.at[1]", "-1 is not"),
    "settings of one party": (
        lambda: question(ask=Ask("guessing-probability", of="A", at=[0])),
        "Question.ask.at",
        "[0] has 1 settings; the scenario has 2 parties",
    ),
    "no settings": (lambda: Ask("min-entropy", of="A"), "Ask.at", "is missing; an array of settings"),
    "output of a score": (lambda: Ask("score", functional="chsh", of="A"), "Ask.of", "no such key"),
    "score of nothing": (lambda: Ask("score"), "Ask.functional", "is missing; functional (a name), terms"),
    "quantity unknown": (
        lambda: Ask("minentropy", of="A", at=0),
        "Ask.quantity",
        "did you mean 'min-entropy'?",
    ),
    "functional unknown": (lambda: Test("chhs", ">=", 2), "Test.functional", "did you mean 'chsh'?"),
    "relation unknown": (
        lambda: Test("chsh", "==", 2),
        "Test.relation",
        "'==' is not known",
        "did you mean '='?",
    ),
    "relation, exchanged": (
        lambda: Test("chsh", "=>", 2),
        "Test.relation",
        "did you mean '>='?",
    ),
    "label unknown": (
        lambda: Test({"E(0,0)": 1}, ">=", 2),
        'Test.terms."E(0,0)"',
        "a label is P(outcomes|settings)",
    ),
    "label of nobody": (
        lambda: question(tests=[Test({"<A0 C1>": 1}, ">=", 2)]),
        'Question.test[0].terms."<A0 C1>"',
        "C is no party; parties are A, B",
    ),
    "functional of another scenario": (
        lambda: question(tests=[Test("chsh", ">=", 2), Test("mermin", ">=", 2)]),
        "Question.test[1].functional",
        "the Mermin relations need three or more parties",
    ),
    "one test alone": (
        lambda: question(tests=Test("chsh", ">=", 2)),
        "Question.test",
        "an array of tests is needed",
    ),
    "a test of nothing": (
        lambda: question(tests=[3]),
        "Question.test[0]",
        "3 is an integer; a table, as [[test]]",
    ),
    "source by its name": (
        lambda: question(source="uniform"),
        "Question.source",
        "'uniform' is a text; a table with kind",
    ),
    "source class": (lambda: question(source=Uniform), "Question.source", "a table with kind"),
    "order of nobody": (
        lambda: question(source=SanthaVazirani(0.1, order="C first")),
        "Question.source.order",
        "'C first' is not known; allowed: interleaved, A first, B first",
    ),
    "no adversary": (lambda: Question(chsh(), Uniform(), ask=GUESS), "Question.adversary", "is missing"),
    "quantum without a level": (lambda: Adversary("quantum"), "Adversary.level", "is missing", '"1 + A B"'),
    "level of nobody": (
        lambda: question(adversary=Adversary("quantum", level="1 + A C")),
        "Question.adversary.level",
        "C is no party",
    ),
    "bounds that nobody obeys": (
        lambda: question(source=MeasurementDependence("0.3")),
        "Question.source.lower",
        "3/10 is not in [0, 1/4]",
    ),
    "rows that contradict": (
        lambda: question(source=Inequalities([{"terms": {"00": 1}, "relation": ">=", "bound": 2}])),
        "Question.source.rows",
        "no distribution P(s|w) obeys all of them",
    ),
    "sources of another number of parties": (
        lambda: question(source=Mixture(A=Uniform())),
        "Question.source",
        "sources of 1 parties; one for each of A, B",
    ),
    "settings that do not sum": (
        lambda: Observed("quantum", settings={"00": 0.5}),
        "Observed.settings",
        "the probabilities sum to 1/2, not to 1",
    ),
    "free settings of no distribution": (
        lambda: question(source=Free(), observed=Observed(settings="unconstrained")),
        "Question.observed.settings",
        "settings that are free need a stated distribution",
    ),
    "a file's name": (
        lambda: Observed(table="p.csv"),
        "Observed.table",
        "only questions in files name files",
    ),
    "nothing observed": (
        lambda: question(tests=[Keep("behaviour")]),
        "Question.test[0].keep",
        "needs observed.behaviour, observed.state or observed.table",
    ),
    "many parties with local devices": (
        lambda: question(
            ghz(9), adversary=Adversary("local"), tests=[Relations("mermin")], ask=Ask("strategy")
        ),
        "Question.adversary.devices",
        'more than 8 parties, have devices = "no-signalling"',
    ),
    "many parties with settings of their own": (
        lambda: question(
            ghz(31),
            observed=Observed(settings={"0" * 31: 1}),
            tests=[Relations("mermin")],
            ask=Ask("guessing-probability", of="A", at=0),
        ),
        "Question.observed",
        "have uniform observed settings",
    ),
    "number that no certificate writes": (
        lambda: question(observed=Observed(table={"P(00|00)": "root3(2)*root3(4)/4", "P(01|00)": "1/2"})),
        'Observed.table."P(00|00)"',
        "root3(2)*root3(4) is no sum of fraction * sqrt(n) * cos(q pi); round it to a fraction",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_has_one_clear_error(mistake):
    build, where, *words = MISTAKES[mistake]
    with pytest.raises(FreerandError) as caught:
        build()
    assert isinstance(caught.value, InputError)
    assert caught.value.where == where
    for word in words:
        assert word in caught.value.message
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_error_can_be_pickled():
    with pytest.raises(InputError) as caught:
        ghz(2)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.where) == (str(caught.value), "Ghz.M")


# ------------------------------------------------------------------ what is welcome


@pytest.mark.parametrize(
    "number",
    [
        0.1,
        "0.1",
        "1/10",
        F(1, 10),
        decimal.Decimal("0.1"),
        np.float64(0.1),
        np.float32(0.1),
        np.float16(0.1),
        np.array(0.1),
        np.array(0.1, dtype=np.float32),
        "1e-1",
        "(1/2)^2 - 3/20",
    ],
    ids=repr,
)
def test_numbers_by_one_rule(number):
    """A floating-point number is its shortest decimal, of its own precision."""
    assert SanthaVazirani(number).epsilon == F(1, 10)


@pytest.mark.parametrize("number", [4, np.int64(4), np.uint8(4), F(4), "4", 4.0, np.array(4)], ids=repr)
def test_integers(number):
    assert chained(number) == chained(4)
    assert type(chained(number).N) is int


def test_lists_tuples_and_arrays_are_alike():
    one = Scenario((2, 3), (2, 2))
    assert one == Scenario([2, 3], [2, 2]) == Scenario(np.array([2, 3]), np.array([2, 2]))
    assert one == Scenario({"A": 2, "B": 3}, {"B": 2, "A": 2})
    assert question(ask=Ask("min-entropy", of=["A", "B"], at=[0, 1])) == question(
        ask=Ask("min-entropy", of=("A", "B"), at=np.array([0, 1]))
    )


def test_three_ways_to_give_a_functional():
    named = Test("chsh", ">=", 2.7)
    assert (
        named
        == Test(Functional.named("chsh"), ">=", "27/10")
        == Test(functional="chsh", relation=">=", score=2.7)
    )
    assert Test("chsh", "<=", 1, on="joint") == Test(Functional("chsh", on="joint"), "<=", 1)
    own = {"<A0 B0>": 1, "<B1 A0>": 1, "< A1 B0 >": 1, "<A1 B1>": -1}
    tests = [
        Test(own, ">=", 2.7),
        Test(Functional.from_terms(own), ">=", 2.7),
        Test(terms=own, relation=">=", score=2.7),
    ]
    assert len(set(tests)) == 1
    problems = {question(tests=[test]).problem().tests for test in (named, *tests)}
    assert len(problems) == 1


def test_functional_of_an_array_is_that_of_its_labels():
    signs = np.array(
        [[[[(-1) ** (a + b + x * y) for y in (0, 1)] for x in (0, 1)] for b in (0, 1)] for a in (0, 1)]
    )
    assert question(tests=[Test(Functional.from_array(signs), ">=", 2.7)]).problem() == question().problem()
    turned = Functional.from_array(np.transpose(signs, (2, 3, 0, 1)), axes="xyab")
    assert question(tests=[Test(turned, ">=", 2.7)]).problem() == question().problem()


def test_settings_by_label_tuple_or_array():
    weights = {"00": "0.3", "01": "0.2", "10": "0.3", "11": "0.2"}
    ways = [weights, {(int(k[0]), int(k[1])): v for k, v in weights.items()}, [[0.3, 0.2], [0.3, 0.2]]]
    ways += [np.array(ways[2]), ((0.3, 0.2), (0.3, 0.2))]
    found = {question(source=Free(), observed=Observed(settings=way)) for way in ways}
    assert len(found) == 1
    problem = found.pop().problem()
    assert problem.observed == problem.source.values == (F(3, 10), F(1, 5), F(3, 10), F(1, 5))


def test_a_behaviour_is_given_in_three_places():
    box = Behaviour.from_array(NOISE)
    found = {question(observed=box), question(observed=Observed(box)), question(observed=Observed(table=box))}
    assert len(found) == 1
    mixed = question(observed=Observed(box, visibility="1/2", settings="unconstrained"))
    assert mixed.observed.visibility == F(1, 2)


def test_uniform_settings_have_one_spelling():
    quarter = dict.fromkeys(("00", "01", "10", "11"), "1/4")
    assert question(observed=Observed(settings=quarter)) == question()


# ------------------------------------------------------------------ questions are values

EXAMPLES = {
    "chsh": lambda: question(),
    "chained": lambda: question(
        chained(4),
        SanthaVazirani("1/20", order="B first", bits="gray"),
        tests=[Test("chained", "<=", "observed")],
        observed=Observed("quantum", visibility="0.99"),
        ask=Ask("trace-distance", of="A", at="average"),
    ),
    "own": lambda: question(
        Scenario((2, 3), (3, 2)),
        MeasurementDependence("1/10", "1/2"),
        tests=[Test({"P(21|02)": "1/3", "PB(1|2)": -2}, "<=", "sqrt(2)")],
        ask=Ask("score", functional={"PA(2|1)": 1}, extreme="smallest"),
    ),
    "ghz": lambda: question(
        ghz(4),
        Independent("1/10"),
        tests=[Relations("mermin", "1/100")],
        ask=Ask("guessing-probability", of=Function(majority=["A", "B", "C"]), at=1),
    ),
    "many": lambda: question(
        ghz(31),
        Uniform(),
        tests=[Relations("mermin")],
        ask=Ask("guessing-probability", of=Function(count=["A", "B"], values=[0, 1, 1]), at=1),
    ),
    "picked": lambda: question(
        ghz(4),
        Uniform(),
        tests=[Relations("mermin")],
        ask=Ask(
            "trace-distance",
            at=0,
            of=Function(picked=Picked(["A", "B"], bits=1, selection="common-cause", epsilon=0.1)),
        ),
    ),
    "quantum": lambda: question(
        i3322(),
        Uniform(),
        adversary=Adversary("quantum", level=2),
        tests=[Test("i3322", ">=", "1/5")],
        moments=[Moment({"<A0 A1>": 1, "<A0 B0 A1>": "1/2"}, ">=", 0.25)],
    ),
    "table": lambda: question(
        cglmp(2),
        Mixture(A=Uniform(), B=SanthaVazirani(0.1)),
        tests=[Keep("behaviour", 1e-6)],
        observed=Behaviour.from_array(NOISE),
        ask=Ask("strategy"),
    ),
    "state": lambda: question(
        observed=Observed(state="phi+", angles={"A": [0, "1/2"], "B": ["1/4", ["-1/4", 0]]}),
        tests=[Test("chsh", ">=", "observed")],
    ),
    "rows": lambda: question(
        source=Inequalities([{"terms": {"00": 1, "11": -1}, "relation": "=", "bound": 0}])
    ),
    "entropy": lambda: question(source=MinEntropy(1), ask=Ask("min-entropy", of=["B", "A"], at="worst")),
    "part": lambda: question(
        observed=Observed(table={"P(00|00)": "1/2", "P(11|00)": "1/2"}, settings={"00": 0.5, "01": 0.5}),
        source=Free(),
        tests=[Keep("behaviour")],
        ask=Ask("strategy"),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_question_is_a_value(name):
    one, two = EXAMPLES[name](), EXAMPLES[name]()
    assert one == two
    assert hash(one) == hash(two)
    assert len({one, two}) == 1
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == one
    assert Question.from_dict(one.to_dict()) == one
    assert Question.from_dict(tomllib.loads(one.to_toml())) == one
    with pytest.raises(AttributeError):
        one.source = Uniform()


def test_content_tells_questions_apart():
    questions = [make() for make in EXAMPLES.values()]
    assert len(set(questions)) == len(questions)
    assert question(source=SanthaVazirani(0.1)) != question(source=SanthaVazirani("0.10000001"))


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ("many", "picked", "entropy")])
def test_equal_questions_have_equal_problems(name):
    one = EXAMPLES[name]()
    assert one.problem() == Question.from_dict(tomllib.loads(one.to_toml())).problem()


def test_repr_of_a_table_makes_it_again():
    source = SanthaVazirani("1/50", order="A first")
    assert repr(source) == "SanthaVazirani(epsilon='1/50', order='A first')"
    assert eval(repr(source)) == source
    test = Test({"<A0>": "1/2"}, "<=", "3/4")
    assert eval(repr(test), {"Fraction": F, "Test": Test, "Functional": Functional}) == test


def test_worst_settings_are_one_problem_each():
    asked = question(ask=Ask("min-entropy", of="A", at="worst"))
    with pytest.raises(InputError, match=r"take question.cases\(\)"):
        asked.problem()
    found = asked.cases()
    assert [problem.ask.at for problem in found] == [0, 1, 2, 3]
    fixed = question(ask=Ask("min-entropy", of="A", at=(1, 0))).problem()
    assert found[2] == fixed


def test_many_parties_are_kept_short():
    asked = EXAMPLES["many"]()
    with pytest.raises(TooLargeError):
        asked.problem()
    many = asked.many()
    assert (many.parties, many.of, many.values, many.count) == (31, (0, 1), (0, 1, 1, 1), 2)
    assert many.signs[:5] == (-1, 0, 1, 0, -1)  # Mermin 1990, signs of arXiv:1105.3195
    assert question().many() is None


@pytest.mark.parametrize("name", ["many", "picked", "ghz with biased settings", "sum of biases", "whole"])
def test_checker_reads_the_short_form(name):
    from freerand_opt.checker.failures import Work
    from freerand_opt.checker.question import read_question

    more = {
        "ghz with biased settings": lambda: question(
            ghz(5),
            SanthaVazirani("1/10"),
            tests=[Relations("mermin", "1/50")],
            ask=Ask("min-entropy", of=Function(parity=["B", "C"]), at=[0, 0, 0, 1, 1]),
        ),
        "sum of biases": lambda: question(
            ghz(5), Uniform(), tests=[Relations("mermin")], ask=Ask("sum-of-biases", of=["A", "C"], at=0)
        ),
        "whole": lambda: question(
            ghz(6),
            Uniform(),
            tests=[Keep("behaviour")],
            observed=Observed("quantum"),
            ask=Ask("guessing-probability", of="B", at=0),
        ),
    }
    many = {**EXAMPLES, **more}[name]().many()
    read = read_question(many.form(), Work(10**8))
    assert read.relations.signs == many.signs
    assert read.ask.of == many.of
    assert (read.relations.violated, read.relations.whole) == (many.violated, many.whole)


def test_relations_are_an_ordinary_test_of_few_parties():
    problem = EXAMPLES["ghz"]().problem()
    [test] = problem.tests
    assert (test.relation, test.score) == ("<=", F(1, 100))
    # 8 even settings of 16, half of 16 outcomes wrong at each
    assert len(test.functional.terms) == 64


class Relative(Source, tag="relative"):
    """A source of one's own: (1 - epsilon)/S <= P(s|w) <= (1 + epsilon)/S."""

    epsilon: Annotated[F, number(0, 1), "relative deviation from uniform"]

    def form(self, scenario, observed):
        count = scenario.shape[0]
        return Limits(((1 - self.epsilon) / count,) * count, ((1 + self.epsilon) / count,) * count)


def test_a_source_of_one_s_own():
    asked = question(source=Relative("1/10"))
    assert asked.problem().source == Limits((F(9, 40),) * 4, (F(11, 40),) * 4)
    assert asked == question(source=Relative(0.1))
    with pytest.raises(InputError, match=r"Relative.epsilon: 2 is not a rational number in \[0, 1\]"):
        Relative(2)


def test_import_is_cheap():
    """Neither NumPy nor a solver is loaded to build a question."""
    code = (
        "import sys; from freerand_opt.model import *; source = SanthaVazirani('0.02'); "
        "Question(chsh(), source, adversary=Adversary('local'), ask=Ask('strategy')).problem(); "
        "names = ('numpy', 'scipy', 'highspy', 'flint', 'freerand_opt.bounds'); "
        "print([m for m in names if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
