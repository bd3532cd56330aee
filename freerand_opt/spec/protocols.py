"""Protocol files (TOML): a protocol, its source and devices, and how it is sampled."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.protocol import (
    HOLDS,
    ROUTES,
    SELECTIONS,
    BitSource,
    Devices,
    HeldBits,
    Protocol,
    ReplayedBits,
    Sampling,
    UniformBits,
    floor_power,
)
from freerand_opt.model.source import BIT_ORDERS
from freerand_opt.spec.fields import Decimal, Fields, contents, kind, require_printable, shown
from freerand_opt.spec.file import MAX_BYTES, merged
from freerand_opt.spec.grids import grid

VARIANTS = ("as-written", "repaired")
KINDS = ("uniform", "santha-vazirani", "replayed")
ORDERS = ("interleaved", "A first", "B first")
HONEST = ("quantum", "zero-error")
FORMS = ("text", "bytes")
HEADER = ("schema", "title", "reference", "instances", "grid")
MAX_CASES = 1000
MOST_ROUNDS = 2**62


@dataclass(frozen=True)
class Case:
    """One protocol of a file, by name, and how it is sampled."""

    name: str
    protocol: Protocol
    sampling: Sampling


@dataclass(frozen=True)
class ProtocolFile:
    """A file's title, and its cases in order."""

    path: Path
    title: str
    cases: tuple[Case, ...]


def read_protocol(path: str | Path, overrides: Mapping[str, str] | None = None) -> ProtocolFile:
    """Read a protocol file; raise InputError naming file, key path, what was read and what is allowed.

    `overrides` maps field paths (``source.epsilon``) to texts: a value, ``a:b:step`` or ``a,b,c``.
    """
    path = Path(path)
    try:
        raw = _load(path)
        return _file(path, raw, overrides or {})
    except InputError as error:
        raise error.within(str(path)) from None


def _load(path: Path) -> dict[str, Any]:
    body = contents(path, "", MAX_BYTES, "a protocol needs a few lines")
    try:
        raw = tomllib.loads(body, parse_float=lambda digits: Decimal(digits.replace("_", "")))
    except RecursionError:
        raise InputError("", "is nested too deeply") from None
    except ValueError as error:
        raise InputError(
            "", f"is not TOML: {error}. A protocol is a TOML file (see docs/simulation.md)"
        ) from None
    if "protocol" not in raw:
        also = ", and this is a question: `freerand bound` answers it" if "scenario" in raw else ""
        raise InputError("", f"has no table protocol; [protocol] with N and m is needed{also}")
    require_printable(raw)
    return raw


def _file(path: Path, raw: dict[str, Any], overrides: Mapping[str, str]) -> ProtocolFile:
    root = Fields(raw, "")
    schema = root.get("schema", int, 1)
    if schema != 1:
        raise root.fail("schema", f"{schema} is not known to this version; allowed: 1")
    title = root.get("title", str, path.stem)
    root.get("reference", dict)
    root.get("grid", dict)
    base = {key: value for key, value in raw.items() if key == "grid" or key not in HEADER}
    found: list[Case] = []
    for place, variant in enumerate([{}, *root.get("instances", list, [])]):
        where = f"instances[{place - 1}]" if place else ""
        if not isinstance(variant, dict):
            raise InputError(
                where, f"{shown(variant)} is {kind(variant)}; a table is needed, as [[instances]]"
            )
        try:
            name = Fields(variant, "").get("name", str, required=True) if place else ""
            body = merged(base, {key: value for key, value in variant.items() if key != "name"})
            made = grid(body, overrides)
            if made.size > MAX_CASES - len(found):
                raise InputError("grid", f"{made.size} more cases; a file has at most {MAX_CASES}")
            for cell in map(made.cell, range(made.size)):
                protocol, sampling = _case(Fields(cell.body, ""), path.parent)
                found.append(Case(" ".join(word for word in (name, cell.label) if word), protocol, sampling))
        except InputError as error:
            raise (error.within(where) if place else error) from None
    return ProtocolFile(path, title, tuple(found))


def _case(root: Fields, folder: Path) -> tuple[Protocol, Sampling]:
    root.get("grid", dict)
    source = _source(_table(root, "source"), folder)
    devices = _devices(_table(root, "devices"))
    selection = _table(root, "selection")
    model = selection.choice("model", SELECTIONS, "common-cause")
    selection.done()
    protocol = _protocol(_table(root, "protocol"), source, devices, model)
    sampling = _sampling(_table(root, "sampling"), isinstance(source, ReplayedBits))
    root.done()
    return protocol, sampling


def _table(root: Fields, key: str) -> Fields:
    return root.table_at(key) or Fields({}, key)


def _whole(fields: Fields, key: str, low: int, high: int, default: int | None = None) -> int | None:
    value = fields.get(key, int, default)
    if value is not None and not low <= value <= high:
        raise fields.fail(key, f"{value} is not in [{low}, {high}]")
    return value  # type: ignore[no-any-return]


