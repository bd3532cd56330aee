"""Entropies: the integral, chords, nodes that are proved, attacks, and files that must not be believed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from fractions import Fraction
from math import log, log2, sqrt
from typing import Any

import numpy as np
import pytest

from freerand_opt import Question, bound
from freerand_opt.bounds.methods.entropies import program_of
from freerand_opt.bounds.methods.nodes import even_nodes
from freerand_opt.certificates.chords import nodes_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.chords import chords
from freerand_opt.checker.document import check
from freerand_opt.checker.entropies import entropy_above
from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.conic.duals import exact_dual
from freerand_opt.solvers.choose import solver_named

from .makers import changed


def chsh(score: str, *, of: Any = "A", source: Any = None, **adversary: Any) -> Question:
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": source or {"kind": "uniform"},
            "adversary": {"devices": "quantum", "level": "1 + A B", **adversary},
            "test": [{"functional": "chsh", "relation": ">=", "score": score}],
            "ask": {"quantity": "entropy", "of": of, "at": [0, 0]},
        }
    )


def chained(**adversary: Any) -> Question:
    return Question.from_dict(
        {
            "scenario": {"family": "chained", "N": 2},
            "source": {
                "kind": "santha-vazirani",
                "epsilon": 0,
                "order": "interleaved",
                "bits": "most-significant-first",
            },
            "adversary": adversary,
            "test": [{"functional": "chained", "relation": "<=", "score": "0"}],
            "ask": {"quantity": "entropy", "of": "A", "at": [0, 0]},
        }
    )


def closed_form(score: float) -> float:
    """1 - h(1/2 + sqrt(S^2/4 - 1)/2), Acin et al., quant-ph/0702152."""
    p = (1 + sqrt(score**2 / 4 - 1)) / 2
    return 1 + p * log2(p) + (1 - p) * log2(1 - p)


def largest(t: float, score: float) -> float:
    """F(t) of the strategy behind the closed form: rho_a = v v'/2 with these eigenvalues of sigma."""
    c = sqrt(score**2 / 4 - 1)
    sigma = np.diag([(1 + c) / 2, (1 - c) / 2])
    total = 0.0
    for sign in (1, -1):
        v = np.array([sqrt((1 + c) / 2), sign * sqrt((1 - c) / 2)])
        total += np.linalg.eigvalsh(t * sigma - np.outer(v, v) / 2).clip(min=0).sum()
    return total


def by_rule(score: float, count: int) -> float:
    """What chords through the true F give, in bits."""
    places = even_nodes(count, 2)
    base, weights = chords(places, 2)
    held = sum(float(c) * largest(float(t), score) for t, c in zip(places, weights, strict=True))
    return (float(base) - held) / log(2)


def node_certificate(question: Question, count: int, solver: str = "clarabel") -> Pool:
    problem = question.problem()
    pool = Pool(problem)
    made = program_of(problem, question.adversary.level, even_nodes(count, problem.ask.count))
    nodes = nodes_form(made, exact_dual(made.program, solver_named(solver)(made.program, None)))
    assert pool.offer_upper({"claim": "bound", "nodes": nodes}, "test"), pool.failures
    return pool


def lower(pool: Pool) -> Fraction:
    found = check(pool.best).lower
    assert isinstance(found, Fraction)
    return found


def test_the_integral_is_the_entropy() -> None:
    rng = np.random.default_rng(3)
    for d, k in ((2, 2), (3, 2), (2, 3), (4, 4)):
        parts = [rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)) for _ in range(k)]
        rhos = [x @ x.conj().T for x in parts]
        unit = sum(np.trace(x).real for x in rhos)
        rhos = [x / unit for x in rhos]
        sigma = sum(rhos)

        def entropy(x: Any) -> float:
            values = np.linalg.eigvalsh(x)
            return float(-(values * np.log(values)).sum())

        grid = (np.arange(4000) + 0.5) / 4000
        integral = sum(
            np.linalg.eigvalsh(t * sigma - x).clip(min=0).sum() / t / 4000 for t in grid for x in rhos
        )
        wanted = sum(map(entropy, rhos)) - entropy(sigma)
        assert abs(k - 1 - integral - wanted) < 1e-6


