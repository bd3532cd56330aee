"""The one definition of a question: its tables, and everything that is read, written and said about them.

Each table is a frozen struct (`table.Table`, on msgspec) whose fields are annotated with a kind (`kinds`)
and with words. Constructors in Python, dicts, TOML, the JSON schema (`schema`), messages, the field
reference (`reference`) and help come from these annotations. `Question.problem` is the question in joint
indices.

Why msgspec. Measured on 35 tables of five fields, CPU time that importing them adds beside the numbers and
the forms in joint indices (a loaded machine, bytecode there, least of 25): msgspec 14 ms, frozen dataclasses
25 ms, pydantic 2 142 ms. This package adds 28 ms, its files 39 ms. No library's own messages name what was
read, what is allowed and the nearest spelling, and none reads a fraction from every form of a number, so
values are read by our `kinds` in any case; msgspec gives what is left: frozen structs that are hashed,
compared and copied in C, tags of unions, keys that differ from names, and introspection of the fields.
"""

from __future__ import annotations

from freerand_opt.model.adversary import Adversary
from freerand_opt.model.ask import Ask
from freerand_opt.model.behaviours.behaviour import Behaviour
from freerand_opt.model.behaviours.functional import Functional
from freerand_opt.model.behaviours.game import Game
from freerand_opt.model.conditions import Keep, Moment, Relations, Test
from freerand_opt.model.families import FAMILIES, FUNCTIONALS
from freerand_opt.model.observed import Observed
from freerand_opt.model.output import Function, Picked
from freerand_opt.model.quantities import QUANTITIES
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.scenarios import cglmp, chained, chsh, ghz, i3322, ladder
from freerand_opt.model.sources import (
    SOURCES,
    Bits,
    Free,
    FullSupport,
    Independent,
    Inequalities,
    MeasurementDependence,
    MinEntropy,
    Mixture,
    Mutual,
    OnAverage,
    Product,
    Range,
    Relative,
    SanthaVazirani,
    Uniform,
)

__all__ = [
    "FAMILIES",
    "FUNCTIONALS",
    "QUANTITIES",
    "SOURCES",
    "Adversary",
    "Ask",
    "Behaviour",
    "Bits",
    "Free",
    "FullSupport",
    "Function",
    "Functional",
    "Game",
    "Independent",
    "Inequalities",
    "Keep",
    "MeasurementDependence",
    "MinEntropy",
    "Mixture",
    "Moment",
    "Mutual",
    "Observed",
    "OnAverage",
    "Picked",
    "Product",
    "Question",
    "Range",
    "Relations",
    "Relative",
    "SanthaVazirani",
    "Scenario",
    "Test",
    "Uniform",
    "cglmp",
    "chained",
    "chsh",
    "ghz",
    "i3322",
    "ladder",
]
