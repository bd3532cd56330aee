"""Certificates as JSON objects (format: docs/certificates.md), and questions in their form."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from freerand_opt.certificates.attack import Strategies
from freerand_opt.certificates.certify import Multipliers
from freerand_opt.certificates.orbits import OrbitStrategy
from freerand_opt.model.behaviour import Behaviour
from freerand_opt.model.functional import Functional
from freerand_opt.model.question import (
    Adversary,
    Ask,
    GhzTest,
    MomentCondition,
    Output,
    Picked,
    Question,
    Test,
)
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import (
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Source,
    Uniform,
)
from freerand_opt.numbers.exact import Exact, compare, log2, text
from freerand_opt.numbers.parse import parse
from freerand_opt.programs.ends import trivial_range
from freerand_opt.programs.program import ConicProgram

Certificate: TypeAlias = dict[str, Any]
#: Programs with at most this many nonzeros travel inside their certificate.
CARRIED_NONZEROS = 6000


def question_json(question: Question) -> dict[str, Any]:
    """Return a question in the form that certificates carry."""
    scenario, ask = question.scenario, question.ask
    settings = (
        question.settings if isinstance(question.settings, str) else [str(p) for p in question.settings]
    )
    asked: dict[str, Any] = {"quantity": ask.quantity}
    if ask.output is not None:
        at = list(ask.at) if isinstance(ask.at, tuple) else ask.at
        asked |= {**_output_json(ask.output), "count": ask.output.count, "at": at}
    if ask.functional is not None:
        asked |= {**_functional_json(ask.functional), "extreme": ask.extreme}
    return {
        "scenario": {
            "settings": list(scenario.settings),
            "outcomes": list(scenario.outcomes),
            "family": scenario.family,
        },
        "source": _source_json(question.source),
        "observed": {"settings": settings},
        "adversary": _adversary_json(question.adversary),
        "tests": [
            {**_functional_json(t.functional), "relation": t.relation, "score": text(t.score)}
            for t in question.tests
        ],
        "ask": asked,
        **({} if question.relations is None else {"relations": _relations_json(question.relations)}),
    }


def _output_json(output: Output) -> dict[str, Any]:
    plain: dict[str, Any] = {} if output.parties is None else {"parties": list(output.parties)}
    if output.picked is None:
        return plain | {"values": list(output.values)}
    held = output.picked
    return plain | {"picked": {"bits": held.bits, "selection": held.selection, "epsilon": str(held.epsilon)}}


def _output(plain: dict[str, Any]) -> Output | None:
    if "count" not in plain:
        return None
    held = plain.get("picked")
    picked = None if held is None else Picked(held["bits"], held["selection"], Fraction(held["epsilon"]))
    parties = tuple(plain["parties"]) if "parties" in plain else None
    return Output(tuple(plain.get("values", ())), plain["count"], "", parties, picked)


def _relations_json(relations: GhzTest) -> dict[str, Any]:
    return {"violated": str(relations.violated), "whole": relations.whole}


def _adversary_json(adversary: Adversary) -> dict[str, Any]:
    plain: dict[str, Any] = {"devices": adversary.devices, "told": adversary.told}
    if adversary.level:
        plain["level"] = adversary.level
    if adversary.moments:
        plain["moments"] = [
            {
                "terms": [[name, str(factor)] for name, factor in held.terms],
                "relation": held.relation,
                "bound": text(held.bound),
            }
            for held in adversary.moments
        ]
    return plain


def _adversary(plain: dict[str, Any]) -> Adversary:
    conditions = tuple(
        MomentCondition(
            tuple((name, Fraction(factor)) for name, factor in held["terms"]),
            held["relation"],
            parse(held["bound"]),
        )
        for held in plain.get("moments", ())
    )
    return Adversary(plain["devices"], plain["told"], plain.get("level", ""), conditions)


def _functional_json(functional: Functional) -> dict[str, Any]:
    return {"on": functional.on, "terms": [[o, s, str(factor)] for o, s, factor in functional.terms]}


def _source_json(source: Source) -> dict[str, Any]:
    if isinstance(source, Uniform):
        return {"kind": "uniform"}
    if isinstance(source, SanthaVazirani):
        return {
            "kind": "santha-vazirani",
            "epsilon": str(source.epsilon),
            "order": source.order,
            "bits": source.bits,
        }
    if isinstance(source, Mutual):
        return {"kind": "mutual", "epsilon": str(source.epsilon), "bits": source.bits}
    if isinstance(source, PerParty):
        return {"kind": "per-party", "parts": [_source_json(part) for part in source.parts]}
    if isinstance(source, MeasurementDependence):
        return {"kind": "measurement-dependence", "lower": str(source.lower), "upper": str(source.upper)}
    rows = []
    for terms, limit in source.rows:
        total: dict[int, Fraction] = {}
        for s, factor in terms:
            total[s] = total.get(s, Fraction(0)) + factor
        rows.append({"terms": [[s, str(factor)] for s, factor in total.items()], "bound": str(limit)})
    return {"kind": "inequalities", "rows": rows}


def _source(plain: dict[str, Any]) -> Source:
    kind = plain["kind"]
    if kind == "uniform":
        return Uniform()
    if kind == "santha-vazirani":
        return SanthaVazirani(Fraction(plain["epsilon"]), plain["order"], plain["bits"])
    if kind == "mutual":
        return Mutual(Fraction(plain["epsilon"]), plain["bits"])
    if kind == "per-party":
        parts = tuple(_source(part) for part in plain["parts"])
        if not all(isinstance(part, Uniform | SanthaVazirani) for part in parts):
            raise ValueError("parts of a per-party source are uniform or santha-vazirani")
        return PerParty(parts)  # type: ignore[arg-type]
    if kind == "measurement-dependence":
        return MeasurementDependence(Fraction(plain["lower"]), Fraction(plain["upper"]))
    if kind == "inequalities":
        return Inequalities(
            tuple(
                (tuple((s, Fraction(factor)) for s, factor in row["terms"]), Fraction(row["bound"]))
                for row in plain["rows"]
            )
        )
    raise ValueError(f"unknown source {kind!r}")


def question_from_json(plain: dict[str, Any]) -> Question:
    """Return the question that a certificate carries; KeyError, ValueError or TypeError if it is damaged."""
    scenario = Scenario(
        tuple(plain["scenario"]["settings"]),
        tuple(plain["scenario"]["outcomes"]),
        plain["scenario"].get("family"),
    )
    settings = plain["observed"]["settings"]
    asked = plain["ask"]
    at = asked.get("at")
    return Question(
        scenario=scenario,
        source=_source(plain["source"]),
        settings=settings if isinstance(settings, str) else tuple(Fraction(p) for p in settings),
        adversary=_adversary(plain["adversary"]),
        tests=tuple(Test(_functional(t), t["relation"], parse(t["score"])) for t in plain["tests"]),
        ask=Ask(
            quantity=asked["quantity"],
            output=_output(asked),
            at=tuple(at) if isinstance(at, list) else at,
            functional=_functional(asked) if "terms" in asked else None,
            extreme=asked.get("extreme", "largest"),
        ),
        relations=None
        if "relations" not in plain
        else GhzTest(Fraction(plain["relations"]["violated"]), plain["relations"]["whole"]),
    )


def _functional(plain: dict[str, Any]) -> Functional:
    return Functional(tuple((o, s, Fraction(factor)) for o, s, factor in plain["terms"]), plain["on"])


def answer_ends(
    question: Question, bound: Exact | None, value: Exact | None
) -> tuple[Exact | None, Exact | None]:
    """Return (lower, upper) of the answer from the program's bound, cut to its range, and the attack."""
    ask, limits = question.ask, trivial_range(question)
    if bound is not None and limits is not None and compare(bound, limits[1]) > 0:
        bound = limits[1]
    if ask.quantity == "min-entropy":
        return (None if bound is None else -log2(bound)), (None if value is None else -log2(value))
    if ask.quantity == "strategy":
        return (None if value is None else Fraction(1)), (None if bound is None else Fraction(0))
    if ask.sign < 0:
        return (None if bound is None else -bound), value
    return value, bound


