"""Parts of a sweep for the jobs of a batch system: disjoint, equally large, together everything."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from freerand_opt.errors import InputError
from freerand_opt.model.text import shown
from freerand_opt.model.values import MAX_INSTANCES


@dataclass(frozen=True)
class Shard:
    """The part with number `number` (from 1) of `total`; it may be handed to `read` as `choose`."""

    number: int
    total: int

    @classmethod
    def named(cls, words: str) -> Shard:
        """Return the shard written as ``3/40``; raise InputError otherwise."""
        match = re.fullmatch(r"([0-9]{1,7})/([0-9]{1,7})", words, re.ASCII)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise InputError("--shard", f"{shown(words)}: write number/total, from 1/40 to 40/40")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def __call__(self, sizes: Sequence[int]) -> list[list[int]]:
        """Return the numbers of this shard's cells in each of several grids of given sizes, in order.

        The cells of all grids are put in the order of the SHA-256 of their numbers and dealt out in
        turn, so that no shard gets all large values of an axis. Raise InputError if a shard has more
        cells than a run may have.
        """
        count = sum(sizes)
        if count > MAX_INSTANCES * self.total:
            raise InputError(
                "grid",
                f"has {count} cells; one run has at most {MAX_INSTANCES} of a file, instances counted: "
                f"take --shard 1/{-(-count // MAX_INSTANCES)} and so on",
            )
        mine = list(range(count))
        if self.total > 1:
            mine.sort(key=lambda k: hashlib.sha256(str(k).encode()).digest())
            mine = sorted(mine[self.number - 1 :: self.total])
        found, start = [], 0
        for size in sizes:
            first, last = (bisect_left(mine, end) for end in (start, start + size))
            found.append([k - start for k in mine[first:last]])
            start += size
        return found


def whole(sizes: Sequence[int]) -> list[list[int]]:
    """Return all cells; raise InputError, with the shards to take, for more than one run has."""
    return Shard(1, 1)(sizes)
