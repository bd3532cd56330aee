"""Programs without interior: faces, the tail of their multipliers, and half programs by exchange."""

from __future__ import annotations

import copy
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.model.catalogue import find
from freerand_opt.first.attacks.zeros import cleaned, forbidden
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.certificates import faces as exact
from freerand_opt.first.certificates.certify import multipliers
from freerand_opt.first.programs.build import build
from freerand_opt.first.programs.faces import echelon
from freerand_opt.first.programs.moments import triangle
from freerand_opt.first.programs.quantum_box import Quantum, chances
from freerand_opt.first.solvers import clarabel, exchanged, faces
from freerand_opt.numbers.exact import compare, enclose, sqrt

HARDY = (5 * sqrt(F(5)) - 11) / 2  # arXiv:1205.3280


def question(name, overrides=None, place=0):
    return fr.read(find(name), overrides or {}).instances[place].question


def test_perfect_relations_leave_a_fair_outcome():
    """Colbeck and Renner's last paragraph; the multipliers of no face prove it to 1e-4 only."""
    result = fr.bound(question("ghz_uniform_outcome"))
    assert F(1, 2) <= result.bracket.upper < F(1, 2) + F(1, 10**10)
    assert result.bracket.lower == F(1, 2)
    checker.check(result.certificate)
    wrong = copy.deepcopy(result.certificate)
    wrong["answer"]["upper"] = wrong["multipliers"]["bound"] = "1/2"
    with pytest.raises(checker.CertificateError):
        checker.check(wrong)


def test_hardys_zeros():
    """The states of the attack have the zeros exactly, which the checker sees."""
    result = fr.bound(question("hardy_quantum_score"))
    assert compare(result.bracket.upper, HARDY) >= 0
    assert compare(result.bracket.upper, HARDY + F(1, 10**9)) < 0
    assert compare(result.bracket.lower, HARDY) <= 0
    assert compare(result.bracket.lower, HARDY - F(1, 10**6)) > 0
    wrong = copy.deepcopy(result.certificate)
    wrong["attack"]["strategies"][0]["box"]["state"][0] += 1
    with pytest.raises(checker.CertificateError):
        checker.check(wrong)


def test_a_state_is_projected_to_where_forbidden_outcomes_do_not_occur():
    asked = question("hardy_quantum_score")
    zeros = forbidden(asked)
    named = {(asked.scenario.joint_outcomes[o], asked.scenario.joint_settings[s]) for o, s in zeros}
    assert named == {((0, 1), (0, 1)), ((1, 0), (1, 0)), ((0, 0), (1, 1))}
    plain, turned = (((1, 0),), ((0, 1),)), (((3, 4),), ((4, -3),))
    box = cleaned(asked, Quantum((2, 2), (5, 1, 2, 7), ((plain, turned), (plain, turned)), ""))
    assert all(chances(box, asked.scenario.joint_settings[s])[o] == 0 for o, s in zeros)
    # four forbidden outcomes at one setting leave nothing
    whole = replace(asked.tests[0].functional, terms=tuple((o, 0, F(1)) for o in range(4)))
    barred = replace(asked, tests=(replace(asked.tests[0], functional=whole),))
    assert cleaned(barred, box) is None


def test_the_largest_chsh_score_leaves_a_fair_outcome():
    """The kernel is irrational here."""
    asked = next(
        i for i in fr.read(find("chsh_quantum_guess")).instances if i.name.startswith("maximal")
    ).question
    program = build(asked).above.program
    shown = faces.exposed(program, None)
    assert [kernel.shape for kernel in shown.kernels] == [(9, 5), (9, 5)]  # two qubits: rank 4 is left
    upper = fr.bound(asked).bracket.upper
    assert compare(upper, F(1, 2)) >= 0
    assert compare(upper, F(1, 2) + F(1, 10**10)) < 0


def test_a_program_with_interior_has_no_face():
    assert faces.exposed(build(question("chsh_quantum_guess")).above.program, None) is None


def test_what_exposes_a_face_is_known_to_many_digits():
    """A'y + G*(K K') = 0 and b.y = 0, computed here entry by entry."""
    program = build(question("ghz_uniform_outcome")).above.program
    shown = faces.exposed(program, None)
    tail = exact.refined(program, shown.multipliers, shown.kernels)
    unit = 2**exact.DIGITS
    weights = {row: F(value, unit) for row, value in tail.values.items()}
    assert all(value >= 0 for row, value in weights.items() if not program.zero_rows[row])
    for (start, size), kernel in zip(program.psd_blocks, tail.kernels, strict=True):
        i, j = triangle(size)
        for place, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
            entry = sum(F(x * y, unit**2) for x, y in zip(kernel[a], kernel[b], strict=True))
            weights[start + place] = entry if a == b else 2 * entry
    columns, side = [F(0)] * program.shape[1], F(0)
    for row, weight in weights.items():
        side += weight * sum(enclose(program.right[row])) / 2
        for column, value in program.matrix.row(row):
            columns[column] += weight * value
    assert max(map(abs, columns)) < F(1, 10**29)
    assert abs(side) < F(1, 10**29)


def test_the_echelon_form_spans_the_same_space():
    kernel = np.random.default_rng(0).normal(size=(7, 3))
    form = echelon(kernel)
    assert np.linalg.matrix_rank(np.hstack([kernel, form])) == 3
    units = [row for row in form.tolist() if sorted(map(abs, row)) == [0, 0, 1]]
    assert len({tuple(row) for row in units}) == 3


# ------------------------------------------------------------------ the exchange of guesses


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(exchanged, "MIN_COLUMNS", 1)


def test_half_the_program_has_the_same_optimum(small):
    made = build(question("chained_quantum_guess_sv", {"adversary.devices": "quantum"})).above
    assert exchanged.applies(made)
    sizes = []

    def run(program, limit):
        sizes.append(program.shape[1])
        return clarabel.solve(program, time_limit=limit)

    half = exchanged.solve(made, run)
    assert sizes == [made.program.shape[1] // 2]
    whole = clarabel.solve(made.program)
    ends = [float(multipliers(made.program, found).bound) for found in (half, whole)]
    assert ends[0] == pytest.approx(ends[1], abs=2e-6)


def test_no_exchange_where_a_test_tells_outcomes_apart(small):
    asked = question("chsh_quantum_guess")
    assert exchanged.applies(build(asked).above)
    terms = asked.tests[0].functional.terms
    tilted = replace(asked.tests[0].functional, terms=(*terms[1:], (*terms[0][:2], terms[0][2] + 1)))
    other = replace(asked, tests=(replace(asked.tests[0], functional=tilted),))
    assert not exchanged.applies(build(other).above)
    score = question("chsh_quantum_score")
    assert not exchanged.applies(build(score).above)
