"""The committed curves: each is read, checked, and compared with a closed form along its interval."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction as F
from math import cos, pi, sqrt
from pathlib import Path

import pytest

import freerand_opt as fr
from freerand_opt.model.files.catalogue import curves, find
from freerand_opt.model.files.file import read

FOLDER = curves()
LIST = Path(__file__).parents[2] / "reports" / "curves.txt"


def errors(n: int) -> float:
    """Return the chained score of the quantum correlations."""
    return n * (1 - cos(pi / (2 * n)))


def fixed(n: int, e: float) -> float:
    """Return g applied 2r times to min(1, I/(1-2e)^(2r)), halved (docs/proofs/chained-leakage, 3)."""
    count = 2 * (n.bit_length() - 1)
    t = min(1.0, errors(n) / (1 - 2 * e) ** count)
    for _ in range(count):
        t = min((1 + 2 * e) * t, (1 - 2 * e) * t + 2 * e)
    return t / 2


def local(n: int, e: float) -> float:
    return float((1 - 2 * e) ** (2 * (n.bit_length() - 1)))


def mermin(score: float) -> float:
    """Return Woodhead, Bourdoncle and Acin's guess (arXiv:1804.09733)."""
    if score >= 2 + sqrt(2):
        return 1 / 2 + sqrt(score * (4 - score)) / 4
    return min(1.0, 1 + sqrt(2) / 2 - score / 4)


#: Closed forms f(N, x), and how wide a certified band may be.
FORMS: dict[str, tuple[Callable[[int, float], float], float]] = {
    "chained_leakage_fixed_sv": (fixed, 1e-9),
    "chained_leakage_average_sv": (lambda n, e: min(0.5, errors(n) / 2 / local(n, e)), 1e-9),
    "chained_local_score_sv": (local, 1e-9),
    "chsh_local_score_sv": (lambda n, e: 4 - 8 * (0.5 - e) ** 2, 1e-9),
    "chsh_local_score_sources": (lambda n, e: 4 - 8 * (0.5 - e) ** 2, 1e-9),
    "measurement_dependence_scores": (lambda n, low: 4 - 8 * low, 1e-9),
    "hardy_local_score_sources": (lambda n, e: 1 - 4 * (0.5 - e) ** 2, 1e-9),
    "mermin_local_score_sources": (lambda n, e: 4 - 16 * (0.5 - e) ** 3, 1e-9),
    "ladder_leakage_sv": (lambda n, e: 328537 / 360937, 1e-9),
    "no_signalling_guess_chsh": (lambda n, s: 1.5 - s / 4, 1e-9),
    "chained_guess": (lambda n, v: min(1.0, (1 + v * errors(n) + (1 - v) * n) / 2), 1e-9),
    "chsh_quantum_guess": (lambda n, s: 0.5 + 0.5 * sqrt(2 - s * s / 4), 2e-3),
    "mermin_quantum_guess": (lambda n, m: mermin(m), 2e-3),
}


def committed() -> list[Path]:
    return [] if FOLDER is None else sorted(FOLDER.rglob("*.json"))


def test_ten_questions_have_committed_curves() -> None:
    """Each line of the list has its file, and each file is named in the list."""
    lines = [line.split()[0] for line in LIST.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) >= 10
    assert {path.parent.name for path in committed()} == set(lines) == set(FORMS)


@pytest.mark.parametrize("path", committed(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_committed_curve_is_the_closed_form(path: Path) -> None:
    form, width = FORMS[path.parent.name]
    words = dict(word.split("=") for word in path.stem.split("_") if "=" in word)
    size = int(words.pop("N", 2))
    (name,) = words
    places = {"epsilon": "source.epsilon", "lower": "source.lower"}
    places |= {"score": "test.score", "visibility": "observed.visibility"}
    claim = find(path.parent.name)
    assert claim is not None
    first = json.loads(path.read_text())["upper"] or json.loads(path.read_text())["points"]
    low = first[0].get("from", first[0].get("at"))
    fields = {places[name]: [low], **({"scenario.N": [size]} if "N=" in path.stem else {})}
    question = read(claim, fields, keep=lambda variant, _: not variant).instances[0].question
    curve = fr.load_curve(path, question, places[name])
    low, high = curve.between
    for x, (lower, upper) in zip(
        (steps := [low + (high - low) * F(k, 24) for k in range(25)]), curve.floats(steps), strict=True
    ):
        wanted = form(size, float(x))
        assert lower <= wanted + 1e-12
        assert upper >= wanted - 1e-12
        assert upper - lower < width
        if x in (low, high):
            bracket = curve(x).to_row()
            assert lower <= bracket["lower_float"] <= bracket["upper_float"] <= upper  # type: ignore[operator]
