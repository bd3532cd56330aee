r"""Protocol Pi_N of Colbeck and Renner (arXiv:1105.3195, proof of Theorem 2), and a repair of it.

M rounds; in each the devices get settings (a, b) chosen by r = log2 N bits each. T is the set of rounds on
the 2N edges ``|a-b| = 1`` or (a, b) = (0, 2N-1). *As written*: abort in step 2 if ``|T|`` is not in [M/N,
3M/N], in step 3 if a round of T errs; else output X_f for f in T chosen by the source. *Repaired*
(docs/simulation.md): only the first L rounds of T are tested and selected among. Epsilon is the paper's: 0
is perfect, 1/2 is useless.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Annotated, Any, ClassVar

from msgspec import field

from freerand_opt.model.tables.kinds import number, word
from freerand_opt.model.tables.table import Table, table
from freerand_opt.numbers.exact import whole_root
from freerand_opt.protocols.sources import BitSource, HeldBits, ReplayedBits, UniformBits

AS_WRITTEN, REPAIRED = "as-written", "repaired"
COMMON_CAUSE, OUTCOME_DEPENDENT = "common-cause", "outcome-dependent"
ROUTES = ("counts", "rounds", "conditional")
MOST_ROUNDS = 2**62
MOST_TESTS = 2**22
#: Rounds, or rounds of T looked at, beyond which a simulation is refused (about a day).
MOST_WORK = 10**13
_POWER = number(above=Fraction(0), high=6)
_ROUNDS = number(1, MOST_ROUNDS, whole=True)


class Rounds(Table, rename={"power": "m", "tests_power": "l"}):
    """N and the numbers of rounds: M = floor(N^m) as written, L = floor(N^l) tests if repaired."""

    positional: ClassVar[int] = 1

    N: Annotated[int, number(2, 2**30, whole=True), "number of settings of each party, a power of two"]
    variant: Annotated[str, word(AS_WRITTEN, REPAIRED), "which protocol"] = AS_WRITTEN
    power: Annotated[Fraction | None, _POWER, "as written: M = floor(N^m)"] = None
    rounds: Annotated[int | None, _ROUNDS, "M itself; repaired: the most rounds until L tests are had"] = None
    tests_power: Annotated[Fraction | None, _POWER, "repaired: L = floor(N^l)"] = None
    tests: Annotated[int | None, number(1, MOST_TESTS, whole=True), "repaired: L itself"] = None
    i: Annotated[Fraction, number(above=Fraction(0), high=2), "the analysis is about I* = 2 N^-i"] = Fraction(
        1, 100
    )

    def check(self) -> None:
        """Raise InputError for an N that is no power of two, and for numbers of the other variant."""
        if self.N & (self.N - 1):
            raise self.fault("N", f"{self.N} is no power of two (log2 N bits choose a setting)")
        given = {"m": self.power, "rounds": self.rounds, "l": self.tests_power, "tests": self.tests}
        others = ("l", "tests") if self.variant == AS_WRITTEN else ("m",)
        for key in others:
            if given[key] is not None:
                needed = REPAIRED if self.variant == AS_WRITTEN else AS_WRITTEN
                raise self.fault(key, f'is for variant = "{needed}"')
        power, whole = ("m", "rounds") if self.variant == AS_WRITTEN else ("l", "tests")
        exponent, count = given[power], given[whole]
        if (exponent is None) == (count is None):
            raise self.fault(power, f"one of {power} (the number is floor(N^{power})) and {whole} is needed")
        if exponent is None:
            return
        if exponent.denominator > 1000:
            raise self.fault(power, f"{exponent} has a denominator beyond 1000")
        found, most = floor_power(self.N, Fraction(exponent)), MOST_ROUNDS if power == "m" else MOST_TESTS
        if found > most:
            raise self.fault(power, f"{exponent} gives {found} rounds; at most {most}")


class Devices(Table):
    """Honest devices, and rounds in which X = Y = +1 whatever the settings, which err on (0, 2N-1) alone.

    Honest ones have a fair X; on every edge they err with sin^2(pi/4N) (quantum) or never (a no-signalling
    box).
    """

    positional: ClassVar[int] = 1

    honest: Annotated[str, word("quantum", "zero-error"), "how honest devices err"] = "quantum"
    fraction: Annotated[Fraction, number(0, 1), "the chance of each round to be deterministic"] = Fraction(0)
    first: Annotated[
        int, number(0, 2**40, whole=True), "all rounds are deterministic until so many tested ones were"
    ] = 0

    @property
    def cheat(self) -> bool:
        """Return whether any round is deterministic."""
        return self.fraction > 0 or self.first > 0

    def check(self) -> None:
        """Raise InputError for two ways to be deterministic."""
        if self.fraction and self.first:
            raise self.fault("first", "and fraction are two ways to be deterministic; leave one out")


class Selection(Table):
    """On what the bits of step 4 may depend, beside W and the settings: nothing, or the outcomes."""

    positional: ClassVar[int] = 1

    model: Annotated[str, word(COMMON_CAUSE, OUTCOME_DEPENDENT), "whether they may depend on outcomes"] = (
        COMMON_CAUSE
    )

    @classmethod
    def short(cls, value: Any) -> dict[str, Any] | None:
        """Return the table that a word stands for."""
        return {"model": value} if isinstance(value, str) else None


class Sampling(Table):
    """How runs are drawn.

    rounds: every round; counts: ``|T|`` and its deterministic rounds from their binomial distributions;
    conditional: runs in which no test fails, times the exact probability of that.
    """

    positional: ClassVar[int] = 1

    runs: Annotated[int, number(1, 10**9, whole=True), "number of runs"] = 1000
    seed: Annotated[int, number(0, 2**63, whole=True), "seed of all random streams"] = 1
    route: Annotated[str | None, word(*ROUTES), "how they are drawn; counts, replayed bits: rounds"] = None
    confidence: Annotated[
        Fraction, number(Fraction(1, 2), below=Fraction(1)), "confidence of each binomial interval"
    ] = Fraction(99, 100)


class Protocol(Table):
    """A protocol with its source and devices, and how it is sampled; frozen, equal and hashed by content.

    >>> from freerand_opt.protocols.protocol import Protocol, Rounds
    >>> source = {"kind": "santha-vazirani", "epsilon": 0.05, "hold": "most-tests"}
    >>> Protocol(Rounds(16, m="5/2"), source).window
    (64, 192)
    """

    positional: ClassVar[int] = 2

    protocol: Annotated[Rounds, table(Rounds, allowed="a table with N and m"), "N and the numbers of rounds"]
    source: Annotated[
        BitSource,
        table(UniformBits, HeldBits, ReplayedBits, allowed="a table with kind", tag="kind", base=BitSource),
        "who chooses settings and the output round",
    ] = field(default_factory=UniformBits)
    devices: Annotated[
        Devices, table(Devices, allowed="a table with honest, fraction or first"), "the devices"
    ] = field(default_factory=Devices)
    selection: Annotated[Selection, table(Selection, allowed="a table with model"), "step 4"] = field(
        default_factory=Selection
    )
    sampling: Annotated[Sampling, table(Sampling, allowed="a table with runs"), "how runs are drawn"] = field(
        default_factory=Sampling
    )

    def check(self) -> None:
        """Raise InputError for what cannot be run, or not in the way that is asked."""
        tests, is_read = self.tests, isinstance(self.source, ReplayedBits)
        if tests is not None and self.protocol.rounds is None and is_read:
            raise self.fault(
                "protocol.rounds", "is missing; nothing is known of replayed bits, so say how many rounds"
            )
        if tests is not None and self.rounds < tests:
            raise self.fault("protocol.rounds", f"{self.rounds} rounds cannot have {tests} tests")
        if not isinstance(self.source, UniformBits) and self.size > 1024:
            raise self.fault("protocol.N", f"{self.size} is beyond 1024, the most with this kind of source")
        least = self.window[0]
        if self.devices.first > least:
            raise self.fault(
                "devices.first",
                f"{self.devices.first} is more than {least}, the least |T| that lets a run go on",
            )
        if is_read and self.route != "rounds":
            raise self.fault(
                "sampling.route", f'"{self.route}" needs a source with a law; replayed bits take "rounds"'
            )
        if self.route == "rounds" and self.size > 2**16:
            raise self.fault("protocol.N", f'{self.size} is beyond 65536; use sampling.route = "counts"')
        self._fit_work()

    def _fit_work(self) -> None:
        """Raise InputError for more rounds than a day draws."""
        each = self.rounds if self.route == "rounds" else self.tests or self.window[1]
        drawn = self.route == "rounds" or self.devices.cheat or self.sees_outcomes
        if drawn and self.sampling.runs * each > MOST_WORK:
            raise self.fault(
                "sampling.runs",
                f"{self.sampling.runs} runs of {each} rounds each are more than {MOST_WORK:.0e} rounds; take "
                'fewer runs, a smaller N or m, or sampling.route = "counts"',
            )

    @property
    def size(self) -> int:
        """Return N."""
        return self.protocol.N

    @property
    def bits(self) -> int:
        """Return r = log2 N."""
        return self.size.bit_length() - 1

    @cached_property
    def tests(self) -> int | None:
        """Return L of the repaired protocol, None as written."""
        if self.protocol.variant == AS_WRITTEN:
            return None
        power = self.protocol.tests_power
        return self.protocol.tests if power is None else floor_power(self.size, power)

    @cached_property
    def rounds(self) -> int:
        """Return M; of a repaired protocol that gives none, 4 times the mean until L tests, worst source."""
        given, power = self.protocol.rounds, self.protocol.power
        if given is not None:
            return given
        if power is not None:
            return floor_power(self.size, power)
        assert self.tests is not None
        assert self.epsilon is not None
        return ceil(2 * self.tests * self.size / (1 - 2 * self.epsilon) ** (self.bits - 1))

    @property
    def exponent(self) -> Fraction | None:
        """Return m or l, if the size was given so."""
        return self.protocol.power if self.tests is None else self.protocol.tests_power

    @property
    def epsilon(self) -> Fraction | None:
        """Return the source's epsilon, None if nothing is known of it."""
        return self.source.known

    @property
    def sees_outcomes(self) -> bool:
        """Return whether the bits of step 4 may depend on outcomes."""
        return self.selection.model == OUTCOME_DEPENDENT

    @property
    def route(self) -> str:
        """Return how runs are drawn."""
        usual = "rounds" if isinstance(self.source, ReplayedBits) else "counts"
        return self.sampling.route or usual

    @property
    def window(self) -> tuple[int, int]:
        """Return the least and the largest ``|T|`` that step 2 lets pass."""
        if self.tests is not None:
            return self.tests, self.rounds
        return -(-self.rounds // self.size), min(self.rounds, 3 * self.rounds // self.size)

    def tested(self, count: int) -> int:
        """Return how many of `count` rounds in T are looked at by step 3."""
        return count if self.tests is None else min(count, self.tests)


def floor_power(base: int, exponent: Fraction) -> int:
    """Return floor(base^exponent) for a base >= 1 and an exponent >= 0, exactly."""
    return whole_root(base**exponent.numerator, exponent.denominator)
