"""Questions that no strategy passes are answered with a proof; gaps between attack and bound stay open."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt import Ask, Question, SanthaVazirani, Test, Uniform, bound, chained, read
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected
from freerand_opt.claims.verify import compared

ERRORS = "chained"
JOINT = {"functional": "chained", "on": "joint"}
TIGHT = [
    Test({f"P({o}|{s})": 1 for o in (("00", "11") if s == "01" else ("01", "10"))}, "<=", F(1, 1000))
    for s in ("00", "10", "11", "01")
]
CONTRADICTING = [Test(ERRORS, "<=", "1/10"), Test(ERRORS, ">=", "39/10")]
BIASED = SanthaVazirani("1/10")
NOTHING = {"devices": "no-signalling", "told": "nothing"}


def question(source, tests, devices, settings="uniform", at=(0, 0)):
    adversary = devices if isinstance(devices, dict) else {"devices": devices}
    ask = Ask("guessing-probability", of="A", at=at)
    return Question(
        chained(2), source, adversary=adversary, tests=tests, ask=ask, observed={"settings": settings}
    )


IMPOSSIBLE = {
    "contradicting tests": (BIASED, CONTRADICTING, "no-signalling"),
    "contradicting tests, told nothing": (BIASED, CONTRADICTING, NOTHING, "uniform", "average"),
    "local": (Uniform(), [Test(ERRORS, "<=", "1/2")], "local"),
    "local, average": (Uniform(), [Test(ERRORS, "<=", "1/2")], "local", "uniform", "average"),
    "unconstrained, fixed": (BIASED, TIGHT, "local", "unconstrained"),
    "unconstrained, average": (BIASED, TIGHT, "local", "unconstrained", "average"),
    "settings beyond the source": (
        BIASED,
        [],
        "no-signalling",
        {"00": "9/10", "01": "1/30", "10": "1/30", "11": "1/30"},
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_no_strategy_passes_is_answered_with_a_proof(name):
    result = bound(question(*IMPOSSIBLE[name]))
    assert result.impossible
    assert str(result) == "none"
    assert (result.bracket.lower, result.bracket.upper) == (None, None)
    document = result.document
    assert check(document).impossible
    nothing = {key: _zeros(prices) for key, prices in document["upper"]["prices"].items()}
    with pytest.raises(Rejected):
        check({**document, "upper": {**document["upper"], "prices": nothing}})


def _zeros(prices):
    if isinstance(prices, dict):
        return {key: value if key in ("codes", "but") else _zeros(value) for key, value in prices.items()}
    return [_zeros(x) for x in prices] if isinstance(prices, list) else "0"


def test_a_joint_test_at_fixed_settings_under_unconstrained_ones():
    """An error at the rarest setting alone has the joint weight q^2: from there on the outcome is known."""
    for epsilon in (F(1, 20), F(1, 10)):
        weight = (F(1, 2) - epsilon) ** 2
        asked = question(
            SanthaVazirani(epsilon), [Test(JOINT, "<=", weight)], "no-signalling", "unconstrained"
        )
        assert bound(asked).bracket.exact == 1
        local = asked.changed(adversary={"devices": "local"}, ask=Ask("strategy"))
        assert str(bound(local)) == "exists"
        less = asked.changed(tests=[Test(JOINT, "<=", weight * F(9, 10))])
        assert bound(less).bracket.upper < 1


#: The example of docs/proofs/strategies.md: 7/10 is reached, products of facets give 793/1000.
GAP = """
[scenario]
settings = { A = 2, B = 2 }
outcomes = { A = 2, B = 2 }
[source]
kind = "santha-vazirani"
epsilon = "1/5"
[observed]
settings = "unconstrained"
[adversary]
devices = "no-signalling"
[ask]
quantity = "score"
on = "joint"
[ask.terms]
"P(00|00)" = -1
"P(00|01)" = 1
"P(00|10)" = 1
"P(01|00)" = 1
"P(01|11)" = 1
"P(10|10)" = -1
"P(11|00)" = 1
"P(11|11)" = -1
"""


def asked_file(folder, body, claim=""):
    path = folder / "asked.toml"
    path.write_text(f"{body}\n[expect]\n{claim}\n" if claim else body)
    return read(path)


def test_vertices_close_the_gap_of_facets(tmp_path):
    """7/10 is the best of 8 vertices and 24 boxes, tried one by one."""
    assert bound(asked_file(tmp_path, GAP).instances[0].question).bracket.exact == F(7, 10)


def test_a_claim_inside_an_outer_bracket_is_undecided(tmp_path):
    """The same behind two more bits, where vertices are too many: 49/100 of 7/10 is reached."""
    behind = GAP.replace("{ A = 2, B = 2 }\noutcomes", "{ A = 4, B = 4 }\noutcomes")
    result = bound(asked_file(tmp_path, behind).instances[0].question)
    assert result.bracket.lower == F(49, 100) * F(7, 10)
    assert F(36, 100) < result.bracket.upper <= F(39, 100)
    for claim, wanted in (
        ('at_most = "36/100"', "UNDECIDED"),
        ('at_most = "34/100"', "REFUTED"),
        ('at_most = "39/100"', "PROVED"),
    ):
        file = asked_file(tmp_path, behind, claim)
        found = compared(file, file.instances[0], result)
        assert found.verdict == wanted
        assert found.as_expected == (wanted == "PROVED")
