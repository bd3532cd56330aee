"""Tests of states, angles and measurements: exact behaviours, and what is said of wrong matrices."""

from __future__ import annotations

import json
import re
from fractions import Fraction as F
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerand_opt.errors import InputError
from freerand_opt.first.model import behaviour as behaviours
from freerand_opt.first.model import functional as functionals
from freerand_opt.first.model import quantum_state as quantum
from freerand_opt.first.model import scenario as scenarios
from freerand_opt.first.model.matrix import fault, minors
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.spec import read
from freerand_opt.first.spec.states import complex_number
from freerand_opt.numbers.exact import compare, cos_pi, enclose, sign, sqrt
from freerand_opt.numbers.parse import parse

CHSH = scenarios.chsh()
angles = st.fractions(-2, 2, max_denominator=24)


def measured(*parties):
    return tuple(tuple(quantum.in_direction(*np.atleast_1d(a).tolist()) for a in own) for own in parties)


def real(rows):
    return tuple(tuple((F(x), F(0)) for x in row) for row in rows)


# ------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8])
def test_chained_behaviour_from_its_state(n):
    scenario = scenarios.chained(n)
    own = [[F(2 * k + p, 2 * n) for k in range(n)] for p in (0, 1)]
    found = quantum.behaviour(scenario, quantum.named("phi+", 2), measured(*own))
    assert found.table == behaviours.quantum(scenario).table  # equal by form, not only in value


@pytest.mark.parametrize("m", [3, 4])
def test_ghz_behaviour_from_its_state(m):
    """The family's state is |0..0> - |1..1>, measured along x and y (arXiv:1105.3195)."""
    scenario = scenarios.ghz(m)
    amplitudes = [(F(0), F(0))] * 2**m
    amplitudes[0], amplitudes[-1] = (F(1), F(0)), (F(-1), F(0))
    axes = [[F(1, 2), F(0)], [F(1, 2), F(1, 2)]]
    found = quantum.behaviour(scenario, quantum.from_amplitudes(amplitudes), measured(*[axes] * m))
    assert found.table == behaviours.quantum(scenario).table


def test_svetlichny_value_of_ghz():
    scenario = scenarios.ghz(3)
    axes = [[F(1, 2), F(0)], [F(1, 2), F(1, 2)]]
    first = [[F(1, 2), F(-1, 4)], [F(1, 2), F(1, 4)]]
    found = quantum.behaviour(scenario, quantum.named("ghz", 3), measured(first, axes, axes))
    assert behaviours.score(functionals.svetlichny(scenario), found) == 4 * sqrt(F(2))
    assert behaviours.defect(found) is None


@given(angles, angles)
def test_singlet_correlator(a, b):
    """E = -cos(a - b), to 190 bits."""
    scenario = Scenario((1, 1), (2, 2))
    p = quantum.behaviour(scenario, quantum.named("psi-", 2), measured([a], [b])).table
    low, high = enclose(p[0][0] + p[3][0] - p[1][0] - p[2][0] + cos_pi(a - b), 200)
    assert max(abs(low), abs(high)) < F(1, 2**190)


@given(angles, angles, angles, angles, angles)
def test_schmidt_state_against_numpy(t, a, f, b, g):
    scenario = Scenario((1, 1), (2, 2))
    found = quantum.behaviour(scenario, quantum.schmidt(t, 2), measured([[a, f]], [[b, g]]))
    psi = np.array([np.cos(np.pi * float(t)), 0, 0, np.sin(np.pi * float(t))])
    z, x, y = np.diag([1, -1]), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]])

    def projector(outcome, theta, phi):
        theta, phi = np.pi * float(theta), np.pi * float(phi)
        n = np.sin(theta) * (np.cos(phi) * x + np.sin(phi) * y) + np.cos(theta) * z
        return (np.eye(2) + (-1) ** outcome * n) / 2

    for o, (u, v) in enumerate(scenario.joint_outcomes):
        wanted = (psi @ np.kron(projector(u, a, f), projector(v, b, g)) @ psi).real
        assert float(found.table[o][0]) == pytest.approx(wanted, abs=1e-12)


