r"""Words in the parties' measurement operators.

A party with two outcomes has the observables A_x = P(0|x) - P(1|x) with A_x^2 = 1; any other party
has projectors A[a|x] for all outcomes but the last, idempotent and orthogonal at one setting.
Operators of different parties commute (Navascues, Pironio and Acin, arXiv:0803.4290).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freerand_opt.conic.sparse import Index
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Parties

#: Codes of words are integers below this.
MAX_CODE = 2**62
#: More words than this are not written down.
MAX_WORDS = 4096


@dataclass(frozen=True, eq=False)
class PartyWords:
    """Reduced words of one party: `letters[w]` padded with 0, `lengths[w]`; operators count from 1.

    `codes[u, v]` is the number, in base 1 + operators, whose digits are the letters of the reduced
    word u* v; -1 where the product is zero.
    """

    name: str
    outcomes: int
    base: int
    letters: Index
    lengths: Index
    codes: Index

    def operator(self, setting: int, outcome: int = 0) -> int:
        """Return the letter of an observable (two outcomes) or of the projector on an outcome."""
        return 1 + setting * (self.outcomes - 1) + outcome

    def reduced(self, letters: Sequence[int]) -> int | None:
        """Return the code of a product of operators, None if it is zero."""
        each = self.outcomes - 1
        kept: list[int] = []
        for letter in letters:
            if not kept or (kept[-1] - 1) // each != (letter - 1) // each:
                kept.append(letter)
            elif each == 1:
                kept.pop()
            elif kept[-1] != letter:
                return None
        code = 0
        for letter in kept:
            code = code * self.base + letter
        return code

    def text(self, code: int) -> list[str]:
        """Return the operators of a word given by its code."""
        found = []
        while code:
            code, letter = divmod(code, self.base)
            setting, outcome = divmod(letter - 1, self.outcomes - 1)
            found.append(
                f"{self.name}{setting}" if self.outcomes == 2 else f"{self.name}[{outcome}|{setting}]"
            )
        return found[::-1]


def party_words(scenario: Parties, party: int, longest: int) -> PartyWords:
    """Return one party's reduced words up to a length, and the codes of all products u* v."""
    each = scenario.outcomes[party] - 1
    base = 1 + scenario.settings[party] * each
    if base ** (2 * max(longest, 1)) >= MAX_CODE:
        raise TooLargeError(f"products of {longest} operators of {base - 1} each have too many words")
    layers = [np.zeros((1, 0), dtype=np.int64)]
    operators = np.arange(1, base, dtype=np.int64)
    for length in range(longest):
        heads = np.repeat(layers[-1], base - 1, axis=0)
        tails = np.tile(operators, len(layers[-1]))
        if length:
            allowed = (heads[:, -1] - 1) // each != (tails - 1) // each
            heads, tails = heads[allowed], tails[allowed]
        layers.append(np.column_stack([heads, tails]))
    lengths = np.repeat(np.arange(longest + 1), [len(layer) for layer in layers])
    letters = np.concatenate([np.pad(layer, ((0, 0), (0, longest - layer.shape[1]))) for layer in layers])
    codes = _products(letters, lengths, base, each)
    return PartyWords(scenario.letters[party], each + 1, base, letters, lengths, codes)


def _products(letters: Index, lengths: Index, base: int, each: int) -> Index:
    """Return the codes of u* v: equal first letters meet, cancel (observables) or merge (projectors)."""
    count, longest = letters.shape
    powers = base ** np.arange(longest + 1, dtype=np.int64)
    # code of w[k:] and of w[k:] reversed, for each word w and each k
    tail = np.zeros((count, longest + 2), dtype=np.int64)
    back = np.zeros((count, longest + 2), dtype=np.int64)
    for k in range(longest - 1, -1, -1):
        held = letters[:, k] > 0
        behind = np.where(held, lengths - 1 - k, 0)
        tail[:, k] = np.where(held, letters[:, k] * powers[behind] + tail[:, k + 1], 0)
        back[:, k] = np.where(held, back[:, k + 1] * base + letters[:, k], 0)
    common = np.zeros((count, count), dtype=np.int64)
    same = np.ones((count, count), dtype=bool)
    for k in range(longest):
        same &= (letters[:, None, k] == letters[None, :, k]) & (letters[:, None, k] > 0)
        common += same
    rows = np.arange(count)
    if each > 1:
        common = np.minimum(common, 1)  # projectors merge but do not go: Q P P Q is no Q
    kept = common if each == 1 else 0 * common
    left = back[rows[:, None], kept]
    right = tail[rows[None, :], common]
    codes = left * powers[lengths[None, :] - common] + right
    if each > 1 and longest:
        first = (letters[:, 0] - 1) // each
        meet = (lengths[:, None] > 0) & (lengths[None, :] > 0) & (first[:, None] == first[None, :])
        codes[meet & (common == 0)] = -1
    return np.asarray(codes)
