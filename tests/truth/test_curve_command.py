"""`freerand bound FILE field=first..last`: closed forms by hand, JSON, tables, what is kept and refused."""

from __future__ import annotations

import json
from fractions import Fraction as F
from pathlib import Path

import pytest

from freerand_opt.errors import InputError
from freerand_opt.runner.interval import interval_of

CHSH = ("chsh_local_score_sv", "source.epsilon=0..1/8")
GUESS = ("no_signalling_guess_chsh", "test.score=2..4")


def test_the_local_chsh_value_is_written_as_a_polynomial(freerand, tmp_path):
    """2 + 8 e - 8 e^2: the best box errs where both bits fall to the likelier side, once in four."""
    run = freerand("bound", *CHSH, "--crosses", "5/2", "--certificates", tmp_path)
    assert (run.code, run.err) == (0, f"wrote {tmp_path} (1 certificate)\n")
    assert "2 + 8*epsilon - 8*epsilon^2" in run.out
    assert max(map(len, run.out.splitlines())) <= 80
    (kept,) = tmp_path.rglob("*.json")
    assert freerand("check", kept).code == 0
    (found,) = freerand("bound", *CHSH, "--crosses", "5/2", "--certificates", tmp_path, "--json").data
    assert (found["how"], found["between"], found["quantity"]) == ("stored", ["0", "1/8"], "score")
    for row in found["table"]:
        e = F(row["at"])
        assert F(row["lower"]) == F(row["upper"]) == 2 + 8 * e - 8 * e * e
    # 2 + 8 e - 8 e^2 = 5/2 at e = (1 - sqrt(3)/2)/2
    ends = found["crossing"]
    root = (1 - 3**0.5 / 2) / 2
    assert ends["lower_float"] <= root <= ends["upper_float"] < ends["lower_float"] + 1e-9


def test_a_certificate_that_was_changed_is_not_used(freerand, tmp_path):
    freerand("bound", *CHSH, "--certificates", tmp_path)
    (kept,) = tmp_path.rglob("*.json")
    text = kept.read_text()
    held = json.loads(text)
    held["upper"][0]["unit"] = [2 * c for c in held["upper"][0]["unit"]]  # half of the bound
    kept.write_text(json.dumps(held))
    run = freerand("bound", *CHSH, "--certificates", tmp_path)
    assert run.code == 2
    assert "proves nothing" in run.err
    run = freerand("bound", *CHSH, "--certificates", tmp_path, "--fresh")
    assert run.code == 0
    assert kept.read_text() == text


def test_the_guess_in_the_score_is_a_line(freerand, tmp_path):
    """No-signalling devices of CHSH value S: 3/2 - S/4 (Pironio et al. 2010, arXiv:0911.3427, Fig. 2)."""
    run = freerand("bound", *GUESS[:1], "test.score=2..4:1/2", "-o", tmp_path / "guess.json")
    assert run.code == 0
    rows = json.loads((tmp_path / "guess.json").read_text())
    found = {(row["instance"], row["test.score"]): (F(row["lower"]), F(row["upper"])) for row in rows}
    for s in ("2", "5/2", "3", "7/2", "4"):
        assert found["", s] == (F(3, 2) - F(s) / 4,) * 2


def test_the_guess_in_the_visibility_is_a_line(freerand, tmp_path):
    """S = 2 sqrt(2) v, so the guess is 3/2 - v/sqrt(2)."""
    path = tmp_path / "noisy.toml"
    path.write_text(
        'title = "noisy"\n[scenario]\nfamily = "chsh"\n[source]\nkind = "uniform"\n'
        '[observed]\nbehaviour = "quantum"\nsettings = "uniform"\nvisibility = 1\n'
        '[adversary]\ndevices = "no-signalling"\n'
        '[[test]]\nfunctional = "chsh"\nrelation = ">="\nscore = "observed"\n'
        '[ask]\nquantity = "guessing-probability"\nof = "A"\nat = [0, 0]\n'
    )
    (found,) = freerand("bound", path, "observed.visibility=3/4..1", "--json").data
    assert len(found["table"]) == 9
    for row in found["table"]:
        wanted = 1.5 - float(F(row["at"])) / 2**0.5
        assert row["lower_float"] <= wanted + 1e-15
        assert row["upper_float"] >= wanted - 1e-15
        assert row["upper_float"] - row["lower_float"] < 2e-9


