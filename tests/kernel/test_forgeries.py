"""Certificates that say what is false, one change away from an honest one: refused, for the reason named."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.__main__ import checked
from freerand_opt.checker.document import Report, check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import enclose
from freerand_opt.checker.reading import load

from . import corpus, oracle
from .from_json import problem_of
from .makers import EXISTS, GUESS, UNIFORM, bits, chsh, question, relations, score, scored


def answered(q: dict[str, Any]) -> Pool:
    """Return what the library finds."""
    return corridor(problem_of(q), Options())


Edit = Callable[[Any], Any]


def put(*path: Any) -> Edit:
    """Return the change that puts the last entry of a path at the place that the others name."""
    *places, last, value = path

    def edit(raw: Any) -> None:
        for place in places:
            raw = raw[place]
        raw[last] = value

    return edit


def drop(*path: Any) -> Edit:
    """Return the change that removes what stands at a place."""

    def edit(raw: Any) -> None:
        for place in path[:-1]:
            raw = raw[place]
        del raw[path[-1]]

    return edit


def swap(*path: Any) -> Edit:
    """Return the change that exchanges two entries of a list."""

    def edit(raw: Any) -> None:
        for place in path[:-2]:
            raw = raw[place]
        i, j = path[-2:]
        raw[i], raw[j] = raw[j], raw[i]

    return edit


def edges(*listed: list[int]) -> Edit:
    return put("upper", "proof", "edges", list(listed))


TESTS, TERMS = ("question", "tests"), ("question", "tests", 0, "terms")
PROOF, PRICES = ("upper", "proof"), ("upper", "prices")
STRATEGIES = ("attack", "strategies")
FIRST = (*STRATEGIES, 0)
LABEL = (*PROOF, "labels", 0)

#: {what is forged: (honest certificate, change, failure, its words)}.
FORGERIES: dict[str, tuple[str, Edit, type[Exception], str]] = {
    # ---- the question says one thing
    "terms beside a guess": (
        "cycle, bits",
        put("question", "ask", "terms", [[0, 0, "1"]]),
        Unreadable,
        "'terms' is not allowed",
    ),
    "a term twice": ("cycle, bits", put(*TERMS, 1, [0, 0, "1"]), Unreadable, "ascend"),
    "terms unsorted": ("cycle, bits", swap(*TERMS, 0, 1), Unreadable, "ascend"),
    "a zero term": ("cycle, bits", put(*TERMS, 0, 2, "0"), Unreadable, "zero"),
    "a term twice in the ask": (
        "deterministic, bits",
        put("question", "ask", "terms", 1, [0, 0, "1"]),
        Unreadable,
        "ascend",
    ),
    "a zero term in the ask": (
        "deterministic, bits",
        put("question", "ask", "terms", 3, 2, "0"),
        Unreadable,
        "zero",
    ),
    "no terms": ("cycle, bits", put(*TERMS, []), Unreadable, "no terms"),
    "a program": ("cycle, bits", put("program", {"columns": 1}), Unreadable, "'program' is not allowed"),
    "a digest": ("cycle, bits", put("digest", "0" * 64), Unreadable, "'digest' is not allowed"),
    "a root": ("cycle, bits", put("kind", "root"), Unreadable, "none of bracket"),
    "version 1": ("cycle, bits", put("version", 1), Unreadable, "version 2"),
    "version true": ("cycle, bits", put("version", True), Unreadable, "version 2"),
    "a name": ("cycle, bits", put("name", "N = 4\n\x1b[31mOK"), Unreadable, "'name' is not allowed"),
    "a title in the question": (
        "cycle, bits",
        put("question", "instance", "x"),
        Unreadable,
        "'instance' is not allowed",
    ),
    "not in lowest terms": (
        "cycle, bits",
        put("question", "source", "epsilon", "2/40"),
        Unreadable,
        "lowest terms",
    ),
    "a decimal": ("cycle, bits", put("question", "source", "epsilon", 0.05), Unreadable, "no fraction"),
    "true for 1": ("cycle, bits", put("question", "ask", "values", 1, True), Unreadable, "no integer"),
    "a plus sign": ("cycle, bits", put("question", "source", "epsilon", "+1/20"), Unreadable, "no fraction"),
    "Arabic digits": (
        "cycle, bits",
        put("question", "source", "epsilon", "\u0661/20"),
        Unreadable,
        "no fraction",
    ),
    "a square in a root": (
        "deterministic, root",
        put(*TESTS, 0, "score", 0, 1, 8),
        Unreadable,
        "only spelling",
    ),
    "an angle beyond pi/2": (
        "deterministic, root",
        put(*TESTS, 0, "score", 0, 2, "3/5"),
        Unreadable,
        "only spelling",
    ),
    "observed beyond 1": (
        "cycle, bits",
        put("question", "observed", {"all": "1/3", "but": []}),
        Unreadable,
        "sum to 1",
    ),
    "epsilon beyond 1/2": (
        "cycle, bits",
        put("question", "source", "epsilon", "3/5"),
        Unreadable,
        "more than 1/2",
    ),
    "a bit twice": (
        "cycle, bits",
        put("question", "source", "order", [[0, 0], [0, 0]]),
        Unreadable,
        "comes once",
    ),
    "crossed limits": (
        "cycle, limits, told",
        put("question", "source", "lower", "all", "2/5"),
        Unreadable,
        "no distribution",
    ),
    "a negative tolerance": (
        "deterministic, kept",
        put(*TESTS, 0, "tolerance", "-1/100"),
        Unreadable,
        "less than 0",
    ),
    "moments of no-signalling devices": (
        "squares, moments",
        put("question", "devices", "no-signalling"),
        Unreadable,
        "quantum",
    ),
    "a party guessed twice": ("cycle, bits", put("question", "ask", "of", [0, 0]), Unreadable, "ascending"),
    # ---- prices
    "the sign of a price": ("cycle, bits", put(*PRICES, "tests", 0, "1/4"), Rejected, "wrong sign"),
    "no price of a kept table": (
        "deterministic, kept",
        put(*PRICES, "tests", 0, {"all": None, "but": []}),
        Unreadable,
        "no fraction",
    ),
    "a price too few": ("cycle, bits", put(*PRICES, "tests", []), Unreadable, "list"),
    "a lower bound B": ("cycle, free", put(*PRICES, "bound", "3/4"), Rejected, "above the bound"),
    "a bound with stated settings": (
        "cycle, bits",
        put(*PRICES, "bound", "1/2"),
        Unreadable,
        "'bound' is not allowed",
    ),
    "no contradiction": ("deterministic, none", put(*PRICES, "tests", 0, "0"), Rejected, "no contradiction"),
    "a ratio's score": ("cells, ratios", put(*PRICES, "tests", 0, "score", "1/10"), Rejected, "wrong side"),
    "a ratio's price": ("cells, ratios", put(*PRICES, "tests", 0, "ratios", "-1"), Unreadable, "less than 0"),
    "a total": ("cycle, bits", put("upper", "bound", "1/2"), Unreadable, "'bound' is not allowed"),
    "none of a guess": ("cycle, bits", put("upper", "claim", "none"), Rejected, "no contradiction"),
    # ---- cycles
    "an even cycle": ("cycle, bits", edges([0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]), Rejected, "odd"),
    "an edge twice": ("cycle, bits", edges([0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]), Rejected, "cycle"),
    "a path": ("cycle, bits", edges([0, 0, 0], [0, 1, 0], [1, 0, 1]), Rejected, "cycle"),
    "an edge that is none": (
        "cycle, bits",
        edges([0, 0, 0], [0, 2, 0], [1, 0, 0], [1, 1, 1]),
        Unreadable,
        "edge",
    ),
    "an error rewarded": (
        "cycle, bits",
        edges([0, 0, 0], [0, 1, 0], [1, 0, 1], [1, 1, 0]),
        Rejected,
        "rewarded",
    ),
    "off the cycle": ("cycle, chain", edges([0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1]), Rejected, "no edge"),
    "a guess of both": (
        "cycle, bits",
        lambda c: c["question"]["ask"].update(of=[0, 1], values=[0, 1, 1, 0]),
        Rejected,
        "one party",
    ),
    "edges of a test without errors": ("cycle, bits", put(*PROOF, "edges", 0), Unreadable, "list errors"),
    # ---- ways
    "deterministic boxes of no-signalling devices": (
        "deterministic, bits",
        put("question", "devices", "no-signalling"),
        Rejected,
        "only local",
    ),
    "squares of no-signalling devices": (
        "squares, uniform",
        put("question", "devices", "no-signalling"),
        Rejected,
        "no operators",
    ),
    "a negative multiplier": ("cells, uniform", put(*LABEL, "last", [0, -1]), Rejected, "negative"),
    "a cell twice": ("cells, uniform", put(*LABEL, "last", [0, 1, 0, 1]), Unreadable, "ascending"),
    "one proof for two labels": ("cells, uniform", drop(*PROOF, "labels", 1), Unreadable, "list of 2"),
    "a missing node": ("cells, bits", drop(*LABEL, "nodes", 0), Unreadable, "list of 3"),
    "a missing vertex": ("cells, vertices", drop(*LABEL, "vertices", 0), Unreadable, "list of"),
    "a negative row": ("deterministic, rows", put(*PROOF, "rows", 0, [0, -1]), Rejected, "negative"),
    "a row for each box": ("deterministic, rows", drop(*PROOF, "rows", 0), Unreadable, "list"),
    "a negative mutual row": ("cells, mutual", put(*LABEL, "rows", 0, [0, -1]), Rejected, "negative"),
    "a part of a proof more": ("cells, uniform", put(*LABEL, "nodes", []), Unreadable, "not allowed"),
    "a unit of 0": ("cells, uniform", put(*PROOF, "unit", 0), Unreadable, "no integer"),
    "vertices of inequalities": (
        "cells, rows",
        put(*LABEL, {"vertices": []}),
        Rejected,
        "not given by vertices",
    ),
    "a word twice": ("zeros, squares", put(*PROOF, "words", ["1", "1"]), Unreadable, "twice"),
    "a word unreduced": ("zeros, squares", put(*PROOF, "words", ["A0 A0"]), Unreadable, "spelling"),
    "a zero word": ("zeros, squares", put(*PROOF, "words", ["A2"]), Unreadable, "no operator"),
    # ---- zeros
    "a zero of a test off its end": (
        "zeros, cells",
        put(*TESTS, 0, "score", f"1/{10**30}"),
        Rejected,
        "does not force",
    ),
    "a zero that the test allows": (
        "zeros, cells",
        put(*LABEL, "last", "zeros", 0, 2, 0),
        Rejected,
        "does not force",
    ),
    "a zero at another setting": (
        "zeros, cells",
        put(*LABEL, "last", "zeros", 0, 1, 1),
        Rejected,
        "does not force",
    ),
    "a zero of bits of 1/2": (
        "zeros, deterministic",
        lambda c: c["question"].update(source=bits("1/2")),
        Rejected,
        "does not force",
    ),
    "a zero of limits 0": (
        "zeros, deterministic",
        lambda c: c["question"].update(
            source={"kind": "limits", "lower": {"all": "0", "but": []}, "upper": {"all": "1", "but": []}}
        ),
        Rejected,
        "does not force",
    ),
    "a word that is a list": (
        "zeros, squares",
        put(*LABEL, "last", "zeros", 0, [0, 0, 1, ["A1"], -1]),
        Unreadable,
        "text",
    ),
    # ---- branches
    "a vertex of the first bits too few": (
        "squares, branches",
        drop(*LABEL, "branches", -1),
        Unreadable,
        "of 2 entries",
    ),
    "branches over no bits": ("squares, branches", put(*LABEL, "bits", 0), Unreadable, "no integer in 1..2"),
    "branches over three bits": (
        "squares, branches",
        put(*LABEL, "bits", 3),
        Unreadable,
        "no integer in 1..2",
    ),
    "vertices beside branches": ("squares, branches", put(*LABEL, "vertices", []), Unreadable, "not allowed"),
    "a subtree that is given nothing": (
        "squares, branches",
        put(*LABEL, "branches", 0, 0, []),
        Unreadable,
        "of 1 entries",
    ),
    "a subtree without a proof": (
        "squares, branches",
        drop(*LABEL, "branches", 1, 1, -1),
        Unreadable,
        "of 2 entries",
    ),
    "a vertex of a subtree too few": (
        "squares, branches",
        drop(*LABEL, "branches", 0, 1, 1, "vertices", -1),
        Unreadable,
        "of 2 entries",
    ),
    "branches of a source that has none": (
        "squares, uniform",
        put(*LABEL, {"bits": 1, "branches": []}),
        Unreadable,
        "'last' is missing",
    ),
    "a word under cells": ("zeros, cells", put(*LABEL, "last", "zeros", 0, 3, "1"), Unreadable, "no word"),
    "a zero with its word on the right": (
        "zeros, squares",
        put(*LABEL, "last", "zeros", 0, [0, 0, 1, "1", -1, "A1"]),
        Unreadable,
        "list of 5",
    ),
    "a zero of an equality off its end": (
        "zeros, squares",
        lambda c: c["question"]["tests"][0].update(relation="=", score="1/2"),
        Rejected,
        "does not force",
    ),
    "a zero of >=": ("zeros, deterministic", put(*TESTS, 0, "relation", ">="), Rejected, "does not force"),
    # ---- symmetry
    "a relabelling that does not fix": (
        "symmetry",
        put(*LABEL, "symmetry", 0, 0, 1, 0, 1, [1, 0]),
        Rejected,
        "does not fix",
    ),
    "labels exchanged": (
        "symmetry",
        lambda c: (
            c["question"].update(ask=GUESS),
            c["upper"]["proof"].update(labels=[{"last": [], "symmetry": [FLIP]}] * 2),
        ),
        Rejected,
        "does not fix",
    ),
    "a relabelling of cells": (
        "symmetry",
        lambda c: c["upper"]["proof"].update(way="cells") or c["upper"]["proof"].pop("words"),
        Rejected,
        "squares",
    ),
    "relabellings and zeros": (
        "zeros, squares",
        lambda c: c["upper"]["proof"]["labels"][0].update(symmetry=[FLIP]),
        Rejected,
        "do not go together",
    ),
    "a party twice": ("symmetry", put(*LABEL, "symmetry", 0, 1, 0, 1), Unreadable, "parties are permuted"),
    # ---- attacks
    "a value": ("cycle, bits", put("attack", "value", "1"), Unreadable, "'value' is not allowed"),
    "a mass outside the source": (
        "cycle, limits, told",
        lambda c: shift(c, Fraction(1, 20)),
        Rejected,
        "outside its limits|observed",
    ),
    "a table of local devices": ("cells, uniform", put("question", "devices", "local"), Rejected, "no table"),
    "a table of quantum devices": (
        "cells, uniform",
        put("question", "devices", "quantum"),
        Rejected,
        "no table",
    ),
    "a test missed": (
        "attack, qubits",
        lambda c: c["question"].update(tests=[scored(chsh(), ">=", "29/10")]),
        Rejected,
        "not >= 29/10",
    ),
    "observed settings missed": (
        "attack, qubits",
        lambda c: c["question"].update(
            source={"kind": "full-support"}, observed=["2/5", "1/5", "1/5", "1/5"]
        ),
        Rejected,
        "observed probability",
    ),
    "an attack on nothing": ("deterministic, none", put("attack", {"strategies": []}), Rejected, "sum to 1"),
    "weights beyond 1": ("attack, coded flow", put(*FIRST, "weight", "2"), Rejected, "sum to 1"),
    "a negative weight": ("attack, coded flow", put(*FIRST, "weight", "-1"), Unreadable, "less than 0"),
    "a chance outside its range": (
        "attack, coded flow",
        put("attack", "flow", "palette", 3, "3/5"),
        Rejected,
        "outside the source's range",
    ),
    "a later child": (
        "attack, coded flow",
        put("attack", "flow", "nodes", 1, 1, 2),
        Unreadable,
        "comes earlier",
    ),
    "no root": ("attack, coded flow", put(*FIRST, "node", 2), Rejected, "no root"),
    "children of two heights": (
        "attack, coded flow",
        put("attack", "flow", "nodes", 3, 2, 0),
        Rejected,
        "differ in height",
    ),
    "signalling": ("cells, uniform", lambda c: signal(c), Rejected, "signals"),
    "probabilities beyond 1": (
        "cells, uniform",
        lambda c: c["attack"]["strategies"][0]["box"].update(denominator=10**6),
        Rejected,
        "sum to 1",
    ),
    "a measurement not complete": (
        "attack, states",
        put(*FIRST, "box", "measurements", 0, 0, 1, []),
        Rejected,
        "sum to 1",
    ),
    "vectors not orthogonal": (
        "attack, states",
        put(*FIRST, "box", "measurements", 0, 0, 1, [[1, 1]]),
        Rejected,
        "orthogonal",
    ),
    "a state of 0": (
        "attack, states",
        put(*FIRST, "box", "state", [0, 0, 0, 0]),
        Rejected,
        "states: vectors are 0",
    ),
    "a state too long": (
        "attack, states",
        put(*FIRST, "box", "state", [1, 0, 0, 1, 0]),
        Unreadable,
        "list of 4",
    ),
    "qubits not normalised": (
        "attack, qubits",
        put(*FIRST, "box", "state", ["1", "1"]),
        Rejected,
        "do not sum to 1",
    ),
    "an angle not on the circle": (
        "attack, qubits",
        put(*FIRST, "box", "angles", 0, 0, ["1", "1/2"]),
        Rejected,
        "do not sum to 1",
    ),
    "errors of cycle boxes hidden": ("orbits", lambda c: hide(c), Rejected, "not >= 14/5|score"),
    "an unbiased box of local devices": (
        "orbits",
        put("question", "devices", "local"),
        Rejected,
        "not local",
    ),
    "cycle boxes of quantum devices": (
        "orbits",
        put("question", "devices", "quantum"),
        Rejected,
        "no quantum",
    ),
    # ---- many parties
    "a string that is not wrong": ("strings, perfect", lambda c: negate(c), Rejected, "not wrong"),
    "a negative price of violation": (
        "strings, violated",
        put(*PRICES, "violated", "-1"),
        Unreadable,
        "less than 0",
    ),
    "a mean that is not seen": (
        "strings, perfect",
        put(*PRICES, "seen", [[[1, 0, -1], "1"]]),
        Rejected,
        "not observed",
    ),
    "counts that do not add up": (
        "strings, perfect",
        lambda c: c["upper"]["proof"]["labels"][0][0][0].__setitem__(0, 9),
        Unreadable,
        "do not add up",
    ),
    "a relation broken too often": (
        "strings, violated",
        put("question", "relations", "violated", "1/10000"),
        Rejected,
        "too large a weight",
    ),
    "biased bits that may stop": (
        "strings, perfect",
        put("question", "source", bits("1/2", (2,) * 5)),
        Rejected,
        "may never occur",
    ),
    "another way": ("strings, perfect", put(*PROOF, "way", "cells"), Rejected, "by strings"),
    "bits of relations by leaves": (
        "strings, perfect",
        put("question", "source", {"kind": "bits", "leaves": list(range(32)), "epsilon": "1/10"}),
        Unreadable,
        "'order' is missing",
    ),
    "a moment too large": ("strings, biases", lambda c: enlarge(c), Rejected, "negative|too large"),
    # ---- compositions
    "ends exchanged": (
        "threshold, epsilon",
        lambda c: exchange(c),
        Rejected,
        "more biased",
    ),
    "both ends proved": (
        "threshold, epsilon",
        lambda c: c["above"].update(upper=c["below"]["upper"], attack=None),
        Rejected,
        "no contradiction|one end",
    ),
    "a proof and an attack at one end": (
        "threshold, epsilon",
        lambda c: c["below"].update(attack=c["above"]["attack"]),
        Unreadable,
        "exactly one",
    ),
    "an end moved": ("threshold, epsilon", put("below", "at", "3/20"), Rejected, "no contradiction|claim"),
    "an attack beyond its epsilon": ("threshold, epsilon", put("above", "at", "11/100"), Rejected, "attack"),
    "a threshold in visibility of a score": (
        "threshold, visibility",
        put("question", "ask", score(chsh())),
        Rejected,
        "not monotone",
    ),
    "nothing varies": (
        "threshold, epsilon",
        put("question", "source", "epsilon", "1/10"),
        Unreadable,
        "must be",
    ),
    "two numbers vary": (
        "threshold, epsilon",
        put("question", "source", "lower", "?"),
        Unreadable,
        "must be",
    ),
    "a score and a source vary": (
        "threshold, score",
        put("question", "source", bits("?")),
        Unreadable,
        "one place",
    ),
    "scores of two tests vary": (
        "threshold, score",
        put("question", "tests", [scored(chsh(), ">=", "?")] * 2),
        Unreadable,
        "one place",
    ),
    "a score turned": ("threshold, score", put(*TESTS, 0, "relation", "<="), Rejected, "contradiction|sign"),
    "a score that no local model has": (
        "threshold, score",
        put("below", "at", "17/8"),
        Rejected,
        "test 0",
    ),
    "a slack of the wrong sign": (
        "threshold, visibility",
        put(*TESTS, 0, "score", "slack", "1/10"),
        Rejected,
        "wrong sign",
    ),
    "a visibility beyond 1": ("threshold, visibility", put("above", "at", "2"), Unreadable, "not in"),
    "an entropy of a score": (
        "threshold, visibility",
        lambda c: (
            c.update(crosses={"entropy": "1/2"}) or c["question"]["ask"].update(quantity="trace-distance")
        ),
        Unreadable,
        "guessing probability",
    ),
    "the worst of three": ("worst", drop("parts", 3), Unreadable, "a part for each"),
    "the worst at one setting": ("worst", put("question", "ask", "at", [0, 0]), Unreadable, "asks at"),
}
#: Party A's outcomes are exchanged at setting 0, and B's with them where CHSH is to be kept: it is not.
FLIP = [[0, [[0, [1, 0]], [1, [0, 1]]]], [1, [[0, [0, 1]], [1, [0, 1]]]]]


def shift(c: Any, by: Fraction) -> None:
    """Move mass of the first strategy from one setting to another."""
    masses = c["attack"]["strategies"][0]["masses"]
    masses[0], masses[1] = str(Fraction(masses[0]) + by), str(Fraction(masses[1]) - by)


def signal(c: Any) -> None:
    """Let one outcome of A depend on B's setting."""
    box = next(x["box"] for x in c["attack"]["strategies"] if x["box"]["kind"] == "table")
    unit = box["denominator"]
    box["numerators"] = [unit, 0, 0, 0, 0, 0, 0, unit, *([unit, 0, 0, 0] * 2)]