def multipliers_json(
    program: ConicProgram, multipliers: Multipliers, *, lift: str | None, bound: Exact
) -> dict[str, Any]:
    """Return the proof of an upper end; a lifted one names row classes by their first rows."""
    places: dict[Fraction, int] = {}
    rows = sorted(multipliers.values)
    codes = [places.setdefault(multipliers.values[row], len(places)) for row in rows]
    carried = lift is None and program.matrix.nnz <= CARRIED_NONZEROS
    return {
        "bound": text(bound),
        "digest": program.digest,
        "program": program.plain if carried else None,
        "lift": lift,
        "palette": [str(value) for value in places],
        "rows": rows,
        "codes": codes,
    } | ({"factors": [held.as_json() for held in multipliers.factors]} if multipliers.factors else {})


def products_json(program: ConicProgram, prices: Multipliers) -> dict[str, Any]:
    """Return the proof of an upper end by prices at which no product of distributions gains."""
    proof = multipliers_json(program, prices, lift=None, bound=prices.bound)
    del proof["lift"]
    return proof


def attack_json(value: Exact, strategies: Strategies) -> dict[str, Any]:
    """Return the proof of a lower end: what the adversary does for each w, or for each orbit of them."""
    orbits = any(isinstance(strategy, OrbitStrategy) for strategy in strategies)
    parts = [strategy.as_json() for strategy in strategies]
    return {"value": text(value), "orbits" if orbits else "strategies": parts}


def honest_json(behaviour: Behaviour, tests: Sequence[Test]) -> dict[str, Any]:
    """Return the behaviour at visibility 1, and what is added to its score in each test (or None)."""
    places: dict[str, int] = {}
    entries = [text(p) for row in behaviour.table for p in row]
    codes = [places.setdefault(entry, len(places)) for entry in entries]
    slack = [None if test.slack is None else str(test.slack) for test in tests]
    return {"behaviour": {"palette": list(places), "codes": codes}, "slack": slack}


def bracket(
    question: Question,
    *,
    name: str,
    instance: str,
    answer: tuple[Exact | None, Exact | None],
    multipliers: dict[str, Any] | None,
    attack: dict[str, Any] | None,
) -> Certificate:
    """Return the certificate of one answer; instead of multipliers of a program there may be prices."""
    priced = multipliers is not None and "program" not in multipliers
    lower, upper = answer
    return {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "bracket",
        "name": name,
        "instance": instance,
        "question": question_json(question),
        "answer": {
            "lower": None if lower is None else text(lower),
            "upper": None if upper is None else text(upper),
        },
        "multipliers": None if priced else multipliers,
        **({"prices": multipliers} if priced else {}),
        "attack": attack,
    }
