"""A file's own words, and its tables as TOML holds them: decimals as written, all text printable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar

from freerand_opt.errors import InputError
from freerand_opt.model.files.beside import contents
from freerand_opt.model.tables.kinds import line, number, word
from freerand_opt.model.tables.table import Table, fields, table
from freerand_opt.model.tables.text import Digits, kind, shortened, shown, within

MAX_BYTES = 256 * 1024
#: What tomllib says of a key or a table that is there already.
_TWICE = re.compile("Cannot (overwrite|mutate|declare)")
_NESTED = re.compile(r"(?:\.[ \t]*[^\s.=,{}\[\]#]++[ \t]*){30}")


class Reference(Table):
    """Where a claim is from."""

    positional: ClassVar[int] = 1

    paper: Annotated[str, line(), "authors and year"] = ""
    label: Annotated[str, line(), "theorem, equation or section"] = ""
    arxiv: Annotated[str, line(), "arXiv number"] = ""

    def __str__(self) -> str:
        number = f"arXiv:{self.arxiv}" if self.arxiv else ""
        return ", ".join(part for part in (self.paper, self.label, number) if part)


class Head(Table):
    """Keys of a file that say nothing of the question itself."""

    positional: ClassVar[int] = 0

    schema: Annotated[int, number(1, 1, whole=True), "version of this format"] = 1
    title: Annotated[str, line(folded=True), "the question in one line"] = ""
    claim: Annotated[str, line(folded=True), "what is claimed, in words and formulas"] = ""
    reference: Annotated[
        Reference | None,
        table(Reference, allowed="a table with paper, label, arxiv"),
        "where the claim is from",
    ] = None
    tier: Annotated[
        str,
        word("core", "long"),
        "core: solved whenever everything is verified; long: checked from its certificate",
    ] = "core"


HEADER = tuple(field.key for field in fields(Head))


def load(path: str | Path) -> dict[str, Any]:
    """Return the tables of a TOML file, decimals as they are written; raise InputError naming the file."""
    with within(_named(path)):
        return _load(path)


#: What a file of each kind has.
_HAS = {
    "question": "a question has the tables scenario, source, adversary, ask",
    "computation": "that has a table computation, and no scenario",
    "protocol": "that has a table protocol with N and m (`freerand bound` answers it if it is a question)",
}


@contextmanager
def opened(path: str | Path, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the tables of a file of one kind; InputErrors while they are read name the file."""
    with within(_named(path)):
        tables = _load(path)
        found = kind_of(tables)
        if found != kind:
            raise InputError(found, f"is no {kind}; {_HAS[kind]}")
        yield tables


def _named(path: object) -> str:
    if not isinstance(path, str | Path):
        raise InputError("file", f"{shown(path)} is {kind(path)}; the path of a TOML file is needed")
    return str(path)


def kind_of(tables: Mapping[str, Any]) -> str:
    """Return what a file is: a question, a computation or a protocol."""
    if "scenario" not in tables and ("computation" in tables or "protocol" in tables):
        return "computation" if "computation" in tables else "protocol"
    return "question"


def _load(path: str | Path) -> dict[str, Any]:
    import tomllib

    body = contents(Path(path), "", MAX_BYTES, "put large tables into a CSV file")
    if _NESTED.search(body):
        raise InputError("", "has a key of more than 30 parts joined by points; at most 3 mean anything")
    try:
        raw = tomllib.loads(body, parse_float=lambda digits: Digits(digits.replace("_", "")))
    except RecursionError:
        raise InputError("", "is nested too deeply") from None
    except ValueError as error:  # a TOMLDecodeError, or an integer of thousands of digits
        twice = " (a key or a table is given twice)" * bool(_TWICE.match(str(error)))
        raise InputError("", f"is not TOML: {error}{twice}. A question is a TOML file (see README)") from None
    if not raw:
        raise InputError("", "is empty; a question needs at least scenario, source, adversary and ask")
    _require_printable(raw)
    return raw


def _require_printable(value: Any, path: str = "") -> None:
    """Raise InputError for a key or text that a terminal obeys; title and claim may have lines."""
    if isinstance(value, dict):
        for key, inner in value.items():
            place = f"{path}.{shortened(key)}" if path else shortened(key)
            if not key.isprintable():
                raise InputError(place, "this key has a character that cannot be printed; leave it out")
            _require_printable(inner, place)
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            _require_printable(inner, f"{path}[{k}]")
    elif isinstance(value, str) and path not in ("title", "claim"):
        line().read(str(value), path)
