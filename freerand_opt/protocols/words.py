"""Simulations in words: each at length, or if many a table of all, with notes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from freerand_opt.protocols.comparison import DETERMINISTIC, GUESSED, Line
from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.selection import first_order_bias
from freerand_opt.protocols.simulate import Simulation
from freerand_opt.protocols.sources import HeldBits, ReplayedBits

ROUTE_WORDS = {
    "counts": "|T| and its deterministic rounds drawn from their binomial distributions",
    "rounds": "every round drawn",
    "conditional": "runs drawn given that no test fails, times the exact probability of that",
}


#: Columns of the terminal.
WIDTH = 80
#: Rows that are told as parts of the row before them.
SHOWN = {DETERMINISTIC: "  & f deterministic", GUESSED: "  R guessed, if so"}


def lines(done: Sequence[tuple[str, Simulation]]) -> list[str]:
    """Return what the terminal shows: each simulation at length, or if many a table of all."""
    if len(done) > 3:
        heads = [_named(name, found) for name, found in done]
        shown = _table([found for _, found in done])
        text = [
            *shown[0],
            *(line for pair in zip(heads, shown[1:], strict=True) for part in pair for line in part),
        ]
    else:
        text = []
        for name, found in done:
            (head, rows) = _table([found])
            text += [*_named(name, found, _head(found)), *head, *rows, ""]
    said = dict.fromkeys(words for _, found in done for words in notes(found))
    return text + [f"note       {words}" for words in said]


def _named(name: str, found: Simulation, more: Sequence[str] = ()) -> list[str]:
    runs = f"{found.tally.runs} of {found.protocol.sampling.runs} runs are finished"
    return [*([name] if name else []), *more, *([f"interrupted: {runs}"] if found.interrupted else [])]


def _table(done: Sequence[Simulation]) -> list[list[str]]:
    """Return a line of titles, then the rows of each simulation, with as many digits as 80 columns hold."""
    for digits in (4, 3, 2):
        rows = [[_cells(line, digits) for line in found.lines] for found in done]
        whole = [_titles(done[0]), *(row for each in rows for row in each)]
        widths = [max(len(row[i]) for row in whole) for i in range(len(whole[0]))]
        if sum(widths) + 2 * (len(widths) - 1) <= WIDTH:
            break
    return [[_aligned(row, widths) for row in each] for each in ([whole[0]], *rows)]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([row[0].ljust(len(first)), *rest]).rstrip()


def _head(found: Simulation) -> list[str]:
    protocol = found.protocol
    return [
        f"protocol   {_protocol_words(protocol)}",
        f"source     {_source_words(found)}",
        f"devices    {_device_words(protocol)}",
        f"selection  {protocol.selection.model}, {_bits_words(protocol)}",
        f"sampled    {found.tally.runs} runs, seed {protocol.sampling.seed}: {ROUTE_WORDS[protocol.route]}",
    ]


def _titles(found: Simulation) -> list[str]:
    interval = f"{float(100 * found.protocol.sampling.confidence):g} % interval"
    return ["", "seen", "share", interval, "recursion", "at most"]


def _cells(line: Line, digits: int) -> list[str]:
    """Return a row: how many runs were seen, what share they stand for, the interval, recursion, analysis."""
    seen, share, interval = "", "", ""
    if line.simulated is not None:
        seen, share = str(line.simulated.count), _number(line.simulated.value, digits)
        interval = f"[{_number(line.simulated.lower, digits)}, {_number(line.simulated.upper, digits)}]"
    computed = "" if line.computed is None else _range(*line.computed, digits)
    bound = "" if line.bound is None else _number(line.bound, digits)
    mark = "*" if line.agrees is False else ""
    return [SHOWN.get(line.quantity, line.quantity), seen, share, interval, computed + mark, bound]


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
        said.append("* a recursion is outside its interval (expected for one interval in 1/(1 - confidence))")
    return said


def first_order(protocol: Protocol) -> float | None:
    """Return the first-order bias for the least number of bits of step 4, if outcomes may sway it."""
    if not protocol.sees_outcomes or protocol.epsilon is None or protocol.devices.cheat:
        return None
    return first_order_bias(protocol.window[0].bit_length() - 1) * float(protocol.epsilon)


def _number(value: float, digits: int) -> str:
    if value >= 0.9999 and value != 1:
        return f"1-{1 - value:.2g}".replace("e-0", "e-")
    return f"{value:.{digits if value >= 1e-99 else 2}g}".replace("e-0", "e-")


def _range(low: float, high: float, digits: int) -> str:
    """Return an enclosure, as one number where both ends read alike or no float holds the lower one."""
    shown = _number(low, digits)
    if shown == _number(high, digits):
        return shown
    return f"<{_number(high, digits)}" if high < 1e-290 else f"{low:.6g} .. {high:.6g}"


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
