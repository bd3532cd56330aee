r"""Products of the parties' operators: reduced words, real parts of their means, and what a word may be.

A party with two outcomes has an observable for each setting, :math:`A_x = P(0|x) - P(1|x)`, :math:`A_x^2 =
1`; a party with d > 2 outcomes has the projectors :math:`\Pi_{o|x}`, o < d - 1, those of one setting
orthogonal. Operators of different parties commute. A word and its reverse have the same real mean, and are
one *moment*. Relabellings of parties, settings and outcomes take boxes to boxes, so that what is left of a
functional that they fix may be averaged over their group.

An adversary beside the parties has observables as well, and *contractions* c_v, which need not be
self-adjoint and satisfy nothing but that their norm is at most 1; reversed, a word has the adjoints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.reading import integer, integers, items, shown

#: An operator (setting, outcome); that of an observable is -1, of a contraction or its adjoint as below.
Letter: TypeAlias = tuple[int, int]
CONTRACTION, ADJOINT = -2, -3
#: One number for each party: which of its reduced words.
Word: TypeAlias = tuple[int, ...]
MOST_LETTERS = 64
_NAME = re.compile(r"([A-Z])(?:(0|[1-9]\d{0,6})|\[(0|[1-9]\d{0,6})\|(0|[1-9]\d{0,6})\])", re.ASCII)
_CONTRACTION = re.compile(r"([a-z])(0|[1-9]\d{0,6})(\*?)", re.ASCII)


_STAR = {CONTRACTION: ADJOINT, ADJOINT: CONTRACTION}


def _spelt(party: int, x: int, o: int) -> str:
    if o < -1:
        return f"{chr(ord('a') + party)}{x}" + "*" * (o == ADJOINT)
    return f"{chr(ord('A') + party)}{x}" if o < 0 else f"{chr(ord('A') + party)}[{o}|{x}]"


def steps_of(name: Any) -> int:
    """Return the steps of work of reading a word."""
    return 16 + 2 * len(name) if type(name) is str else 1


class Algebra:
    """The reduced words of each party, numbered as they occur; 0 is the empty one.

    With `adversary` the last party is one: its operators are observables and contractions.
    """

    def __init__(self, settings: Sequence[int], outcomes: Sequence[int], *, adversary: bool = False) -> None:
        self.settings, self.outcomes = settings, outcomes
        self.adversary = len(settings) - 1 if adversary else None
        self.words: list[list[tuple[Letter, ...]]] = [[()] for _ in settings]
        self.numbers: list[dict[tuple[Letter, ...], int]] = [{(): 0} for _ in settings]
        self.backs: list[list[int]] = [[0] for _ in settings]
        self.known: list[dict[tuple[int, int], int | None]] = [{} for _ in settings]
        self.one: Word = (0,) * len(settings)
        #: The adjoints of contractions, one object for each, since words are kept.
        self.stars: dict[Letter, Letter] = {}

    def number(self, party: int, letters: Iterable[Letter]) -> int | None:
        """Return the number of a party's reduced word, None if the product is 0."""
        reduced: list[Letter] = []
        for letter in letters:
            if not reduced or reduced[-1][0] != letter[0] or min(letter[1], reduced[-1][1]) < -1:
                reduced.append(letter)  # contractions are never merged
            elif reduced[-1] != letter:
                return None
            elif letter[1] < 0:
                reduced.pop()
        word, numbers = tuple(reduced), self.numbers[party]
        if word not in numbers:
            back = tuple([self._adjoint(letter) for letter in reversed(word)])
            both = [word] if word == back else [word, back]
            first = len(self.words[party])
            self.backs[party] += range(first + len(both) - 1, first - 1, -1)
            for each in both:
                numbers[each] = len(numbers)
                self.words[party].append(each)
        return numbers[word]

    def _adjoint(self, letter: Letter) -> Letter:
        x, o = letter
        return letter if o not in _STAR else self.stars.setdefault(letter, (x, _STAR[o]))

    def joined(self, party: int, left: int, right: int, *, turned: bool) -> int | None:
        """Return the number of u v, or of u* v if `turned`, for two words of a party."""
        pair = (self.backs[party][left] if turned else left, right)
        if pair not in self.known[party]:
            u, v = (self.words[party][w] for w in pair)
            self.known[party][pair] = self.number(party, u + v)
        return self.known[party][pair]

    def product(self, left: Word, right: Word, *, turned: bool = True) -> Word | None:
        """Return the moment of u* v (u v without `turned`), None if it is 0."""
        pairs = enumerate(zip(left, right, strict=True))
        found = tuple([self.joined(party, u, v, turned=turned) for party, (u, v) in pairs])
        return None if None in found else self.moment(found)  # type: ignore[arg-type]

    def letters(self, word: Word) -> int:
        """Return how many operators a word has."""
        return sum([len(words[w]) for words, w in zip(self.words, word, strict=True)])

    def moment(self, word: Word) -> Word:
        """Return the smaller of a word and its reverse."""
        return min(word, tuple([backs[w] for backs, w in zip(self.backs, word, strict=True)]))

    def letter(self, text: str, where: str) -> tuple[int, Letter]:
        """Return party and operator of a name such as A0, A[1|0] with three outcomes or more, c0 or c0*."""
        if (own := _CONTRACTION.fullmatch(text)) is not None and ord(own[1]) - ord("a") == self.adversary:
            if int(own[2]) >= self.settings[self.adversary]:
                raise Unreadable(f"{where}: {shown(text)} is no operator of this scenario")
            return self.adversary, (int(own[2]), ADJOINT if own[3] else CONTRACTION)
        match = _NAME.fullmatch(text)
        party = ord(match[1]) - ord("A") if match else -1
        if (
            match is None
            or party >= len(self.settings)
            or (self.outcomes[party] == 2) != (match[2] is not None)
        ):
            raise Unreadable(f"{where}: {shown(text)} is no operator of this scenario")
        setting, outcome = int(match[2] or match[4]), -1 if match[2] else int(match[3])
        if setting >= self.settings[party] or outcome >= self.outcomes[party] - 1:
            raise Unreadable(f"{where}: {shown(text)} is no operator of this scenario")
        return party, (setting, outcome)

    def word(self, raw: Any, where: str) -> Word:
        """Return a word from its only spelling, such as "A0 A1 B2"; "1" is the empty one."""
        if type(raw) is not str:
            raise Unreadable(f"{where}: a word is a text")
        letters: list[list[Letter]] = [[] for _ in self.settings]
        tokens = [] if raw == "1" else raw.split(" ")
        if len(tokens) > MOST_LETTERS:
            raise Unreadable(f"{where}: a word has at most {MOST_LETTERS} operators")
        for token in tokens:
            party, letter = self.letter(token, where)
            letters[party].append(letter)
        numbers = [self.number(party, own) for party, own in enumerate(letters)]
        word = tuple([-1 if number is None else number for number in numbers])
        if -1 in word or self.name(word) != raw:
            raise Unreadable(f"{where}: {shown(raw)} is not the only spelling of a reduced word")
        return word

    def name(self, word: Word) -> str:
        """Return the spelling of a word, party by party."""
        listed = ((p, letter) for p, number in enumerate(word) for letter in self.words[p][number])
        return " ".join(_spelt(p, *letter) for p, letter in listed) or "1"

    def projector(self, outcomes: Sequence[int], settings: Sequence[int]) -> tuple[dict[Word, int], int]:
        """Return the projector on a joint outcome as {word: integer} over a power of two."""
        found: dict[Word, int] = {(): 1}
        unit = 1
        for party, (o, x) in enumerate(zip(outcomes, settings, strict=True)):
            parts, twice = self._part(party, o, x)
            unit *= twice
            found = {(*word, w): a * b for word, a in found.items() for w, b in parts}
        rest = self.one[len(outcomes) :]  # of a party without settings
        return {(*word, *rest): a for word, a in found.items()}, unit

    def _part(self, party: int, o: int, x: int) -> tuple[list[tuple[int, int]], int]:
        count = self.outcomes[party]
        if count == 2:
            letters, unit = [(x, -1)], 2
            factors = [1 - 2 * o]
        elif o < count - 1:
            return [(self._known(party, (x, o)), 1)], 1
        else:
            letters, unit = [(x, each) for each in range(count - 1)], 1
            factors = [-1] * (count - 1)
        return [
            (0, 1),
            *((self._known(party, each), f) for each, f in zip(letters, factors, strict=True)),
        ], unit

    def _known(self, party: int, letter: Letter) -> int:
        number = self.number(party, (letter,))
        assert number is not None
        return number


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
            letters = self.algebra.words[party][number]
            if any(o < -1 for _, o in letters):
                raise Rejected("symmetry: contractions are not relabelled")
            held = [self.letters[party][letter] for letter in letters]
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
            work.spend(len(group) * (4 + 2 * group[0].algebra.letters(moment)), "symmetry")
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
