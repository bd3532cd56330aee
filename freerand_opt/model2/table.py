"""The base of all tables of a question: frozen, read field by field, with one error for each mistake.

A subclass lists its fields as ``name: Annotated[type, Kind, "what it is"]``; constructors, dicts, TOML, JSON
schema, messages, help and the field reference come from that. A field's value may be given to the constructor
in any form in which a file could hold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, TypeVar, get_args

import msgspec
from msgspec.structs import FieldInfo, force_setattr

from freerand_opt.errors import InputError, nearest
from freerand_opt.model2.kinds import Kind, Schema
from freerand_opt.model2.text import kind, listed, shortened, shown

T = TypeVar("T", bound="Table")


class Field(msgspec.Struct, frozen=True):
    """A field of a table: its name in Python, its key in files, what it holds and what that means."""

    name: str
    key: str
    kind: Kind
    words: str
    required: bool
    default: Any

    @property
    def spread(self) -> bool:
        """Return whether the keys of the field's own table stand in the table around it."""
        return bool(getattr(self.kind, "spread", False))


@lru_cache(maxsize=256)
def fields(cls: type[Table]) -> tuple[Field, ...]:
    """Return the fields of a table in order."""
    return tuple(_field(info) for info in msgspec.structs.fields(cls))


def _field(info: FieldInfo) -> Field:
    _, held, words = get_args(info.type)
    made = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
    return Field(info.name, info.encode_name, held, words, info.required, made)


class TableMeta(msgspec.StructMeta):
    """Constructors of tables: missing and unknown fields are one clear error."""

    def __call__(cls, *args: Any, **given: Any) -> Any:
        """Return the table; raise InputError for what it cannot be."""
        # mypy does not see that cls is a type of Table
        return super().__call__(**_bound(cls, args, given))  # type: ignore[arg-type]


