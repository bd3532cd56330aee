"""The front door: public names, ways in, common mistakes in Python, the notebook from a wheel."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from fractions import Fraction as F
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import freerand_opt as fr

ROOT = Path(__file__).parents[2]
EVE = fr.Adversary("no-signalling")
GUESS = fr.Ask("guessing-probability", of="A", at=(0, 0))
#: 3/2 - S/4 (Pironio et al., arXiv:0911.3427, no-signalling devices)
ANSWER = F(3, 2) - F(27, 10) / 4


def question(**others):
    """The CHSH question with some of its parts replaced."""
    parts = {"source": fr.Uniform(), "adversary": EVE, "tests": [fr.Test("chsh", ">=", "2.7")], "ask": GUESS}
    return fr.Question(fr.chsh(), **(parts | others))


# ------------------------------------------------------------------ names


def test_every_public_name_is_there_and_the_import_is_light():
    code = (
        "import sys, freerand_opt as fr; light = [m for m in ('numpy', 'msgspec') if m in sys.modules]; "
        "assert set(fr.__all__) <= set(dir(fr)); [getattr(fr, name) for name in fr.__all__]; print(light)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_name_that_is_misspelt_gets_the_nearest():
    with pytest.raises(AttributeError, match="no 'SanthaVasirani'; did you mean 'SanthaVazirani'"):
        fr.SanthaVasirani  # noqa: B018


# ------------------------------------------------------------------ one question, many ways in


def test_all_ways_to_ask_have_one_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = question()
    Path("mine.toml").write_text(asked.to_toml())
    ways = [asked, asked.to_dict(), "mine.toml", tmp_path / "mine.toml", fr.read("mine.toml").instances[0]]
    found = {fr.bound(way).bracket.exact for way in ways}
    assert found == {ANSWER}


def test_floats_lie_on_the_safe_side_of_exact_ends():
    result = fr.bound(question(ask=fr.Ask("score", functional={"P(00|00)": "1/3"}), tests=()))
    assert result.upper == F(1, 3)
    assert float(result.lower) < F(1, 3) < float(result.upper)
    assert result.lower <= F(1, 3) <= result.upper


def test_results_are_values(tmp_path):
    result = fr.bound(question())
    again = pickle.loads(pickle.dumps(result))
    assert again == result and hash(again) == hash(result)
    assert "\n" not in repr(result) and len(repr(result)) < 100
    result.save(tmp_path / "proof.json")
    assert fr.load(tmp_path / "proof.json", question()).upper == result.upper


def test_a_certificate_is_loaded_for_its_own_question_alone(tmp_path):
    asked = question(
        source=fr.SanthaVazirani("1/50"), ask=fr.Ask("guessing-probability", of="A", at="average")
    )
    sought = fr.Threshold("source.epsilon", between=[0, "1/4"], crosses="9/10")
    kept = {None: fr.bound(asked), sought: fr.bound(asked, threshold=sought)}
    for threshold, result in kept.items():
        path = tmp_path / f"{result.quantity}.json"
        result.save(path)
        assert fr.load(path, asked, threshold=threshold).bracket == result.bracket
        for other in (
            sought if threshold is None else None,
            fr.Threshold("source.epsilon", between=[0, "1/4"], crosses="4/5"),
        ):
            with pytest.raises(fr.InputError, match="about another question"):
                fr.load(path, asked, threshold=other)
        with pytest.raises(fr.InputError, match="about another question"):
            fr.load(path, asked.changed(tests=[fr.Test("chsh", ">=", "2.6")]), threshold=threshold)
    forged = json.loads(kept[None].certificate)
    forged["attack"]["edges"] = []
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    with pytest.raises(fr.InputError, match=r"forged\.json: proves nothing"):
        fr.load(tmp_path / "forged.json", asked)


# ------------------------------------------------------------------ twenty common mistakes

TABLE = [[[[0.25, 0.25]] * 2] * 2, [[[0.25, 0.25]] * 2, [[0.25, 0.2499999999999999]] * 2]]
#: {mistake: (what is done, words of its one error)}.
MISTAKES = {
    "a scenario is no question": (
        lambda: fr.bound(fr.chsh()),
        "question: Chsh() is none; a Question, a dict, a path",
    ),
    "a list of questions": (
        lambda: fr.bound([question()]),
        "question: [Question(",
        "a Question, a dict, a path",
    ),
    "a claim that is misspelt": (lambda: fr.bound("chsh_local_score"), "did you mean 'chsh_local_score_sv'?"),
    "a file that is not there": (lambda: fr.bound("mine.toml"), "mine.toml: cannot be read: No such file"),
    "a file of several questions": (
        lambda: fr.bound("no_signalling_guess_chsh"),
        "holds 4 questions",
        "take one of read(path).instances",
    ),
    "a dict with a part missing": (
        lambda: fr.bound(
            {"scenario": {"family": "chsh"}, "source": {"kind": "uniform"}, "ask": GUESS.to_dict()}
        ),
        "adversary: is missing; a table with devices",
    ),
    "a source by its class": (
        lambda: question(source=fr.SanthaVazirani),
        "Question.source",
        "write SanthaVazirani(..)",
    ),
    "epsilon under another name": (
        lambda: fr.SanthaVazirani(eps=0.1),
        "epsilon: is missing",
        "did you write 'eps'?",
    ),
    "epsilon in per cent": (lambda: fr.SanthaVazirani(2), "epsilon: 2 is not a rational number in [0, 1/2)"),
    "American spelling": (lambda: fr.Adversary("no-signaling"), "did you mean 'no-signalling'?"),
    "a quantity that is misspelt": (
        lambda: fr.Ask("min_entropy", of="A", at=0),
        "did you mean 'min-entropy'?",
    ),
    "one test, not a list": (
        lambda: question(tests=fr.Test("chsh", ">=", 2.7)),
        "an array of tests is needed",
    ),
    "Python's equality": (lambda: fr.Test("chsh", "==", 2), "did you mean '='?"),
    "settings of one party": (
        lambda: question(ask=fr.Ask("min-entropy", of="A", at=[0])),
        "[0] has 1 settings; the scenario has 2 parties",
    ),
    "a table that sums to 1 - 1e-16": (
        lambda: fr.Behaviour.from_array(TABLE),
        "sum to 9999999999999999/10000000000000000, not to 1",
        "nearest=True",
    ),
    "axes that do not fit": (
        lambda: fr.Behaviour.from_array(np.full((4, 4), 0.25)),
        "2 axes",
        "'abxy' names 4",
    ),
    "an array for a data frame": (
        lambda: fr.Behaviour.from_dataframe(np.ones((2, 2))),
        "a data frame is needed",
    ),
    "a solver that nobody knows": (
        lambda: fr.bound(question(), solver="gurobi"),
        "'gurobi' is not known; allowed: auto",
    ),
    "a negative width": (
        lambda: fr.bound(question(), width=-1e-6),
        "width: -1e-06 is not a rational number from 0 on",
    ),
    "a threshold of a number that is not there": (
        lambda: fr.bound(
            question(), threshold={"of": "source.epsilon", "between": [0, 0.25], "crosses": 0.9}
        ),
        "threshold.of: this source has no epsilon",
    ),
    "a field that is misspelt": (
        lambda: fr.read(ROOT / "docs/howto/protocol.toml", {"source.uper": 0.3}),
        "source.uper: unknown key",
        "did you mean 'upper'?",
    ),
    "a question for a path": (
        lambda: fr.read(question()),
        "file: Question(",
        "the path of a TOML file is needed",
    ),
    "a path for a protocol": (lambda: fr.simulate("rare.toml"), "protocol: 'rare.toml' is none; a Protocol"),
    "a protocol for a question": (
        lambda: fr.read(ROOT / "docs/protocols/rare.toml"),
        "protocol: is no question",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_common_mistake_has_one_clear_error(mistake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made, *words = MISTAKES[mistake]
    with pytest.raises(fr.InputError) as caught:
        made()
    said = str(caught.value)
    assert [word for word in words if word not in said] == [], said
    assert said.isprintable() and len(said) < 500
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # no second error above it


# ------------------------------------------------------------------ the notebook


def test_the_notebook_runs_from_a_wheel_outside_the_repository(tmp_path):
    for needed in ("build", "hatchling"):
        if find_spec(needed) is None:
            pytest.skip(f"not run: needs {needed}")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT]
    env = os.environ | {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    built = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    page = (ROOT / "docs/howto/my-protocol-in-python.md").read_text(encoding="utf-8")
    cells = re.findall(r"```\{code-cell\}\n(.*?)```", page, re.DOTALL)
    assert len(cells) > 8
    home = "import freerand_opt\nprint(freerand_opt.__file__)\n"
    (tmp_path / "page.py").write_text(home + "\n".join(cells))
    run = subprocess.run(
        [sys.executable, "page.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    first, *rest = run.stdout.splitlines()
    assert first.startswith(str(tmp_path / "installed"))
    # four edges with errors (1 - 7/10)/2, hidden where P(edge|w) is least, (12/25)^2: the guess is right with
    # 1/2 + 4 e/(2 * 4 * (12/25)^2) (docs/proofs/chained-leakage.md)
    value = F(1, 2) + 4 * F(3, 20) / (8 * F(12, 25) ** 2)
    assert "OK mine.json" in rest
    assert f"  proved: guessing-probability in [{value}, {value}]" in rest


def test_the_readme_says_what_its_notebook_prints(capsys):
    cell = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[-1]
    held: dict = {}
    exec(cell, held)
    # an error where it is least likely, (12/25)^2, is an outcome known; the score leaves .6 errors in four
    known = F(6, 10) / 4 / F(12, 25) ** 2
    said, many = re.search(r"# (\S+), and (\w+) strategies", cell).groups()
    assert held["result"].upper == F(1, 2) + known / 2 == F(said)
    assert capsys.readouterr().out.startswith(said)
    assert len(held["result"].attack) == ["one", "two", "three", "four", "five"].index(many) + 1
