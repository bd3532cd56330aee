"""Curves against closed forms, breakpoints that are roots by hand, and the same question cell by cell."""

from __future__ import annotations

from fractions import Fraction
from math import log2
from pathlib import Path
from typing import Any

import pytest

import freerand_opt as fr
from freerand_opt.claims.formulas.chained import averaged_leakage
from freerand_opt.numbers.exact import Real, compare


def chained(size: int, devices: str = "no-signalling", epsilon: str = "1/20", **more: Any) -> dict[str, Any]:
    """Return a question about the chained inequality, bits interleaved, the least significant first."""
    tables = {
        "scenario": {"family": "chained", "N": size},
        "source": {
            "kind": "santha-vazirani",
            "epsilon": epsilon,
            "order": "interleaved",
            "bits": "least-significant-first",
        },
        "observed": {"behaviour": "quantum", "settings": "uniform"},
        "adversary": {"devices": devices},
        "test": [{"functional": "chained", "relation": "<=", "score": "observed"}],
        "ask": {"quantity": "trace-distance", "of": "A", "at": [0, 0]},
    }
    return tables | more


@pytest.fixture(scope="module")
def leakage() -> fr.Curve:
    return fr.curve(chained(4), "source.epsilon", (0, "3/25"))


def test_leakage_has_five_functions_and_four_breakpoints(leakage: fr.Curve) -> None:
    """Roots of I_4 (1 + 2e)^j = (1 - 2e)^4/2, j = 3, 2, 1, 0; the first function is I/2 ((1+2e)/(1-2e))^4."""
    assert leakage.formulas == 5
    known = [0.035192664288, 0.040689162347, 0.048058613513, 0.058309698979]
    assert leakage.breaks() == pytest.approx(known, abs=1e-11)
    assert all(
        bracket.width is not None and bracket.width < 1e-18 for _, bracket in leakage.table(places(25))
    )
    assert float(leakage("7/100").upper - Fraction("0.378736854977")) < 1e-11  # type: ignore[operator]


def places(count: int) -> list[Fraction]:
    return [Fraction(3, 25) * k / count for k in range(count + 1)]


def test_cells_of_a_curve_are_the_answers_there(leakage: fr.Curve) -> None:
    for e in ("1/100", "1/30", "1/21", "1/9"):
        result = fr.bound(chained(4, epsilon=e))
        assert result.upper is not None
        upper = leakage(e).upper
        assert upper is not None
        assert compare(upper, result.upper.value) == 0


def test_a_curve_is_solved_for_a_value(leakage: fr.Curve) -> None:
    """I/2 ((1+2e)/(1-2e))^4 = 1/5 at x = (2/(5 I))^(1/4), e = (x - 1)/(2 (x + 1))."""
    root = leakage.root("1/5", "1e-12")
    score = 4 * (1 - 0.5 * (2 + 2**0.5) ** 0.5)
    x = (2 / 5 / score) ** 0.25
    assert float(root.lower or 0) == pytest.approx((x - 1) / (x + 1) / 2, abs=2e-12)  # type: ignore[arg-type]
    with pytest.raises(fr.InputError, match="pass"):
        leakage.root(1)


def test_arguments_of_a_curve(leakage: fr.Curve) -> None:
    for bad in (0.05, "sqrt(2)", "1/2"):
        with pytest.raises(fr.InputError):
            leakage(bad)  # type: ignore[arg-type]
    assert leakage.formula(0).endswith("for epsilon in [0, 3/25]")


def test_a_curve_is_saved_and_read(leakage: fr.Curve, tmp_path: Path) -> None:
    leakage.save(tmp_path / "curve.json")
    assert fr.load_curve(tmp_path / "curve.json", chained(4), "source.epsilon") == leakage
    with pytest.raises(fr.InputError, match="another question"):
        fr.load_curve(tmp_path / "curve.json", chained(2), "source.epsilon")


def test_a_claim_is_named_and_its_grid_gives_way(tmp_path: Path) -> None:
    """2 + 8 e - 8 e^2 at e = 1/20; the file itself lists five values of epsilon."""
    curve = fr.curve("chsh_local_score_sv", "source.epsilon", ("0", "1/8"))
    assert curve("1/20").exact == Fraction(119, 50)
    curve.save(tmp_path / "curve.json")
    assert fr.load_curve(tmp_path / "curve.json", "chsh_local_score_sv", "source.epsilon") == curve
    fr.bound(chained(2)).save(tmp_path / "one.json")
    with pytest.raises(fr.InputError, match="not of a curve"):
        fr.load_curve(tmp_path / "one.json", chained(2), "source.epsilon")