def test_w_state():
    scenario = Scenario((1, 1, 1), (2, 2, 2))
    table = quantum.behaviour(scenario, quantum.named("w", 3), measured([0], [0], [0])).table
    assert [row[0] for row in table] == [0, F(1, 3), F(1, 3), 0, F(1, 3), 0, 0, 0]


# ------------------------------------------------------------------ positivity


@given(st.integers(2, 4), st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_positivity_against_factors(size, seed, rank):
    """L L* is positive, and L L* - (something above its smallest diagonal entry) is not."""
    draw = np.random.default_rng(seed)
    left = draw.integers(-3, 4, size=(size, rank)) + 1j * draw.integers(-3, 4, size=(size, rank))
    whole = left @ left.conj().T

    def exact(matrix):
        return tuple(tuple((F(int(x.real)), F(int(x.imag))) for x in row) for row in matrix)

    assert fault(exact(whole)) is None
    shift = int(np.diag(whole).real.min()) + 1
    lowered = whole - shift * np.diag(np.diag(whole).real == np.diag(whole).real.min())
    words = fault(exact(lowered))
    assert words.startswith("it is not positive: the ")


def test_minors_are_sums_of_determinants():
    assert minors(real([[2, 1, 0], [1, 2, 1], [0, 1, 2]])) == [6, 10, 4]
    assert minors(real([[1, 2], [2, 1]])) == [2, -3]


def test_a_projector_with_irrational_entries_is_positive():
    up, down = quantum.in_direction(F(1, 7), F(2, 9))
    assert fault(up) is None
    assert fault(down) is None
    assert quantum.measurement_fault([up, down]) is None


# ------------------------------------------------------------------ files

TABLES = """
[scenario]
{scenario}
[source]
kind = "uniform"
[observed]
{observed}
[adversary]
devices = "no-signalling"
[[test]]
{test}
[ask]
quantity = "guessing-probability"
of = "A"
at = [0, 0]
"""
SCORE = 'functional = "chsh"\nrelation = ">="\nscore = "observed"'
PLANE = 'angles = { A = [0, "1/2"], B = ["1/4", "-1/4"] }'


def asked(folder, observed, scenario='family = "chsh"', test=SCORE, files=()):
    for name, body in dict(files).items():
        (folder / name).write_text(body if isinstance(body, str) else json.dumps(body))
    (folder / "q.toml").write_text(TABLES.format(scenario=scenario, observed=observed, test=test))
    return read(folder / "q.toml").instances[0].question


def observed_score(*arguments, **named):
    return asked(*arguments, **named).tests[0].score


@pytest.mark.parametrize(
    ("observed", "value"),
    [
        (f'state = "phi+"\n{PLANE}', "2*sqrt(2)"),
        (f'state = "ghz"\n{PLANE}', "2*sqrt(2)"),
        (f'state = "phi+"\n{PLANE}\nvisibility = "1/2"', "sqrt(2)"),
        (f"state = [1, 0, 0, 1]\n{PLANE}", "2*sqrt(2)"),
        (f'state = ["1/2*sqrt(2)", 0, 0, "sqrt(1/2)"]\n{PLANE}', "2*sqrt(2)"),
        (f'state = {{ schmidt = "1/4" }}\n{PLANE}', "2*sqrt(2)"),
        # |00> has product correlators
        (f"state = {{ schmidt = 0 }}\n{PLANE}", "sqrt(2)"),
        (
            f'state = [["1/2", 0, 0, "1/2"], [0, 0, 0, 0], [0, 0, 0, 0], ["1/2", 0, 0, "1/2"]]\n{PLANE}',
            "2*sqrt(2)",
        ),
        (f'state = "rho.csv"\n{PLANE}', "2*sqrt(2)"),
        (f'state = "rho.json"\n{PLANE}', "2*sqrt(2)"),
        # a state with i, measured in the X-Y plane
        (
            'state = [1, 0, 0, "i"]\nangles = { A = [["1/2", 0], ["1/2", "1/2"]], '
            'B = [["1/2", "1/4"], ["1/2", "3/4"]] }',
            "2*sqrt(2)",
        ),
    ],
)
def test_scores_of_states(tmp_path, observed, value):
    rows = [["1/2", 0, 0, [0.5, 0]], [0] * 4, [0] * 4, ["1/2+0*i", 0, 0, 0.5]]
    csv = "1/2,0,0,0.5\n0,0,0,0\n0,0,0,0\n1/2,0,0,1/2\n"
    found = observed_score(tmp_path, observed, files={"rho.csv": csv, "rho.json": rows})
    assert compare(found, parse(value)) == 0 if isinstance(found, F) else found == parse(value)


def fourier(phase, sign_of, outcome):
    """Return the projector on sum_k exp(2 pi i k (sign outcome + phase) / 3) |k>, entries as [re, im]."""
    rows = []
    for j in range(3):
        row = []
        for k in range(3):
            angle = 2 * (sign_of * outcome + phase) * (j - k) / 3
            row.append([f"cos({angle}*pi)/3", f"sin({angle}*pi)/3"])
        rows.append(row)
    return rows


def cglmp_file():
    alice = [[fourier(phase, 1, o) for o in range(3)] for phase in (F(0), F(1, 2))]
    bob = [[fourier(phase, -1, o) for o in range(3)] for phase in (F(1, 4), F(-1, 4))]
    return {"A": alice, "B": bob}


def test_cglmp_of_three_outcomes_from_files(tmp_path):
    """|00> + g|11> + |22> with g = (sqrt 11 - sqrt 3)/2 reaches 1 + sqrt(11/3) (arXiv:quant-ph/0111143)."""
    found = observed_score(
        tmp_path,
        'state = "rho.json"\nmeasurements = "m.json"',
        scenario='family = "cglmp"\nd = 3',
        test='functional = "cglmp"\nrelation = ">="\nscore = "observed"',
        files={
            "m.json": cglmp_file(),
            "rho.json": entangled("(sqrt(11) - sqrt(3))/2", "(11 + sqrt(3)*sqrt(11))/44"),
        },
    )
    low, high = enclose(found - 1 - sqrt(F(11, 3)), 200)
    assert max(abs(low), abs(high)) < F(1, 2**190)


def entangled(g, factor):
    """Return the density matrix of |00> + g|11> + |22>, times a factor."""
    places = {0: "1", 4: g, 8: "1"}
    return [
        [f"({places[i]})*({places[j]})*({factor})" if i in places and j in places else 0 for j in range(9)]
        for i in range(9)
    ]


def test_maximally_entangled_qutrits_from_a_csv(tmp_path):
    """I_3 = 4 (2 sqrt 3 + 3)/9 for the maximally entangled state (arXiv:quant-ph/0106024)."""
    lines = ["party,setting,outcome,row,column,value"]
    for letter, own in cglmp_file().items():
        for s, elements in enumerate(own):
            for o, rows in enumerate(elements):
                lines += [
                    f"{letter},{s},{o},{i},{j},{re} + {im}*i"
                    for i, row in enumerate(rows)
                    for j, (re, im) in enumerate(row)
                ]
    found = observed_score(
        tmp_path,
        'state = [1, 0, 0, 0, 1, 0, 0, 0, 1]\nmeasurements = "m.csv"',
        scenario='family = "cglmp"\nd = 3',
        test='functional = "cglmp"\nrelation = ">="\nscore = "observed"',
        files={"m.csv": "\n".join(lines)},
    )
    assert found == parse("4*(2*sqrt(3) + 3)/9")


def test_a_measurement_that_is_not_projective(tmp_path):
    """Half of a measurement along Z, half a coin: correlators of phi+ are halved for each party."""
    noisy = [[[["3/4", 0], [0, "1/4"]], [["1/4", 0], [0, "3/4"]]]] * 2
    found = observed_score(
        tmp_path,
        'state = "phi+"\nmeasurements = "m.json"',
        test='terms = { "<A0 B0>" = 1 }\nrelation = ">="\nscore = "observed"',
        files={"m.json": {"A": noisy, "B": noisy}},
    )
    assert found == F(1, 4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("i", (0, 1)),
        ("-i", (0, -1)),
        ("1+i", (1, 1)),
        ("1/2 - 3/4*i", (F(1, 2), F(-3, 4))),
        ("2e-1 + 1e-1*i", (F(1, 5), F(1, 10))),
        ("(1 - 2)*i", (0, -1)),
        ("2^-1*i", (0, F(1, 2))),
        ("0.5", (F(1, 2), 0)),
        (["1/3", 2], (F(1, 3), 2)),
        (3, (3, 0)),
        ("sqrt(4)i", (0, 2)),
    ],
)
def test_complex_numbers(text, value):
    assert complex_number(text, "here") == value