def hide(c: Any) -> None:
    """Swap the roles of the box without errors and the one that errs: more errors than the test allows."""
    c["attack"]["errors"] = [0 for _ in c["attack"]["errors"]]


def negate(c: Any) -> None:
    """Turn the sign of the first positive multiplier."""
    for label in c["upper"]["proof"]["labels"]:
        for entry in label:
            if entry[1] > 0:
                entry[1] = -entry[1]


def enlarge(c: Any) -> None:
    """Put the first moment of the first strategy at 5/4."""
    c["attack"]["strategies"][0]["moments"][0][1] = "5/4"


def exchange(c: Any) -> None:
    """Exchange what is proved below and above."""
    c["below"], c["above"] = {**c["above"], "at": c["below"]["at"]}, {**c["below"], "at": c["above"]["at"]}


@pytest.mark.parametrize("name", corpus.NAMES)
def test_honest_certificates_are_accepted(name: str) -> None:
    assert check(corpus.honest(name)).statement


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused(name: str) -> None:
    honest, edit, failure, words = FORGERIES[name]
    raw = corpus.honest(honest)
    edit(raw)
    assert json.dumps(raw) != corpus.text(honest)
    with pytest.raises(failure, match=words):
        check(raw)


# ------------------------------------------------------------------ sound, accepted