def _bound(cls: type[Table], args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments by name, the keys of spread fields gathered."""
    known, where = fields(cls), cls.__name__
    if len(args) > min(cls.positional, len(known)):
        first = listed(field.name for field in known[: cls.positional])
        raise InputError(where, f"{len(args)} values without a name; only {first or 'none'} may go without")
    found = {field.name: value for field, value in zip(known, args, strict=False)}
    names = {field.name: field.name for field in known} | {field.key: field.name for field in known}
    spread = next((field for field in known if field.spread), None)
    gathered: dict[str, Any] = {}
    unknown = []
    for key, value in given.items():
        name = names.get(key)
        if name and value is None:  # as if it were left out
            continue
        if spread is not None and spread.kind.takes(key) and not (name and _whole(value)):  # type: ignore[attr-defined]
            gathered[key] = value
        elif name is None:
            unknown.append(key)
        elif name in found:
            raise InputError(f"{where}.{key}", "is given twice, with its name and without")
        else:
            found[name] = value
    if spread is not None and gathered:
        found[spread.name] = _opened(spread.kind, found.get(spread.name)) | gathered
    _complete(cls, found, unknown)
    return found


def _whole(value: Any) -> bool:
    return isinstance(value, Table | tuple | list | Mapping)


def _opened(held: Kind, value: Any) -> dict[str, Any]:
    """Return the keys of a spread field that was given as a whole."""
    if isinstance(value, Table):
        return value.to_dict()
    short = (cls.short(value) for cls in held.tables) if isinstance(held, Inner) and value is not None else ()
    return next((found for found in short if found), {})


def _complete(cls: type[Table], found: dict[str, Any], unknown: list[str]) -> None:
    """Raise InputError for required fields that are missing and for keys that are unknown."""
    where = cls.__name__
    for field in fields(cls):
        if field.required and found.get(field.name) is None:
            near = nearest(field.key, unknown).replace("did you mean", "did you write")
            place = where if field.spread else f"{where}.{field.key}"
            raise InputError(place, f"is missing; {field.kind.need}{near}")
    if unknown:
        keys = sorted(cls.keys())
        near = nearest(unknown[0][:60], keys)
        place = f"{where}.{shortened(unknown[0]) or repr('')}"
        raise InputError(place, f"unknown key; allowed here: {listed(keys)}{near}")


class Table(msgspec.Struct, metaclass=TableMeta, frozen=True, dict=True):
    """A table of a question."""

    #: How many fields may be given without their names.
    positional: ClassVar[int] = 2
    #: What the table is called in files, where it is one of several.
    family: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Bring every field to the form that is kept; raise InputError for what is not allowed."""
        for field in fields(type(self)):
            value = getattr(self, field.name)
            if value is not None and (field.required or value is not field.default):
                where = type(self).__name__ + ("" if field.spread else f".{field.key}")
                force_setattr(self, field.name, field.kind.read(value, where))
        self.check()

    def check(self) -> None:
        """Raise InputError for fields that do not go together."""

    def fault(self, key: str, message: str) -> InputError:
        """Return an error about a key of this table."""
        return InputError(f"{type(self).__name__}.{key}" if key else type(self).__name__, message)

    @classmethod
    def keys(cls) -> Iterable[str]:
        """Return the keys that a file may give."""
        for field in fields(cls):
            if not field.spread:
                yield field.key
            elif isinstance(field.kind, Inner):
                yield from (key for table in field.kind.tables for key in table.keys())  # noqa: SIM118
            else:
                yield from "AB"
        if cls.__struct_config__.tag_field:
            yield cls.__struct_config__.tag_field

    @classmethod
    def short(cls, value: Any) -> dict[str, Any] | None:
        """Return the fields that a value stands for where a table of this class is needed, or None."""
        return None

    @classmethod
    def from_dict(cls: type[T], table: Mapping[str, Any], where: str = "") -> T:
        """Return the table that a dict describes; raise InputError with key paths below `where`.

        >>> from freerand_opt.model2 import SanthaVazirani
        >>> SanthaVazirani.from_dict({"epsilon": "1/50"})
        SanthaVazirani(epsilon='1/50')
        """
        tag = cls.__struct_config__.tag_field
        given = {str(key): value for key, value in table.items() if key != tag}
        try:
            return cls(**given)
        except InputError as error:
            raise rooted(error, cls.__name__, where) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a file would hold it; fields that have their default are left out."""
        config, found = self.__struct_config__, {}
        if config.tag_field:
            found[config.tag_field] = config.tag
        for field in fields(type(self)):
            value = getattr(self, field.name)
            if value is None or (not field.required and value == field.default):
                continue
            written = field.kind.write(value)
            found.update(written if field.spread else {field.key: written})
        return found

    def changed(self: T, **values: Any) -> T:
        """Return the table with other values of some fields."""
        own = {field.name: getattr(self, field.name) for field in fields(type(self))}
        return type(self)(**(own | values))

    def __reduce__(self) -> Any:
        return _rebuilt, (type(self), {field.name: getattr(self, field.name) for field in fields(type(self))})

    def __repr__(self) -> str:
        parts = []
        for field in fields(type(self)):
            value = getattr(self, field.name)
            if field.required or value != field.default:
                plain = str(value) if isinstance(value, Fraction) else value
                parts.append(f"{field.name}={plain!r}")
        return f"{type(self).__name__}({listed(parts)})"


def _rebuilt(cls: type[Table], values: dict[str, Any]) -> Table:
    return cls(**values)


def rooted(error: InputError, name: str, where: str) -> InputError:
    """Return an error of a constructor with the path of its table in place of the class's name."""
    if error.where != name and not error.where.startswith((f"{name}.", f"{name}[")):
        return error
    rest = error.where[len(name) :]
    return InputError(f"{where}{rest}" if where else rest.removeprefix("."), error.message)


class Inner(Kind, frozen=True):
    """A table within a table: one of `tables`, told apart by a key `tag` or by the first key of each."""

    tables: tuple[type[Table], ...]
    needed: str
    tag: str = ""
    spread: bool = False

    def choose(self, table: Mapping[str, Any], where: str) -> type[Table]:
        """Return the class of a table; raise InputError for a tag that none has."""
        if not self.tag:
            marked = (cls for cls in self.tables[1:] if fields(cls)[0].key in table)
            return next(marked, self.tables[0])
        known = {cls.__struct_config__.tag: cls for cls in self.tables}
        words = [str(word) for word in known if word]
        if self.tag not in table:
            if None in known:
                return known[None]
            near = nearest(self.tag, map(str, table)).replace("did you mean", "did you write")
            raise InputError(f"{where}.{self.tag}", f"is missing; allowed: {listed(words)}{near}")
        value = table[self.tag]
        if not isinstance(value, str) or value not in words:
            near = nearest(str(value)[:60], words)
            raise InputError(f"{where}.{self.tag}", f"{shown(value)} is not known; allowed: {listed(words)}{near}")
        return known[str(value)]

    def read(self, value: Any, where: str) -> Table:
        """Return a table of one of the classes."""
        if isinstance(value, self.tables):
            return value
        for cls in self.tables:
            value = cls.short(value) or value
        if not isinstance(value, Mapping):
            raise InputError(where, f"{shown(value)} is {kind(value)}; {self.need}")
        return self.choose(value, where).from_dict(value, where)

    def write(self, value: Any) -> Any:
        """Return the table as a dict."""
        return value.to_dict()

    def takes(self, key: str) -> bool:
        """Return whether a key of the table around belongs here."""
        return any(key in table.keys() for table in self.tables)  # noqa: SIM118

    def schema(self) -> Schema:
        """Return a reference to the schemas of the classes."""
        found: list[Schema] = [{"$ref": f"#/$defs/{cls.__name__}"} for cls in self.tables]
        return found[0] if len(found) == 1 else {"anyOf": found}

    @property
    def allowed(self) -> str:
        """Return what is needed."""
        return self.needed
