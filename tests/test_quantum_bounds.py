"""Tests of quantum devices: conditions on moments, projector scenarios, states in certificates, show."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from fractions import Fraction as F

import pytest

import freerand_opt as fr
from freerand_opt.model.catalogue import certificates
from freerand_opt.errors import InputError
from freerand_opt.first.answers.answering import InfeasibleError
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.certificates.certificate import question_from_json, question_json
from freerand_opt.first.model import functional as functionals
from freerand_opt.first.model import scenario as scenarios
from freerand_opt.first.model.question import Adversary, Ask, MomentCondition, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import MeasurementDependence, Uniform
from freerand_opt.first.programs.quantum_box import Quantum, chances
from freerand_opt.first.programs.seesaw import best_strategy
from freerand_opt.first.sweeps.batch import check_all
from freerand_opt.numbers.exact import sqrt

CHSH = scenarios.chsh()


def scored(scenario, functional, *, level, devices="quantum", moments=(), tests=(), source=None):
    return Question(
        scenario,
        source or Uniform(),
        "uniform",
        Adversary(devices, level=level, moments=tuple(moments)),
        tuple(tests),
        Ask("score", functional=functional),
    )


def condition(relation, bound, **terms):
    return MomentCondition(
        tuple((f"<{k.replace('_', ' ')}>", F(v)) for k, v in terms.items()), relation, bound
    )


# ------------------------------------------------------------------ values of the literature


@pytest.mark.parametrize(
    ("scenario", "functional", "value"),
    [
        (scenarios.i3322(), functionals.i3322, 1),  # Collins and Gisin, arXiv:quant-ph/0306129
        (scenarios.cglmp(2), functionals.cglmp, 4),
        (scenarios.cglmp(3), functionals.cglmp, 4),  # the largest sum of four differences of probabilities
        (scenarios.ghz(3), functionals.svetlichny, 8),
    ],
)
def test_no_signalling_values(scenario, functional, value):
    result = fr.bound(scored(scenario, functional(scenario), level="", devices="no-signalling"))
    assert result.bracket.exact == value


@pytest.mark.parametrize(
    ("scenario", "functional", "value", "within"),
    [
        # Acin, Durt, Gisin and Latorre, arXiv:quant-ph/0111143; 1 + A B is tight
        (scenarios.cglmp(3), functionals.cglmp, 1 + sqrt(F(11, 3)), 1e-6),
        (scenarios.cglmp(2), functionals.cglmp, 2 * sqrt(F(2)), 1e-6),
        (scenarios.chsh(), functionals.chsh, 2 * sqrt(F(2)), 1e-6),
    ],
)
def test_projector_and_observable_scenarios(scenario, functional, value, within):
    result = fr.bound(scored(scenario, functional(scenario), level="1 + A B"))
    assert float(value) <= result.bracket.upper_float <= float(value) + within
    assert result.bracket.lower_float <= float(value) + 1e-12


@pytest.mark.parametrize(("positive", "value"), [(False, 4), (True, 2 + 2 / 3**0.5)])
def test_level_one_does_not_imply_positive_probabilities(positive, value):
    """With P >= 0 as tests it is Q1 of arXiv:0803.4290 (3.1547); a second formulation without gives 4."""
    scenario = scenarios.cglmp(3)
    cells = [functionals.from_terms({(o, s): F(1)}) for o in range(9) for s in range(4)]
    tests = [Check(cell, ">=", F(0)) for cell in cells] if positive else []
    result = fr.bound(scored(scenario, functionals.cglmp(scenario), level="1", tests=tests))
    assert result.bracket.upper_float == pytest.approx(value, abs=1e-6)


def test_projectors_at_level_two_are_no_tighter_than_a_state():
    """Level 2 of CGLMP: words with two operators a party, whose products keep their order."""
    scenario = scenarios.cglmp(3)
    result = fr.bound(scored(scenario, functionals.cglmp(scenario), level="2"))
    assert result.bracket.upper_float >= 1 + (11 / 3) ** 0.5


def test_i3322_levels():
    """Navascues, Pironio and Acin, arXiv:0803.4290, and Pal and Vertesi, arXiv:1006.3032: 3/8, 0.2509."""
    scenario = scenarios.i3322()
    functional = functionals.i3322(scenario)
    first = fr.bound(scored(scenario, functional, level="1")).bracket
    second = fr.bound(scored(scenario, functional, level="2")).bracket
    assert first.upper_float == pytest.approx(3 / 8, abs=1e-6)
    assert second.upper_float == pytest.approx(0.25094, abs=1e-5)
    assert second.lower_float == pytest.approx(0.25, abs=1e-6)  # two qubits


# ------------------------------------------------------------------ conditions on moments


@pytest.mark.parametrize("c", [F(1, 2), F(-1, 3), F(9, 10), F(1)])
def test_chsh_given_an_anticommutator(c):
    """At most sqrt(2 + 2c) + sqrt(2 - 2c) if <A0 A1> = c: the norms of A0 + A1 and A0 - A1."""
    asked = scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=[condition("=", c, A0_A1=1)])
    upper = fr.bound(asked).bracket.upper_float
    assert upper == pytest.approx(
        float(2 + 2 * c) ** 0.5 + float(2 - 2 * c) ** 0.5, abs=2e-5 if c == 1 else 1e-7
    )


@pytest.mark.parametrize(("relation", "tight"), [(">=", True), ("<=", False)])
def test_relations(relation, tight):
    held = condition(relation, F(1, 2), A0_A1=1)
    upper = fr.bound(
        scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=[held])
    ).bracket.upper_float
    assert upper == pytest.approx(3**0.5 + 1 if tight else 8**0.5, abs=1e-7)


def test_irrational_bound_and_sums():
    """<A0 A1> + <A1 A0> >= sqrt 3 says the same as <A0 A1> >= sqrt(3)/2: cos 30 degrees."""
    held = condition(">=", sqrt(F(3)), A0_A1=1, A1_A0=1)
    upper = fr.bound(scored(CHSH, functionals.chsh(CHSH), level="1", moments=[held])).bracket.upper_float
    assert upper == pytest.approx((2 + 3**0.5) ** 0.5 + (2 - 3**0.5) ** 0.5, abs=1e-7)


def test_condition_is_averaged_over_guesses():
    """A guess given <A0 B0> = 1 as a moment is a guess given the correlator as a test."""
    guess = Ask("guessing-probability", output=output_of_a(), at=(0, 0))
    chsh = Check(functionals.chsh(CHSH), ">=", F(27, 10))
    moment = condition(">=", F(3, 4), A0_B0=1)
    terms = functionals.from_terms(functionals.label_terms(CHSH, "<A0 B0>"))
    base = scored(CHSH, None, level="1 + A B", tests=[chsh])
    by_moment = replace(base, ask=guess, adversary=replace(base.adversary, moments=(moment,)))
    by_test = replace(base, ask=guess, tests=(chsh, Check(terms, ">=", F(3, 4))))
    one, other = (fr.bound(question).bracket.upper_float for question in (by_moment, by_test))
    assert one == pytest.approx(other, abs=1e-7)


def test_condition_with_a_biased_source():
    """Measurement dependence leaves moments of the average alone: <A0 A1> = 1 makes A0 = A1."""
    source = MeasurementDependence(F(1, 5), F(3, 10))
    held = condition("=", F(1), A0_A1=1)
    asked = scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=[held], source=source)
    free = replace(asked, adversary=replace(asked.adversary, moments=()))
    assert fr.bound(asked).bracket.upper_float < fr.bound(free).bracket.upper_float - 0.1


def output_of_a():
    from freerand_opt.first.model.question import Output

    return Output((0, 0, 1, 1), 2, "A")


@pytest.mark.parametrize("relation", ["=", ">="])
@pytest.mark.parametrize("c", [F(1, 2), F(9, 10), F(1)])
def test_chsh_given_an_anticommutator_is_reached(relation, c):
    """sqrt(2 + 2c) + sqrt(2 - 2c), by exact states whose <A0 A1>, averaged over W, is c exactly."""
    asked = scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=[condition(relation, c, A0_A1=1)])
    result = fr.bound(asked)
    value = float(2 + 2 * c) ** 0.5 + float(2 - 2 * c) ** 0.5
    assert value - 1e-7 <= result.bracket.lower_float <= value + 1e-12
    assert any("1 conditions on moments hold" in line for line in fr.check_certificate(result.certificate))


def test_several_equalities_and_three_operators():
    held = [condition("=", F(1, 3), A0_A1=1), condition("=", F(1, 5), B0_B1=1)]
    bracket = fr.bound(scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=held)).bracket
    assert bracket.upper_float - 1e-6 < bracket.lower_float
    held = [condition("=", F(1, 5), A0_B0_A1=1)]
    bracket = fr.bound(scored(CHSH, functionals.chsh(CHSH), level="2", moments=held)).bracket
    assert 2.6 < bracket.lower_float < bracket.upper_float < 8**0.5


def test_conditions_with_a_biased_source_are_reached():
    """<A0 A1> = 1 makes A0 = A1: errors at one setting of four, each of which has at least 1/5."""
    source = MeasurementDependence(F(1, 5), F(3, 10))
    held = condition("=", F(1), A0_A1=1)
    asked = scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=[held], source=source)
    assert fr.bound(asked).bracket.lower_float == pytest.approx(4 - 8 / 5, abs=1e-8)


def test_projectors_have_moments_too():
    """<A[0|0] A[0|1]> of CGLMP: the bracket under a condition that its best state meets is the free one."""
    scenario = scenarios.cglmp(3)
    held = condition("<=", F(1), **{"A[0|0] A[0|1]": 1})
    result = fr.bound(scored(scenario, functionals.cglmp(scenario), level="1 + A B", moments=[held]))
    assert result.bracket.lower_float == pytest.approx(1 + (11 / 3) ** 0.5, abs=1e-7)


def test_an_attack_that_breaks_a_condition_is_rejected():
    asked = scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=[condition(">=", F(1, 2), A0_A1=1)])
    result = fr.bound(asked)
    weaker = Adversary("quantum", level="1 + A B", moments=(condition(">=", F(0), A0_A1=1),))
    plain = fr.bound(replace(asked, adversary=weaker))
    forged = copy.deepcopy(result.certificate)
    forged["attack"] = plain.certificate["attack"]
    forged["answer"]["lower"] = plain.certificate["answer"]["lower"]
    with pytest.raises(checker.CertificateError, match=r"condition 0: claimed moment >= 1/2, derived "):
        checker.check(forged)


@pytest.mark.parametrize("name", ["<A0", "<C0>", "<A2>", "<A[0|0]>", "<A0 >B0", "A0"])
def test_words_that_are_no_moments_are_rejected(name):
    asked = scored(CHSH, functionals.chsh(CHSH), level="1", moments=[condition(">=", F(1, 2), A0_A1=1)])
    body = copy.deepcopy(fr.bound(asked).certificate)
    body["question"]["adversary"]["moments"][0]["terms"][0][0] = name
    with pytest.raises(checker.CertificateError, match="no moment"):
        checker.check(body)


def test_moments_of_states_by_matrices():
    """Words of a random complex strategy: exact means, the checker's own, and a product of matrices."""
    import numpy as np

    from freerand_opt.first.programs.gaussian import parts
    from freerand_opt.first.programs.moments import operators
    from freerand_opt.first.programs.quantum_box import moment
    from freerand_opt.first.programs.seesaw import Kind

    scenario = Scenario((2, 2), (2, 3))
    random = np.random.default_rng(8)
    gains = random.normal(size=scenario.shape)
    box, _ = best_strategy(scenario, gains, (2, 3), starts=1, tried=[Kind(real=False)])

    def vector(entries):
        a, b = parts(entries)
        v = np.array(a, dtype=float) + 1j * np.array(b, dtype=float)
        return v / np.linalg.norm(v)

    def operator(p, s, o):
        projectors = [
            sum((np.outer(vector(v), vector(v).conj()) for v in vs), np.zeros((box.dimensions[p],) * 2))
            for vs in box.measurements[p][s]
        ]
        own = projectors[0] - projectors[1] if o is None else projectors[o]
        return np.kron(own, np.eye(3)) if p == 0 else np.kron(np.eye(2), own)

    state = vector(box.state)
    question = checker._read_question(
        question_json(scored(scenario, functionals.from_terms({(0, 0): F(1)}), level="1"))
    )
    theirs = checker._read_quantum(box.as_json(), question, "box")[2]
    for name in ("<1>", "<A0 A1>", "<A0 B[1|0] A1 B[0|1] A0>", "<B[0|0] B[1|1] B[0|0]>"):
        word = operators(scenario, name)
        wanted = state
        for place in reversed(word):
            wanted = operator(*place) @ wanted
        assert float(moment(box, word)) == pytest.approx((state.conj() @ wanted).real, abs=1e-9)
        assert theirs(checker._read_word(name, [2, 2], [2, 3], "here")) == moment(box, word)


