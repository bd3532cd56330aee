"""Protocol files (TOML): protocols by name, their values of fields gone through as a question's are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from freerand_opt.errors import InputError
from freerand_opt.model.file import merged, variant_of, within
from freerand_opt.model.grid import grid
from freerand_opt.model.head import HEADER, Head, kind_of, load
from freerand_opt.model.kinds import Schema
from freerand_opt.model.schema import file_schema
from freerand_opt.protocols.protocol import Protocol

MAX_CASES = 1000


class Case(msgspec.Struct, frozen=True):
    """One protocol of a file, by name."""

    name: str
    protocol: Protocol


class ProtocolFile(msgspec.Struct, frozen=True):
    """A file's title, and its cases in order."""

    path: Path
    title: str
    cases: tuple[Case, ...]


def read_protocol(path: str | Path, overrides: Mapping[str, Any] | None = None) -> ProtocolFile:
    """Read a protocol file; raise InputError naming file, key path, what was read and what is allowed.

    `overrides` maps key paths (``source.epsilon``) to values: lists, arrays, or texts such as ``a:b:step``.
    """
    path = Path(path)
    raw = load(path)
    try:
        return _file(path, raw, overrides or {})
    except InputError as error:
        raise error.within(str(path)) from None


def _file(path: Path, raw: dict[str, Any], overrides: Mapping[str, Any]) -> ProtocolFile:
    if kind_of(raw) != "protocol":
        also = ", and this is a question: `freerand bound` answers it" if "scenario" in raw else ""
        raise InputError("", f"has no table protocol; [protocol] with N and m is needed{also}")
    head = Head.from_dict({key: value for key, value in raw.items() if key in HEADER})
    variants = raw.get("instances", [])
    base = {key: value for key, value in raw.items() if key not in (*HEADER, "instances")}
    found: list[Case] = []
    for place, variant in enumerate([{}, *(variants if isinstance(variants, list) else [variants])]):
        name, where, body = variant_of(base, variant, place)
        with within(where):
            made = grid(body, overrides)
            if made.size > MAX_CASES - len(found):
                raise InputError("grid", f"{made.size} more cases; a file has at most {MAX_CASES}")
            for cell in map(made.cell, range(made.size)):
                protocol = Protocol.from_dict(_beside(path.parent, cell.body))
                found.append(Case(" ".join(word for word in (name, cell.label) if word), protocol))
    return ProtocolFile(path, head.title or path.stem, tuple(found))


def _beside(folder: Path, body: dict[str, Any]) -> dict[str, Any]:
    """Return the tables with the name of a file of bits as it is seen from here."""
    source = body.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("file"), str):
        return body
    return merged(body, {"source": {"file": str(folder / source["file"])}})


def protocol_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a protocol file.

    >>> protocol_schema()["$defs"]["Rounds"]["properties"]["N"]["minimum"]
    2
    """
    return file_schema("freerand_opt protocol", Protocol)
