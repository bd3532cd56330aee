"""The verb `freerand experiment`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError

if TYPE_CHECKING:
    from freerand_opt.experiments.commands import Answered, Signals
    from freerand_opt.experiments.planned import Planned

HELP = """Answer question files about counts or trials: P-values and certified bits.

    The question of an experiment is a file such as run.toml:

    \b
        scenario.family = "chsh"
        source.kind = "santha-vazirani"  # what you vouch for: each bit that
        source.epsilon = "1/100"         # chooses settings is within 1 % of
                                         # fair, given everything before it
        adversary.devices = "local"      # whom the P-value speaks against
        ask.quantity = "p-value"         # exact tail of a game's wins, if n
        ask.method = "game"              # was fixed beforehand; without
        ask.functional = "chsh"          # these two lines: test factors
        data.counts = "run.csv"          # x,y,a,b,n; or data.trials
        observed.behaviour = "quantum"   # theory, from which factors are
        observed.visibility = "0.95"     # made; or data.training = "1/10"

    For certified bits: ask.quantity = "bits", adversary.devices =
    "no-signalling" or "quantum", data.error = "1/1000" (delta), and theory or
    training. A field is also set behind the file: `freerand experiment
    run.toml data.error=1/100`. docs/howto/from-counts-to-bits.md has it all.

    Every statement is printed as checked: it holds under the hypotheses
    beside it. Exit codes: 0 every statement was checked; 1 bits were asked
    and none are certified; 2 input that cannot be read or means nothing; 3 a
    limit was reached.
    """


Plan = Annotated[
    str | None,
    typer.Option(
        "--plan",
        rich_help_panel=opt.QUESTION,
        help="No statement: bits that runs of so many trials would certify, 1000,10000.",
    ),
]
Wanted = Annotated[
    float | None,
    typer.Option(min=1, rich_help_panel=opt.QUESTION, help="With --plan: trials for so many bits."),
]
Only = Annotated[
    bool,
    typer.Option(
        "--signals", rich_help_panel=opt.QUESTION, help="Only: do data signal, or speak against the source?"
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", rich_help_panel=opt.PUT, help="Write the certificate here (.json)."),
]
Form = Annotated[
    str | None,
    typer.Option(
        "--as", rich_help_panel=opt.PUT, help="Form of what is printed: text, markdown, latex, html."
    ),
]
PageFile = Annotated[
    Path | None,
    typer.Option("--page", rich_help_panel=opt.PUT, help="Write the page with figures: .html, .md or .tex."),
]


def experiment(
    arguments: Annotated[
        list[str],
        typer.Argument(help="Question files about data, and field=value: source.epsilon=0,1/100"),
    ],
    plan: Plan = None,
    wanted: Wanted = None,
    signals: Only = False,
    output: Output = None,
    certificates: opt.Folder = None,
    page: PageFile = None,
    form: Form = None,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Answer question files about counts or trials; HELP teaches how."""
    from freerand_opt.cli import screen
    from freerand_opt.cli.plot import require_matplotlib
    from freerand_opt.experiments import commands
    from freerand_opt.experiments.forms import FORMATS
    from freerand_opt.experiments.pages import require_page, write_page, write_plans

    names, fields = opt.split(arguments)
    if not names:
        raise InputError("experiment", "no question file; `freerand experiment --help` shows one")
    alone = plan is not None or signals
    if wanted is not None and plan is None:
        raise InputError("--wanted", "belongs to --plan, which says how many trials are planned")
    if (alone and (output or certificates or form)) or (signals and page) or (plan is not None and signals):
        raise InputError(
            "experiment", "--plan and --signals stand alone: neither has a certificate or a page of its own"
        )
    if form is not None and form not in FORMATS:
        raise InputError("--as", f"{form[:40]!r} is not known; allowed: {', '.join(FORMATS)}")
    if page is not None:
        require_page(page, "--page")
        opt.require_file(page, "--page")
        require_matplotlib()
    show: Callable[..., None]
    written: list[Path] = []
    with screen.counting(quiet, None) as watch:
        if plan is not None:
            sizes = _sizes(plan)
            made = [one for name in names for one in commands.plans(name, fields, watch)]
            tables = [(asked.heading, held, list(held.rows(sizes, wanted))) for asked, held in made]
            written = [] if page is None else write_plans(tables, sizes, page)
            show = partial(_rows, tables)
        elif signals:
            show = partial(_signals, [one for name in names for one in commands.signals(name, fields, watch)])
        else:
            _writable(names, fields, output, certificates)
            found = [one for name in names for one in commands.answers(name, fields, watch)]
            show = partial(_pages, found, form or "text")
    if not alone:
        _write(found, output, certificates)
        written = [] if page is None else write_page([(one.found, one.asked.heading) for one in found], page)
    for path in written:
        screen.say(f"wrote {path}")
    show(as_json=as_json)
    raise typer.Exit(0 if alone else int(not all(one.is_answered for one in found)))


