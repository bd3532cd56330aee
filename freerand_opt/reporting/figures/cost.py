"""Seconds from a question to its checked certificate against size: `python benchmarks/cost.py` measures."""

from __future__ import annotations

from freerand_opt.reporting.figures.frame import Frame, Panel

SOURCE = "python benchmarks/cost.py"

FRAME = Frame(
    "cost",
    "Cost against size",
    r"CPU time from a question to its exact or certified answer, certificate checked;"
    r" ncpol2sdpa with Clarabel: to its floating-point answer. (a) Chained correlations with $N$ settings"
    r" a party: leakage at $\epsilon=1/20$ (no-signalling devices), smallest score (local devices at"
    r" $\epsilon=1/20$, in closed form; quantum devices, from the known squares of the chain where these"
    r" suffice)."
    r" (b) Largest sum of biases under perfect GHZ relations of $M$ parties, by the polynomial form of the"
    r" structure theorem.",
    (
        Panel("a", "settings a party, $N$", "seconds", "(a) chained", x_scale="log", y_scale="log",
              heights=(0.003, 500), legend="upper right"),
        Panel("b", "parties, $M$", "", "(b) GHZ relations", y_scale="log", legend="lower right"),
    ),
    width="two-column",
    height=2.8,
)  # fmt: skip
