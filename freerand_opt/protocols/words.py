"""Simulations in words: each at length, or if many a table of all, with notes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.selection import first_order_bias
from freerand_opt.protocols.simulate import Simulation
from freerand_opt.protocols.sources import HeldBits, ReplayedBits

ROUTE_WORDS = {
    "counts": "|T| and its deterministic rounds drawn from their binomial distributions",
    "rounds": "every round drawn",
    "conditional": "runs drawn given that no test fails, times the exact probability of that",
}


def lines(done: Sequence[tuple[str, Simulation]]) -> list[str]:
    """Return what the terminal shows: each simulation at length, or if many a table of all."""
    many = len(done) > 3
    text = []
    for name, found in done:
        text += [name] if name else []
        text += [] if many else _head(found)
        if found.interrupted:
            text.append(
                f"interrupted: {found.tally.runs} of {found.protocol.sampling.runs} runs are finished"
            )
        if not many or not text[1:]:
            text.append(_columns(found))
        text += [_line_words(found, place) for place in range(len(found.lines))]
        text += [] if many else [""]
    said = dict.fromkeys(words for _, found in done for words in notes(found))
    return text + [f"note       {words}" for words in said]


def _head(found: Simulation) -> list[str]:
    protocol = found.protocol
    return [
        f"protocol   {_protocol_words(protocol)}",
        f"source     {_source_words(found)}",
        f"devices    {_device_words(protocol)}",
        f"selection  {protocol.selection.model}, {_bits_words(protocol)}",
        f"sampled    {found.tally.runs} runs, seed {protocol.sampling.seed}: {ROUTE_WORDS[protocol.route]}",
    ]


def _columns(found: Simulation) -> str:
    percent = f"{float(100 * found.protocol.sampling.confidence):g} % interval"
    return f"{'':30}{'seen':>16}  {'share':>10}  {percent:>24}  {'recursion':>22}  {'analysis':>10}"


def notes(found: Simulation) -> list[str]:
    """Return what has to be said beside the numbers."""
    protocol, said = found.protocol, []
    if found.law is not None and protocol.tests is None:
        mean = found.law.test * protocol.size
        if not 1 <= mean <= 3:
            said.append(
                f"the mean of |T| is {float(mean):.4g} M/N, outside step 2's window [M/N, 3M/N]: step 2 fails"
                " almost surely for large M"
            )
    if found.analysis is not None and found.analysis.limit >= 0.5:
        said.append(
            f"I*/2 = {found.analysis.limit:.3g} is at least 1/2, so at this N the analysis with i = "
            f"{protocol.protocol.i} bounds no bias; its bound beside is for rounds with I_N = 1"
        )
    order = first_order(protocol)
    if order is not None:
        said.append(
            f"outcome-dependent selection of fair outcomes: bias {order:.4g} to first order in epsilon"
        )
    if any(line.agrees is False for line in found.lines):
        said.append("a recursion is outside its interval (expected for one interval in 1/(1 - confidence))")
    return said


def first_order(protocol: Protocol) -> float | None:
    """Return the first-order bias for the least number of bits of step 4, if outcomes may sway it."""
    if not protocol.sees_outcomes or protocol.epsilon is None or protocol.devices.cheat:
        return None
    return first_order_bias(protocol.window[0].bit_length() - 1) * float(protocol.epsilon)


def _line_words(found: Simulation, place: int) -> str:
    line = found.lines[place]
    seen, share, interval = "", "", ""
    if line.simulated is not None:
        seen = f"{line.simulated.count}/{line.simulated.of}"
        share = _number(line.simulated.value)
        interval = f"[{_number(line.simulated.lower)}, {_number(line.simulated.upper)}]"
    computed = "" if line.computed is None else _range(*line.computed)
    bound = "" if line.bound is None else f"<= {_number(line.bound)}"
    mark = "" if line.agrees is not False else "  outside"
    words = f"{line.quantity:30}{seen:>16}  {share:>10}  {interval:>24}  {computed:>22}  {bound:>10}{mark}"
    return words.rstrip()


def _number(value: float) -> str:
    return f"{value:.4g}" if value < 0.9999 or value == 1 else f"1-{1 - value:.2g}"


def _range(low: float, high: float) -> str:
    if _number(low) == _number(high):
        return _number(low)
    return f"{low:.6g} .. {high:.6g}"


def _protocol_words(protocol: Protocol) -> str:
    how = "" if protocol.exponent is None else f" = floor(N^{protocol.exponent})"
    if protocol.tests is not None:
        tested = f"the first L = {protocol.tests}{how} of T"
        return f"repaired, N = {protocol.size}: {tested}, at most {protocol.rounds} rounds"
    low, high = protocol.window
    rounds = f"M = {protocol.rounds}{how} rounds"
    return f"as written, N = {protocol.size}, {rounds}; step 2 wants |T| in [{low}, {high}]"


def _source_words(found: Simulation) -> str:
    source, law = found.protocol.source, found.law
    if isinstance(source, ReplayedBits):
        return f"bits of a file ({Path(source.file).name})"
    assert law is not None
    mean = f"a round is tested with {_fraction(law.test)}"
    if isinstance(source, HeldBits):
        held = f"{source.hold} in every round ({source.order}, {source.bits})"
        return f"epsilon = {source.epsilon}, {held}; {mean}"
    return f"uniform bits; {mean}"


def _fraction(value: Fraction) -> str:
    return str(value) if value.denominator < 10**6 else f"{float(value):.6g}"


def _device_words(protocol: Protocol) -> str:
    devices = protocol.devices
    honest = "sin^2(pi/4N) errors a test" if devices.honest == "quantum" else "no errors (no-signalling box)"
    if devices.fraction:
        return f"{honest}; each round deterministic with {devices.fraction}, erring on (0, 2N-1)"
    if devices.first:
        return f"{honest}; deterministic in the first {devices.first} tested rounds, erring on (0, 2N-1)"
    return f"{honest}; all rounds honest"


def _bits_words(protocol: Protocol) -> str:
    if protocol.tests is None:
        return "floor(log2 |T|) bits choose among the first rounds of T"
    return f"{protocol.tests.bit_length() - 1} bits choose among the first rounds of T"
