"""The command line: list, show, bound, verify, check.

Data on stdout, everything else on stderr. Exit code 0: all proved; 1: something refuted,
undecided or rejected; 2: bad input; 3: a solver that was named cannot run.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt import __version__
from freerand_opt.errors import FreerandError, InputError, SolverUnavailableError, nearest

if TYPE_CHECKING:
    from freerand_opt.spec.file import Instance, QuestionFile
    from freerand_opt.verification import Verification

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

Solver = Annotated[str, typer.Option("--solver", help="highs, or cvxpy:NAME (CLARABEL, SCS, CVXOPT, MOSEK, ..).")]
TimeLimit = Annotated[float | None, typer.Option("--time-limit", min=0.01, help="Seconds for each program.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")]
Folder = Annotated[Path | None, typer.Option("--certificates", help="Write certificates below this folder.")]


def main() -> None:
    """Run the command line and turn expected failures into one line and an exit code."""
    from freerand_opt.certificates.check import CertificateError

    try:
        app(standalone_mode=True)
    except SolverUnavailableError as error:
        _say(f"error: {error}")
        sys.exit(3)
    except CertificateError as error:
        _say(f"REJECTED: {error}")
        sys.exit(1)
    except FreerandError as error:
        _say(f"error: {error}")
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _say(words: str) -> None:
    print(words, file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"freerand {__version__}")
        raise typer.Exit


@app.callback()
def _options(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False) -> None:
    """Certified bounds on what an adversary knows, when settings are chosen by imperfect randomness."""


# ------------------------------------------------------------------ list and show


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List the claims of the catalogue."""
    from freerand_opt.catalogue import claims
    from freerand_opt.spec.file import read

    files = [read(path) for path in claims()]
    if as_json:
        _print_json(
            [
                {
                    "name": file.name,
                    "title": file.title,
                    "claim": file.claim,
                    "reference": file.reference,
                    "tier": file.tier,
                    "instances": [instance.name for instance in file.instances],
                }
                for file in files
            ]
        )
        return
    for file in files:
        print(f"{file.name}  ({len(file.instances)} instances, {file.tier})")
        print(f"    {file.title}\n    {file.claim}\n    {file.reference}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A claim's name, a question file or a certificate.")] = "",
    instance: Annotated[str | None, typer.Option(help="Name of one instance of the file.")] = None,
    form: Annotated[str, typer.Option("--as", help="words, json (the program), mps, cbf or vipr.")] = "words",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of question files.")] = False,
    field: Annotated[list[str] | None, typer.Option("--set", help="field=value, as for bound.")] = None,
) -> None:
    """Show a question, its program or a certificate, in words or in an exchange format."""
    if schema:
        from freerand_opt.schemas import question_schema

        _print_json(question_schema())
        return
    if not name:
        raise InputError("show", "a claim's name, a question file or a certificate is needed")
    if Path(name).suffix == ".json":
        _show_certificate(Path(name))
        return
    forms = ("words", "json", "mps", "cbf", "vipr")
    if form not in forms:
        raise InputError("--as", f"{form!r} is not known; allowed: {', '.join(forms)}{nearest(form, forms)}")
    file = _files([name], _fields(field or []))[0]
    chosen = _instance(file, instance)
    if chosen.question is None:
        assert chosen.computation is not None
        print(f"{file.title}\n{file.claim}\ncomputation {chosen.computation.name}")
        return
    _show_question(file, chosen, form)


def _show_question(file: QuestionFile, chosen: Instance, form: str) -> None:
    from freerand_opt.programs import export
    from freerand_opt.programs.build import build
    from freerand_opt.reporting import words

    assert chosen.question is not None
    made = build(chosen.question)
    program = made.above.program
    if form == "words":
        print("\n".join([file.title, file.claim, *words.question(chosen.question), *words.program(program, made.method)]))
    elif form == "json":
        _print_json(program.plain)
    elif form == "vipr":
        from freerand_opt.bounding import proofs

        print(export.as_vipr(*proofs(chosen.question)), end="")
    else:
        print({"mps": export.as_mps, "cbf": export.as_cbf}[form](program), end="")


