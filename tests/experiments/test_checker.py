"""Certificates about counts: honest ones pass, forged ones do not, and the checker stands alone."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from fractions import Fraction

import pytest

from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.reading import load
from freerand_opt.data import Counts
from freerand_opt.experiment_checker.__main__ import checked, digest_of
from freerand_opt.experiment_checker.document import check, log_product
from freerand_opt.experiments.bits import bits
from freerand_opt.experiments.certificate import bits_claim, document, save, text
from freerand_opt.experiments.cuts import chsh_terms, orbit, prove, quantum, sharp_cuts, tsirelson_cuts
from freerand_opt.experiments.factors import best_factor
from freerand_opt.experiments.games import wins
from freerand_opt.experiments.pvalue import p_value
from freerand_opt.experiments.setup import setup
from freerand_opt.model import Free, MeasurementDependence, SanthaVazirani, Uniform, chsh

from .shared import DELFT, guess_cuts, noisy, spread_over

COUNTS = spread_over(85_000, 15_000)


@pytest.fixture(scope="module")
def certified():
    held = setup(chsh(), SanthaVazirani("1/100"), "no-signalling")
    found = bits(COUNTS, held, training=noisy(0.99), error="2^-64", success=Fraction(100))
    assert found.success and found.value > 0
    return found


def again(certificate):
    return json.loads(text(certificate))


def test_bits_are_proved_again(certified):
    report = check(load(text(certified.certificate)))
    assert report.log2 == certified.value
    assert len(text(certified.certificate)) < 200_000


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda c: c["claim"].update(threshold="100000"), Rejected),
        (lambda c: c["claim"].update(threshold="1"), Rejected),
        (lambda c: c["claim"].update(error="0"), Unreadable),
        (lambda c: c["claim"].update(error="2"), Unreadable),
        (lambda c: c["claim"].update(power=0), Unreadable),
        (lambda c: c["claim"].update(power=True), Unreadable),
        (lambda c: c["claim"].update(later="never"), Unreadable),
        (lambda c: c["claim"].update(of=[]), Unreadable),
        (lambda c: c["claim"].update(of=[1, 0]), Unreadable),
        (lambda c: c["claim"].update(of=[0], later="independent of outcomes"), Rejected),
        (lambda c: c["claim"].update(centre={"all": "1/2", "but": []}), Unreadable),
        (lambda c: c["claim"].update(centre=["1", "0", "0", "0"]), Unreadable),
        (lambda c: c["claim"]["factor"].pop(), Unreadable),
        (lambda c: c["claim"]["factor"].__setitem__(0, -1), Unreadable),
        (lambda c: c["claim"].update(training="theory"), Unreadable),
        (lambda c: c["data"]["counts"].__setitem__(0, -1), Unreadable),
        (lambda c: c["data"]["counts"].pop(), Unreadable),
        (lambda c: c["data"].update(counts=[0] * 16), Rejected),
        (lambda c: c["data"].update(sha256="A" * 64), Unreadable),
        (lambda c: c.update(version=True), Unreadable),
        (lambda c: c.update(devices="local-ish"), Unreadable),
        (lambda c: c.update(devices="quantum"), Unreadable),
        (lambda c: c.update(cuts=[]), Unreadable),
        (lambda c: c.update(distribution=["1/4"] * 3 + ["1/8"]), Unreadable),
        (lambda c: c.update(distribution={"all": "1/4", "but": []}), Unreadable),
        (lambda c: c["source"].update(epsilon="2/3"), Unreadable),
        (lambda c: c["source"].update(epsilon="9/20"), Rejected),
        (lambda c: c.pop("data"), Unreadable),
    ],
)
def test_forged_bits_are_refused(certified, change, error):
    forged = again(copy.deepcopy(certified.certificate))
    change(forged)
    with pytest.raises(error):
        check(forged)


def test_a_larger_factor_gains_nothing(certified):
    """A factor is divided by its own maximum: scaling it changes nothing, raising one cell cannot help for
    free.
    """
    scaled = again(certified.certificate)
    scaled["claim"]["factor"] = [2 * x for x in scaled["claim"]["factor"]]
    assert check(scaled).log2 == certified.value
    raised = again(certified.certificate)
    lost = [k for k, n in enumerate(COUNTS.values) if n < 3000]
    for k in lost:
        raised["claim"]["factor"][k] *= 4
    with pytest.raises(Rejected, match="below the threshold"):
        check(raised)


def test_counts_file_must_be_the_one_named(tmp_path):
    path = tmp_path / "counts.csv"
    rows = [f"{k >> 3},{k >> 2 & 1},{k >> 1 & 1},{k & 1},{n}\n" for k, n in enumerate(DELFT)]
    path.write_text("x,y,a,b,n\n" + "".join(rows))
    found = p_value(
        Counts.from_csv(path, chsh()), setup(chsh(), Uniform(), "local"), game=wins(chsh(), "chsh")
    )
    save(found.certificate, tmp_path / "proof.json")
    code, lines = checked(str(tmp_path / "proof.json"), digest_of(str(path)))
    assert (
        code == 0
        and "0.0390777" in lines[-1]
        and any("245 trials, the file at hand" in line for line in lines)
    )
    path.write_text(path.read_text().replace(",23\n", ",24\n"))
    code, lines = checked(str(tmp_path / "proof.json"), digest_of(str(path)))
    assert code == 1 and "not the one" in lines[0]


def test_forged_games():
    held = setup(chsh(), Uniform(), "local")
    honest = p_value(Counts(chsh(), DELFT), held, game=wins(chsh(), "chsh")).certificate
    for change, error in [
        (lambda c: c["claim"].update(wins=[0, 0]), Unreadable),
        (lambda c: c["claim"].update(wins=[3, 0]), Unreadable),
        (lambda c: c["claim"].update(wins=[16]), Unreadable),
        (lambda c: c["claim"].update(n=245), Unreadable),
        (lambda c: c.update(data=None), Unreadable),
    ]:
        forged = again(honest)
        change(forged)
        with pytest.raises(error):
            check(forged)
    every = again(honest)
    every["claim"]["wins"] = list(range(16))
    assert check(every).log2 == 0


@pytest.mark.parametrize(
    "source", [Free(), MeasurementDependence("1/8", "3/8"), SanthaVazirani("1/50", order="B first")]
)
def test_other_sources(source):
    settings = ["1/2", "1/6", "1/6", "1/6"] if isinstance(source, Free) else None
    held = setup(chsh(), source, "local", settings=settings and [Fraction(x) for x in settings])
    plan = [
        4 * p * float(u) for p, u in zip(noisy(0.99), [u for u in held.centre for _ in range(4)], strict=True)
    ]
    found = p_value(spread_over(85_000, 15_000), held, training=plan)
    report = check(again(found.certificate))
    assert report.log2 == found.log2


def test_cuts_are_proved_and_not_believed():
    """The kernel derives each cut's bound from its own terms; a weaker cut leaves more vertices, and less
    is proved.
    """
    held = quantum(setup(chsh(), Uniform(), "no-signalling"), tsirelson_cuts())
    factor = best_factor(held, held.condition(100), noisy(0.99), 10**5)
    counts = spread_over(85_000, 15_000)
    product = log_product(list(factor.values), factor.largest, list(counts.values))
    honest = document(held, bits_claim(factor, Fraction(1, 2**64), product), counts)
    assert check(again(honest)).log2 == 100 * (product - 64) > 0
    forgeries = [
        lambda c: c["cuts"][0]["terms"][0].__setitem__(2, "2"),
        lambda c: c["cuts"][0]["upper"]["proof"]["labels"][0]["last"][0][1][0].__setitem__(0, 0),
        lambda c: c["cuts"].pop(0),
        lambda c: c["cuts"][0].update(bound="2"),
        lambda c: c["cuts"][0]["upper"].update(claim="none"),
    ]
    for change in forgeries:
        forged = again(honest)
        change(forged)
        with pytest.raises((Rejected, Unreadable)):
            check(forged)


def test_cuts_hold_for_quantum_boxes():
    """Points of the quantum set, from qubits at random angles, are never cut off; the local bound is 2."""
    import numpy as np

    draw = np.random.default_rng(4)
    spaces = [np.array(cut.half_space, dtype=float) for cut in guess_cuts() + sharp_cuts()]
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    for _ in range(300):
        angles = draw.uniform(0, 2 * np.pi, 4)
        a0, a1, b0, b1 = (np.cos(t) * z + np.sin(t) * x for t in angles)
        state = draw.normal(size=4)
        state /= np.linalg.norm(state)
        one = np.eye(2)
        pairs = [(a0, one), (a1, one), (one, b0), (one, b1), (a0, b0), (a0, b1), (a1, b0), (a1, b1)]
        point = np.array([1.0, *(state @ np.kron(p, q) @ state for p, q in pairs)])
        assert min(float(f @ point) / np.abs(f).max() for f in spaces) > -1e-9


def test_bounds_of_cuts():
    """2 sqrt 2, and a(lambda) of the guess cuts: proved from above, near the maxima in the literature's
    sense.
    """
    assert float(tsirelson_cuts()[0].bound) == pytest.approx(8**0.5, abs=1e-9)
    assert tsirelson_cuts()[0].bound ** 2 > 8
    found = sorted(float(cut.bound) for cut in guess_cuts()[8:])
    assert found[:8] == pytest.approx([1.4] * 8, abs=1e-8)
    assert found[16:24] == pytest.approx([2.0494936] * 8, abs=1e-7)
    assert found[24:] == pytest.approx([3.3562847] * 8, abs=1e-7)
    assert all(1.6009177 <= x <= 1.6015 for x in found[8:16])


def test_the_checker_and_the_maker_have_the_same_vertices():
    """What the maker promises of its cuts is what the checker finds, to the last bit."""
    held = quantum(setup(chsh(), SanthaVazirani("1/100"), "no-signalling"))
    factor = best_factor(held, held.condition(80), noisy(0.99), 10**5)
    counts = spread_over(85_000, 15_000)
    product = log_product(list(factor.values), factor.largest, list(counts.values))
    honest = document(held, bits_claim(factor, Fraction(1, 2**64), product), counts)
    assert check(again(honest)).log2 == 80 * (product - 64) > 0
    above = document(held, bits_claim(factor, Fraction(1, 2**64), product + Fraction(1, 2**60)), counts)
    with pytest.raises(Rejected):
        check(again(above))


def test_every_image_of_a_cut_is_proved():
    """Relabelled proofs are checked by the kernel as they stand."""
    held = setup(chsh(), Uniform(), "no-signalling")
    terms = chsh_terms()
    terms[0, 0] += 2
    images = orbit(prove(terms))
    assert len(images) == 64
    assert max(cut.bound for cut in images) - min(cut.bound for cut in images) < Fraction(1, 10**9)
    small = quantum(held, tuple(images[::8]))
    ones = document(
        small, {"quantity": "p-value", "method": "factor", "factor": [1] * 16}, Counts(chsh(), DELFT)
    )
    assert check(again(ones)).log2 == 0


def test_work_is_limited(certified):
    with pytest.raises(TooMuch):
        check(again(certified.certificate), Work(100))


def test_the_checker_runs_alone(certified, tmp_path):
    path = tmp_path / "bits.json"
    save(certified.certificate, path)
    done = subprocess.run(
        [sys.executable, "-m", "freerand_opt.experiment_checker", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0 and "bits, error" in done.stdout and done.stderr == ""
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, freerand_opt.experiment_checker.document; print(sorted(sys.modules))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert not any(f"'{name}'" in loaded for name in ("numpy", "scipy", "flint", "msgspec"))


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"format": 1, "format": 1}', "1.5", "{" * 3000])
def test_unreadable_files(tmp_path, body):
    path = tmp_path / "x.json"
    path.write_text(body)
    assert checked(str(path))[0] == 2
    assert checked(str(tmp_path / "none.json"))[0] == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda c: c.update(outcomes=[256, 256], settings=[1, 1], source={"kind": "uniform"}), TooMuch),
        (lambda c: c.update(outcomes=[2] * 20, settings=[1] * 20), Unreadable),
        (lambda c: c.update(settings=[0, 2]), Unreadable),
        (lambda c: c.update(source={"kind": "mutual", "epsilon": "0", "order": [[0], [0]]}), Unreadable),
        (lambda c: c.update(source={"kind": "full-support"}), Unreadable),
        (lambda c: c["claim"].update(factor=[0] * 16), Unreadable),
    ],
)
def test_certificates_that_mean_nothing(change, error):
    """Each ends with a stated reason before memory or time run out."""
    held = setup(chsh(), SanthaVazirani("1/100"), "local")
    forged = again(p_value(Counts(chsh(), DELFT), held, training=noisy(0.9)).certificate)
    change(forged)
    if len(forged["settings"]) == 2 and forged["outcomes"][0] == 256:
        forged["data"]["counts"] = forged["claim"]["factor"] = [1] * 65_536
    with pytest.raises(error):
        check(forged)


def test_a_factor_that_is_never_seen():
    """Settings of which one never comes: a factor that is positive there alone proves nothing."""
    held = setup(chsh(), Uniform(), "local")
    forged = again(p_value(Counts(chsh(), DELFT), held, training=noisy(0.9)).certificate)
    forged.update(source={"kind": "free"}, distribution=["1", "0", "0", "0"])
    forged["claim"]["factor"] = [0] * 15 + [1]
    with pytest.raises(Rejected, match="0 on every box"):
        check(forged)