def test_lines_in_the_score() -> None:
    """N = 8, e = 1/20: slopes ((1.1/.9)^k)/2, k = 6..0, then 0 from I = .9^6 = .531441."""
    curve = fr.curve(chained(8), "test.score", (0, "3/5"))
    slopes = {part.terms[1][0] - part.terms[0][0] for part in curve.proved.upper}  # type: ignore[operator]
    assert slopes == {Fraction(11, 9) ** k * Fraction(3, 5) / 2 for k in range(7)} | {Fraction(0)}
    assert curve("531441/1000000").exact == Fraction(1, 2)
    assert all(bracket.exact is not None for _, bracket in curve.table(["0", "1/7", "1/3", "1/2", "3/5"]))


def test_the_local_score_is_one_polynomial() -> None:
    """The least chained score of local devices is (1 - 2e)^(2r), N = 8, e to 1/5."""
    ask = {"quantity": "score", "functional": "chained", "extreme": "smallest"}
    curve = fr.curve(chained(8, "local", test=[], ask=ask), "source.epsilon", (0, "1/5"))
    assert curve.formulas == 1
    for e in ("0", "1/50", "1/7", "1/5"):
        assert curve(e).exact == (1 - 2 * Fraction(e)) ** 6


def test_averaged_leakage_is_its_closed_form() -> None:
    """I_N/(2 (1 - 2e)^(2r)), at most 1/2 (docs/proofs/chained-leakage.md)."""
    tables = chained(4, ask={"quantity": "trace-distance", "of": "A", "at": "average"})
    curve = fr.curve(tables, "source.epsilon", (0, "3/20"))
    for e in ("1/100", "1/20", "1/10"):
        question = fr.Question.from_dict(chained(4, epsilon=e, ask=tables["ask"]))
        wanted = averaged_leakage(question)
        upper = curve(e).upper
        assert isinstance(wanted, Real)
        assert upper is not None
        assert compare(upper, wanted if compare(wanted, Fraction(1, 2)) < 0 else Fraction(1, 2)) == 0


def test_a_band_for_quantum_devices() -> None:
    """Pironio et al. 2010: the guess at CHSH value S is 1/2 + sqrt(2 - S^2/4)/2."""
    question = fr.Question(
        fr.chsh(),
        fr.Uniform(),
        adversary={"devices": "quantum", "level": "1+AB"},
        tests=[fr.Test("chsh", ">=", "5/2")],
        ask=fr.Ask("guessing-probability", of="A", at=[0, 0]),
    )
    curve = fr.curve(question, "test.score", ("12/5", "13/5"), width="1e-3")
    for score in ("12/5", "49/20", "5/2", "13/5"):
        here, s = curve(score), float(Fraction(score))
        wanted = 0.5 + 0.5 * (2 - s**2 / 4) ** 0.5
        assert here.lower is not None
        assert here.upper is not None
        assert compare(here.lower, Fraction(wanted + 1e-7)) < 0 < compare(here.upper, Fraction(wanted - 1e-7))
        assert here.width is not None
        assert here.width < 2e-3


def lossy(quantity: str, devices: str, **observed: Any) -> fr.Question:
    """CHSH with pairs of qubits; B's detector misses, and then says 0."""
    side = {"side_information": "classical"} if devices == "no-signalling" and quantity == "entropy" else {}
    return fr.Question(
        fr.chsh(),
        fr.Uniform(),
        observed=fr.Observed(
            state="phi+", angles={"A": [0, "1/2"], "B": ["1/4", "-1/4"]}, settings="uniform", **observed
        ),
        adversary={"devices": devices, **({"level": "1+AB"} if devices == "quantum" else {}), **side},
        tests=[fr.Test("chsh", ">=", "observed")],
        ask=fr.Ask(quantity, of="A", at=[0, 0]),
    )


@pytest.mark.parametrize(
    ("field", "observed"),
    [
        ("observed.efficiency.B", {"efficiency": {"A": 1, "B": "9/10"}, "no_click": 0}),
        # noise that leaves A unbiased and B's outcome 0: what B's losses do
        (
            "observed.visibility",
            {
                "visibility": "9/10",
                "noise": fr.Behaviour.from_array([[[["1/2", 0], ["1/2", 0]]] * 2] * 2, axes="xyab"),
            },
        ),
    ],
)
def test_scores_that_are_lines_along_a_path(field: str, observed: dict[str, Any]) -> None:
    """S = 2 sqrt 2 x; without signalling the guess is 3/2 - S/4, and the entropy given W is S/2 - 1."""
    for quantity, of in (("guessing-probability", (1.5, -0.25)), ("entropy", (-1.0, 0.5))):
        found = fr.curve(lossy(quantity, "no-signalling", **observed), field, ("3/4", "1"), width="1e-9")
        for x in ("3/4", "4/5", "17/19", "1"):
            here, wanted = found(x), of[0] + of[1] * 2 * 2**0.5 * float(Fraction(x))
            assert here.lower is not None
            assert here.upper is not None
            assert float(here.lower) == pytest.approx(wanted, abs=1e-8)
            assert float(here.upper) == pytest.approx(wanted, abs=1e-8)
        assert found.formulas == 1


