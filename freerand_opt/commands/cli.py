"""The command line: list, show, bound, verify, check, simulate, plot, report.

Data on stdout, everything else on stderr. Exit codes: docs/reference.md.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt import __version__
from freerand_opt.certificates.check import CertificateError, safe
from freerand_opt.commands import verbs
from freerand_opt.commands.options import AsJson, Symmetry
from freerand_opt.commands.plot import plot
from freerand_opt.commands.report import report
from freerand_opt.commands.simulate import simulate
from freerand_opt.errors import FreerandError, InputError, UnavailableError, nearest

if TYPE_CHECKING:
    from freerand_opt.spec.file import Instance, QuestionFile

INTERRUPTED = 130
_UsageError: Any = typer.BadParameter.__mro__[1]  # of whichever click typer uses
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def main() -> None:
    """Run the command line and turn expected failures into one line and an exit code."""
    # programs are small and many runs share a machine: one thread, said before numpy starts its own
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = _run_app()
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code)
    except UnavailableError as error:
        _say(f"error: {error}")
        sys.exit(3)
    except FreerandError as error:
        _say(f"error: {error}")
        sys.exit(2)
    except CertificateError as error:
        _say(f"error: REJECTED: {error}")
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        _say("error: interrupted; what was written is complete")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # nobody has seen the verdicts
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _run_app() -> int:
    """Run typer's command; its own complaints about arguments become InputErrors."""
    try:
        code = typer.main.get_command(app)(standalone_mode=False)
        sys.stdout.flush()
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # it printed the help
            return 2
        where = error.ctx.command_path if error.ctx is not None else "freerand"
        raise InputError(where, f"{error.format_message()} See `{where} --help`.") from None
    return code if isinstance(code, int) else 0


def _say(words: str) -> None:
    print(safe(words), file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"freerand {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Certified bounds on what an adversary knows, when settings are chosen by imperfect randomness."""


# ------------------------------------------------------------------ list and show


@app.command("list")
def list_command(
    paper: Annotated[bool, typer.Option("--paper", help="The paper's statements, with verdicts.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the claims of the catalogue, or the paper's statements with the claims that cover them."""
    if paper:
        from freerand_opt.reporting.paper import put_paper

        return put_paper(as_json=as_json)
    from freerand_opt.catalogue import claims
    from freerand_opt.reporting import tables
    from freerand_opt.reporting.terminal import put, put_json
    from freerand_opt.sweeps.batch import files_named

    files = files_named([str(path) for path in claims()], {})
    if as_json:
        put_json([tables.file_record(file) for file in files])
        return
    for file in files:
        put(f"{file.name}  ({len(file.instances)} instances, {file.tier})")
        put(f"    {file.title}\n    {file.claim}\n    {file.reference}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A claim's name, a question file or a certificate.")] = "",
    instance: Annotated[str | None, typer.Option(help="Name of one instance of the file.")] = None,
    form: Annotated[
        str, typer.Option("--as", help="words, json (the program), mps, cbf, sdpa, task or vipr.")
    ] = "words",
    schema: Annotated[bool, typer.Option("--schema", help="Print the questions' JSON schema.")] = False,
    field: Annotated[list[str] | None, typer.Option("--set", help="field=value, as for bound.")] = None,
    symmetry: Symmetry = None,
) -> None:
    """Show a question, its program or a certificate, in words or in an exchange format."""
    from freerand_opt.reporting import exhibits
    from freerand_opt.reporting.terminal import put, put_json

    if schema:
        from freerand_opt.schemas import question_schema

        put_json(question_schema())
        return
    if not name:
        raise InputError("show", "a claim's name, a question file or a certificate is needed")
    if form not in exhibits.FORMS:
        raise InputError(
            "--as",
            f"{form!r} is not known; allowed: {', '.join(exhibits.FORMS)}{nearest(form, exhibits.FORMS)}",
        )
    if Path(name).suffix == ".json":
        from freerand_opt.answers.verification import load

        if form != "words" or instance is not None or field or symmetry:
            raise InputError("show", "a certificate is shown in words, without any other option")
        put("\n".join(exhibits.certificate(load(Path(name)))))
        return
    from freerand_opt.spec.grids import assignments
    from freerand_opt.sweeps.batch import files_named

    file = files_named([name], assignments(field or []))[0]
    from freerand_opt.spec.symmetries import relabellings

    put(exhibits.instance(file, _instance(file, instance), form, relabellings(symmetry)), end="")


def _instance(file: QuestionFile, wanted: str | None) -> Instance:
    if wanted is None:
        return file.instances[0]
    names = [instance.name for instance in file.instances]
    if wanted not in names:
        raise InputError(
            "--instance",
            f"{wanted!r} is none of {file.path.name}: {'; '.join(names)}{nearest(wanted, names)}",
        )
    return file.instances[names.index(wanted)]


app.command()(verbs.bound)
app.command()(verbs.verify)
app.command()(verbs.check)
app.command()(simulate)
app.command()(plot)
app.command()(report)