def test_pi_is_no_imaginary_number():
    real_part, imaginary = complex_number("2*pi", "here")
    assert sign(real_part - 6) == 1
    assert imaginary == 0


FAULTS = {
    "unknown state": (f'state = "phi"\n{PLANE}', "observed.state: 'phi'", "did you mean 'phi"),
    "three numbers": (f"state = [1, 0, 1]\n{PLANE}", "state has dimension 3", "2 x 2 = 4"),
    "nothing": (f"state = [0, 0, 0, 0]\n{PLANE}", "all amplitudes are 0"),
    "irrational norm": (
        f'state = ["2^0*sqrt(sqrt(2))", 0, 0, 1]\n{PLANE}',
        "sum to 1 + sqrt(2)",
        "scale them",
    ),
    "no angles": ('state = "phi+"', "needs one of angles"),
    "angle for one": ('state = "phi+"\nangles = { A = [0, "1/2"] }', "one array for each of A, B"),
    "one angle": (
        'state = "phi+"\nangles = { A = [0], B = [0, 0] }',
        "observed.angles.A: 1 angles",
        "2 settings",
    ),
    "irrational angle": (
        'state = "phi+"\nangles = { A = [0, "pi/4"], B = [0, 0] }',
        "observed.angles.A[1]",
        "rational multiples of pi",
    ),
    "trace": (
        f"state = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]\n{PLANE}",
        "the trace is 2, not 1",
    ),
    "not square": (f"state = [[1, 0], [0, 0, 0]]\n{PLANE}", "2 rows, but not all"),
    "not Hermitian": (
        f'state = [["1/2", "i/4"], ["1/4*i", "1/2"]]\n{PLANE}'.replace("i/4", "1/4*i"),
        "not Hermitian: entry (1, 0) is (1/4)*i, entry (0, 1) is (1/4)*i",
    ),
    "not positive": (
        f'state = [["1/2", "3/4"], ["3/4", "1/2"]]\n{PLANE}',
        "not positive: the determinant of the part of rows and columns 0, 1 is -5/16",
    ),
    "negative diagonal": (
        f'state = [["3/2", 0], [0, "-1/2"]]\n{PLANE}',
        "not positive",
        "the determinant of the part of rows and columns 0, 1 is -3/4",
    ),
    "party of three": ('state = "psi-"\nangles = {}', "one array for each"),
    "no number": (f'state = [1, 0, 0, "j"]\n{PLANE}', "observed.state[3]", "'j'"),
    "two of three": (f'state = "phi+"\nbehaviour = "quantum"\n{PLANE}', "observed.state: given beside"),
    "angles alone": (PLANE, "observed.state: is missing", 'as "phi+"'),
    "missing file": (
        'state = "phi+"\nmeasurements = "none.json"',
        "observed.measurements (none.json)",
        "cannot be read",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_of_states(tmp_path, case):
    observed, *words = FAULTS[case]
    with pytest.raises(InputError) as caught:
        asked(tmp_path, observed, test='functional = "chsh"\nrelation = ">="\nscore = 2')
    for part in words:
        assert part in str(caught.value)


ZED = [[[1, 0], [0, 0]], [[0, 0], [0, 1]]]
FILE_FAULTS = {
    "sum": (
        [ZED, [[[1, 0], [0, 0]], [[0, 0], [0, "9/10"]]]],
        "A, setting 1",
        "entry (1, 1) of the sum is 9/10, not 1",
    ),
    "positive": (
        [ZED, [[["3/2", 0], [0, 0]], [["-1/2", 0], [0, 1]]]],
        "element 1: it is not positive: the",
        "-1/2",
    ),
    "Hermitian": ([ZED, [[[1, 1], [0, 0]], [[0, -1], [0, 1]]]], "element 0: it is not Hermitian"),
    "settings": ([ZED], "A has 1 measurements; 2 settings"),
    "outcomes": ([ZED, [[[1, 0], [0, 1]]]], "1 elements; 2 outcomes"),
    "sizes": ([ZED, [[[1, 0], [0, 0]], [[1]]]], "element 1 is no 2 x 2 matrix"),
    "no matrices": ([1, 2], "holds no {"),
    "no rows": ([ZED, [1, 2]], "A, setting 1, outcome 0: a number is needed here"),
}


@pytest.mark.parametrize("case", FILE_FAULTS)
def test_faults_of_measurements(tmp_path, case):
    own, *words = FILE_FAULTS[case]
    with pytest.raises(InputError) as caught:
        asked(
            tmp_path, 'state = "phi+"\nmeasurements = "m.json"', files={"m.json": {"A": own, "B": [ZED, ZED]}}
        )
    for part in words:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("a,b\n", "party,setting,outcome,row,column,value is needed"),
        ("party,setting,outcome,row,column,value\nC,0,0,0,0,1\n", "line 2"),
        ("party,setting,outcome,row,column,value\nA,0,0,0,-1,1\n", "from 0 on"),
        ("party,setting,outcome,row,column,value\nA,0,0,0,0,1\nA,0,0,0,0,1\n", "line 3: is given twice"),
        ("party,setting,outcome,row,column,value\nA,0,0,0,0,x\n", "line 2: a number is needed here"),
        ("party,setting,outcome,row,column,value\nA,0,0,0,0,1\n", "not sum to 1"),
    ],
)
def test_faults_of_csv_measurements(tmp_path, body, words):
    with pytest.raises(InputError, match=words):
        asked(tmp_path, 'state = "phi+"\nmeasurements = "m.csv"', files={"m.csv": body})


