"""Honest small certificates of every form, made by the library when tests run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any
from unittest.mock import patch

from freerand_opt.bounds.methods import linear, quantum
from freerand_opt.bounds.methods.facets import facets
from freerand_opt.bounds.methods.relations import relations as relations_method
from freerand_opt.bounds.options import Options
from freerand_opt.bounds.threshold import End, threshold_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.squares import squares_form
from freerand_opt.conic.duals import exact_dual
from freerand_opt.model.problem import Problem
from freerand_opt.programs import branches
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.moments import moment_program, moments_of
from freerand_opt.solvers import clarabel

from .from_json import many_of, problem_of
from .makers import EDGES, EXISTS, GUESS, UNIFORM, bits, chsh, question, relations, score, scored

AVERAGE = {key: value for key, value in GUESS.items() if key != "at"} | {"at": "average"}
WINS = scored(chsh(), ">=", "14/5")
LIMITS = {"kind": "limits", "lower": {"all": "1/5", "but": []}, "upper": {"all": "3/10", "but": []}}
MUTUAL = {"kind": "mutual", "epsilon": "1/10", "order": [[0], [0]]}
PRODUCT = {"kind": "product", "parts": [{"kind": "bits", "order": [[0, 0]], "epsilon": "1/10"}, UNIFORM]}
ROWS = {
    "kind": "inequalities",
    "rows": [{"terms": [[s, "1"]], "relation": "<=", "bound": "13/48"} for s in (0, 1, 2)],
}
ROWS["rows"].append({"terms": [[0, "1"], [3, "-1"]], "relation": "=", "bound": "0"})  # type: ignore[attr-defined]
CODED = {
    "kind": "bits",
    "leaves": [0, 1, 1, 2, 3, 3, 0, 0],
    "ranges": [["2/5", "1/2"], ["1/3", "2/3"], ["1/4", "1/4"]],
}
FULL = {"kind": "full-support"}
#: Wrong parities of the chained inequality for three settings each.
CHAIN = [[0, 0, 0], [0, 2, 1], [1, 0, 0], [1, 1, 0], [2, 1, 0], [2, 2, 0]]
ERRORS = [[3 * a + b, o, "1"] for a, b, parity in CHAIN for o in ((1, 2), (0, 3))[parity]]
#: What white noise leaves of deterministic answers 0.
NOISY = {"keep": [[s, ["11/20", "3/20", "3/20", "3/20"]] for s in (0, 1, 2)], "tolerance": "1/100"}
#: Half the weight of these is a sum of ratios where masses are not stated.
RATIOS = scored(
    [[s, o, "1"] for s, parity in enumerate((0, 0, 0, 1)) for o in ((1, 2), (0, 3))[parity]], "<=", "1/5"
)
#: A test at its algebraic end, so that outcomes 1 and 2 never occur at setting 0.
SAME = scored([[0, 1, "1"], [0, 2, "1"]], "<=", "0")
DIFFER = score([[0, 1, "1"], [1, 0, "1"]])
ROOT_TEST = scored(chsh(), ">=", [["1/4", 2, "0"], ["5/2", 1, "0"]])


def _branches(pool: Pool, options: Options) -> Iterator[None]:
    """Offer the bound by branches over single bits, as few as the source has."""
    problem = pool.problem
    assert isinstance(problem, Problem)
    guesses = guesses_of(problem)
    with patch.object(branches, "GROUP", 1):
        cone = branches.branched_cone(problem)
        made = moment_program(problem, cone, moments_of(problem, options.level, few_labels(guesses)), guesses)
        dual = exact_dual(made.program, clarabel.solve(made.program))
        pool.offer_upper(squares_form(made, dual, {}, "bound"), "branches")
    yield


Case = tuple[Callable[..., Any], dict[str, Any]]
CASES: dict[str, Case] = {
    "cycle, bits": (linear.cycle_boxes, question(GUESS, [WINS])),
    "cycle, limits, told": (linear.cycle_boxes, question({**AVERAGE, "told": "settings"}, [WINS], LIMITS)),
    "cycle, mutual": (linear.cycle_boxes, question(GUESS, [WINS], MUTUAL)),
    "cycle, distance": (linear.cycle_boxes, question({**GUESS, "quantity": "trace-distance"}, [WINS])),
    "cycle, free": (
        linear.cycle_boxes,
        question(GUESS, [scored(chsh(), ">=", "13/16", "joint")], observed="unconstrained"),
    ),
    "cycle, chain": (
        linear.cycle_boxes,
        question(GUESS, [scored(ERRORS, "<=", "1/5")], UNIFORM, settings=(3, 3)),
    ),
    "orbits": (linear.orbits, question(GUESS, [WINS])),
    "deterministic, bits": (linear.deterministic, question(score(chsh()), devices="local")),
    "deterministic, root": (linear.deterministic, question(GUESS, [ROOT_TEST], bits("1/5"), "local")),
    "deterministic, product": (linear.deterministic, question(score(chsh()), [], PRODUCT, "local")),
    "deterministic, rows": (
        linear.deterministic,
        question(score(chsh()), [], ROWS, "local"),
    ),
    "deterministic, smallest": (
        linear.deterministic,
        question(score(chsh(), "smallest", "joint"), [], CODED, "local", "unconstrained"),
    ),
    "deterministic, none": (linear.deterministic, question(EXISTS, [WINS], bits("1/10"), "local")),
    "deterministic, kept": (linear.deterministic, question(score([[3, 0, "1"]]), [NOISY], UNIFORM, "local")),
    "cells, uniform": (linear.vertices, question(GUESS, [WINS], UNIFORM)),
    "cells, vertices": (linear.vertices, question(GUESS, [WINS])),
    "cells, bits": (facets, question(GUESS, [WINS])),
    "cells, coded": (
        facets,
        question(score(chsh(), "largest", "joint"), [NOISY], CODED, observed="unconstrained"),
    ),
    "cells, limits": (facets, question({**AVERAGE, "told": "nothing"}, [WINS], LIMITS)),
    "cells, mutual": (facets, question(GUESS, [WINS], MUTUAL)),
    "cells, rows": (facets, question(GUESS, [WINS], ROWS)),
    "cells, product": (facets, question(GUESS, [WINS], PRODUCT)),
    "cells, ratios": (facets, question(GUESS, [RATIOS], observed="unconstrained")),
    "cells, three outcomes": (
        facets,
        question(score([[0, 4, "1"]]), [scored([[1, 8, "1"]], ">=", "1/2")], outcomes=(3, 3)),
    ),
    "squares, uniform": (quantum.quantum, question(score(chsh()), [], UNIFORM, "quantum")),
    "squares, vertices": (quantum.quantum, question(score(chsh()), [], bits("1/10"), "quantum")),
    "squares, branches": (_branches, question(score(chsh()), [], bits("1/10"), "quantum")),
    "squares, moments": (
        quantum.quantum,
        question(score(chsh()), [scored([["A0 A1", "1"]], "<=", "1/2", "moments")], UNIFORM, "quantum"),
    ),
}


def bracket(q: dict[str, Any], upper: Any, attack: Any = None) -> dict[str, Any]:
    """Return the certificate of a question with these ends."""
    return {
        "format": "freerand-certificate",
        "version": 2,
        "kind": "bracket",
        "question": q,
        "upper": upper,
        "attack": attack,
    }


def by_method(method: Callable[..., Any], q: dict[str, Any]) -> Pool:
    """Return what one method finds."""
    pool = Pool(problem_of(q))
    for _ in method(pool, Options(level="1")):
        if method is quantum.quantum and pool.upper is not None:
            break
    return pool


def many(q: dict[str, Any]) -> dict[str, Any]:
    """Return the certificate of a question about relations."""
    pool = Pool(many_of(q))
    assert pool.question == q
    for _ in relations_method(pool, Options()):
        pass
    return pool.best


def zero_price(q: dict[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    """Return the certificate that needs no prices but 0."""
    prices = {"settings": {"all": "0", "but": []}, "tests": ["0"] * len(q["tests"])}
    return bracket(q, {"claim": "bound", "prices": prices, "proof": proof})


def _not_told() -> dict[str, Any]:
    """One guess for all settings: the box that errs at the last edge has constant outcomes."""
    q = question({**AVERAGE, "told": "nothing"}, [WINS], bits("1/10"))
    pool = by_method(facets, q)
    assert pool.upper is not None
    return bracket(q, {**pool.upper, "proof": {"way": "cycle", "edges": EDGES}}, pool.attack)


def _threshold() -> dict[str, Any]:
    ends = []
    for place, side in ((Fraction(1, 10), -1), (Fraction(1, 5), 1)):
        q = question(EXISTS, [WINS], bits(str(place)), "local")
        ends.append(End(place, by_method(linear.deterministic, q), side))
    varied = question(EXISTS, [WINS], {**bits(), "epsilon": "?"}, "local")
    return threshold_form({"question": varied, "crosses": None}, *ends)


def _score() -> dict[str, Any]:
    """Local devices reach CHSH 2 and no more."""
    ends = []
    for place, side in ((Fraction(2), 1), (Fraction(9, 4), -1)):
        q = question(EXISTS, [scored(chsh(), ">=", str(place))], UNIFORM, "local")
        ends.append(End(place, by_method(linear.deterministic, q), side))
    varied = question(EXISTS, [scored(chsh(), ">=", "?")], UNIFORM, "local")
    return threshold_form({"question": varied, "crosses": None}, *ends)


def _visibility() -> dict[str, Any]:
    """The guess passes 3/4 between visibilities at which CHSH is 3.2 and 2.8: 3/2 - S/4 (arXiv:0911.3427)."""
    honest = [[s, ["1/2", "0", "0", "1/2"] if s < 3 else ["0", "1/2", "1/2", "0"]] for s in range(4)]
    ends = []
    for v, side in ((Fraction(7, 10), 1), (Fraction(4, 5), -1)):
        q = question(GUESS, [scored(chsh(), ">=", str(4 * v))], UNIFORM)
        ends.append(End(v, by_method(linear.vertices, q), side))
    slack = {"on": "conditional", "terms": chsh(), "relation": ">=", "score": {"slack": "0"}}
    varied = {"question": question(GUESS, [slack], UNIFORM), "crosses": "3/4", "honest": honest}
    return threshold_form(varied, *ends)


def _worst() -> dict[str, Any]:
    parts = []
    for a in (0, 1):
        for b in (0, 1):
            pool = by_method(linear.cycle_boxes, question({**GUESS, "at": [a, b]}, [WINS], UNIFORM))
            parts.append({"upper": pool.upper, "attack": pool.attack})
    q = question({**GUESS, "at": "?"}, [WINS], UNIFORM)
    return {"format": "freerand-certificate", "version": 2, "kind": "worst", "question": q, "parts": parts}


def _qubits() -> dict[str, Any]:
    q = question(score(chsh()), [], UNIFORM, "quantum")
    box = {"kind": "qubits", "state": ["0", "1"], "angles": [["0", "1/2"], ["1/4", "-1/4"]]}
    return bracket(q, None, {"strategies": [{"masses": {"all": "1/4", "but": []}, "box": box}]})


def _states() -> dict[str, Any]:
    """A rational state and rational bases whose CHSH value is 14/5 (3-4-5 triangles)."""
    q = question(score(chsh()), [], UNIFORM, "quantum")
    flat = [[[[1, 0]], [[0, 1]]], [[[1, 1]], [[1, -1]]]]
    turned = [[[[5, 2]], [[-2, 5]]], [[[5, -2]], [[2, 5]]]]
    box = {"kind": "quantum", "dimensions": [2, 2], "state": [1, 0, 0, 1], "measurements": [flat, turned]}
    return bracket(q, None, {"strategies": [{"masses": {"all": "1/4", "but": []}, "box": box}]})


def _coded_flow() -> dict[str, Any]:
    """Strings that share settings: masses by a flow graph, settings unconstrained."""
    q = question(score(chsh(), "largest", "joint"), [], CODED, "local", "unconstrained")
    flow = {
        "palette": ["1/4", "1/3", "2/3", "2/5"],
        "nodes": [[0, None, None], [1, 0, 0], [2, 0, 0], [3, 1, 2]],
    }
    box = {"kind": "deterministic", "outcomes": [[0, 0], [0, 0]]}
    return bracket(q, None, {"flow": flow, "strategies": [{"weight": "1", "node": 3, "box": box}]})


ZEROS_CELLS = {"way": "cells", "unit": 1, "labels": [{"last": {"terms": [], "zeros": [[0, 0, 1, None, -1]]}}]}
ZEROS_SQUARES = {
    "way": "squares",
    "unit": 1,
    "words": ["1"],
    "labels": [{"last": {"terms": [], "zeros": [[0, 0, 1, "1", -1]]}}],
}
MAJORITY = {**GUESS, "of": [0, 1, 2], "values": [0, 0, 0, 1, 0, 1, 1, 1], "at": [0] * 5}
BY_HAND: dict[str, Callable[[], dict[str, Any]]] = {
    "cycle, not told": _not_told,
    "threshold, epsilon": _threshold,
    "threshold, score": _score,
    "threshold, visibility": _visibility,
    "worst": _worst,
    "attack, qubits": _qubits,
    "attack, states": _states,
    "attack, coded flow": _coded_flow,
    "zeros, cells": lambda: zero_price(question(DIFFER, [SAME], UNIFORM), ZEROS_CELLS),
    "zeros, squares": lambda: zero_price(question(DIFFER, [SAME], UNIFORM, "quantum"), ZEROS_SQUARES),
    "zeros, deterministic": lambda: zero_price(
        question(DIFFER, [SAME], UNIFORM, "local"), {"way": "deterministic", "zeros": [[0, 0, 1]]}
    ),
    "symmetry": lambda: zero_price(
        question(score(chsh()), [], UNIFORM, "quantum"),
        {
            "way": "squares",
            "unit": 1,
            "words": ["1"],
            "labels": [
                {"last": [], "symmetry": [[[1, [[0, [0, 1]], [1, [0, 1]]]], [0, [[0, [0, 1]], [1, [0, 1]]]]]]}
            ],
        },
    ),
    "full support": lambda: zero_price(
        question(score(chsh(), on="joint"), [], FULL, observed="uniform"),
        {"way": "cells", "unit": 1, "labels": [{"rows": [], "settings": [[], [], [], []]}]},
    ),
    "strings, perfect": lambda: many(relations(5, MAJORITY)),
    "strings, violated": lambda: many(relations(5, MAJORITY, violated="1/1000", epsilon="1/50")),
    "strings, whole": lambda: many(
        relations(3, {**GUESS, "of": [0, 1], "values": [0, 1, 1, 1], "at": [0, 0, 1]}, whole=True)
    ),
    "strings, biases": lambda: many(
        relations(4, {"quantity": "sum-of-biases", "of": [0, 1, 2, 3], "at": [0, 0, 0, 0]}, violated="1/20")
    ),
}


@cache
def text(name: str) -> str:
    """Return an honest certificate as text."""
    made = BY_HAND[name]() if name in BY_HAND else by_method(*CASES[name]).best
    return json.dumps(made)


def honest(name: str) -> Any:
    """Return an honest certificate, to be changed at will."""
    return json.loads(text(name))


NAMES = (*CASES, *BY_HAND)
