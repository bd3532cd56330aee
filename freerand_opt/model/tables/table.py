"""The base of all tables of a question: frozen, read field by field, with one error for each mistake.

A subclass lists its fields as ``name: Annotated[type, Kind, "what it is"]``; constructors, dicts, TOML, JSON
schema, messages, help and the field reference come from that. A field's value may be given to the constructor
in any form in which a file could hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, TypeVar, cast, dataclass_transform, get_args

import msgspec
from msgspec.structs import FieldInfo, force_setattr

from freerand_opt.errors import InputError
from freerand_opt.model.tables.kinds import Kind, Schema
from freerand_opt.model.tables.text import listed, nearest, shortened, shown
from freerand_opt.numbers.exact import UndecidedError

T = TypeVar("T", bound="Table")


class Field(msgspec.Struct, frozen=True):
    """A field: its name in Python, its key in files, its kind and meaning, whether it must be given."""

    name: str
    key: str
    kind: Kind
    words: str
    required: bool
    default: Any

    @property
    def spread(self) -> bool:
        """Return whether the keys of the field's own table stand in the table around it."""
        return bool(self.kind.keys)

    @property
    def by_letter(self) -> bool:
        """Return whether these keys are the letters of parties."""
        return self.kind.keys[:1] == ("A",)


@lru_cache(maxsize=256)
def fields(cls: type[Table]) -> tuple[Field, ...]:
    """Return the fields of a table in order."""
    return tuple(_field(info) for info in msgspec.structs.fields(cls))


def _field(info: FieldInfo) -> Field:
    _, kind, words = get_args(info.type)
    made = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
    return Field(info.name, info.encode_name, kind, words, info.required, made)


class _Meta(msgspec.StructMeta):
    """Constructors of tables: missing and unknown fields are one clear error."""

    def __call__(cls, *args: Any, **given: Any) -> Any:
        found = _bound(cast("type[Table]", cls), args, given)
        return super().__call__(**found)


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
        whole = name is not None and isinstance(value, Table | tuple | list | Mapping)
        if name is not None and value is None:  # as if it were left out
            continue
        if spread is not None and key in spread.kind.keys and not whole:
            gathered[key] = value
        elif name is None:
            unknown.append(key)
        elif name in found:
            raise InputError(f"{where}.{key}", "is given twice, with its name and without")
        else:
            found[name] = value
    if spread is not None and gathered:
        given_whole = found.get(spread.name)
        opened = _opened(spread.kind, given_whole)
        if both := () if isinstance(given_whole, Table) else opened.keys() & gathered.keys():
            raise InputError(f"{where}.{min(both)}", f"is given twice, also by {spread.name}")
        found[spread.name] = opened | gathered
    _complete(cls, found, unknown)
    return found


def _opened(kind: Kind, value: Any) -> dict[str, Any]:
    """Return the keys of a spread field that was given as a whole."""
    if isinstance(value, Table):
        return value.to_dict()
    short = (cls.short(value) for cls in kind.tables) if value is not None else ()
    return next((found for found in short if found), dict(value) if isinstance(value, Mapping) else {})


def _complete(cls: type[Table], found: dict[str, Any], unknown: list[str]) -> None:
    """Raise InputError for required fields that are missing and for keys that are unknown."""
    for field in fields(cls):
        if field.required and found.get(field.name) is None:
            near = nearest(field.key, unknown).replace("did you mean", "did you write")
            place = cls.__name__ if field.spread else f"{cls.__name__}.{field.key}"
            raise InputError(place, f"is missing; {field.kind.needed}{near}")
    if unknown:
        raise _unknown(cls, unknown[0])


