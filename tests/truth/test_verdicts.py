"""Verdicts: claims against closed forms, true and false ones, and what is said where nothing is proved."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from pathlib import Path

import pytest

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.claims.formulas import value
from freerand_opt.claims.verify import Found, read, verdict, verify
from freerand_opt.errors import InputError
from freerand_opt.model.files.expect import Expect
from freerand_opt.numbers.exact import compare, enclose, sqrt

CLAIMS = Path(__file__).parents[1] / "claims"


def said(lower, upper, claim, **more):
    known = Found(Bracket(lower, upper), **more)
    return verdict(known, Expect(**claim), F(0), lambda name: F(1, 2))


@pytest.mark.parametrize("within", [F(0), F(1, 100)])
def test_a_verdict_says_what_the_interval_says(within):
    """Every answer in the bracket obeys the claim, none does, or some do."""
    grid = [F(k, 200) for k in range(8)]
    for lower, upper, claimed in product(grid, grid, grid):
        if lower > upper:
            continue
        inside = (lower, (lower + upper) / 2, upper)
        for key, holds in (
            ("at_most", lambda x, c=claimed: x <= c + within),
            ("at_least", lambda x, c=claimed: x >= c - within),
            ("value", lambda x, c=claimed: abs(x - c) <= within),
        ):
            found = said(lower, upper, {key: claimed, "within": within})
            if found == "PROVED":
                assert all(map(holds, inside))
            elif found == "REFUTED":
                assert not any(map(holds, inside))
            else:
                assert lower < upper
                assert len({holds(x) for x in inside}) == 2 or key == "value"


@pytest.mark.parametrize("claim", [{"at_most": 1}, {"at_least": 0}, {"value": "1/2", "within": "1/2"}])
def test_open_ends_prove_nothing(claim):
    assert said(None, None, claim) == "UNDECIDED"
    assert said(None, F(1), {"at_least": 0}) == "UNDECIDED"
    assert said(F(0), None, {"at_most": 1}) == "UNDECIDED"


def test_written_proofs_formulas_and_irrational_numbers():
    assert said(F(0), F(1), {"at_most": 1, "rests_on": "docs/proofs/thresholds.md"}) == "PROVED*"
    assert said(F(0), F(2), {"at_least": 3, "rests_on": "docs/proofs/thresholds.md"}) == "REFUTED"
    assert said(F(1, 2), F(1, 2), {"value": {"formula": "chsh-guess"}}) == "PROVED"
    assert said(F(1, 3), F(1, 3), {"value": {"formula": "chsh-guess"}}) == "REFUTED"
    assert said(F(0), sqrt(F(2)), {"at_most": "sqrt(2)"}) == "PROVED"
    assert said(sqrt(F(2)), sqrt(F(2)), {"at_most": "1.414213562"}) == "REFUTED"


def test_nothing_is_claimed_successfully_of_a_question_without_an_answer():
    nothing = {"impossible": True, "reached": False}
    for claim in ({"at_most": 1}, {"at_least": 0}, {"value": 1}):
        assert said(None, None, claim, **nothing) == "UNDECIDED"
    assert said(None, None, {"value": "none"}, **nothing) == "PROVED"
    assert said(F(0), F(1), {"value": "none"}) == "REFUTED"
    assert said(None, F(1), {"value": "none"}, reached=False) == "UNDECIDED"


def answers(name, overrides=None):
    file = read(CLAIMS / f"{name}.toml", overrides)
    return [verify(file, instance) for instance in file.instances]


def test_a_false_claim_is_refuted_and_may_be_foreseen():
    """4 - 8 (2/5)^2 = 68/25 > 2."""
    (plain,), (foreseen,) = answers("false_claim"), answers("false_claim_expected")
    assert (plain.verdict, plain.as_expected) == ("REFUTED", False)
    assert (foreseen.verdict, foreseen.as_expected) == ("REFUTED", True)
    assert plain.result.bracket.exact == F(68, 25)


def test_local_devices_reach_a_score_from_the_known_epsilon_on():
    """S = 5/2 needs 4 - 8 (1/2 - eps)^2 >= 5/2, eps >= 1/2 - sqrt(3)/4 = 0.067."""
    for epsilon, answer in (("1/20", "none"), ("1/10", "exists")):
        (found,) = answers("strategy", {"source.epsilon": [epsilon]})
        assert str(found.result) == answer
        assert found.verdict is None
        expect = Expect(value=answer)
        other = Expect(value={"none": "exists", "exists": "none"}[answer])
        from freerand_opt.claims.verify import found as known

        assert verdict(known(found.result), expect, F(0), lambda name: F(0)) == "PROVED"
        assert verdict(known(found.result), other, F(0), lambda name: F(0)) == "REFUTED"


def test_a_cell_without_a_strategy_has_no_verdict_but_undecided():
    found = answers("infeasible_cell")
    assert [str(one.result) == "none" for one in found] == [True, True, False]
    assert [one.verdict for one in found] == ["UNDECIDED", "UNDECIDED", "PROVED"]
    assert [one.as_expected for one in found] == [False, False, True]


def test_an_answer_is_never_beside_the_known_value():
    """P_guess = 3/2 - S/4 at S = 2 sqrt 2 (arXiv:0911.3427)."""
    closed = F(3, 2) - sqrt(F(1, 2))
    plain, foreseen = answers("undecided")
    assert compare(plain.result.bracket.lower, closed) <= 0 <= compare(plain.result.bracket.upper, closed)
    assert plain.result.bracket.width < F(1, 10**9)
    # whether the attack reaches the irrational value itself decides between these two
    exact = compare(plain.result.bracket.lower, closed) == 0
    assert plain.verdict == ("PROVED" if exact else "UNDECIDED")
    assert foreseen.as_expected == (not exact)


def test_formulas_refuse_what_they_are_not_about():
    (instance,) = read(CLAIMS / "worst.toml").instances[:1]
    with pytest.raises(InputError, match="functional chained"):
        value("lemma-1", instance.question)
    with pytest.raises(InputError, match="three parties"):
        value("mermin-local-score", instance.question)
    with pytest.raises(InputError, match="sums of biases"):
        value("ghz-ratio", instance.question)
    assert value("chsh-guess", instance.question) == F(3, 2) - F(3, 4)
    assert enclose(value("chsh-local-score", instance.question), 8)[0] == 4 - 8 * F(9, 20) ** 2


def test_a_wrong_claim_in_a_file_is_refuted(tmp_path):
    """P_guess = 3/2 - S/4 = 7/8 at S = 5/2 (arXiv:0911.3427)."""
    path = tmp_path / "wrong.toml"
    body = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "no-signalling"
[[test]]
functional = "chsh"
relation = ">="
score = "5/2"
[ask]
quantity = "guessing-probability"
of = "A"
at = [0, 0]
"""
    for claim, wanted in {
        "value = { formula = 'chsh-guess' }": "PROVED",
        "at_most = 0.874": "REFUTED",
        "at_least = 0.876": "REFUTED",
    }.items():
        path.write_text(f"{body}\n[expect]\n{claim}\n")
        file = read(path)
        assert verify(file, file.instances[0]).verdict == wanted
