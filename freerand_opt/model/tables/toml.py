"""Tables as TOML text: one level of headers, everything below on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def document(tables: Mapping[str, Any]) -> str:
    """Return the text of a file: plain values first, then ``[table]`` and ``[[table]]``.

    >>> print(document({"schema": 1, "source": {"kind": "uniform"}, "test": [{"terms": {"<A0>": 1}}]}))
    schema = 1
    <BLANKLINE>
    [source]
    kind = "uniform"
    <BLANKLINE>
    [[test]]
    terms = { "<A0>" = 1 }
    <BLANKLINE>
    """
    plain, headed = [], []
    for key, value in tables.items():
        if isinstance(value, Mapping):
            headed.append(_table(f"[{_key(key)}]", value))
        elif isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
            headed += [_table(f"[[{_key(key)}]]", entry) for entry in value]
        else:
            plain.append(f"{_key(key)} = {_value(value)}\n")
    return "\n".join((["".join(plain)] if plain else []) + headed)


def _table(head: str, table: Mapping[str, Any]) -> str:
    return "".join([f"{head}\n", *(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())])


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(value: str) -> str:
    # the escapes of JSON are escapes of TOML, but for the delete character, which TOML wants escaped
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(value) if isinstance(value, str) else str(value)
