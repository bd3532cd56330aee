r"""Relabellings of parties, settings and outcomes: how they are written, and those of the families.

A generator says where each outcome of each measurement goes. For two outcomes this is a permutation
of the observables with signs, in general one of the projectors: ``A0 -> B1, B1 -> -A0`` (the sign
exchanges the outcomes), ``A0 -> B0 (0 1 2)`` (outcome 0 of A0 goes to outcome 1 of B0, 1 to 2, 2 to
0), ``A[0|0] -> A[2|0]``, ``A -> B, B -> A``. What is not named stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model.problem import Parties

_PARTY = re.compile(r"([A-Z])\s*->\s*([A-Z])", re.ASCII)
_SETTING = re.compile(r"([A-Z])(\d{1,4})\s*->\s*(-?)\s*([A-Z])(\d{1,4})\s*((?:\([\d\s]*\)\s*)*)", re.ASCII)
_OUTCOME = re.compile(r"([A-Z])\[(\d{1,4})\|(\d{1,4})\]\s*->\s*([A-Z])\[(\d{1,4})\|(\d{1,4})\]", re.ASCII)
_FORMS = "write maps such as A0 -> B0, A0 -> -B1, A0 -> B1 (0 1 2), A[0|1] -> B[2|0] or A -> B"
#: Stands for all relabellings that a question has.
FIND = "find"
#: (party, setting) of the image, and the image of each outcome.
Image: TypeAlias = tuple[int, int, tuple[int, ...]]


@dataclass(frozen=True)
class Generator:
    """`images[party][setting]` is (party, setting, outcomes) of the image of a measurement."""

    images: tuple[tuple[Image, ...], ...]


def generator(scenario: Parties, text: str) -> Generator:
    """Read one relabelling; raise InputError for what is no permutation."""
    found: dict[tuple[int, int], Image] = {}
    single: dict[tuple[int, int], dict[int, tuple[int, int, int]]] = {}
    parties: dict[int, int] = {}
    for part in (piece.strip() for piece in text.split(",")):
        if whole := _PARTY.fullmatch(part):
            first, last = (_party(scenario, letter, part) for letter in whole.groups())
            _put(parties, first, last, part)
        elif one := _OUTCOME.fullmatch(part):
            (p, o, s), (q, t, r) = (
                (_party(scenario, held[0], part), int(held[1]), int(held[2]))
                for held in (one.groups()[:3], one.groups()[3:])
            )
            _measurement(scenario, p, s, part, o)
            _measurement(scenario, q, r, part, t)
            _put(single.setdefault((p, s), {}), o, (q, r, t), part)
        elif held := _SETTING.fullmatch(part):
            p, q = _party(scenario, held[1], part), _party(scenario, held[4], part)
            s, r = int(held[2]), int(held[5])
            _measurement(scenario, p, s, part)
            _measurement(scenario, q, r, part)
            _put(found, (p, s), (q, r, _outcomes(scenario.outcomes[p], held[3], held[6], part)), part)
        else:
            raise InputError("symmetry", f"{part[:40]!r}: {_FORMS}")
    for place, images in single.items():
        _put(found, place, _gathered(scenario, place, images), text)
    return _checked(scenario, found, parties)


def _party(scenario: Parties, letter: str, part: str) -> int:
    party = scenario.letters.find(letter)
    if party < 0:
        raise InputError("symmetry", f"{part[:40]!r}: {letter} is no party; parties are {scenario.letters}")
    return party


def _measurement(scenario: Parties, party: int, setting: int, part: str, outcome: int = 0) -> None:
    if setting >= scenario.settings[party] or outcome >= scenario.outcomes[party]:
        letter = scenario.letters[party]
        raise InputError(
            "symmetry",
            f"{part[:40]!r} is not there: {letter} has settings 0..{scenario.settings[party] - 1} and "
            f"outcomes 0..{scenario.outcomes[party] - 1}",
        )


def _put(images: dict[Any, Any], place: Any, image: Any, part: str) -> None:
    if place in images:
        raise InputError("symmetry", f"{part[:40]!r}: the image is given twice")
    images[place] = image


def _outcomes(count: int, sign: str, cycles: str, part: str) -> tuple[int, ...]:
    """Return the images of the outcomes: exchanged by a sign, moved by cycles such as (0 1 2)."""
    image = list(range(count))
    for cycle in re.findall(r"\(([\d\s]*)\)", cycles):
        held = [int(word) for word in cycle.split()]
        if any(o >= count or image[o] != o for o in held) or len(set(held)) != len(held):
            raise InputError("symmetry", f"{part[:40]!r}: cycles are disjoint, of outcomes 0..{count - 1}")
        for place, o in enumerate(held):
            image[o] = held[(place + 1) % len(held)]
    if sign and count != 2:
        raise InputError(
            "symmetry", f"{part[:40]!r}: a sign is for two outcomes; for {count} write a cycle as (0 1 2)"
        )
    return tuple(image[::-1] if sign else image)


def _gathered(scenario: Parties, place: tuple[int, int], images: dict[int, tuple[int, int, int]]) -> Image:
    """Return the image of a measurement whose outcomes are mapped one by one."""
    party, setting = place
    full = [images.get(o, (party, setting, o)) for o in range(scenario.outcomes[party])]
    targets = {(p, s) for p, s, _ in full}
    name = f"{scenario.letters[party]}{setting}"
    if len(targets) != 1:
        raise InputError("symmetry", f"outcomes of {name} go to different measurements; name all of them")
    (target,) = targets
    outcomes = tuple(o for _, _, o in full)
    if sorted(outcomes) != list(range(scenario.outcomes[target[0]])):
        raise InputError("symmetry", f"the outcomes of {name} are not permuted")
    return (*target, outcomes)


def _checked(scenario: Parties, found: dict[tuple[int, int], Image], parties: dict[int, int]) -> Generator:
    images: list[list[Image]] = []
    for p, (settings, outcomes) in enumerate(zip(scenario.settings, scenario.outcomes, strict=True)):
        own = [found.get((p, s), (parties.get(p, p), s, tuple(range(outcomes)))) for s in range(settings)]
        goes = {q for q, _, _ in own}
        if len(goes) != 1:
            raise InputError("symmetry", "observables of one party go to different parties")
        (q,) = goes
        if (scenario.settings[q], scenario.outcomes[q]) != (settings, outcomes):
            raise InputError(
                "symmetry",
                f"{scenario.letters[p]} and {scenario.letters[q]} differ in settings or outcomes",
            )
        images.append(own)
    if len({(q, s) for own in images for q, s, _ in own}) != sum(scenario.settings):
        raise InputError("symmetry", "two observables have the same image")
    return Generator(tuple(map(tuple, images)))


# ------------------------------------------------------------------ known ones


def known_generators(scenario: Parties) -> tuple[Generator, ...]:
    """Return candidates for a scenario; which of them a question has is found out on its program.

    The dihedral groups of the chains (chained, CHSH, CGLMP), the eight relabellings of I3322,
    permutations and rotations of GHZ parties.
    """
    settings, outcomes, letters = scenario.settings, scenario.outcomes, scenario.letters
    texts: list[str] = []
    if len(settings) == 2 and settings[0] == settings[1] > 1 and outcomes == (2, 2):
        names = [f"{'AB'[k % 2]}{k // 2}" for k in range(2 * settings[0])]
        shift = [f"{a} -> {b}" for a, b in pairwise(names)]
        mirror = [f"{a} -> {b}" for a, b in zip(names, names[::-1], strict=True)]
        texts += [", ".join([*shift, f"{names[-1]} -> -{names[0]}"]), ", ".join(mirror)]
        # one outcome of all turned
        texts.append(", ".join(f"{name} -> -{name}" for name in names))
    if settings == (2, 2) and outcomes == (2, 2):
        # the chain A0, B0, A1, B1 with its last link turned: E11 enters with a minus sign
        texts += ["A -> B, B -> A", "A0 -> A1, A1 -> A0, B1 -> -B1"]
    if settings == (2, 2) and outcomes[0] == outcomes[1] > 2:
        texts += _cglmp(outcomes[0])
    if settings == (3, 3) and outcomes == (2, 2):
        texts += ["A0 -> A1, A1 -> A0, B2 -> -B2", "B0 -> B1, B1 -> B0, A2 -> -A2"]
        texts.append("A0 -> -B1, A1 -> -B0, A2 -> -B2, B0 -> -A0, B1 -> -A1, B2 -> A2")
    if len(settings) > 2 and set(settings) == {2} and set(outcomes) == {2}:
        cycle = ", ".join(f"{a} -> {b}" for a, b in zip(letters, letters[1:] + letters[:1], strict=True))
        # two parties turned by a quarter about z, one forwards and one backwards
        turn = "{0}0 -> {0}1, {0}1 -> -{0}0, {1}0 -> -{1}1, {1}1 -> {1}0"
        texts += ["A -> B, B -> A", cycle, *(turn.format(a, b) for a, b in pairwise(letters))]
        texts += [f"{a} -> {b}, {b} -> {a}" for a, b in pairwise(letters[1:])]
    return tuple(generator(scenario, text) for text in texts)


def _cglmp(d: int) -> list[str]:
    """Return the shift along A0 - B0, B0 - A1 - 1, A1 - B1, B1 - A0, and its reflection about the 1."""
    down = "(" + " ".join(map(str, range(d)[::-1])) + ")"
    negated = "".join(f"({k} {d - k})" for k in range(1, (d + 1) // 2))
    shift = f"A0 -> B0, B0 -> A1 {down}, A1 -> B1, B1 -> A0"
    mirror = f"A0 -> B1 {negated}, B1 -> A0 {negated}, A1 -> B0 {negated}, B0 -> A1 {negated}"
    return [shift, mirror]
