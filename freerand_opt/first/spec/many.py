"""Questions about GHZ relations of many parties, which are never written out probability by probability."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from freerand_opt.first.model.question import GUESSES, Adversary, Ask, GhzTest, Question
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import SanthaVazirani, Source, Uniform
from freerand_opt.first.spec.fields import Fields, shown
from freerand_opt.first.spec.outputs import biased_parties, party_output

#: Up to so many parties a question is written out in full, where nothing else is asked for.
WRITTEN_OUT = 5
#: Up to so many parties questions of other kinds can be written out.
MOST_WRITTEN_OUT = 8
SOURCES = ("uniform", "santha-vazirani")
SUM = "sum-of-biases"


def by_orbits(table: Mapping[str, Any], scenario: Scenario) -> bool:
    """Return whether a file's question is kept short and answered by orbits of parties.

    So are no-signalling guesses at given settings under relations, or the whole GHZ behaviour, of more
    than five parties; of five whose settings are biased; and of a party that is picked by a source. So
    are sums of the biases of parties that are named.
    """
    ask, tests = table.get("ask"), table.get("test")
    chooser, adversary = table.get("source"), table.get("adversary")
    if scenario.family != "ghz" or not all(isinstance(part, dict) for part in (ask, chooser, adversary)):
        return False
    assert isinstance(ask, dict)
    assert isinstance(chooser, dict)
    assert isinstance(adversary, dict)
    parties = len(scenario.settings)
    picks = isinstance(ask.get("of"), dict) and "picked" in ask["of"]
    if parties > MOST_WRITTEN_OUT or picks or (ask.get("quantity") == SUM and "of" in ask):
        return True
    if parties < WRITTEN_OUT or (parties == WRITTEN_OUT and chooser.get("kind") == "uniform"):
        return False
    test = tests[0] if isinstance(tests, list) and len(tests) == 1 and isinstance(tests[0], dict) else {}
    exact = test.get("keep") == "behaviour" and "tolerance" not in test
    return (
        ("relations" in test or exact)
        and adversary.get("devices") == "no-signalling"
        and ask.get("quantity") in GUESSES
        and ask.get("at") not in ("average", "worst")
        and chooser.get("kind") in SOURCES
        and "settings" not in (table.get("observed") or {})
    )


def question(root: Fields, scenario: Scenario) -> Question:
    """Return the question; raise InputError for what only smaller questions can have."""
    parties = len(scenario.settings)
    why = f"questions about a picked party, named biases, or more than {MOST_WRITTEN_OUT} parties,"
    chooser = root.table_at("source", required=True)
    assert chooser is not None
    source = _source(chooser, why)
    seen = root.table_at("observed")
    if seen is not None:
        seen.choice("behaviour", ("quantum",), "quantum")
        seen.choice("settings", ("uniform",), "uniform")
        seen.done()
    adversary = root.table_at("adversary", required=True)
    assert adversary is not None
    if adversary.table.get("devices") != "no-signalling":
        raise adversary.fail("devices", f'{why} have devices = "no-signalling"')
    adversary.has("devices")
    adversary.choice("told", ("settings", "nothing"), "settings")
    adversary.done()
    tests = root.get("test", list, required=True)
    if len(tests) != 1 or not isinstance(tests[0], dict) or not {"relations", "keep"} & tests[0].keys():
        raise root.fail("test", f'{why} have one test, with relations, or with keep = "behaviour"')
    relations = _relations(Fields(tests[0], "test[0]"))
    fields = root.table_at("ask", required=True)
    assert fields is not None
    quantity = fields.choice("quantity", (*GUESSES, SUM))
    at = _at(fields, parties)
    output = biased_parties(fields, scenario) if quantity == SUM else party_output(fields, scenario)
    fields.done()
    if quantity == "trace-distance" and output.count != 2:
        raise fields.fail("of", f"has {output.count} values; the trace distance of many parties needs 2")
    ask = Ask(quantity, output=output, at=at)  # type: ignore[arg-type]
    return Question(scenario, source, "uniform", Adversary("no-signalling"), (), ask, relations)


def _source(fields: Fields, why: str) -> Source:
    kind = fields.choice("kind", SOURCES)
    if kind == "uniform":
        fields.done()
        return Uniform()
    epsilon = fields.fraction("epsilon", required=True)
    fields.has("order")
    fields.has("bits")
    fields.done()
    assert epsilon is not None
    if not 0 <= epsilon < Fraction(1, 2):
        raise fields.fail("epsilon", f"{epsilon} is not in [0, 1/2) (0 is perfect); {why} need that")
    return SanthaVazirani(epsilon)


def _relations(fields: Fields) -> GhzTest:
    if fields.has("keep"):
        fields.choice("keep", ("behaviour",))
        fields.done()
        return GhzTest(Fraction(0), whole=True)
    fields.choice("relations", ("mermin",))
    violated = fields.fraction("violated", Fraction(0))
    fields.done()
    assert violated is not None
    if violated < 0:
        raise fields.fail("violated", f"{shown(fields.table['violated'])} is negative")
    return GhzTest(violated)


def _at(fields: Fields, parties: int) -> tuple[int, ...]:
    """Return one setting for each party; one integer stands for all of them."""
    value = fields.table.get("at")
    fields.has("at")
    if type(value) is int:
        value = [value] * parties
    if not isinstance(value, list) or len(value) != parties or any(type(x) is not int for x in value):
        raise fields.fail("at", f"{shown(value)}: {parties} settings are needed, or one for all parties")
    if any(x not in (0, 1) for x in value):
        raise fields.fail("at", f"{shown(value)}: settings are 0 and 1")
    return tuple(value)
