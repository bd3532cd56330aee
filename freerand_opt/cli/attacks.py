"""An attack on the screen: its strategies, and of the heaviest the state, the angles and P(o|s, w)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod

from freerand_opt.bounds.answers.attack import Attack, Strategy
from freerand_opt.checker.asked import split
from freerand_opt.model.scenario import joined
from freerand_opt.numbers.rounding import decimal_below

#: Strategies of an attack that are shown.
SHOWN = 8
#: Smaller weights are told by their size.
LIGHT = Fraction(1, 10**4)
#: Of so many state, angles and P(o|s) are shown, if the table is no larger.
DRAWN, MOST_SETTINGS, MOST_OUTCOMES = 2, 16, 9


def attack_lines(attack: Attack) -> Iterator[tuple[str, str]]:
    """Yield the heaviest strategies."""
    at = "" if attack.at is None else f" at {attack.at}"
    yield "attack", f"{len(attack)} strategies{at}, one for each w; heaviest first"
    for line in attack.table()[:SHOWN]:
        yield "", f"weight {_short(line.weight)}: {line.devices}; settings {line.settings}"
    if len(attack) > SHOWN:
        yield "", f".. and {len(attack) - SHOWN} more (in the certificate)"
    for k, one in enumerate(attack.heaviest[:DRAWN]):
        held = one.devices.seen
        if held is not None:
            yield from (("" if n else f"w {k}", line) for n, line in enumerate(held.lines()))
            yield from (
                ("", line) for line in chances(one, attack.question.settings, attack.question.outcomes)
            )


def chances(one: Strategy, settings: tuple[int, ...], outcomes: tuple[int, ...]) -> Iterator[str]:
    """Yield P(o|s, w) as a table, settings down; nothing if it is large."""
    rows, width = prod(settings), prod(outcomes)
    if rows > MOST_SETTINGS or width > MOST_OUTCOMES:
        return
    head = f"P({'abcdefgh'[: len(settings)]}|{'xyzuvrst'[: len(settings)]})"
    names = (joined(split(o, outcomes), outcomes) for o in range(width))
    yield head.ljust(10) + "".join(f"{name:>6}" for name in names)
    for s in range(rows):
        row = one.row(s)
        cells = (f"{float(row.get(o, 0)):.4f}" for o in range(width))
        shown = "".join(f"{cell.removeprefix('0'):>6}" for cell in cells)
        yield joined(split(s, settings), settings).ljust(10) + shown


def _short(value: Fraction) -> str:
    if len(str(value)) <= 12:
        return str(value)
    return decimal_below(value, 6) if value > LIGHT else f"{float(value):.1e}"
