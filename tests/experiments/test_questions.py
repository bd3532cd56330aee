"""Questions about data in files: the table [data], answers, reports and verbs."""

from __future__ import annotations

import html.parser
from fractions import Fraction

import numpy as np
import pytest
from players import steady

import freerand_opt as fr
from freerand_opt.errors import InputError
from freerand_opt.experiments import commands, figures
from freerand_opt.experiments.answer import answer
from freerand_opt.experiments.bits import Bits
from freerand_opt.experiments.design import design
from freerand_opt.experiments.forms import FORMATS
from freerand_opt.experiments.report import render
from freerand_opt.model import Question, SanthaVazirani, chsh

from .shared import DELFT, at_rate, noisy, spread_over

FILE = """
title = "A run"
[scenario]
family = "chsh"
[source]
kind = "santha-vazirani"
epsilon = "1/1000"
[observed]
behaviour = "quantum"
visibility = "0.99"
[adversary]
devices = "no-signalling"
[ask]
quantity = "bits"
[data]
counts = "run.csv"
[[instances]]
name = "local realism"
adversary = { devices = "local" }
ask = { quantity = "p-value", method = "game", functional = "chsh" }
"""


def write(folder, values, name="run.csv"):
    rows = [f"{k >> 3},{k >> 2 & 1},{k >> 1 & 1},{k & 1},{n}\n" for k, n in enumerate(values)]
    (folder / name).write_text("x,y,a,b,n\n" + "".join(rows))


def question(**tables):
    base = {
        "scenario": {"family": "chsh"},
        "source": {"kind": "uniform"},
        "observed": {"behaviour": "quantum", "visibility": "0.99"},
        "adversary": {"devices": "no-signalling"},
        "ask": {"quantity": "bits"},
        "data": {"counts": "run.csv"},
    }
    return Question.from_dict(base | tables)


def test_delft_from_a_file(tmp_path):
    """Published: P = 0.039 (Nature 526, 682)."""
    write(tmp_path, DELFT)
    asked = question(
        adversary={"devices": "local"}, ask={"quantity": "p-value", "method": "game", "functional": "chsh"}
    )
    assert answer(asked, tmp_path).value == pytest.approx(0.0390777, abs=5e-8)


def test_file_to_report(tmp_path):
    write(tmp_path, spread_over(85_000, 15_000).values)
    (tmp_path / "run.toml").write_text(FILE)
    report = " ".join(commands.experiment(tmp_path / "run.toml").split())
    for words in (
        "bits certified",
        "(A1) in every round",
        "[499/1000, 501/1000]",
        "classical side information only",
        "fixed before the 100000 scored trials; plan: theory",
        "the number of trials was fixed beforehand",
        "heralded before the settings were chosen",
        "against no-signalling devices with this source: P = 1",
        "settings 11: 25000 of 100000",
        "cryptomite.Toeplitz",
        "P-value against local devices",
        "game: 85000 wins of 100000",
        "derived there, its proof read by a second reader",
    ):
        assert words in report, words
    assert "proved" not in report


