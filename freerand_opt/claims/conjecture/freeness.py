"""Small statements of the supplement: correlated bits, signalling, Markov's step, the missing edge."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from freerand_opt.claims.conjecture.computation import HALF, Ends


def four_term_state(order: str, bit: int, epsilon: Fraction) -> Fraction:
    """Return how far a bit of the four-term state is from fair, given the bits before it in `order`.

    Its amplitudes are p, sqrt(pq), q, sqrt(pq) on up up, up down, down up, down down.
    """
    p, q = HALF + epsilon, HALF - epsilon
    joint = {(0, 0): p * p, (0, 1): p * q, (1, 0): q * q, (1, 1): p * q}
    mine, other = (0, 1) if bit == 1 else (1, 0)
    first = order == ("1 first" if bit == 1 else "2 first")
    found = []
    for given in [(0, 1)] if first else [(0,), (1,)]:
        known = {s: x for s, x in joint.items() if s[other] in given}
        zero = sum((x for s, x in known.items() if s[mine] == 0), Fraction(0))
        found.append(abs(zero / sum(known.values()) - HALF))
    return max(found)


def signalling(epsilon: Fraction) -> Ends:
    """Return the largest distance of P(X|A=0) from P(X|A=1) if A is eps-free given X, with a model.

    X is an outcome that A cannot cause; A and X are bits here, more values do not help.
    """
    p, q = HALF + epsilon, HALF - epsilon
    model = [[p / 2, q / 2], [q / 2, p / 2]]  # P(a, x)
    distance = abs(model[0][0] - model[1][0]) * 2
    return Ends(distance, distance, {"joint": [[str(x) for x in row] for row in model]})


def markov(delta: Fraction, level: Fraction) -> Fraction:
    """Return the largest P(D >= level) if D >= 0 has the mean delta: min(1, delta/level).

    Two values reach it; 1[D >= level] <= D/level is the other side.
    """
    return min(Fraction(1), delta / level)


def missing_edge(size: int, weight: Fraction, edges: str) -> Ends:
    """Return D - I_N/(2 q_N) at (a, b) = (0, 1) for a model, with q_N over `edges`: printed or all.

    W is fair except at (a0, b0), where w = 0 has `weight`; settings are uniform. w = 0: X = Y = +1 always;
    w = 1: unbiased, no error on any edge. The witness has P(w|ab) and the boxes.
    """
    places = list(product(range(size), repeat=2))
    last = (0, size - 1)
    given = [
        [weight if s == last else HALF for s in places],
        [1 - weight if s == last else HALF for s in places],
    ]
    one, none = Fraction(1), Fraction(0)
    boxes = [
        [[one, none, none, none] for _ in places],
        [[none, HALF, HALF, none] if s == last else [HALF, none, none, HALF] for s in places],
    ]
    cycle = [(a, b) for a, b in places if b in (a, a - 1)]
    asked = places.index((0, 0))
    score = sum(
        (
            given[w][places.index(s)]
            * (1 - sum(boxes[w][places.index(s)][k] for k in ((1, 2) if s == last else (0, 3))))
            for s in (*cycle, last)
            for w in (0, 1)
        ),
        none,
    )
    distance = sum(
        (given[w][asked] * abs(sum(boxes[w][asked][:2]) - HALF) for w in (0, 1)),
        none,
    )
    among = cycle if edges == "printed" else [*cycle, last]
    ratio = min(given[w][places.index(s)] / given[w][asked] for s in among for w in (0, 1))
    witness = {
        "given": [[str(x) for x in row] for row in given],
        "boxes": [[[str(x) for x in cell] for cell in box] for box in boxes],
    }
    value = distance - score / (2 * ratio)
    return Ends(value, value, witness)
