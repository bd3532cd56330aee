"""The keys of a functional: a name, or terms by their labels, and on what it is."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.errors import InputError
from freerand_opt.model import functional as functionals
from freerand_opt.model.functional import Functional
from freerand_opt.model.scenario import Scenario
from freerand_opt.spec.fields import Fields, attempt, number, shortened

ON = ("conditional", "joint")


def functional(fields: Fields, scenario: Scenario) -> tuple[Functional, str]:
    """Return (functional, name) from the keys functional or terms, and on."""
    on = fields.choice("on", ON, "conditional")
    if fields.has("functional") == fields.has("terms"):
        raise fields.fail("functional", "either functional (a name) or terms (a table of labels) is needed")
    if "functional" in fields.table:
        name = fields.choice("functional", functionals.NAMED)
        found: Functional = attempt(fields.at("functional"), lambda: functionals.NAMED[name](scenario))
        return Functional(found.terms, on), name
    total: dict[tuple[int, int], Fraction] = {}
    for label, entry in fields.get("terms", dict).items():
        path = fields.at(f'terms."{shortened(label)}"')
        factor = number(entry, path)
        if not isinstance(factor, Fraction):
            raise InputError(path, f"{factor} is irrational; coefficients are rational")
        terms = attempt(path, lambda label=label: functionals.label_terms(scenario, label))  # type: ignore[misc]
        for key, share in terms.items():
            total[key] = total.get(key, Fraction(0)) + factor * share
    words = " + ".join(f"{entry} {label}" for label, entry in fields.table["terms"].items())
    found = functionals.from_terms(total, on)
    if not found.terms:
        raise fields.fail("terms", "add up to nothing; a functional needs a coefficient that is not 0")
    return found, words