@pytest.mark.parametrize("devices", ["local", "quantum"])
@pytest.mark.parametrize("name", ["cells, uniform", "cells, bits", "cycle, bits", "cycle, limits, told"])
def test_proofs_for_all_devices_hold_for_fewer(name: str, devices: str) -> None:
    raw = corpus.honest(name)
    before = check(raw).upper
    raw["question"]["devices"], raw["attack"] = devices, None
    after = check(raw).upper
    assert after == before or name.startswith("cycle")  # local devices have no unbiased box


def test_a_bound_may_be_proved_of_what_is_impossible() -> None:
    """No box passes CHSH >= 5, and 3/2 - S/4 (arXiv:0911.3427) at S = 5 says nothing false."""
    q = question(GUESS, [scored(chsh(), ">=", "5")], UNIFORM)
    raw = corpus.honest("cells, uniform")
    assert check({**raw, "question": q, "attack": None}).upper == Fraction(1, 4)


# ------------------------------------------------------------------ large numbers


def test_large_factors_come_out_right() -> None:
    """A sum of correlators reaches the sum of absolute factors: the product of their signs is -1."""
    factors = [
        Fraction(9825, 8713),
        Fraction(143125, 92558),
        Fraction(133357, 85913),
        Fraction(-53974, 66747),
    ]
    report = _bound(score(chsh(tuple(factors))))
    assert report.lower == report.upper == sum(map(abs, factors))


