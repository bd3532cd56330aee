"""What notebooks show: exact numbers in LaTeX, tables that are escaped and short."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from html.parser import HTMLParser

import pytest
from msgspec import structs

import freerand_opt as fr
from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.model import families
from freerand_opt.model.files.catalogue import find
from freerand_opt.model.problem import Parties
from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import cos_pi, log2, sqrt
from freerand_opt.numbers.parse import parse
from freerand_opt.programs.npa.matrix import moment_matrix


class Cells(HTMLParser):
    """Read the cells of tables; elements must be closed in order."""

    def __init__(self, body):
        super().__init__()
        self.open, self.rows = [], []
        self.feed(body)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def found():
    file = fr.read(find("chained_leakage_fixed_sv"), {"scenario.N": "2", "source.epsilon": "1/20"})
    return fr.verify(file, file.instances[0])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (F(-3, 7), r"-\frac{3}{7}"),
        (1 - sqrt(F(2)) / 2, r"1 - \frac{1}{2} \, \sqrt{2}"),
        (F(5), "5"),
    ],
)
def test_exact_numbers_in_latex(value, words):
    assert markup.latex(value) == words


@pytest.mark.parametrize("value", [F(1, 3), sqrt(F(2)), cos_pi(F(1, 16)) - F(2, 9), log2(F(3, 5)) + 1])
def test_latex_is_what_matplotlib_can_set(value):
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(f"${markup.latex(value)}$")
    assert MathTextParser("path").parse(Bracket(value, value)._repr_latex_())


def test_a_bracket_without_one_number_is_its_decimals():
    assert Bracket(F(1, 3), F(2, 3))._repr_latex_() == "$[0.3333333333, 0.6666666667]$"


def test_a_result_shows_both_ends_exactly_and_its_attack_every_value_of_w(found):
    rows = Cells(found.result._repr_html_()).rows
    facts = {row[0]: row[1] for row in rows if len(row) == 2}
    assert parse(facts["lower end"]) == found.result.bracket.lower
    assert parse(facts["upper end"]) == found.result.bracket.upper
    assert facts["certificate"] == found.result.digest
    rows = Cells(found.result.attack._repr_html_()).rows
    assert rows[0] == ["weight", "devices", "settings"]
    weights = [float(F(row[0])) for row in rows[1:]]
    assert len(weights) == len(found.result.attack)
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1, abs=1e-5)


def test_a_claim_shows_its_verdict(found):
    assert ["verdict", "PROVED"] in Cells(found._repr_html_()).rows


def test_texts_are_escaped(found):
    body = replace(
        found, file=structs.replace(found.file, claim="<script>alert(1)</script> & so on")
    )._repr_html_()
    assert "<script>" not in body
    assert ["claim", "<script>alert(1)</script> & so on"] in Cells(body).rows


def test_answers_show_a_row_each(tmp_path):
    answers = fr.sweep(
        "chained_leakage_fixed_sv",
        {"scenario.N": "2", "source.epsilon": "0:1/10:1/20"},
        store=tmp_path,
    )
    assert len(Cells(answers._repr_html_()).rows) == 1 + 3
    assert repr(answers).startswith("Answers(3 questions: ")
    assert len(repr(answers)) < 200


def test_a_functional_is_a_sum_in_latex():
    found = fr.Functional.from_terms({"<B0 A0>": 1, "<A12>": "-1/2", "PAC(01|10)": 2, "<A[1|0] B0>": 3})
    assert found._repr_latex_() == (
        r"$\langle A_{0} B_{0} \rangle - \frac{1}{2} \, \langle A_{12} \rangle"
        r" + 3 \, \langle A_{[1|0]} B_{0} \rangle + 2 \, P_{AC}(01|10)$"
    )


def test_a_result_is_a_row_of_a_frame():
    frame = fr.bound(fr.read(find("no_signalling_guess_chsh")).instances[0].question).to_frame()
    assert len(frame) == 1
    assert frame.lower_float[0] <= float(parse(frame.lower[0])) <= frame.upper_float[0]


def shown(scenario):
    rows = [families.behaviour("quantum", scenario)(s) for s in range(scenario.shape[0])]
    return fr.Behaviour(scenario, rows)


def test_a_behaviour_shows_its_probabilities():
    rows = Cells(shown(fr.chsh())._repr_html_()).rows
    assert rows[0] == ["P(outcomes|settings)", "00", "01", "10", "11"]
    assert rows[1] == ["00", *["1/4 + 1/8*sqrt(2)"] * 3, "1/4 - 1/8*sqrt(2)"]


def test_large_tables_are_cut_short():
    rows = Cells(shown(fr.chained(16))._repr_html_()).rows
    assert {len(row) for row in rows} == {markup.MOST + 1}
    assert rows[0][-1] == "..."


def test_a_moment_matrix_is_shown_in_words():
    rows = Cells(moment_matrix(Parties((2, 2), (2, 2)), "1")._repr_html_()).rows
    assert rows[0] == ["", "1", "A0", "A1", "B0", "B1"]
    assert rows[1][1] == "<1>"
    assert rows[2][4] == "<A0 B0>"
