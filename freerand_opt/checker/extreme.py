r"""Entropies given W alone by extreme boxes: two parties with two settings and two outcomes each.

The entropy of an output is concave in the box, so that -H, at prices of the tests, is largest at an extreme
one: each outcome a function of the setting, or unbiased outcomes with a fixed parity at each joint setting
(Barrett et al., quant-ph/0404097). Then the output takes one value, or two with probability 1/2 each, and H
is 0 or 1 bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.guesses import outputs
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.reading import closed
from freerand_opt.checker.support import Means
from freerand_opt.checker.vectors import Vector


def by_extreme(raw: Any, q: Question, rest: Rest, work: Work) -> Fraction:
    """Return the largest mean of h, in bits, over all extreme boxes and the source."""
    if (q.settings, q.outcomes) != ((2, 2), (2, 2)) or q.devices == "local" or rest.words:
        raise Rejected("extreme: two parties with two settings and outcomes, no local devices, no moments")
    if q.ask.side != "classical" or q.observed is None or (q.ask.at is None and not q.ask.told):
        raise Rejected("extreme: side information is classical, and she knows the settings asked about")
    if q.ask.noise:
        raise Rejected("extreme: entropies of outputs that are flipped are not 0 or 1")
    closed(raw, "proof", ("way", *Means.keys(q.source, raw)))
    means, values = Means(q.source, raw, work, rest.averages), outputs(q)
    found = []
    for box in _boxes():
        work.spend(64, "extreme boxes")
        row = []
        for s, shown in enumerate(box):
            own = rest.cells.get(s, {})
            h = rest.constants[s] + sum((own.get(o, Fraction(0)) for o in shown), Fraction(0)) / len(shown)
            if q.ask.at in (None, s) and len({values[o] for o in shown}) > 1:
                h -= 1 if q.ask.at is None else 1 / q.weight(s)
            row.append(h)
        found += means.largest(Vector(4, None, dict(enumerate(row))))
    means.done()
    return max(found)


def _boxes() -> Iterator[list[tuple[int, ...]]]:
    """Yield the outcomes, alike in probability, at each joint setting: deterministic boxes, then parities.

    The parities that are no extreme box (of the sum of two functions) are means of others, and do no harm.
    """
    for a, b in product(product((0, 1), repeat=2), repeat=2):
        yield [(2 * a[x] + b[y],) for x, y in product((0, 1), repeat=2)]
    for parities in product((0, 1), repeat=4):
        yield [((0, 3), (1, 2))[parity] for parity in parities]