def test_chords_are_the_integral_of_a_broken_line() -> None:
    for count, values in ((5, 3), (8, 4)):
        places = even_nodes(count, values)
        base, weights = chords(places, values)
        heights = [0.0, *(float(t) ** 2 * (values - 1) for t in places), float(values - 1)]
        grid = (np.arange(200000) + 0.5) / 200000
        line = np.interp(grid, [0.0, *map(float, places), 1.0], heights)
        held = float(base) - sum(float(c) * x for c, x in zip(weights, heights[1:-1], strict=True))
        assert abs(held - (values - 1 - (line / grid).mean())) < 1e-8
    assert chords([], 4) == (0, [])
    assert all(c > 0 for c in chords(even_nodes(64, 4), 4)[1])


@pytest.mark.parametrize(("score", "value"), [("27/10", 0.7261649), ("14/5", 0.9164682)])
def test_sixteen_chords_reach_what_the_rule_gives(score: str, value: float) -> None:
    pytest.importorskip("qics")  # Clarabel loses 2e-7
    held = lower(node_certificate(chsh(score), 16, "qics"))
    assert abs(held - value) < 1e-7
    assert 0 <= by_rule(float(Fraction(score)), 16) - held < 1e-8
    assert held < closed_form(float(Fraction(score)))


def test_a_local_point_has_no_entropy() -> None:
    found = bound(chsh("2"))
    assert found.lower == 0


def test_a_score_beyond_quantum_devices_is_named() -> None:
    assert bound(chsh("29/10")).impossible


def test_entropies_of_chances_are_bounded_from_above() -> None:
    for chances in (
        [Fraction(1, 3), Fraction(2, 3)],
        [Fraction(1)],
        [Fraction(1, 10**6), 1 - Fraction(1, 10**6)],
    ):
        wanted = -sum(float(p) * log(p) for p in chances)
        assert -1e-15 <= float(entropy_above(chances)) - wanted < 1e-15
    assert entropy_above([Fraction(0), Fraction(1)]) == 0


def purified(weights: tuple[int, int]) -> dict[str, Any]:
    """The strategy of the closed form at S = 5/2: Z, X against (4 Z +- 3 X)/5, Phi+ and Phi- mixed 7 to 1."""
    a, b = weights
    z, x = [[[1, 0]], [[0, 1]]], [[[1, 1]], [[1, -1]]]
    plus, minus = [[[3, 1]], [[1, -3]]], [[[3, -1]], [[1, 3]]]
    return {
        "kind": "purified",
        "dimensions": [2, 2],
        "states": [[a, 0, 0, a], [b, 0, 0, -b]],
        "measurements": [[z, x], [plus, minus]],
        "eve": [[[[a, b], [b, -a]], [[a, -b], [b, a]]]],
    }


def attacked(box: dict[str, Any], score: str = "5/2") -> dict[str, Any]:
    masses = {"all": "1/4", "but": []}
    return Pool(chsh(score).problem()).certificate(None, {"strategies": [{"masses": masses, "box": box}]})


def test_the_best_strategy_is_an_attack() -> None:
    # 32257/12192 is a convergent of the root of 7
    upper = check(attacked(purified((32257, 12192)))).upper
    assert isinstance(upper, Fraction)
    assert 0 <= float(upper) - closed_form(2.5) < 1e-8
    held = lower(node_certificate(chsh("5/2"), 16))
    assert held < upper < held + Fraction(1, 200)


@pytest.mark.parametrize(
    "edit",
    [
        lambda box: box["states"][1].__setitem__(0, 1),
        lambda box: box["eve"][0][0][1].__setitem__(0, 1),
        lambda box: box["eve"][0].pop(),
        lambda box: box["states"].append([0, 1, 0, 0]),
        lambda box: box.pop("eve"),
    ],
)
def test_attacks_that_are_none_are_refused(edit: Callable[[Any], Any]) -> None:
    box = purified((32257, 12192))
    edit(box)
    with pytest.raises((Rejected, Unreadable)):
        check(attacked(box))


def test_a_score_that_is_not_reached_is_refused() -> None:
    with pytest.raises(Rejected, match="the score is not"):
        check(attacked(purified((3, 1)), "26/10"))


# ------------------------------------------------------------------ forgeries


@pytest.fixture(scope="module")
def honest() -> Pool:
    return node_certificate(chsh("27/10"), 4)


def _shared(raw: Any, flats: list[list[list[int]]]) -> None:
    for node, flat in zip(raw["upper"]["nodes"], flats, strict=True):
        node["shared"] = flat


