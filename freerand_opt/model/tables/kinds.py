"""What a field may hold: each kind of value is read, written, named in messages and put into schemas here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from string import ascii_uppercase
from typing import Any

import msgspec

from freerand_opt.errors import InputError
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.text import Digits, kind, listed, nearest, said_at, shortened, shown
from freerand_opt.numbers.exact import Real, compare, text
from freerand_opt.numbers.kernel import triples

Schema = dict[str, Any]
#: Words that a message lists; of more the first, and how many there are.
MOST_WORDS = 20


def written(value: Any) -> Any:
    """Return a number as a file holds it, an integer or a text; other values as they are."""
    if isinstance(value, Real):
        return text(value)
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else str(value)
    return list(map(written, value)) if isinstance(value, tuple) else value


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of value.

    `read(value, where)` returns the one form that is kept, whose reading is itself, or raises InputError;
    `write` returns what a file holds. `tables` are the tables that may stand within; `keys` those of the
    value, if they stand in the table around it.
    """

    read: Callable[[Any, str], Any]
    allowed: str
    schema: Schema
    write: Callable[[Any], Any] = written
    need: str = ""
    tables: tuple[Any, ...] = ()
    keys: tuple[str, ...] = ()

    def refuse(self, value: Any, where: str) -> InputError:
        """Return an error about a value of another kind."""
        return InputError(where, f"{shown(value)} is {kind(value)}; {self.needed}")

    @property
    def needed(self) -> str:
        """Return the end of a message about a value that is missing or of another kind."""
        return self.need or f"{self.allowed} is needed"


def number(
    low: Fraction | int | None = None,
    high: Fraction | int | None = None,
    *,
    below: Fraction | None = None,
    above: Fraction | None = None,
    rational: bool = True,
    whole: bool = False,
    words: tuple[str, ...] = (),
    hint: str = "",
) -> Kind:
    """Return exact numbers of a range, without its ends `above` and `below`; `words` may stand for one.

    They are written into certificates, and so are sums of fraction * sqrt(n) * cos(q pi).
    """
    name = "an integer" if whole else "a rational number" if rational else "a number"
    first, last = low if low is not None else above, high if high is not None else below
    if first is not None and last is not None:
        name += f" in {'[' if low is not None else '('}{first}, {last}{']' if high is not None else ')'}"
    elif first is not None:
        name += f" from {first} on" if low is not None else f" above {first}"
    allowed = name + "".join(f', or "{word}"' for word in words)

    def read(value: Any, where: str) -> Any:
        if isinstance(value, str) and value in words:
            return str(value)
        found = exact(value, where)
        if rational and not isinstance(found, Fraction):
            raise InputError(where, f"{shown(value)} is irrational; {allowed} is needed")
        if not isinstance(found, Fraction):
            with said_at(where):
                triples(found)
        under = first is not None and compare(found, Fraction(first)) < (0 if low is not None else 1)
        over = last is not None and compare(found, Fraction(last)) > (0 if high is not None else -1)
        if under or over or (whole and found.denominator != 1):  # type: ignore[union-attr]
            raise InputError(where, f"{shown(value)} is not {allowed}{hint}")
        return int(found) if whole else found  # type: ignore[arg-type]

    ends = {"minimum": low, "maximum": high, "exclusiveMinimum": above, "exclusiveMaximum": below}
    schema: Schema = {"type": ["number", "string"]}  # the ends count for numbers alone
    schema |= {
        key: float(end) if Fraction(end).denominator > 1 else int(end)
        for key, end in ends.items()
        if end is not None
    }
    return Kind(read=read, allowed=allowed, schema=schema)


def closed_form(*words: str) -> Kind:
    """Return exact numbers that are compared with and stand in no certificate: logarithms, pi too."""
    allowed = "a number" + "".join(f', or "{word}"' for word in words)

    def read(value: Any, where: str) -> Any:
        return str(value) if isinstance(value, str) and value in words else exact(value, where)

    return Kind(read=read, allowed=allowed, schema={"type": ["number", "string"]})


def word(*words: str, alias: Mapping[str, str] | None = None) -> Kind:
    """Return one of a few words; an alias is kept as the word that it stands for."""
    more = f", .. ({len(words)} names)" if len(words) > MOST_WORDS else ""
    need = f"allowed: {listed(words[:MOST_WORDS])}{more}"

    def read(value: Any, where: str) -> str:
        if not isinstance(value, str) or isinstance(value, Digits):
            raise InputError(where, f"{shown(value)} is {kind(value)}; a text is needed, {need}")
        found = (alias or {}).get(value, str(value))
        if found not in words:
            raise InputError(where, f"{shown(value)} is not known; {need}{nearest(value[:60], words)}")
        return found

    return Kind(
        read=read, allowed=f"one of {listed(words)}", need=need, schema={"enum": [*words, *(alias or ())]}
    )


def line(allowed: str = "a text", *, folded: bool = False, integers: bool = False) -> Kind:
    """Return printable texts; if `folded`, line breaks become spaces; if `integers`, they stand for texts."""

    def read(value: Any, where: str) -> str:
        if integers and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or isinstance(value, Digits):
            raise found.refuse(value, where)
        plain = " ".join(value.split()) if folded else str(value)
        if not plain.isprintable():
            raise InputError(where, f"{shown(value)} has a character that cannot be printed; leave it out")
        return plain

    found = Kind(read=read, allowed=allowed, schema={"type": ["string", "integer"] if integers else "string"})
    return found


