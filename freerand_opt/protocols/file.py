"""Protocol files (TOML): protocols by name, their values of fields gone through as a question's are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from freerand_opt.model.files.file import FileOf, file_of, merged
from freerand_opt.model.files.head import opened
from freerand_opt.model.files.schema import file_schema
from freerand_opt.model.tables.grid import Cell
from freerand_opt.model.tables.kinds import Schema
from freerand_opt.protocols.protocol import Protocol


class Case(msgspec.Struct, frozen=True):
    """One protocol of a file, by name."""

    name: str
    protocol: Protocol


class ProtocolFile(FileOf[Case], frozen=True):
    """A file of protocols."""

    @property
    def cases(self) -> tuple[Case, ...]:
        """Return the protocols in order."""
        return self.instances


def read_protocol(path: str | Path, overrides: Mapping[str, Any] | None = None) -> ProtocolFile:
    """Read a protocol file; raise InputError naming file, key path, what was read and what is allowed.

    `overrides` maps key paths (``source.epsilon``) to values: lists, arrays, or texts such as ``a:b:step``.
    """
    with opened(path, "protocol") as raw:
        made = partial(_case, Path(path).parent)
        return file_of(ProtocolFile, path, raw, overrides, None, None, made)


def _case(folder: Path, name: str, variant: int, cell: Cell) -> Case:
    """Return one protocol, the name of a file of bits as it is seen from here."""
    body, source = cell.body, cell.body.get("source")
    if isinstance(source, dict) and isinstance(source.get("file"), str):
        body = merged(body, {"source": {"file": str(folder / source["file"])}})
    return Case(" ".join(word for word in (name, cell.label) if word), Protocol.from_dict(body))


def protocol_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a protocol file.

    >>> protocol_schema()["$defs"]["Rounds"]["properties"]["N"]["minimum"]
    2
    """
    return file_schema("freerand_opt protocol", Protocol)