def test_nothing_is_rounded_away() -> None:
    big = 5 + Fraction(1, 10**18)
    report = _bound(score(chsh((big, big, big, -big))))
    assert report.lower == report.upper == 20 + Fraction(4, 10**18)


def _bound(ask: dict[str, Any]) -> Report:
    return check(answered(question(ask, source=bits("1/20"))).best)


# ------------------------------------------------------------------ one guess for all settings


def _not_told(flipped: int, most: str) -> dict[str, Any]:
    """The chained inequality with A's outcome exchanged at a setting, and one guess for all settings."""
    edges = [[a, b, parity ^ (a == flipped)] for a, b, parity in corpus.CHAIN]
    errors = [[3 * a + b, o, "1"] for a, b, parity in edges for o in ((1, 2), (0, 3))[parity]]
    q = question(
        {**corpus.AVERAGE, "told": "nothing"}, [scored(errors, "<=", most)], UNIFORM, settings=(3, 3)
    )
    upper = answered(q).upper
    assert upper is not None
    return corpus.bracket(q, {**upper, "proof": {"way": "cycle", "edges": edges}})


def test_one_guess_for_all_settings_needs_a_constant_box() -> None:
    """x flipped at the middle setting: no box that errs once is constant for A."""
    with pytest.raises(Rejected, match="constant"):
        check(_not_told(1, "1/2"))


