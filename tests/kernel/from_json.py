"""The problem of a question in JSON."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.model import problem as forms
from freerand_opt.model.many import Many
from freerand_opt.numbers.exact import Exact, cos_pi, sqrt

from . import oracle_sources


def exact(raw: Any) -> Exact:
    """Return a number."""
    if isinstance(raw, str):
        return Fraction(raw)
    total: Exact = Fraction(0)
    for factor, n, q in raw:
        total = total + Fraction(factor) * sqrt(Fraction(n)) * cos_pi(Fraction(q))
    return total


def fractions(raw: Any, count: int) -> tuple[Fraction, ...]:
    """Return a vector's entries."""
    if isinstance(raw, list):
        return tuple(map(Fraction, raw))
    changed = {k: Fraction(x) for k, x in raw["but"]}
    return tuple(changed.get(k, Fraction(raw["all"])) for k in range(count))


def source_of(raw: Any, settings: list[int], observed: tuple[Fraction, ...] | None) -> forms.Source:
    """Return a source."""
    count, kind = 1, raw["kind"]
    for n in settings:
        count *= n
    if kind in ("uniform", "free"):
        return forms.Point(None if kind == "uniform" else observed)
    if kind == "full-support":
        return forms.FullSupport()
    if kind == "limits":
        return forms.Limits(fractions(raw["lower"], count), fractions(raw["upper"], count))
    if kind == "mutual":
        return forms.Mutual(Fraction(raw["epsilon"]), tuple(map(tuple, raw["order"])))
    if kind == "product" and "largest" in raw:
        return forms.Shared(Fraction(raw["largest"]))
    if kind == "product":
        parts = [source_of(part, [n], None) for part, n in zip(raw["parts"], settings, strict=True)]
        return forms.Product(tuple(parts))  # type: ignore[arg-type]
    if kind == "inequalities":
        rows = [
            (tuple((s, Fraction(f)) for s, f in row["terms"]), row["relation"], Fraction(row["bound"]))
            for row in raw["rows"]
        ]
        return forms.Rows(tuple(rows))
    leaves = raw.get("leaves") or oracle_sources.leaf_settings(raw["order"], settings)
    bits = len(leaves).bit_length() - 1
    ranges = (
        raw.get("ranges") or [[Fraction(1, 2) + sign * Fraction(raw["epsilon"]) for sign in (-1, 1)]] * bits
    )
    order = tuple(map(tuple, raw["order"])) if "order" in raw else None
    return forms.Bits(tuple((Fraction(low), Fraction(high)) for low, high in ranges), tuple(leaves), order)


def functional(raw: Any) -> forms.Functional:
    """Return a functional of probabilities."""
    if raw["on"] == "moments":
        return forms.Functional("moments", words=tuple((name, Fraction(f)) for name, f in raw["terms"]))
    return forms.Functional(raw["on"], tuple((s, o, Fraction(f)) for s, o, f in raw["terms"]))


def many_of(q: Any) -> Many:
    """Return a question about relations; ranges and picked parties are not read."""
    ask, held = q["ask"], q["relations"]
    return Many(
        len(q["settings"]),
        Fraction(q["source"].get("epsilon", "0")),
        tuple(held["signs"]),
        Fraction(held["violated"]),
        held["whole"],
        ask["quantity"],
        tuple(ask.get("of", ())),
        tuple(ask.get("values", ())),
        ask.get("count", 0),
        tuple(ask.get("at", ())),
    )


def problem_of(q: Any) -> forms.Problem:
    """Return the problem."""
    count = prod(q["settings"])
    observed = None if q["observed"] == "unconstrained" else (Fraction(1, count),) * count
    if observed is not None and q["observed"] != "uniform":
        observed = fractions(q["observed"], count)
    tests: list[forms.Test | forms.Kept] = []
    for raw in q["tests"]:
        if "keep" in raw:
            tests.append(
                forms.Kept(
                    tuple((s, tuple(map(exact, row))) for s, row in raw["keep"]),
                    Fraction(raw["tolerance"]),
                )
            )
        else:
            tests.append(forms.Test(functional(raw), raw["relation"], exact(raw["score"])))
    raw = q["ask"]
    ask = forms.Ask("strategy")
    if raw["quantity"] == "score":
        ask = forms.Ask("score", score=functional(raw), sign=1 if raw["extreme"] == "largest" else -1)
    elif raw["quantity"] != "strategy":
        at = None if raw["at"] == "average" else forms.joint(raw["at"], q["settings"])
        told = raw.get("told") == "settings"
        ask = forms.Ask(raw["quantity"], tuple(raw["of"]), tuple(raw["values"]), raw["count"], at, told)
    return forms.Problem(
        tuple(q["settings"]),
        tuple(q["outcomes"]),
        source_of(q["source"], q["settings"], observed),
        observed,
        q["devices"],
        tuple(tests),
        ask,
    )
