"""The verb `freerand rate`."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

import typer

from freerand_opt.cli import options as opt


def rate(
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="A question file that asks for an entropy, and field=value: observed.efficiency=0.9:1:1/50"
        ),
    ],
    error: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=opt.QUESTION,
            help="Probability Q that the other party's outcome differs: h(Q) is subtracted. Left out: "
            "H(A|B) of the observed behaviour.",
        ),
    ] = None,
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
    from freerand_opt.cli import running, screen
    from freerand_opt.runner.job import way_of

    names, fields = opt.split(arguments)
    put = screen.wanted(output, form, as_json, quiet)
    way = way_of(solver=solver, time_limit=None, width=opt.width_of(width), symmetry=())
    with screen.progress(quiet) as watch, running.place(jobs, None) as executor:
        asked = running.Asked(names, fields)
        found = running.answered(asked, way, watch, executor, store=store, fresh=fresh, shelf=certificates)
    rows = [row(one, error) for one in found if one.result is not None]
    for reason in found.failed:
        screen.error(reason)
    with put.json() as records, put.table() as table:
        records(rows)
        table(rows)
    if not as_json and put.form is None and rows:
        shown = [list(rows[0]), *([_short(key, x) for key, x in line.items()] for line in rows)]
        screen.put("\n".join(screen.columns(shown)))
    raise typer.Exit(opt.worst({one.code for one in found}))


def row(one: Any, error: str | None) -> dict[str, Any]:
    """Return the fields that were varied, the entropy and the rate in floats, and the certificate."""
    from freerand_opt.bounds.keys import key_rate
    from freerand_opt.errors import InputError
    from freerand_opt.numbers.rounding import float_above, float_below

    if one.quantity != "entropy":
        raise InputError("ask.quantity", f'is {one.quantity}; the rate of a key needs "entropy"')
    fields = {"instance": one.instance.name} if one.instance.name else {}
    fields |= {key: str(value) for key, value in one.instance.at}
    if one.result.bracket.lower is None:
        return {**fields, "entropy": None, "cost": None, "rate": None, "certificate": one.result.digest}
    found = key_rate(one.result, error)
    return {
        **fields,
        "entropy": float_below(found.entropy),
        "cost": float_above(found.cost),
        "rate": float_below(found.lower),
        "certificate": one.result.digest,
    }


def _short(key: str, cell: Any) -> str:
    """Return a cell of the screen, eight digits on the safe side."""
    from freerand_opt.numbers.rounding import decimal_above, decimal_below

    if not isinstance(cell, float):
        return "-" if cell is None else str(cell)
    return (decimal_above if key == "cost" else decimal_below)(Fraction(cell), 8)
