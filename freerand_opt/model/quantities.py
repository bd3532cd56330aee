"""What can be asked: one row a quantity, with its direction, range, unit and words."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import msgspec

from freerand_opt.numbers.exact import Exact, log2


def same(number: Exact) -> Exact:
    """Return a number as it is."""
    return number


class Quantity(msgspec.Struct, frozen=True):
    """A quantity that is asked for.

    `keys` are the keys of the table `ask` that it takes (those in `needed` must be given); `program` is
    what programs maximise for it; `value` maps their optimum to the answer and `optimum` an answer
    to their optimum (None: only the kernel can, see `bounds.critical`), `rising` says whether an upper end
    stays an upper end. `extent` gives the range of answers by the number of values of the output (None:
    no range is known).
    """

    name: str
    words: str
    unit: str
    keys: tuple[str, ...]
    needed: tuple[str, ...]
    program: str
    rising: bool = True
    value: Callable[[Exact], Exact] = same
    optimum: Callable[[Exact], Exact] | None = same
    extent: Callable[[int], tuple[Exact, Exact]] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an answer that is no optimum, if the way back is not given."""
        if (self.value is same) != (self.optimum is same):
            raise ValueError(f"{self.name}: `value` and `optimum` are given together")

    def ends(self, lower: Exact | None, upper: Exact | None, count: int) -> tuple[Exact | None, Exact | None]:
        """Return the ends of an answer from those of the program (None.

        Open), cut to the quantity's range.
        """
        first, last = (lower, upper) if self.rising else (upper, lower)
        first = None if first is None else self.value(first)
        last = None if last is None else self.value(last)
        if self.extent is None:
            return first, last
        least, most = self.extent(count)
        first = least if first is not None and _less(first, least) else first
        return first, (most if last is not None and _less(most, last) else last)


def _less(x: Exact, y: Exact) -> bool:
    from freerand_opt.numbers.exact import compare

    return compare(x, y) < 0


GUESS, SCORE, STRATEGY = "guessing-probability", "score", "strategy"
ENTROPY = "entropy"
#: What is asked of data; these have no program.
P_VALUE, BITS = "p-value", "bits"
OF_DATA = (P_VALUE, BITS)
_OUTPUT = ("of", "at")
_FUNCTIONAL = ("functional", "game", "terms", "on")

QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity(
            GUESS,
            "the largest probability with which the adversary guesses an output",
            "1",
            _OUTPUT,
            _OUTPUT,
            GUESS,
            extent=lambda count: (Fraction(1, count), Fraction(1)),
        ),
        Quantity(
            "trace-distance",
            "the largest distance of an output, given W, from uniform and independent of W (half the 1-norm)",
            "1",
            _OUTPUT,
            _OUTPUT,
            "trace-distance",
            extent=lambda count: (Fraction(0), 1 - Fraction(1, count)),
        ),
        Quantity(
            "min-entropy",
            "minus the binary logarithm of the largest guessing probability",
            "bits",
            _OUTPUT,
            _OUTPUT,
            GUESS,
            rising=False,
            value=lambda guess: -log2(guess),
            optimum=None,
            extent=lambda count: (Fraction(0), log2(Fraction(count))),
        ),
        Quantity(
            ENTROPY,
            "the least von Neumann entropy of an output given the adversary's side information "
            "(adversary.side_information) and W",
            "bits",
            (*_OUTPUT, "noise"),
            _OUTPUT,
            ENTROPY,
            extent=lambda count: (Fraction(0), log2(Fraction(count))),
        ),
        Quantity(
            SCORE,
            "the largest or smallest score of a functional",
            "1",
            (*_FUNCTIONAL, "extreme"),
            ("functional",),
            SCORE,
        ),
        Quantity(
            STRATEGY,
            "whether any strategy passes the tests: 1 (exists) or 0 (none)",
            "1",
            (),
            (),
            STRATEGY,
            extent=lambda count: (Fraction(0), Fraction(1)),
        ),
        Quantity(
            P_VALUE,
            "the largest probability with which the adversary's devices show data that speak so much "
            "against them",
            "1",
            ("method", *_FUNCTIONAL, "extreme"),
            (),
            STRATEGY,
            rising=False,
        ),
        Quantity(
            BITS,
            "certified bits of outcomes, given settings and classical side information (smooth min-entropy)",
            "bits",
            ("of", *_FUNCTIONAL),
            (),
            STRATEGY,
        ),
        Quantity(
            "sum-of-biases",
            "the largest sum of P(0) - P(1) of the parties' outcomes at given settings",
            "1",
            _OUTPUT,
            ("at",),
            SCORE,
        ),
    )
}
