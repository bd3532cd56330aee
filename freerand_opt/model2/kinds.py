"""What a field may hold: each kind of value is read, written, named in messages and put into schemas here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from freerand_opt.errors import InputError, nearest
from freerand_opt.model2.number import exact
from freerand_opt.model2.text import Digits, kind, listed, shortened, shown
from freerand_opt.numbers.exact import Real, compare, text

Schema = dict[str, Any]


class Kind(msgspec.Struct, frozen=True):
    """A kind of value; subclasses say what is read, and in words what is allowed."""

    def read(self, value: Any, where: str) -> Any:
        """Return a value in the one form that is kept; raise InputError at `where`."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """Return a value as a file holds it: a text, an integer, a truth value, a list or a dict."""
        return value

    def schema(self) -> Schema:
        """Return the JSON schema of a value in a file."""
        raise NotImplementedError

    @property
    def allowed(self) -> str:
        """Return in words what is allowed."""
        raise NotImplementedError

    @property
    def need(self) -> str:
        """Return the end of a message about a value that is missing or of another kind."""
        return f"{self.allowed} is needed"


class Number(Kind, frozen=True):
    """An exact number in a range; `below` is an end that does not belong to it, `words` may stand for it."""

    low: Fraction | int | None = None
    high: Fraction | int | None = None
    below: Fraction | None = None
    above: Fraction | None = None
    rational: bool = True
    whole: bool = False
    words: tuple[str, ...] = ()
    hint: str = ""

    def read(self, value: Any, where: str) -> Any:
        """Return a fraction (an integer if `whole`, an exact number unless `rational`), or a word."""
        if isinstance(value, str) and value in self.words:
            return str(value)
        found = exact(value, where)
        if self.rational and not isinstance(found, Fraction):
            raise InputError(where, f"{shown(value)} is irrational; {self.need}")
        out = (
            (self.low is not None and compare(found, Fraction(self.low)) < 0)
            or (self.above is not None and compare(found, self.above) <= 0)
            or (self.high is not None and compare(found, Fraction(self.high)) > 0)
            or (self.below is not None and compare(found, self.below) >= 0)
            or (self.whole and isinstance(found, Fraction) and found.denominator != 1)
        )
        if out:
            raise InputError(where, f"{shown(value)} is not {self.allowed}{self.hint}")
        return int(found) if self.whole and isinstance(found, Fraction) else found

    def write(self, value: Any) -> Any:
        """Return an integer, or the text of the number."""
        if isinstance(value, Real):
            return text(value)
        if isinstance(value, Fraction):
            return value.numerator if value.denominator == 1 else str(value)
        return value

    def schema(self) -> Schema:
        """Return a number or a text; the ends count for numbers alone."""
        found: Schema = {"type": ["number", "string"]}
        ends = {"minimum": self.low, "maximum": self.high}
        ends |= {"exclusiveMinimum": self.above, "exclusiveMaximum": self.below}
        return found | {key: _plain(end) for key, end in ends.items() if end is not None}

    @property
    def allowed(self) -> str:
        """Return the kind of number and its range."""
        name = "an integer" if self.whole else "a rational number" if self.rational else "a number"
        start = f"[{self.low}" if self.low is not None else f"({self.above}" if self.above is not None else ""
        end = f"{self.high}]" if self.high is not None else f"{self.below})" if self.below is not None else ""
        extent = f" in {start}, {end}" if start and end else f" from {self.low} on" if start else ""
        extent = f" above {self.above}" if not end and self.above is not None else extent
        return name + extent + "".join(f', or "{word}"' for word in self.words)


def _plain(end: Fraction | int) -> int | float:
    return int(end) if Fraction(end).denominator == 1 else float(end)


class Word(Kind, frozen=True):
    """One of a few words; an alias is kept as the word that it stands for."""

    words: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    def read(self, value: Any, where: str) -> str:
        """Return the word."""
        if not isinstance(value, str) or isinstance(value, Digits):
            raise InputError(where, f"{shown(value)} is {kind(value)}; a text is needed, {self.need}")
        found = dict(self.aliases).get(value, str(value))
        if found not in self.words:
            near = nearest(value[:60], self.words)
            raise InputError(where, f"{shown(value)} is not known; {self.need}{near}")
        return found

    def schema(self) -> Schema:
        """Return the words."""
        return {"enum": [*self.words, *(alias for alias, _ in self.aliases)]}

    @property
    def allowed(self) -> str:
        """Return the words."""
        return f"one of {listed(self.words)}"

    @property
    def need(self) -> str:
        """Return the words."""
        return f"allowed: {listed(self.words)}"


class Text(Kind, frozen=True):
    """A text of printable characters; with `lines` spaces and line breaks become single spaces."""

    needed: str = "a text"
    lines: bool = False
    integers: bool = False

    def read(self, value: Any, where: str) -> str:
        """Return the text."""
        if self.integers and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or isinstance(value, Digits):
            raise InputError(where, f"{shown(value)} is {kind(value)}; {self.need}")
        found = " ".join(value.split()) if self.lines else str(value)
        if not found.isprintable():
            raise InputError(where, f"{shown(value)} has a character that cannot be printed; leave it out")
        return found

    def schema(self) -> Schema:
        """Return a text."""
        return {"type": ["string", "integer"] if self.integers else "string"}

    @property
    def allowed(self) -> str:
        """Return what is needed."""
        return self.needed


class Items(Kind, frozen=True):
    """A list of values of one kind, kept as a tuple; `least` of them at least."""

    each: Kind
    least: int = 0
    needed: str = ""

    def read(self, value: Any, where: str) -> tuple[Any, ...]:
        """Return the values; lists, tuples, arrays and other sequences are read."""
        inner = None if isinstance(value, str | bytes | Mapping | set) else value
        try:
            values = list(inner)  # type: ignore[arg-type]
        except TypeError:
            hint = ", as [[" + where.rpartition(".")[2] + "]]" if isinstance(value, Mapping) else ""
            raise InputError(
                where, f"{shown(value)} is {kind(value)}; {self.need}{hint}"
            ) from None
        if len(values) < self.least:
            raise InputError(where, f"{shown(value)} has {len(values)} entries; {self.need}")
        return tuple(self.each.read(entry, f"{where}[{k}]") for k, entry in enumerate(values))

    def write(self, value: Any) -> Any:
        """Return a list."""
        return [self.each.write(entry) for entry in value]

    def schema(self) -> Schema:
        """Return an array."""
        found: Schema = {"type": "array", "items": self.each.schema()}
        return found | ({"minItems": self.least} if self.least else {})

    @property
    def allowed(self) -> str:
        """Return what is needed."""
        return self.needed or f"an array, each entry {self.each.allowed}"


class ByParty(Kind, frozen=True):
    """One value for each party, from A on: ``{ A = .., B = .. }`` or a list; kept as a tuple."""

    each: Kind
    spread: bool = False

    def read(self, value: Any, where: str) -> tuple[Any, ...]:
        """Return the values in the order of the parties."""
        if not isinstance(value, Mapping):
            return Items(self.each, 1, self.allowed).read(value, where)
        letters = [chr(ord("A") + k) for k in range(len(value))]
        if not value or sorted(map(str, value)) != letters or len(value) > 26:
            named = shortened(listed(value))
            raise InputError(
                where, f"{named or 'nobody'}: parties are letters from A on, as {{ A = .., B = .. }}"
            )
        return tuple(self.each.read(value[letter], f"{where}.{letter}") for letter in letters)

    def write(self, value: Any) -> Any:
        """Return a table by letters."""
        return {chr(ord("A") + k): self.each.write(entry) for k, entry in enumerate(value)}

    def takes(self, key: str) -> bool:
        """Return whether a key of the table around belongs here."""
        return len(key) == 1 and key.isascii() and key.isupper()

    def schema(self) -> Schema:
        """Return a table by letters, or an array."""
        table = {"type": "object", "patternProperties": {"^[A-Z]$": self.each.schema()}}
        table |= {"additionalProperties": False, "minProperties": 1}
        return {"anyOf": [table, {"type": "array", "minItems": 1, "items": self.each.schema()}]}

    @property
    def allowed(self) -> str:
        """Return what is needed."""
        return f"one value for each party, as {{ A = .., B = .. }} ({self.each.allowed})"


class Labelled(Kind, frozen=True):
    """Numbers by label, kept as sorted pairs; `spelt` brings a label to its one spelling, or raises ValueError.

    Numbers of labels that are spelt in two ways are added, or refused if `once`.
    """

    each: Number
    spelt: Callable[[Any], str]
    needed: str
    once: bool = False

    def read(self, value: Any, where: str) -> tuple[tuple[str, Any], ...]:
        """Return (label, number) pairs in the order of the labels."""
        pairs = value.items() if isinstance(value, Mapping) else value
        if isinstance(value, str | bytes) or not isinstance(pairs, Iterable):
            raise InputError(where, f"{shown(value)} is {kind(value)}; {self.need}")
        found: dict[str, Any] = {}
        for label, entry in pairs:
            place = f'{where}."{shortened(str(label))}"'
            number = self.each.read(entry, place)
            try:
                key = self.spelt(label)
            except ValueError as error:
                raise InputError(place, str(error)) from None
            if key in found and self.once:
                raise InputError(place, "is given twice")
            found[key] = found[key] + number if key in found else number
        return tuple(sorted(found.items()))

    def write(self, value: Any) -> Any:
        """Return a table."""
        return {label: self.each.write(entry) for label, entry in value}

    def schema(self) -> Schema:
        """Return a table of numbers."""
        return {"type": "object", "additionalProperties": self.each.schema()}

    @property
    def allowed(self) -> str:
        """Return what is needed."""
        return self.needed


class Either(Kind, frozen=True):
    """Values of several shapes: a text, a list, a table, else (or a number) the last kind that is given."""

    needed: str
    text: Kind | None = None
    items: Kind | None = None
    table: Kind | None = None
    number: Kind | None = None

    def _kind(self, value: Any) -> Kind | None:
        if isinstance(value, str) and not isinstance(value, Digits):
            return self.text or self.number
        if isinstance(value, Mapping) or isinstance(value, msgspec.Struct):
            return self.table
        if self.items is not None and hasattr(value, "__len__") and hasattr(value, "__iter__"):
            return self.items
        return self.number

    def read(self, value: Any, where: str) -> Any:
        """Return the value as the kind for its shape reads it."""
        chosen = None if isinstance(value, bool) else self._kind(value)
        if chosen is None:
            raise InputError(where, f"{shown(value)} is {kind(value)}; {self.need}")
        return chosen.read(value, where)

    def write(self, value: Any) -> Any:
        """Return the value as its kind writes it; a tuple is a table of pairs where no list is read."""
        pairs = isinstance(value, tuple) and self.items is None
        chosen = self.table if pairs else self._kind(value)
        assert chosen is not None
        return chosen.write(value)

    def schema(self) -> Schema:
        """Return the alternatives."""
        kinds = [k for k in (self.text, self.items, self.table, self.number) if k is not None]
        return {"anyOf": [k.schema() for k in kinds]}

    @property
    def allowed(self) -> str:
        """Return what is needed."""
        return self.needed
