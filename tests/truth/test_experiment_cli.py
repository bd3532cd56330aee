"""Counts and trials on the command line: pages, JSON, certificates, exit codes, and what is refused."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from players import steady

import freerand_opt

#: Hensen et al. 2015 (Nature 526, 682): n(ab|xy) of 245 events, by x, y, a, b.
DELFT = (23, 3, 4, 23, 33, 11, 5, 30, 22, 10, 6, 24, 4, 20, 21, 6)
FILE = """
scenario.family = "chsh"
source.kind = "santha-vazirani"
source.epsilon = "0"
adversary.devices = "local"
ask.quantity = "p-value"
ask.method = "game"
ask.functional = "chsh"
data.counts = "spins.csv"
"""
BITS = """
scenario.family = "chsh"
source.kind = "santha-vazirani"
source.epsilon = "1/100"
observed.behaviour = "quantum"
observed.visibility = "0.95"
adversary.devices = "no-signalling"
ask.quantity = "bits"
data.trials = "run.u8"
data.training = "1/10"
data.error = "1/1000"
"""
HOWTO = Path(freerand_opt.__file__).parents[1] / "docs" / "howto"


@pytest.fixture
def folder(tmp_path):
    """A folder with the events of 2015, and 20,000 trials of the CHSH optimum at visibility .98, in order."""
    rows = [f"{k >> 3},{k >> 2 & 1},{k >> 1 & 1},{k & 1},{n}\n" for k, n in enumerate(DELFT)]
    (tmp_path / "spins.csv").write_text("x,y,a,b,n\n" + "".join(rows))
    (tmp_path / "spins.toml").write_text(FILE)
    win = (1 + 0.98 / 2**0.5) / 2
    cells = [(win if (k >> 1 ^ k) & 1 == (k >> 3 & k >> 2) & 1 else 1 - win) / 8 for k in range(16)]
    steady(cells)(np.random.default_rng(4), 1, 20_000)[0].astype(np.uint8).tofile(tmp_path / "run.u8")
    (tmp_path / "run.toml").write_text(BITS)
    other = FILE.partition("ask.")[0] + 'ask.quantity = "score"\nask.functional = "chsh"\n'
    (tmp_path / "other.toml").write_text(other)
    return tmp_path


def test_published_p_values(freerand, folder):
    """.039 (Nature 526, 682), and the exact tails for biased settings."""
    run = freerand("experiment", folder / "spins.toml", "source.epsilon=0,1/1000,1/100,1/50", "--json")
    assert (run.code, run.err) == (0, "")
    found = [float(row["p_value"]) for row in run.data]
    assert found == pytest.approx([0.0390777, 0.0421615, 0.0795116, 0.1454718], abs=5e-8)
    assert all("(A1)" in row["hypotheses"][0] and row["no_signalling"]["p_value"] == "1" for row in run.data)


def test_a_page_and_a_certificate_that_others_check(freerand, folder):
    proof = folder / "proof.json"
    run = freerand("experiment", folder / "spins.toml", "-o", proof)
    words = " ".join(run.out.split())
    assert run.code == 0 and f"wrote {proof}" in run.err
    assert "checked: P-value against local devices <= 0.03908" in words
    assert "read by a second reader" in words and "proved" not in words
    assert max(map(len, run.out.splitlines())) <= 80
    checked = freerand("check", proof, "--counts", folder / "spins.csv")
    assert checked.code == 0 and checked.out.startswith(f"CHECKED {proof}\n")
    lines = re.findall(r"^  (\w+):", checked.out, re.MULTILINE)
    assert lines == ["parties", "devices", "source", "data", "game", "before", "checked", "theorem"]
    (folder / "spins.csv").write_text("x,y,a,b,n\n0,0,0,0,1\n")
    assert freerand("check", proof, "--counts", folder / "spins.csv").code == 1
    absent = freerand("check", folder / "absent.json", "--counts", folder / "spins.csv")
    assert absent.code == 2 and "no such text file" in absent.err
    forged = json.loads(proof.read_text())
    forged["claim"]["wins"] = forged["claim"]["wins"][:-1]
    proof.write_text(json.dumps(forged, indent=1))
    (row,) = freerand("check", proof, "--json").data
    assert row["ok"] and f"{196 - DELFT[14]} wins" in row["lines"][5]  # another statement, and it says so


def test_bits_of_ordered_trials(freerand, folder):
    run = freerand("experiment", folder / "run.toml", "--json", "--certificates", folder / "proofs")
    (row,) = run.data
    # 18,000 scored trials; no run can certify more than an honest box at this visibility emits:
    # the no-signalling rate omega - (1 - omega)(1 - q^2)/q^2, q = .49 (closed form of (E'), beta -> 0)
    win, q = (1 + 0.98 / 2**0.5) / 2, 0.49
    assert run.code == 0 and 0 < row["bits"] < 18_000 * (win - (1 - win) * (1 - q**2) / q**2)
    assert row["trials"] == 18_000 and row["later"] == "any" and row["of"] == ["A", "B"]
    assert any("condition (E)" in line for line in row["hypotheses"])
    proof = folder / "proofs" / "run" / "main.json"
    checked = freerand("check", proof, "--counts", folder / "run.u8")
    assert checked.code == 0 and "later: condition (E)" in checked.out
    assumed = freerand("experiment", folder / "run.toml", "data.later=independent of outcomes", "--json")
    assert assumed.data[0]["bits"] > row["bits"]
    assert any("(A2), assumed" in line for line in assumed.data[0]["hypotheses"])


def test_no_bits_is_no_success(freerand, folder):
    run = freerand("experiment", folder / "run.toml", "source.epsilon=1/5", "-o", folder / "none.json")
    assert run.code == 1 and "NOT certified" in run.out and "no certificate to write" in run.err
    assert not (folder / "none.json").exists()
    run = freerand("experiment", folder / "run.toml", "data.success=observed", "--json")
    assert run.code == 1 and run.data[0]["because"] == "the threshold was read off the data"


def test_plans_of_runs_to_come(freerand, folder):
    """The data are not there yet; what is planned is what the run that comes then certifies."""
    text = (HOWTO / "run.toml").read_text()
    (folder / "plan.toml").write_text(text)
    run = freerand("experiment", folder / "plan.toml", "--plan", "20000", "--wanted", "1000", "--json")
    assert run.code == 0
    stated, assumed, fair, quantum = run.data
    assert [row["assumed"][:8] for row in run.data] == ["as state", "(A2), (E", "fair set", "quantum "]
    (folder / "run.csv").write_text((HOWTO / "run.csv").read_text())
    (row, _) = freerand("experiment", folder / "plan.toml", "--json").data
    assert row["bits"] == pytest.approx(stated["bits"], abs=0.1) and row["k"] == stated["k"]
    assert 0 == stated["gain"] < assumed["gain"] < fair["gain"] < quantum["gain"]
    assert stated["bits"] + quantum["gain"] == pytest.approx(quantum["bits"], abs=0.2)
    assert 1000 < quantum["least trials"] < fair["least trials"] < stated["least trials"] < 20_000
    # the game is won locally from the epsilon with 1 - (1/2 - eps)^2 = omega on: none above certifies
    local = 0.5 - (1 - (1 + 0.97 / 2**0.5) / 2) ** 0.5
    assert 0.01 < stated["largest epsilon"] < assumed["largest epsilon"] < local


def test_a_plan_as_a_page(freerand, folder):
    page = folder / "plan.html"
    wrong = freerand("experiment", folder / "run.toml", "--wanted", "5")
    assert wrong.code == 2 and "belongs to --plan" in wrong.err
    run = freerand("experiment", folder / "run.toml", "--plan", "20000,100000", "--page", page)
    assert run.code == 0 and f"wrote {page}" in run.err and "no statement" in " ".join(run.out.split())
    assert max(map(len, run.out.splitlines())) <= 80 and "quantum devices, (E)" in run.out
    text = page.read_text()
    assert text.count("<svg") == 1 and text.count("<tr>") == 9 and "assumption (A2)" in text


def test_signals(freerand, folder):
    run = freerand("experiment", folder / "spins.toml", "--signals")
    assert run.code == 0 and "P = 1" in " ".join(run.out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("experiment", "spins.toml", "data.counts=gone.csv"), "gone.csv"),
        (("experiment", "spins.toml", "data.counts=../spins.csv"), "not in the folder"),
        (("experiment", "spins.toml", "data.training=1/10"), "counts alone cannot be split"),
        (("experiment", "spins.toml", "ask.quantity=bits"), "no such key"),
        (("experiment", "spins.toml", "--as", "pdf"), "allowed: text, markdown, latex, html"),
        (("experiment", "spins.toml", "--plan", "1e6"), "numbers of trials"),
        (("experiment", "spins.toml", "--plan", "1000"), "a plan is made"),
        (("experiment", "spins.toml", "-o", "here.txt"), "a .json file"),
        (("experiment", "spins.toml", "--signals", "-o", "here.json"), "stand alone"),
        (("experiment", "source.epsilon=0"), "no question file"),
        (("experiment", "other.toml"), "freerand bound"),
        (("bound", "spins.toml"), "freerand experiment"),
        (("check", "spins.toml", "--counts", "gone.csv"), "cannot be read"),
    ],
)
def test_one_clear_error(freerand, folder, monkeypatch, arguments, words):
    monkeypatch.chdir(folder)
    run = freerand(*arguments)
    assert run.code == 2 and run.out == "" and words in run.err
    assert run.err.startswith("error: ") and run.err.count("\n") == 1


def test_counts_as_probabilities(freerand, folder):
    text = FILE.replace("data.counts", "observed.table").replace('ask.quantity = "p-value"', "")
    text = text.replace('ask.method = "game"', 'ask.quantity = "score"')
    (folder / "old.toml").write_text(text)
    run = freerand("bound", folder / "old.toml")
    assert run.code == 2 and "[data], counts" in run.err and "freerand experiment" in run.err


def test_other_certificates_have_their_own_checkers(freerand, folder):
    assert freerand("bound", "chsh_local_score_sv", "--certificates", folder, "-q").code == 0
    (proof, *_) = sorted(folder.glob("chsh_local_score_sv/*.json"))
    assert freerand("check", proof).out.startswith("OK ")
    run = freerand("check", proof, "--counts", folder / "spins.csv")
    assert run.code == 2 and "about counts" in run.err


def test_the_example_of_the_howto(freerand, tmp_path):
    """A simulated run: the P-value and the bits of one CSV file, and certificates that check."""
    run = freerand("experiment", HOWTO / "run.toml", "--certificates", tmp_path)
    assert run.code == 0 and "bits certified" in run.out
    proofs = sorted((tmp_path / "run").glob("*.json"))
    assert len(proofs) == 2 and max(map(os.path.getsize, proofs)) < 200_000
    assert freerand("check", *proofs, "--counts", HOWTO / "run.csv", "--jobs", "1").code == 0
