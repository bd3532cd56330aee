"""A problem as the question of a certificate (docs/kernel.md)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Any

from freerand_opt.model.many import Many
from freerand_opt.model.problem import (
    Ask,
    Average,
    Bits,
    FullSupport,
    Functional,
    Kept,
    Limits,
    Mutual,
    Point,
    Problem,
    Product,
    Shared,
    Source,
    Test,
)
from freerand_opt.model.problem import Rows as SourceRows
from freerand_opt.numbers.kernel import triples

#: Vectors longer than this are written as one entry and exceptions where most entries agree.
LISTED = 64


def plain_form(asked: Problem | Many) -> dict[str, Any]:
    """Return what is asked in the certificate's grammar."""
    return asked.form() if isinstance(asked, Many) else question_form(asked)


def question_form(problem: Problem) -> dict[str, Any]:
    """Return the question in the certificate's grammar."""
    observed: Any = "unconstrained"
    if problem.observed is not None:
        observed = "uniform" if problem.even else vector_form(problem.observed)
    return {
        "settings": list(problem.settings),
        "outcomes": list(problem.outcomes),
        "source": source_form(problem.source, problem.observed, problem.shape[0]),
        "observed": observed,
        "devices": problem.devices,
        "tests": [_test(test, problem) for test in problem.tests],
        "ask": _ask(problem.ask, problem),
    }


def vector_form(values: tuple[Fraction, ...] | list[Fraction]) -> Any:
    """Return a vector of fractions: a short one as a list."""
    if len(values) <= LISTED and len(set(values)) > 1:
        return [str(value) for value in values]
    return coded_form(values)


def coded_form(values: tuple[Fraction, ...] | list[Fraction]) -> Any:
    """Return a vector in which each value is written once, or one value and the exceptions."""
    # long vectors repeat few objects, which are sooner told apart than fractions
    places = [id(value) for value in values]
    objects = dict(zip(places, values, strict=True))
    keys = {place: value.as_integer_ratio() for place, value in objects.items()}
    counts: Counter[tuple[int, int]] = Counter()
    for place, often in Counter(places).items():
        counts[keys[place]] += often
    default, often = max(counts.items(), key=itemgetter(1))
    if 2 * (len(values) - often) > len(values):
        palette = {key: code for code, key in enumerate(counts)}
        codes = {place: palette[key] for place, key in keys.items()}
        return {"palette": [str(Fraction(*key)) for key in palette], "codes": [codes[k] for k in places]}
    usual = {place for place, key in keys.items() if key == default}
    but = [[k, str(values[k])] for k, place in enumerate(places) if place not in usual]
    return {"all": str(Fraction(*default)), "but": but}


def moving_vector(values: Sequence[Sequence[int]]) -> Any:
    """Return a vector of polynomials in the shorter of its two forms."""
    keys = [list(p) for p in dict.fromkeys(map(tuple, values))]
    codes = [keys.index(list(p)) for p in values]
    usual = max(range(len(keys)), key=codes.count)
    listed = {"all": keys[usual], "but": [[s, keys[k]] for s, k in enumerate(codes) if k != usual]}
    coded = {"palette": keys, "codes": codes}
    return min(listed, coded, key=lambda form: len(json.dumps(form)))


def source_form(source: Source, observed: tuple[Fraction, ...] | None, count: int) -> dict[str, Any]:
    """Return a source in the certificate's grammar."""
    if isinstance(source, Point):
        return {"kind": "uniform" if source.values is None else "free"}
    if isinstance(source, Bits):
        shape: dict[str, Any] = {"leaves": list(source.leaves)}
        if source.order is not None:
            shape = {"order": [list(bit) for bit in source.order]}
        epsilons = {(high - Fraction(1, 2), Fraction(1, 2) - low) for low, high in source.ranges}
        up, down = next(iter(epsilons), (Fraction(0), Fraction(0)))
        if len(epsilons) <= 1 and up == down:
            return {"kind": "bits", **shape, "epsilon": str(up)}
        return {"kind": "bits", **shape, "ranges": [[str(low), str(high)] for low, high in source.ranges]}
    if isinstance(source, Limits):
        return {"kind": "limits", "lower": vector_form(source.lower), "upper": vector_form(source.upper)}
    if isinstance(source, Mutual):
        return {"kind": "mutual", "epsilon": str(source.epsilon), "order": [list(own) for own in source.bits]}
    if isinstance(source, SourceRows):
        rows = [
            {"terms": [[s, str(x)] for s, x in terms], "relation": relation, "bound": str(bound)}
            for terms, relation, bound in source.rows
        ]
        return {"kind": "inequalities", "rows": rows}
    if isinstance(source, Average):
        bounds = [str(bound) for bound in source.bounds]
        more: dict[str, Any] = {"pairs": [list(pair) for pair in source.pairs]} if source.pairs else {}
        if source.good is not None:
            more = {"good": source_form(source.good, observed, count)}
        return {"kind": "average", "measure": source.measure, "bounds": bounds, **more}
    if isinstance(source, Product):
        return {"kind": "product", "parts": [source_form(part, None, 0) for part in source.parts]}
    if isinstance(source, Shared):
        return {"kind": "product", "largest": str(source.bound)}
    assert isinstance(source, FullSupport)
    return {"kind": "full-support"}


def _functional(f: Functional, problem: Problem) -> dict[str, Any]:
    if f.on == "moments":
        return {"on": f.on, "terms": [[name, str(factor)] for name, factor in f.words]}
    errors = errors_of(f, problem)
    if errors is not None:
        return {"on": f.on, "errors": [list(error) for error in errors]}
    return {"on": f.on, "terms": [[s, o, str(factor)] for s, o, factor in f.terms]}


def errors_of(f: Functional, problem: Problem) -> list[tuple[int, int, int]] | None:
    """Return [setting of A, setting of B, right parity] of a functional that counts wrong parities.

    Return None for other functionals.
    """
    if len(problem.settings) != 2 or problem.outcomes != (2, 2) or any(x != 1 for _, _, x in f.terms):
        return None
    outcomes: dict[int, tuple[int, ...]] = {}
    for s, o, _ in f.terms:
        outcomes[s] = (*outcomes.get(s, ()), o)
    if not all(own in ((1, 2), (0, 3)) for own in outcomes.values()):
        return None
    return [(*divmod(s, problem.settings[1]), int(own == (0, 3))) for s, own in sorted(outcomes.items())]


def _test(test: Test | Kept, problem: Problem) -> dict[str, Any]:
    if isinstance(test, Kept):
        table = [[s, [triples(x) for x in row]] for s, row in test.table]
        return {"keep": table, "tolerance": str(test.tolerance)}
    return {**_functional(test.functional, problem), "relation": test.relation, "score": triples(test.score)}


def _ask(ask: Ask, problem: Problem) -> dict[str, Any]:
    if ask.quantity == "strategy":
        return {"quantity": "strategy"}
    if ask.score is not None:
        extreme = "largest" if ask.sign > 0 else "smallest"
        return {"quantity": "score", **_functional(ask.score, problem), "extreme": extreme}
    asked = {"quantity": ask.quantity, "of": list(ask.of), "values": list(ask.values), "count": ask.count}
    if ask.side:
        asked["side"] = ask.side
    if ask.noise:
        asked["noise"] = str(ask.noise)
    if ask.at is None:
        return {**asked, "at": "average", "told": "settings" if ask.told else "nothing"}
    return {**asked, "at": list(problem.joint_settings[ask.at])}
