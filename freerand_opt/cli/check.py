"""The verb `freerand check`: the checkers' own commands, over many files at once."""

from __future__ import annotations

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


def _of_the_catalogue() -> tuple[Path, ...]:
    # the catalogue's room needs a library, and certificates that are named do not
    from freerand_opt.model.files.catalogue import certificates

    return certificates()


def _digest(counts: Path | None) -> str | None:
    if counts is None:
        return None
    from freerand_opt.experiment_checker.__main__ import digest_of

    found = digest_of(str(counts))
    if found is None:
        raise InputError("--counts", f"{counts} cannot be read")
    return found


def _checked(
    paths: list[Path], jobs: int | None, limit: int, digest: str | None
) -> list[tuple[int, list[str]]]:
    from freerand_opt.runner.checks import BATCH, check_file, check_files

    if len(paths) == 1:  # without a process, and without anything but the kernel
        return [check_file((str(paths[0]), limit, digest))]
    from freerand_opt.runner.dispatch import every
    from freerand_opt.runner.executor import local

    asked = [(str(path), limit, digest) for path in paths]
    batches = [asked[k : k + BATCH] for k in range(0, len(asked), BATCH)]
    with local(jobs) as executor:
        found = every(executor, check_files, batches, lambda _: [])
        # files of a batch that failed, its process having died, are checked one by one
        pairs = zip(batches, found, strict=True)
        return [one for own, held in pairs for one in held or every(executor, check_file, own, _gone)]


def _gone(error: Exception) -> tuple[int, list[str]]:
    return 3, [f"TOO MUCH WORK: {type(error).__name__}: {error}"]


def _stored(folders: list[Path], jobs: int | None, limit: int) -> list[tuple[str, int, list[str]]]:
    """Check every entry of some stores: that it is as it was written, and that its certificate holds."""
    from freerand_opt.runner.checks import check_text
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
