r"""Runs drawn by their counts: the same distribution of outcomes as round by round, and much faster.

Rounds are independent and alike, so |T| is binomial, and so is the number C of deterministic rounds
in T; no test fails with probability (1-c)^C (1-h)^(|T|-C). Positions of the deterministic rounds are
drawn only where a run has passed. *Conditional*: |T| and the deterministic rounds are drawn given that
no test fails (`prediction`); the weight of every run is then the same known number, so that
Clopper and Pearson's interval times that number is exact, however rare passing is.
"""

from __future__ import annotations

from math import exp, log1p

import numpy as np

from freerand_opt.protocols.law import RoundLaw
from freerand_opt.protocols.prediction import Chances, chances
from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.rounds import stream
from freerand_opt.protocols.selection import reach_first
from freerand_opt.protocols.tally import Tally, choose_output, leaning

#: Runs that share a random stream.
RUNS = 1024


def batch(protocol: Protocol, law: RoundLaw, seed: int, place: int, runs: int, *, conditional: bool) -> Tally:
    """Return what became of the first `runs` <= RUNS runs of batch number `place`.

    Conditional: nobody aborts in step 3.
    """
    found = chances(protocol, law)
    generator = stream(seed, 3 if conditional else 2, place)
    # the whole batch is drawn, so that the first runs do not depend on how many are wanted
    count = generator.binomial(protocol.rounds, found.tilted if conditional else found.test, RUNS)
    low, high = protocol.window
    inside = (count >= low) & (count <= high)
    looked = count if protocol.tests is None else np.minimum(count, protocol.tests)
    chance = found.kept if conditional else float(protocol.devices.fraction)
    cheats = np.minimum(looked, protocol.devices.first) + generator.binomial(looked, chance)
    passing = inside
    if not conditional:
        passes = cheats * log1p(-found.deterministic) + (looked - cheats) * log1p(-found.honest)
        passing = inside & (np.log(generator.random(RUNS)) < passes)
    known = guessed = 0
    outputs = stream(seed, 5 if conditional else 4, place)
    for run in np.flatnonzero(passing[:runs]).tolist():
        one, other = _output(protocol, found, int(looked[run]), int(cheats[run]), outputs)
        known, guessed = known + one, guessed + other
    within, passed = int(inside[:runs].sum()), int(passing[:runs].sum())
    return Tally(runs, runs - within, within - passed, passed, known, guessed)


def passing_weight(protocol: Protocol, law: RoundLaw) -> float:
    """Return the constant weight of the runs of the conditional route."""
    return exp(chances(protocol, law).log_passed)


def _output(
    protocol: Protocol, found: Chances, looked: int, cheats: int, generator: np.random.Generator
) -> tuple[bool, bool]:
    """Return for a run that passed whether its output is deterministic, and whether it is as guessed."""
    if not protocol.sees_outcomes and not cheats:
        return False, bool(generator.random() < 0.5)  # fair wherever the bits point
    if not protocol.sees_outcomes and protocol.devices.first:
        known = reach_first(cheats, looked.bit_length() - 1, found.heavy, generator)
        return known, known or bool(generator.random() < 0.5)
    deterministic = np.zeros(looked, dtype=np.bool_)
    deterministic[: protocol.devices.first] = True
    if not protocol.devices.first:
        deterministic[generator.choice(looked, cheats, replace=False, shuffle=False)] = True
    return choose_output(protocol, deterministic, leaning(found.heavy), generator)
