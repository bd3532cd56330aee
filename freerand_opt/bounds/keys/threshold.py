r"""Where a key begins: a certified rate at one value of a number of the question, none at another.

.. math:: r(a) > 0, \qquad H(A|x, E) - H(A|B) \le 0 \text{ at } b \text{ by explicit strategies}

Places are sought by the lines of entropies (`bounds.keys.tradeoff`), which need no program.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.keys.rate import KeyRate, key_rate, positive_up_to
from freerand_opt.bounds.keys.tradeoff import tradeoff
from freerand_opt.errors import InputError
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.number import place_of
from freerand_opt.numbers.rounding import simplest

#: Times that the place of the certified end, and that of the other, is moved at most.
MOST_MOVES = 10


@dataclass(frozen=True)
class Rated:
    """A value of the field with the answer there and its rate."""

    place: Fraction
    result: Result
    rate: KeyRate


@dataclass(frozen=True)
class KeyThreshold:
    """A key is certified at `some`; at `none` explicit strategies leave none (None: that is not shown).

    That the rate changes its sign only once in between is proved for numbers of the source, and for
    `observed.visibility` where noise is white and passes all tests with scores of their own: there it is
    monotone. For others it is not proved (docs/entropies.md).
    """

    field: str
    some: Rated
    none: Rated | None

    @property
    def width(self) -> Fraction | None:
        """Return how far the two ends are apart."""
        return None if self.none is None else abs(self.some.place - self.none.place)


def key_threshold(
    question: Question,
    field: str,
    between: tuple[Any, Any],
    *,
    width: Any = "1/1000",
    error: Any = None,
    entropy_width: Any = None,
    answer: Callable[[Fraction], Result] | None = None,
) -> KeyThreshold:
    """Return where the rate of a key begins or ends, between two values of a field of the question.

    `width` is how near the two ends are sought, `error` as in `key_rate`, `entropy_width` as in `bound`.
    `answer` may take the place of `bound` at a value. Raise InputError unless a key is certified at one
    value of `between` and not at the other.
    """
    if question.ask.quantity != ENTROPY:
        raise InputError("ask.quantity", f'is {question.ask.quantity}; the rate of a key needs "entropy"')
    first, last, least = (place_of(x, "between") for x in (*between, width))
    if least <= 0 or first == last:
        raise InputError("between", "two different values, and a width above 0, are needed")

    def at(x: Fraction) -> Rated:
        asked = bound(question.varied(field, x), width=entropy_width) if answer is None else answer(x)
        if asked.bracket.lower is None:
            raise InputError("between", f"at {x} the entropy has no lower end")
        return Rated(x, asked, key_rate(asked, error))

    ends = sorted((at(first), at(last)), key=lambda one: one.rate.lower)
    other, some = ends
    if other.rate.lower > 0 or some.rate.lower <= 0:
        words = "a key is certified" if other.rate.lower > 0 else "no key is certified"
        raise InputError("between", f"{words} at {first} and at {last}; it must be at one of them alone")
    stays = False
    for _ in range(MOST_MOVES):
        # an end that stays twice is too far away for a chord
        middle = _near((some.place + other.place) / 2, least / 8, some.place, other.place)
        place = middle if stays else _end_of(some, other, question, field, error, least / 8)
        if abs(place - some.place) <= least / 4:
            break
        here = at(place)
        stays = here.rate.lower <= 0
        some, other = (some, here) if stays else (here, other)
    return KeyThreshold(field, some, _none(at, some, other, ends[0], least))


def _end_of(
    some: Rated, other: Rated, question: Question, field: str, error: Any, width: Fraction
) -> Fraction:
    """Return a place up to which the line of an answer shows a key, else where a chord of rates crosses 0."""
    with suppress(InputError):  # extreme boxes and numbers of the source have no line
        line = tradeoff(some.result)

        def rate(x: Fraction) -> KeyRate:
            here = question.varied(field, x)
            return key_rate(line.of(here), here if error is None else error, noise=question.ask.noise)

        return positive_up_to(rate, some.place, other.place, width=width)[0]
    up, down = some.rate.lower, other.rate.lower
    zero = some.place + (other.place - some.place) * up / (up - down)
    return _near(zero, width, some.place, other.place)


def _near(x: Fraction, width: Fraction, *ends: Fraction) -> Fraction:
    """Return a short fraction near x, between two ends."""
    return simplest(max(x - width, min(ends)), min(x + width, max(ends)))


def _none(
    at: Callable[[Fraction], Rated], some: Rated, other: Rated, end: Rated, width: Fraction
) -> Rated | None:
    """Return a place near the certified end at which strategies leave no key, farther and farther from it."""
    step = width * (1 if end.place > some.place else -1)
    if _shown(other) and abs(other.place - some.place) <= width:
        return other
    for k in range(MOST_MOVES):
        place = some.place + step * 2**k
        if abs(place - some.place) >= abs(end.place - some.place):
            break
        here = at(_near(place, width / 16, some.place, place))
        if _shown(here):
            return here
    return end if _shown(end) else None


def _shown(one: Rated) -> bool:
    return one.rate.most is not None and one.rate.most <= 0