def test_conditions_travel_in_certificates():
    held = condition(">=", sqrt(F(1, 2)), A0_A1=F(1, 3), A0_B0_A1=-1)
    asked = scored(CHSH, functionals.chsh(CHSH), level="2", moments=[held])
    assert question_from_json(json.loads(json.dumps(question_json(asked)))).adversary == asked.adversary


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(relation="<"), "relation"),
        (lambda m: m.update(bound="x"), "bound"),
        (lambda m: m.update(terms=[["<A0>"]]), "a term is"),
        (lambda m: m.update(terms=[[1, "1"]]), "a term is"),
    ],
)
def test_damaged_conditions_are_rejected(change, words):
    asked = scored(CHSH, functionals.chsh(CHSH), level="1", moments=[condition(">=", F(1, 2), A0_A1=1)])
    body = copy.deepcopy(fr.bound(asked).certificate)
    change(body["question"]["adversary"]["moments"][0])
    with pytest.raises(checker.CertificateError, match=words):
        checker.check(body)


def test_another_condition_is_another_program(tmp_path):
    asked = scored(CHSH, functionals.chsh(CHSH), level="1", moments=[condition(">=", F(1, 2), A0_A1=1)])
    body = copy.deepcopy(fr.bound(asked).certificate)
    lines = fr.check_certificate(body)
    assert any("same digest" in line for line in lines)
    body["question"]["adversary"]["moments"][0]["bound"] = "3/4"
    with pytest.raises(checker.CertificateError, match="they are about the program"):
        fr.check_certificate(body)


