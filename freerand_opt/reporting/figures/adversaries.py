"""A no-signalling and a quantum adversary against the same experiment."""

from __future__ import annotations

from freerand_opt.model.source import SanthaVazirani
from freerand_opt.reporting.figures.answers import Ask, bracket
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row

FRAME = Frame(
    "adversaries",
    "Adversaries compared",
    r"Guessing probability of one outcome at fixed settings, chained correlations with $N=2$ at visibility"
    r" $0.99$, settings from a Santha--Vazirani source, by the devices that the adversary may have built."
    r" Dots and bars: certified brackets (quantum devices: level $1+AB$ of the hierarchy of Navascu\'es,"
    r" Pironio and Ac\'in above, an explicit strategy below); bands: what they certify in between.",
    (
        Panel("", r"$\epsilon$", "guessing probability", heights=(0.5, 1.02), between="rises",
              legend="lower right"),
    ),
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return certified guessing probabilities for both kinds of devices."""
    found: list[Row] = []
    for answer in ask("chained_quantum_guess_sv", {}):
        question = answer.instance.question
        if question is None or not isinstance(question.source, SanthaVazirani):
            continue
        drawn = bracket(answer, f"{question.adversary.devices} devices", question.source.epsilon)
        found += [drawn] if drawn is not None else []
    return found
