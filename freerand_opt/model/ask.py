"""The table `ask`: a guess of an output, a score, or whether a strategy exists."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, ClassVar

from freerand_opt.errors import InputError
from freerand_opt.model import output as outputs
from freerand_opt.model import problem as forms
from freerand_opt.model.behaviours.functional import FUNCTIONAL, Functional
from freerand_opt.model.output import OUTPUT, Function, Picked
from freerand_opt.model.quantities import ENTROPY, OF_DATA, P_VALUE, QUANTITIES, SCORE, STRATEGY, Quantity
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.kinds import Schema, either, items, number, word
from freerand_opt.model.tables.table import Table
from freerand_opt.model.tables.text import listed, shown

AVERAGE, WORST = "average", "worst"
_AT = 'an array of settings such as [0, 0], "average" or "worst"'
_SETTING = number(0, whole=True)
AT = either(_AT, text=word(AVERAGE, WORST), items=items(_SETTING, _AT, least=1), number=_SETTING)


class Ask(Table):
    """What is asked; which other fields there are depends on the quantity.

    >>> Ask("guessing-probability", of="A", at=(0, 0)).at
    (0, 0)
    """

    positional: ClassVar[int] = 1
    rules: ClassVar[Schema] = {
        "allOf": [
            {
                "if": {"properties": {"quantity": {"const": name}}},
                "then": {
                    "propertyNames": {"enum": ["quantity", *row.keys]},
                    "required": [key for key in row.needed if key != "functional"],
                    **(Functional.rules if "functional" in row.needed else {}),
                },
            }
            for name, row in QUANTITIES.items()
        ]
    }

    quantity: Annotated[str, word(*QUANTITIES), "what is asked"]
    of: Annotated[Any, OUTPUT, "the output: a party, several parties, or a function of outcomes"] = None
    at: Annotated[
        Any,
        AT,
        "at which settings: one for each party (a number: the same for all), on average over the observed "
        "settings, or at the worst ones",
    ] = None
    functional: Annotated[Functional | None, FUNCTIONAL, "the functional whose score is asked"] = None
    extreme: Annotated[str, word("largest", "smallest"), "which score"] = "largest"
    method: Annotated[
        str | None,
        word("factor", "game"),
        "P-value by test factors (any stopping rule), or by the tail of a game's wins (n fixed beforehand)",
    ] = None

    noise: Annotated[
        Fraction,
        number(0, Fraction(1, 2)),
        "probability with which the output, a bit, is flipped before it is used (noisy preprocessing)",
    ] = Fraction(0)

    @property
    def row(self) -> Quantity:
        """Return the quantity's row."""
        return QUANTITIES[self.quantity]

    def check(self) -> None:
        """Raise InputError for fields that the quantity does not have, or lacks."""
        given = {"of": self.of, "at": self.at, "functional": self.functional, "method": self.method}
        given["extreme"] = None if self.extreme == "largest" else self.extreme
        given["noise"] = self.noise or None
        for key, value in given.items():
            if value is not None and key not in self.row.keys:
                allowed = listed(sorted((*self.row.keys, "quantity")))
                raise self.fault(key, f"{self.quantity} has no such key; allowed here: {allowed}")
            if value is None and key in self.row.needed:
                kinds = {"of": OUTPUT, "at": AT, "functional": FUNCTIONAL}
                raise self.fault(key, f"is missing; {kinds[key].needed}")
        if self.quantity == ENTROPY and self.at == WORST:
            raise self.fault("at", '"worst"; an entropy is asked at one joint setting, or "average"')
        if self.quantity == "sum-of-biases" and isinstance(self.at, str):
            raise self.fault("at", f"{shown(self.at)}; a sum of biases is asked at one joint setting")

        if self.quantity == P_VALUE and (self.method == "game") != (self.functional is not None):
            raise self.fault(
                "functional", 'method = "game" needs the functional that is won, and only it does'
            )

    @property
    def picked(self) -> Picked | None:
        """Return how a party is picked, if one is."""
        return self.of.picked if isinstance(self.of, Function) else None

    def settings(self, scenario: AnyScenario, where: str) -> tuple[int, ...] | None:
        """Return the joint setting asked for, None for averages and the worst; raise InputError else."""
        if self.at is None or isinstance(self.at, str):
            return None
        sizes = scenario.settings
        at = (self.at,) * len(sizes) if isinstance(self.at, int) else tuple(self.at)
        if len(at) != len(sizes):
            raise InputError(
                f"{where}.at",
                f"{shown(list(at))} has {len(at)} settings; the scenario has {len(sizes)} parties",
            )
        for party, (x, size) in enumerate(zip(at, sizes, strict=True)):
            if x >= size:
                letter = scenario.parties[party : party + 1] or f"party {party}"
                raise InputError(f"{where}.at", f"{x} is no setting of {letter}, which are 0..{size - 1}")
        return at

    def values(self, scenario: AnyScenario, where: str) -> outputs.Values:
        """Return the output as a function of its parties' outcomes; of biases, the number of outcomes 1."""
        if self.quantity != "sum-of-biases":
            return outputs.values(self.of, scenario, f"{where}.of")
        if self.of is not None and not isinstance(self.of, str | tuple):
            raise InputError(f"{where}.of", 'parties such as ["A", "B"] are needed: their biases are summed')
        parties = outputs.two_outcomes(self.of or "all", scenario, f"{where}.of")
        return outputs.tabulated(scenario, parties, sum, len(parties) + 1)

    def resolved(self, scenario: AnyScenario, told: str, where: str, side: str = "") -> forms.Ask:
        """Return the question in joint indices; "worst" is left at None, as an average is."""
        if self.quantity == STRATEGY or self.quantity in OF_DATA:
            return forms.Ask(STRATEGY)
        sign = -1 if self.extreme == "smallest" else 1
        if self.functional is not None:
            return forms.Ask(SCORE, score=self.functional.resolved(scenario, where), sign=sign)
        at = self.settings(scenario, where)
        s = None if at is None else scenario.setting_index(at)
        values = self.values(scenario, where)
        if self.row.program == SCORE:
            return forms.Ask(SCORE, score=_biases(scenario, values[0], s))
        of, table, count = outputs.essential(values, scenario)
        average_told = self.at == AVERAGE and told == "settings"
        if self.quantity == ENTROPY:
            if self.noise and count != 2:
                raise InputError(
                    f"{where}.noise", f"flips a bit; the output has {count} values. Name one with two"
                )
            return forms.Ask(ENTROPY, of, table, count, s, average_told, sign=-1, side=side, noise=self.noise)
        return forms.Ask(self.row.program, of, table, count, s, average_told)


def _biases(scenario: AnyScenario, parties: tuple[int, ...], s: int | None) -> forms.Functional:
    """Return the sum of P(0) - P(1) of the parties' outcomes at a joint setting."""
    assert s is not None
    terms = (
        (s, o, Fraction(len(parties) - 2 * sum(outcomes[p] for p in parties)))
        for o, outcomes in enumerate(scenario.joint_outcomes)
    )
    return forms.Functional("conditional", tuple(term for term in terms if term[2]))
