"""The verb `freerand rate`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt.cli import complete
from freerand_opt.cli import options as opt

if TYPE_CHECKING:
    from freerand_opt.bounds.answers.result import Result
    from freerand_opt.cli import running
    from freerand_opt.runner.answers import Answers
    from freerand_opt.runner.watch import Watch

Error = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=opt.QUESTION,
        help="Probability Q that the other party's outcome differs: h(Q) is subtracted. Left out: "
        "H(A|B) of the observed behaviour.",
    ),
]
Critical = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=opt.QUESTION,
        help="Where a key begins: observed.efficiency=0.9:1, or 0.9:1:1/500 with a width of its own.",
    ),
]


def rate(
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="A question file that asks for an entropy, and field=value: observed.efficiency=0.9:1:1/50",
            autocompletion=complete.claims,
        ),
    ],
    error: Error = None,
    threshold: Critical = None,
    width: opt.Width = None,
    solver: opt.Solver = "auto",
    store: opt.Kept = None,
    fresh: opt.Fresh = False,
    certificates: opt.Folder = None,
    jobs: opt.Jobs = None,
    output: opt.Output = None,
    form: opt.Form = None,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Bound the rate of a key from below: a certified entropy less what error correction tells of it."""
    from freerand_opt.cli import running, screen, words
    from freerand_opt.runner.job import way_of

    names, fields = opt.split(arguments)
    put = screen.wanted(output, form, as_json, quiet)
    way = way_of(solver=solver, time_limit=None, width=opt.width_of(width), symmetry=())
    _readable(error)
    said, codes = list[str](), {0}
    kept, place = running.shelf(certificates, quiet), running.place(jobs, None)
    with kept as shelf, screen.progress(quiet) as watch, place as on:

        def answered(**more: str) -> Answers:
            asked = running.Asked(names, fields | more)
            _ask_for_entropies(asked, watch)
            found = running.answered(asked, way, watch, on, store=store, fresh=fresh, shelf=shelf)
            codes.update(one.code for one in found)
            said.extend(found.failed)
            return found

        if threshold is None:
            found = answered()
            rows = [row(one, error) for one in found if one.result is not None]
            missed: list[str] = [
                *filter(None, (words.shortcoming(one, opt.width_of(width)) for one in found))
            ]
        else:
            rows, missed = ends(threshold, error, answered)
            codes.clear()
    with put.json() as records, put.table() as table:
        records(rows)
        table(rows)
    if not as_json and put.form is None and rows:
        shown = [list(rows[0]), *([_short(key, x) for key, x in line.items()] for line in rows)]
        screen.put("\n".join(screen.columns(shown)))
    for reason in dict.fromkeys([*said, *missed]):
        screen.error(reason)
    raise typer.Exit(opt.worst(codes | {int(bool(missed))}))


def _readable(error: str | None) -> None:
    """Raise InputError for what is no probability of an error, before anything is solved."""
    from freerand_opt.bounds.keys.rate import binary_entropy
    from freerand_opt.errors import InputError

    try:
        binary_entropy("0" if error is None else error)
    except InputError as found:
        raise InputError("--error", found.message) from None


def _ask_for_entropies(asked: running.Asked, watch: Watch) -> None:
    """Raise InputError for a question about something else, before anything is solved."""
    from freerand_opt.errors import InputError
    from freerand_opt.model.question import Question

    for file in asked.blocks(watch).files:
        for one in file.instances:
            question = getattr(one, "question", None)
            quantity = question.ask.quantity if isinstance(question, Question) else "a computation"
            if quantity != "entropy":
                words = f'is {quantity}; the rate of a key needs "entropy"'
                raise InputError(f"{file.path}: ask.quantity", words)


def ends(
    threshold: str, error: str | None, answered: Callable[..., Answers]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the two rows between which a key begins, and what they fall short of."""
    from freerand_opt.bounds.keys.threshold import key_threshold
    from freerand_opt.errors import InputError
    from freerand_opt.model.files.file import seeking
    from freerand_opt.model.tables.number import place_of

    typed, own = threshold.rsplit(":", 1) if threshold.count(":") == 2 else (threshold, "1/1000")
    asked, width = seeking(typed, "--threshold"), place_of(own, "--threshold")
    field, (first, last) = asked["of"], [place_of(end, "--threshold") for end in asked["between"]]
    seen: dict[Fraction, Any] = {}

    def answer(x: Fraction) -> Result:
        if x not in seen:
            found = answered(**{field: str(x)})
            if len(found) != 1 or found[0].result is None:
                words = found.failed[0] if found.failed else f"{len(found)} questions are asked, not one"
                raise InputError("--threshold", words)
            seen[x] = found[0]
        return seen[x].result  # type: ignore[no-any-return]

    question = answer(first).question
    found = key_threshold(question, field, (first, last), width=width, error=error, answer=answer)
    rows = [
        {**row(seen[one.place], error), "key": mark}
        for one, mark in ((found.some, "some"), (found.none, "none"))
        if one
    ]
    if found.none is None:
        return rows, [f"{field}: that no key is left is not shown between {first} and {last}"]
    size = found.width
    wide = size is not None and size > width
    return rows, [f"{field}: the ends are {float(size or 0):.3g} apart, wider than {float(width):g}"] * wide


def row(one: Any, error: str | None) -> dict[str, Any]:
    """Return the fields that were varied, the entropy and the rate in floats, and the certificate.

    `most` is what explicit strategies leave of the rate.
    """
    from freerand_opt.bounds.keys.rate import key_rate
    from freerand_opt.numbers.rounding import float_above, float_below

    fields = {"instance": one.instance.name} if one.instance.name else {}
    fields |= {key: str(value) for key, value in one.instance.at}
    names = ("entropy", "cost", "rate", "most")
    if one.result.bracket.lower is None:
        return {**fields, **dict.fromkeys(names), "certificate": one.result.digest}
    found = key_rate(one.result, error)
    most = None if found.most is None else float_above(found.most)
    values = (float_below(found.entropy), float_above(found.cost), float_below(found.lower), most)
    return {**fields, **dict(zip(names, values, strict=True)), "certificate": one.result.digest}


def _short(key: str, cell: Any) -> str:
    """Return a cell of the screen, eight digits on the safe side."""
    from freerand_opt.numbers.rounding import decimal_above, decimal_below

    if not isinstance(cell, float):
        return "-" if cell is None else str(cell)
    return (decimal_above if key in ("cost", "most") else decimal_below)(Fraction(cell), 8)
