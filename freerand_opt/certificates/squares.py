"""From multipliers of a program over moments to sums of squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt, lcm
from typing import Any

from freerand_opt.certificates.fold import Maker, free_words
from freerand_opt.certificates.proofs import prices_of
from freerand_opt.certificates.shorter import trimmed, without_zeros
from freerand_opt.checker.orders import Worth
from freerand_opt.conic.solution import Dual
from freerand_opt.model.problem import Bits
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.source_cone import Facet

#: Entries of polynomials are integers over 2^BITS, or over what the multipliers have.
BITS = 64
#: Longer denominators are not written.
MOST_BITS = 512


def squares_form(
    made: MomentProgram,
    dual: Dual,
    rational: Mapping[int, Any],
    claim: str,
    more: Worth | None = None,
) -> dict[str, Any]:
    """Return the upper end of a certificate from exact multipliers; `more` is an objective of labels' own."""
    z = [dual.values.get(row, Fraction(0)) for row in range(made.program.linear)]
    prices = prices_of(made.program.names, z, made.problem, rational)
    words = list(made.moments.matrix.word_labels())
    by_facets = made.cone.names[0][0] == "node"
    if made.cone.equalities.shape[0] and not by_facets:  # sums of moments
        words = list(dict.fromkeys([*words, *free_words(made)]))
    unit = 2 ** max([BITS, *(factor.bits for factor in dual.factors)])
    if not dual.factors:
        unit *= _denominator(made, z)
    maker = Maker(made, prices, words, _blocks(made, dual, z, unit), unit, empty=claim == "none")
    for name, value in zip(made.program.names, z, strict=True):
        if value and isinstance(name, tuple) and name[0] == "equal":
            maker.equal.setdefault((name[1], name[2]), []).append((name[3], -value))
    labels = [maker.label(label, more) for label in range(made.moments.carriers)]
    proof = {"way": "squares", "unit": unit, "words": words, "labels": labels}
    return {"claim": claim, "prices": prices, "proof": trimmed(proof)}


def _denominator(made: MomentProgram, z: Sequence[Fraction]) -> int:
    """Return a unit in which multipliers without squares are whole at all nodes, 1 if it is long."""
    source = made.problem.source
    found = lcm(1, *(value.denominator for value in z))
    for low, high in source.ranges if isinstance(source, Bits) else ():
        found *= low.denominator * high.denominator
    return found if found.bit_length() < MOST_BITS else 1


def _blocks(
    made: MomentProgram, dual: Dual, z: Sequence[Fraction], unit: int
) -> dict[tuple[int, Facet], list[Any]]:
    """Return each facet's squares, from the factors of matrices and from nonnegative parts."""
    result: dict[tuple[int, Facet], list[Any]] = {}
    parts, facets = made.moments.space.parts, made.cone.names

    def add(c: int, f: int, words: Sequence[int], rows: Sequence[Sequence[int]]) -> None:
        kept = [(word, list(row)) for word, row in zip(words, rows, strict=True) if row]
        if kept:
            result.setdefault((c, facets[f]), []).append([[w for w, _ in kept], [row for _, row in kept]])

    for name, factor in zip(made.program.blocks, dual.factors, strict=True):
        assert isinstance(name, tuple)
        _, c, f, p = name
        turn = Fraction(unit, 2**factor.bits)
        add(c, f, parts[p].words, [without_zeros([round(x * turn) for x in row]) for row in factor.rows])
    for name, value in zip(made.program.names, z, strict=True):
        if isinstance(name, tuple) and name[0] == "part" and value > 0:
            _, c, f, p = name
            if parts[p].rows[0] == {0: 1}:
                continue  # a constant, which the kernel adds exactly
            if root := isqrt(int(value * unit * unit)):
                add(c, f, parts[p].words[:1], [[root]])
    return result