class Reader(html.parser.HTMLParser):
    """Every tag that is opened is closed."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_reports_in_all_forms(tmp_path):
    write(tmp_path, spread_over(850, 150).values)
    found = answer(question(data={"counts": "run.csv", "error": "1/100"}), tmp_path)
    assert isinstance(found, Bits)
    pages = {form: render(found, form, "Run <1> & 50%") for form in FORMATS}
    pages["text"] = " ".join(pages["text"].split())
    for page in pages.values():
        assert "classical side information" in page
    assert "<1>" in pages["text"] and "&lt;1&gt; &amp;" in pages["html"] and r"\& 50\%" in pages["latex"]
    reader = Reader()
    reader.feed(pages["html"].removeprefix("<!doctype html>"))
    assert reader.open == []
    assert pages["latex"].count(r"\begin{itemize}") == pages["latex"].count(r"\end{itemize}") == 6
    assert pages["markdown"].startswith("# Run \\<1> & 50%\n")


def test_what_was_read_off_the_data_certifies_nothing(tmp_path):
    write(tmp_path, spread_over(85_000, 15_000).values)
    found = answer(question(data={"counts": "run.csv", "success": "observed"}), tmp_path)
    page = render(found)
    assert found.value == 0 and "NOT certified" in page and "only a run with this L planned" in page


def test_uniform_settings_that_the_data_refute(tmp_path):
    values = list(spread_over(85_000, 15_000).values)
    values[:4] = [3 * n for n in values[:4]]
    write(tmp_path, values)
    with pytest.raises(InputError, match="refute the source"):
        answer(question(), tmp_path)
    asked = question(adversary={"devices": "local"}, ask={"quantity": "p-value"})
    assert "THE DATA SPEAK AGAINST THE SOURCE" in " ".join(render(answer(asked, tmp_path)).split())


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"data": {"counts": "run.csv", "training": "1/10"}}, "counts alone cannot be split"),
        ({"data": {"counts": "run.csv", "training": "run.csv"}}, "no training"),
        ({"data": {"counts": "run.csv", "stop": "best"}}, "needs the trials in order"),
        ({"data": {"trials": "run.dat"}}, "ends in none of"),
        ({"data": {}}, "either counts or trials"),
        ({"data": {"trials": "t.u8", "training": 2}}, "no share"),
        ({"data": {"trials": "t.u8", "training": "most"}}, "none of"),
        ({"data": {"trials": "t.u8", "columns": {"rows": 1}}}, "unknown key"),
        ({"data": {"counts": "run.csv", "rounds": "independent"}}, "under any memory"),
        ({"data": None}, "need it"),
        ({"ask": {"quantity": "strategy"}}, "belongs to the quantities"),
        ({"ask": {"quantity": "p-value", "method": "game"}}, "needs the functional"),
        ({"ask": {"quantity": "bits", "method": "game"}}, "no such key"),
        ({"test": [{"functional": "chsh", "relation": ">=", "score": 2}]}, "has no tests"),
    ],
)
def test_tables_that_do_not_go_together(tables, words):
    with pytest.raises(InputError, match=words):
        question(**tables)


def test_questions_about_data_have_no_program():
    with pytest.raises(InputError, match="has no program"):
        question().problem()
    asked = question(
        data={"trials": "t.csv", "columns": {"values": {"a": {"+": 0}}, "n": "N"}, "training": "1/5"}
    )
    import tomllib

    assert Question.from_dict(tomllib.loads(asked.to_toml())) == asked


def test_what_an_answer_needs(tmp_path):
    write(tmp_path, DELFT)
    with pytest.raises(InputError, match="needs a behaviour"):
        answer(question(observed={}), tmp_path)
    with pytest.raises(InputError, match="not in the folder"):
        answer(question(data={"counts": "../run.csv"}), tmp_path)
    (tmp_path / "again.csv").write_text((tmp_path / "run.csv").read_text() + "\n")
    with pytest.raises(InputError, match="scored data themselves"):
        answer(question(data={"counts": "run.csv", "training": "again.csv"}), tmp_path)
    with pytest.raises(InputError, match="bits are certified of parties"):
        answer(question(ask={"quantity": "bits", "of": {"parity": ["A", "B"]}}), tmp_path)
    asked = {"quantity": "p-value", "method": "game", "terms": {"P(00|00)": 1, "P(11|00)": 2}}
    with pytest.raises(InputError, match="values at settings"):
        answer(question(adversary={"devices": "local"}, ask=asked), tmp_path)


def test_trials_earlier_runs_and_parties(tmp_path):
    cells = steady(noisy(0.97))(np.random.default_rng(8), 1, 60_000)[0]
    cells.tofile(tmp_path / "t.u8")
    cells[:20_000].tofile(tmp_path / "old.u8")
    first = answer(
        question(data={"trials": "t.u8", "training": "1/10"}, ask={"quantity": "bits", "of": "A"}), tmp_path
    )
    assert first.success and first.factor.condition.of == (0,) and first.counts.total == 54_000
    assert first.certificate["data"]["sha256"] is not None
    old = answer(question(data={"trials": "t.u8", "training": "old.u8"}), tmp_path)
    assert old.success and "an earlier run of 20000 trials" in old.words[0]
    best = answer(
        question(
            data={"trials": "t.u8", "stop": "best"},
            adversary={"devices": "local"},
            ask={"quantity": "p-value"},
        ),
        tmp_path,
    )
    assert "running maximum, reached after trial" in best.words[1]


def test_quantum_devices_from_a_file(tmp_path):
    write(tmp_path, spread_over(85_000, 15_000).values)
    ordinary = answer(question(), tmp_path)
    quantum = answer(question(adversary={"devices": "quantum", "level": "1 + A B"}), tmp_path)
    assert quantum.value > 2 * ordinary.value > 0
    with pytest.raises(InputError, match="proved at level '1 \\+ A B'"):
        answer(question(adversary={"devices": "quantum", "level": "2"}), tmp_path)


def test_python_first(tmp_path):
    write(tmp_path, DELFT)
    counts = fr.Counts.from_csv(tmp_path / "run.csv", chsh())
    held = fr.setup(chsh(), SanthaVazirani("1/100"), "local")
    assert fr.p_value(counts, held, training=at_rate(0.8)).value < 1
    assert fr.bits(counts, held.devices("no-signalling"), training=noisy(0.9), error="1/10").value == 0
    assert fr.Trials.from_array([0, 1], chsh()).counts().total == 2


def test_figures_show_what_they_are_given():
    held = fr.setup(chsh(), SanthaVazirani("1/100"), "no-signalling")
    counts = spread_over(850, 150)
    trials = fr.Trials.from_array(steady(noisy(0.9))(np.random.default_rng(0), 1, 500)[0], chsh())
    logs = np.log2(np.linspace(0.9, 1.1, 16))
    line = figures.running_log(trials.running(logs)).lines[0]
    assert line.get_ydata()[-1] == pytest.approx(trials.running(logs).trace[-1][1])
    drawn = figures.settings(held, counts)
    assert [text.get_text() for text in drawn.get_xticklabels()] == ["00", "01", "10", "11"]
    designs = [design(held, noisy(0.99), n, Fraction(1, 100)) for n in (1000, 100_000)]
    drawn = figures.bits_against_trials(designs)
    assert list(drawn.lines[0].get_ydata()) == [each.bits for each in designs if each.bits > 0]
