"""Random small questions of two parties, in the JSON of certificates."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from . import oracle, oracle_sources

KINDS = (
    "uniform",
    "free",
    "bits",
    "ranges",
    "leaves",
    "limits",
    "mutual",
    "inequalities",
    "product",
    "full-support",
)


def some_fraction(rng: random.Random, low: Fraction, high: Fraction) -> Fraction:
    """Return a fraction of few digits in an interval."""
    return low + (high - low) * Fraction(rng.randint(1, 11), 12)


def some_range(rng: random.Random) -> list[str]:
    return [str(Fraction(1, 2) + Fraction(k, 24)) for k in sorted(rng.choices(range(-5, 6), k=2))]


def product_parts(rng: random.Random, settings: tuple[int, ...], epsilon: str) -> list[dict[str, Any]]:
    """Return a source for each party."""
    parts = []
    for n in settings:
        own = rng.choice(["uniform", "bits", "limits"] if n & (n - 1) == 0 else ["uniform", "limits"])
        if own == "bits":
            parts.append(
                {"kind": "bits", "order": [[0, b] for b in range(n.bit_length() - 1)], "epsilon": epsilon}
            )
        elif own == "limits":
            ends = [str(Fraction(rng.randint(k, k + 3), 4 * n)) for k in (0, 5)]
            parts.append(
                {
                    "kind": "limits",
                    **{
                        key: {"all": end, "but": []}
                        for key, end in zip(("lower", "upper"), ends, strict=True)
                    },
                }
            )
        else:
            parts.append({"kind": "uniform"})
    return parts


def source(rng: random.Random, kind: str, settings: tuple[int, ...]) -> dict[str, Any]:
    """Return a source; of bits only for settings that are powers of two."""
    count = settings[0] * settings[1]
    order = [[p, b] for p, n in enumerate(settings) for b in range(n.bit_length() - 1)]
    rng.shuffle(order)
    epsilon = rng.choice(["0", "1/30", "1/12", "1/8", "1/5", "2/5"])
    if kind in ("uniform", "free", "full-support"):
        return {"kind": kind}
    if kind == "bits":
        return {"kind": "bits", "order": order, "epsilon": epsilon}
    if kind == "ranges":
        return {"kind": "bits", "order": order, "ranges": [some_range(rng) for _ in order]}
    if kind == "leaves":
        leaves = [*range(count), *(rng.randrange(count) for _ in range(8 - count))]
        rng.shuffle(leaves)
        ranges = [some_range(rng) for _ in range(3)]
        if rng.random() < 0.7:
            ranges[2] = ranges[2][:1] * 2  # 8 vertices instead of 128
        return {"kind": "bits", "leaves": leaves, "ranges": ranges}
    if kind == "limits":
        lower = [str(Fraction(rng.choice([0, 4, 6, 7]), 8 * count)) for _ in range(count)]
        upper = [str(Fraction(rng.choice([9, 10, 12, 16]), 8 * count)) for _ in range(count)]
        return {"kind": "limits", "lower": lower, "upper": upper}
    if kind == "mutual":
        return {
            "kind": "mutual",
            "epsilon": epsilon,
            "order": [[b for q, b in order if q == p] for p in (0, 1)],
        }
    if kind == "inequalities":
        rows = []
        for _ in range(rng.randint(1, 3)):
            chosen = sorted(rng.sample(range(count), rng.randint(1, count - 1)))
            terms = [[s, str(Fraction(rng.choice([-2, -1, 1, 1, 2, 3])))] for s in chosen]
            mean = sum((Fraction(f) for _, f in terms), Fraction(0)) / count
            rows.append(
                {"terms": terms, "relation": "<=", "bound": str(mean + Fraction(rng.randint(0, 4), 36))}
            )
        if rng.random() < 0.3:
            rows[-1] |= {
                "relation": "=",
                "bound": str(sum((Fraction(f) for _, f in rows[-1]["terms"]), Fraction(0)) / count),
            }
        return {"kind": "inequalities", "rows": rows}
    return {"kind": "product", "parts": product_parts(rng, settings, epsilon)}


def observed(rng: random.Random, raw: dict[str, Any], settings: tuple[int, ...]) -> Any:
    """Return observed settings: uniform, unconstrained, or a mixture of vertices that is rounded."""
    count = settings[0] * settings[1]
    if raw["kind"] == "free":
        parts = [rng.randint(1, 5) for _ in range(count)]
        return [str(Fraction(x, sum(parts))) for x in parts]
    how = rng.choice(["uniform", "unconstrained", "mixture", "mixture", "mixture"])
    if how == "uniform" and raw["kind"] == "bits" and "ranges" in raw and rng.random() < 0.9:
        how = "mixture"  # uniform settings are mostly out of reach
    if how != "mixture" or raw["kind"] == "uniform":
        return "uniform" if how == "mixture" else how
    points = oracle_sources.source_corners(raw, list(settings), None)
    mean = np.mean(points, axis=0)
    whole = [Fraction(round(x * 720)) for x in mean]
    return [str(x / sum(whole)) for x in whole] if all(whole) else "unconstrained"


def functional(rng: random.Random, q: dict[str, Any], *, one_setting: bool) -> list[list[Any]]:
    """Return random terms, a sum of correlators or of single probabilities."""
    count, width = int(np.prod(q["settings"])), int(np.prod(q["outcomes"]))
    settings = (
        [rng.randrange(count)] if one_setting else sorted(rng.sample(range(count), rng.randint(1, count)))
    )
    if width == 4 and rng.random() < 0.5:
        signs = {s: rng.choice([-1, 1]) for s in settings}
        return [[s, o, str(signs[s] * (-1) ** (o in (1, 2)))] for s in settings for o in range(4)]
    terms = [[s, o, rng.randint(-3, 3)] for s, o in product(settings, range(width))]
    kept = [[s, o, str(f)] for s, o, f in terms if f]
    return kept or [[settings[0], 0, "1"]]


def ask(rng: random.Random, q: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked."""
    kind = rng.choice(["guess", "guess", "guess", "average", "average", "score", "strategy"])
    if kind == "strategy":
        return {"quantity": "strategy"}
    if kind == "score":
        on = rng.choice(["joint", "conditional"])
        terms = functional(rng, q, one_setting=on == "conditional" and q["observed"] == "unconstrained")
        return {"quantity": "score", "on": on, "terms": terms, "extreme": rng.choice(["largest", "smallest"])}
    of = rng.choice([[0], [0], [1], [1], [0, 1]])
    size = int(np.prod([q["outcomes"][p] for p in of]))
    many = len(oracle_sources.source_corners(q["source"], q["settings"], [1.0] * 64)) > 64
    d = rng.randint(2, 2 if many else min(size, 3))
    values = [*range(d), *(rng.randrange(d) for _ in range(size - d))]
    rng.shuffle(values)
    quantity = rng.choice(["guessing-probability", "guessing-probability", "trace-distance"])
    asked = {"quantity": quantity, "of": of, "values": values, "count": d}
    if kind == "guess":
        return {**asked, "at": [rng.randrange(n) for n in q["settings"]]}
    told = "nothing" if many or (of == [0, 1] and len(values) > 2) else rng.choice(["settings", "nothing"])
    return {**asked, "at": "average", "told": told}


