"""One page for the laboratory: assumptions in words, numbers, what follows, as text, Markdown, LaTeX or
HTML.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.experiment_checker.hypotheses import memory_line, source_line, theorem_line
from freerand_opt.experiments.bits import Bits
from freerand_opt.experiments.pvalue import PValue, above
from freerand_opt.experiments.signalling import Signalling

#: How a certificate is checked by somebody else.
TRUST = "certificate: freerand check FILE --counts DATA (or python -m freerand_opt.experiment_checker ..)"
WIDTH = 80
FORMATS = ("text", "markdown", "latex", "html")


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    title: str
    lines: tuple[str, ...]


def beside_words(beside: Signalling) -> str:
    """Return the line on no-signalling that stands beside every statement."""
    if beside.log2 <= 0:
        return "against no-signalling devices with this source: P = 1, nothing speaks against them"
    warning = " THE DATA SPEAK AGAINST THE SOURCE OR SIGNAL." if beside.log2 > 10 else ""
    return (
        f"against no-signalling devices with this source: P <= {above(beside.log2)} (best of "
        f"{beside.bets} bets: "
        f"{beside.bet}).{warning}"
    )


def sections(found: PValue | Bits) -> tuple[Section, ...]:
    """Return the report of an answer."""
    return _of_bits(found) if isinstance(found, Bits) else _of_p_value(found)


def _of_p_value(found: PValue) -> tuple[Section, ...]:
    null = found.setup.setting.devices
    return (
        Section("Statement", (f"checked: {statement(found)} ({found.decades:.2f} decades)",)),
        Section(
            "Hypotheses",
            (
                source_line(found.setup.setting.source),
                f"null hypothesis: {memory_line(null)}",
                *found.words,
                "only events that were heralded before the settings were chosen are trials",
                f"theorem: {theorem_line('p-value', method=found.method)}",
            ),
        ),
        Section("Checks", (beside_words(found.beside), *settings_lines(found))),
        Section("Trust", (TRUST,)),
    )


def statement(found: PValue | Bits) -> str:
    """Return the statement alone, its number rounded to the safe side."""
    if isinstance(found, PValue):
        return f"P-value against {found.setup.setting.devices} devices <= {above(found.log2)}"
    bits = math.floor(found.value * 10) / 10
    state = "certified" if found.success else "NOT certified"
    names = " and ".join(found.counts.scenario.parties[p] for p in found.factor.condition.of)
    return f"{bits:.1f} bits {state}, outcomes of {names}, error delta = 2^-{math.log2(1 / found.error):.1f}"


def why_not(found: Bits) -> str:
    """Return why no bits are certified."""
    if not found.planned:
        return "the threshold was read off the data"
    if found.power * (found.threshold - Fraction(math.log2(1 / found.error))) <= 0:
        return "the threshold L certifies nothing (too few trials, or too much noise or bias)"
    return "the product of factors missed the threshold"


def _of_bits(found: Bits) -> tuple[Section, ...]:
    condition = found.factor.condition
    part = len(condition.of) < len(found.setup.shape.settings)
    said = (
        (f"checked: {statement(found)}",)
        if found.success
        else (statement(found), f"because {why_not(found)}")
    )
    return (
        Section("Statement", said),
        Section(
            "Numbers",
            (
                f"trials scored: {found.counts.total}; k = {found.power}; threshold L = "
                f"{float(found.threshold):.3f}; log2 of the product of factors = {float(found.product):.3f}",
                "success, unconditionally: sum over w of P(w) sum over z of max over c of P(c, z, "
                "success | w), less weight delta, is at most 2^-bits",
            ),
        ),
        Section(
            "Hypotheses",
            (
                source_line(found.setup.setting.source),
                f"adversary: {memory_line(found.setup.setting.devices)}",
                *found.words,
                f"theorem: {theorem_line('bits', free=condition.free, part=part)}",
            ),
        ),
        Section("Checks", (beside_words(found.beside), *settings_lines(found))),
        Section("Hand-over", handover(found)),
        *((Section("Trust", (TRUST,)),) if found.success else ()),
    )


def settings_lines(found: PValue | Bits) -> tuple[str, ...]:
    """Return how often each joint setting came, beside the centre of the source."""
    total = found.counts.total
    if not total:
        return ("no trials",)
    scenario = found.counts.scenario
    return tuple(
        f"settings {scenario.setting_label(z)}: {n} of {total} = {n / total:.7f}; centre {float(u):.7f}"
        for z, (n, u) in enumerate(zip(found.counts.by_setting, found.setup.centre, strict=True))
    )


def handover(found: Bits) -> tuple[str, ...]:
    """Return the printed call of an extractor; the library never imports one."""
    parties = len(found.factor.condition.of)
    raw = found.counts.total * parties
    if not found.success:
        return ("nothing is handed over",)
    return (
        f"min-entropy {math.floor(found.value)}, raw length {raw}, smoothing {float(found.error):.3g}, "
        f"classical side "
        "information; distance of m extracted bits, times success: delta + 2^((m - bits)/2)/2",
        f"uniform, independent seed: cryptomite.Toeplitz.from_params(min_entropy={math.floor(found.value)}, "
        f"log2_error=-64, input_length={raw}) (needs cryptomite, whose licence is non-commercial)",
        "an extractor assumes seed and outcomes independent given w: no extractor helps against a seed "
        "that may lean "
        "on the outcomes",
    )


def render(found: PValue | Bits, form: str = "text", title: str = "") -> str:
    """Return the report in one of `FORMATS`."""
    made: dict[str, Callable[[str, Sequence[Section]], str]] = {
        "text": _text,
        "markdown": _markdown,
        "latex": _latex,
        "html": _html,
    }
    return made[form](title or "Experiment", sections(found))


def _text(title: str, parts: Sequence[Section]) -> str:
    def wrapped(line: str) -> str:
        return textwrap.fill(
            line, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        )

    body = "\n".join(
        f"{part.title}\n" + "".join(f"{wrapped(line)}\n" for line in part.lines) for part in parts
    )
    return f"{title}\n\n{body}"


def _markdown(title: str, parts: Sequence[Section]) -> str:
    return f"# {title}\n\n" + "\n".join(
        f"## {part.title}\n\n" + "".join(f"* {line.replace('*', chr(92) + '*')}\n" for line in part.lines)
        for part in parts
    )


def _latex(title: str, parts: Sequence[Section]) -> str:
    def plain(line: str) -> str:
        for mark in "\\{}":
            line = line.replace(mark, {"\\": r"\textbackslash ", "{": r"\{", "}": r"\}"}[mark])
        for mark in "#$%&_":
            line = line.replace(mark, "\\" + mark)
        return line.replace("^", r"\^{}").replace("~", r"\~{}").replace("<", r"$<$").replace(">", r"$>$")

    return f"\\section*{{{plain(title)}}}\n" + "\n".join(
        f"\\subsection*{{{plain(part.title)}}}\n\\begin{{itemize}}\n"
        + "".join(f"  \\item {plain(line)}\n" for line in part.lines)
        + "\\end{itemize}"
        for part in parts
    )


def _html(title: str, parts: Sequence[Section]) -> str:
    body = "".join(
        f"<h2>{html.escape(part.title)}</h2><ul>"
        + "".join(f"<li>{html.escape(line)}</li>" for line in part.lines)
        + "</ul>"
        for part in parts
    )
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
    return f"{head}<h1>{html.escape(title)}</h1>{body}</html>\n"
