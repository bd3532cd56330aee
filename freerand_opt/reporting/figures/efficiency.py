r"""Rates of keys against the efficiency of detectors, of a maximally entangled pair.

.. math:: H(\tilde A|0,E) - H(\tilde A|B), \qquad S = 2\sqrt2\,\eta^2 + 2(1-\eta)^2 .
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.keys.rate import error_correction, key_rate
from freerand_opt.bounds.keys.tradeoff import tradeoff
from freerand_opt.claims.formulas.entropies import entropy_at
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, sqrt
from freerand_opt.reporting.figures.answers import Ask
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula

#: Where answers are sought; their lines bound all between.
EFFICIENCIES = [Fraction(x, 100) for x in (92, 96, 100)]
WIDTH = Fraction(1, 50)
NOISES = [Fraction(0), Fraction(1, 10)]
#: Steps from efficiency 1 down to 9/10, and how many of the closed form's a certified dot stands for.
STEPS, EACH = 40, 4

FRAME = Frame(
    "efficiency",
    "Keys and losses",
    r"Bits of key for each round from a maximally entangled pair against the efficiency $\eta$ of all"
    r" detectors; no click counts as outcome 0, settings are uniform. Dots: certified from below,"
    r" $H(\tilde A|0,E)-H(\tilde A|B)$ with the whole behaviour of two settings each observed to $10^{-6}$,"
    r" by the best of three certificates' lines;"
    r" lines: the closed form of the CHSH score alone (arXiv:quant-ph/0702152, 2005.13015). Flipped: $A$'s"
    r" outcome, with probability 1/10, before it is used.",
    (Panel("", r"efficiency $\eta$", "bits of key", heights=(-0.25, 1.02), legend="upper left"),),
)  # fmt: skip


def asked(efficiency: Fraction, noise: Fraction, *, key: bool = False) -> Question:
    """Return the question; with `key` B has a third setting, along A's setting 0, at which it is asked."""
    angles: Any = {"A": [0, "1/2"], "B": ["1/4", "-1/4", *([0] if key else [])]}
    lost = {"efficiency": str(efficiency), "no_click": 0, "settings": "uniform"}
    return Question.from_dict(
        {
            "scenario": {"settings": [2, 3 if key else 2], "outcomes": [2, 2]},
            "source": {"kind": "uniform"},
            "observed": {"state": "phi+", "angles": angles, **lost},
            "adversary": {"devices": "quantum", "level": "1 + A B"},
            "test": [{"keep": "behaviour", "tolerance": "1e-6"}],
            "ask": {"quantity": "entropy", "of": "A", "at": [0, 2 if key else 0], "noise": str(noise)},
        }
    )


def rows(ask: Ask) -> list[Row]:
    """Return certified rates beside those of the score's closed form; nothing is taken from a store."""
    found = []
    for noise in NOISES:
        series = f"flipped with {noise}" if noise else "as measured"
        answers = [bound(asked(eta, noise), width=WIDTH) for eta in EFFICIENCIES]
        lines = [(tradeoff(one), one.digest) for one in answers]
        for k in range(STEPS + 1):
            eta = 1 - Fraction(k, 10 * STEPS)
            if k % EACH == 0:
                question = asked(eta, noise)
                entropy, digest = max((line.of(question), digest) for line, digest in lines)
                lower = key_rate(entropy, asked(eta, noise, key=True)).lower
                found.append(Row("bracket", series, eta, lower, lower, digest))
            found.append(formula(series, eta, by_score(eta, noise)))
    return found


def by_score(eta: Fraction, noise: Fraction) -> Exact:
    """Return the rate by the closed form of the CHSH score."""
    score = 2 * sqrt(Fraction(2)) * eta**2 + 2 * (1 - eta) ** 2
    return entropy_at(score, noise) - error_correction(asked(eta, noise, key=True))[1]
