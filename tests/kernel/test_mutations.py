"""Random changes of honest certificates: whatever is still accepted must be true.

Of a mutant with the same question the honest certificate's other end says what is true; a changed question of
two parties is answered anew by the oracle (quantum devices: between local and no-signalling ones), one about
relations by its own program.
"""

from __future__ import annotations

import copy
import json
import os
import random
from fractions import Fraction
from typing import Any

import pytest

from freerand_opt.checker.document import Report, check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import Number, enclose

from . import corpus, oracle
from .from_json import many_of

#: Mutants of each honest certificate; FREERAND_MUTANTS (of all) asks for more.
ALL = int(os.environ.get("FREERAND_MUTANTS", "1700"))
EACH = -(-ALL // len(corpus.NAMES))
NEAR = 2e-6
SOME = ["0", "1", "-1", "1/2", "1/4", "-1/4", "3/4", "1/10", "2", "4", "14/5", "1/1000000", "?"]


# ------------------------------------------------------------------ mutations


def _places(raw: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    entries = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, value in entries:
        if path or key not in ("format", "version", "kind"):
            found += _places(value, (*path, key))
    return found


def _at(raw: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        raw = raw[key]
    return raw


def _changed(value: Any, rng: random.Random) -> Any:
    """Return another number, word or list in place of a value."""
    if isinstance(value, bool) or value is None:
        return rng.choice([True, False, None, 0])
    if isinstance(value, int):
        return rng.choice(
            [value + 1, value - 1, -value, 0, 2 * value, value + rng.randint(-9, 9), value // 2, 10**40]
        )
    if isinstance(value, str):
        try:
            x = Fraction(value)
        except (ValueError, ZeroDivisionError):
            words = [
                "local",
                "no-signalling",
                "quantum",
                "<=",
                ">=",
                "=",
                "joint",
                "conditional",
                "largest",
                "smallest",
            ]
            return rng.choice(
                [*words, "bits", "uniform", "unconstrained", "A0", "B1", "A0 B0", "1", "settings", "nothing"]
            )
        return rng.choice(
            [str(-x), str(x + Fraction(1, 10)), str(x - Fraction(1, 100)), str(2 * x), str(x / 2), *SOME]
        )
    if isinstance(value, list) and value:
        held = copy.deepcopy(value)
        i, j = rng.randrange(len(held)), rng.randrange(len(held))
        kind = rng.choice(["delete", "double", "swap", "copy", "empty"])
        if kind == "delete":
            del held[i]
        elif kind == "double":
            held.insert(i, copy.deepcopy(held[j]))
        elif kind == "swap":
            held[i], held[j] = held[j], held[i]
        elif kind == "copy":
            held[i] = copy.deepcopy(held[j])
        else:
            held = []
        return held
    if isinstance(value, dict) and value:
        held = copy.deepcopy(value)
        key = rng.choice(list(held))
        taken = held.pop(key)
        if rng.random() < 0.5:
            held[rng.choice([*held, "all", "vertices", "epsilon", "zeros", "last"])] = taken
        return held
    return rng.choice([0, "1", [], {}])


def mutant(raw: Any, rng: random.Random) -> Any:
    """Return a certificate with one to three changes; a value may come from another place."""
    raw = copy.deepcopy(raw)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        places = _places(raw)
        path = rng.choice(places)
        value = _at(raw, path)
        new = copy.deepcopy(_at(raw, rng.choice(places))) if rng.random() < 0.1 else _changed(value, rng)
        _at(raw, path[:-1])[path[-1]] = new
    return raw


# ------------------------------------------------------------------ truth


def _low(x: Number | None) -> float | None:
    return None if x is None else float(enclose(x, 400)[0])


def _spelt_out(q: Any) -> Any:
    """Return a question with terms in place of errors."""
    q = copy.deepcopy(q)
    for f in (*q["tests"], q["ask"]):
        if "errors" in f:
            width = q["settings"][1]
            f["terms"] = [[a * width + b, o, "1"] for a, b, p in f.pop("errors") for o in ((1, 2), (0, 3))[p]]
    return q


def truth(q: Any) -> tuple[float | None, float | None] | None:
    """Return (what the answer is at least, at most); None in it: nothing passes. None: not known here."""
    if "relations" in q:
        if q["ask"]["quantity"] == "strategy" or many_of(q).form() != q:
            return None
        again = check(corpus.many(q), Work(10**9))
        return (None, None) if again.impossible else (_low(again.lower), _low(again.upper))
    q = _spelt_out(q)
    ratios = q["observed"] == "unconstrained" and any(
        f.get("on") == "conditional" and len({s for s, *_ in f["terms"]}) > 1 for f in (*q["tests"], q["ask"])
    )
    words = any(f.get("on") == "moments" for f in (*q["tests"], q["ask"]))
    if len(q["settings"]) != 2 or ratios or words or max(q["settings"] + q["outcomes"]) > 3:
        return None
    if q["devices"] == "quantum":
        return tuple(oracle.answer({**q, "devices": each}).value for each in ("local", "no-signalling"))  # type: ignore[return-value]
    value = oracle.answer(q).value
    return value, value


def contradicts(report: Report, q: Any, true: tuple[float | None, float | None]) -> str:
    """Return in what a report says something false."""
    least, most = true
    if report.impossible:
        return "" if least is None else f"no strategy, but {least} is reached"
    if q["ask"]["quantity"] == "strategy":
        return "a strategy, but there is none" if most is None else ""
    sign = -1 if q["ask"].get("extreme") == "smallest" else 1
    lower, upper = _low(report.lower), _low(report.upper)
    if sign < 0:
        lower, upper = (None if upper is None else -upper), (None if lower is None else -lower)
    if lower is not None and (most is None or lower > most + NEAR):
        return f"{lower} is said to be reached, at most {most} is"
    if upper is not None and least is not None and upper < least - NEAR:
        return f"at most {upper} is said, and {least} is reached"
    return ""


def _ends(raw: Any) -> list[tuple[Report, Any]]:
    """Return the reports of all brackets in a certificate, and their questions."""
    q = raw["question"]
    if raw["kind"] == "bracket":
        return [(check(raw), q)]
    if raw["kind"] == "worst":
        ats = [[a, b] for a in range(q["settings"][0]) for b in range(q["settings"][1])]
        asked = [{**q, "ask": {**q["ask"], "at": at}} for at in ats]
        return [
            (check(corpus.bracket(each, p["upper"], p["attack"])), each)
            for each, p in zip(asked, raw["parts"], strict=True)
        ]
    found = []
    for side in ("below", "above"):
        text = json.dumps(q).replace('"?"', json.dumps(raw[side]["at"]))
        filled = json.loads(text)
        for test in filled["tests"]:
            if isinstance(test["score"], dict):
                v, rows = Fraction(raw[side]["at"]), dict(raw["honest"])
                mixed = sum(
                    Fraction(f) * (v * Fraction(rows[s][o]) + (1 - v) / 4) for s, o, f in test["terms"]
                )
                test["score"] = str(mixed + Fraction(test["score"]["slack"]))
        found.append((check(corpus.bracket(filled, raw[side]["upper"], raw[side]["attack"])), filled))
    return found


@pytest.mark.parametrize("name", corpus.NAMES)
def test_what_is_accepted_is_true(name: str) -> None:
    rng = random.Random(name)
    honest = corpus.honest(name)
    first = None if honest["kind"] != "bracket" else check(honest)
    for _ in range(EACH):
        raw = mutant(honest, rng)
        try:
            check(raw, Work(10**6))
        except (Unreadable, Rejected, TooMuch):
            continue
        for report, q in _ends(raw):
            if q == honest["question"] and first is not None:
                ends = [_low(first.lower), _low(first.upper)]
                if ends.count(None) == 0 or first.impossible:
                    known = (None, None) if first.impossible else (ends[0], ends[1])
                    if q["ask"].get("extreme") != "smallest":
                        assert contradicts(report, q, known) == "", raw
                        continue
            true = truth(q)
            assert true is None or contradicts(report, q, true) == "", raw