def _power(fields: Fields, key: str, whole: str, size: int, high: int) -> tuple[int, Fraction | None]:
    """Return a number of rounds given as such, or as floor(N^exponent), with the exponent."""
    exponent, count = fields.fraction(key), fields.get(whole, int)
    if (exponent is None) == (count is None):
        raise fields.fail(key, f"one of {key} (the number is floor(N^{key})) and {whole} is needed")
    if exponent is not None:
        if not 0 < exponent <= 6 or exponent.denominator > 1000:
            raise fields.fail(key, f"{exponent} is not a fraction in (0, 6] with denominator up to 1000")
        count = floor_power(size, exponent)
    if not 1 <= count <= high:
        raise fields.fail(whole if exponent is None else key, f"gives {count}, which is not in [1, {high}]")
    return count, exponent


def _protocol(fields: Fields, source: BitSource, devices: Devices, model: str) -> Protocol:
    size = fields.get("N", int, required=True)
    if not 2 <= size <= 2**30 or size & (size - 1):
        raise fields.fail("N", f"{size} is no power of two from 2 to 2^30 (log2 N bits choose a setting)")
    limit = fields.fraction("i", Fraction(1, 100))
    assert limit is not None
    if not 0 < limit <= 2:
        raise fields.fail("i", f"{limit} is not in (0, 2]; I* = 2 N^-i is the limit of the analysis")
    tests = None
    if fields.choice("variant", VARIANTS, "as-written") == "as-written":
        for key in ("l", "tests"):
            if fields.has(key):
                raise fields.fail(key, 'is for variant = "repaired"; as written all rounds of T are tested')
        rounds, exponent = _power(fields, "m", "rounds", size, MOST_ROUNDS)
    else:
        if fields.has("m"):
            raise fields.fail("m", 'is for variant = "as-written"; give l or tests, and rounds if you like')
        tests, exponent = _power(fields, "l", "tests", size, MOST_ROUNDS // 2**40)
        rounds = _repaired_rounds(fields, source, size, tests)
    fields.done()
    return Protocol(size, rounds, tests, exponent, limit, source, devices, model)


def _repaired_rounds(fields: Fields, source: BitSource, size: int, tests: int) -> int:
    """Return the rounds as given, or four times the mean number until L tests for the worst source."""
    given = _whole(fields, "rounds", tests, MOST_ROUNDS)
    if given is not None:
        return given
    if isinstance(source, ReplayedBits):
        raise fields.fail("rounds", "is missing; nothing is known of replayed bits, so say how many rounds")
    epsilon = source.epsilon if isinstance(source, HeldBits) else Fraction(0)
    return ceil(2 * tests * size / (1 - 2 * epsilon) ** (size.bit_length() - 2))


def _source(fields: Fields, folder: Path) -> BitSource:
    found: BitSource = UniformBits()
    name = fields.choice("kind", KINDS, "uniform")
    if name != "uniform":
        order = fields.choice("order", ORDERS, "interleaved")
        bits = fields.choice("bits", BIT_ORDERS, "least-significant-first")
    if name == "santha-vazirani":
        epsilon = fields.fraction("epsilon", required=True)
        assert epsilon is not None
        if not 0 <= epsilon < Fraction(1, 2):
            raise fields.fail(
                "epsilon",
                f"{epsilon} is not in [0, 1/2) (each bit then has probability in "
                "[1/2 - epsilon, 1/2 + epsilon]; 0 is perfect)",
            )
        found = HeldBits(epsilon, fields.choice("hold", HOLDS), order, bits)
    elif name == "replayed":
        path = fields.get("file", str, required=True)
        form = fields.choice("form", FORMS, "text")
        found = ReplayedBits(folder / path, "text" if form == "text" else "bytes", order, bits)
    fields.done()
    return found


def _devices(fields: Fields) -> Devices:
    honest = fields.choice("honest", HONEST, "quantum")
    fraction = fields.fraction("fraction", Fraction(0))
    first = _whole(fields, "first", 0, 2**40, 0)
    assert fraction is not None
    assert first is not None
    if not 0 <= fraction <= 1:
        raise fields.fail("fraction", f"{fraction} is not in [0, 1], the share of deterministic rounds")
    if fraction and first:
        raise fields.fail("first", "and fraction are two ways to be deterministic; leave one out")
    fields.done()
    return Devices("quantum" if honest == "quantum" else "zero-error", fraction, first)


def _sampling(fields: Fields, replayed: bool) -> Sampling:
    runs = _whole(fields, "runs", 1, 10**9, 1000)
    seed = _whole(fields, "seed", 0, 2**63, 1)
    route = fields.choice("route", ROUTES, "rounds" if replayed else "counts")
    confidence = fields.fraction("confidence", Fraction(99, 100))
    fields.done()
    assert runs is not None
    assert seed is not None
    assert confidence is not None
    if not Fraction(1, 2) <= confidence < 1:
        raise fields.fail("confidence", f"{confidence} is not in [1/2, 1)")
    return Sampling(runs, seed, route, confidence)
