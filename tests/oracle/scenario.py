"""Parties, settings and outcomes; the indices of joint values; what labels and named functionals mean.

Everything is written anew from the definitions: a joint outcome o or setting s is a tuple in the order of
the parties, numbered with the first party slowest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod

Coefficients = dict[tuple[int, int], Fraction]


@dataclass(frozen=True)
class Scenario:
    """Numbers of settings and of outcomes by party; `family` as a file names it, with its size."""

    settings: tuple[int, ...]
    outcomes: tuple[int, ...]
    family: str = ""

    @property
    def parties(self) -> str:
        return "ABCDEFGH"[: len(self.settings)]

    @cached_property
    def joint_settings(self) -> list[tuple[int, ...]]:
        return list(product(*map(range, self.settings)))

    @cached_property
    def joint_outcomes(self) -> list[tuple[int, ...]]:
        return list(product(*map(range, self.outcomes)))

    @property
    def shape(self) -> tuple[int, int]:
        return prod(self.outcomes), prod(self.settings)

    def setting_label(self, s: int) -> str:
        return "".join(map(str, self.joint_settings[s]))

    def label(self, o: int, s: int) -> str:
        return f"P({''.join(map(str, self.joint_outcomes[o]))}|{self.setting_label(s)})"

    def toml(self) -> str:
        """Return the table [scenario]."""
        if self.family:
            name, _, size = self.family.partition(" ")
            return f'[scenario]\nfamily = "{name}"\n' + (f"{size}\n" if size else "")
        both = (("settings", self.settings), ("outcomes", self.outcomes))
        rows = (
            f"{key} = {{ {', '.join(f'{p} = {n}' for p, n in zip(self.parties, sizes, strict=True))} }}\n"
            for key, sizes in both
        )
        return "[scenario]\n" + "".join(rows)


def of_family(family: str) -> Scenario:
    """Return the scenario of `chsh`, `i3322`, `chained N = 3`, `ghz M = 3` or `cglmp d = 3`."""
    name, _, size = family.partition(" ")
    number = int(size.rpartition("=")[2]) if size else 0
    if name == "chsh":
        return Scenario((2, 2), (2, 2), family)
    if name == "i3322":
        return Scenario((3, 3), (2, 2), family)
    if name == "chained":
        return Scenario((number, number), (2, 2), family)
    if name == "ghz":
        return Scenario((2,) * number, (2,) * number, family)
    return Scenario((2, 2), (number, number), family)


def label_coefficients(scenario: Scenario, label: str) -> Coefficients:
    """Return what P(01|10) or <A0 B1> stands for; settings of parties that are not named are averaged."""
    if label.startswith("P"):
        outcomes, settings = (tuple(map(int, part)) for part in label[2:-1].split("|"))
        place = scenario.joint_outcomes.index(outcomes), scenario.joint_settings.index(settings)
        return {place: Fraction(1)}
    named = {scenario.parties.index(word[0]): int(word[1:]) for word in label[1:-1].split()}
    fits = [
        s for s, x in enumerate(scenario.joint_settings) if all(x[party] == at for party, at in named.items())
    ]
    return {
        (o, s): Fraction((-1) ** sum(a[party] for party in named), len(fits))
        for s in fits
        for o, a in enumerate(scenario.joint_outcomes)
    }


def added(scenario: Scenario, terms: Mapping[str, Fraction]) -> Coefficients:
    """Return the sum of labels with their factors, zeros left out."""
    total: Coefficients = {}
    for label, factor in terms.items():
        for key, value in label_coefficients(scenario, label).items():
            total[key] = total.get(key, Fraction(0)) + factor * value
    return {key: value for key, value in total.items() if value}


def named(scenario: Scenario, name: str) -> Coefficients:
    """Return a functional of the literature by its name."""
    weigh = _NAMED[name]
    table = {
        (o, s): Fraction(weigh(scenario, a, x))
        for o, a in enumerate(scenario.joint_outcomes)
        for s, x in enumerate(scenario.joint_settings)
    }
    return {key: value for key, value in table.items() if value}


def names(scenario: Scenario) -> tuple[str, ...]:
    """Return the named functionals that a scenario has."""
    found: list[str] = []
    family = scenario.family.partition(" ")[0]
    if (scenario.settings, scenario.outcomes) == ((2, 2), (2, 2)):
        found += ["chsh", "hardy", "cglmp"]
    elif scenario.settings == (2, 2) and scenario.outcomes == (3, 3):
        found += ["cglmp"]
    if family in ("chsh", "chained"):
        found += ["chained"]
    if family == "ghz":
        found += ["mermin", "mermin-errors", "svetlichny"]
    if (scenario.settings, scenario.outcomes) == ((3, 3), (2, 2)):
        found += ["i3322"]
    return tuple(found)


def edges(scenario: Scenario) -> dict[tuple[int, ...], int]:
    """Return {settings: parity that the outcomes should have} on the cycle of CHSH or the chained game."""
    if scenario.family == "chsh":
        return {x: x[0] * x[1] for x in scenario.joint_settings}
    n = scenario.settings[0]
    # A's settings are 0, 2, .., 2N - 2 and B's 1, 3, .., 2N - 1; neighbours differ by one
    near = {x: 0 for x in scenario.joint_settings if abs(2 * x[0] - (2 * x[1] + 1)) == 1}
    return near | {(0, n - 1): 1}


def _chained(scenario: Scenario, a: tuple[int, ...], x: tuple[int, ...]) -> int:
    wanted = edges(scenario).get(x)
    return int(wanted is not None and (a[0] + a[1]) % 2 != wanted)


def _hardy(scenario: Scenario, a: tuple[int, ...], x: tuple[int, ...]) -> int:
    if (a, x) == ((0, 0), (0, 0)):
        return 1
    return -int((a, x) in (((0, 1), (0, 1)), ((1, 0), (1, 0)), ((0, 0), (1, 1))))


def _relation(x: tuple[int, ...]) -> int:
    return {0: -1, 2: 1}.get(sum(x) % 4, 0)


def _mermin(scenario: Scenario, a: tuple[int, ...], x: tuple[int, ...]) -> int:
    return _relation(x) * (1 - 2 * (sum(a) % 2))


def _broken(scenario: Scenario, a: tuple[int, ...], x: tuple[int, ...]) -> int:
    return int(_mermin(scenario, a, x) < 0)


def _svetlichny(scenario: Scenario, a: tuple[int, ...], x: tuple[int, ...]) -> int:
    return (1 if sum(x) % 4 in (0, 1) else -1) * (1 - 2 * (sum(a) % 2))


def _i3322(scenario: Scenario, a: tuple[int, ...], x: tuple[int, ...]) -> Fraction:
    joint = ((1, 1, 1), (1, 1, -1), (1, -1, 0))[x[0]][x[1]] * (a == (0, 0))
    # P(0|x) of one party is averaged over the three settings of the other
    first, second = (-1, 0, 0)[x[0]] * (a[0] == 0), (-2, -1, 0)[x[1]] * (a[1] == 0)
    return joint + Fraction(first + second, 3)


def _cglmp(scenario: Scenario, a: tuple[int, ...], x: tuple[int, ...]) -> Fraction:
    d = scenario.outcomes[0]
    # in the words of Collins et al.: A1, A2, B1, B2 and P(A_i = B_j + k)
    total = Fraction(0)
    for k in range(d // 2):
        good, bad = {(0, 0): (k, -k - 1), (1, 0): (-k - 1, k), (1, 1): (k, -k - 1), (0, 1): (-k, k + 1)}[
            x[:2]
        ]
        hit = int((a[0] - a[1] - good) % d == 0) - int((a[0] - a[1] - bad) % d == 0)
        total += (1 - Fraction(2 * k, d - 1)) * hit
    return total


_NAMED = {
    "chsh": lambda scenario, a, x: (-1) ** (a[0] + a[1] + x[0] * x[1]),
    "chained": _chained,
    "hardy": _hardy,
    "mermin": _mermin,
    "mermin-errors": _broken,
    "svetlichny": _svetlichny,
    "i3322": _i3322,
    "cglmp": _cglmp,
}