def test_conditions_that_cannot_hold():
    held = [condition(">=", F(3, 4), A0_A1=1), condition("<=", F(1, 2), A0_A1=1)]
    with pytest.raises(InfeasibleError):
        fr.bound(scored(CHSH, functionals.chsh(CHSH), level="1 + A B", moments=held))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("<A0 A1 A0 A1 A0>", "level '1' has no such moment"),
        ("<A7>", "settings of A are 0..1"),
        ("A0", "a moment is"),
    ],
)
def test_moments_that_are_not_there(name, words):
    held = MomentCondition(((name, F(1)),), ">=", F(0))
    with pytest.raises(InputError) as caught:
        fr.bound(scored(CHSH, functionals.chsh(CHSH), level="1", moments=[held]))
    assert words in str(caught.value)
    assert str(caught.value).startswith(f'moment[0].terms."{name}"')


def test_question_without_its_moment():
    with pytest.raises(InputError, match=r"adversary.level: 'A' has no moment <.*use a higher level"):
        fr.bound(scored(CHSH, functionals.chsh(CHSH), level="A"))


FILE = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "quantum"
level = "1 + A B"
[[moment]]
terms = { "<A0 A1>" = 1 }
relation = ">="
bound = "1/2"
[ask]
quantity = "score"
functional = "chsh"
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('devices = "quantum"\nlevel = "1 + A B"', 'devices = "local"', "only quantum devices have moments"),
        ('bound = "1/2"', "", "moment[0].bound: is missing"),
        ('">="', '">"', "moment[0].relation: '>' is not known"),
        ("= 1 }", '= "sqrt(2)" }', "is irrational; coefficients are rational"),
        ("= 1 }", "= 0 }", "add up to nothing"),
        ('">="\nbound = "1/2"', '"="\nbound = "sqrt(2)/2"', "irrational and cannot be an equality"),
        ("[[moment]]", "[moment]", "as [[moment]]"),
        ('bound = "1/2"', 'bound = "1/2"\nscore = 1', "moment[0].score: unknown key"),
    ],
)
def test_faults_in_files(tmp_path, old, new, words):
    assert old in FILE
    (tmp_path / "m.toml").write_text(FILE.replace(old, new))
    with pytest.raises(InputError) as caught:
        fr.read(tmp_path / "m.toml")
    assert words in str(caught.value)


