r"""Every round drawn: settings bit by bit, outcomes round by round, in blocks of a fixed size.

A block has a random stream of its own, so that neither memory nor the number of processes changes a
result. In a round whose settings can no longer meet on an edge the rest of the bits is not drawn,
because nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count as count_from
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from freerand_opt.protocols.law import HeldTree, held_tree, honest_chance
from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.sources import UniformBits
from freerand_opt.protocols.tally import Bools, Pick, Tally, choose_output, errors, leaning

#: Draws that share a random stream.
BLOCK = 2**18
Ints = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator, int], tuple[Ints, Bools]]


@dataclass(frozen=True)
class Draws:
    """What is drawn round by round: settings in T, and the choice of step 4.

    `draw` returns for so many rounds the places of those in T, and which of them are on (0, 2N-1).
    """

    draw: Draw
    pick: Pick


def runs_per_batch(protocol: Protocol) -> int:
    """Return how many runs share a batch: several if they are short."""
    return max(1, BLOCK // protocol.rounds)


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the random stream of a place in the simulation."""
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=key)))


def source_rounds(protocol: Protocol) -> Draws:
    """Return how rounds are drawn from a source that has a law."""
    epsilon = protocol.epsilon
    assert epsilon is not None
    pick = leaning(0.5 + float(epsilon))
    if isinstance(protocol.source, UniformBits):
        return Draws(lambda generator, count: _uniform(protocol.bits, generator, count), pick)
    tree = held_tree(protocol)
    return Draws(lambda generator, count: _held(tree, generator, count), pick)


def batch(protocol: Protocol, rounds: Draws, seed: int, place: int, runs: int) -> Tally:
    """Return what became of the first `runs` runs of batch number `place`; it has `runs_per_batch`."""
    devices = stream(seed, 1, place)
    most = runs_per_batch(protocol)
    if most == 1:
        blocks = (stream(seed, 0, place, block) for block in count_from(0))
        return run(protocol, _streamed(protocol, rounds.draw, blocks), rounds.pick, devices)
    # the whole batch is drawn, so that the first runs do not depend on how many are wanted
    where, edge = rounds.draw(stream(seed, 0, place, 0), most * protocol.rounds)
    ends = np.searchsorted(where, np.arange(runs + 1) * protocol.rounds)
    pieces = [edge[begin:end] for begin, end in pairwise(ends.tolist())]
    return sum((run(protocol, piece, rounds.pick, devices) for piece in pieces), Tally())


def _streamed(protocol: Protocol, draw: Draw, blocks: Iterator[np.random.Generator]) -> Bools:
    """Return for each round of T of one long run if it is on (0, 2N-1), drawn block by block."""
    found: list[Bools] = []
    count = 0
    for begin in range(0, protocol.rounds, BLOCK):
        edge = draw(next(blocks), min(BLOCK, protocol.rounds - begin))[1]
        found.append(edge)
        count += len(edge)
        if protocol.tests is not None and count >= protocol.tests:
            break
    return np.concatenate(found)


def run(protocol: Protocol, on_edge: Bools, pick: Pick, devices: np.random.Generator) -> Tally:
    """Return what becomes of one run, given for each round of T in order if it is on (0, 2N-1)."""
    low, high = protocol.window
    if not low <= len(on_edge) <= high:
        return Tally(runs=1, window=1)
    on_edge = on_edge[: protocol.tested(len(on_edge))]
    deterministic = np.zeros(len(on_edge), dtype=np.bool_)
    deterministic[: protocol.devices.first] = True
    if protocol.devices.fraction:
        deterministic = devices.random(len(on_edge)) < float(protocol.devices.fraction)
    if errors(protocol, deterministic, on_edge, honest_chance(protocol), devices).any():
        return Tally(runs=1, error=1)
    known, guessed = choose_output(protocol, deterministic, pick, devices)
    return Tally(runs=1, passed=1, deterministic=int(known), guessed=int(guessed))


def _uniform(bits: int, generator: np.random.Generator, count: int) -> tuple[Ints, Bools]:
    size = 1 << bits
    both = generator.integers(0, 1 << (2 * bits), count, dtype=np.uint32)
    step = (both - (both >> np.uint32(bits))) & np.uint32(size - 1)
    where = np.flatnonzero((step == 0) | (step == size - 1))
    return where, both[where] == size - 1


def _held(tree: HeldTree, generator: np.random.Generator, count: int) -> tuple[Ints, Bools]:
    where: Ints = np.arange(count, dtype=np.int64)
    node: Ints = np.zeros(count, dtype=np.int64)
    for right_heavy, alive in zip(tree.right_heavy, tree.alive[1:], strict=True):
        heavy = generator.random(len(node)) < tree.heavy_chance
        node = 2 * node + (right_heavy[node] == heavy)
        if not alive.all():
            kept = alive[node]
            where, node = where[kept], node[kept]
    return where, tree.is_edge[node]
