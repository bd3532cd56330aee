r"""Entropies against the CHSH score, against epsilon, and rates of keys.

.. math:: H(A|0,E) = 1 - h\bigl(\tfrac12 + \tfrac12\sqrt{S^2/4-1}\bigr).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

from freerand_opt.bounds.keys import key_rate
from freerand_opt.bounds.result import Result
from freerand_opt.claims.formulas.entropies import entropy_at
from freerand_opt.claims.formulas.reading import score
from freerand_opt.claims.verify import File, read
from freerand_opt.model.catalogue import find
from freerand_opt.model.sources import SanthaVazirani
from freerand_opt.numbers.exact import log2, sqrt
from freerand_opt.reporting.figures.answers import Ask, bracket, question_of
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula

SCORES = "2:14/5:1/5"
EPSILON = "0:2/25:1/25"
#: Probabilities of an error of the key, at CHSH scores 2 sqrt 2 (1 - 2Q).
ERRORS = [Fraction(k, 100) for k in (2, 4, 6, 8)]
ENTROPY, GUESS, WITHOUT = (
    "quantum devices, $E$ and $W$",
    "min-entropy",
    "no-signalling devices, $W$",
)
RATE = "certified rate"
FIXED = {
    "source.kind": "santha-vazirani",
    "source.epsilon": EPSILON,
    "test.score": "27/10",
}

FRAME = Frame(
    "entropy",
    "Entropies",
    r"Entropy of one CHSH outcome that is left for an adversary. Above: uniform settings, against the score;"
    r" dots and bars: certified brackets (chords below, mixed qubits above), lines: the closed form"
    r" $1-h(\frac12+\frac12\sqrt{S^2/4-1})$ and that of the min-entropy. Middle: $S\ge2.7$, settings from a"
    r" Santha--Vazirani source. Below: rate of keys, $H(A|0,E)-h(Q)$ at $S=2\sqrt2(1-2Q)$, certified"
    r" from below by the entropy's lower end.",
    (
        Panel("", "CHSH score $S$", "bits", heights=(0, 1.02), legend="upper left"),
        Panel("epsilon", r"$\epsilon$", "bits", heights=(0, 1.02), legend="upper right"),
        Panel("key", "error $Q$", "bits of key", heights=(-0.2, 1.02), legend="upper right"),
    ),
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return certified entropies beside their closed forms."""
    found: list[Row] = []
    for name, series in (("entropy_chsh", ENTROPY), ("entropy_chsh_shannon", WITHOUT)):
        for answer in ask(_once(name, {"test.score": SCORES}), {}):
            found += bracket(answer, series, score(question_of(answer), "chsh")[0])
        for answer in ask(_once(name, FIXED), {}):
            source = question_of(answer).source
            if isinstance(source, SanthaVazirani):
                found += bracket(answer, series, source.epsilon, "epsilon")
    for place in [Fraction(k, 50) for k in range(100, 142)]:
        found.append(formula(ENTROPY, place, entropy_at(place)))
        found.append(formula(GUESS, place, -log2(Fraction(1, 2) + sqrt(2 - place * place / 4) / 2)))
    return found + _keys(ask)


def _once(name: str, fields: Mapping[str, str]) -> File:
    """Return a claim with each question once: instances that differ in what is set here are alike."""
    path = find(name)
    assert path is not None
    file = read(path, fields)
    kept = {
        str(question.to_dict()): one for one in file.instances if (question := getattr(one, "question", None))
    }
    fields_of: Any = {key: getattr(file, key) for key in file.__struct_fields__}
    made: Any = type(file)
    return cast(File, made(**{**fields_of, "instances": tuple(kept.values())}))


def _keys(ask: Ask) -> list[Row]:
    found = []
    for q in ERRORS:
        for answer in ask(_once("entropy_chsh", {"test.score": f"2*sqrt(2)*(1-2*{q})"}), {}):
            if isinstance(answer.result, Result) and answer.result.bracket.lower is not None:
                lower = key_rate(answer.result, q).lower
                found.append(Row("bracket", RATE, q, lower, lower, answer.result.digest, "key"))
    for q in [Fraction(k, 200) for k in range(1, 17)]:
        held = q * log2(q) + (1 - q) * log2(1 - q)
        found.append(formula(RATE, q, entropy_at(2 * sqrt(Fraction(2)) * (1 - 2 * q)) + held, "key"))
    return found
