"""What comes out: a bracket that the kernel read from a certificate, and the certificate itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from freerand_opt.bounds.answers.about import require_about
from freerand_opt.bounds.answers.attack import Attack, read_attack
from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.answers.certified import Bracketed
from freerand_opt.bounds.answers.reason import reason
from freerand_opt.checker import reading
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Work
from freerand_opt.errors import InputError, imported
from freerand_opt.model.files.beside import contents
from freerand_opt.model.quantities import STRATEGY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.text import within
from freerand_opt.model.threshold import Threshold
from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import Exact, compare, log2
from freerand_opt.numbers.kernel import exact

#: Steps of work of the last check of an answer.
WORK = 2 * 10**9


@dataclass(frozen=True, repr=False)
class Result(Bracketed):
    """The certified answer to one question.

    `certificate` is what the kernel checks (docs/kernel.md), as text; every number here was read from it.
    `impossible`: no strategy passes the tests, so what was asked has no answer. `how` names the proof of the
    upper end and the attack; `notes` say why an end is open, `seconds` is the wall time of solving.
    """

    question: Question
    certificate: str = field(repr=False)
    bracket: Bracket
    impossible: bool
    words: tuple[str, ...] = field(repr=False)
    how: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    threshold: Threshold | None = None

    @property
    def quantity(self) -> str:
        """Return what was asked: a quantity, or ``threshold``."""
        return "threshold" if self.threshold is not None else self.question.ask.quantity

    @property
    def reason(self) -> str:
        """Return why no strategy passes, in words; an empty text if one may."""
        return reason(self.question, self.document) if self.impossible else ""

    @cached_property
    def attack(self) -> Attack | None:
        """Return the strategies behind the attained end, read from the certificate; None without any."""
        return read_attack(self.document) if self.certificate else None

    def to_frame(self) -> Any:
        """Return a pandas DataFrame of one row: the ends exact, as decimals and as floats, and the proofs.

        Raise UnavailableError without pandas.
        """
        pandas = imported("pandas", "a frame needs pandas", "pandas")
        row = {"quantity": self.quantity, **self.bracket.to_row(), "infeasible": self.impossible}
        how = "; ".join(dict.fromkeys(way for _, way in self.how))
        return pandas.DataFrame([{**row, "method": how, "certificate": self.digest}])

    def __repr__(self) -> str:
        return f"Result({self.quantity}: {self}, certificate {self.digest})"

    def __str__(self) -> str:
        if self.impossible:
            return "none"
        if self.quantity != STRATEGY:
            return str(self.bracket)
        return "?" if self.bracket.lower is None else "exists"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the question in words, the bracket and how it is proved."""
        ends = (str(self.lower or "open"), str(self.upper or "open"))
        facts = [("question", "; ".join(self.words)), (self.quantity, str(self))]
        facts += [("lower end", ends[0]), ("upper end", ends[1]), *self.how, ("certificate", self.digest)]
        return markup.facts(facts)


def load(path: str | Path, question: Question, *, threshold: Threshold | None = None) -> Result:
    """Return what a certificate that was saved says of a question, after a check by the kernel.

    Raise InputError where it proves nothing, or is about another question.
    """
    text = contents(Path(path), str(path), reading.MOST_BYTES, "no certificate is longer").strip()
    try:
        with within(str(path)):
            return result_of(question, text, threshold=threshold)
    except ValueError as error:  # the kernel's refusals, and what is no JSON
        raise InputError(str(path), f"proves nothing: {error}") from None


def result_of(question: Question, certificate: str, *, threshold: Threshold | None = None) -> Result:
    """Return what a certificate says of a question, after a check by the kernel.

    Raise the kernel's Rejected, Unreadable or TooMuch where it proves nothing, and InputError where it is
    about another question.
    """
    found = read_result(question, certificate, threshold=threshold)
    if certificate:
        require_about(found.document, question, threshold)
    return found


def read_result(
    question: Question,
    certificate: str,
    *,
    threshold: Threshold | None = None,
    how: dict[str, str] | None = None,
    seconds: float = 0.0,
) -> Result:
    """Return the result of a certificate that was made for a question; an empty text proves nothing.

    Raise the kernel's Rejected, Unreadable or TooMuch for a certificate that proves nothing; see `result_of`.
    """
    kept = tuple((how or {}).items())
    if not certificate:
        return Result(question, "", Bracket(None, None), False, (), kept, (), seconds, threshold)
    report = check(reading.load(certificate), Work(WORK))
    lower = None if report.lower is None else exact(report.lower)
    upper = None if report.upper is None else exact(report.upper)
    bracket = Bracket(*ends_of(question, lower, upper, threshold, impossible=report.impossible))
    return Result(
        question, certificate, bracket, report.impossible, report.question, kept, (), seconds, threshold
    )


def ends_of(
    question: Question,
    lower: Exact | None,
    upper: Exact | None,
    threshold: Threshold | None = None,
    *,
    impossible: bool = False,
) -> tuple[Exact | None, Exact | None]:
    """Return the ends of the answer from those of the certificate."""
    if threshold is not None:
        if threshold.of != "source.bits":
            return lower, upper
        assert lower is not None
        assert upper is not None
        return -log2(upper), -log2(lower)
    if question.ask.quantity == STRATEGY or impossible:
        return lower, upper
    if question.ask.row.extent is None:
        return _cut(question, lower, upper)
    return question.ask.row.ends(lower, upper, question.ask.values(question.scenario, "ask")[2])


def _cut(question: Question, lower: Exact | None, upper: Exact | None) -> tuple[Exact | None, Exact | None]:
    """Return the ends of a score, cut to what any probabilities reach."""
    if not question.is_written_out:
        return lower, upper
    functional = question.ask.resolved(question.scenario, question.adversary.told, "ask").score
    if functional is None:
        return lower, upper
    weights = question.observed.weights(question.scenario)
    if functional.on == "moments":
        most = sum((abs(x) for _, x in functional.words), Fraction(0))
        least = -most
    else:
        rows: dict[int, list[Fraction]] = {}
        for s, o, x in functional.terms:
            rows.setdefault(s, [Fraction(0)] * question.scenario.shape[1])[o] += x
        lows, highs = ({s: pick(row) for s, row in rows.items()} for pick in (min, max))
        if functional.on == "joint" and weights is None:  # an average over any distribution of settings
            rest = [Fraction(0)] if len(rows) < question.scenario.shape[0] else []
            least, most = min([*lows.values(), *rest]), max([*highs.values(), *rest])
        else:
            share = weights if functional.on == "joint" and weights is not None else dict.fromkeys(rows, 1)
            least, most = (
                sum((share[s] * x for s, x in ends.items()), Fraction(0)) for ends in (lows, highs)
            )
    lower = least if lower is not None and compare(lower, least) < 0 else lower
    return lower, (most if upper is not None and compare(upper, most) > 0 else upper)
