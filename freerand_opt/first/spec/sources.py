"""The table `source`: who chooses the settings, and what the adversary may do to them."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.errors import InputError
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import (
    BIT_ORDERS,
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Source,
    Uniform,
)
from freerand_opt.first.programs.simplex import best_point
from freerand_opt.first.spec.fields import Fields, number, shown
from freerand_opt.first.spec.fields import kind as named

SOURCES = (
    "uniform",
    "santha-vazirani",
    "mutual",
    "independent",
    "mixture",
    "measurement-dependence",
    "min-entropy",
    "inequalities",
)
PARTY_SOURCES = ("uniform", "santha-vazirani")
RELATIONS = ("<=", ">=")
MAX_BITS = 20


def source(fields: Fields, scenario: Scenario) -> Source:
    """Return the source that a table describes; raise InputError for one that is empty or impossible."""
    kind = fields.choice("kind", SOURCES)
    found: Source
    if kind == "uniform":
        found = Uniform()
    elif kind == "santha-vazirani":
        orders = ("interleaved", *(f"{letter} first" for letter in scenario.parties))
        found = SanthaVazirani(
            _epsilon(fields), fields.choice("order", orders, "interleaved"), _encoding(fields, scenario)
        )
    elif kind == "mutual":
        found = Mutual(_epsilon(fields), _encoding(fields, scenario))
    elif kind == "independent":
        part = SanthaVazirani(_epsilon(fields), "interleaved", _encoding(fields, scenario))
        found = PerParty((part,) * len(scenario.settings))
    elif kind == "mixture":
        found = PerParty(tuple(_party(fields, letter, scenario) for letter in scenario.parties))
    elif kind == "inequalities":
        found = _rows(fields, scenario)
    else:
        found = _bounds(fields, kind, scenario)
    fields.done()
    return found


def _epsilon(fields: Fields) -> Fraction:
    epsilon = fields.fraction("epsilon", required=True)
    assert epsilon is not None
    if not 0 <= epsilon < Fraction(1, 2):
        raise fields.fail(
            "epsilon",
            f"{epsilon} is not in [0, 1/2) (each bit then has probability in "
            "[1/2 - epsilon, 1/2 + epsilon]; 0 is perfect)",
        )
    return epsilon


def _encoding(fields: Fields, scenario: Scenario) -> str:
    bits = fields.choice("bits", BIT_ORDERS, "most-significant-first")
    for letter, size in zip(scenario.parties, scenario.settings, strict=True):
        if size & (size - 1):
            raise InputError(
                "scenario",
                f"party {letter} has {size} settings, which is no power of two; this source "
                'chooses them by bits. Use 2, 4, 8, .. settings or source.kind = "uniform"',
            )
    if sum(size.bit_length() - 1 for size in scenario.settings) > MAX_BITS:
        raise InputError("scenario", f"more than {MAX_BITS} bits choose the settings; use fewer settings")
    return bits


def _party(fields: Fields, letter: str, scenario: Scenario) -> Uniform | SanthaVazirani:
    table = fields.table_at(letter, required=True)
    assert table is not None
    size = scenario.settings[scenario.parties.index(letter)]
    if table.choice("kind", PARTY_SOURCES) == "uniform":
        table.done()
        return Uniform()
    part = SanthaVazirani(_epsilon(table), "interleaved", _encoding(table, Scenario((size,), (1,))))
    table.done()
    return part


def _bounds(fields: Fields, kind: str, scenario: Scenario) -> MeasurementDependence:
    """Read lower and upper bounds on P(s|w), or min-entropy in bits of the joint setting."""
    settings = scenario.shape[1]
    if kind == "min-entropy":
        bits = fields.number("bits", required=True)
        most = settings.bit_length() - 1
        if not isinstance(bits, Fraction) or bits.denominator != 1 or not 0 <= bits <= most:
            raise fields.fail(
                "bits",
                f"{bits} is no integer from 0 to {most} ({settings} joint settings have no more); for other "
                'min-entropies give kind = "measurement-dependence" with upper = 2^-bits as a fraction',
            )
        return MeasurementDependence(Fraction(0), Fraction(1, 2 ** int(bits)))
    lower = fields.fraction("lower", Fraction(0))
    upper = fields.fraction("upper", Fraction(1))
    assert lower is not None
    assert upper is not None
    even = Fraction(1, settings)
    for key, value, low, high in (("lower", lower, Fraction(0), even), ("upper", upper, even, Fraction(1))):
        if not low <= value <= high:
            raise fields.fail(
                key,
                f"{value} is not in [{low}, {high}]; 0 <= lower <= 1/{settings} <= upper <= 1 is needed, "
                f"or no distribution of {settings} joint settings obeys lower <= P(s|w) <= upper",
            )
    return MeasurementDependence(lower, upper)


def _rows(fields: Fields, scenario: Scenario) -> Inequalities:
    """Read rows = [{ terms = { "00" = 1 }, relation = "<=", bound = "1/3" }, ..] on P(s|w)."""
    labels = {scenario.setting_label(s): s for s in range(scenario.shape[1])}
    found = []
    for place, table in enumerate(fields.get("rows", list, required=True)):
        path = f"{fields.at('rows')}[{place}]"
        if not isinstance(table, dict):
            words = f"{shown(table)} is {named(table)}"
            raise InputError(path, f"{words}; a table with terms, relation and bound is needed")
        row = Fields(table, path)
        sign = 1 if row.choice("relation", RELATIONS, "<=") == "<=" else -1
        limit = row.fraction("bound", required=True)
        terms = []
        for label, entry in row.get("terms", dict, required=True).items():
            spot = row.at(f"terms.{shown(label)}")
            if label not in labels:
                raise InputError(spot, f"is no joint setting; they are written as {next(iter(labels))}")
            factor = number(entry, spot)
            if not isinstance(factor, Fraction):
                raise InputError(spot, f"{factor} is irrational; a rational number is needed")
            terms.append((labels[label], sign * factor))
        row.done()
        assert limit is not None
        found.append((tuple(terms), sign * limit))
    settings = len(labels)
    if (
        best_point([(dict(row), bound) for row, bound in found], Fraction(1), [Fraction(0)] * settings)
        is None
    ):
        raise fields.fail("rows", "no distribution P(s|w) obeys all of them; weaken a bound")
    return Inequalities(tuple(found))
