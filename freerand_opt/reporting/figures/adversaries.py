"""A local, a quantum and a no-signalling adversary against the same experiment."""

from __future__ import annotations

from freerand_opt.model.sources import SanthaVazirani
from freerand_opt.reporting.figures.answers import Ask, bracket, question_of
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row

#: Epsilon where every adversary is asked, and where local devices pass the test.
EVERY, LOCAL = "0:7/50:1/100", "3/25:7/50:1/100"

FRAME = Frame(
    "adversaries",
    "Adversaries compared",
    r"Guessing probability of one outcome at fixed settings, chained correlations with $N=2$ at visibility"
    r" $0.99$, settings from a Santha--Vazirani source, by the devices that the adversary may have built."
    r" Local devices cannot pass the test at smaller $\epsilon$ than shown."
    r" Dots and bars: certified brackets (quantum devices: level $1+AB$ of the hierarchy of Navascu\'es,"
    r" Pironio and Ac\'in above, an explicit strategy below); bands: what they certify in between.",
    (
        Panel("", r"$\epsilon$", "guessing probability", heights=(0.5, 1.02), between="rises",
              legend="lower right"),
    ),
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return certified guessing probabilities for each kind of devices."""
    found: list[Row] = []
    for devices, grid in (("no-signalling", EVERY), ("quantum", EVERY), ("local", LOCAL)):
        for answer in ask("chained_quantum_guess_sv", {"adversary.devices": devices, "source.epsilon": grid}):
            source = question_of(answer).source
            if not isinstance(source, SanthaVazirani):
                continue
            found += bracket(answer, f"{devices} devices", source.epsilon)
    return found
