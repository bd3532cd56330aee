"""Tables of results, for terminals, Markdown and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from freerand_opt.answers.beyond import beyond
from freerand_opt.answers.impossible import reason
from freerand_opt.answers.verification import TRUSTED, Verification
from freerand_opt.certificates.check import safe
from freerand_opt.numbers.rounding import decimal_above, decimal_below
from freerand_opt.proving.result import Bracket, exact_text
from freerand_opt.reporting import refutations
from freerand_opt.reporting.units import alongside
from freerand_opt.spec.file import QuestionFile
from freerand_opt.sweeps.batch import Checked

COLUMNS = ("instance", "expected", "certified bracket", "verdict", "how", "seconds")
#: What stands in place of an answer to a question that no strategy passes, by what is the cause.
NO_STRATEGY = {
    "": "no strategy passes the tests (proved)",
    "tests": "no devices at all pass the tests (proved)",
    "observed.settings": "the source cannot show the settings (proved)",
}


def record(found: Verification) -> dict[str, Any]:
    """Return one result as a flat dict: exact ends as text (or None), floats rounded outward."""
    result = found.result
    bracket = Bracket(None, None) if found.impossible else result.bracket
    asked = found.instance.question
    return {
        "name": result.name,
        "instance": result.instance,
        "claim": found.file.claim,
        "reference": found.file.reference,
        "quantity": asked.ask.quantity if found.impossible and asked is not None else result.quantity,
        "verdict": found.verdict,
        "as_expected": found.as_expected,
        "infeasible": result.infeasible,
        "why": _why(found),
        "lower": exact_text(bracket.lower),
        "upper": exact_text(bracket.upper),
        "lower_float": _plain(bracket.lower_float),
        "upper_float": _plain(bracket.upper_float),
        "exact": exact_text(bracket.exact),
        "alongside": _alongside(found),
        "expected": found.instance.expect.shown if found.instance.expect else None,
        "note": result.notes[0] if result.notes else None,
        "method": result.method,
        "solver": result.solver,
        "how": result.how,
        "seconds": round(result.seconds, 4),
        "certificate": result.digest,
        **refutations.record(found),
    }


def _why(found: Verification) -> str | None:
    """Return what is found wrong with a question that no strategy answers, or None."""
    asked = found.instance.question
    if not found.result.infeasible or asked is None:
        return None
    why = reason(asked) or beyond(asked, found.result.certificate)
    return None if why is None else f"{why[0]}: {why[1]}"


def _alongside(found: Verification) -> dict[str, Any]:
    asked = found.instance.question
    if asked is None or found.result.quantity != asked.ask.quantity or found.impossible:
        return {}
    return {
        quantity: {
            "lower": exact_text(ends.lower),
            "upper": exact_text(ends.upper),
            "lower_float": _plain(ends.lower_float),
            "upper_float": _plain(ends.upper_float),
        }
        for quantity, ends in alongside(asked, found.result.bracket).items()
    }


def file_record(file: QuestionFile) -> dict[str, Any]:
    """Return what a question file says about itself."""
    return {
        "name": file.name,
        "title": file.title,
        "claim": file.claim,
        "reference": file.reference,
        "tier": file.tier,
        "instances": [instance.name for instance in file.instances],
    }


def checked_record(found: Checked) -> dict[str, Any]:
    """Return what became of one certificate file."""
    return {
        "file": str(found.path),
        "ok": found.status == "ok",
        "status": found.status,
        "program_trusted": found.trusted,
        "lines": list(found.lines),
        "seconds": round(found.seconds, 4),
    }


def checked_lines(found: Checked) -> list[str]:
    """Return what became of one certificate file that could be read, the verdict first."""
    if found.status == "rejected":
        return [safe(f"{found.path}: REJECTED: {found.lines[0]}")]
    word = f"PROVED{TRUSTED}" if found.trusted else "OK"
    return [safe(line) for line in (f"{found.path}: {word}", *found.lines)]


def checked_summary(checked: Sequence[Checked]) -> str:
    """Return one line that counts files, those that rest on a trusted program apart."""
    good = [found for found in checked if found.status == "ok"]
    trusted = sum(found.trusted for found in good)
    apart = f", {trusted} of them with the program trusted" if trusted else ""
    return f"{len(good)} of {len(checked)} certificates check{apart}"


def _plain(x: float | None) -> float | None:
    return None if x is None else x + 0.0  # no negative zero


def answer(found: Verification) -> str:
    """Return the certified answer as a text, or why there is none."""
    if found.result.notes:
        return found.result.notes[0]
    asked = found.instance.question
    if not found.result.infeasible or asked is None:
        return str(found.result)
    cause = (reason(asked) or ("", ""))[0]
    if found.impossible:
        return NO_STRATEGY[cause]
    return f"{found.result}: {NO_STRATEGY[cause]}" if cause else str(found.result)


def row(found: Verification) -> tuple[str, ...]:
    """Return one result as the texts of `COLUMNS`."""
    expect = found.instance.expect
    verdict = found.verdict or "-"
    if expect is not None and expect.verdict is not None and found.as_expected:
        verdict += " (as expected)"
    return (
        found.result.instance or "-",
        expect.shown if expect and expect.shown else "-",
        answer(found),
        verdict,
        found.result.how,
        f"{found.result.seconds:.2f}",
    )


def lines(results: Sequence[Verification]) -> Iterator[tuple[str, str]]:
    """Yield (line, style) of one table with a heading for each claim and its reference."""
    cells = [COLUMNS, *(row(found) for found in results)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(COLUMNS))]
    yield _aligned(COLUMNS, widths), "bold"
    name = None
    for found, line in zip(results, cells[1:], strict=True):
        if found.file.name != name:
            name = found.file.name
            yield "", ""
            yield f"{name} ({found.file.reference or 'no reference'})", "bold cyan"
            if found.file.claim:
                yield f"  {found.file.claim}", "cyan"
        style = "" if found.verdict is None else "green" if found.as_expected else "bold red"
        yield _aligned(line, widths), style
    proofs = sorted(
        {f.instance.expect.rests_on for f in results if f.instance.expect and f.instance.expect.rests_on}
    )
    if proofs:
        yield "", ""
        yield (
            f"PROVED*: the numbers are certified; they also rest on a written proof: {', '.join(proofs)}",
            "",
        )


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
    return "  ".join([*cells[:-1], line[-1].rjust(widths[-1])])


def markdown(results: Sequence[Verification], heading: str = "Claims") -> str:
    """Return one Markdown table for each claim; seconds are left out, they are not reproducible."""
    lines = [
        f"# {heading}",
        "",
        "Written by `freerand verify --report`; every bracket is certified, ends rounded outward.",
        "",
    ]
    for _, group in groupby(results, key=lambda found: found.file.name):
        rows = list(group)
        file = rows[0].file
        lines += [
            f"## {file.name}",
            "",
            file.title,
            "",
            f"*Claim:* {file.claim}",
            "",
            f"*Reference:* {file.reference}",
            "",
        ]
        lines += _pivot([found for found in rows if found.instance.column])
        flat = [found for found in rows if not found.instance.column]
        if flat:
            lines += [_table_line(COLUMNS[:-2]), "|---|---|---|---|"]
            lines += [_table_line(row(found)[:-2]) for found in flat]
        proofs = sorted(
            {f.instance.expect.rests_on for f in rows if f.instance.expect and f.instance.expect.rests_on}
        )
        lines += (
            [""] + [f"`PROVED*` rests on [{proof}](../{proof})." for proof in proofs] + [""] * bool(proofs)
        )
    return "\n".join(lines).rstrip() + "\n"


def _pivot(results: Sequence[Verification]) -> list[str]:
    """Return a table with a column for each named alternative, six places a cell, rounded outward."""
    if not results:
        return []
    columns = list(dict.fromkeys(found.instance.column for found in results))
    places = {(found.instance.row, found.instance.column): found for found in results}
    lines = [_table_line(["", *columns]), "|---" * (len(columns) + 1) + "|"]
    for name in dict.fromkeys(found.instance.row for found in results):
        cells = [_cell(places[name, column]) if (name, column) in places else "not run" for column in columns]
        lines.append(_table_line([name or "-", *cells]))
    claimed = dict.fromkeys(
        f"`{found.instance.expect.shown}`"
        for found in results
        if found.instance.expect is not None and found.verdict in ("PROVED", f"PROVED{TRUSTED}")
    )
    note = "A bracket a cell: first proved, then reached by an explicit attack (or the other way round)."
    if claimed:
        note += f" **Bold**: the closed form is proved to lie in it ({', '.join(claimed)})."
    meanings = {
        "not run": "the file does not ask it",
        "undecided": "at an end neither a proof nor an attack was found",
        "too large": "no program fits",
    }
    shown = [f"*{word}*: {meant}." for word, meant in meanings.items() if any(word in line for line in lines)]
    return [*lines, "", " ".join([note, *shown]), ""]


def _table_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cell(found: Verification) -> str:
    bracket = found.result.bracket
    if bracket.lower is None or bracket.upper is None:
        return answer(found)
    width = bracket.width
    assert width is not None
    digits = 6 if width >= Fraction(1, 10**8) else 8
    lower, upper = decimal_below(bracket.lower, digits), decimal_above(bracket.upper, digits)
    words = f"{lower} .. {upper}" if bracket.exact is None else str(bracket.exact)
    if found.verdict in ("PROVED", f"PROVED{TRUSTED}"):
        return f"**{words}**"
    return words if found.verdict is None else f"{words} {found.verdict}"


def summary(results: Sequence[Verification], seconds: float) -> str:
    """Return one line that counts verdicts."""
    counts: dict[str, int] = {}
    for found in results:
        words = found.verdict or "without a claim"
        if not found.as_expected:
            words += " (not as expected)"
        elif found.instance.expect is not None and found.instance.expect.verdict is not None:
            words += " (as expected)"
        counts[words] = counts.get(words, 0) + 1
    parts = ", ".join(f"{count} {words}" for words, count in sorted(counts.items()))
    return f"{len(results)} instances: {parts}; {seconds:.1f} s"