def items(each: Kind, allowed: str = "", *, least: int = 0, most: int | None = None) -> Kind:
    """Return lists of values, kept as tuples; arrays and other sequences are read too."""

    def read(value: Any, where: str) -> tuple[Any, ...]:
        try:
            values = list(None if isinstance(value, str | bytes | Mapping | set) else value)  # type: ignore[arg-type]
        except TypeError:
            hint = f", as [[{where.rpartition('.')[2]}]]" if isinstance(value, Mapping) else ""
            error = found.refuse(value, where)
            raise InputError(where, error.message + hint) from None
        if len(values) < least or (most is not None and len(values) > most):
            raise InputError(where, f"{shown(value)} has {len(values)} entries; {found.needed}")
        return tuple(each.read(entry, f"{where}[{k}]") for k, entry in enumerate(values))

    limits = {"minItems": least or None, "maxItems": most}
    found = Kind(
        read=read,
        write=lambda value: [each.write(entry) for entry in value],
        allowed=allowed or f"an array, each entry {each.allowed}",
        schema={"type": "array", "items": each.schema} | {k: n for k, n in limits.items() if n is not None},
        tables=each.tables,
    )
    return found


def by_party(each: Kind, *, spread: bool = False) -> Kind:
    """Return one value for each party, ``{ A = .., B = .. }`` or a list; kept as a tuple."""
    allowed = f"one value for each party, as {{ A = .., B = .. }} ({each.allowed})"
    in_order = items(each, allowed, least=1)

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            return in_order.read(value, where)
        letters = [chr(ord("A") + k) for k in range(len(value))]
        if not value or sorted(map(str, value)) != letters or len(value) > 26:
            named = shortened(listed(value)) or "nobody"
            raise InputError(where, f"{named}: parties are letters from A on, as {{ A = .., B = .. }}")
        return tuple(each.read(value[letter], f"{where}.{letter}") for letter in letters)

    table = {"type": "object", "patternProperties": {"^[A-Z]$": each.schema}, "additionalProperties": False}
    return Kind(
        read=read,
        write=lambda value: {chr(ord("A") + k): each.write(entry) for k, entry in enumerate(value)},
        allowed=allowed,
        schema=each.schema if spread else {"anyOf": [table | {"minProperties": 1}, in_order.schema]},
        tables=each.tables,
        keys=tuple(ascii_uppercase) if spread else (),
    )


def labelled(
    each: Kind, spelt: Callable[[Any], str], allowed: str, *, once: bool = False, least: int = 0
) -> Kind:
    """Return numbers by label, kept as pairs in the order of the labels.

    `spelt` brings a label to its one spelling, or raises ValueError. Numbers of a label that is spelt in
    two ways are added, or refused if `once`.
    """

    def read(value: Any, where: str) -> tuple[tuple[str, Any], ...]:
        pairs = value.items() if isinstance(value, Mapping) else value
        if isinstance(value, str | bytes) or not isinstance(pairs, Iterable):
            raise InputError(where, f"{shown(value)} is {kind(value)}; {allowed} is needed")
        found: dict[str, Any] = {}
        for label, entry in pairs:
            place = f'{where}."{shortened(str(label))}"'
            x = each.read(entry, place)
            with said_at(place):
                key = spelt(label)
            if key in found and once:
                raise InputError(place, "is given twice")
            found[key] = found[key] + x if key in found else x
        return tuple(sorted(found.items()))

    return Kind(
        read=read,
        write=lambda value: {label: each.write(entry) for label, entry in value},
        allowed=allowed,
        schema={"type": "object", "additionalProperties": each.schema, "minProperties": least},
    )


def or_file(held: Kind) -> Kind:
    """Return a value, or in a question file the name of another file, which is read in its place before."""

    def read(value: Any, where: str) -> Any:
        if isinstance(value, str) and value.endswith((".csv", ".json")):
            raise InputError(where, f"{shown(value)}: only questions in files name files; give the contents")
        return held.read(value, where)

    file = {"type": "string", "pattern": r"\.(csv|json)$"}
    schema = {"anyOf": [held.schema, file]}
    return Kind(read=read, write=held.write, allowed=held.allowed, schema=schema, tables=held.tables)


def either(
    allowed: str,
    *,
    text: Kind | None = None,
    items: Kind | None = None,
    table: Kind | None = None,
    number: Kind | None = None,
) -> Kind:
    """Return values of several shapes: each is read by the kind for its shape; numbers may be texts."""
    kinds = [each for each in (text, items, table, number) if each is not None]

    def chosen(value: Any) -> Kind | None:
        if isinstance(value, str) and not isinstance(value, Digits):
            return text or number
        if isinstance(value, Mapping | msgspec.Struct):
            return table
        several = hasattr(value, "__len__") and hasattr(value, "__iter__") and not isinstance(value, Digits)
        return items if items is not None and several else number

    def read(value: Any, where: str) -> Any:
        each = None if isinstance(value, bool) else chosen(value)
        if each is None:
            raise found.refuse(value, where)
        return each.read(value, where)

    found = Kind(
        read=read,
        write=lambda value: (chosen(value) or kinds[-1]).write(value),
        allowed=allowed,
        schema={"anyOf": [each.schema for each in kinds]},
        tables=tuple(table for each in kinds for table in each.tables),
    )
    return found
