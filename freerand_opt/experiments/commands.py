"""What the command line asks of experiments: every question about data of a file, answered, as text or as
plain data.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.experiments.answer import Found, Watch, answer, data_of, setup_of
from freerand_opt.experiments.bits import Bits
from freerand_opt.experiments.brackets import AverageScore, RegionBracket
from freerand_opt.experiments.certificate import text
from freerand_opt.experiments.forms import rendered
from freerand_opt.experiments.planned import Planned, planned
from freerand_opt.experiments.plans import whole
from freerand_opt.experiments.pvalue import PValue, above
from freerand_opt.experiments.report import beside_words, page, sections, statement, why_not
from freerand_opt.experiments.signalling import Signalling, signalling
from freerand_opt.model.files.file import read
from freerand_opt.model.quantities import BITS
from freerand_opt.model.question import Question


@dataclass(frozen=True)
class Asked:
    """A question about data of a file; `name` is the instance's, and empty if the file has one alone."""

    path: Path
    title: str
    name: str
    question: Question

    @property
    def heading(self) -> str:
        """Return the file's title with the instance's name."""
        return " - ".join(filter(None, (self.title, self.name)))


@dataclass(frozen=True)
class Answered:
    """A question with its answer."""

    asked: Asked
    found: Found

    @property
    def certificate(self) -> str | None:
        """Return the text of the certificate, None where no bits are certified."""
        return None if self.found.certificate is None else text(self.found.certificate)

    @property
    def is_answered(self) -> bool:
        """Return whether what was asked is stated; bits that are not certified are not."""
        return not isinstance(self.found, Bits) or self.found.success


def questions(file: str | Path, overrides: Mapping[str, Any] | None = None) -> list[Asked]:
    """Return the questions about data of a file, with some fields set; raise InputError if it has none."""
    held = read(file, overrides)
    found = [
        Asked(Path(file), held.title, each.name, each.question)
        for each in held.instances
        if each.question.data is not None
    ]
    if not found:
        raise InputError(
            f"{file}: data",
            'no question of this file is about data; a table [data] with counts = "FILE.csv" or trials, and '
            'ask.quantity = "p-value" or "bits", are needed (other questions: freerand bound)',
        )
    return found


def answers(
    file: str | Path, overrides: Mapping[str, Any] | None = None, watch: Watch | None = None
) -> Iterator[Answered]:
    """Yield every question about data of a file with its answer; all are read before one is answered."""
    for asked in questions(file, overrides):
        yield Answered(asked, answer(asked.question, asked.path.parent, watch))


def experiment(file: str | Path, overrides: Mapping[str, Any] | None = None, form: str = "text") -> str:
    """Return the reports on every question about data of a file, in one of forms.FORMATS."""
    pages = [page(one.found, one.asked.heading) for one in answers(file, overrides)]
    return rendered(pages, form, whole=False)


def record(one: Answered) -> dict[str, Any]:
    """Return an answer as plain data: numbers rounded to the safe side, hypotheses as texts."""
    found, parts = one.found, {part.title: list(part.lines) for part in sections(one.found)}
    plain = {
        "file": str(one.asked.path),
        "instance": one.asked.name,
        "quantity": one.asked.question.ask.quantity,
        "devices": found.setup.setting.devices,
        "checked": statement(found) if one.is_answered else None,
        "trials": found.counts.total,
        "hypotheses": parts["Hypotheses"],
        "no_signalling": _signals(found.beside),
        "certificate": _digest(one.certificate),
    }
    if isinstance(found, PValue):
        return plain | {"method": found.method, "p_value": above(found.log2, 12), "log2": _below(found.log2)}
    if isinstance(found, RegionBracket):
        ends = {"lower": found.result.lower, "upper": found.result.upper}
        numbers = {name: None if end is None else float(end) for name, end in ends.items()}
        return plain | numbers | {"empty": found.result.impossible, "alpha": str(found.alpha)}
    if isinstance(found, AverageScore):
        region = found.region
        return plain | {
            "score": _below(found.score),
            "chance": _below(region.end),
            "alpha": str(region.alpha),
        }
    return plain | {
        "bits": _below(found.value),
        "certified": found.success,
        "because": None if found.success else why_not(found),
        "error": str(found.error),
        "later": one.asked.question.data.later if one.asked.question.data is not None else None,
        "of": [found.counts.scenario.parties[p] for p in found.factor.condition.of],
        "k": found.power,
        "threshold": str(found.threshold),
        "log2_product": _below(found.product),
    }


def _signals(beside: Signalling) -> dict[str, Any]:
    return {"p_value": above(beside.log2, 12), "log2": _below(beside.log2), "bet": beside.bet}


def _below(value: Fraction) -> float:
    return math.nextafter(float(value), -math.inf) if Fraction(float(value)) > value else float(value)


def _digest(certificate: str | None) -> str | None:
    return None if certificate is None else hashlib.sha256(certificate.encode()).hexdigest()


@dataclass(frozen=True)
class Signals:
    """A question and what its data say against no-signalling devices with its source."""

    asked: Asked
    found: Signalling

    @property
    def line(self) -> str:
        """Return this in words."""
        return f"{self.asked.heading}: {beside_words(self.found)}"

    @property
    def record(self) -> dict[str, Any]:
        """Return this as plain data."""
        return {"file": str(self.asked.path), "instance": self.asked.name, **_signals(self.found)}


def signals(
    file: str | Path, overrides: Mapping[str, Any] | None = None, watch: Watch | None = None
) -> Iterator[Signals]:
    """Yield what the data of each question of a file say against no-signalling devices with its source."""
    for asked in questions(file, overrides):
        data = data_of(asked.question, asked.path.parent, watch)
        yield Signals(asked, signalling(setup_of(asked.question), whole(data)))


def plans(
    file: str | Path, overrides: Mapping[str, Any] | None = None, watch: Watch | None = None
) -> list[tuple[Asked, Planned]]:
    """Return what runs to come of each question about bits would certify; nothing is stated of data."""
    asked = [one for one in questions(file, overrides) if one.question.ask.quantity == BITS]
    if not asked:
        raise InputError(f"{file}: ask.quantity", f'a plan is made for "{BITS}", which nothing here asks for')
    return [(one, planned(one.question, one.path.parent, watch)) for one in asked]
