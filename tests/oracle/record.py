"""One question put to both sides, and what came of many of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from tests.oracle.answer import Answer, ask
from tests.oracle.draw import question as linear_question
from tests.oracle.polytope import TooManyRaysError
from tests.oracle.program import NoOptimumError
from tests.oracle.quantum import inside
from tests.oracle.question import Question, toml
from tests.oracle.truth import DisagreementError, Truth, truth
from tests.oracle.verdict import COMPLETE, FLOAT_ERROR, Verdict, judge, judge_inside
from tests.oracle.worth import TooManyError

LEFT_OUT = "left out"
#: Kinds that are no fault and no answer either.
UNANSWERED = ("too large", "slow")
#: The least share of questions with rational data that are two-ended or decided.
LEAST = 0.9


@dataclass(frozen=True)
class Record:
    """What came of the question of a seed; `fault` is empty if nothing is wrong.

    `ours` and `theirs` are the seconds of this process that the small formulation and the library took.
    """

    seed: int
    quantum: bool
    kind: str
    fault: str = ""
    text: str = ""
    rational: bool = True
    ours: float = 0.0
    theirs: float = 0.0

    @property
    def again(self) -> str:
        """Return the command that asks the same question again."""
        which = "--count 0 --quantum 1" if self.quantum else "--count 1 --quantum 0"
        return f"python -m tests.oracle --seed {self.seed} {which}"


def record(seed: int, quantum: bool) -> Record:
    """Put the question of a seed to both sides."""
    begun = time.process_time()
    try:
        if quantum:
            found = inside(seed)
            question, reached = found.question, found.reached
            right = _above(question, reached) if reached is not None else None
        else:
            question, right = linear_question(seed), None
            right = truth(question)
    except (TooManyError, TooManyRaysError):
        return Record(seed, quantum, LEFT_OUT)
    except (DisagreementError, NoOptimumError) as error:
        return Record(seed, quantum, "wrong", f"the oracle itself: {error}", ours=time.process_time() - begun)
    middle = time.process_time()
    answer = ask(toml(question))
    ended = time.process_time()
    verdict = judge_inside(question, answer, reached, right) if quantum else judged(question, answer, right)
    return Record(
        seed,
        quantum,
        verdict.kind,
        verdict.fault,
        toml(question),
        question.rational,
        middle - begun,
        ended - middle,
    )


def judged(question: Question, answer: Answer, right: Truth | None) -> Verdict:
    """Return the verdict on an answer to a question about local or no-signalling devices."""
    assert right is not None
    return judge(question, answer, right)


def _above(question: Question, reached: float) -> Truth | None:
    """Return the truth for no-signalling devices, if it is easily had; a quantum strategy stays below it."""
    try:
        found = truth(replace(question, devices="no-signalling", level=""))
    except (TooManyError, TooManyRaysError):
        return None
    smallest = question.ask.functional is not None and question.ask.extreme == "smallest"
    end = found.low if smallest else found.high
    near = Fraction(reached)
    passed = Fraction(0) if end is None else (end - near if smallest else near - end)
    if found.feasible is False or passed > FLOAT_ERROR * max(Fraction(1), abs(near)):
        raise DisagreementError(f"a quantum strategy reaches {reached}, boxes without signalling {end}")
    return found


def too_few(records: Iterable[Record]) -> list[str]:
    """Return a fault if less than LEAST of the questions with rational data are two-ended or decided."""
    share = two_ended_share(found for found in records if found.rational and not found.quantum)
    return [] if share >= LEAST else [f"{100 * share:.1f} % of rational data two-ended or decided"]


def fresh_seed() -> int:
    """Return a seed that nobody has used, short enough to be typed."""
    return Random().randrange(10**9, 10**10)


def summary(records: Iterable[Record]) -> list[str]:
    """Return lines: how many of each kind, the share of two-ended answers, times, faults."""
    held = [found for found in records if found.kind != LEFT_OUT]
    lines = []
    for quantum in (False, True):
        part = [found for found in held if found.quantum == quantum]
        if not part:
            continue
        counts = Counter(found.kind for found in part)
        words = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
        theirs, ours = sum(found.theirs for found in part), sum(found.ours for found in part)
        times = f"{theirs:.0f} s for the library, {ours:.0f} s for the oracle"
        lines.append(f"{'quantum' if quantum else 'linear'}: {len(part)} questions: {words}; {times}")
        if not quantum:
            lines += [_two_ended("rational data", [f for f in part if f.rational])]
            lines += [_two_ended("irrational data", [f for f in part if not f.rational])]
    unanswered = [
        f"  not answered, {found.kind}: {found.again}" for found in held if found.kind in UNANSWERED
    ]
    return lines + unanswered


def two_ended_share(records: Iterable[Record]) -> float:
    """Return the share of answers that have both ends and are narrow, or prove that (no) strategy exists."""
    held = [found for found in records if found.kind != LEFT_OUT]
    return sum(found.kind in COMPLETE for found in held) / max(len(held), 1)


def _two_ended(words: str, part: list[Record]) -> str:
    share = 100 * two_ended_share(part)
    return f"  {words}: {len(part)}, of these {share:.1f} % two-ended or decided"
