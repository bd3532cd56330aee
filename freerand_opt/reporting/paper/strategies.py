"""An attack for a paper: boxes as tables of P(ab|xy), or states with measurements; weights and settings."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod, sqrt
from typing import Any

from freerand_opt.bounds.answers.attack import Attack, Strategy
from freerand_opt.bounds.answers.devices import Moments, Written
from freerand_opt.checker.asked import split
from freerand_opt.model.scenario import joined
from freerand_opt.numbers.exact import Exact, text
from freerand_opt.numbers.rounding import decimal_below
from freerand_opt.reporting.latex import escaped
from freerand_opt.reporting.paper.caption import number

#: Rows that are tabulated at most, and letters of a number that is not cut.
MOST_ROWS, LETTERS = 160, 10
_HEAD = r"""\begin{table*}
\centering\scriptsize
"""


def attack_table(attack: Attack, title: str) -> str:
    """Return the attack as a table: P(outcomes|settings, w) of each w, or a state with measurements.

    Attacks with more than `MOST_ROWS` rows, and boxes of many parties, are told in words.
    """
    settings, outcomes = attack.question.settings, attack.question.outcomes
    rows = len(attack) * prod(settings)
    written = [one.devices.form["kind"] for one in attack if isinstance(one.devices, Written)]
    if any(kind in ("quantum", "qubits") for kind in written):
        head, body, what = "lll", list(_states(attack)), "states and measurements, rounded"
    elif any(isinstance(one.devices, Moments) for one in attack) or rows > MOST_ROWS or prod(outcomes) > 16:
        head, body, what = "rp{0.45\\textwidth}l", list(_words(attack)), "heaviest first"
    else:
        head = "rr" + "l" * (1 + prod(outcomes))
        body = list(_boxes(attack))
        letters = "ab" if len(settings) == 2 else "abcdefgh"[: len(settings)]
        what = rf"the columns are $P({letters}|{'xyzuvrst'[: len(settings)]},w)$"
    caption = rf"Attack{title}: {len(attack)} values of $W$; {what}. Exact numbers: the certificate."
    lines = [
        rf"\caption{{{caption}}}\smallskip",
        rf"\begin{{tabular}}{{@{{}}{head}@{{}}}}",
        r"\toprule",
        *body,
    ]
    return _HEAD + "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table*}"]) + "\n"


def short(x: Exact) -> str:
    """Return a number for a cell: a short fraction as it is, others as a decimal that is cut."""
    words = text(x)
    if len(words) <= LETTERS:
        return words if isinstance(x, Fraction) else f"${number(x)}$"
    return f"{decimal_below(x, 6)}.."


def _boxes(attack: Attack) -> Iterator[str]:
    q = attack.question
    labels = [joined(split(o, q.outcomes), q.outcomes) for o in range(prod(q.outcomes))]
    names = "xyzuvrst"[: len(q.settings)]
    yield " & ".join(["$P(w)$", f"${names}$", f"$P({names}|w)$", *(f"${name}$" for name in labels)]) + r" \\"
    for one in attack.heaviest:
        yield r"\midrule"
        for s in range(prod(q.settings)):
            row = one.row(s)
            weight = short(one.weight) if s == 0 else ""
            cells = [short(row[o]) if o in row else "0" for o in range(len(labels))]
            at = joined(split(s, q.settings), q.settings)
            yield " & ".join([weight, at, short(one.settings[s]), *cells]) + r" \\"


def _words(attack: Attack) -> Iterator[str]:
    yield r"$P(w)$ & devices & settings \\" + "\n" + r"\midrule"
    for line in attack.table()[:MOST_ROWS]:
        yield f"{short(line.weight)} & {escaped(line.devices)} & {escaped(line.settings)} \\\\"
    if len(attack) > MOST_ROWS:
        yield rf"\multicolumn{{3}}{{l}}{{and {len(attack) - MOST_ROWS} more in the certificate}} \\"


def _states(attack: Attack) -> Iterator[str]:
    q = attack.question
    yield r"$P(w)$ & $P(s|w)$, $s$ ascending & state and measurements \\"
    for one in attack.heaviest:
        given = ", ".join(short(one.settings[s]) for s in range(prod(q.settings)))
        lines = list(_quantum(one)) or [escaped(one.devices.words)]
        yield r"\midrule"
        for k, line in enumerate(lines):
            yield " & ".join([short(one.weight) if not k else "", given if not k else "", line]) + r" \\"


def _quantum(one: Strategy) -> Iterator[str]:
    """Yield the state and, by party and setting, the vectors of each outcome but the last."""
    assert isinstance(one.devices, Written)
    form = one.devices.form
    if form["kind"] == "qubits":
        yield from _qubits(one)
        return
    if form["kind"] != "quantum":
        return
    sizes = form["dimensions"]
    yield rf"$\psi = {_vector(form['state'], sizes)}$"
    for party, settings in enumerate(form["measurements"]):
        for x, outcomes in enumerate(settings):
            for a, vectors in enumerate(outcomes[:-1]):
                shown = ", ".join(f"${_vector(v, [sizes[party]])}$" for v in vectors) or "none"
                yield rf"${chr(65 + party)}_{{{x}}}$, outcome {a}: {shown}"


def _qubits(one: Strategy) -> Iterator[str]:
    assert isinstance(one.devices, Written)
    cosine, sine = one.devices.form["state"]
    angle = rf"$\cos 2\theta = {_written(cosine)}$, $\sin 2\theta = {_written(sine)}$"
    yield rf"$\cos\theta\,|00\rangle + \sin\theta\,|11\rangle$, {angle}"
    for party, angles in enumerate(one.devices.form["angles"]):
        shown = ", ".join(_angle(angle) for angle in angles)
        yield rf"${chr(65 + party)}$: $\cos\alpha\,Z + \sin\alpha\,X$ with $\alpha$ = {shown}"


def _written(words: str) -> str:
    return words if len(words) <= LETTERS * 3 else words[: LETTERS * 3] + r"\ldots"


def _angle(angle: Any) -> str:
    if isinstance(angle, str):
        return rf"${_written(angle)}\,\pi$"
    return rf"$(\cos, \sin) = ({_written(angle[0])}, {_written(angle[1])})$"


def _vector(entries: list[Any], sizes: list[int]) -> str:
    """Return a normalised vector as a sum of kets, four places each."""
    values = [complex(*x) if isinstance(x, list) else complex(x) for x in entries]
    norm = sqrt(sum(abs(x) ** 2 for x in values))
    parts = []
    for k, x in enumerate(values):
        x /= norm
        if abs(x) < 5e-5:
            continue
        real = f"{x.real:+.4f}" if abs(x.imag) < 5e-5 else f"+({x.real:.4f}{x.imag:+.4f}i)"
        parts.append(rf"{real}\,|{joined(split(k, tuple(sizes)), tuple(sizes))}\rangle")
    return "".join(parts).removeprefix("+")