def _show_certificate(path: Path) -> None:
    from freerand_opt.certificates.attack import from_json
    from freerand_opt.certificates.certificate import question_from_json
    from freerand_opt.reporting import words
    from freerand_opt.verification import check_certificate

    body = _load(path)
    lines = check_certificate(body)
    print("\n".join(lines))
    if body.get("kind") == "bracket":
        asked = question_from_json(body["question"])
        print("\n".join(words.question(asked)))
        if body["attack"] is not None:
            print("\n".join(words.attack(from_json(body["attack"]), asked, limit=100)))


def _instance(file: QuestionFile, wanted: str | None) -> Instance:
    if wanted is None:
        return file.instances[0]
    names = [instance.name for instance in file.instances]
    if wanted not in names:
        raise InputError("--instance", f"{wanted!r} is none of {file.path.name}: {'; '.join(names)}{nearest(wanted, names)}")
    return file.instances[names.index(wanted)]


# ------------------------------------------------------------------ bound and verify


@app.command()
def bound(
    arguments: Annotated[list[str], typer.Argument(help="Question files or claims, and field=value: source.epsilon=0:1/5:1/100")],
    solver: Solver = "highs",
    time_limit: TimeLimit = None,
    certificates: Folder = None,
    width: Annotated[float, typer.Option(help="Brackets wider than this give exit code 1.")] = 1e-9,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer questions: certified brackets, with the explicit attack."""
    names = [argument for argument in arguments if "=" not in argument or Path(argument).exists()]
    files = _files(names, _fields([argument for argument in arguments if argument not in names]))
    results, infeasible = _run(files, solver, time_limit, quiet, certificates, corners=False)
    if as_json:
        _print_json([_record(found) for found in results])
    elif len(results) == 1:
        _print_answer(results[0])
    else:
        _print_table(results)
    for words in infeasible:
        _say(f"error: {words}")
    wide = [found for found in results if _too_wide(found, width)]
    for found in wide:
        _say(f"{found.result.name} {found.result.instance}: the bracket is wider than {width:g}")
    sys.exit(2 if infeasible else 1 if wide else 0)


def _too_wide(found: Verification, width: float) -> bool:
    if found.result.quantity == "strategy":
        return str(found.result) == "?"
    if found.result.quantity == "threshold":
        return False
    size = found.result.bracket.width
    return size is None or size > width


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Claims or files; all of the core tier by default.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also solve the long tier.")] = False,
    solver: Solver = "highs",
    time_limit: TimeLimit = None,
    certificates: Folder = None,
    report: Annotated[Path | None, typer.Option(help="Write the table as Markdown to this file.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Re-derive claims and compare them with what their files expect."""
    from freerand_opt.catalogue import claims

    begun = time.perf_counter()
    files = _files(list(names), {}) if names else _files([str(path) for path in claims()], {})
    if not names and not everything:
        files = [file for file in files if file.tier == "core"]
    results, infeasible = _run(files, solver, time_limit, quiet, certificates, corners=True)
    if as_json:
        _print_json([_record(found) for found in results])
    else:
        from freerand_opt.reporting.tables import summary

        _print_table(results)
        print(summary(results, time.perf_counter() - begun))
    if report is not None:
        from freerand_opt.reporting.tables import markdown

        _write(report, markdown(results))
    for words in infeasible:
        _say(f"error: {words}")
    sys.exit(2 if infeasible else 0 if all(found.as_expected for found in results) else 1)


def _run(
    files: list[QuestionFile],
    solver: str,
    time_limit: float | None,
    quiet: bool,
    folder: Path | None,
    *,
    corners: bool,
) -> tuple[list[Verification], list[str]]:
    """Answer all instances; one without a strategy is reported and does not stop the others."""
    from freerand_opt.bounding import InfeasibleError
    from freerand_opt.verification import certificate_path, compared, verify

    if folder is not None:
        _writable(folder)
    jobs = [(file, instance) for file in files for instance in file.instances]
    results: list[Verification] = []
    infeasible: list[str] = []
    with _progress(len(jobs), quiet) as advance:
        for file, instance in jobs:
            advance(f"{file.name} {instance.name}")
            try:
                found = verify(file, instance, solver=solver, time_limit=time_limit)
            except InfeasibleError as error:
                infeasible.append(str(error.within(f"{file.path}{f' ({instance.name})' if instance.name else ''}")))
                found = compared(file, instance, error.result)
            results.append(found)
            if folder is not None and (not corners or instance.corner):
                _write(certificate_path(folder, found.result), json.dumps(found.result.certificate, separators=(",", ":")))
    return results, infeasible


@contextmanager
def _progress(total: int, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show a bar on stderr from the third second on, if somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda words: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    begun = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, visible=False)

        def advance(words: str) -> None:
            late = time.perf_counter() - begun > 2
            bar.update(task, description=words[:50], visible=late or total == 1)
            bar.advance(task)

        yield advance


# ------------------------------------------------------------------ check


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Certificates.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All committed certificates.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check certificates exactly, without any solver."""
    from freerand_opt.catalogue import certificates
    from freerand_opt.certificates.check import CertificateError
    from freerand_opt.verification import check_certificate

    paths = [*(files or []), *(certificates() if everything else ())]
    if not paths:
        raise InputError("check", "name certificates, or use --all for the catalogue's")
    records = []
    for path in paths:
        begun = time.perf_counter()
        try:
            lines: tuple[str, ...] = check_certificate(_load(path))
            ok = True
        except CertificateError as error:
            lines, ok = (f"REJECTED: {error}",), False
        records.append({"file": str(path), "ok": ok, "lines": list(lines), "seconds": round(time.perf_counter() - begun, 4)})
        if not as_json and (not ok or not everything):
            print(f"{path}: " + ("\n    ".join(["checks", *lines]) if ok else lines[0]))
    rejected = sum(not entry["ok"] for entry in records)
    if as_json:
        _print_json(records)
    elif not quiet:
        print(f"{len(records) - rejected} of {len(records)} certificates check")
    sys.exit(1 if rejected else 0)


# ------------------------------------------------------------------ shared


def _fields(words: list[str]) -> dict[str, str]:
    overrides = {}
    for word in words:
        field, equals, value = word.partition("=")
        if not equals or not field or not value:
            raise InputError(word, "fields are set as field=value, for example source.epsilon=1/20")
        overrides[field] = value
    return overrides


def _files(names: list[str], overrides: dict[str, str]) -> list[QuestionFile]:
    from freerand_opt.catalogue import claims, find
    from freerand_opt.spec.file import read

    if not names:
        raise InputError("arguments", "at least one question file or claim is needed")
    files = []
    for name in names:
        known = None if Path(name).suffix else find(name)
        if known is None and not Path(name).exists() and not Path(name).suffix:
            stems = [path.stem for path in claims()]
            raise InputError(name, f"is neither a file nor a claim; `freerand list` names the claims{nearest(name, stems)}")
        files.append(read(known or name, overrides))
    return files


def _load(path: Path) -> dict[str, Any]:
    from freerand_opt.verification import load

    try:
        return load(path)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None


def _record(found: Verification) -> dict[str, Any]:
    from freerand_opt.reporting.tables import record

    return record(found)


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=1))


def _print_answer(found: Verification) -> None:
    """Print one answer with its ends, proofs and attack."""
    from freerand_opt.reporting import words
    from freerand_opt.reporting.tables import row

    result = found.result
    lines = [f"{result.name} {result.instance}".strip()]
    if found.instance.question is not None:
        lines += words.question(found.instance.question)
    lines.append(f"answer      {row(found)[2]}")
    if result.bracket.exact is None and result.bracket.upper is not None and result.quantity not in ("strategy", "threshold"):
        lines.append(f"            <= {result.bracket.upper}")
    if found.verdict is not None:
        lines.append(f"verdict     {found.verdict} ({found.instance.expect.shown if found.instance.expect else ''})")
    lines += [f"method      {result.method}", f"certificate {result.digest}, checked; {result.seconds:.2f} s"]
    if result.attack and found.instance.question is not None:
        lines += words.attack(result.attack, found.instance.question)
    print("\n".join(lines))


def _print_table(results: list[Verification]) -> None:
    """Print one table, a section for each claim; colours only for people."""
    from rich.console import Console

    from freerand_opt.reporting.tables import lines

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line, style in lines(results):
        console.print(line, style=style)


def _writable(folder: Path) -> None:
    """Raise InputError before any work is done if certificates cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError("--certificates", f"{folder} cannot be written: {error.strerror}; nothing was computed") from None


def _write(path: Path, body: str) -> None:
    """Write a file whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(body)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from None
