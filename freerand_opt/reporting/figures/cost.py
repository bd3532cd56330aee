"""Seconds from a question to its checked certificate against size: `python benchmarks/cost.py` measures."""

from __future__ import annotations

from freerand_opt.reporting.figures.frame import Frame, Panel

SOURCE = "python benchmarks/cost.py"

FRAME = Frame(
    "cost",
    "Cost against size",
    r"Wall time from a question to its answer, certified and checked, on one core; other software: to its"
    r" floating-point answer. (a) Chained correlations with $N$ settings a party. (b) GHZ relations of $M$"
    r" parties, the majority of three outcomes; the program over all $4^M$ probabilities, and over orbits.",
    (
        Panel("a", "settings a party, $N$", "seconds", "(a) chained", x_scale="log", y_scale="log",
              legend="upper left"),
        Panel("b", "parties, $M$", "", "(b) GHZ relations", y_scale="log", legend="lower right"),
    ),
    width="two-column",
    height=2.8,
)  # fmt: skip
