"""Curves on the command line: `freerand bound FILE source.epsilon=0..1/8`, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.curves.curve_of import width_of_curves
from freerand_opt.cli import screen
from freerand_opt.cli.screen import fact, facts, safe
from freerand_opt.errors import InputError
from freerand_opt.files import require_writable
from freerand_opt.model.tables.number import exact as read_exact
from freerand_opt.numbers.exact import Exact, text
from freerand_opt.runner.curves import Curved, curves, label_of
from freerand_opt.runner.interval import Interval
from freerand_opt.runner.watch import Watch

#: Functions that are written out at length.
SHOWN = 16


@dataclass(frozen=True)
class How:
    """How curves are made: the folder of their certificates, whether those there count, width, seconds."""

    folder: Path | None
    fresh: bool
    width: Fraction | None
    time_limit: float | None


def run(
    names: Sequence[str],
    fields: Mapping[str, str],
    over: Interval,
    how: How,
    crosses: str | None,
    put: screen.Put,
) -> int:
    """Answer questions by curves, print them, and return the exit code."""
    number = None if crosses is None else read_exact(crosses, "--crosses")
    with screen.progress(put.quiet) as watch:
        found = [told(one, over, number) for one in _answered(names, fields, over, watch, how)]
    if put.as_json:
        screen.put_json([record(one) for one in found])
    with put.table() as add:
        add(rows(found))
    if put.form is None and not put.as_json:
        screen.put("\n\n".join(map(at_length, found)))
    screen.kept(how.folder, sum(not one.of.stored for one in found), put.quiet)
    short = [said for one in found if (said := shortcoming(one, how.width))]
    for said in short:
        screen.say(said)
    return 1 if short else 0


def _answered(
    names: Sequence[str], fields: Mapping[str, str], over: Interval, watch: Watch, how: How
) -> Iterator[Curved]:
    """Yield the curves of files and claims; their certificates are kept in a folder, and used again."""
    if not names:
        raise InputError("arguments", "at least one question file or claim is needed")
    if how.folder is not None:
        require_writable(how.folder, "--certificates")
    rest = {key: value for key, value in fields.items() if key != over.field}
    watch.total(len(names), 0)
    for name in names:
        watch.begin(name)
        yield from curves(
            name, over, rest, folder=how.folder, fresh=how.fresh, width=how.width, time_limit=how.time_limit
        )
        watch.end(0)


def refuse(options: Mapping[str, Any]) -> None:
    """Raise InputError for options that curves do not have."""
    for name, value in options.items():
        if value:
            hint = "; --crosses NUMBER says where a curve passes it" * (name in ("--threshold", "--refine"))
            raise InputError(name, f"does not go with a curve, first..last{hint}")


@dataclass(frozen=True)
class Told:
    """A curve with its values at the places of a table, and where it passes a number (None: not shown)."""

    of: Curved
    table: list[tuple[Fraction, Bracket]]
    number: Exact | None
    crossing: Bracket | None

    @property
    def name(self) -> str:
        """Return the last key of the argument."""
        return self.of.curve.field.rpartition(".")[2]


def told(one: Curved, over: Interval, number: Exact | None) -> Told:
    """Return a curve with its table."""
    crossing = None
    if number is not None:
        with suppress(InputError):  # that it does not pass is no error of the input
            crossing = one.curve.root(number)
    return Told(one, one.curve.table(over.places), number, crossing)


def shortcoming(one: Told, width: Fraction | None) -> str:
    """Return in one line what a curve falls short of; nothing if it does not."""
    most = width_of_curves(one.of.instance.question) if width is None else width
    for x, here in one.table:
        size = here.width
        if size is None or size > most * Fraction(17, 16):
            open_end = "an end is open" if size is None else f"the bracket is wider than {float(most):g}"
            return f"{one.of.title}: {open_end} at {one.name} = {x}"
    if one.number is not None and one.crossing is None:
        return f"{one.of.title}: it is not shown to pass {text(one.number)} on the interval"
    return ""


def at_length(one: Told) -> str:
    """Return a curve in words: question, functions, where they change, values, where it passes a number."""
    curve, name = one.of.curve, one.name
    low, high = curve.between
    pairs = [fact(words) for words in curve.report.question if not words.startswith("varied: ")]
    pairs.append(("varied", f"{curve.field} in [{low}, {high}]"))
    place, most, extreme = (
        ("above", "most", "least") if curve.proved.turn > 0 else ("below", "least", "largest")
    )
    pairs.append(("functions", f"{curve.formulas} {place}; the answer is at {most} each of them"))
    everywhere = f" for {name} in [{low}, {high}]"
    for k in range(min(curve.formulas, SHOWN)):
        pairs.append((f"  {k + 1}", curve.formula(k).removesuffix(everywhere)))
    if curve.formulas > SHOWN:
        pairs.append(("", f".. and {curve.formulas - SHOWN} more (in the certificate)"))
    if breaks := curve.breaks():
        pairs.append(("changes", f"another is the {extreme} from {', '.join(f'{x:.9f}' for x in breaks)}"))
    if one.crossing is not None and one.number is not None:
        pairs.append(("crosses", f"{text(one.number)} at {name} in {one.crossing}"))
    how = "stored, checked again" if one.of.stored else "checked"
    pairs.append(("certificate", f"{curve.digest}, {how}; {curve.seconds:.2f} s"))
    rows = [[str(x), str(here)] for x, here in one.table]
    table = screen.columns([[name, "certified bracket"], *rows], right=True)
    return "\n".join([safe(one.of.title), facts(pairs), "", *table])


def rows(found: Sequence[Told]) -> list[dict[str, Any]]:
    """Return the places of curves as rows of a table."""
    return [
        {
            "name": one.of.file.name,
            "instance": label_of(one.of.instance, one.of.curve.field),
            one.of.curve.field: str(x),
            f"{one.of.curve.field}_float": float(x),
            "quantity": one.of.instance.question.ask.quantity,
            **here.to_row(),
            "certificate": one.of.curve.digest,
        }
        for one in found
        for x, here in one.table
    ]


def record(one: Told) -> dict[str, Any]:
    """Return a curve as plain data."""
    curve, instance, file = one.of.curve, one.of.instance, one.of.file
    return {
        "name": file.name,
        "instance": label_of(instance, curve.field),
        "claim": file.claim,
        "reference": file.reference,
        "quantity": instance.question.ask.quantity,
        "question": list(curve.report.question),
        "field": curve.field,
        "between": [str(end) for end in curve.between],
        "functions": [
            {"from": str(part.low), "to": str(part.high), "formula": curve.formula(k)}
            for k, part in enumerate(curve.proved.upper)
        ],
        "breaks": curve.breaks(),
        "crosses": None if one.number is None else text(one.number),
        "crossing": None if one.crossing is None else one.crossing.to_row(),
        "table": [{"at": str(x), **here.to_row()} for x, here in one.table],
        "how": "stored" if one.of.stored else "solved",
        "seconds": round(curve.seconds, 4),
        "certificate": curve.digest,
    }