def test_an_entropy_against_one_partys_efficiency() -> None:
    """Acin et al. 2007 at S = 2 sqrt 2 eta: convex in eta, so above are chords and below lines."""
    asked = lossy("entropy", "quantum", efficiency={"A": 1, "B": "9/10"}, no_click=0)
    found = fr.curve(asked, "observed.efficiency.B", ("3/4", "99/100"), width="1/10")
    for x in ("3/4", "4/5", "9/10", "19/20", "99/100"):
        p = (1 + (2 * float(Fraction(x)) ** 2 - 1) ** 0.5) / 2
        here, wanted = found(x), 1 + p * log2(p) + (1 - p) * log2(1 - p)
        assert here.lower is not None
        assert here.upper is not None
        assert float(here.lower) - 1e-9 <= wanted <= float(here.upper) + 1e-9
        assert float(here.width or 1) < 0.1


def test_losses_of_all_parties_have_none() -> None:
    asked = lossy("entropy", "quantum", efficiency="9/10", no_click=0)
    with pytest.raises(fr.InputError, match=r"has no curve: scores are no lines.*observed\.efficiency\.B"):
        fr.curve(asked, "observed.efficiency", ("3/4", "1"))


def test_other_numbers_of_a_source_have_none() -> None:
    asked = fr.Question(
        fr.chsh(),
        fr.Product(joint="3/10"),
        adversary=fr.Adversary("local"),
        ask=fr.Ask("score", functional="chsh"),
    )
    for source, field in ((fr.Product(joint="3/10"), "joint"), (fr.OnAverage(distance="1/10"), "distance")):
        with pytest.raises(fr.InputError, match=r"has no curve; a source's are in source\.epsilon"):
            fr.curve(asked.changed(source=source), f"source.{field}", ("3/10", "2/5"))


@pytest.mark.parametrize(
    ("field", "between", "words"),
    [
        ("source.epsilon", ("1/8", "0"), "first < second"),
        ("source.epsilon", (0.0, "1/8"), "exact"),
        ("source.epsilon", ("0", "9/10"), "9/10 is not"),
        ("test.score", ("0", "2"), "no strategy|open"),
        ("scenario.N", ("2", "4"), "no curve"),
    ],
)
def test_what_has_no_curve(field: str, between: Any, words: str) -> None:
    with pytest.raises(fr.InputError, match=words):
        fr.curve(chained(4, "local"), field, between)


@pytest.mark.parametrize("size", [2, 4])
def test_the_least_local_score_under_measurement_dependence(size: int) -> None:
    """P(s|w) >= l: each local box errs at one setting, which it has with l at least, so I is N^2 l."""
    asked = chained(
        size, "local", test=[], ask={"quantity": "score", "functional": "chained", "extreme": "smallest"}
    )
    asked["source"] = {"kind": "measurement-dependence", "lower": 0}
    found = fr.curve(asked, "source.lower", (0, Fraction(1, size**2)))
    assert (found.formulas, len(found.proved.lower), len(found.proved.points)) == (1, 1, 0)
    for k in range(9):
        x = Fraction(k, 8 * size**2)
        assert found(x).exact == size**2 * x


@pytest.mark.parametrize("end", ["lower", "upper"])
def test_cells_of_a_curve_in_limits_are_the_answers_there(end: str) -> None:
    asked = chained(2, test=[{"functional": "chained", "relation": "<=", "score": "1/5"}])
    asked["source"] = {"kind": "measurement-dependence", end: "1/4"}
    ends = (Fraction(0), Fraction(1, 4)) if end == "lower" else (Fraction(1, 4), Fraction(1, 2))
    found = fr.curve(asked, f"source.{end}", ends)
    assert found.proved.lower
    for k in range(8):
        x = ends[0] + (ends[1] - ends[0]) * (2 * k + 1) / 17
        here, wanted = found(x), fr.bound({**asked, "source": {**asked["source"], end: str(x)}}).bracket
        assert here.upper == wanted.upper
        assert wanted.lower - Fraction(1, 10**8) < here.lower <= wanted.upper
