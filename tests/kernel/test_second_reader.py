"""A reader in Rust, with integers of its own, agrees with the kernel on all files that it covers."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work

from . import corpus
from .makers import most, question, read, score
from .test_fold import SOURCES, random_proof
from .test_forgeries import FORGERIES, TEXTS
from .test_mutations import mutant
from .test_straight_paths import ENDS, losses, straight

FOLDER = Path(__file__).parent.parent / "second_reader"
SCORES = FOLDER.parent.parent / "lps/certificates/curves/no_signalling_guess_chsh/score=2..4.json"
#: Forms that it leaves out: operators, relations, thresholds, sums of ratios, irrational numbers.
LEFT_OUT = {
    "orbits",
    "deterministic, root",
    "cells, ratios",
    *(
        name
        for name in corpus.NAMES
        if name.startswith(("squares", "strings", "threshold", "attack, qubits", "attack, states"))
    ),
    "zeros, squares",
    "symmetry",
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("rustc")
    if compiler is None:
        pytest.skip("not run: the second reader is compiled by rustc, which is not here")
    path = tmp_path_factory.mktemp("reader") / "second_reader"
    command = [
        compiler,
        "--edition",
        "2021",
        "-O",
        "-D",
        "warnings",
        "-o",
        str(path),
        str(FOLDER / "main.rs"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return path


def lines(reader: Path, texts: list[bytes], folder: Path) -> list[str]:
    """Return what the reader says of each text."""
    paths = []
    for k, text in enumerate(texts):
        paths.append(folder / f"{k}.json")
        paths[-1].write_bytes(text)
    done = subprocess.run([str(reader), *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def says(raw: Any) -> str:
    """Return what the kernel says, in the reader's words."""
    try:
        report = check(raw, Work(10**7))
    except Unreadable:
        return "UNREADABLE"
    except Rejected:
        return "REJECTED"
    except TooMuch:
        return "TOO MUCH"
    if report.impossible:
        return "OK nothing passes"
    if report.statement == "a strategy exists":
        return f"OK {report.statement}"
    if report.curve is None:
        return "OK " + " ".join("open" if x is None else str(x) for x in (report.lower, report.upper))
    low, high = report.curve.domain
    ends = (report.curve.at(low + (high - low) * k / 8) for k in range(9))
    return "OK " + " ".join(",".join("open" if x is None else str(x) for x in pair) for pair in ends)


def test_honest_certificates(reader: Path, tmp_path: Path) -> None:
    found = dict(
        zip(
            corpus.NAMES,
            lines(reader, [corpus.text(name).encode() for name in corpus.NAMES], tmp_path),
            strict=True,
        )
    )
    assert {name for name, line in found.items() if line.startswith("NOT COVERED")} == LEFT_OUT
    covered = {name: line for name, line in found.items() if name not in LEFT_OUT}
    assert covered == {name: says(corpus.honest(name)) for name in covered}


def _agree(reader: Path, raws: list[Any], folder: Path) -> int:
    """Compare what both say; return how many were covered."""
    covered = 0
    for raw, line in zip(
        raws, lines(reader, [json.dumps(raw).encode() for raw in raws], folder), strict=True
    ):
        mine = says(raw)
        if line.startswith("NOT COVERED") or mine == "TOO MUCH":
            continue
        covered += 1
        assert line == mine if mine.startswith("OK") else line.split()[0] == mine, (line, mine, raw)
    return covered


def test_forgeries(reader: Path, tmp_path: Path) -> None:
    raws = []
    for name, edit, _, _ in FORGERIES.values():
        raws.append(corpus.honest(name))
        edit(raws[-1])
    assert _agree(reader, raws, tmp_path) > 70


def test_mutants(reader: Path, tmp_path: Path) -> None:
    names = [name for name in corpus.NAMES if name not in LEFT_OUT]
    rng = random.Random("second reader")
    raws = [mutant(corpus.honest(name), rng) for name in names for _ in range(40)]
    assert _agree(reader, raws, tmp_path) > 20 * len(names)


@pytest.mark.parametrize("kind", SOURCES)
def test_random_folds(reader: Path, tmp_path: Path, kind: str) -> None:
    """Any lists prove a bound, so that random ones compare the folds of both, number by number."""
    rng = random.Random(7)
    raws = []
    for _ in range(15 if kind.startswith("coded") else 40):
        places = sorted(rng.sample(range(16), 7))
        q = question(
            score([[k // 4, k % 4, f"{rng.randint(1, 9)}/11"] for k in places]), source=SOURCES[kind]
        )
        label = random_proof(kind, rng, read(q).source)
        proof = {"way": "cells", "unit": rng.choice([1, 8, 12]), "labels": [label]}
        prices = {"settings": [str(rng.randint(-3, 3)) for _ in range(4)], "tests": []}
        upper = {"claim": "bound", "prices": prices, "proof": proof}
        head = {"format": "freerand-certificate", "version": 2, "kind": "bracket"}
        raws.append({**head, "question": q, "upper": upper, "attack": None})
    assert all(says(raw).startswith("OK") for raw in raws)
    assert _agree(reader, raws, tmp_path) == len(raws)
    assert _agree(reader, [mutant(raw, rng) for raw in raws for _ in range(4)], tmp_path) > 3 * len(raws)


CURVES: dict[str, Callable[[], dict[str, Any]]] = {
    "a score": lambda: json.loads(SCORES.read_text(encoding="utf-8")),
    "losses": losses,
    "a visibility": lambda: straight("observed.visibility", ENDS, visibility="9/10"),
}


@pytest.mark.parametrize("name", CURVES)
def test_curves_whose_ends_are_lines(reader: Path, tmp_path: Path, name: str) -> None:
    honest = CURVES[name]()
    assert says(honest).count(",") == 9
    assert _agree(reader, [honest], tmp_path) == 1
    rng = random.Random(3)
    raws = [mutant(honest, rng) for _ in range(40)]
    found = lines(reader, [json.dumps(raw).encode() for raw in raws], tmp_path)
    assert sum(line.startswith("NOT COVERED") for line in found) < 5
    for raw, line in zip(raws, found, strict=True):
        # which of two faults is found first is not compared
        refused = line.startswith(("REJECTED", "UNREADABLE"))
        if not line.startswith("NOT COVERED"):
            assert not says(raw).startswith("OK") if refused else says(raw) == line, (line, raw)


def test_a_zero_of_the_middle_alone(reader: Path, tmp_path: Path) -> None:
    """Both refuse a line whose zeros hold where the tested probability is at most 0, and not beyond."""
    raws = [most(places, "0", zeros=[[0, 0, 0]]) for places in (("-1/10", "1/10"), ("0", "1/10"))]
    assert [says(raw) for raw in raws] == ["REJECTED"] * 2
    assert _agree(reader, raws, tmp_path) == 2


def test_texts(reader: Path, tmp_path: Path) -> None:
    codes = {"OK": 0, "REJECTED": 1, "UNREADABLE": 2, "NOT": None}
    found = [codes[line.split()[0]] for line in lines(reader, [text for text, _ in TEXTS.values()], tmp_path)]
    expected = {name: code for name, (_, code) in TEXTS.items()} | {
        "too much work": None
    }  # so large a question
    assert dict(zip(TEXTS, found, strict=True)) == expected
