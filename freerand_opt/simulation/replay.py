"""Bits of a file, used once and in order, as the source of a protocol."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from freerand_opt.errors import InputError
from freerand_opt.model.protocol import Protocol, ReplayedBits
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import SanthaVazirani
from freerand_opt.programs.bit_tree import leaf_order
from freerand_opt.simulation.law import edge_colours
from freerand_opt.simulation.rounds import BLOCK, Ints, Rounds, run, stream
from freerand_opt.simulation.tally import Bools, Tally

Bits = npt.NDArray[np.uint8]
PIECE = 2**20


class BitFile:
    """An open file of bits; `take` returns the next ones and raises InputError where there are none."""

    def __init__(self, path: Path, form: str) -> None:
        self.path, self.form, self.used = path, form, 0
        self._file: BinaryIO | None = None
        self._left: Bits = np.zeros(0, dtype=np.uint8)

    def __enter__(self) -> BitFile:
        try:
            self._file = self.path.open("rb")
        except OSError as error:
            raise self._fail(f"cannot be read: {error.strerror}") from None
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def take(self, count: int, purpose: str) -> Bits:
        """Return the next `count` bits; `purpose` says in an error what they were for."""
        pieces = [self._left]
        have = len(self._left)
        while have < count:
            piece = self._read()
            if piece is None:
                raise self._fail(
                    f"ran out of bits: it has {self.used + have}, and {purpose} needs {count} more than the "
                    f"{self.used} used before; give a longer file, fewer runs or fewer rounds"
                )
            pieces.append(piece)
            have += len(piece)
        found = np.concatenate(pieces)
        self._left = found[count:]
        self.used += count
        return found[:count]

    def _read(self) -> Bits | None:
        """Return the bits of the next piece of the file, or None at its end."""
        assert self._file is not None
        try:
            body = self._file.read(PIECE)
        except OSError as error:
            raise self._fail(f"cannot be read: {error.strerror}") from None
        raw = np.frombuffer(body, dtype=np.uint8)
        if not len(raw):
            return None
        if self.form == "bytes":
            return np.unpackbits(raw)
        digits = raw[~np.isin(raw, list(b" \t\r\n"))]
        wrong = digits[(digits != ord("0")) & (digits != ord("1"))]
        if len(wrong):
            raise self._fail(
                "has a byte that is no bit; a text of the digits 0 and 1 is needed "
                '(source.form = "bytes" reads 8 bits from every byte)'
            )
        bits: Bits = digits - ord("0")
        return bits

    def _fail(self, message: str) -> InputError:
        return InputError(f"source.file ({self.path})", message)


def replayed_rounds(protocol: Protocol, file: BitFile) -> Rounds:
    """Return how rounds are read from an open file of bits."""
    source, size = protocol.source, protocol.size
    assert isinstance(source, ReplayedBits)
    scenario = Scenario((size, size), (2, 2), "chained")
    setting = leaf_order(scenario, SanthaVazirani(Fraction(0), source.order, source.bits))
    tested = edge_colours(size) > 0
    width = 2 * protocol.bits

    def draw(generator: np.random.Generator, count: int) -> tuple[Ints, Bools]:
        found = setting[_numbers(file.take(width * count, f"a block of {count} rounds"), width)]
        where = np.flatnonzero(tested[found])
        return where, found[where] == size - 1

    def pick(good: Bools, generator: np.random.Generator) -> int:
        bits = len(good).bit_length() - 1
        return int(_numbers(file.take(bits, "step 4"), bits)[0]) if bits else 0

    return Rounds(draw, pick)


def replayed_run(protocol: Protocol, rounds: Rounds, seed: int, place: int) -> Tally:
    """Return what becomes of run number `place`, which takes the next bits of the file for all M rounds."""
    devices = stream(seed, 1, place)
    blocks = range(0, protocol.rounds, BLOCK)
    edges = [rounds.draw(devices, min(BLOCK, protocol.rounds - begin))[1] for begin in blocks]
    return run(protocol, np.concatenate(edges), rounds.pick, devices)


def _numbers(bits: Bits, width: int) -> Ints:
    """Return the numbers that groups of `width` bits mean, the first bit highest."""
    found: Ints = np.zeros(len(bits) // width, dtype=np.int64)
    for column in bits.reshape(-1, width).T:
        found = 2 * found + column
    return found
