"""Arguments that are text are handed on as they are: typer's own readers load pydantic, a fifth of a start.

What is a number, or was wrongly given, is read by typer; before typer 0.29 all is, by readers that load
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer


@dataclass(frozen=True)
class Reader:
    """What reads a parameter's value; `other` makes the reader of typer."""

    kind: Any
    other: Callable[[], Any]

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value that a verb gets."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if self.kind in (str, Path) and isinstance(value, str | Path):
            return self.kind(value)
        if several and self.kind in (list[str], list[Path]) and isinstance(value, list | tuple):
            return [self.kind.__args__[0](word) for word in value]
        return self.other().coerce(value, param=param, ctx=ctx)


def read_as_text(command: Any) -> Any:
    """Give the parameters of a command and its verbs such readers; return the command."""
    for each in (command, *command.commands.values()):
        for parameter in each.get_params(typer.Context(each)):  # with --help
            own = getattr(parameter, "get_runtime_param", None)
            if own is not None:
                reader = Reader(parameter.type_descriptor.annotation, own)
                parameter.get_runtime_param = lambda reader=reader: reader
    return command