# ------------------------------------------------------------------ reading back and showing


def test_moments_read_back():
    found = fr.moments(scored(CHSH, functionals.chsh(CHSH), level="1 + A B"))
    assert found["<1>"] == pytest.approx(1, abs=1e-7)
    assert found["<A0 B0>"] == pytest.approx(0.5**0.5, abs=1e-4)
    assert found["<A1 B1>"] == pytest.approx(-(0.5**0.5), abs=1e-4)
    assert found["<A0 A1>"] == pytest.approx(0, abs=1e-3)
    assert len(found) == 17


def test_moments_read_back_are_averages():
    """Two guesses: the averaged moments obey the test, and <1> is the total weight."""
    chsh = Check(functionals.chsh(CHSH), ">=", F(27, 10))
    asked = replace(
        scored(CHSH, None, level="1 + A B", tests=[chsh]),
        ask=Ask("guessing-probability", output=output_of_a(), at=(0, 0)),
    )
    found = fr.moments(asked)
    total = found["<A0 B0>"] + found["<A0 B1>"] + found["<A1 B0>"] - found["<A1 B1>"]
    assert found["<1>"] == pytest.approx(1, abs=1e-6)
    assert total >= 2.7 - 1e-5


def test_other_devices_have_no_moments():
    with pytest.raises(InputError, match="only quantum devices have moments"):
        fr.moments(scored(CHSH, functionals.chsh(CHSH), level="", devices="local"))


