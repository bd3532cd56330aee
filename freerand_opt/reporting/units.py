"""How well an output is known, in the units that were not asked for."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, compare, log2, text
from freerand_opt.numbers.parse import parse
from freerand_opt.numbers.rounding import float_above, float_below

#: Quantities of what is known of an output.
GUESSES = ("guessing-probability", "trace-distance", "min-entropy")
_LOGARITHM = re.compile(r"-log2\((.*)\)")


def alongside(asked: Question, bracket: Bracket) -> dict[str, Bracket]:
    """Return brackets of the other quantities that a bracket of one determines, by quantity.

    Min-entropy is -log2 of the guessing probability. For a bit the trace distance is that
    probability less 1/2; for more values neither determines the other, and it is left out.
    """
    ask = asked.ask
    if ask.quantity not in GUESSES:
        return {}
    bit = ask.values(asked.scenario, "ask")[2] == 2
    if ask.quantity == "trace-distance" and not bit:
        return {}
    lower, upper = bracket.lower, bracket.upper
    if ask.quantity == "trace-distance":
        lower, upper = (None if end is None else end + Fraction(1, 2) for end in (lower, upper))
    if ask.quantity == "min-entropy":
        lower, upper = (
            None if upper is None else _power_of_half(upper, above=False),
            None if lower is None else _power_of_half(lower, above=True),
        )
    found = {
        "guessing-probability": Bracket(lower, upper),
        "min-entropy": Bracket(_entropy(upper), _entropy(lower)),
    }
    if bit:
        ends = (None if end is None else end - Fraction(1, 2) for end in (lower, upper))
        found["trace-distance"] = Bracket(*ends)
    return {quantity: ends for quantity, ends in found.items() if quantity != ask.quantity}


def _entropy(guess: Exact | None) -> Exact | None:
    return None if guess is None or compare(guess, Fraction(0)) <= 0 else -log2(guess)


def _power_of_half(bits: Exact, *, above: bool) -> Exact:
    """Return 2^-bits, exactly where the form of the number shows it, else a fraction on the safe side."""
    if isinstance(bits, Fraction) and bits.denominator == 1:
        return Fraction(1, 2 ** int(bits)) if bits >= 0 else Fraction(2 ** int(-bits))
    form = _LOGARITHM.fullmatch(text(bits))
    if form is not None and form[1].count("(") == form[1].count(")"):
        try:
            inner = parse(form[1])
        except ValueError:
            inner = None
        if inner is not None and compare(bits + log2(inner), Fraction(0)) == 0:
            return inner
    # two units in the last place are more than the library's error in a power
    if above:
        value = math.nextafter(math.nextafter(2.0 ** -float_below(bits), 2.0), 2.0)
    else:
        value = math.nextafter(math.nextafter(2.0 ** -float_above(bits), 0.0), 0.0)
    return Fraction(value)
