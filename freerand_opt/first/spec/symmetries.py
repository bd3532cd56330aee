"""Relabellings named on the command line: a text, or a file with one on each line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from freerand_opt.errors import InputError
from freerand_opt.first.programs.generators import FIND
from freerand_opt.first.spec.fields import contents, shown

MAX_BYTES = 2**16


def relabellings(named: Sequence[str] | None) -> tuple[str, ...]:
    """Return the relabellings as texts; whether a question has them is found out on its program."""
    found: list[str] = []
    for entry in named or ():
        if "->" in entry or entry == FIND:
            found.append(entry)
            continue
        path = Path(entry)
        if not path.is_file():
            raise InputError(
                "--symmetry",
                f'{shown(entry)} is no file and no relabelling, as "A0 -> B0, B0 -> -A1", nor {FIND}',
            )
        lines = contents(path, f"--symmetry ({path})", MAX_BYTES, "name generators of the group").splitlines()
        texts = [line.partition("#")[0].strip() for line in lines]
        if not any(texts):
            raise InputError(f"--symmetry ({path})", "has no relabelling; write one on each line")
        found += [text for text in texts if text]
    return tuple(found)
