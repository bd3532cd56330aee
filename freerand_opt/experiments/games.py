r"""Games, and the exact tail of the number of wins when it was fixed beforehand how many trials are made.

.. math:: P(\text{wins} \ge w) \le P(\mathrm{Bin}(n, p) \ge w), \qquad
   p = \max_{s, q} \sum_z s(z) \sum_{c \text{ wins}} q(c|z)

for devices with any memory. CHSH with bits in time order: p = 1 - (1/2 - epsilon)^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from freerand_opt.checker.failures import Work
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.maximum import maximum
from freerand_opt.experiment_checker.powers import ONE
from freerand_opt.experiments.setup import Setup
from freerand_opt.model.behaviours.functional import Functional
from freerand_opt.model.scenario import AnyScenario


def wins(scenario: AnyScenario, game: str | Functional, *, extreme: str = "largest") -> tuple[int, ...]:
    """Return the winning cells of a functional with two values at each joint setting where it is not
    constant.

    `extreme` "smallest" for functionals that count errors. A setting with one value is refused.
    """
    functional = Functional.named(game) if isinstance(game, str) else game
    terms = {(s, o): x for s, o, x in functional.resolved(scenario, "game").terms}
    settings, outcomes = scenario.shape
    sign = 1 if extreme == "largest" else -1
    found = []
    for z in range(settings):
        values = [sign * terms.get((z, c), Fraction(0)) for c in range(outcomes)]
        if len(set(values)) != 2:
            raise InputError(
                "game",
                f"has {len(set(values))} values at settings {scenario.setting_label(z)}; a game is won "
                f"or lost at "
                "every joint setting. Use method factor, which needs no game",
            )
        found += [z * outcomes + c for c, x in enumerate(values) if x == max(values)]
    return tuple(found)


def chance(setup: Setup, cells: Sequence[int]) -> Fraction:
    """Return the largest probability to win, rounded up by at most 2^-60."""
    size = setup.shape.count[0] * setup.shape.count[1]
    held = set(cells)
    top = maximum(setup.setting, setup.condition(None), [int(c in held) for c in range(size)], Work())
    return min(Fraction(1), Fraction(top, ONE))
