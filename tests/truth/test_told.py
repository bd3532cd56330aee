"""Attacks in numbers, tests by their names: what a reader is told agrees with the question."""

from __future__ import annotations

import re
from fractions import Fraction as F

import freerand_opt as fr
from freerand_opt.bounds.answers.devices import told
from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.reporting.tested import in_words

GUESS = fr.Ask("guessing-probability", of="A", at=[0, 0])


def limited(tests, scenario=None, ask=GUESS):
    """A question whose attack is written out, box by box."""
    source = fr.MeasurementDependence(0 if scenario else "1/5", "3/10")
    return fr.Question(
        scenario or fr.chsh(), source, adversary=fr.Adversary("no-signalling"), tests=tests, ask=ask
    )


def test_the_only_box_that_wins_chsh_always_is_told_by_its_correlations():
    """P(a = b + xy) = 1 and no signalling leave the box of Popescu and Rohrlich alone."""
    result = fr.bound(limited([fr.Test("chsh", ">=", 4)]))
    told_of = {line.devices for line in result.attack.table()}
    assert all("<A> = 0, 0; <B> = 0, 0; <AB> = 1, 1, 1, -1" in words for words in told_of) or all(
        "no error on the cycle" in words for words in told_of
    )
    result = fr.bound(limited([fr.Test("chsh", ">=", "27/10")]))
    tables = [line.devices for line in result.attack.table() if "table" in line.devices]
    assert tables == ["a no-signalling table, <A> = 0, 0; <B> = 0, 0; <AB> = 1, 1, 1, -1"]


def test_the_numbers_of_states_give_back_the_score_that_is_tested():
    asked = fr.Question(
        fr.chsh(),
        fr.Uniform(),
        adversary=fr.Adversary("quantum", level="1 + A B"),
        tests=[fr.Test("chsh", ">=", "27/10")],
        ask=GUESS,
    )
    total = 0.0
    for line in fr.bound(asked).attack.table():
        found = re.search(r"<AB> = ([^;]*)", line.devices)
        e = [float(F(word)) for word in found[1].split(", ")]
        total += float(line.weight) * (e[0] + e[1] + e[2] - e[3])
    assert abs(total - 2.7) < 1e-3


def test_boxes_with_three_outcomes_are_told_by_chances():
    asked = limited([fr.Test("cglmp", ">=", "29/10")], scenario=fr.cglmp(3))
    attack = fr.bound(asked).attack
    words = [told(one.devices, attack.question) for one in attack if one.devices.answers is None]
    assert words
    for line in words:
        rows = re.findall(r"\(([^)]*)\)", line.replace("P(A)", "").replace("P(B)", ""))
        assert len(rows) == 4
        assert all(abs(sum(float(F(x)) for x in row.split(", ")) - 1) < 1e-3 for row in rows)


def parsed(question):
    from freerand_opt.bounds.answers.about import asked_form

    return read_question(asked_form(question)["question"], Work())


def test_functionals_are_told_by_name_and_by_correlators():
    def said(test, scenario=None):
        q = parsed(limited([test], scenario))
        return in_words(q.tests[0].functional, q)

    assert said(fr.Test("chsh", ">=", "5/2")) == "chsh = E00 + E01 + E10 - E11"
    own = fr.Functional.from_terms({"<A0 B0>": 2, "<A1 B1>": "-1/2"})
    assert said(fr.Test(own, ">=", 1)) == "2 E00 - 1/2 E11"
    assert said(fr.Test("i3322", ">=", 0), fr.i3322()).startswith("i3322")
    assert said(fr.Test(fr.Functional.from_terms({"P(00|00)": 1}), ">=", "1/3")) == ""


def test_a_certificate_says_what_was_tested(tmp_path, freerand):
    fr.bound(limited([fr.Test("chsh", ">=", "27/10")])).save(tmp_path / "proof.json")
    shown = freerand("show", tmp_path / "proof.json")
    assert shown.code == 0
    assert "test 0      chsh = E00 + E01 + E10 - E11 >= 27/10" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_a_threshold_says_what_was_tested(tmp_path, freerand):
    asked = limited([fr.Test("chsh", ">=", "27/10")]).changed(source=fr.SanthaVazirani("1/50"))
    sought = fr.Threshold(of="source.epsilon", between=("0", "1/4"), crosses="9/10")
    fr.bound(asked, threshold=sought).save(tmp_path / "proof.json")
    shown = freerand("show", tmp_path / "proof.json")
    assert shown.code == 0
    assert "test 0      chsh = E00 + E01 + E10 - E11 >= 27/10" in shown.out