@pytest.mark.parametrize("most", ["0", "1/2", "1", "3/2"])
@pytest.mark.parametrize("flipped", [0, 2])
def test_one_guess_for_all_settings(flipped: int, most: str) -> None:
    raw = _not_told(flipped, most)
    upper, right = check(raw).upper, oracle.answer(raw["question"]).value
    assert upper is not None
    assert right is not None
    assert float(enclose(upper, 80)[1]) == pytest.approx(right, abs=1e-7)


# ------------------------------------------------------------------ what is read


def _written(change: Callable[[str], str]) -> bytes:
    return change(corpus.text("cycle, bits")).encode()


TEXTS: dict[str, tuple[bytes, int]] = {
    "honest": (_written(str), 0),
    "empty": (b"", 2),
    "no object": (b"[]", 2),
    "null": (b"null", 2),
    "not UTF-8": (b"\xff\xfe{}", 2),
    "a byte order mark": (b"\xef\xbb\xbf" + _written(str), 2),
    "a repeated key": (_written(lambda t: t.replace('"version": 2', '"version": 2, "version": 2')), 2),
    "a decimal": (_written(lambda t: t.replace('"version": 2', '"version": 2.0')), 2),
    "an exponent": (_written(lambda t: t.replace('"count": 2', '"count": 2e0')), 2),
    "NaN": (_written(lambda t: t.replace('"count": 2', '"count": NaN')), 2),
    "minus zero": (_written(lambda t: t.replace('[0, 0, "1"]', '[-0, 0, "1"]')), 2),
    "nested deeply": (b"[" * 100_000 + b"]" * 100_000, 2),
    "a huge integer": (_written(lambda t: t.replace('"count": 2', '"count": 1' + "0" * 100_000)), 2),
    "a huge fraction": (_written(lambda t: t.replace('"14/5"', '"1' + "0" * 100_000 + '"')), 2),
    "a long fraction": (_written(lambda t: t.replace('"14/5"', '"-1' + "0" * 3_900 + '"')), 0),
    "words after the end": (_written(lambda t: t + "{}"), 2),
    "a false one": (_written(lambda t: t.replace('"tests": ["-1/4"]', '"tests": ["1/4"]')), 1),
    "too much work": (_written(lambda t: t.replace('"settings": [2, 2]', '"settings": [2048, 2048]')), 2),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str, tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_bytes(TEXTS[name][0])
    code, lines = checked(str(path))
    assert code == TEXTS[name][1], lines
    assert all(line.isprintable() for line in lines)


def test_a_small_limit_of_work_stops_every_check() -> None:
    for name in ("cycle, bits", "cells, bits", "squares, uniform", "strings, perfect", "deterministic, bits"):
        with pytest.raises(TooMuch):
            check(corpus.honest(name), Work(20))


def test_what_is_large_is_refused_before_it_is_written_out() -> None:
    """Each would need far more than 10^8 steps, and is refused at once."""
    wide = {**question(EXISTS, [], UNIFORM, "local"), "settings": [2] * 11, "outcomes": [2] * 11}
    none = {"claim": "none", "prices": {"settings": {"all": "0", "but": []}, "tests": []}}
    with pytest.raises(TooMuch):
        check(corpus.bracket(wide, {**none, "proof": {"way": "deterministic"}}))
    edges = {"kind": "limits", "lower": {"all": "0", "but": []}, "upper": {"all": "1", "but": []}}
    q = question(score(chsh()), [], edges, settings=(64, 64), observed="uniform")
    labels = [{"vertices": []}]
    with pytest.raises(TooMuch):
        check(corpus.zero_price(q, {"way": "cells", "unit": 1, "labels": labels}))


def test_numbers_that_get_longer_and_longer_are_given_up() -> None:
    """Half a megabyte of unlike denominators: their sum would take minutes, and no loop is long."""
    rng = random.Random(3)
    prices = [f"1/{10**3999 + 2 * rng.randrange(10**3000) + 1}" for _ in range(128)]
    q = question(score(chsh()), [], UNIFORM, settings=(64, 2))
    raw = corpus.zero_price(q, {"way": "cells", "unit": 1, "labels": [{"last": []}]})
    raw["upper"]["prices"]["settings"] = prices
    with pytest.raises(TooMuch, match="common denominator"):
        check(raw)
    units = [int(x[2:]) for x in prices]
    tables = [{"kind": "table", "denominator": d, "numerators": [1, d - 1, 0, 0] * 4} for d in units]
    strategies = [{"masses": {"all": "1/512", "but": []}, "box": box} for box in tables]
    ask = score([[0, 0, "1"]])
    with pytest.raises(TooMuch):
        check(corpus.bracket(question(ask, [], UNIFORM), None, {"strategies": strategies}))


def test_many_short_denominators_are_weighed_too() -> None:
    """Primes of seven digits: a sum of 64,000 of them, in a file of 840 kB, took minutes and 12 steps."""
    sieve = bytearray([1]) * 1_300_000
    for p in range(2, 1141):
        sieve[p * p :: p] = bytes(len(range(p * p, len(sieve), p)))
    prices = [f"1/{p}" for p in range(10**6, len(sieve)) if sieve[p]][:16384]
    assert len(set(prices)) == 16384
    assert max(map(len, prices)) == 9
    q = question(score(chsh()), [], UNIFORM, settings=(128, 128))
    raw = corpus.zero_price(q, {"way": "cells", "unit": 1, "labels": [{"last": []}]})
    raw["upper"]["prices"]["settings"] = prices
    with pytest.raises(TooMuch, match="common denominator"):
        check(raw)


def test_masses_of_many_strings_are_weighed() -> None:
    """Thirteen bits with one chance of 1,200 digits: each mass has 15,600, however few the file shows."""
    d = 10**1200 + 1
    source = {"kind": "bits", "order": [[0, b] for b in range(13)], "ranges": [[f"2/{d}"] * 2] * 13}
    q = question(score([[0, 0, "1"]]), [], source, settings=(8192, 1))
    for label in ({"vertices": [[]]}, {"bits": 13, "branches": [[[[]] * 8191, [{"vertices": [[]]}] * 8192]]}):
        with pytest.raises(TooMuch):
            check(corpus.zero_price(q, {"way": "cells", "unit": 1, "labels": [label]}))


def test_strings_at_which_nothing_is_left_are_counted() -> None:
    """Each of seven levels of branches visits all 128 strings, for two labels, also where h is 0."""
    source = {"kind": "bits", "order": [[0, b] for b in range(7)], "ranges": [["1/2", "1/2"]] * 7}
    q = question({**GUESS, "at": [0, 0]}, [], source, settings=(128, 1))
    tree: Any = {"vertices": [[]]}
    for _ in range(7):
        tree = {"bits": 1, "branches": [[[[]], [tree, tree]]]}
    work = Work()
    check(corpus.zero_price(q, {"way": "cells", "unit": 1, "labels": [tree] * 2}), work)
    once = Work()
    check(corpus.zero_price(q, {"way": "cells", "unit": 1, "labels": [{"vertices": [[]]}] * 2}), once)
    # the one vertex has 254 entries either way
    assert work.done - once.done >= 2 * 7 * 128


def test_terms_of_zeros_are_counted() -> None:
    """Of twelve parties a term has 4,096 words, each time that it is listed."""
    test = scored([[0, 4095, "1"]], "<=", "0")
    for devices, way, word in (
        ("quantum", {"way": "squares", "words": ["1"]}, "1"),
        ("no-signalling", {"way": "cells"}, None),
    ):
        ask = score([[0, 0, "1"]])
        q = question(ask, [test], UNIFORM, devices, settings=(1,) * 12, outcomes=(2,) * 12)
        label = {"last": {"terms": [], "zeros": [[0, 0, 4095, word, 1]] * 300}}
        with pytest.raises(TooMuch):
            check(corpus.zero_price(q, {**way, "unit": 1, "labels": [label]}), Work(10**6))


def test_a_word_that_is_nested_deeply_is_no_word() -> None:
    """As deep as a text may be, its own text would be too deep."""
    word: Any = "1"
    for _ in range(5000):
        word = [word]
    raw = corpus.honest("zeros, squares")
    put(*LABEL, "last", "zeros", 0, 3, word)(raw)
    with pytest.raises(Unreadable, match="text"):
        check(raw)


def test_a_guess_that_sums_unlike_denominators_is_weighed() -> None:
    """One box, one guess for 128 settings, at each of which P(0|s) has a denominator of its own."""
    lengths = [10**500 + 2 * s for s in range(128)]
    bases = [[[[1, n]], [[n, -1]]] for n in lengths]
    box = {"kind": "quantum", "dimensions": [2], "state": [1, 0], "measurements": [bases]}
    ask = {**GUESS, "at": "average", "told": "nothing"}
    q = question(ask, [], UNIFORM, "quantum", settings=(128,), outcomes=(2,))
    attack = {"strategies": [{"masses": {"all": "1/128", "but": []}, "box": box}]}
    with pytest.raises(TooMuch, match="common denominator"):
        check(corpus.bracket(q, None, attack))


def test_biased_bits_of_many_parties_are_not_written_out() -> None:
    """Perfect relations say the same for 31 parties as for 5 (arXiv:1210.6514)."""
    raw = corpus.many(relations(31, {**corpus.MAJORITY, "at": [0] * 31}, epsilon="1/20"))
    report = check(raw, Work(10**6))
    assert report.lower == report.upper == Fraction(3, 4)


def test_the_command(tmp_path: Path) -> None:
    """Exit codes 0, 1, 2 and 3, of several files the worst."""
    texts = {"good": _written(str), "false": TEXTS["a false one"][0], "bad": b"{}"}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)

    def code(*names: str) -> int:
        command = [sys.executable, "-m", "freerand_opt.checker", *(str(tmp_path / name) for name in names)]
        return subprocess.run(command, capture_output=True, text=True, check=False).returncode

    assert code("good") == 0
    assert code("false") == 1
    assert code("bad") == 2
    assert code("good", "false", "bad") == 2
    assert code("good", "false") == 1
    assert code(".") == 2
    assert code("nothing there") == 2
    assert code() == 2


def test_a_question_made_easier_is_another_question() -> None:
    """A larger epsilon or a weaker score leaves a proof valid, of a larger bound that is printed."""
    raw = corpus.honest("cycle, bits")
    raw["attack"] = None
    for edit, least in (
        (put("question", "source", "epsilon", "1/10"), 0.895),
        (put(*TESTS, 0, "score", "27/10"), 0.895),
    ):
        changed = json.loads(json.dumps(raw))
        edit(changed)
        upper = check(changed).upper
        right = answered(
            changed["question"] | {"tests": [scored(chsh(), ">=", changed["question"]["tests"][0]["score"])]}
        )
        assert upper is not None
        assert right.reached is not None
        assert least < float(enclose(right.reached, 80)[0]) <= float(enclose(upper, 80)[1]) + 1e-12


def test_repeated_keys_are_seen_by_the_reader_of_texts() -> None:
    with pytest.raises(Unreadable, match="repeated"):
        load('{"a": 1, "a": 1}')
