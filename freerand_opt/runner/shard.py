"""Parts of a sweep for the jobs of a batch system: disjoint, equally large, together everything."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from freerand_opt.errors import InputError
from freerand_opt.model.files.file import Choose
from freerand_opt.model.tables.text import shown
from freerand_opt.model.tables.values import MAX_CELLS

#: Cells that are answered, and held, together.
BLOCK = 2_000


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

    def __call__(self, sizes: Sequence[int]) -> list[Sequence[int]]:
        """Return the numbers of this shard's cells in each of several grids of given sizes, in order.

        The cells of all grids are put in the order of the SHA-256 of their numbers and dealt out in
        turn, so that no shard gets all large values of an axis. Raise InputError if a shard has more
        cells than a run may have.
        """
        count = sum(sizes)
        if count > MAX_CELLS * self.total:
            raise InputError(
                "grid",
                f"has {count} cells; one run has at most {MAX_CELLS} of a file, instances counted: "
                f"take --shard 1/{-(-count // MAX_CELLS)} and so on",
            )
        mine = _dealt(count, self)
        found: list[Sequence[int]] = []
        start = 0
        for size in sizes:
            first, last = (bisect_left(mine, end) for end in (start, start + size))
            found.append([k - start for k in mine[first:last]])
            start += size
        return found


@lru_cache(maxsize=4)  # of each file the blocks are asked for one by one
def _dealt(count: int, shard: Shard) -> Sequence[int]:
    if shard.total == 1:
        return range(count)
    mine = sorted(range(count), key=lambda k: hashlib.sha256(str(k).encode()).digest())
    return sorted(mine[shard.number - 1 :: shard.total])


def whole(sizes: Sequence[int]) -> list[Sequence[int]]:
    """Return all cells; raise InputError, with the shards to take, for more than one run has."""
    return Shard(1, 1)(sizes)


@dataclass(frozen=True)
class Block:
    """Of the cells that are chosen those of one block, from 0 on; it may be handed to `read` as well."""

    choose: Choose
    number: int

    def __call__(self, sizes: Sequence[int]) -> list[Sequence[int]]:
        """Return the numbers of the block's cells in each of several grids of given sizes."""
        found, start = [], self.number * BLOCK
        for cells in self.choose(sizes):
            first, last = (min(max(end, 0), len(cells)) for end in (start, start + BLOCK))
            found.append(cells[first:last])
            start -= len(cells)
        return found
