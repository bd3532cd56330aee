"""Levels of the hierarchy of Navascues, Pironio and Acin (arXiv:0803.4290), written as text."""

from __future__ import annotations

import re
from itertools import product

#: More operators of one party in a word are not read.
MAX_LENGTH = 8
_TERM = re.compile(r"(?P<depth>\d+)|local\s+(?P<local>\d+)|(?P<letters>[A-Z](?:\s*[A-Z])*)", re.ASCII)


def patterns(level: str, parties: str) -> tuple[tuple[int, ...], ...]:
    """Return the word lengths by party that a level contains, such as ``1 + A B`` or ``local 1``.

    A number n stands for all words of at most n operators, ``local n`` for those of at most n
    operators a party, ``A A B`` for words of two operators of A and one of B. The empty word is
    always there. Raise ValueError with what is allowed.
    """
    found: dict[tuple[int, ...], None] = {(0,) * len(parties): None}
    for term in level.split("+"):
        match = _TERM.fullmatch(term.strip())
        if match is None:
            raise ValueError(
                f"{term.strip()[:40]!r} is no term of a level; a level is a sum such as 1, 2, 1 + A B, "
                "1 + A B + A A B, local 1"
            )
        if match["letters"]:
            letters = "".join(match["letters"].split())
            strange = [letter for letter in letters if letter not in parties]
            if strange:
                raise ValueError(f"{strange[0]} is no party; parties are {', '.join(parties)}")
            counts = [tuple(letters.count(party) for party in parties)]
        else:
            depth = int(match["depth"] or match["local"])
            if depth > MAX_LENGTH:
                raise ValueError(f"{depth} operators; levels up to {MAX_LENGTH} are read")
            counts = [
                lengths
                for lengths in product(range(depth + 1), repeat=len(parties))
                if match["local"] or sum(lengths) <= depth
            ]
        if max(map(sum, counts)) > MAX_LENGTH * len(parties):
            raise ValueError(f"{term.strip()[:40]!r} has more than {MAX_LENGTH} operators a party")
        found.update(dict.fromkeys(counts))
    return tuple(sorted(found, key=lambda lengths: (sum(lengths), tuple(-n for n in lengths))))
