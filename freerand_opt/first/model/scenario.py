"""Who measures what: parties, settings and outcomes, and the indices of their joint values.

A joint outcome o and a joint setting s are indexed in row-major order, party A slowest;
behaviours and boxes are tables p[o, s] = P(o|s), outcomes first.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod


@dataclass(frozen=True)
class Cycle:
    """A two-party game on a closed chain of settings: one `(a, b, parity)` for each edge.

    The parities sum to an odd number, so a deterministic box errs on an odd number of edges.
    """

    edges: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Scenario:
    """Parties A, B, .. with numbers of settings and of outcomes.

    `family` is the name under which correlations are known (chsh, chained, ghz,
    i3322, cglmp), or None.
    """

    settings: tuple[int, ...]
    outcomes: tuple[int, ...]
    family: str | None = None

    @property
    def parties(self) -> str:
        """Return the letters of the parties, such as ``"AB"``."""
        return string.ascii_uppercase[: len(self.settings)]

    @cached_property
    def joint_settings(self) -> tuple[tuple[int, ...], ...]:
        """Return all joint settings in index order."""
        return tuple(product(*(range(n) for n in self.settings)))

    @cached_property
    def joint_outcomes(self) -> tuple[tuple[int, ...], ...]:
        """Return all joint outcomes in index order."""
        return tuple(product(*(range(n) for n in self.outcomes)))

    @property
    def shape(self) -> tuple[int, int]:
        """Return (number of joint outcomes, number of joint settings)."""
        return prod(self.outcomes), prod(self.settings)

    def setting_index(self, settings: Sequence[int]) -> int:
        """Return the index of a joint setting."""
        return _index(settings, self.settings)

    def outcome_index(self, outcomes: Sequence[int]) -> int:
        """Return the index of a joint outcome."""
        return _index(outcomes, self.outcomes)

    def label(self, outcome: int, setting: int) -> str:
        """Return the name of a probability, such as ``P(01|10)``."""
        return f"P({self.outcome_label(outcome)}|{self.setting_label(setting)})"

    def outcome_label(self, outcome: int) -> str:
        """Return a joint outcome as printed: digits, with commas where a digit is not enough."""
        return _joined(self.joint_outcomes[outcome], self.outcomes)

    def setting_label(self, setting: int) -> str:
        """Return a joint setting as printed: digits, with commas where a digit is not enough."""
        return self.settings_label(self.joint_settings[setting])

    def settings_label(self, settings: Sequence[int]) -> str:
        """Return the settings of all parties as printed."""
        return _joined(settings, self.settings)


def _index(values: Sequence[int], sizes: Sequence[int]) -> int:
    index = 0
    for value, size in zip(values, sizes, strict=True):
        index = index * size + value
    return index


def _joined(values: Sequence[int], sizes: Sequence[int]) -> str:
    return ("" if max(sizes) <= 10 else ",").join(map(str, values))


def chsh() -> Scenario:
    """Return the scenario of two parties with two settings and two outcomes each."""
    return Scenario((2, 2), (2, 2), "chsh")


def chained(n: int) -> Scenario:
    """Return the chained scenario: N >= 2 settings a party (A = 2a, B = 2b + 1), two outcomes."""
    if n < 2:
        raise ValueError(f"N = {n}; the chained scenario has at least 2 settings a party")
    return Scenario((n, n), (2, 2), "chained")


def ghz(m: int) -> Scenario:
    """Return the scenario of M >= 3 parties with two settings (x, y) and two outcomes each."""
    if m < 3:
        raise ValueError(f"M = {m}; GHZ correlations have at least 3 parties")
    return Scenario((2,) * m, (2,) * m, "ghz")


def i3322() -> Scenario:
    """Return the scenario of two parties with three settings and two outcomes each."""
    return Scenario((3, 3), (2, 2), "i3322")


def cglmp(d: int) -> Scenario:
    """Return the scenario of two parties with two settings and d >= 2 outcomes each."""
    if d < 2:
        raise ValueError(f"d = {d}; the CGLMP scenario has at least 2 outcomes")
    return Scenario((2, 2), (d, d), "cglmp")


def cycle(scenario: Scenario) -> Cycle | None:
    """Return the edges of the chained or CHSH game of a scenario, or None.

    Chained (arXiv:1105.3195, Eq. 2): outcomes should agree where ``|A - B|`` = 1 and differ
    at (0, 2N-1). CHSH: they should differ at (1, 1) only.
    """
    if scenario.family == "chsh":
        return Cycle(tuple((a, b, a & b) for a, b in scenario.joint_settings))
    if scenario.family == "chained":
        n = scenario.settings[0]
        near = [(a, b, 0) for a in range(n) for b in (a - 1, a) if b >= 0]
        return Cycle((*near, (0, n - 1, 1)))
    return None
