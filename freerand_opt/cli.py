"""The command line: list, show, bound, verify, check.

Data on stdout, everything else on stderr. Exit code 0: all proved; 1: something refuted,
undecided or rejected; 2: bad input; 3: a solver that was named cannot run.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt import __version__
from freerand_opt.certificates.check import CertificateError
from freerand_opt.errors import FreerandError, InputError, SolverUnavailableError, nearest

if TYPE_CHECKING:
    from freerand_opt.spec.file import Instance, QuestionFile
    from freerand_opt.verification import Verification

INTERRUPTED = 130
_UsageError: Any = typer.BadParameter.__mro__[1]  # of whichever click typer uses
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

Solver = Annotated[
    str, typer.Option("--solver", help="highs, clarabel, qics, mosek, cvxpy:NAME, picos:cvxopt.")
]
TimeLimit = Annotated[float | None, typer.Option("--time-limit", min=0.01, help="Seconds for each program.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")]
Folder = Annotated[Path | None, typer.Option("--certificates", help="Write certificates below this folder.")]
Symmetry = Annotated[
    list[str] | None,
    typer.Option(help='Quantum devices: "A0 -> B0, B0 -> -A1", a file with one on each line, or find.'),
]
Width = Annotated[float | None, typer.Option(help="Wider brackets: exit code 1 (1e-9; quantum 1e-6).")]


def main() -> None:
    """Run the command line and turn expected failures into one line and an exit code."""
    # programs are small and many runs share a machine: one thread, said before numpy starts its own
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = _run_app()
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code)
    except SolverUnavailableError as error:
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
    print(words, file=sys.stderr)


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
def list_command(as_json: AsJson = False) -> None:
    """List the claims of the catalogue."""
    from freerand_opt.batch import files_named
    from freerand_opt.catalogue import claims
    from freerand_opt.reporting import tables
    from freerand_opt.reporting.terminal import put, put_json

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
        from freerand_opt.verification import load

        if form != "words" or instance is not None or field or symmetry:
            raise InputError("show", "a certificate is shown in words, without any other option")
        put("\n".join(exhibits.certificate(load(Path(name)))))
        return
    from freerand_opt.batch import files_named
    from freerand_opt.spec.grids import assignments

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


# ------------------------------------------------------------------ bound and verify


@app.command()
def bound(
    arguments: Annotated[
        list[str],
        typer.Argument(help="Question files or claims, and field=value: source.epsilon=0:1/5:1/100"),
    ],
    solver: Solver = "auto",
    time_limit: TimeLimit = None,
    certificates: Folder = None,
    threshold: Annotated[str | None, typer.Option(help="Critical value: source.epsilon=0:1/4.")] = None,
    symmetry: Symmetry = None,
    width: Width = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer questions: certified brackets, with the explicit attack."""
    from freerand_opt.reporting.terminal import put_results

    names = [argument for argument in arguments if "=" not in argument or Path(argument).exists()]
    from freerand_opt.spec.grids import assignments

    overrides = assignments([argument for argument in arguments if argument not in names])
    from freerand_opt.batch import files_named

    files = files_named(names, overrides, threshold)
    from freerand_opt.spec.symmetries import relabellings

    how: dict[str, Any] = {"solver": solver, "time_limit": time_limit, "symmetry": relabellings(symmetry)}
    results, failed = _run(files, quiet, certificates, corners=False, **how)
    put_results(results, as_json=as_json, alone=True)
    failed += [found.result.notes[1] for found in results if found.result.notes]
    for words in failed:
        _say(f"error: {words}")
    wide = [found for found in results if not found.result.notes and found.wider_than(width)]
    for found in wide:
        most = found.usual_width if width is None else width
        _say(f"{found.title}: the bracket is wider than {most:g}")
    sys.exit(2 if failed else 1 if wide else 0)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Claims or files; else the core tier.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also solve the long tier.")] = False,
    solver: Solver = "auto",
    time_limit: TimeLimit = None,
    certificates: Folder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep all certificates; use those there.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the table as Markdown to this file.")] = None,
    cross_check: Annotated[bool, typer.Option(help="Put other software's values beside ours.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Re-derive claims and compare them with what their files expect."""
    from freerand_opt.catalogue import claims
    from freerand_opt.reporting import tables
    from freerand_opt.reporting.terminal import put, put_results
    from freerand_opt.store import require_writable, write_whole

    begun = time.perf_counter()
    from freerand_opt.batch import files_named

    files = files_named(list(names), {}) if names else files_named([str(path) for path in claims()], {})
    if not names and not everything:
        files = [file for file in files if file.tier == "core"]
    if cross_check:
        from freerand_opt.reporting import peers

        sys.exit(0 if peers.run(files, as_json=as_json, quiet=quiet) else 1)
    if report is not None:
        if report.is_dir():
            raise InputError("--report", f"{report} is a directory; a file is needed")
        require_writable(report.parent, "--report")
    if resume and certificates is None:
        raise InputError("--resume", "needs --certificates, the folder of the run that was interrupted")
    how: dict[str, Any] = {"solver": solver, "time_limit": time_limit}
    results, failed = _run(files, quiet, certificates, not resume, resume, **how)
    put_results(results, as_json=as_json, alone=False)
    if not as_json:
        put(tables.summary(results, time.perf_counter() - begun))
    if report is not None:
        write_whole(report, tables.markdown(results, report.stem.capitalize()))
    for words in failed:
        _say(f"error: {words}")
    sys.exit(2 if failed else 0 if all(found.as_expected for found in results) else 1)


def _run(
    files: list[QuestionFile],
    quiet: bool,
    folder: Path | None,
    corners: bool,
    resume: bool = False,
    **how: Any,
) -> tuple[list[Verification], list[str]]:
    """Answer all instances, with a bar on stderr; nothing is computed if solver or folder cannot be used."""
    from freerand_opt.batch import Shelf, verify_all
    from freerand_opt.reporting.terminal import progress
    from freerand_opt.solvers.choose import solver_named
    from freerand_opt.store import require_writable

    solver_named(how["solver"])
    if folder is not None:
        require_writable(folder, "--certificates")
    shelf = None if folder is None else Shelf(folder, corners=corners, resume=resume)
    jobs = [(file, instance) for file in files for instance in file.instances]
    with progress(len(jobs), quiet) as advance:
        return verify_all(jobs, shelf=shelf, advance=advance, **how)


# ------------------------------------------------------------------ check


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Certificates.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All committed certificates.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check certificates exactly, without any solver."""
    from freerand_opt.batch import check_all
    from freerand_opt.catalogue import certificates
    from freerand_opt.reporting import tables
    from freerand_opt.reporting.terminal import put, put_json

    paths = [*(files or []), *(certificates() if everything else ())]
    if not paths:
        raise InputError("check", "no certificate; name files, or use --all where the catalogue has some")
    checked = []
    for found in check_all(paths):
        checked.append(found)
        if found.status == "unreadable":
            _say(f"error: {found.path}: {found.lines[0]}")
        elif not as_json and found.status == "rejected":
            put(f"{found.path}: REJECTED: {found.lines[0]}")
        elif not as_json and not everything:
            put("\n    ".join([f"{found.path}: checks", *found.lines]))
    good = sum(found.status == "ok" for found in checked)
    if as_json:
        put_json([tables.checked_record(found) for found in checked])
    elif not quiet:
        put(f"{good} of {len(checked)} certificates check")
    sys.exit(2 if any(found.status == "unreadable" for found in checked) else 1 if good < len(checked) else 0)
