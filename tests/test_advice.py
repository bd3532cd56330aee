"""What is said of answers that are open or wider than asked: why, and what to do next."""

from __future__ import annotations

from fractions import Fraction

import pytest

from freerand_opt import read
from freerand_opt.answers.verification import Verification
from freerand_opt.proving.result import Bracket, Result
from freerand_opt.reporting.advice import shortcoming

BASE = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
{observed}
[adversary]
{adversary}
[[test]]
{test}
[ask]
{ask}
"""
LOCAL = 'devices = "local"'
QUANTUM = 'devices = "quantum"\nlevel = "{}"'
LEAK = 'quantity = "{}"\nof = "A"\nat = [0, 0]'
QUANTITIES = {"strategy": 'quantity = "strategy"'} | {
    name: LEAK.format(name) for name in ("guessing-probability", "min-entropy")
}
CHSH = 'functional = "chsh"\nrelation = ">="\nscore = "{}"'
FREE, PR = '[observed]\nsettings = "free"', '[observed]\nbehaviour = "pr-box"\nvisibility = "71/100"'
LOW, HIGH = Fraction(1, 2), Fraction(3, 4)
#: name: (observed, adversary, test, quantity, ends found, beginning of what is said, what to do)
CASES = {
    "existence": (
        (PR, QUANTUM.format("1"), 'keep = "behaviour"', "strategy"),
        (None, None),
        "neither a strategy nor a proof that there is none was found: level 1 does not exclude one",
        'a tolerance, as 1e-6; try a higher level, as adversary.level = "1 + A B"',
    ),
    "existence by rounding": (
        ("", LOCAL, CHSH.format("sqrt(2)"), "strategy"),
        (None, None),
        "neither a strategy nor a proof that there is none was found: the tests hold with no room to spare",
        "write fractions near them, or allow a larger tolerance",
    ),
    "quantum width": (
        ("", QUANTUM.format("1 + A B"), CHSH.format("27/10"), "guessing-probability"),
        (LOW, HIGH),
        "the bracket is wider than 1e-06: level 1 + A B is an outer bound",
        'adversary.level = "2"; give more time than --time-limit 100',
    ),
    "no attack": (
        ("", QUANTUM.format("3"), CHSH.format("2*sqrt(2)"), "guessing-probability"),
        (None, HIGH),
        "the lower end is missing: no state and measurements were found",
        'lower its score a little (1e-6 of it); try a higher level, as adversary.level = "4"',
    ),
    "no attack, entropy": (
        ("", QUANTUM.format("local 1"), CHSH.format("27/10"), "min-entropy"),
        (LOW, None),
        "the upper end is missing: no state and measurements were found",
        'try a higher level, as adversary.level = "local 2"',
    ),
    "no proof": (
        ("", QUANTUM.format("1 + A B + A A B"), CHSH.format("27/10"), "min-entropy"),
        (None, HIGH),
        "the lower end is missing: no proof was found that checks at level 1 + A B + A A B",
        'adversary.level = "3"',
    ),
    "ratios": (
        (FREE, QUANTUM.format("local 1"), CHSH.format("27/10"), "min-entropy"),
        (LOW, None),
        "the upper end is missing: no attack is sought for sums of ratios",
        'use on = "joint", or given settings',
    ),
    "rounding": (
        ("", LOCAL, CHSH.format("sqrt(2)"), "guessing-probability"),
        (LOW, HIGH),
        "the bracket is wider than 1e-09: rounding",
        "write irrational scores as fractions, or accept it with --width",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_why_and_what_to_do(tmp_path, name):
    (observed, adversary, test, quantity), ends, why, what = CASES[name]
    path = tmp_path / "mine.toml"
    ask = QUANTITIES[quantity]
    path.write_text(BASE.format(observed=observed, adversary=adversary, test=test, ask=ask))
    file = read(path)
    result = Result("mine", "", quantity, Bracket(*ends), {}, "", "exact: boxes x source", "none", 0.0)
    line = shortcoming(Verification(file, file.instances[0], result, None, True), None, 100.0)
    assert line.startswith(f"mine: {why}")
    assert what in line


def test_an_answer_that_is_too_wide_says_so_and_exits_1(freerand, tmp_path):
    path = tmp_path / "mine.toml"
    ask = LEAK.format("guessing-probability")
    path.write_text(BASE.format(observed="", adversary=LOCAL, test=CHSH.format("sqrt(2)"), ask=ask))
    run = freerand("bound", path, "--width", "-1")
    assert run.code == 1
    (line,) = run.err.splitlines()
    assert line.startswith("mine: the bracket is wider than -1: ")


def test_nothing_is_said_of_an_answer_that_is_as_narrow_as_asked(freerand, tmp_path):
    path = tmp_path / "mine.toml"
    test = 'functional = "chsh"\nrelation = ">="\nscore = "14/5"'
    path.write_text(
        BASE.format(
            observed="", adversary='devices = "no-signalling"', test=test, ask=LEAK.format("min-entropy")
        )
    )
    run = freerand("bound", path)
    assert (run.code, run.err) == (0, "")
