r"""A question: who measures, who chooses, what Eve may do, what she must reproduce, what is asked.

The adversary holds W. For each value w she has a source distribution s_w in the source set S and
a box q_w in the device set Q, with weight p_w; the observed joint distribution is

.. math:: P(o, s) = \sum_w p_w\, s_w(s)\, q_w(o|s).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from freerand_opt.model.behaviour import Behaviour
from freerand_opt.model.functional import Functional
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import Source
from freerand_opt.numbers.exact import Exact

Quantity: TypeAlias = Literal[
    "guessing-probability", "trace-distance", "min-entropy", "score", "strategy", "sum-of-biases"
]
#: On what the bits that pick a party may depend besides W and the settings.
SELECTIONS = ("common-cause", "outcome-dependent")
#: Quantities that speak of how well an output is known.
GUESSES: tuple[Quantity, ...] = ("guessing-probability", "trace-distance", "min-entropy")


@dataclass(frozen=True)
class MomentCondition:
    """A sum of moments of quantum devices stands in a relation (<=, >=, =) to an exact number.

    `terms` are (name, coefficient), such as ``("<A0 B0 A1>", 1)``; the moments are averaged over W
    with the weights P(w), not conditioned on settings.
    """

    terms: tuple[tuple[str, Fraction], ...]
    relation: str
    bound: Exact

    @property
    def label(self) -> str:
        """Return the condition in words."""
        total = " + ".join(f"{factor} {name}" for name, factor in self.terms)
        return f"{total} {self.relation} {self.bound}"


@dataclass(frozen=True)
class Adversary:
    """`devices` local (deterministic given W), quantum or no-signalling; `told` settings or nothing.

    What she is told matters only for a guess that is averaged over the settings. `level` says how
    far the hierarchy is followed that bounds quantum devices from outside; `moments` are conditions
    on its moments.
    """

    devices: str
    told: str = "settings"
    level: str = ""
    moments: tuple[MomentCondition, ...] = ()


@dataclass(frozen=True)
class Test:
    """The observed score of a functional stands in a relation (<=, >=, =) to an exact number.

    `slack` is what was added to the honest behaviour's own score (negative for >=), or None if
    the score was given as a number.
    """

    functional: Functional
    relation: str
    score: Exact
    label: str = ""
    slack: Fraction | None = None


@dataclass(frozen=True)
class Picked:
    """The output is the outcome of one of 2^bits parties, picked by epsilon-free bits.

    `selection` says on what the picking bits may depend besides W and the settings: nothing
    (``common-cause``), or also on the outcomes (``outcome-dependent``). The first bit halves the parties.
    """

    bits: int
    selection: str
    epsilon: Fraction


@dataclass(frozen=True)
class Output:
    """A function of the joint outcome: `values[o]` in 0..count-1; `label` in words.

    With `parties` it is a function of their outcomes alone: `values` is indexed by these, the first
    slowest. A `picked` output is no function of the outcomes; then `values` is empty.
    """

    values: tuple[int, ...]
    count: int
    label: str
    parties: tuple[int, ...] | None = None
    picked: Picked | None = None


@dataclass(frozen=True)
class GhzTest:
    """What is tested of the GHZ relations of M parties, without writing 4^M probabilities down.

    The wrong outcomes of all settings together have at most the weight `violated`; or, if `whole`, the
    behaviour of the GHZ state is observed exactly, and `violated` is 0.
    """

    violated: Fraction
    whole: bool = False

    @property
    def label(self) -> str:
        """Return the test in words."""
        if self.whole:
            return "the whole behaviour of the GHZ state"
        return f"weight of broken Mermin relations <= {self.violated}"


@dataclass(frozen=True)
class Ask:
    """What is asked: a guess of `output` `at` a joint setting or on average; a score; existence.

    `at` is a joint setting, ``"average"`` or ``"worst"``; `extreme` largest or smallest (scores).
    """

    quantity: Quantity
    output: Output | None = None
    at: tuple[int, ...] | str | None = None
    functional: Functional | None = None
    extreme: str = "largest"

    @property
    def sign(self) -> int:
        """Return -1 for the smallest score, which programs maximise the negative of, else 1."""
        return -1 if self.functional is not None and self.extreme == "smallest" else 1


@dataclass(frozen=True)
class Question:
    """One question with one answer. `settings` is the observed distribution of joint settings.

    It is ``"uniform"``, ``"free"`` (any average of source distributions), or exact fractions.
    With `relations` the tests are these alone, and the output names its parties (many parties).
    """

    scenario: Scenario
    source: Source
    settings: str | tuple[Fraction, ...]
    adversary: Adversary
    tests: tuple[Test, ...]
    ask: Ask
    relations: GhzTest | None = None

    def setting_weights(self) -> tuple[Fraction, ...] | None:
        """Return the observed distribution of joint settings, or None if it is free."""
        if self.settings == "free":
            return None
        if isinstance(self.settings, str):
            total = self.scenario.shape[1]
            return (Fraction(1, total),) * total
        return self.settings


@dataclass(frozen=True)
class Expect:
    """What a file claims of the answer; `within` allows a difference, `rests_on` names a proof.

    `none`: that no strategy passes the tests, so that what is asked has no answer.
    """

    value: Exact | None = None
    at_most: Exact | None = None
    at_least: Exact | None = None
    within: Fraction = Fraction(0)
    verdict: str | None = None
    rests_on: str | None = None
    shown: str = ""
    none: bool = False


@dataclass(frozen=True)
class Threshold:
    """Seek the value of a field, between two fractions, at which the answer changes.

    Without `crosses` a strategy exists on one side only; with it the quantity passes that number,
    or, if it is a text, the value of that expression in the field (``source.epsilon/2``).
    What the adversary can do must grow or shrink with the field (`THRESHOLD_FIELDS`);
    `honest` is the behaviour at visibility 1, for thresholds in the visibility.
    """

    field: str
    between: tuple[Fraction, Fraction]
    width: Fraction
    crosses: Exact | str | None = None
    honest: Behaviour | None = None


#: Fields in which what an adversary can do is monotone: it grows with epsilon and upper, and
#: shrinks with lower, bits and visibility (docs/proofs/thresholds.md).
THRESHOLD_FIELDS = ("source.epsilon", "source.lower", "source.upper", "source.bits", "observed.visibility")
