"""Drawings of the report on Conjecture 1, as SVG; positions are rounded to 1/100 pixel."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import log10

from freerand_opt.model.lemniscate import half_constant
from freerand_opt.reporting.conjecture import Values, distance

COLOURS = ("#1b6ca8", "#b5361c", "#3a7d34", "#7a4ea3", "#8a6d1c")
#: Sources whose curves are drawn, and how many picking bits.
DRAWN = tuple(Fraction(text) for text in ("1/100", "1/10", "1/4", "2/5", "9/20"))
MOST_BITS = 12
_SHEET = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="720" height="420" '
    'font-family="sans-serif" font-size="13">',
    '<rect width="720" height="420" fill="white"/>',
)


def curves(values: Values) -> str:
    """Return out(eps, 2^n) over n = 2.., logarithmic; dashed where eps is, solid below it."""

    def place(bits: int, value: Fraction) -> str:
        return f"{60 + 620 * (bits - 2) / (MOST_BITS - 2):.2f},{40 - 90 * log10(value):.2f}"

    body: list[str] = [*_SHEET]
    for epsilon, colour in zip(DRAWN, COLOURS, strict=True):
        outs = [(bits, distance(values, epsilon, bits)) for bits in range(2, MOST_BITS + 1)]
        points = " ".join(place(bits, out) for bits, out in outs)
        body.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        left, right = place(2, epsilon), place(MOST_BITS, epsilon)
        body.append(f'<polyline points="{left} {right}" stroke="{colour}" stroke-dasharray="4 3"/>')
        x, y = right.split(",")
        body.append(
            f'<text x="{x}" y="{float(y) - 3:.2f}" text-anchor="end" fill="{colour}">ε = {epsilon}</text>'
        )
    body += _labels((place(bits, Fraction(1)).split(",")[0], 2**bits) for bits in range(2, MOST_BITS + 1))
    for value in ("1", "1/10", "1/100", "1/1000"):
        height = place(2, Fraction(value)).split(",")[1]
        body.append(f'<text x="52" y="{height}" text-anchor="end">{value}</text>')
    return "\n".join([*body, "</svg>"]) + "\n"


def _labels(ticks: Iterable[tuple[str, int]]) -> list[str]:
    return [f'<text x="{x}" y="400" text-anchor="middle">{parties}</text>' for x, parties in ticks]


def figure(values: Values) -> str:
    """Return the values over M as an SVG drawing, with the limit K."""
    last = max(parties for parties, _ in values)
    lower = half_constant(60)[0]

    def place(parties: float, value: Fraction) -> str:
        return f"{60 + 620 * (parties - 3) / (last - 3):.2f},{380 - 700 * (float(value) - 0.98):.2f}"

    colours = dict(zip(("even", "opposite", "odd"), COLOURS, strict=False))
    left, _, y = place(3, lower).partition(",")
    body = [
        *_SHEET,
        f'<line x1="{left}" y1="{y}" x2="680" y2="{y}" stroke="black" stroke-dasharray="4 3"/>',
        f'<text x="600" y="{float(y) + 18:.2f}">K = 1.3110..</text>',
    ]
    for number, (kind, colour) in enumerate(colours.items()):
        points = " ".join(place(parties, values[parties, kind]) for parties in range(3, last + 1))
        body.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        body.append(f'<text x="{300 + 90 * number}" y="330" fill="{colour}">{kind}</text>')
    drawn = (3, *range(10, last + 1, 10))
    body += _labels((place(parties, Fraction(1)).split(",")[0], parties) for parties in drawn)
    for value in ("1", "11/10", "6/5", "13/10", "7/5", "3/2"):
        height = place(3, Fraction(value)).split(",")[1]
        body.append(f'<text x="50" y="{height}" text-anchor="end">{float(Fraction(value)):.1f}</text>')
    return "\n".join([*body, "</svg>"]) + "\n"
