"""Tables of Collins and Gisin by label: marginals and joint probabilities without the last outcomes."""

from __future__ import annotations

from freerand_opt.errors import InputError
from freerand_opt.model.behaviours.behaviour import Behaviour
from freerand_opt.model.behaviours.labels import spelt
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.numbers.exact import Exact


def by_marginals(table: tuple[tuple[str, Exact], ...], scenario: AnyScenario, where: str) -> Behaviour:
    r"""Return the behaviour of two parties of PA(a|x), PB(b|y), P(ab|xy) for a < d_A - 1, b < d_B - 1.

    What is not listed follows from no-signalling (arXiv:quant-ph/0306129). Raise InputError for other
    parties, and naming the first probability that is missing, or is one too many.
    """
    settings, outcomes = scenario.sizes
    if len(settings) != 2:
        raise InputError(
            where, "marginals as PA(0|0) are read of two parties; of others write P(010|110) alone"
        )
    sides = [
        [(outcome, setting) for setting in range(n) for outcome in range(d - 1)]
        for n, d in zip(settings, outcomes, strict=True)
    ]
    held = dict(table)

    def taken(label: str) -> Exact:
        if label not in held:
            words = "beside marginals each P(ab|xy) without last outcomes, PA(a|x) and PB(b|y) is needed"
            raise InputError(f'{where}."{label}"', f"is missing; {words}")
        return held.pop(label)

    alone = [
        [taken(spelt(f"P{party}({o}|{s})")) for o, s in side] for party, side in zip("AB", sides, strict=True)
    ]
    both = [[taken(spelt(f"P({a},{b}|{x},{y})")) for b, y in sides[1]] for a, x in sides[0]]
    for label in held:
        raise InputError(f'{where}."{label}"', "follows from the others beside marginals; leave it out")
    rows = [[1, *alone[1]], *([one, *row] for one, row in zip(alone[0], both, strict=True))]
    try:
        return Behaviour.from_collins_gisin(rows, outcomes)
    except InputError as error:
        raise InputError(where, f"no behaviour that can be observed: {error.message}") from None
