"""Attacks by the boxes of a cycle: as large as 2^20 joint settings, by sums over edges and a flow graph.

{"edges": [[a, b, parity], ..] or the number of a test that lists errors, "flow", "weights": vector, "nodes":
[..], "errors": [place of an edge or null, ..]}, entry w of the last three about one strategy: the box errs
at one edge alone, or (null) is unbiased and errs nowhere. Tests and scores must tell no more than errors.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Functional, Kept, Question
from freerand_opt.checker.cycle import guessed_party, parity_values, read_edges
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import Number, combined, obeys, show
from freerand_opt.checker.points import Flow, Strategy, check_observed, read_flow, root
from freerand_opt.checker.reading import closed, fraction, integer, items
from freerand_opt.checker.vectors import over, vector


def check_chain(raw: Any, q: Question, work: Work) -> Number:
    """Return the value that an attack by boxes of a cycle reaches; raise Rejected."""
    closed(raw, "attack", ("edges", "flow", "weights", "nodes", "errors"))
    edges = dict(read_edges(raw["edges"], q))
    places = list(edges)
    flow = read_flow(raw["flow"], q, work)
    if flow is None:
        raise Unreadable("attack: boxes of a cycle come with a flow graph")
    leaves = flow.source.finder(work)
    if (
        len(flow.source.leaves) != q.shape[0]
        or not flow.source.different
        or q.observed is None
        or q.devices == "quantum"
    ):
        raise Rejected(
            "attack: boxes of a cycle need observed settings, one string each, and no quantum devices"
        )
    points: list[Strategy] = []
    errors: list[int | None] = []
    count = len(items(raw["nodes"], "attack: nodes"))
    weights = vector(raw["weights"], "attack: weights", count, lambda x, where: fraction(x, where, 0))
    listed = items(raw["errors"], "attack: errors", count)
    unit = lcm(*(weight.denominator for weight in weights.values()))
    shares = dict.fromkeys(edges, 0)  # P(error, s)
    for w, (node, place) in enumerate(zip(raw["nodes"], listed, strict=True)):
        where = f"attack: strategy {w}"
        point = root(flow, weights[w], node, where)
        error = None
        if place is not None:
            error = places[integer(place, where, 0, len(places) - 1)]
            work.spend(2 * len(flow.source.ranges), where)
            shares[error] += over(point.weight, unit) * flow.share(point.node, leaves(error)[0])
        elif q.devices == "local":
            raise Rejected(f"{where}: the unbiased box is not local")
        points.append(point)
        errors.append(error)
    check_observed(q, points, flow, work)
    wrong = {s: Fraction(share, unit * flow.unit) for s, share in shares.items()}
    for k, test in enumerate(q.tests):
        if isinstance(test, Kept):
            raise Rejected("attack: boxes of a cycle show no more than errors")
        gap = _error_score(q, test.functional, edges, wrong) - test.score
        if not obeys(gap, test.relation):
            raise Rejected(f"attack: test {k}: the score is not {test.relation} {show(test.score)}")
    if q.ask.quantity == "strategy":
        return Fraction(1)
    if q.ask.score is not None:
        return _error_score(q, q.ask.score, edges, wrong)
    guessed_party(q, list(edges.items()))
    if q.ask.at is None and not q.ask.told:
        raise Rejected("attack: one guess for all settings needs boxes written out")
    return _leak(q, list(zip(points, errors, strict=True)), flow, unit, work)


def _leak(
    q: Question, held: list[tuple[Strategy, int | None]], flow: Flow, unit: int, work: Work
) -> Fraction:
    """Return what guesses gain; weights are over `unit`."""
    leaf = None if q.ask.at is None else flow.source.finder(work)(q.ask.at)[0]
    # twice the worth of a guess: an outcome is known, or fair
    known, fair = (1, 0) if q.ask.quantity == "trace-distance" else (2, 1)
    total = 0
    for point, error in held:
        share = flow.unit
        if leaf is not None:
            work.spend(2 * len(flow.source.ranges), "attack")
            share = flow.share(point.node, leaf)
        total += (fair if error is None else known) * over(point.weight, unit) * share
    return Fraction(total, unit * flow.unit) / (2 if q.ask.at is None else 2 * q.weight(q.ask.at))


def _error_score(q: Question, f: Functional, edges: dict[int, int], wrong: dict[int, Fraction]) -> Number:
    """Return a score from P(error, s): the value without errors, and what errors add."""
    rows: dict[int, dict[int, Fraction]] = {}
    for (s, o), factor in f.terms.items():
        rows.setdefault(s, {})[o] = factor
    if f.words:
        raise Rejected("attack: boxes of a cycle have no moments")
    assert q.observed is not None
    parts: list[tuple[Number, Fraction]] = []
    for s, (right, more) in parity_values(rows, edges).items():
        share = q.weight(s) if f.on == "conditional" else 1
        parts += [(q.observed[s], right / share)] if right else []
        parts += [(wrong[s], more / share)] if s in edges and more else []
    return combined(parts)
