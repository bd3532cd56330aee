"""States, angles and measurements in question files: values of the literature, and faults."""

from __future__ import annotations

import json
import re
from fractions import Fraction as F
from pathlib import Path

import pytest

from freerand_opt.errors import InputError
from freerand_opt.model import Question, families
from freerand_opt.model.behaviours.states import complex_number
from freerand_opt.model.files.file import read
from freerand_opt.numbers.exact import compare, enclose, sign, sqrt
from freerand_opt.numbers.parse import parse

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
    return asked(*arguments, **named).problem().tests[0].score


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
    "angle for one": (
        'state = "phi+"\nangles = { A = [0, "1/2"] }',
        "observed.angles: angles of 1 parties; the scenario has 2",
    ),
    "one angle": (
        'state = "phi+"\nangles = { A = [0], B = [0, 0] }',
        "observed.angles: 1 angles of A",
        "2 settings",
    ),
    "irrational angle": (
        'state = "phi+"\nangles = { A = [0, "pi/4"], B = [0, 0] }',
        "observed.angles.A[1]",
        "irrational",
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
    "party of three": ('state = "psi-"\nangles = {}', "parties are letters from A on"),
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
    "settings": ([ZED], "1 measurements of A; one for each of 2 settings"),
    "outcomes": ([ZED, [[[1, 0], [0, 1]]]], "1 elements; 2 outcomes"),
    "sizes": ([ZED, [[[1, 0], [0, 0]], [[1]]]], "element 1 is no 2 x 2 matrix"),
    "no matrices": ([1, 2], "holds no {"),
    "no rows": ([ZED, [1, 2]], "is no array of rows"),
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


# ------------------------------------------------------------------ equal by form


@pytest.mark.parametrize("n", [2, 3, 4, 8])
def test_chained_behaviour_from_its_state(tmp_path, n):
    """Angles pi A/2N and pi B/2N with A = 2a, B = 2b + 1 (arXiv:1105.3195, S3)."""
    own = [[f"{F(2 * k + p, 2 * n)}" for k in range(n)] for p in (0, 1)]
    angles = f'state = "phi+"\nangles = {{ A = {json.dumps(own[0])}, B = {json.dumps(own[1])} }}'
    test = 'keep = "behaviour"\ntolerance = 1e-9'
    question = asked(tmp_path, angles, scenario=f'family = "chained"\nN = {n}', test=test)
    rows = families.behaviour("quantum", question.scenario)
    [kept] = question.problem().tests
    assert dict(kept.table) == {s: rows(s) for s in range(n * n)}


PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def test_examples_of_the_page(tmp_path):
    found = re.findall(r"^`([\w.]+)`\n```\w+\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    for name, body in found:
        (tmp_path / name).write_text(body, encoding="utf-8")
    for name in ("angles", "elegant", "trine"):
        question = read(tmp_path / f"{name}.toml").instances[0].question
        assert Question.from_dict(question.to_dict()) == question
    # Gisin, arXiv:quant-ph/0702021: 4 sqrt 3, with 1 % of white noise
    score = read(tmp_path / "elegant.toml").instances[0].question.problem().tests[0].score
    assert score == F(99, 100) * 4 * sqrt(F(3))
