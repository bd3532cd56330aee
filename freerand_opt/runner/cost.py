"""How long a question may take: a guess by its sizes, for the order of jobs and the time left."""

from __future__ import annotations

from math import prod

from freerand_opt.claims.verify import Instance
from freerand_opt.model.ask import WORST
from freerand_opt.model.files.file import Instance as Asks

#: Seconds of one program, and for each joint outcome and setting, as measured on one core.
ONE_PROGRAM, ONE_CELL = 0.005, 0.0004
#: Programs that a threshold takes, roughly.
STEPS = 10
#: Matrices of moments are this much dearer than linear programs of the same scenario.
QUANTUM = 10
#: Questions with more cells are answered by programs over orbits, whose size hardly grows.
LARGEST = 1024


def expected_seconds(instance: Instance) -> float:
    """Return a guess at the seconds that an instance takes, within a factor of ten or so."""
    if not isinstance(instance, Asks):
        return ONE_PROGRAM
    question = instance.question
    settings, outcomes = (prod(sizes) for sizes in question.scenario.sizes)
    seconds = ONE_PROGRAM + ONE_CELL * min(outcomes * settings, LARGEST)
    if question.adversary.devices == "quantum":
        seconds *= QUANTUM
    if question.ask.at == WORST:
        seconds *= settings
    return seconds * STEPS if instance.threshold is not None else seconds