def test_show_prints_the_moment_matrix(freerand, tmp_path):
    (tmp_path / "m.toml").write_text(FILE)
    done = freerand("show", tmp_path / "m.toml")
    assert done.code == 0
    lines = done.out.splitlines()
    assert "moments     1 <A0 A1> >= 1/2" in lines
    assert (
        "moments     level 1 + A B: a real symmetric 9 x 9 matrix, 16 distinct moments besides <1>" in lines
    )
    assert "            1 psd block of 9 x 9: 1 guess" in lines
    row = next(line for line in lines if line.startswith("  A0 B1"))
    assert row.split("  ")[-1] == "<A0 A1>"  # (A0 B1)* A1 B1


@pytest.mark.parametrize(
    ("source", "n", "words"),
    [
        ('kind = "santha-vazirani"\nepsilon = "1/20"', 2, "2 guesses x 8 vertices of the source"),
        ('kind = "santha-vazirani"\nepsilon = "1/20"', 4, "2 guesses x 30 facets of the source"),
    ],
)
def test_show_names_facets_and_vertices(freerand, tmp_path, source, n, words):
    body = FILE.replace('family = "chsh"', f'family = "chained"\nN = {n}').replace('kind = "uniform"', source)
    body = body.split("[ask]")[0] + '[ask]\nquantity = "guessing-probability"\nof = "A"\nat = [0, 0]\n'
    (tmp_path / "m.toml").write_text(body)
    out = freerand("show", tmp_path / "m.toml").out
    assert words in out
    assert ("P(s|w) = 00: 121/400" if n == 2 else "11 t(root) - 10 t(0) >= 0") in out


# ------------------------------------------------------------------ states and measurements in certificates


@pytest.fixture(scope="module")
def proof():
    """A certificate whose attack has a state, and that state's place."""
    unnamed = scenarios.Scenario((2, 2), (2, 2))  # a family would have a known strategy, given by angles
    body = fr.bound(scored(unnamed, functionals.chsh(unnamed), level="1")).certificate
    assert body["attack"]["strategies"][0]["box"]["kind"] == "quantum"
    return body


def test_proof_checks(proof):
    assert checker.check(proof)


