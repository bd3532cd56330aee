"""Sums of biases of some parties, and under violated relations: against other formulations and theorems."""

from __future__ import annotations

import copy
from dataclasses import replace
from fractions import Fraction as F

import pytest

import freerand_opt as fr
from freerand_opt.errors import InputError
from freerand_opt.first.answers.biases import optimum as optimum_of_relations
from freerand_opt.first.answers.robust import Growth, growth, question
from freerand_opt.first.certificates import check
from freerand_opt.first.certificates.certify import multipliers, objective_value, point
from freerand_opt.first.formulas.questions import ghz_robust
from freerand_opt.first.model.lemniscate import half_constant
from freerand_opt.first.model.relations import Relations
from freerand_opt.first.programs.build import by_relations
from freerand_opt.first.programs.ghz_polynomial import coefficients
from freerand_opt.first.programs.program import Labels, Rows, conic_program, constant, integer_rows, vector
from freerand_opt.first.solvers.highs import solve

K_LOWER = half_constant(120)[0]


def optimum(program):
    """Both ends, exactly; they have to meet."""
    solution = solve(program)
    bound = multipliers(program, solution).bound
    assert objective_value(program, point(program, solution)) == bound
    return bound


def of_polynomials(k):
    """Structure theorem (S): max k gamma_1 over W with |arg W| <= pi/4 at the points of {1, -1, i, -i}^k."""
    entries, right, row = [], [], 0
    for a in range(k + 1):
        for b in range(k + 1 - a):
            for c in range(k + 1 - a - b):
                real, imaginary = coefficients((a, b, c, k - a - b - c))
                for sign in (1, -1):
                    right.append(F(real[0]))
                    entries += [(row, d - 1, F(sign * imaginary[d] - real[d])) for d in range(1, k + 1)]
                    row += 1
    matrix, bounds = integer_rows(entries, right, k)
    names = Labels("{0}", (tuple(map(str, range(row))),))
    goal = vector([F(k)] + [F(0)] * (k - 1))
    rows = [Rows("nonnegative", matrix, bounds, names)]
    columns = (Labels("gamma {0}", (tuple(map(str, range(1, k + 1))),)),)
    return conic_program(
        rows, objective=goal, lower=constant(-1, k), upper=constant(1, k), column_labels=columns
    )


def some(folder, parties, letters, at=0, violated="0", more=""):
    path = folder / "mine.toml"
    of = "[" + ", ".join(f'"{letter}"' for letter in letters) + "]"
    path.write_text(
        f'[scenario]\nfamily = "ghz"\nM = {parties}\n[source]\nkind = "uniform"\n'
        '[adversary]\ndevices = "no-signalling"\n'
        f'[[test]]\nrelations = "mermin"\nviolated = "{violated}"\n'
        f'[ask]\nquantity = "sum-of-biases"\nof = {of}\nat = {at}\n{more}'
    )
    [instance] = fr.read(path).instances
    return instance.question


@pytest.mark.parametrize("k", range(1, 9))
def test_biases_of_some_parties_are_those_of_polynomials(k, tmp_path):
    """T4: for every M > k; T1: at most K."""
    best = optimum(of_polynomials(k))
    assert best <= K_LOWER
    for parties in (max(3, k + 1), k + 4):
        for at in (0, 1):
            asked = some(tmp_path, parties, "ABCDEFGHIJKL"[:k], at)
            assert fr.bound(asked).bracket.exact == best


def test_all_parties_but_one_bound_all():
    """T1': B <= M/(M-1) C_(M-1), since every party is left out once."""
    for parties in range(3, 10):
        some_of_them = optimum(of_polynomials(parties - 1))
        for weight in (0, 1, 2):
            assert growth(parties, weight).perfect <= some_of_them * F(parties, parties - 1)


def test_three_parties_reach_slope_two():
    """Mixing with the box that says +1 always (violation 1, sum 3) gives 1 + 2 v, and no more is possible."""
    assert growth(3, 0) == growth(3, 2) == Growth(F(1), F(2))
    for v in (F(1, 7), F(1, 2), F(1)):
        assert fr.bound(question(3, 0, v)).bracket.exact == 1 + 2 * v
    assert fr.bound(question(3, 0, F(2))).bracket.exact == 3


@pytest.mark.parametrize("parties", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("weight", [0, 1, 2])
def test_growth_is_what_is_claimed(parties, weight):
    """The line holds beyond the step; T6 and the conjectured bound hold; the perfect value is another's."""
    found = growth(parties, weight)
    kind = ("even", "odd", "opposite")[weight]
    asked = optimum_of_relations(Relations(parties, kind))[1]
    assert found.perfect == asked.value
    for v in (F(1, 100), F(1, 3), F(2)):
        asked = question(parties, weight, v)
        exact = fr.bound(asked).bracket.exact
        assert exact <= found.perfect + found.slope * v
        assert exact <= ghz_robust(asked)
        assert exact**2 <= 2 * (K_LOWER * (1 + 6 * v) * F(parties, parties - 1)) ** 2


def test_a_relabelled_input_has_the_same_growth():
    """Weights 0 and 4, 1 and 3, of four and five parties: relabelling keeps v (proof, section 1)."""
    assert growth(4, 0) == growth(4, 4)
    assert growth(5, 0) == growth(5, 4)
    assert growth(5, 1) == growth(5, 3)


def test_growth_is_not_claimed_where_the_curve_bends(monkeypatch):
    monkeypatch.setattr("freerand_opt.first.answers.robust.STEP", F(1))
    assert growth(3, 0) is None


def test_certificates_of_sums_of_biases():
    asked = question(4, 2, F(1, 10))
    body = fr.bound(asked, name="n", instance="i").certificate
    report = check.check(body)
    assert (report.lower, report.upper) == ("22/15", "22/15")  # 4/3 (1 + v)
    raw = check._read_many(body["question"])
    assert check._many_program(raw, raw.violated, raw.whole) == by_relations(asked).below.program.plain
    for key, value, words in (
        ("values", [1 - x for x in body["question"]["ask"]["values"]], "values"),
        ("values", body["question"]["ask"]["values"][::-1], "counts the outcomes 1"),
        ("at", [0, 0, 0, 0], "digest"),
        ("parties", [0, 1, 2], "length"),
        ("quantity", "guessing-probability", "digest"),
    ):
        wrong = copy.deepcopy(body)
        wrong["question"]["ask"][key] = value
        with pytest.raises(check.CertificateError, match=words):
            check.check(wrong)
    wrong = copy.deepcopy(body)
    wrong["answer"]["upper"] = "21/15"
    with pytest.raises(check.CertificateError, match="upper"):
        check.check(wrong)


def test_faults(tmp_path):
    with pytest.raises(InputError, match="no party"):
        some(tmp_path, 4, "AZ")
    with pytest.raises(InputError, match=r"ask\.at"):
        some(tmp_path, 4, "AB", at='"average"')
    with pytest.raises(InputError, match="negative"):
        some(tmp_path, 4, "AB", violated="-1")
    asked = some(tmp_path, 4, "AB")
    assert asked.ask.output.label == "AB"
    with pytest.raises(ValueError, match="named parties"):
        ghz_robust(replace(asked, relations=None))