FORGERIES: dict[str, Callable[[Any], Any]] = {
    "a node beyond 1/2": lambda raw: raw["upper"]["nodes"][1].__setitem__("at", "3/4"),
    "a node at 0": lambda raw: raw["upper"]["nodes"][0].__setitem__("at", "0"),
    "nodes that do not ascend": lambda raw: raw["upper"]["nodes"].reverse(),
    "one node twice": lambda raw: raw["upper"]["nodes"][1].__setitem__("at", "1/4"),
    "a node of its own weight": lambda raw: raw["upper"]["nodes"][0].__setitem__("weight", "1/100"),
    "a bound without a proof": lambda raw: raw["upper"]["nodes"][0].__setitem__("bound", "0"),
    "a price of the wrong sign": lambda raw: raw["upper"]["nodes"][0]["prices"].__setitem__("tests", ["1"]),
    "more is handed out than taken": lambda raw: _shared(raw, [[[0, 1], [], [], []], [[], [], [], []]]),
    "taken at another setting": lambda raw: _shared(raw, [[[0, 1], [], [], []], [[], [0, -1], [], []]]),
    "quantum information of local devices": lambda raw: raw["question"].__setitem__("devices", "local"),
    "no observed settings": lambda raw: raw["question"].__setitem__("observed", "unconstrained"),
    "two labels": lambda raw: raw["upper"]["nodes"][0]["proof"]["labels"].append({"last": []}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused(honest: Pool, name: str) -> None:
    with pytest.raises((Rejected, Unreadable)):
        check(changed(honest.best, FORGERIES[name]))


def _integers(raw: Any) -> list[tuple[list[Any], int]]:
    """The places of all integers in nested lists."""
    if isinstance(raw, dict):
        return [place for inner in raw.values() for place in _integers(inner)]
    if not isinstance(raw, list):
        return []
    own = [(raw, k) for k, x in enumerate(raw) if type(x) is int]
    return own + [place for inner in raw for place in _integers(inner)]


@pytest.mark.parametrize("seed", range(40))
def test_a_changed_square_shows_nothing_false(honest: Pool, seed: int) -> None:
    raw, rng = copy.deepcopy(honest.best), random.Random(seed)
    proof = raw["upper"]["nodes"][seed % 2]["proof"]["labels"]
    held, place = rng.choice(_integers(proof))
    held[place] = rng.choice([-held[place], held[place] * 2, held[place] + 1, 0])
    try:
        found = check(raw).lower
    except (Rejected, Unreadable):
        return
    # a node that is bounded worse bounds the entropy worse
    assert found is None or found <= lower(honest) + Fraction(1, 10**6)
    assert found is None or float(found) <= closed_form(2.7)


def test_boxes_of_a_cycle_show_no_entropy() -> None:
    # the unbiased box leaves a whole bit, and counts 1/2 where a guess is asked for
    question = chained(devices="no-signalling", side_information="classical")
    pool = Pool(question.problem())
    flow = {"palette": ["1/2"], "nodes": [[0, None, None], [0, 0, 0]]}
    chain = {"edges": 0, "flow": flow, "weights": ["1"], "nodes": [1], "errors": [None]}
    with pytest.raises(Rejected, match="written out"):
        check(pool.certificate(None, chain))


def test_worst_settings_are_not_those_of_an_entropy(honest: Pool) -> None:
    raw = copy.deepcopy(honest.best)
    raw["question"]["ask"]["at"] = "?"
    part = {"upper": raw.pop("upper"), "attack": raw.pop("attack")}
    with pytest.raises(Unreadable, match="quantity"):
        check({**raw, "kind": "worst", "parts": [part] * 4})


def curve_of(raw: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a curve in the score on [5/2, 27/10]: a line from a certificate, and what else is said."""
    raw = copy.deepcopy(raw)
    raw["question"]["tests"][0]["score"] = "?"
    item = {"from": "5/2", "to": "27/10", "proof": raw.pop("upper")}
    del raw["attack"]
    return {**raw, "kind": "curve", "upper": [item], "lower": [], "points": [], **parts}


def test_nodes_are_a_line_in_the_score(honest: Pool) -> None:
    found = check(curve_of(honest.best)).curve
    assert found is not None
    ends = []
    for k in range(21):
        low, high = found.at(Fraction(250 + k, 100))
        assert high is None
        assert low is not None
        assert float(low) <= closed_form(2.5 + k / 100)
        ends.append(low)
    assert ends[10] == (ends[0] + ends[20]) / 2
    # where it was asked the line is the single answer, but for the rounding of bits
    assert 0 <= lower(honest) - ends[20] < Fraction(1, 10**20)


def test_curves_that_prove_nothing(honest: Pool) -> None:
    made = curve_of(honest.best)
    wrong: list[Callable[[dict[str, Any]], Any]] = [
        lambda raw: raw["upper"][0]["proof"].__setitem__("claim", "none"),
        lambda raw: raw["upper"][0].__setitem__("to", "5/2"),
        lambda raw: raw["upper"][0]["proof"]["nodes"][0].__setitem__("at", "1/2"),
        lambda raw: raw["upper"][0]["proof"]["nodes"][1]["prices"].__setitem__("tests", ["1"]),
        lambda raw: raw["points"].append({"at": "13/5", "upper": honest.upper, "attack": None}),
        # in a number of the source the proof at one place says nothing of smaller ones by a line
        lambda raw: raw["question"].update(
            source={"kind": "bits", "order": [[0, 0], [1, 0]], "epsilon": "?"},
            tests=honest.question["tests"],
        ),
    ]
    for edit in wrong:
        raw = copy.deepcopy(made)
        edit(raw)
        with pytest.raises((Rejected, Unreadable)):
            check(raw)


def test_an_attack_needs_the_observed_settings() -> None:
    raw = attacked(purified((32257, 12192)))
    raw["question"]["observed"] = "unconstrained"
    raw["question"]["source"] = {"kind": "bits", "order": [[0, 0], [1, 0]], "epsilon": "1/2"}
    raw["attack"]["strategies"][0]["masses"] = {"all": "1/4", "but": []}
    with pytest.raises(Rejected, match="observed settings"):
        check(raw)


@pytest.fixture(scope="module")
def by_boxes() -> dict[str, Any]:
    question = chained(devices="no-signalling", side_information="classical")
    found: dict[str, Any] = json.loads(bound(question).certificate)
    return found


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: raw["question"].__setitem__("devices", "local"),
        lambda raw: raw["question"].__setitem__("settings", [2, 3]),
        lambda raw: raw["question"]["ask"].__setitem__("side", "quantum"),
        lambda raw: raw["question"]["ask"].update({"at": "average", "told": "nothing"}),
        lambda raw: raw["question"].__setitem__("observed", "unconstrained"),
        lambda raw: raw["upper"]["proof"].__setitem__("way", "deterministic"),
        lambda raw: raw["upper"]["prices"]["tests"].__setitem__(0, "-1"),
        lambda raw: raw["upper"]["proof"].__setitem__("boxes", []),
    ],
)
def test_extreme_boxes_are_those_of_two_settings(
    by_boxes: dict[str, Any], edit: Callable[[Any], Any]
) -> None:
    assert check(by_boxes).lower == 1
    raw = copy.deepcopy(by_boxes)
    edit(raw)
    with pytest.raises((Rejected, Unreadable)):
        check(raw)


def test_prices_of_boxes_are_not_believed(by_boxes: dict[str, Any]) -> None:
    for price in ("0", "1/2", "1", "7"):
        raw = copy.deepcopy(by_boxes)
        raw["upper"]["prices"]["tests"][0] = price
        found = check(raw).lower
        assert found is None or found <= 1


def test_what_is_shared_is_of_the_parties_alone(honest: Pool) -> None:
    raw = copy.deepcopy(honest.best)
    for turn, node in zip((1, -1), raw["upper"]["nodes"], strict=True):
        node["proof"]["unit"] = 2**64
        words = node["proof"]["words"]
        own = next(k for k, word in enumerate(words) if word == "C0")
        node["shared"] = [[own, turn], [], [], []]
    with pytest.raises(Rejected, match="a node's own"):
        check(raw)


def test_tests_do_not_name_the_adversary(honest: Pool) -> None:
    raw = copy.deepcopy(honest.best)
    raw["question"]["tests"].append(
        {"on": "moments", "terms": [["A0 C0", "1"]], "relation": ">=", "score": [["1", 1, "0"]]}
    )
    with pytest.raises(Unreadable):
        check(raw)


def test_no_change_of_numbers_proves_more_than_is_true(honest: Pool) -> None:
    text, rng, read = json.dumps(honest.best["upper"]), random.Random(5), 0
    for _ in range(60):
        place = rng.choice([k for k, c in enumerate(text) if c.isdigit()])
        changed = text[:place] + rng.choice("0123456789") + text[place + 1 :]
        try:
            held = check({**honest.best, "upper": json.loads(changed)}).lower
        except (Rejected, Unreadable, ValueError):
            continue
        read += 1
        assert held is not None
        assert float(held) <= closed_form(2.7)  # type: ignore[arg-type]
    assert read > 10