def put(box, path, value):
    for key in path[:-1]:
        box = box[key]
    box[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("state",), [0, 0, 0, 0], "the state is 0"),
        (("state",), [1, 0, 0], "state"),
        (("dimensions",), [2], "dimensions"),
        (("measurements", 0, 0, 0, 0), [1, 1], "not orthogonal"),
        (("measurements", 0, 0, 0), [], "do not sum to 1"),
        (("measurements", 1, 1, 1), [[0, 0]], "are 0 or not orthogonal"),
        (("measurements", 0), [], "needs one measurement for each"),
        (("measurements", 0, 0), [], "needs 2 lists of vectors"),
        (("measurements", 0, 0, 0, 0), [0.5, 1], "vector"),
    ],
)
def test_tampered_states_are_rejected(proof, path, value, words):
    body = copy.deepcopy(proof)
    put(body["attack"]["strategies"][0]["box"], path, value)
    with pytest.raises(checker.CertificateError, match=words):
        checker.check(body)


def test_another_state_does_not_reach_the_value(proof):
    body = copy.deepcopy(proof)
    put(body["attack"]["strategies"][0]["box"], ("state",), [1, 0, 0, 0])
    with pytest.raises(checker.CertificateError, match="value"):
        checker.check(body)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ({"kind": "xor", "parity": [0, 0, 0, 1]}, "quantum devices have states"),
        (
            {
                "kind": "table",
                "denominator": 2,
                "numerators": [1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0],
            },
            "quantum devices have states",
        ),
    ],
)
def test_tables_are_no_quantum_devices(proof, box, words):
    body = copy.deepcopy(proof)
    body["attack"]["strategies"][0]["box"] = box
    with pytest.raises(checker.CertificateError, match=words):
        checker.check(body)


def test_chances_of_a_rounded_strategy_are_a_behaviour():
    """P(o|s) of random see-saw strategies: nonnegative, normalised and no-signalling, exactly."""
    import numpy as np

    from freerand_opt.first.model.behaviour import Behaviour, defect

    scenario = scenarios.cglmp(3)
    random = np.random.default_rng(1)
    for seed in range(3):
        gains = random.normal(size=scenario.shape)
        box, value = best_strategy(scenario, gains, (3, 3), starts=1, seed=seed)
        columns = [chances(box, s) for s in scenario.joint_settings]
        table = tuple(tuple(column[o] for column in columns) for o in range(scenario.shape[0]))
        assert defect(Behaviour(scenario, table)) is None
        total = sum(gains[o, s] * float(p) for o, row in enumerate(table) for s, p in enumerate(row))
        assert total == pytest.approx(value, abs=1e-6)


def test_chances_by_hand():
    """cos(t)^2 of a product state: |00> measured in the basis (3, 4), (-4, 3)."""
    tilted = (((3, 4),), ((-4, 3),))
    plain = (((1, 0),), ((0, 1),))
    box = Quantum((2, 2), (1, 0, 0, 0), ((tilted,), (plain,)))
    assert chances(box, (0, 0)) == [F(9, 25), 0, F(16, 25), 0]


@pytest.mark.parametrize(
    "name",
    ["cglmp_quantum_score", "i3322_quantum_score", "chsh_quantum_guess", "chained_quantum_score_large"],
)
def test_committed_certificates_of_quantum_claims_check(name):
    found = list(check_all([path for path in certificates() if path.parent.name == name]))
    assert found
    assert [one.status for one in found] == ["ok"] * len(found)


def test_boxes_that_pass_exact_tests_alone_are_enough():
    """Perfect GHZ relations leave no slack for rounded tables; the GHZ state passes (arXiv:1105.3195)."""
    from freerand_opt.first.attacks.quantum import _passing
    from freerand_opt.first.programs.boxes import all_deterministic
    from freerand_opt.first.programs.guesses import functional_table
    from freerand_opt.first.programs.known import known_strategy

    scenario = scenarios.ghz(3)
    errors = Check(functionals.mermin_errors(scenario), "<=", F(0))
    asked = replace(scored(scenario, functionals.mermin(scenario), level="local 1"), tests=(errors,))
    ghz = known_strategy(scenario)
    table = functional_table(scenario, functionals.mermin(scenario).terms)[0].astype(float)
    found, _ = best_strategy(scenario, table, (2, 2, 2), starts=1, seed=3)
    assert list(_passing(asked, [found, ghz, *all_deterministic(scenario)])) == [ghz]
