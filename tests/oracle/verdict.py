"""The library's answer held against the truth: what kind of answer it is, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpq

from tests.oracle.answer import Answer, announced
from tests.oracle.question import Question
from tests.oracle.truth import Truth

#: Two-ended means at most this wide; wider ones are counted apart.
NARROW = Fraction(1, 10**6)
#: By how much a quantum end may fall short of what floats reach, relative to its size.
FLOAT_ERROR = Fraction(1, 10**7)
#: What enclosures of logarithms may be off.
LOG_ERROR = Fraction(1, 10**30)
CLASSES = (
    "two-ended",
    "exists",
    "none",
    "wide",
    "one-ended",
    "open",
    "refused as announced",
    "too large",
    "slow",
    "wrong",
)
#: Classes of answers that leave nothing open.
COMPLETE = ("two-ended", "exists", "none")


@dataclass(frozen=True)
class Verdict:
    """`kind` is one of CLASSES; `fault` says what is wrong, and is empty if nothing is."""

    kind: str
    fault: str = ""


def judge(question: Question, answer: Answer, right: Truth) -> Verdict:
    """Return the verdict on an answer."""
    if answer.kind == "slow":  # counts as not answered, as a stated limit of size does: machines differ
        return Verdict("slow")
    if answer.kind == "crashed":
        return Verdict("wrong", f"{answer.kind}: {answer.words}")
    if answer.kind == "refused":
        if answer.words.startswith("TooLargeError"):
            return Verdict("too large")
        if announced(answer.words):
            return Verdict("refused as announced")
        if right.feasible is False and "observed.settings" in answer.words:
            return Verdict("none")
        return Verdict("wrong", f"refused: {answer.words}")
    if answer.kind == "none":
        return Verdict("wrong", "false: no strategy, but there is one") if right.feasible else Verdict("none")
    if right.feasible is False:
        return Verdict("wrong", f"no strategy passes, but the answer is {ends(answer)}")
    fault = contradiction(question, answer, right) or beyond(question, answer)
    if not fault and question.ask.quantity == "strategy" and answer.lower is not None:
        return Verdict("exists")
    return Verdict("wrong", fault) if fault else Verdict(shape(answer))


def judge_inside(question: Question, answer: Answer, reached: float | None, above: Truth | None) -> Verdict:
    """Return the verdict on an answer about quantum devices, for which the truth is known from inside.

    A strategy that passes reaches `reached` (None: the tests are beyond the quantum maximum); `above` is the
    truth for no-signalling devices, which no lower end may pass.
    """
    if reached is None:
        return judge(question, answer, Truth(None, None, False))
    near = Fraction(reached)
    slack = FLOAT_ERROR * max(Fraction(1), abs(near))
    smallest = question.ask.functional is not None and question.ask.extreme == "smallest"
    low, high = (None, near + slack) if smallest else (near - slack, None)
    if above is not None and above.feasible:
        low, high = (above.low, high) if smallest else (low, above.high)
    return judge(question, answer, Truth(low, high, True))


def shape(answer: Answer) -> str:
    """Return how many ends a bracket has, and whether they are close."""
    if answer.width is not None:
        return "two-ended" if answer.width <= NARROW else "wide"
    return "open" if answer.lower is None and answer.upper is None else "one-ended"


def contradiction(question: Question, answer: Answer, right: Truth) -> str:
    """Return how a bracket excludes the truth; an empty text if it does not."""
    if question.ask.quantity == "strategy":
        return "" if answer.lower is None or right.feasible is not False else "false: a strategy"
    low, high = right.low, right.high
    if question.ask.quantity == "min-entropy":
        low, high = (
            (None if high is None else minus_log2(high)[0]),
            (None if low is None else minus_log2(low)[1]),
        )
    if answer.upper is not None and low is not None and answer.upper[1] < low:
        missing = decimal(low - answer.upper[1])
        return f"false upper end: {ends(answer)}, but the truth is larger by {missing}"
    if answer.lower is not None and high is not None and answer.lower[0] > high:
        return (
            f"false lower end: {ends(answer)}, but the truth is smaller by {decimal(answer.lower[0] - high)}"
        )
    if answer.width is not None and answer.width < 0:
        return f"crossed: {ends(answer)}"
    return ""


def beyond(question: Question, answer: Answer) -> str:
    """Return which end lies outside the range that the quantity has anyway; else an empty text."""
    least, most = trivial_range(question)
    if answer.upper is not None and answer.upper[0] > most + LOG_ERROR:
        return f"beyond the range: {ends(answer)}, but no more than {decimal(most)} is possible"
    if answer.lower is not None and answer.lower[1] < least - LOG_ERROR:
        return f"beyond the range: {ends(answer)}, but no less than {decimal(least)} is possible"
    return ""


def trivial_range(question: Question) -> tuple[Fraction, Fraction]:
    """Return the least and the largest value that any probabilities at all could give."""
    ask = question.ask
    if ask.functional is None:
        count = max(ask.count, 1)
        return {
            "guessing-probability": (Fraction(1, count), Fraction(1)),
            "trace-distance": (Fraction(0), 1 - Fraction(1, count)),
            "min-entropy": (Fraction(0), minus_log2(Fraction(1, count))[1]),
        }.get(ask.quantity, (Fraction(0), Fraction(1)))
    scenario, weights = question.scenario, question.weights
    columns = [[Fraction(0)] * scenario.shape[0] for _ in range(scenario.shape[1])]
    for (o, s), value in ask.functional.coefficients(scenario).items():
        columns[s][o] = value
    ends = []
    for pick in (min, max):
        each = [pick(column) for column in columns]
        if ask.functional.on == "conditional":
            ends.append(sum(each, Fraction(0)))
        elif weights is None:
            ends.append(pick(each))
        else:
            ends.append(sum((w * value for w, value in zip(weights, each, strict=True)), Fraction(0)))
    return ends[0], ends[1]


def minus_log2(x: Fraction) -> tuple[Fraction, Fraction]:
    """Return an enclosure of -log2 x."""
    before, ctx.prec = ctx.prec, 400
    try:
        value = -(arb(fmpq(x.numerator, x.denominator)).log() / arb(2).log())
        near = value.mid().man_exp()
    finally:
        ctx.prec = before
    middle = Fraction(int(near[0])) * Fraction(2) ** int(near[1])
    return middle - LOG_ERROR, middle + LOG_ERROR


def ends(answer: Answer) -> str:
    """Return a bracket in decimals."""
    lower = "-" if answer.lower is None else decimal(answer.lower[0])
    upper = "-" if answer.upper is None else decimal(answer.upper[1])
    return f"[{lower}, {upper}]"


def decimal(x: Fraction) -> str:
    """Return a number with enough digits to see the difference."""
    value = float(x)
    return f"{value:.15g}" if abs(value) < 1e6 else f"{value:.4e}"
