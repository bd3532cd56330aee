"""The table `adversary`: what devices she may have prepared, and what she is told before she guesses."""

from __future__ import annotations

from typing import Annotated, ClassVar

from freerand_opt.model.level import patterns
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.kinds import Schema, line, word
from freerand_opt.model.tables.table import Table
from freerand_opt.model.tables.text import said_at


class Adversary(Table):
    """The devices that she may use, given W, and what she learns."""

    rules: ClassVar[Schema] = {
        "if": {"properties": {"devices": {"const": "quantum"}}},
        "then": {"required": ["level"]},
        "else": {"properties": {"level": False}},
    }

    devices: Annotated[
        str,
        word("local", "quantum", "no-signalling"),
        "her boxes given W: local (deterministic), quantum, or any that do not signal",
    ]
    level: Annotated[
        str,
        line('a level such as 1, 2, "1 + A B", "local 1"', integers=True),
        "level of the hierarchy that bounds quantum devices from outside (arXiv:0803.4290)",
    ] = ""
    told: Annotated[
        str,
        word("settings", "nothing"),
        "what she learns before she guesses; matters only for guesses averaged over settings",
    ] = "settings"
    side_information: Annotated[
        str | None,
        word("quantum", "classical"),
        "what she holds beside W when an entropy is asked: a quantum system (the default of quantum devices, "
        "which alone have it), or nothing more",
    ] = None

    @property
    def side(self) -> str:
        """Return what she holds beside W: quantum or classical."""
        return self.side_information or ("quantum" if self.devices == "quantum" else "classical")

    def check(self) -> None:
        """Raise InputError unless quantum devices, and only they, have a level (and quantum information)."""
        if self.devices != "quantum" and self.side_information == "quantum":
            raise self.fault(
                "side_information",
                f"'quantum'; devices are {self.devices}, and only quantum ones are entangled with it",
            )
        if (self.devices == "quantum") != bool(self.level):
            said = f"{self.level!r} is given" if self.level else "is missing"
            raise self.fault("level", f'{said}; quantum devices, and only they, need a level, as "1 + A B"')

    def fit(self, scenario: AnyScenario) -> None:
        """Raise InputError for a level that speaks of other parties, or is none."""
        if self.level:
            with said_at("Question.adversary.level"):
                patterns(self.level, scenario.parties)
