"""Relabellings of parties, settings and outcomes that keep a functional of quantum boxes.

They take boxes to boxes, so what is left of a functional that they fix may be averaged over their group:
means of one orbit of words count together, and words that are their own negatives not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.reading import integer, integers, items
from freerand_opt.checker.words import Algebra, Letter, Word


class Relabelling:
    """For each party [target party, [[target setting, [target outcome by outcome]] by setting]].

    The last of three outcomes or more stays the last.
    """

    def __init__(self, raw: Any, algebra: Algebra, where: str) -> None:
        self.algebra = algebra
        self.targets: list[int] = []
        self.letters: list[dict[Letter, tuple[Letter, int]]] = []
        parties = items(raw, where, len(algebra.settings))
        for party, entry in enumerate(parties):
            target, listed = items(entry, where, 2)
            n, d = algebra.settings[party], algebra.outcomes[party]
            self.targets.append(integer(target, where, 0, len(parties) - 1))
            own: dict[Letter, tuple[Letter, int]] = {}
            settings = []
            for x, image in enumerate(items(listed, where, n)):
                y, outcomes = items(image, where, 2)
                settings.append(integer(y, where, 0, n - 1))
                outcomes = integers(outcomes, where, 0, d - 1, d)
                if sorted(outcomes) != list(range(d)) or (d > 2 and outcomes[-1] != d - 1):
                    raise Unreadable(f"{where}: outcomes are permuted, the last of three or more stays")
                if d == 2:
                    own[x, -1] = (y, -1), 1 - 2 * outcomes[0]
                else:
                    own |= {(x, o): ((y, outcomes[o]), 1) for o in range(d - 1)}
            if sorted(settings) != list(range(n)):
                raise Unreadable(f"{where}: settings are permuted")
            self.letters.append(own)
        sizes = list(zip(algebra.settings, algebra.outcomes, strict=True))
        if sorted(self.targets) != list(range(len(parties))) or any(
            sizes[p] != sizes[target] for p, target in enumerate(self.targets)
        ):
            raise Unreadable(f"{where}: parties are permuted, each to one of its size")

    def of(self, moment: Word) -> tuple[Word, int]:
        """Return the image of a moment, and its sign."""
        image, sign = [0] * len(moment), 1
        for party, number in enumerate(moment):
            held = [self.letters[party][letter] for letter in self.algebra.words[party][number]]
            found = self.algebra.number(self.targets[party], [letter for letter, _ in held])
            assert found is not None
            image[self.targets[party]] = found
            for _, factor in held:
                sign *= factor
        return self.algebra.moment(tuple(image)), sign


def check_fixed(f: dict[Word, int], group: Sequence[Relabelling], where: str) -> None:
    """Raise Rejected unless every relabelling fixes a functional."""
    for g in group:
        for moment, value in f.items():
            image, sign = g.of(moment)
            if f.get(image, 0) != sign * value:
                raise Rejected(f"{where}: a relabelling does not fix the functional")


def orbit_top(f: dict[Word, int], one: Word, group: Sequence[Relabelling], work: Work) -> int:
    """Return the bound of a functional averaged over the group: |sum| by orbit, the constant as it is."""
    total, done = f.get(one, 0), {one}
    for first in f:
        if first in done:
            continue
        signs, rest, vanishes = {first: 1}, [first], False
        for moment in rest:  # grows
            work.spend(4 * len(group), "symmetry")
            for g in group:
                image, sign = g.of(moment)
                sign *= signs[moment]
                if image not in signs:
                    signs[image] = sign
                    rest.append(image)
                vanishes = vanishes or signs[image] != sign
        done.update(signs)
        total += 0 if vanishes else abs(sum(sign * f.get(moment, 0) for moment, sign in signs.items()))
    return total