def _sizes(words: str) -> list[int]:
    found = [word.strip().replace("_", "") for word in words.split(",")]
    if not all(word.isascii() and word.isdigit() and 0 < int(word) <= 10**15 for word in found):
        raise InputError(
            "--plan", f"{words[:40]!r}: numbers of trials from 1 to 10^15 are needed, 1000,10000"
        )
    return [int(word) for word in found]


def _writable(names: Sequence[str], fields: dict[str, str], output: Path | None, folder: Path | None) -> None:
    """Raise InputError, before anything is computed, if certificates have no place."""
    from freerand_opt.experiments.commands import questions
    from freerand_opt.files import require_writable
    from freerand_opt.runner.shelf import certificate_path

    asked = [one for name in names for one in questions(name, fields)]
    if output is not None and (output.suffix != ".json" or len(asked) > 1):
        raise InputError(
            "-o", f"one certificate goes to a .json file; {len(asked)} are asked (--certificates FOLDER)"
        )
    opt.require_file(output, "-o")
    if folder is not None:
        places = [certificate_path(folder, one.path.stem, one.name) for one in asked]
        if len(set(places)) < len(places):
            raise InputError("--certificates", "two questions have the same name; give them different ones")
        require_writable(folder, "--certificates")


def _write(found: Sequence[Answered], output: Path | None, folder: Path | None) -> None:
    """Write certificates, and say where."""
    from freerand_opt.cli import screen
    from freerand_opt.files import write_whole
    from freerand_opt.runner.shelf import certificate_path

    for one in found:
        places = [output] if output is not None else []
        if folder is not None:
            places.append(certificate_path(folder, one.asked.path.stem, one.asked.name))
        text = one.certificate
        if text is None and places:
            screen.say(f"{one.asked.heading}: there is no certificate to write")
        elif text is not None:
            for path in places:
                write_whole(path, text)
                screen.say(f"wrote {path} ({len(text)} bytes)")


def _pages(found: Sequence[Answered], form: str, *, as_json: bool) -> None:
    from freerand_opt.cli import screen
    from freerand_opt.experiments import report
    from freerand_opt.experiments.commands import record
    from freerand_opt.experiments.forms import rendered

    if as_json:
        screen.put_json([record(one) for one in found])
        return
    if form == "text" and len(found) > 1:
        heads = (f"{one.asked.name or one.asked.heading}: {report.statement(one.found)}" for one in found)
        screen.put("\n".join(line for head in heads for line in screen.wrapped(head)) + "\n")
    screen.put(
        rendered([report.page(one.found, one.asked.heading) for one in found], form, whole=False), end=""
    )


def _signals(said: Sequence[Signals], *, as_json: bool) -> None:
    from freerand_opt.cli import screen

    if as_json:
        screen.put_json([one.record for one in said])
    else:
        screen.put("\n".join(line for one in said for line in screen.wrapped(one.line)))


#: Names of columns that leave room for words in 80 columns.
_SHORT = {"at the mean": "mean", "largest epsilon": "eps <=", "least trials": "trials >="}


def _rows(tables: Sequence[tuple[str, Planned, list[dict[str, Any]]]], *, as_json: bool) -> None:
    from freerand_opt.cli import screen
    from freerand_opt.experiments.planned import WORDS, cells

    if as_json:
        screen.put_json([{"question": heading, **row} for heading, _, rows in tables for row in rows])
        return
    for heading, _, rows in tables:
        names, *rest = cells(rows)
        shown = [[_SHORT.get(name, name) for name in names], *rest]
        screen.put("\n".join([*screen.wrapped(heading), *screen.columns(shown, (1,), right=True)]))
    screen.put("\n".join(screen.wrapped(WORDS)))
