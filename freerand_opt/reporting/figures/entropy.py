r"""Entropies against the CHSH score, against epsilon, and rates of keys.

.. math:: H(A|0,E) = 1 - h\bigl(\tfrac12 + \tfrac12\sqrt{S^2/4-1}\bigr).
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.keys.rate import key_rate
from freerand_opt.claims.formulas.entropies import entropy_at
from freerand_opt.claims.formulas.reading import score
from freerand_opt.claims.verify import Verification
from freerand_opt.model.files.file import read
from freerand_opt.model.sources import SanthaVazirani
from freerand_opt.numbers.exact import log2, sqrt, text
from freerand_opt.reporting.figures.answers import Ask, bracket, question_of
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula

SCORES = ("2", "11/5", "12/5", "13/5", "14/5")
EPSILON = "0:2/25:1/25"
#: Probabilities of an error of the key, at CHSH scores 2 sqrt 2 (1 - 2Q).
ERRORS = [Fraction(k, 100) for k in (2, 4, 6, 8)]
ENTROPY, GUESS, WITHOUT = (
    "quantum devices, $E$ and $W$",
    "min-entropy",
    "no-signalling devices, $W$",
)
RATE = "certified rate"
TOP = 2 * sqrt(Fraction(2))
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
    scores = [Fraction(x) for x in SCORES]
    errors = {TOP * (1 - 2 * q): q for q in ERRORS}
    for name, series in (("entropy_chsh", ENTROPY), ("entropy_chsh_shannon", WITHOUT)):
        question = read(name).instances[0].question
        asked = [*scores, *(errors if series == ENTROPY else ())]
        for answer in ask(question, {"test.score": ",".join(map(text, asked))}):
            place = score(question_of(answer), "chsh")[0]
            found += bracket(answer, series, place) if place in scores else _key(answer, errors[place])
        for answer in ask(question, FIXED):
            source = question_of(answer).source
            if isinstance(source, SanthaVazirani):
                found += bracket(answer, series, source.epsilon, "epsilon")
    for place in [Fraction(k, 50) for k in range(100, 142)]:
        found.append(formula(ENTROPY, place, entropy_at(place)))
        found.append(formula(GUESS, place, -log2(Fraction(1, 2) + sqrt(2 - place * place / 4) / 2)))
    for q in [Fraction(k, 200) for k in range(1, 17)]:
        held = q * log2(q) + (1 - q) * log2(1 - q)
        found.append(formula(RATE, q, entropy_at(TOP * (1 - 2 * q)) + held, "key"))
    return found


def _key(answer: Verification, error: Fraction) -> list[Row]:
    if not isinstance(answer.result, Result) or answer.result.bracket.lower is None:
        return []
    lower = key_rate(answer.result, error).lower
    return [Row("bracket", RATE, error, lower, lower, answer.result.digest, "key")]
