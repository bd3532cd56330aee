r"""Questions about GHZ relations of many parties, kept short: nothing of size 4^M is written down.

No-signalling devices; uniform settings or one Santha-Vazirani bit a party; one test, of the relations or of
the whole behaviour of the GHZ state; a guess at given settings of a function of a few outcomes or of a
picked party, or a sum of biases. Such a question depends on the parties that are not asked by counts alone
(docs/proofs/ghz-orbits.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec

from freerand_opt.errors import InputError
from freerand_opt.model.ask import Ask
from freerand_opt.model.conditions import Keep, Relations
from freerand_opt.model.families.ghz import mermin_sign
from freerand_opt.model.observed import Observed
from freerand_opt.model.output import Picked
from freerand_opt.model.quantities import ENTROPY, SCORE
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source

#: Parties of which one is picked whatever their settings; more have equal settings, and can be exchanged.
MOST_PICKED = 4


class Many(msgspec.Struct, frozen=True):
    """A question about the relations of M parties.

    `signs[k]` is the product of outcomes at settings with k ones, 0 if none is demanded; wrong outcomes
    weigh at most `violated` in all, or (`whole`) the GHZ state's behaviour is observed. `values` is by the
    joint outcome of `of`; it is empty for sums of biases and for a picked party.
    """

    parties: int
    epsilon: Fraction
    signs: tuple[int, ...]
    violated: Fraction
    whole: bool
    quantity: str
    of: tuple[int, ...]
    values: tuple[int, ...]
    count: int
    at: tuple[int, ...]
    picked: Picked | None = None

    def form(self) -> dict[str, Any]:
        """Return the question in the certificate's grammar (docs/kernel.md)."""
        m = self.parties
        source: dict[str, Any] = {"kind": "uniform"}
        if self.epsilon:
            source = {"kind": "bits", "order": [[p, 0] for p in range(m)], "epsilon": str(self.epsilon)}
        ask: dict[str, Any] = {"quantity": self.quantity, "of": list(self.of), "at": list(self.at)}
        if self.picked is not None:
            chosen = {"bits": self.picked.bits, "selection": self.picked.selection}
            ask["picked"] = chosen | {"epsilon": str(self.picked.epsilon)}
        elif self.values:
            ask |= {"values": list(self.values), "count": self.count}
        relations = {"signs": list(self.signs), "violated": str(self.violated), "whole": self.whole}
        sizes = {"settings": [2] * m, "outcomes": [2] * m, "source": source, "observed": "uniform"}
        return sizes | {"devices": "no-signalling", "tests": [], "relations": relations, "ask": ask}


def many(
    scenario: AnyScenario, source: Source, seen: Observed, devices: str, tests: Sequence[object], ask: Ask
) -> Many:
    """Return the short form of a question; raise InputError for what it cannot have."""
    parties = len(scenario.settings)
    why = "questions about a picked party, or more than 8 parties,"
    if scenario.__struct_config__.tag != "ghz":
        raise InputError("Question.scenario", f"{why} need the family ghz")
    epsilon = getattr(source, "epsilon", Fraction(0))
    if source.__struct_config__.tag not in ("uniform", "santha-vazirani"):
        raise InputError("Question.source.kind", f"{why} have a source of kind uniform or santha-vazirani")
    if (
        seen.settings != "uniform"
        or (seen.table, seen.state, seen.visibility, seen.efficiency) != (None,) * 4
    ):
        raise InputError("Question.observed", f"{why} have uniform observed settings, and no other behaviour")
    if devices != "no-signalling":
        raise InputError("Question.adversary.devices", f'{why} have devices = "no-signalling"')
    violated, whole = _tested(tests, seen, why)
    at = ask.settings(scenario, "Question.ask")
    if at is None:
        raise InputError("Question.ask.at", f"{why} ask at one setting for each party")
    of, values, count = ask.values(scenario, "Question.ask")
    free = ask.picked is not None and ask.picked.selection == "common-cause"
    if free and len(of) > MOST_PICKED and len({at[p] for p in of}) > 1:
        raise InputError(
            "Question.ask.at",
            f"asks the {len(of)} parties of which one is picked at different settings; that needs at most "
            f"{MOST_PICKED} parties, or equal settings",
        )
    if ask.quantity == ENTROPY:
        raise InputError("Question.ask.quantity", f"{why} have no entropy here; ask for the min-entropy")
    if ask.quantity == "trace-distance" and count != 2:
        raise InputError("Question.ask.of", f"has {count} values; the trace distance of many parties needs 2")
    signs = tuple(mermin_sign(k) for k in range(parties + 1))
    quantity = ask.quantity if ask.row.program == SCORE else ask.row.program
    values = () if ask.row.program == SCORE else values
    return Many(parties, epsilon, signs, violated, whole, quantity, of, values, count, at, ask.picked)


def _tested(tests: Sequence[object], seen: Observed, why: str) -> tuple[Fraction, bool]:
    """Return (weight of wrong outcomes that is tolerated, whether the whole behaviour is kept)."""
    test = tests[0] if len(tests) == 1 else None
    if isinstance(test, Relations) and isinstance(test.violated, Fraction):
        return test.violated, False
    honest = seen.behaviour in (None, "quantum")
    if isinstance(test, Keep) and test.keep == "behaviour" and not test.tolerance and honest:
        return Fraction(0), True
    raise InputError(
        "Question.test", f'{why} have one test: relations, or keep = "behaviour" of the GHZ state'
    )