def test_no_json(tmp_path):
    with pytest.raises(InputError, match="is not JSON"):
        asked(tmp_path, f'state = "r.json"\n{PLANE}', files={"r.json": "[["})


# ------------------------------------------------------------------ the examples of docs/states.md

PAGE = Path(__file__).parent.parent / "docs" / "states.md"


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """The files of the page, in a folder that has nothing else."""
    folder = tmp_path_factory.mktemp("examples")
    found = re.findall(r"^`([\w.]+)`\n```\w+\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    for name, body in found:
        (folder / name).write_text(body, encoding="utf-8")
    assert {"angles.toml", "elegant.toml", "trine.toml"} <= {name for name, _ in found}
    return folder


def test_example_of_angles(freerand, examples, monkeypatch):
    """1/2 + sqrt(2 - S^2/4)/2 with S = 0.99 sqrt 2 (1 + sin 2t), t = pi/6 (arXiv:0911.3427)."""
    monkeypatch.chdir(examples)
    done = freerand("bound", "angles.toml", "--json")
    assert done.code == 0
    score = 0.99 * 2**0.5 * (1 + 3**0.5 / 2)
    entropy = -log2(1 / 2 + (2 - score**2 / 4) ** 0.5 / 2)
    found = json.loads(done.out)[0]
    ends = found["lower_float"], found["upper_float"]
    assert entropy - 1e-6 <= ends[0] <= entropy + 1e-12  # our own entropy is rounded
    assert entropy - 1e-12 <= ends[1] <= entropy + 1e-6


def test_example_of_a_density_matrix(examples):
    """The elegant functional of the singlet is 4 sqrt 3 (arXiv:quant-ph/0702021), less one part in 100."""
    question = read(examples / "elegant.toml").instances[0].question
    assert question.tests[0].score == parse("99/100*4*sqrt(3)")


def test_example_of_a_general_measurement(freerand, examples):
    """Outcomes of the trine on half of phi+ are uniform, and more than one bit of them is proved."""
    question = read(examples / "trine.toml").instances[0].question
    scores = {test.label.split()[0]: test.score for test in question.tests if test.relation == "<="}
    for outcome in range(3):
        first, second = (scores[f"P({outcome}{b}|20)"] for b in (0, 1))
        assert abs(float(first + second) - 1 / 3) < 1e-5
    done = freerand("bound", examples / "trine.toml", "--json")
    assert done.code == 1
    assert json.loads(done.out)[0]["lower_float"] > 1.2