def test_limits_of_a_source_have_a_curve(freerand, tmp_path):
    """P(s|w) <= u, u >= 1/3: a local box errs at one setting, whose chance can be 0, so CHSH reaches 4.

    For 1/4 <= u <= 1/3 the least chance of that setting is 1 - 3 u, so the largest is 4 - 8 (1 - 3 u).
    """
    path = tmp_path / "limits.toml"
    path.write_text(
        'title = "limits"\n[scenario]\nfamily = "chsh"\n'
        '[source]\nkind = "measurement-dependence"\nlower = 0\nupper = "3/10"\n'
        '[observed]\nsettings = "uniform"\n[adversary]\ndevices = "local"\n'
        '[ask]\nquantity = "score"\nfunctional = "chsh"\nextreme = "largest"\n'
    )
    (found,) = freerand("bound", path, "source.upper=1/4..2/5:1/60", "--json").data
    for row in found["table"]:
        u = F(row["at"])
        wanted = min(F(4), 4 - 8 * (1 - 3 * u))
        assert F(row["lower"]) <= wanted == F(row["upper"])
        assert wanted - F(row["lower"]) < F(1, 10**8)


def test_a_curve_that_does_not_pass_a_number_says_so(freerand):
    run = freerand("bound", *CHSH, "--crosses", "4")
    assert run.code == 1
    assert "not shown to pass 4" in run.err


def test_a_threshold_takes_its_number_from_the_same_option(freerand):
    """2 + 8 e - 8 e^2 = 5/2 at e = (1 - sqrt(3/4)) / 2."""
    asked = ("chsh_local_score_sv", "--threshold", "source.epsilon=0:1/4", "--crosses", "5/2")
    run = freerand("bound", *asked, "--json")
    assert run.code == 0
    (found,) = run.data
    low, high = (1 - 2 * F(found[end]) for end in ("lower", "upper"))
    assert low > 0 < high and high**2 <= F(3, 4) <= low**2
    run = freerand("bound", *asked, "threshold.crosses=9/4")
    assert (run.code, run.out) == (2, "")
    assert "threshold.crosses is given too" in run.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chsh_local_score_sv", "source.epsilon=1/8..0"), "first < last"),
        (("chsh_local_score_sv", "source.epsilon=0..x"), "source.epsilon: 'x'"),
        (("chsh_local_score_sv", "source.epsilon=0..1/8", "test.score=0..1"), "one argument"),
        ((*CHSH, "--threshold", "source.epsilon=0:1/8"), "--crosses NUMBER"),
        ((*CHSH, "--jobs", "2"), "--jobs"),
        (("ladder_top", "source.epsilon=0..1/8"), "computation"),
        (("source.epsilon=0..1/8",), "at least one"),
    ],
)
def test_what_is_refused(freerand, arguments, words):
    run = freerand("bound", *arguments)
    assert run.code == 2
    assert run.err.startswith("error: ")
    assert run.err.count("\n") == 1
    assert words in run.err


def test_paths_are_no_intervals():
    assert interval_of({"observed.file": "../counts.csv", "a": "x/../y"}) is None
    with pytest.raises(InputError, match=r"source\.epsilon"):
        interval_of({"source.epsilon": "0..1/8:0"})
    found = interval_of({"source.epsilon": " 0 .. 1/8 : 1/20"})
    assert found is not None
    assert found.places == [0, F(1, 20), F(1, 10), F(1, 8)]


def test_a_curve_is_drawn_with_its_breakpoints(freerand, tmp_path):
    """Two formulas at N = 2; they meet where 2 e (1 - e) = (sqrt(2) - 1)/2."""
    path: Path = tmp_path / "leakage.svg"
    asked = ("chained_leakage_fixed_sv", "scenario.N=2", "source.epsilon=0..3/25")
    assert freerand("plot", *asked, "-o", path).code == 0
    lines = path.with_suffix(".csv").read_text().splitlines()
    (mark,) = (line.split(",") for line in lines if ",break," in line)
    assert float(F(mark[3])) == pytest.approx((1 - (2 - 2**0.5) ** 0.5) / 2, abs=1e-8)
    assert sum(",curve," in line for line in lines) == 102
