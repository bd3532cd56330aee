"""The field reference in Markdown and the words for ``--help``, generated from the tables."""

from __future__ import annotations

from collections.abc import Iterator

from freerand_opt.model.families import FUNCTIONALS
from freerand_opt.model.files.expect import Expect
from freerand_opt.model.files.head import Head
from freerand_opt.model.files.schema import reachable
from freerand_opt.model.quantities import QUANTITIES
from freerand_opt.model.question import Question
from freerand_opt.model.tables.table import Table, fields
from freerand_opt.model.tables.text import inline
from freerand_opt.model.threshold import Threshold


def field_reference() -> str:
    """Return the reference of all tables of a question file as Markdown."""
    parts = [
        "# Tables of a question file",
        "Generated from the definitions. Numbers are integers, decimals as written, fractions or closed "
        "expressions (`1/20`, `2*sqrt(2)`); in Python also floats, each read as its shortest decimal.",
        "An instance, `[[instances]]` with a `name`, replaces fields of the file's tables one by one, each "
        "as a whole: `ask = { terms = .. }` leaves nothing of the file's `terms`. Tables of another `kind`, "
        "`family` or `name`, and `[expect]`, `[grid]` and `[threshold]`, are replaced whole.",
    ]
    for cls in reachable(Question, Threshold, Expect, Head):
        parts += [f"## {_title(cls)}", _first(cls.__doc__), *_table(cls)]
    parts += ["## Quantities", "| quantity | unit | what it is |\n|---|---|---|"]
    parts[-1] += "".join(f"\n| `{name}` | {row.unit} | {row.words} |" for name, row in QUANTITIES.items())
    parts += ["## Functionals by name", "| name | what it is |\n|---|---|"]
    parts[-1] += "".join(f"\n| `{name}` | {_first(make.__doc__)} |" for name, make in FUNCTIONALS.items())
    return "\n\n".join(parts) + "\n"


def _table(cls: type[Table]) -> list[str]:
    rows = list(field_lines(cls))
    if not rows:
        return []
    return ["| key | what is allowed | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows)]


def field_lines(cls: type[Table]) -> Iterator[str]:
    """Return a Markdown row for each field of a table."""
    for field in fields(cls):
        if field.spread and not field.by_letter:
            yield from field_lines(field.kind.tables[0])
            continue
        key = "A, B, .." if field.spread else field.key
        default = "required" if field.required else ""
        if (
            not field.required
            and field.default not in (None, (), "")
            and not isinstance(field.default, Table)
        ):
            default = f"`{inline(field.kind.write(field.default))}`"
        cells = (f"`{key}`", field.kind.allowed, default, field.words)
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"


def _title(cls: type[Table]) -> str:
    return "".join([cls.__name__, *(f': `{key} = "{word}"`' for key, word in cls.tag().items())])


def _first(doc: str | None) -> str:
    return " ".join((doc or "").split("\n\n")[0].split()).replace("|", "\\|").replace("<", "&lt;")
