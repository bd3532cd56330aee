"""Small statements of the supplement, from models."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.checker.reading import items
from freerand_opt.claims.conjecture.checker.reading import Arguments, Ends, fractions, require

HALF = Fraction(1, 2)


def four_term_state(a: Arguments) -> Ends:
    """Squares of the amplitudes (1/2+e), sqrt(1/4-e^2), (1/2-e), sqrt(1/4-e^2), conditioned."""
    first, bit, (p, q) = a.word("order", "1 first", "2 first"), a.whole("bit", 1, 2), a.bit()
    e = (p - q) / 2
    chances = [[p**2, Fraction(1, 4) - e**2], [q**2, Fraction(1, 4) - e**2]]
    rows = chances if bit == 2 else [list(column) for column in zip(*chances, strict=True)]  # given, of
    if first == f"{bit} first":
        rows = [[sum(column, Fraction(0)) for column in zip(*rows, strict=True)]]
    value = max(abs(row[0] - row[1]) / (row[0] + row[1]) / 2 for row in rows)
    return value, value


def signalling(a: Arguments) -> Ends:
    """With v = P(S) P(not S), d = 2 eps it is at most v d/(v d^2 + (1-d^2)/4), which grows up to v = 1/4."""
    p, q = a.bit()
    d = p - q
    joint = a.table("joint", 2, 2)
    sums = [joint[0][x] + joint[1][x] for x in (0, 1)]
    require(min(map(min, joint)) > 0 and sum(sums) == 1, "joint is no distribution")
    require(
        all(joint[s][x] <= p * sums[x] for s in (0, 1) for x in (0, 1)),
        "the setting is not eps-free given the outcome",
    )
    one, other = ([x / sum(row, Fraction(0)) for x in row] for row in joint)
    reached = (abs(one[0] - other[0]) + abs(one[1] - other[1])) / 2
    return reached, d / 4 / (d * d / 4 + (1 - d * d) / 4)


def markov_step(a: Arguments) -> Ends:
    """D is `most` with the chance delta/most, else 0, and [D >= level] <= D/level, at 0 and beyond level."""
    delta, level = a.rational("delta", 0, HALF), a.rational("level", Fraction(1, 10**9), HALF)
    return Fraction(delta / max(level, delta)), min(Fraction(1), delta / level)


def missing_edge(a: Arguments) -> Ends:
    """Check the model and evaluate D - I_N/(2 q_N) for it."""
    size, weight = a.whole("size", 2, 6), a.rational("weight", Fraction(1, 10**6), HALF)
    printed = a.word("edges", "printed", "all") == "printed"
    count = size**2
    given = a.table("given", 2, count)
    raw = items(a.proved("boxes"), "proof: boxes", 2)
    boxes = [
        [fractions(cell, "proof: boxes", 4) for cell in items(box, "proof: boxes", count)] for box in raw
    ]
    require(all(sum(column) == 1 for column in zip(*given, strict=True)), "given is no distribution of w")
    edges, score = [], Fraction(0)
    for s in range(count):
        x, y = 2 * (s // size), 2 * (s % size) + 1
        last = (x, y) == (0, 2 * size - 1)
        if abs(x - y) == 1 or last:
            edges.append((s, last))
            wrong = (0, 3) if last else (1, 2)
            score += sum(
                (row[s] * box[s][k] for row, box in zip(given, boxes, strict=True) for k in wrong),
                Fraction(0),
            )
    for box in boxes:
        one = [[cell[0] + cell[1] for cell in box], [cell[0] + cell[2] for cell in box]]
        require(all(min(cell) >= 0 and sum(cell) == 1 for cell in box), "a box is no distribution")
        alike = (one[0][s] == one[0][s - s % size] and one[1][s] == one[1][s % size] for s in range(count))
        require(all(alike), "a box signals")
    require(min(map(min, given)) > 0 and score == weight, "I_N is not the weight")
    distance = sum(
        (row[0] * abs(box[0][0] + box[0][1] - HALF) for row, box in zip(given, boxes, strict=True)),
        Fraction(0),
    )
    ratio = min(row[s] / row[0] for s, last in edges if not (printed and last) for row in given)
    value = distance - score / (2 * ratio)
    return value, value