def bell(rng: random.Random, q: dict[str, Any]) -> list[list[Any]]:
    """Return an odd cycle of correlators [outcome 0] of two settings a party."""
    (na, nb), (_, db) = q["settings"], q["outcomes"]
    places = sorted(a * nb + b for a, b in product(rng.sample(range(na), 2), rng.sample(range(nb), 2)))
    signs = [rng.choice([-1, 1]) for _ in range(3)]
    signs.append(-signs[0] * signs[1] * signs[2])
    width = int(np.prod(q["outcomes"]))
    return [
        [s, o, str(sign * (-1) ** ((o // db > 0) != (o % db > 0)))]
        for s, sign in zip(places, signs, strict=True)
        for o in range(width)
    ]


def test(rng: random.Random, q: dict[str, Any]) -> dict[str, Any]:
    """Return a test whose score lies between what strategies reach at least and at most, or outside."""
    on = rng.choice(["joint", "conditional", "conditional"])
    free = q["observed"] == "unconstrained"
    if q["devices"] == "no-signalling" and rng.random() < 0.7:
        on = "joint" if free else on
        terms = bell(rng, q)
    else:
        terms = functional(rng, q, one_setting=on == "conditional" and free)
    ends = []
    for extreme, sign in (("smallest", -1), ("largest", 1)):
        asked = {"quantity": "score", "on": on, "terms": terms, "extreme": extreme}
        value = oracle.answer({**q, "ask": asked}).value
        ends.append(0.0 if value is None else sign * value)
    share = rng.choice([-0.1, 0.01, 0.02, 0.05, 0.05, 0.1, 0.1, 0.2])
    if rng.random() < 0.15:
        score = Fraction(round((ends[0] + 0.4 * (ends[1] - ends[0])) * 36), 36)
        return {"on": on, "terms": terms, "relation": "=", "score": str(score)}
    relation = rng.choice(["<=", ">="])
    near, far = ends if relation == "<=" else ends[::-1]
    score = Fraction(round((near + share * (far - near)) * 36), 36)
    return {"on": on, "terms": terms, "relation": relation, "score": str(score)}


test.__test__ = False  # type: ignore[attr-defined]


def kept(rng: random.Random, q: dict[str, Any]) -> dict[str, Any]:
    """Return a kept table of a deterministic box mixed with white noise, at some settings."""
    (na, nb), (da, db) = q["settings"], q["outcomes"]
    fa, fb = [rng.randrange(da) for _ in range(na)], [rng.randrange(db) for _ in range(nb)]
    noise = Fraction(rng.randint(1, 9), 10)
    chosen = sorted(rng.sample(range(na * nb), rng.randint(1, na * nb)))
    rows = []
    for s in chosen:
        here = fa[s // nb] * db + fb[s % nb]
        rows.append([s, [str(noise / (da * db) + (o == here) * (1 - noise)) for o in range(da * db)]])
    return {"keep": rows, "tolerance": str(Fraction(rng.randint(0, 2), 30))}


def some_question(rng: random.Random, kind: str) -> dict[str, Any]:
    """Return a random question with a source of one kind."""
    small = kind in ("bits", "ranges", "leaves", "mutual")
    settings = (2, 2) if small or rng.random() < 0.8 else rng.choice([(3, 2), (2, 3)])
    if kind == "bits" and rng.random() < 0.05:
        settings = rng.choice([(4, 2), (2, 4)])  # 128 vertices: the oracle needs seconds
    outcomes = rng.choice([(2, 2)] * 5 + [(3, 2), (2, 3)])
    raw = source(rng, kind, settings)
    q: dict[str, Any] = {
        "settings": list(settings),
        "outcomes": list(outcomes),
        "source": raw,
        "observed": observed(rng, raw, settings),
        "devices": rng.choice(["local", "no-signalling", "no-signalling"]),
        "tests": [],
        "ask": {"quantity": "strategy"},
    }
    for _ in range(rng.choice([0, 1, 1, 1, 2, 2])):
        q["tests"].append(kept(rng, q) if rng.random() < 0.2 else test(rng, q))
    q["ask"] = ask(rng, q)
    return q
