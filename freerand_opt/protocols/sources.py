"""Sources of the bits that choose settings and the output round of a protocol.

Epsilon is Colbeck and Renner's (arXiv:1105.3195): 0 is perfect, 1/2 is useless.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

import numpy as np

from freerand_opt.conic.sparse import Index
from freerand_opt.model.source import HALF
from freerand_opt.model.sources.encoding import ENCODINGS, counts, in_time, place
from freerand_opt.model.tables.kinds import line, number, word
from freerand_opt.model.tables.table import Table

HOLDS = ("most-tests", "fewest-tests", "fewest-errors")
ORDERS = ("interleaved", "A first", "B first")
FORMS = ("text", "bytes")
_ORDER = word(*ORDERS)
_ORDER_WORDS = "whose bit comes when: the parties in turn, or all bits of one party first"
_ENCODING_WORDS = "how a party's bits, in time, are its setting's number"
LEAST_FIRST = "least-significant-first"


class BitSource(Table, tag_field="kind"):
    """Who chooses settings, and the round whose outcome is the output."""

    positional: ClassVar[int] = 1

    @property
    def known(self) -> Fraction | None:
        """Return the source's epsilon, None if nothing is known of it."""
        raise NotImplementedError


class UniformBits(BitSource, tag="uniform"):
    """Perfectly free bits."""

    @property
    def known(self) -> Fraction | None:
        """Return 0."""
        return Fraction(0)


class HeldBits(BitSource, tag="santha-vazirani"):
    """Epsilon-free bits, each at an end of [1/2 - eps, 1/2 + eps], the same way in every round.

    What is held: the largest or the smallest chance that a round is tested, or the least chance that a
    tested round is on the edge (0, 2N-1), where a deterministic device errs.
    """

    epsilon: Annotated[
        Fraction,
        number(
            0,
            below=HALF,
            hint=" (each bit then has probability in [1/2 - epsilon, 1/2 + epsilon]; 0 is perfect)",
        ),
        "largest deviation of a bit from fair; 0 is perfect, 1/2 useless",
    ]
    hold: Annotated[str, word(*HOLDS), "what is held at its extreme in every round"]
    order: Annotated[str, _ORDER, _ORDER_WORDS] = "interleaved"
    bits: Annotated[str, word(*ENCODINGS), _ENCODING_WORDS] = LEAST_FIRST

    @property
    def known(self) -> Fraction | None:
        """Return epsilon."""
        return self.epsilon


class ReplayedBits(BitSource, tag="replayed"):
    """Bits of a file, used once and in order: 2r for each round, then those of step 4."""

    file: Annotated[str, line("the name of a file"), "the file; in a protocol file, as seen from its folder"]
    form: Annotated[
        str, word(*FORMS), "text: digits 0 and 1, white space skipped; bytes: 8 bits each, highest first"
    ] = "text"
    order: Annotated[str, _ORDER, _ORDER_WORDS] = "interleaved"
    bits: Annotated[str, word(*ENCODINGS), _ENCODING_WORDS] = LEAST_FIRST

    @property
    def known(self) -> Fraction | None:
        """Return nothing."""
        return None


def leaf_settings(size: int, order: str, encoding: str) -> Index:
    """Return the joint setting that each string of 2 log2(size) bits names, first bit most significant."""
    both = [np.zeros(1, dtype=np.int64)] * 2
    for party, position in in_time(counts((size, size)), order):
        bit = 1 << place(size, position, encoding)
        both = [np.repeat(own, 2) for own in both]
        both[party][1::2] |= bit
    if encoding == "gray":
        for own in both:
            for step in (1, 2, 4, 8, 16):
                own ^= own >> step
    return both[0] * size + both[1]
