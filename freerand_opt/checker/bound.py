"""The upper end: prices, and one of the ways to see that they suffice."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.checker.asked import ENTROPY, Question
from freerand_opt.checker.averages import by_departure
from freerand_opt.checker.boxes import by_deterministic, by_extreme, require_extreme
from freerand_opt.checker.chords import by_chords
from freerand_opt.checker.cycle import by_cycle
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.fold import by_labels
from freerand_opt.checker.numbers import Number, combined, show, sign
from freerand_opt.checker.prices import Rest, read_prices
from freerand_opt.checker.reading import closed, get, tag
from freerand_opt.checker.sources import Average
from freerand_opt.checker.strings import by_strings
from freerand_opt.checker.support import Means

#: Ways that compare at the points of a source and list no boxes.
OF_ANY_BOX = ("cells", "squares")


def check_upper(raw: Any, q: Question, work: Work) -> Number | None:
    """Return what the answer is at most, None if no strategy exists; raise Rejected.

    {"claim": "bound" or "none", "prices", "proof": {"way": .., ..}}; of the smallest score the negative is
    bounded, and of an entropy.
    """
    empty = tag(raw, "claim", "upper", ("bound", "none")) == "none"
    if q.ask.quantity == ENTROPY and not empty and "nodes" in raw:
        return by_chords(raw, q, work)
    closed(raw, "upper", ("claim", "prices", "proof"))
    if not empty and q.ask.quantity == "strategy":
        raise Unreadable("upper: of a strategy's existence only 'none' can be claimed")
    if q.relations is not None:
        total: Number = by_strings(raw, q, work, empty=empty)
    else:
        way = get(raw["proof"], "way")
        if isinstance(q.source, Average) and q.source.measure == "information" and way in OF_ANY_BOX:
            q = replace(q, source=by_departure(q.source))
        rest = read_prices(raw["prices"], q, work, empty=empty)
        total = combined(rest.right) + _least(raw["proof"], rest)
        if rest.bound is not None:
            if sign(total, work) > 0:
                raise Rejected(f"the prices leave {show(total)} above the bound {show(rest.bound)}")
            return rest.bound
    if empty and sign(total, work) >= 0:
        raise Rejected(f"no contradiction: the prices only show {show(total)} >= 0")
    return None if empty else total


def _least(raw: Any, rest: Rest) -> Fraction:
    """Return the least r that the proof shows."""
    entropy = rest.q.ask.quantity == ENTROPY and not rest.empty
    way = tag(raw, "way", "proof", ("extreme",) if entropy else ("deterministic", "cycle", *OF_ANY_BOX))
    if way in OF_ANY_BOX:
        return by_labels(raw, rest, rest.guesses.labels, rest.guesses.gained)
    own, more = (("edges",) if way == "cycle" else ()), (("zeros",) if way == "deterministic" else ())
    by_boxes = {"deterministic": by_deterministic, "cycle": by_cycle, "extreme": by_extreme}[way]
    if way == "extreme":
        require_extreme(rest)
    closed(raw, "proof", ("way", *own, *Means.keys(rest.q.source, raw)), more)
    means = Means(rest.q.source, raw, rest.work, rest.averages)
    found = max(by_boxes(raw, rest, means), default=None)
    means.done()
    if found is None:
        raise Rejected("deterministic: every box breaks a zero; prove that no strategy exists instead")
    return Fraction(found)
