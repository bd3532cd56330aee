"""Published numbers beside certified brackets: verdicts are worked out, and a wrong digit is seen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.claims.literature import SEEN, Number, judged, rows
from freerand_opt.model.files.catalogue import find

THREE_WEIGHTS = Bracket(Fraction("2.3584740829"), Fraction("2.3584740830"))


@pytest.fixture(scope="module")
def report():
    return [judged(row) for row in rows()]


def test_rows_name_claims_of_the_catalogue_and_how_they_were_read():
    named = {one.claim for row in rows() for one in row.numbers} | {n for row in rows() for n in row.claims}
    assert sorted(name for name in named if find(name.rpartition("/")[2]) is None) == []
    assert {row.seen for row in rows()} <= set(SEEN)
    assert [r.source for r in rows() if not (r.out or r.numbers or r.claims or r.refuted or r.ours)] == []


def test_every_row_is_sound_and_none_is_left_open(report):
    assert [one.row.source for one in report if not one.sound] == []
    assert [one.row.source for one in report if one.verdict == "open"] == []


def test_what_is_remembered_is_neither_confirmed_nor_corrected(report):
    assert {one.verdict for one in report if one.row.seen == "memory"} == {"not seen", "out"}
    assert {one.verdict for one in report if one.row.seen == "derived"} == {"ours", "out"}


def test_the_corrections(report):
    found = [one.row.source for one in report if one.verdict == "corrected"]
    assert found == [
        "arXiv:1105.3195, Lemma 1",
        "arXiv:1105.3195, Theorem 2",
        "arXiv:1105.3195, proof of Theorem 2, second bullet",
        "arXiv:1105.3195, sentence after Conjecture 1",
        "examples of npa-hierarchy",
    ]


def test_a_printed_number_is_compared_to_its_last_digit():
    assert Number("2.358476", "").meets(THREE_WEIGHTS) is False
    assert Number("2.358474", "").meets(THREE_WEIGHTS) is True
    assert Number("2.3585", "").meets(THREE_WEIGHTS) is True
    assert Number("2.3583", "").meets(THREE_WEIGHTS) is False
    assert Number("sqrt(2)", "").meets(Bracket(Fraction(1), Fraction(2))) is None
    assert Number("sqrt(2)", "").meets(Bracket(None, Fraction("1.4"))) is False


def test_a_bound_of_a_level_is_compared_with_one_end():
    wide = Bracket(Fraction(1, 4), Fraction("0.2509397"))
    assert Number("0.25094", "", end="upper").meets(wide) is True
    assert Number("0.25094", "").meets(wide) is None
    assert Number("0.2508", "", end="upper").meets(wide) is False
    assert Number("0.26", "", end="lower").meets(wide) is False
    assert Number("0.25", "", end="lower").meets(wide) is True
    assert Number("0.26", "", end="bound").meets(wide) is True
    assert Number("0.2508", "", end="bound").meets(wide) is None
    assert Number("0.240", "", end="bound").meets(wide) is False


def test_a_wrong_digit_and_a_claim_that_is_not_refuted_are_seen():
    row = next(row for row in rows() if row.source.startswith("Almeida") and row.seen == "elsewhere")
    assert judged(row).verdict == "agree"
    wrong = replace(row, numbers=(replace(row.numbers[0], printed="1.1"),))
    assert judged(wrong).verdict == "corrected"
    assert not judged(replace(row, refuted=("four_parties_odd", ""))).sound
    with pytest.raises(ValueError, match="no instance"):
        judged(replace(row, numbers=(replace(row.numbers[0], instance="another"),)))


def test_the_list_ends_with_the_corrections(freerand):
    run = freerand("list", "--literature")
    assert run.code == 0
    last = " ".join(run.out.split("CORRECTED\n")[-1].split())
    assert "2.358476 printed; [2.3584740829, 2.3584740830] proved, NOT THE SAME" in last
    assert freerand("list", "--literature", "--paper").code == 2