def _unknown(cls: type[Table], key: str) -> InputError:
    keys = sorted(cls.key_names())
    place = f"{cls.__name__}.{shortened(key) or repr('')}"
    return InputError(place, f"unknown key; allowed here: {listed(keys)}{nearest(key[:60], keys)}")


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Table(msgspec.Struct, metaclass=_Meta, frozen=True, dict=True):
    """A table of a question."""

    #: How many fields may be given without their names.
    positional: ClassVar[int] = 2
    #: What the JSON schema says of several fields at once.
    rules: ClassVar[Schema] = {}

    def __post_init__(self) -> None:
        """Bring every field to the form that is kept; raise InputError for what is not allowed."""
        where = type(self).__name__
        try:
            for field in fields(type(self)):
                value = getattr(self, field.name)
                where = type(self).__name__ + ("" if field.spread else f".{field.key}")
                if value is not None and (field.required or value is not field.default):
                    force_setattr(self, field.name, field.kind.read(value, where))
            where = type(self).__name__
            self.check()
        except UndecidedError as error:
            raise InputError(where, f"{error}; write the numbers in another form, or as fractions") from None

    def check(self) -> None:
        """Raise InputError for fields that do not go together."""

    def fault(self, key: str, message: str) -> InputError:
        """Return an error about a key of this table."""
        return InputError(f"{type(self).__name__}.{key}" if key else type(self).__name__, message)

    @classmethod
    def tag(cls) -> dict[str, str]:
        """Return the key and word by which files tell the table from others, {} if they do not."""
        config = cls.__struct_config__
        return {config.tag_field: str(config.tag)} if config.tag_field else {}

    @classmethod
    def key_names(cls) -> Iterator[str]:
        """Return the keys that a file may give."""
        yield from cls.tag()
        for field in fields(cls):
            if not field.spread:
                yield field.key
            else:
                yield from field.kind.keys

    @classmethod
    def short(cls, value: Any) -> dict[str, Any] | None:
        """Return the fields that a value stands for where a table of this class is needed, or None."""
        return None

    @classmethod
    def from_dict(cls: type[T], table: Mapping[str, Any], where: str = "") -> T:
        """Return the table that a dict with a file's keys describes; InputError with key paths below `where`.

        >>> from freerand_opt.model import SanthaVazirani
        >>> SanthaVazirani.from_dict({"epsilon": "1/50"})
        SanthaVazirani(epsilon='1/50')
        """
        own = cls.tag()
        try:
            for field in fields(cls):
                if field.name in table and (field.by_letter or field.name != field.key):
                    raise _unknown(cls, field.name)
            return cls(**{str(key): value for key, value in table.items() if key not in own})
        except InputError as error:
            raise rooted(error, cls.__name__, where) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a file would hold it; fields that have their default are left out."""
        found: dict[str, Any] = dict(self.tag())
        for field in fields(type(self)):
            value = getattr(self, field.name)
            if value is not None and (field.required or value != field.default):
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
        held = ((field, getattr(self, field.name)) for field in fields(type(self)))
        given = ((field, value) for field, value in held if field.required or value != field.default)
        parts = (f"{field.name}={str(x) if isinstance(x, Fraction) else x!r}" for field, x in given)
        return f"{type(self).__name__}({listed(parts)})"


def _rebuilt(cls: type[Table], values: dict[str, Any]) -> Table:
    return cls(**values)


def rooted(error: InputError, name: str, where: str) -> InputError:
    """Return an error of a constructor with the path of its table in place of the class's name."""
    if error.where != name and not error.where.startswith((f"{name}.", f"{name}[")):
        return error
    rest = error.where[len(name) :]
    return InputError(f"{where}{rest}" if where else rest.removeprefix("."), error.message)


def table(
    *classes: type[Table], allowed: str, tag: str = "", base: type[Table] | None = None, spread: bool = False
) -> Kind:
    """Return a table within a table: one of several, told apart by `tag` or by the first key of each.

    In Python any table of the class `base` may be given.
    """

    def read(value: Any, where: str) -> Table:
        if isinstance(value, base or classes):
            return value
        for cls in classes:
            value = cls.short(value) or value
        if not isinstance(value, Mapping):
            raise found.refuse(value, where)
        return chosen(classes, tag, value, where).from_dict(value, where)

    refs: list[Schema] = [{"$ref": f"#/$defs/{cls.__name__}"} for cls in classes]
    found = Kind(
        read=read,
        write=lambda value: value.to_dict(),
        allowed=allowed,
        schema=refs[0] if len(refs) == 1 else {"anyOf": refs},
        tables=classes,
        keys=tuple(key for cls in classes for key in cls.key_names()) if spread else (),
    )
    return found


def _keys_named(word: str, known: Mapping[str, type[Table]]) -> str:
    """Return that a word is a key of one of the tables, or nothing."""
    parts = {word, *word.split("-")}
    found = ((key, name) for name, cls in known.items() if name for key in cls.key_names() if key in parts)
    key, name = next(found, ("", ""))
    return key and f"; {key} is a key of {name!r}"


def chosen(classes: tuple[type[Table], ...], tag: str, table: Mapping[str, Any], where: str) -> type[Table]:
    """Return the class of a table; raise InputError for a tag that none has.

    Without a tag the first key of a class marks it; the first class is that of tables without such a mark.
    """
    if not tag:
        return next((cls for cls in classes[1:] if next(cls.key_names()) in table), classes[0])
    known = {cls.tag().get(tag, ""): cls for cls in classes}
    words = [word for word in known if word]
    value = table.get(tag, "")
    if tag not in table and "" not in known:
        near = nearest(tag, map(str, table)).replace("did you mean", "did you write")
        raise InputError(f"{where}.{tag}", f"is missing; allowed: {listed(words)}{near}")
    if not isinstance(value, str) or value not in known or (tag in table and not value):
        near = nearest(str(value)[:60], words) or _keys_named(str(value), known)
        raise InputError(f"{where}.{tag}", f"{shown(value)} is not known; allowed: {listed(words)}{near}")
    return known[value]
