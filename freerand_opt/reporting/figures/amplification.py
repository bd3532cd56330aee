r"""How free one of M GHZ outcomes is that eps-free bits pick, against the source's epsilon.

.. math:: \mathrm{out}(\epsilon, M) \le \tfrac12 \left(\tfrac12 + \epsilon\right)^n B_M,
          \qquad n = \lfloor \log_2 M \rfloor.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.conjecture.relations import Relations
from freerand_opt.reporting.figures.answers import Ask
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula, guide

SOURCE = "the source"
PARTIES = (4, 16, 64)
HALF = Fraction(1, 2)

FRAME = Frame(
    "amplification",
    "Randomness of a picked GHZ outcome",
    r"Distance from uniform, given $W$ and the inputs, of the outcome of one of $M$ parties that is picked"
    r" by $n=\lfloor\log_2 M\rfloor$ bits of an $\epsilon$-free source: at most"
    r" $(\frac12+\epsilon)^n B_M/2$ at even inputs, $B_M$ the certified largest sum of biases. Assumed:"
    r" no-signalling devices, perfect GHZ relations, and bits that are independent of the outcomes given $W$"
    r" and the inputs (common cause). Below the dashed line the outcome is freer than the source's own bits;"
    r" for every $\epsilon<1/2$ large $M$ get there.",
    (
        Panel("", r"$\epsilon$", r"$\epsilon$ of the picked outcome", limits=(0, 0.5), heights=(0, 0.5),
              legend="upper left", ordered=True),
    ),
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return the curves for M = 4, 16, 64 from certified sums of biases, and the diagonal."""
    found: list[Row] = []
    largest: dict[int, Fraction] = {}
    for name in ("ghz_biases_even", "ghz_biases_opposite"):
        for answer in ask(name, {"computation.M": ",".join(map(str, PARTIES))}):
            asked, upper = getattr(answer.instance, "computation", None), answer.result.bracket.upper
            if isinstance(asked, Relations) and isinstance(upper, Fraction):
                parties = asked.M
                largest[parties] = max(upper, largest.get(parties, upper))
    for parties, biases in largest.items():
        for epsilon in (Fraction(k, 80) for k in range(41)):
            bound = (HALF + epsilon) ** (parties.bit_length() - 1) * biases / 2
            found.append(formula(f"$M={parties}$", epsilon, bound))
    return found + [guide(SOURCE, epsilon, epsilon) for epsilon in (Fraction(0), HALF)]
