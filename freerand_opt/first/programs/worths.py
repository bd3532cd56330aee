r"""What each guess is worth at each joint outcome of an output's parties.

A sum of biases has one label, which is worth sum_i (-1)^{x_i}: its output counts the outcomes 1.

A party picked by n epsilon-free bits, with p = 1/2 + epsilon and q = 1/2 - epsilon: if the bits may depend
on the outcomes x, the guess g is right with the probability

.. math:: V(\text{leaf } i) = [x_i = g], \qquad V(\text{node}) = p \max(V_l, V_r) + q \min(V_l, V_r);

if they depend on W alone, with sum_i s(i) [x_i = g] for one of the source's vertices s (arXiv:1105.3195;
docs/proofs/ghz-orbits.md says when one vertex stands for all).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import TypeAlias

from freerand_opt.errors import TooLargeError
from freerand_opt.first.model.question import Ask, Picked

#: For each guess label, its worth at each joint outcome of the output's parties, the first slowest.
Worths: TypeAlias = tuple[tuple[Fraction, ...], ...]
#: Sources of up to so many picking bits have their vertices enumerated.
MOST_BITS = 2
#: Outputs of more parties than this are refused.
MOST_PARTIES = 20


def party_worths(ask: Ask) -> Worths:
    """Return the worth of each guess; raise TooLargeError for an output of too many parties."""
    output = ask.output
    assert output is not None
    assert output.parties is not None
    if len(output.parties) > MOST_PARTIES:
        raise TooLargeError(
            f"a function of {len(output.parties)} outcomes; at most {MOST_PARTIES} are tabulated"
        )
    if ask.quantity == "sum-of-biases":
        return (tuple(Fraction(len(output.parties) - 2 * ones) for ones in output.values),)
    if output.picked is not None:
        assert isinstance(ask.at, tuple)
        found = picked_worths(output.picked, [ask.at[party] for party in output.parties])
    else:
        found = tuple(tuple(Fraction(int(v == g)) for v in output.values) for g in range(output.count))
    if ask.quantity == "trace-distance":
        if output.count != 2:
            raise TooLargeError("the trace distance of many parties is bounded for outputs with two values")
        found = tuple(tuple(value - Fraction(1, 2) for value in row) for row in found)
    return found


def picked_worths(picked: Picked, settings: Sequence[int]) -> Worths:
    """Return the worths of guesses 0 and 1 (for each vertex of the picking source, if it takes several)."""
    p = Fraction(1, 2) + picked.epsilon
    outcomes = list(product((0, 1), repeat=2**picked.bits))
    if picked.selection == "outcome-dependent":
        return tuple(
            tuple(mean_of_tree([Fraction(int(x == g)) for x in xs], p) for xs in outcomes) for g in (0, 1)
        )
    shares = [heavy_first(picked.bits, p)]
    if len(set(settings)) > 1:  # the parties cannot be exchanged, so every vertex counts
        shares = tree_shares(picked.bits, p)
    return tuple(
        tuple(sum((s for s, x in zip(share, xs, strict=True) if x == g), Fraction(0)) for xs in outcomes)
        for share in shares
        for g in (0, 1)
    )


def mean_of_tree(level: list[Fraction], p: Fraction) -> Fraction:
    """Return the largest mean of the leaves' values over epsilon-free bits that see them."""
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [p * max(a, b) + (1 - p) * min(a, b) for a, b in pairs]
    return level[0]


def heavy_first(bits: int, p: Fraction) -> list[Fraction]:
    """Return the distribution on 2^bits leaves in which every bit prefers 0."""
    shares = [Fraction(1)]
    for _ in range(bits):
        shares = [share * part for share in shares for part in (p, 1 - p)]
    return shares


def tree_shares(bits: int, p: Fraction) -> list[list[Fraction]]:
    """Return every vertex of the epsilon-free strings; raise TooLargeError beyond `MOST_BITS` bits."""
    if bits > MOST_BITS:
        raise TooLargeError(
            f"{bits} picking bits have 2^{2**bits - 1} extreme distributions; ask at equal settings of the "
            f"parties they pick from, or use at most {MOST_BITS} bits"
        )
    if bits == 0:
        return [[Fraction(1)]]
    below = tree_shares(bits - 1, p)
    return [
        [first * share for share in left] + [(1 - first) * share for share in right]
        for first in dict.fromkeys((p, 1 - p))
        for left in below
        for right in below
    ]
