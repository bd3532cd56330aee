"""One function for each verb of the command line that is about data; each takes parsed arguments and
returns text.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.__main__ import checked, digest_of
from freerand_opt.experiments.answer import answer, data_of, setup_of, training_of
from freerand_opt.experiments.bits import Bits
from freerand_opt.experiments.certificate import save
from freerand_opt.experiments.design import design
from freerand_opt.experiments.plans import plan, whole
from freerand_opt.experiments.pvalue import PValue
from freerand_opt.experiments.report import FORMATS, beside_words, render
from freerand_opt.experiments.signalling import signalling
from freerand_opt.model.file import read
from freerand_opt.model.quantities import BITS, P_VALUE
from freerand_opt.model.question import Question


def experiment(
    file: str | Path,
    *,
    overrides: dict[str, Any] | None = None,
    form: str = "text",
    certificate: str | Path | None = None,
) -> str:
    """Answer every question about data of a file and return the reports; write the last one's certificate."""
    return _reports(file, overrides, form, certificate, None)


def pvalue(
    file: str | Path,
    *,
    overrides: dict[str, Any] | None = None,
    form: str = "text",
    certificate: str | Path | None = None,
) -> str:
    """Return the report of a file that asks for a P-value."""
    return _reports(file, overrides, form, certificate, P_VALUE)


def bits(
    file: str | Path,
    *,
    overrides: dict[str, Any] | None = None,
    form: str = "text",
    certificate: str | Path | None = None,
) -> str:
    """Return the report of a file that asks for certified bits."""
    return _reports(file, overrides, form, certificate, BITS)


def _reports(
    file: str | Path,
    overrides: dict[str, Any] | None,
    form: str,
    certificate: str | Path | None,
    quantity: str | None,
) -> str:
    if form not in FORMATS:
        raise InputError("form", f"{form!r} is not known; allowed: {', '.join(FORMATS)}")
    pages, last = [], None
    for title, question in _questions(file, overrides):
        if quantity is not None and question.ask.quantity != quantity:
            raise InputError(
                f"{file}: ask.quantity", f"{question.ask.quantity} is asked; {quantity} is needed here"
            )
        found = answer(question, Path(file).parent)
        pages.append(render(found, form, title))
        last = found
    if certificate is not None:
        _save(last, certificate)
    return "\n".join(pages)


def _save(found: PValue | Bits | None, path: str | Path) -> None:
    if found is None or found.certificate is None:
        raise InputError(str(path), "nothing was certified, so there is no certificate to write")
    save(found.certificate, path)


def _questions(file: str | Path, overrides: dict[str, Any] | None) -> list[tuple[str, Question]]:
    held = read(file, overrides)
    found = [
        (each.name or held.title, each.question) for each in held.instances if each.question.data is not None
    ]
    if not found:
        raise InputError(f"{file}: data", "no question of this file is about data; a table [data] is needed")
    return found


def signals(file: str | Path, *, overrides: dict[str, Any] | None = None) -> str:
    """Return for each question of a file what its data say against no-signalling devices with its source."""
    lines = []
    for title, question in _questions(file, overrides):
        found = signalling(setup_of(question), whole(data_of(question, Path(file).parent)))
        lines.append(f"{title}: {beside_words(found)}")
    return "\n".join(lines) + "\n"


def plans(file: str | Path, trials: Sequence[int], *, overrides: dict[str, Any] | None = None) -> str:
    """Return a table of planned bits against the number of trials, with and without assumption (A2)."""
    lines = ["trials, condition, k, bits at L planned, bits at the mean"]
    asked = [held for _, held in _questions(file, overrides) if held.ask.quantity == BITS]
    if not asked:
        raise InputError(f"{file}: ask.quantity", f"a plan is made for {BITS}, which nothing here asks for")
    for question in asked:
        made = setup_of(question)
        assert question.data is not None
        folder = Path(file).parent
        training = training_of(question, made, folder)
        cells = plan(made, training, data_of(question, folder)).cells
        for n in trials:
            for free in (True, False):
                held = design(made, cells, n, Fraction(question.data.error), free=free)
                name = "E" if free else "E' (A2)"
                lines.append(f"{n}, {name}, {held.power}, {held.bits:.1f}, {held.expected:.1f}")
    return "\n".join(lines) + "\n"


def check(files: Sequence[str], counts: str | None = None) -> tuple[int, str]:
    """Return the exit code and the lines of the checker for certificates about counts."""
    digest = None
    if counts is not None:
        digest = digest_of(counts)
        if digest is None:
            raise InputError("--counts", f"{counts} cannot be read")
    codes, lines = {0}, []
    for file in files:
        code, said = checked(file, digest)
        codes.add(code)
        lines += said
    return next(code for code in (2, 3, 1, 0) if code in codes), "\n".join(lines) + "\n"
