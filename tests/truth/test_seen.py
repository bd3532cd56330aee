"""What an attack and a face look like: state, angles, P(ab|xy), figure; words that the zeros eliminate."""

from __future__ import annotations

import csv
from math import cos, pi, sin, sqrt
from pathlib import Path

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.bounds.answers.seen import angle_words, seen

CERTIFICATES = Path(__file__).parents[2] / "sdps" / "certificates"


def score(settings, terms, level="1"):
    question = {
        "scenario": {"settings": dict(zip("AB", settings, strict=True)), "outcomes": {"A": 2, "B": 2}},
        "source": {"kind": "uniform"},
        "adversary": {"devices": "quantum", "level": level},
        "ask": {"quantity": "score", "terms": terms},
    }
    return fr.bound(fr.Question.from_dict(question)).attack[0]


@pytest.mark.parametrize(("turn", "words"), [(0, "0"), (pi, "pi"), (-pi / 8, "-1/8 pi"), (1, "0.3183 pi")])
def test_angles_in_words(turn, words):
    assert angle_words(turn) == words


@pytest.mark.parametrize("beta", ["0", "1/2", "1"])
def test_a_state_and_its_angles_give_the_table_back(beta):
    """<A> = cos 2t cos a, <A B> = cos a cos b + sin 2t sin a sin b."""
    terms = {
        "<A0 B0>": 1,
        "<A0 B1>": 1,
        "<A1 B0>": 1,
        "<A1 B1>": -1,
        **({"<A0>": beta} if beta != "0" else {}),
    }
    one = score((2, 2), terms)
    held = one.devices.seen
    theta = float(held.state.split("t = ")[1].removesuffix("pi").strip().replace("1/4", ".25")) * pi
    for s in range(4):
        (xa, _, za), (xb, _, zb) = held.directions[0][s // 2], held.directions[1][s % 2]
        both = za * zb + sin(2 * theta) * xa * xb
        a, b = cos(2 * theta) * za, cos(2 * theta) * zb
        table = [(1 + u * a + v * b + u * v * both) / 4 for u in (1, -1) for v in (1, -1)]
        assert [float(one.row(s).get(o, 0)) for o in range(4)] == pytest.approx(table, abs=2e-4)


def test_the_tetrahedron_of_the_elegant_functional():
    """Gisin, quant-ph/0702021: orthogonal directions on one side, a regular tetrahedron on the other."""
    signs = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    one = score((3, 4), {f"<A{x} B{y}>": signs[y][x] for x in range(3) for y in range(4)})
    left, right = (np.array(own) for own in one.devices.seen.directions)
    assert left @ left.T == pytest.approx(np.eye(3), abs=1e-4)
    assert right @ right.T == pytest.approx((4 * np.eye(4) - 1) / 3, abs=1e-4)


def test_exact_angles_are_seen_without_a_state_in_integers():
    form = {"kind": "qubits", "state": ["0", "1"], "angles": [["0", "1/2"], ["1/4", "-1/4"]]}
    assert seen(form).lines() == [
        "state cos t |00> + sin t |11>, t = 1/4 pi",
        "A 0: 0, 1: 1/2 pi",
        "B 0: 1/4 pi, 1: -1/4 pi",
        "angles from Z to X",
    ]


def test_an_attack_on_the_screen(freerand):
    """(1 + 1/sqrt 2)/4 is what each outcome without error has."""
    run = freerand("show", str(CERTIFICATES / "chsh_quantum_guess" / "maximal_violation.json"))
    assert run.code == 0
    right = f"{(1 + 1 / sqrt(2)) / 4:.4f}".removeprefix("0")
    assert [line.split() for line in run.out.splitlines()][-4:-1] == [
        [settings, right, ".0732", ".0732", right] for settings in ("00", "01", "10")
    ]


def test_an_attack_as_a_figure(freerand, tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "attack.svg"
    run = freerand("plot", str(CERTIFICATES / "chsh_quantum_guess" / "main.json"), "-o", str(out))
    assert run.code == 0, run.err
    assert out.stat().st_size > 1000
    rows = list(csv.DictReader(out.with_suffix(".csv").read_text(encoding="utf-8").splitlines()))
    total = {}
    for row in rows:
        key = row["series"], row["x"].split("|")[1]
        total[key] = total.get(key, 0) + float(row["lower"])
    assert len(total) == 8
    assert list(total.values()) == pytest.approx([1] * 8, abs=1e-8)


def test_a_certificate_without_attack_is_no_figure(freerand, tmp_path):
    found = fr.bound(
        fr.Question.from_dict(
            {
                "scenario": {"family": "chsh"},
                "source": {"kind": "uniform"},
                "adversary": {"devices": "quantum", "level": "1 + A B"},
                "test": [{"functional": "chsh", "relation": ">=", "score": 3}],
                "ask": {"quantity": "guessing-probability", "of": "A", "at": [0, 0]},
            }
        )
    )
    path = tmp_path / "none.json"
    path.write_text(found.certificate)
    run = freerand("plot", str(path), "-o", str(tmp_path / "none.svg"))
    assert run.code == 2
    assert "no attack" in run.err


def test_the_face_of_perfect_ghz_relations(freerand):
    """Stabilisers: A0 B0 C0 = -1, A0 B1 C1 = 1, A1 B0 C1 = 1, A1 B1 C0 = 1 on the state."""
    run = freerand("show", "ghz_uniform_outcome")
    for line in ("A0 B0 = - C0 on", "A0 B1 = C1 on", "A1 B0 = C1 on", "A1 B1 = C0 on"):
        assert line in run.out


def test_the_face_of_hardys_zeros(freerand):
    """P(01|01) = 0 says (1 + A0)(1 - B1) = 0 on the state: A0 B1 = 1 - B1 + A0."""
    run = freerand("show", "hardy_quantum_score")
    assert "A0 B1 = 1 - B1 + A0 on" in run.out
    assert "1 guess: 1 psd blocks of 6 x 6" in run.out


def test_moments_are_read_back_and_asked_for_again():
    """At 2 sqrt 2 the observables of a side anticommute; with <A0 A1> = 1/2 the score is 1 + sqrt 3."""
    chsh = {"<A0 B0>": 1, "<A0 B1>": 1, "<A1 B0>": 1, "<A1 B1>": -1}
    question = {
        "scenario": {"family": "chsh"},
        "source": {"kind": "uniform"},
        "adversary": {"devices": "quantum", "level": "1 + A B"},
        "ask": {"quantity": "score", "terms": chsh},
    }
    free = fr.bound(question).attack
    assert float(free.moment("<A0 A1>")) == pytest.approx(0, abs=1e-6)
    assert float(sum(x * free.moment(name) for name, x in chsh.items())) == pytest.approx(sqrt(8))
    held = {**question, "moment": [{"terms": {"<A0 A1>": 1}, "relation": "=", "bound": "1/2"}]}
    bound = fr.bound(held)
    assert bound.attack.moment("<A1 A0>") == bound.attack.moment("<A0 A1>")
    assert float(bound.attack.moment("<A0 A1>")) == pytest.approx(0.5, abs=1e-9)
    assert float(bound.upper) == pytest.approx(1 + sqrt(3))
    with pytest.raises(fr.InputError, match="C0 is no operator"):
        free.moment("<C0>")
