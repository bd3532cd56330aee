"""The thresholds of Colbeck and Renner's paper and their variants, as one ladder."""

from __future__ import annotations

from collections.abc import Mapping

from freerand_opt.reporting.figures.answers import Ask, bracket
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row

HERE = "certified; all $N$ by a written proof"
OTHERS = "published elsewhere; the number is certified, not the theorem"

#: (claim, instance) -> (what stands at the rung, whose result it is)
RUNGS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("theorem_2_exponent", ""): ("Theorem 2, the paper's constants", HERE),
    ("theorem_2_exponent", "supremum"): ("Theorem 2, best constants", HERE),
    ("theorem_2_improved", ""): ("Theorem 2, exact largest chance of a test", HERE),
    ("theorem_2_improved", "exact weight of k choices"): ("Theorem 2, and exact weights of choices", HERE),
    ("theorem_2_improved", "best selecting function"): ("Theorem 2, and a selecting function", HERE),
    ("theorem_1_limits", ""): ("Theorem 1: fixed settings, uniform", HERE),
    ("theorem_1_limits", "averaged, uniform, total or each edge"): (
        "averaged settings, uniform; local models",
        HERE,
    ),
    ("theorem_1_limits", "fixed, free, total"): ("fixed settings, free, $I_N$ tested", HERE),
    ("theorem_1_limits", "fixed, free, each edge"): ("fixed settings, free, each edge tested", HERE),
    ("theorem_1_limits", "averaged, free, total"): ("averaged settings, free, $I_N$ tested", HERE),
    ("theorem_1_limits", "averaged, free, each edge"): ("averaged settings, free, each edge tested", HERE),
    ("published_any_encoding", "eps, for that t"): ("any encoding of bits (arXiv:1303.5591)", OTHERS),
    ("published_devices_like_sources", ""): ("devices correlated with bits (arXiv:1601.06455)", OTHERS),
}

FRAME = Frame(
    "ladder",
    "Thresholds in epsilon",
    r"Up to which $\epsilon$ the leakage of chained quantum correlations vanishes with the number of"
    r" settings: readings of Theorem~1 (settings fixed, or averaged and told; observed settings uniform, or"
    r" free, that is unconstrained), the exponent of Theorem~2, whose printed $0.058$ is $0.0575$ rounded,"
    r" its improvements (selection by a common cause), and published alternatives. Digits are cut, not"
    r" rounded. Each number is certified in exact arithmetic.",
    (Panel("", r"$\epsilon$", "", limits=(0, 0.175), legend="lower right", ladder=True),),
    width="two-column",
    height=3.4,
)


def rows(ask: Ask) -> list[Row]:
    """Return one certified threshold for each rung."""
    found = []
    for name in dict.fromkeys(claim for claim, _ in RUNGS):
        for answer in ask(name, {}):
            rung = RUNGS.get((name, answer.instance.name))
            found += [] if rung is None else bracket(answer, rung[1], rung[0])
    return found
