"""The verb `freerand check`: the checkers' own commands, over many files at once."""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError

if TYPE_CHECKING:
    from freerand_opt.runner.store import Store


def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Certificates; with --store, folders.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All committed certificates of the catalogue.")
    ] = False,
    store: Annotated[
        bool,
        typer.Option("--store", help="All answers of the stores in the folders, or in the user's cache."),
    ] = False,
    limit: Annotated[
        int, typer.Option("--work", min=1, help="Steps of work after which a file is given up.")
    ] = 10**8,
    counts: Annotated[
        Path | None,
        typer.Option("--counts", help="The file of counts or trials that a certificate about them names."),
    ] = None,
    jobs: opt.Jobs = None,
    as_json: opt.AsJson = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but what fails.")] = False,
) -> None:
    """Check certificates exactly, without any solver, and print what each says.

    OK: the line `proved` follows from the file alone, about the question in
    the lines before it (`python -m freerand_opt.checker FILE`, which needs
    the standard library alone). CHECKED: about counts; the line `checked`
    follows under the hypotheses printed before it, by the theorem that is
    named (`python -m freerand_opt.experiment_checker FILE`). COMPUTED and
    PROVED*: about a number of the paper, the latter with a written proof.
    REJECTED, UNREADABLE, TOO MUCH WORK: nothing follows.
    """
    from freerand_opt.cli.screen import error, put, put_json

    digest = _digest(counts)
    if store:
        found = _stored(files or [], jobs, limit)
        if not found:
            raise InputError("check", f"no answer is stored in {_places(files or [])}")
    else:
        paths = [*(files or []), *(_of_the_catalogue() if everything else ())]
        if not paths:
            raise InputError("check", "no certificate; name files, or use --all where the catalogue has some")
        found = [
            (str(path), *one) for path, one in zip(paths, _checked(paths, jobs, limit, digest), strict=True)
        ]
    if as_json:
        put_json(
            [{"file": name, "ok": not code, "code": code, "lines": lines} for name, code, lines in found]
        )
    for _, code, lines in found:
        if code == 2:
            error(lines[0])
        elif not as_json and (code or not (everything or store or quiet)):
            put("\n".join(_folded(lines)))
    good = sum(not code for _, code, _ in found)
    if not (as_json or quiet) and (len(found) > 1 or store):
        put(f"{good} of {len(found)} certificates check")
    raise typer.Exit(opt.worst({code for _, code, _ in found}))


def _folded(lines: list[str]) -> list[str]:
    """Return the checkers' lines in 80 columns, but the first, a path; all is whole in JSON."""
    from freerand_opt.cli.screen import cut, wrapped

    return [lines[0], *(part for line in lines[1:] for part in wrapped(cut(line), 6) or [line])]


#: Formats that have a checker of their own, which never says OK.
_COMPUTATION, _EXPERIMENT = "freerand-computation", "freerand-experiment"
_FORMAT = re.compile(r'\s*\{\s*"format"\s*:\s*"([a-z-]{1,40})"')


def _format(head: str) -> str:
    found = _FORMAT.match(head)
    return found[1] if found else ""


def _of_the_catalogue() -> tuple[Path, ...]:
    # the catalogue's room needs a library, and certificates that are named do not
    from freerand_opt.model.catalogue import certificates

    return certificates()


def _digest(counts: Path | None) -> str | None:
    from freerand_opt.experiment_checker.__main__ import digest_of

    found = None if counts is None else digest_of(str(counts))
    if counts is not None and found is None:
        raise InputError("--counts", f"{counts} cannot be read")
    return found


def check_file(job: tuple[str, int, str | None]) -> tuple[int, list[str]]:
    """Return the exit code of one certificate file and the lines about it."""
    from freerand_opt.checker.__main__ import checked
    from freerand_opt.claims.conjecture.checker.__main__ import checked as computed
    from freerand_opt.experiment_checker.__main__ import checked as counted

    path, limit, digest = job
    form = ""
    with suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
        form = _format(file.read(200))
    if form == _EXPERIMENT:
        return counted(path, digest, limit)
    if digest is not None:
        return 2, [f"UNREADABLE {path}: --counts belongs to certificates about counts, which this is not"]
    return computed(path) if form == _COMPUTATION else checked(path, limit)


def check_text(job: tuple[str, str, int]) -> tuple[int, list[str]]:
    """Return the exit code of a certificate and the lines about it."""
    from freerand_opt.checker.__main__ import judged

    name, text, limit = job
    if _format(text[:200]) != _COMPUTATION:
        return judged(name, text, limit)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "computation.json"
        path.write_text(text, encoding="utf-8")
        code, (head, *rest) = check_file((str(path), limit, None))
    return code, [head.replace(str(path), name), *rest]


def _checked(
    paths: list[Path], jobs: int | None, limit: int, digest: str | None
) -> list[tuple[int, list[str]]]:
    from freerand_opt.runner.dispatch import every
    from freerand_opt.runner.executor import local

    if len(paths) == 1:  # without a process, and without anything but the kernel
        return [check_file((str(paths[0]), limit, digest))]
    with local(jobs) as executor:
        return every(executor, check_file, [(str(path), limit, digest) for path in paths], _gone)


def _gone(error: Exception) -> tuple[int, list[str]]:
    return 3, [f"TOO MUCH WORK: {type(error).__name__}: {error}"]


def _stored(folders: list[Path], jobs: int | None, limit: int) -> list[tuple[str, int, list[str]]]:
    """Check every entry of some stores: that it is as it was written, and that its certificate holds."""
    from freerand_opt.runner.dispatch import every
    from freerand_opt.runner.executor import local
    from freerand_opt.runner.job import DamagedError

    whole, damaged = [], []
    for kept in _opened(folders):
        for entry in kept.entries():
            if isinstance(entry, DamagedError):
                damaged.append((f"{kept.path}", 1, [f"REJECTED {kept.path}: {entry}"]))
            else:
                whole.append((f"{kept.path}: {entry.address[:16]}", entry.kept.certificate, limit))
        kept.close()
    with local(jobs) as executor:
        found = every(executor, check_text, whole, _gone)
    return damaged + [(name, *one) for (name, _, _), one in zip(whole, found, strict=True)]


def _opened(folders: list[Path]) -> list[Store]:
    from freerand_opt.runner.store import Store, default_folder, holds_answers

    return [Store(folder) for folder in folders or [default_folder()] if holds_answers(folder)]


def _places(folders: list[Path]) -> str:
    from freerand_opt.runner.store import default_folder

    return ", ".join(map(str, folders or [default_folder()]))
