"""The report on Conjecture 1: what is proved, certified, numerical and open, from exact values.

Everything here is computed from fractions; decimals are rounded outward.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from robust import Growth

from freerand_opt.claims.conjecture.lemniscate import half_constant, ratio
from freerand_opt.claims.conjecture.relations import POWERS
from freerand_opt.numbers.rounding import decimal_above, decimal_below

#: Largest sums of biases by (parties, relations).
Values: TypeAlias = Mapping[tuple[int, str], Fraction]
#: How they grow with the violation, by (parties, relations).
Robust: TypeAlias = Mapping[tuple[int, str], Growth]
EPSILONS = tuple(
    Fraction(text)
    for text in ("1/1000", "1/100", "1/20", "1/10", "1/5", "1/4", "3/10", "2/5", "9/20", "49/100", "499/1000")
)
_HEAD = """# Conjecture 1: what perfect GHZ relations allow

Written by `make conjecture`; the numbers are fractions, decimals are rounded outward.

Colbeck and Renner ask whether ε-free bits can be amplified for every ε < 1/2 with GHZ correlations of many parties, the output being picked by the source (arXiv:1105.3195, Conjecture 1).
Gallego, Masanes, de la Torre, Dhara, Aolita and Acín settled amplification for every ε < 1/2 by another protocol, five parties and the majority of three outcomes (arXiv:1210.6514). What follows is about the route of the paper itself.

**Assumptions of every statement below unless it says otherwise.** No-signalling devices. *Perfect relations*: every GHZ relation holds with certainty, so the protocol never aborts; as every input has positive probability for ε < 1/2, they then hold for every value w, and ε does not enter.
*Common cause*: where the source picks a party, its bits are independent of the outcomes given W and the inputs. Robust statements are point 7 and the section on violated relations; other files say their own assumptions.

B is the largest sum of the biases |P(+|a,w) − P(−|a,w)| of all M parties at one input a. By relabelling there are three cases: *even* and *opposite* (inputs of even weight) and *odd* (inputs of odd weight, which no relation tests).
"""  # noqa: E501
_PROVED = """## Proved

Proofs: [docs/proofs/conjecture-1.md](../docs/proofs/conjecture-1.md). K = ∫₀¹ dt/√(1−t⁴), half the lemniscate constant.

1. All inputs and all patterns of signs reduce to three programs at input 0..0, each with all permutations of the parties as symmetries.
2. Structure theorem: a box is a real polynomial W in M − 1 variables with W(0) = 1 and |arg W| ≤ π/4 at the points of {1, −1, i, −i}^(M−1); symmetric boxes have at most M/2 unknowns (odd inputs: 3M/2).
3. T1: at every input, even or odd, the biases of all parties but one sum to at most K. So B ≤ K M/(M−1).
4. T2: B tends to K in all three cases. T4: functions of at most M − 1 outcomes do not depend on M or the input. T5: mod-4 functions of k outcomes have bias O(k^(3/2) 2^(−k/2)).
5. T3 (with the certified values): at even inputs B is largest at M = 5 only, 15/11; at all inputs it is at most 3/2, at M = 3 only.
6. A party picked by n = ⌊log2 M⌋ ε-free bits is within (1/2+ε)^n B/2 of uniform given W and the inputs. This tends to 0 for every ε < 1/2: in this model and for perfect relations the paper's route works.
7. T6 (robust, for every M): if the relations are violated with total weight v, summed over the even inputs, B ≤ √2 K (1 + 6v) M/(M−1).
"""  # noqa: E501
_OPEN = """## Open

