"""One page for the laboratory: assumptions in words, numbers, what follows, as text, Markdown, LaTeX or
HTML.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.checker.sources import Bits as SourceBits
from freerand_opt.checker.sources import Limits
from freerand_opt.experiments.bits import Bits
from freerand_opt.experiments.pvalue import PValue
from freerand_opt.experiments.setup import Setup
from freerand_opt.experiments.signalling import Signalling

FORMATS = ("text", "markdown", "latex", "html")


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    title: str
    lines: tuple[str, ...]


def source_words(setup: Setup) -> str:
    """Return assumption (A1) in words, with the source's numbers."""
    source = setup.setting.source
    if isinstance(source, SourceBits):
        low, high = min(a for a, _ in source.ranges), max(b for _, b in source.ranges)
        what = (
            f"each of the {len(source.ranges)} bits that choose the settings is 0 with probability in "
            f"[{low}, {high}] ([{float(low):.6g}, {float(high):.6g}])"
        )
    elif isinstance(source, Limits):
        low, high = min(source.lower.values()), max(source.upper.values())
        what = f"each joint setting has a probability in [{low}, {high}]"
    else:
        uniform = len(set(setup.centre)) == 1
        what = "joint settings are " + (
            "uniform" if uniform else "distributed as stated: " + _listed(setup.centre)
        )
    return f"(A1) in every round, given all that was before and what the adversary holds, {what}"


def _listed(values: Sequence[Fraction]) -> str:
    return ", ".join(map(str, values[:16]))


def beside_words(beside: Signalling) -> str:
    """Return the line on no-signalling that stands beside every statement."""
    if beside.log2 <= 0:
        return "against no-signalling devices with this source: P = 1, nothing speaks against them"
    warning = " THE DATA SPEAK AGAINST THE SOURCE OR SIGNAL." if beside.log2 > 10 else ""
    return (
        f"against no-signalling devices with this source: P <= {beside.p_value:.3g} (best of "
        f"{beside.bets} bets: "
        f"{beside.bet}).{warning}"
    )


def sections(found: PValue | Bits) -> tuple[Section, ...]:
    """Return the report of an answer."""
    return _of_bits(found) if isinstance(found, Bits) else _of_p_value(found)


def _of_p_value(found: PValue) -> tuple[Section, ...]:
    null = found.setup.setting.devices
    return (
        Section(
            "Statement", (f"P-value against {null} devices: {found.value:.4g} ({found.decades:.2f} decades)",)
        ),
        Section(
            "Assumptions",
            (
                source_words(found.setup),
                f"null hypothesis: {null} devices with any memory; they may share causes with the "
                f"settings within (A1)",
                *found.words,
                "only events that were heralded before the settings were chosen are trials",
            ),
        ),
        Section("Checks", (beside_words(found.beside), *settings_lines(found))),
        Section("Trust", ("certificate: python -m freerand_opt.experiment_checker FILE --counts COUNTS",)),
    )


def _of_bits(found: Bits) -> tuple[Section, ...]:
    state = "certified" if found.success else "NOT certified"
    first = [f"{float(found.value):.1f} bits {state}, error delta = 2^-{math.log2(1 / found.error):.1f}"]
    if not found.success:
        why = (
            "the threshold was read off the data"
            if not found.planned
            else "the threshold L certifies nothing (too few trials, or too much noise or bias)"
            if found.power * (found.threshold - Fraction(math.log2(1 / found.error))) <= 0
            else "the product of factors missed the threshold"
        )
        first.append(f"because {why}")
    return (
        Section("Statement", tuple(first)),
        Section(
            "Numbers",
            (
                f"trials scored: {found.counts.total}; k = {found.power}; threshold L = "
                f"{float(found.threshold):.3f}; "
                f"log2 of the product of factors = {float(found.product):.3f}",
                "success, unconditionally: sum over w of P(w) sum over z of max over c of P(c, z, "
                "success | w), less "
                "weight delta, is at most 2^-bits",
            ),
        ),
        Section(
            "Assumptions",
            (
                source_words(found.setup),
                f"adversary: {found.setup.setting.devices} devices with any memory",
                *found.words,
            ),
        ),
        Section("Checks", (beside_words(found.beside), *settings_lines(found))),
        Section("Hand-over", handover(found)),
        Section("Trust", ("certificate: python -m freerand_opt.experiment_checker FILE --counts COUNTS",)),
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
    body = "\n".join(f"{part.title}\n" + "".join(f"  {line}\n" for line in part.lines) for part in parts)
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
