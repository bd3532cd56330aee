"""Sweeps over any number of a question by key path, and the names of their cells."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

from freerand_opt.errors import InputError
from freerand_opt.model import Adversary, Ask, Question, SanthaVazirani, Test, Uniform, chained, chsh
from freerand_opt.model.tables.grid import grid
from freerand_opt.model.tables.text import Digits
from freerand_opt.model.tables.values import steps, values_of, with_values

BASE = Question(
    chsh(),
    SanthaVazirani("1/10"),
    adversary=Adversary("quantum", level="1 + A B"),
    tests=[Test({"<A0 B0>": 1, "<A1>": "1/2"}, ">=", "1/2"), Test("chsh", ">=", "2.5")],
    ask=Ask("guessing-probability", of="A", at=[0, 0]),
)


def varied(**values):
    return Question.from_dict(
        with_values(BASE.to_dict(), {key.replace("__", "."): x for key, x in values.items()})
    )


def at(path, value):
    return Question.from_dict(with_values(BASE.to_dict(), {path: value}))


def test_every_number_can_be_set():
    assert varied(source__epsilon="1/20").source.epsilon == F(1, 20)
    assert at("test[1].score", 2.6).tests[1].score == F(13, 5)
    assert at('test[0].terms."<A1>"', 3).tests[0].functional.terms == (("<A0 B0>", 1), ("<A1>", 3))
    assert at("ask.at", [1, 0]).ask.at == (1, 0)
    assert at("ask.at[1]", 1).ask.at == (0, 1)
    assert at("adversary.level", 2).adversary.level == "2"
    assert at("scenario", {"family": "chained", "N": 2}).scenario == chained(2)
    alone = {**BASE.to_dict(), "test": BASE.to_dict()["test"][1:]}
    assert Question.from_dict(with_values(alone, {"test.score": "2.7"})).tests[0].score == F(27, 10)
    settings = with_values(BASE.to_dict(), {"observed.settings": {"00": 1}, "source": {"kind": "free"}})
    settings = with_values(settings, {'observed.settings."00"': "1/2", "observed.settings.11": 0.5})
    assert settings["observed"]["settings"] == {"00": "1/2", "11": 0.5}


def test_tables_are_not_changed_in_place():
    table = BASE.to_dict()
    with_values(table, {"test[1].score": 3, "source.epsilon": 0})
    assert Question.from_dict(table) == BASE


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("test.score", "test has 2 entries; write which, as test[0].score"),
        ("test[2].score", "test has 2 entries; the first is test[0]"),
        ("source.epsilon.x", "'1/10' is a text; a field of it (x) cannot be set"),
        ("ask.at.x", "a field of it (x) cannot be set"),
        ("", "no path of a field"),
        ("[0]", "no path of a field"),
        ("test[x]", "no path of a field"),
        ("source..epsilon", "no path of a field"),
        ("source.epsilon ", "no path of a field"),
    ],
)
def test_paths_that_lead_nowhere(path, words):
    with pytest.raises(InputError) as caught:
        with_values(BASE.to_dict(), {path: 0})
    assert words in str(caught.value)


def test_steps_of_a_path():
    assert steps("test[0].score") == ["test", 0, "score"]
    assert steps('test[10].terms."<A0 B0>"') == ["test", 10, "terms", "<A0 B0>"]
    assert steps("observed.settings.'00'") == steps("observed.settings.00") == ["observed", "settings", "00"]


def test_values_of_texts():
    assert list(values_of("0 : 3/25 : 1/100", "x")) == [0, *(str(F(k, 100)) for k in range(1, 13))]
    assert values_of("0:1/10:1/100", "x")[-1] == "1/10"
    assert list(values_of("2:2.8:0.05", "x")) == [2, *(str(2 + F(k, 20)) for k in range(1, 17))]
    assert values_of("0:1/10:1/100", "x")[8:] == ["2/25", "9/100", "1/10"]
    assert list(values_of("1 : 1 : 1", "x")) == [1]
    assert list(values_of("-1 : 1 : 1", "x")) == [-1, 0, 1]
    assert list(values_of("1/2, sqrt(2), 3", "x")) == ["1/2", "sqrt(2)", 3]
    assert list(values_of("[0, 0]", "x")) == [[0, 0]]
    assert list(values_of("[0, 0], [1, 1]", "x")) == [[0, 0], [1, 1]]
    assert list(values_of('{ kind = "uniform" }', "x")) == [{"kind": "uniform"}]
    with pytest.raises(InputError, match="a list"):
        values_of(Digits("0.1"), "x")


def test_values_of_lists_and_arrays():
    assert values_of([1, "a"], "x") == [1, "a"]
    assert values_of((F(1, 2), F(2), 0.1), "x") == ["1/2", 2, "0.1"]
    assert values_of(np.linspace(0, 0.5, 3), "x") == ["0.0", "0.25", "0.5"]
    assert values_of(np.arange(3), "x") == [0, 1, 2]
    assert values_of(np.array([0.1], dtype=np.float32), "x") == ["0.1"]
    assert values_of([[0, np.int64(1)]], "x") == [[0, 1]]


def test_a_sweep_of_floats_is_exact():
    points = np.linspace(0, 0.3, 4)  # 0.09999999999999999 is among them, and stays what it is
    made = grid(BASE.to_dict(), {"source.epsilon": points})
    found = [Question.from_dict(made.cell(k).body).source.epsilon for k in range(made.size)]
    assert found == [F(repr(float(x))) for x in points]
    made = grid(BASE.to_dict(), {"source.epsilon": np.round(points, 12)})
    found = [Question.from_dict(made.cell(k).body).source.epsilon for k in range(made.size)]
    assert found == [0, F(1, 10), F(1, 5), F(3, 10)]


def test_names_of_cells_say_the_value():
    axes = {"test[0].score": [1, F(1, 2)], "test[1].score": "2:2.2:0.1", "ask.at": [[0, 0], (1, 1)]}
    made = grid(BASE.to_dict(), axes)
    assert made.size == 12
    last = made.cell(11)
    assert last.label == "test[0].score=1/2 test[1].score=11/5 at=[1, 1]"
    assert last.at == (("test[0].score", "1/2"), ("test[1].score", "11/5"), ("ask.at", "[1, 1]"))
    of = grid(BASE.to_dict(), {"ask.of": [{"majority": ["A"]}, ["A", "B"], "B"]})
    assert [of.cell(k).label for k in range(3)] == ["of={ majority = [A] }", "of=[A, B]", "of=B"]
    for k in range(3):
        assert "'" not in of.cell(k).label
        Question.from_dict(of.cell(k).body)


def test_alternatives_by_name():
    alternatives = {"nobody": {"kind": "uniform"}, "bits": {"kind": "mutual", "epsilon": "1/10"}}
    made = grid({**BASE.to_dict(), "grid": {"source": alternatives, "test[1].score": [2, 3]}}, {})
    cells = [made.cell(k) for k in range(made.size)]
    assert [cell.label for cell in cells] == [
        "nobody score=2",
        "nobody score=3",
        "bits score=2",
        "bits score=3",
    ]
    assert [(cell.row, cell.column) for cell in cells[1:3]] == [("score=3", "nobody"), ("score=2", "bits")]
    assert Question.from_dict(cells[0].body).source == Uniform()