1. That the explicit box is nonnegative for every M: the real parts of the Taylor coefficients of (cl Q + sl P)/(cl Q − sl P), section 6 of the proofs. With it f_(M−1)/f_M would be a lower bound for all M.
2. A closed form of the multipliers, so the upper end of f_(M−1)/f_M for all M; closed forms for even and odd.
3. That opposite is at least even for every M.
4. The robust bound B ≤ K M/(M−1) + 2v for every M: not proved, not refuted; certified where the table above says.
5. Other causal models: if the picking bits may depend on the outcomes, point 6 above does not apply.
"""  # noqa: E501


def markdown(values: Values, closed: int, robust: Robust, others: str, growth: Sequence[str]) -> str:
    """Return the report: certified `values` from M = 3 on, f_(M-1)/f_M checked to M = `closed`.

    `others` are tables of other claims, in Markdown; `growth` lines of a table of seconds.
    """
    last = max(parties for parties, _ in values)
    held = all(value == ratio(parties) for (parties, kind), value in values.items() if kind == "opposite")
    above = all(values[parties, "opposite"] >= values[parties, "even"] for parties in range(3, last + 1))
    lower, upper = half_constant(200)
    certified = [
        "## Certified",
        "",
        f"K lies in [{decimal_below(lower, 50)}, {decimal_above(upper, 50)}] "
        "(arithmetic-geometric mean in ball arithmetic; a test holds it against Γ(1/4)²/(4√(2π))).",
        "",
        f"The values below, M = 3..{last}, are exact: a box whose probabilities are all nonnegative, and "
        "multipliers, both checked in integers by the stand-alone checker. That a multiplier speaks of every "
        "box rests on the structure theorem. The fractions are in "
        "[conjecture-1.csv](conjecture-1.csv), the curve in "
        "[biases.svg](../docs/figures/biases.svg).",
        "",
        f"* opposite = f_(M−1)/f_M with F'' = F³, F(0) = F'(0) = 1, for M = 3..{last}: "
        f"{_yes(held)}; "
        f"the explicit box is nonnegative and multipliers prove ≤ f_(M−1)/f_M: M = 3..{closed}.",
        f"* opposite ≥ even for M = 3..{last}: {_yes(above)}.",
        "* the full program, all P(x|a) without symmetry or structure theorem, gives the "
        "same values for M ≤ 7 (`lps/ghz_biases_unreduced*`); lifted boxes for M ≤ 14 (tests).",
        "",
        *_table(values, last),
    ]
    curves, violated = "\n".join(_curves(values)) + "\n", "\n".join(_violated(robust)) + "\n"
    parts = [_HEAD, _PROVED, "\n".join(certified) + "\n", curves, violated, _OPEN]
    parts.append(
        "## Numerical\n\nNothing in the sections above is numerical: "
        "solvers only suggested which probabilities vanish.\n"
    )
    parts.append("\n".join(["## How time grows", "", *growth]) + "\n")
    parts.append(_others(others))
    return "\n".join(parts)


def _yes(held: bool) -> str:
    return "holds" if held else "FAILS"


def _shown(value: Fraction) -> str:
    text = str(value)
    return text if len(text) <= 22 else f"[{decimal_below(value, 14)}, {decimal_above(value, 14)}]"


def _table(values: Values, last: int) -> Iterator[str]:
    upper = half_constant(120)[1]
    yield "| M | even | opposite | odd | K M/(M−1) ≤ |"
    yield "|---|---|---|---|---|"
    for parties in range(3, last + 1):
        cells = [_shown(values[parties, kind]) for kind in POWERS]
        most = decimal_above(upper * Fraction(parties, parties - 1), 10)
        yield f"| {parties} | {' | '.join(cells)} | {most} |"


def bound_at(values: Values, parties: int) -> Fraction:
    """Return a bound on the sum of biases at every input: the largest of three values, else K M/(M-1)."""
    if (parties, "odd") in values:
        return max(values[parties, kind] for kind in POWERS)
    return half_constant(120)[1] * Fraction(parties, parties - 1)


def distance(values: Values, epsilon: Fraction, bits: int) -> Fraction:
    """Return (1/2+eps)^n B/2, a bound on the distance from uniform of a party picked among 2^n by n bits."""
    return (Fraction(1, 2) + epsilon) ** bits * bound_at(values, 2**bits) / 2


def bits_needed(values: Values, epsilon: Fraction) -> int:
    """Return the least n >= 2 with `distance` below eps, for 0 < eps < 1/2."""
    bits = 2
    while distance(values, epsilon, bits) >= epsilon:
        bits += 1
    return bits


def _curves(values: Values) -> Iterator[str]:
    yield "## out(ε, M): a party picked by the source"
    yield ""
    yield (
        "Common cause, perfect relations, all inputs. Among M = 2^n parties n bits of "
        "the source pick one; its "
        "outcome is within out(ε, M) = (1/2+ε)^n B/2 of uniform given W and the inputs. "
        "Below: the least number "
        "of parties from which the output is freer than the source, out < ε; certified B "
        "up to M = 64, K M/(M−1) beyond. Drawn in [amplification.svg](../docs/figures/amplification.svg)."
    )
    yield ""
    yield "| ε | n | parties M = 2^n | out(ε, M) ≤ | out(ε, 4M) ≤ | out(ε, 16M) ≤ |"
    yield "|---|---|---|---|---|---|"
    for epsilon in EPSILONS:
        bits = bits_needed(values, epsilon)
        outs = [decimal_above(distance(values, epsilon, bits + more), 8) for more in (0, 2, 4)]
        parties = str(2**bits) if bits < 40 else f"2^{bits}"
        yield f"| {epsilon} | {bits} | {parties} | {' | '.join(outs)} |"


def _violated(robust: Robust) -> Iterator[str]:
    last = max(parties for parties, _ in robust)
    most = max(found.slope for found in robust.values())
    reached = ", ".join(f"M = {m} ({kind})" for (m, kind), found in robust.items() if found.slope == most)
    yield "## Violated relations"
    yield ""
    yield (
        "No-signalling devices, all inputs; v is the total weight of wrong outcomes, summed over the even "
        "inputs, on average over w. B(v) is concave. The table has B(0) and the slope λ at 0, exact, with "
        "certificates of the program by orbits; so B(v) ≤ B(0) + λv for every v ≥ 0."
    )
    yield ""
    yield (
        f"The largest slope is {most}, at {reached}. Hence B(v) ≤ K M/(M−1) + 2v for M = 3..{last}: "
        f"{_yes(most <= 2)}. More violations than these are in `lps/ghz_biases_violated.toml`."
    )
    yield ""
    yield "| M | " + " | ".join(f"{kind}: B(0) | λ" for kind in POWERS) + " |"
    yield "|---|" + "---|---|" * len(POWERS)
    for parties in range(3, last + 1):
        cells = []
        for kind in POWERS:
            found = robust.get((parties, kind))
            cells += ["-", "-"] if found is None else [_shown(found.perfect), _shown(found.slope)]
        yield f"| {parties} | {' | '.join(cells)} |"


def _others(others: str) -> str:
    heading = "## Other output functions, violated relations, protocols of others"
    if not others:
        return f"{heading}\n\nNo such claims are in this checkout.\n"
    words = "Claims of the catalogue with the family `ghz` beside those above; each says its own assumptions."
    return f"{heading}\n\n{words}\n\n{others}"


def fractions_csv(values: Values) -> str:
    """Return the exact values as comma-separated text: M, even, opposite, odd."""
    last = max(parties for parties, _ in values)
    lines = [
        ",".join([str(parties), *(str(values[parties, kind]) for kind in POWERS)])
        for parties in range(3, last + 1)
    ]
    return "\n".join([",".join(["M", *POWERS]), *lines]) + "\n"
