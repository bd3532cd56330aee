"""How bits that come in time name settings: encodings of a party's number, and whose bit comes when."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Annotated, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.kinds import word

ENCODINGS = ("most-significant-first", "least-significant-first", "gray")
#: Largest number of bits that choose a joint setting.
MAX_BITS = 20
Encoding: TypeAlias = Annotated[
    str,
    word(*ENCODINGS),
    "how a party's bits, in time, are its setting's number; gray: neighbouring numbers differ in one bit",
]


def need_bits(scenario: AnyScenario, only: int | None = None) -> None:
    """Raise InputError unless the settings (of one party) are powers of two, of few enough bits."""
    for party, size in enumerate(scenario.settings):
        if only in (None, party) and size & (size - 1):
            raise InputError(
                "Question.scenario",
                f"party {scenario.parties[party]} has {size} settings, which is no power of two; this source "
                'chooses them by bits. Use 2, 4, 8, .. settings or source.kind = "uniform"',
            )
    if only is None and sum(size.bit_length() - 1 for size in scenario.settings) > MAX_BITS:
        raise InputError(
            "Question.scenario", f"more than {MAX_BITS} bits choose the settings; use fewer settings"
        )


def place(size: int, position: int, encoding: str) -> int:
    """Return which bit of a setting's number comes at a position among the party's bits.

    A Gray code permutes the settings of a node's two halves alone, so that the set of distributions is that
    of the plain order; it is written so.
    """
    return position if encoding == "least-significant-first" else size.bit_length() - 2 - position


def in_time(counts: Sequence[int], order: str) -> tuple[tuple[int, int], ...]:
    """Return for each bit in time (party, position among the party's bits), from their numbers of bits."""
    if order == "interleaved":
        return tuple((p, j) for j in range(max(counts)) for p, n in enumerate(counts) if j < n)
    first = ord(order[0]) - ord("A")
    parties = [first, *(p for p in range(len(counts)) if p != first)]
    return tuple((p, j) for p in parties for j in range(counts[p]))


def counts(settings: tuple[int, ...]) -> list[int]:
    """Return each party's number of bits, where every string names a setting of its own."""
    return [size.bit_length() - 1 for size in settings]


def leaves(settings: tuple[int, ...], order: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """Return the joint setting that each string of bits names, the first bit most significant."""
    found = [0]
    for party, bit in order:
        step = prod(settings[party + 1 :]) << bit
        found = [s + more for s in found for more in (0, step)]
    return tuple(found)
