"""Thresholds read a second time: what is accepted at an end, and which way it moves, beside the oracle.

Ends are those that the library finds at places drawn at random, composed in all ways, true or not, and moved.
"""

from __future__ import annotations

import os
import random
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import sign

from . import corpus, oracle, random_questions
from .from_json import problem_of
from .makers import EXISTS, GUESS, UNIFORM, bits, chsh, question, scored
from .test_forgeries import answered

#: Thresholds of each way in which a question moves; FREERAND_THRESHOLDS asks for more.
EACH = int(os.environ.get("FREERAND_THRESHOLDS", "10"))
NEAR = 1e-5
KINDS = ("uniform", "bits", "limits", "mutual", "product", "inequalities")
Moving = tuple[dict[str, Any], dict[str, Any], Any, int]


def file(q: dict[str, Any], crosses: Any, below: Any, above: Any, **beside: Any) -> dict[str, Any]:
    head = {"format": "freerand-certificate", "version": 2, "kind": "threshold"}
    return {**head, "question": q, "crosses": crosses, "below": below, "above": above, **beside}


def base(rng: random.Random) -> dict[str, Any]:
    """Return a random question with a test, the largest score asked for, or that of existence."""
    while True:
        q = random_questions.some_question(rng, rng.choice(KINDS))
        if rng.random() < 0.3:
            q["ask"] = EXISTS
        if q["tests"] and q["ask"].get("extreme") != "smallest" and q["settings"] == [2, 2]:
            return q


def of_a_test(rng: random.Random) -> Moving:
    """Return (moving question, what stands beside it, the question at x, direction): "?" in one test."""
    q = base(rng)
    k = rng.randrange(len(q["tests"]))
    test = q["tests"][k]
    key = "tolerance" if "keep" in test else "score"
    middle = Fraction(test[key])
    step = Fraction(rng.randint(1, 6), 36)
    low = max(Fraction(0), middle - step) if key == "tolerance" else middle - step

    def at(x: Fraction) -> dict[str, Any]:
        own = {**test, key: str(low + 2 * step * x)}
        return {**q, "tests": [*q["tests"][:k], own, *q["tests"][k + 1 :]]}

    moving = {**q, "tests": [*q["tests"][:k], {**test, key: "?"}, *q["tests"][k + 1 :]]}
    direction = 1 if key == "tolerance" else {"<=": 1, ">=": -1, "=": 0}[test["relation"]]
    return moving, {"scale": (low, 2 * step)}, at, direction


def mixture(rng: random.Random, count: int) -> list[list[Fraction]]:
    """Return rows of four probabilities, of a box: PR's or a deterministic one's, mixed with a local one."""
    share = Fraction(rng.randint(0, 4), 4)
    fa, fb = rng.choices((0, 1), k=2), rng.choices((0, 1), k=2)
    rows = []
    for s in range(count):
        row = [Fraction((o > 1) ^ (o % 2) == (s == 3), 2) * share for o in range(4)]
        row[2 * fa[s // 2] + fb[s % 2]] += 1 - share
        rows.append(row)
    return rows


def of_a_behaviour(rng: random.Random, path: bool) -> Moving:
    """Return a behaviour that moves: with white noise, or along a polynomial of degree 1 to 3."""
    q = base(rng)
    while q["outcomes"] != [2, 2]:
        q = base(rng)
    ends = [mixture(rng, 4) for _ in range(rng.randint(2, 4))]
    n = len(ends) - 1
    # Bernstein's form in x, whose coefficients are wanted: the sum of ends[k] C(n, k) x^k (1 - x)^(n - k)
    binomial = [[1, 1], [1, 2, 1], [1, 3, 3, 1]][n - 1]

    def entry(s: int, o: int) -> list[Fraction]:
        found = [Fraction(0)] * (n + 1)
        for k in range(n + 1):
            for j in range(n - k + 1):
                times = [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1]][n - k][j]
                found[k + j] += ends[k][s][o] * binomial[k] * times * (-1) ** j
        return found

    def table(x: Fraction) -> list[list[Fraction]]:
        if not path:
            return [[x * y + (1 - x) / 4 for y in row] for row in ends[0]]
        weights = [c * x**k * (1 - x) ** (n - k) for k, c in enumerate(binomial)]
        return [
            [sum((w * e[s][o] for w, e in zip(weights, ends, strict=True)), Fraction(0)) for o in range(4)]
            for s in range(4)
        ]

    slacks = [Fraction(rng.randint(0, 2), 40) for _ in q["tests"]]
    kept = rng.random() < 0.3
    if kept:
        moving = [{"keep": "?", "tolerance": str(slacks[0])}]
    else:
        tests = [test if "keep" not in test else scored(chsh(), ">=", "0") for test in q["tests"]]
        signs = [{"<=": 1, ">=": -1, "=": 0}[test["relation"]] for test in tests]
        moving = [
            {**test, "score": {"slack": str(sign * t)}}
            for test, sign, t in zip(tests, signs, slacks, strict=True)
        ]
        if q["observed"] == "unconstrained":
            several = [test["on"] == "joint" or len({s for s, *_ in test["terms"]}) > 1 for test in tests]
            moving = [{"keep": "?", "tolerance": "0"}] if any(several) else moving
    if not path and q["ask"]["quantity"] == "score":
        q["ask"] = GUESS
    weights = [Fraction(1, 4)] * 4 if q["observed"] in ("uniform", "unconstrained") else None
    if weights is None:
        weights = [Fraction(x) for x in q["observed"]]

    def at(x: Fraction) -> dict[str, Any]:
        rows = table(x)
        tests = []
        for test in moving:
            if "keep" in test:
                tests.append({**test, "keep": [[s, [str(y) for y in row]] for s, row in enumerate(rows)]})
                continue
            score = Fraction(test["score"]["slack"])
            for s, o, f in test["terms"]:
                score += Fraction(f) * rows[s][o] * (weights[s] if test["on"] == "joint" else 1)
            tests.append({**test, "score": str(score)})
        return {**q, "tests": tests}

    rows: Any = [[s, [[str(c) for c in entry(s, o)] for o in range(4)]] for s in range(4)]
    if not path:
        rows = [[s, [str(y) for y in row]] for s, row in enumerate(ends[0])]
    return {**q, "tests": moving}, {"path" if path else "honest": rows}, at, 0 if path else -1


MAKERS = {
    "test": of_a_test,
    "visibility": lambda rng: of_a_behaviour(rng, path=False),
    "path": lambda rng: of_a_behaviour(rng, path=True),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_accepted_is_true(kind: str) -> None:
    """Both ends of every accepted threshold agree with the oracle, which works from scores computed anew."""
    counts = [0, 0]
    for number in range(EACH):
        rng = random.Random(f"{kind} {number}")
        moving, beside, at, direction = MAKERS[kind](rng)
        low, scale = beside.pop("scale", (Fraction(0), Fraction(1)))
        places = sorted(rng.sample([Fraction(k, 7) for k in range(8)], 3))
        values = [oracle.answer(at(x)).value for x in places]
        exists = moving["ask"] == EXISTS
        known = [-1e9 if v is None else v for v in values]
        if direction and moving["observed"] != "unconstrained":  # it is the largest where more is allowed
            assert sorted(known, key=lambda v: direction * v) == pytest.approx(known, abs=NEAR), number
        pools = [corridor(problem_of(at(x)), Options()) for x in places]
        ends = [
            [{"upper": p.upper, "attack": None}] * (p.upper is not None)
            + [{"upper": None, "attack": p.attack}] * (p.attack is not None)
            for p in pools
        ]
        middle = Fraction(round(1000 * sum(v for v in known if v > -1e8)), 1000 * max(1, len(known)))
        crosses = None if exists else str(middle)
        for (i, x), (j, _) in product(enumerate(places), repeat=2):
            for one, other in product(ends[i], ends[j]):
                for shift in (0, rng.choice((1, -1))):  # the second end stands where it was not found
                    z = places[(j + shift) % 3]
                    raw = file(
                        moving,
                        crosses,
                        {"at": str(low + scale * x), **one},
                        {"at": str(low + scale * z), **other},
                        **beside,
                    )
                    try:
                        check(raw, Work(10**7))
                    except (Rejected, Unreadable):
                        counts[0] += 1
                        assert (
                            shift
                            or x >= z
                            or _side(one, pools[i], middle) * _side(other, pools[j], middle) >= 0
                        )
                        continue
                    counts[1] += 1
                    assert x < z
                    _agrees(one, known[i], exists, middle)
                    _agrees(other, known[(j + shift) % 3], exists, middle)
    assert counts[0] > 4 * EACH and counts[1] >= EACH // 5, counts


def _side(end: dict[str, Any], pool: Pool, middle: Fraction) -> int:
    """Return 1 if an end shows that the claim holds where it was found, -1 if it fails, 0 if neither."""
    if pool.question["ask"] == EXISTS or pool.impossible:
        return 1 if end["upper"] is not None else -1
    if end["upper"] is not None:
        return int(sign(pool.bound - middle) <= 0)
    return -int(sign(pool.reached - middle) > 0)


def _agrees(end: dict[str, Any], value: float, exists: bool, middle: Fraction) -> None:
    if exists:
        assert (value < -1e8) == (end["upper"] is not None)
    elif end["upper"] is not None:
        assert value <= middle + NEAR
    else:
        assert value > middle - NEAR


# ------------------------------------------------------------------ forgeries by hand


@pytest.mark.parametrize("key", ["honest", "path"])
def test_nothing_is_no_behaviour(key: str) -> None:
    raw = corpus.honest("threshold, epsilon")
    raw[key] = None
    with pytest.raises(Unreadable, match="a list"):
        check(raw)


def test_a_curve_in_epsilon_has_no_chords() -> None:
    """The guess is convex in epsilon: between two attacks a proof shows that it is below their chord."""
    test = scored(chsh(), ">=", "19/5")
    points = []
    for epsilon in ("0", "1/10"):
        attack = answered(question(GUESS, [test], bits(epsilon))).attack
        points.append({"at": epsilon, "upper": None, "attack": attack})
    raw = {
        "format": "freerand-certificate",
        "version": 2,
        "kind": "curve",
        "question": question(GUESS, [test], bits("?")),
        "upper": [],
        "lower": [],
        "points": points,
    }
    found = check(raw).curve
    assert found is not None and found.at(Fraction(1, 20))[0] == Fraction(11, 20)
    bound = answered(question(GUESS, [test], bits("1/20"))).bound
    assert isinstance(bound, Fraction) and bound < (Fraction(11, 20) + Fraction(49, 80)) / 2
    with pytest.raises(Unreadable, match="a list"):
        check({**raw, "honest": None})


def coin(score: Any) -> dict[str, Any]:
    """Return the guess of one party's outcome without settings, which is always 1."""
    ask = {**GUESS, "at": [0]}
    test = scored([[0, 0, "1"]], "<=", score)
    return question(ask, [test], UNIFORM, "local", settings=(1,), outcomes=(2,))


def heads(share: str) -> dict[str, Any]:
    """Return the attack that shows outcome 0 with this probability."""
    boxes = [{"kind": "deterministic", "outcomes": [[o]]} for o in (0, 1)]
    masses = [[share], [str(1 - Fraction(share))]]
    return {"strategies": [{"masses": m, "box": b} for m, b in zip(masses, boxes, strict=True)]}


IMPOSSIBLE = {
    "claim": "none",
    "prices": {"settings": ["0"], "tests": ["1"]},
    "proof": {"way": "deterministic"},
}


@pytest.mark.parametrize(
    ("below", "above", "failure"),
    [
        # P(0) at most (4x - 1)(4x - 3), which is 0 at 1/4 and 3/4 and -1 at 1/2, where no strategy passes
        (("1/2", True), ("3/4", False), None),
        (("1/4", False), ("1/2", True), None),
        (("1/4", False), ("3/4", False), Rejected),
        (("1/4", True), ("3/4", False), Rejected),
        (("3/4", False), ("1/2", True), Rejected),
    ],
)
def test_a_path_may_change_twice(below: Any, above: Any, failure: type[Exception] | None) -> None:
    path = [[0, [["3", "-16", "16"], ["0"]]]]
    q = {**coin({"slack": "0"}), "ask": EXISTS}
    ends = [
        {"at": at, "upper": IMPOSSIBLE if none else None, "attack": None if none else heads("0")}
        for at, none in (below, above)
    ]
    if failure is not None:
        with pytest.raises(failure):
            check(file(q, None, *ends, path=path))
        return
    report = check(file(q, None, *ends, path=path))
    assert report.statement.endswith("other changes are not excluded")
    assert f"at {above[0]}: test 0: 1 P(0|0) <= {0 if above[0] == '3/4' else -1}" in report.question


@pytest.mark.parametrize(("relation", "open_end"), [("<=", False), (">=", False), ("=", True)])
def test_other_changes_are_named_where_they_may_be(relation: str, open_end: bool) -> None:
    """P(0) may be asked to be at least, at most or exactly 1/2; 3/2 or -1/2 is none."""
    q = {**coin("?"), "ask": EXISTS}
    q["tests"][0]["relation"] = relation
    none = {**IMPOSSIBLE, "prices": {"settings": ["0"], "tests": ["1" if relation == "<=" else "-1"]}}
    wrong = {"at": "-1/2" if relation == "<=" else "3/2", "upper": none, "attack": None}
    right = {"at": "1/2", "upper": None, "attack": heads("1/2")}
    report = check(file(q, None, *((wrong, right) if relation == "<=" else (right, wrong))))
    assert report.statement.endswith("not excluded") == open_end


def test_zeros_of_a_tolerance_hold_at_0_alone() -> None:
    """P = (0, 1) within t: at t = 0 the outcome 0 may be left out, at t = 1/8 it may not."""
    q = coin("0")
    q["tests"] = [{"keep": [[0, ["0", "1"]]], "tolerance": "?"}]
    q["ask"] = {"quantity": "score", "on": "conditional", "terms": [[0, 0, "1"]], "extreme": "largest"}
    proof = {"way": "deterministic", "zeros": [[0, 0, 0]]}
    upper = {"claim": "bound", "prices": {"settings": ["0"], "tests": [["0", "0"]]}, "proof": proof}
    above = {"at": "1/4", "upper": None, "attack": heads("1/4")}
    report = check(file(q, "1/8", {"at": "0", "upper": upper, "attack": None}, above))
    assert (report.lower, report.upper) == (0, Fraction(1, 4))
    with pytest.raises(Rejected, match="does not force"):
        check(file(q, "1/8", {"at": "1/100", "upper": upper, "attack": None}, above))
    with pytest.raises(Unreadable, match="less than 0"):
        check(file(q, "1/8", {"at": "-1/8", "upper": upper, "attack": None}, above))


# ------------------------------------------------------------------ work


def test_polynomials_are_charged() -> None:
    """27 coefficients at a place of 2,000 digits are numbers of 50,000 digits, for each of 1,000 outcomes."""
    q = coin({"slack": "0"})
    q |= {"outcomes": [1000], "ask": EXISTS}
    ends = (
        {"at": f"1/{10**2000}", "upper": IMPOSSIBLE, "attack": None},
        {
            "at": "1",
            "upper": None,
            "attack": {},
        },
    )
    with pytest.raises(TooMuch, match="path"):
        check(file(q, None, *ends, path=[[0, [["1"] * 27] * 1000]]), Work(10**6))


def test_powers_of_a_guess_are_charged() -> None:
    """A guess of 3,900 digits to the 64th power would be compared with 1/2; its square is."""
    q = {**coin("?"), "devices": "no-signalling"}
    q["tests"][0]["relation"] = ">="
    denominator = 10**3900
    box = {"kind": "table", "denominator": denominator, "numerators": [1, denominator - 1]}
    below = {"at": "0", "upper": None, "attack": {"strategies": [{"masses": ["1"], "box": box}]}}
    cells = {"way": "cells", "unit": 1, "labels": [{"last": []}]}
    none = {"claim": "none", "prices": {"settings": ["0"], "tests": ["-1"]}, "proof": cells}
    above = {"at": "2", "upper": none, "attack": None}
    assert check(file(q, {"entropy": "1/2"}, below, above)).upper == 2
    with pytest.raises(TooMuch, match="denominator"):
        check(file(q, {"entropy": "1/64"}, below, above))
