"""One page for the laboratory: assumptions in words, numbers, what follows, as text, Markdown, LaTeX or
HTML.
"""

from __future__ import annotations

import math
from fractions import Fraction

from freerand_opt.experiment_checker.hypotheses import PAGE, READ, memory_line, source_line, theorem_line
from freerand_opt.experiments.answer import Found
from freerand_opt.experiments.bits import Bits
from freerand_opt.experiments.brackets import AverageScore, RegionBracket
from freerand_opt.experiments.forms import Page, Section, chart, rendered
from freerand_opt.experiments.pvalue import PValue, above
from freerand_opt.experiments.signalling import Signalling
from freerand_opt.model.quantities import SCORE, STRATEGY

#: Of intervals for independent rounds.
INTERVALS = "in the literature (Clopper and Pearson 1934); ends by integers, written out there"
#: How a certificate is checked by somebody else.
TRUST = "certificate: freerand check FILE --counts DATA (or python -m freerand_opt.experiment_checker ..)"


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


def sections(found: Found) -> tuple[Section, ...]:
    """Return the report of an answer."""
    if isinstance(found, RegionBracket | AverageScore):
        return _of_region(found)
    return _of_bits(found) if isinstance(found, Bits) else _of_p_value(found)


def _of_region(found: RegionBracket | AverageScore) -> tuple[Section, ...]:
    memory = isinstance(found, AverageScore)
    theorem = (
        f"{PAGE}, section 6: {READ}" if memory else f"{PAGE}, section 6 (independent rounds): {INTERVALS}"
    )
    why = (
        (f"because {found.result.reason}",)
        if isinstance(found, RegionBracket) and found.result.impossible
        else ()
    )
    return (
        Section("Statement", (f"{'in exact numbers' if memory else 'checked'}: {statement(found)}", *why)),
        Section(
            "Hypotheses",
            (
                source_line(found.setup.setting.source),
                *((memory_line(found.setup.setting.devices),) if memory else ()),
                *found.words,
                "only events that were heralded before the settings were chosen are trials",
                f"theorem: {theorem}",
            ),
        ),
        Section("Checks", (beside_words(found.beside), *settings_lines(found))),
        Section("Trust", (_trust(found),)),
    )


def _trust(found: RegionBracket | AverageScore) -> str:
    """Return what a region's statement rests on; that of a score is one formula, with what goes into it."""
    if isinstance(found, RegionBracket):
        return "certificate: freerand check FILE"
    region = found.region
    return (
        "no certificate of its own: the chance to win is the formula of section 6, "
        "(2^(lambda G - log2(1/alpha)/n) - 1)/(2^lambda - 1), rounded down, with the mean of G = "
        f"{region.mean}, lambda = {region.lam}, alpha = {region.alpha}, n = {found.counts.total}; G is "
        "1/(joint settings times the largest probability of one) where a round is won, else 0"
    )


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
        *course(found),
        Section("Checks", (beside_words(found.beside), *settings_lines(found))),
        Section("Trust", (TRUST,)),
    )


def statement(found: Found) -> str:
    """Return the statement alone, its number rounded to the safe side."""
    if isinstance(found, RegionBracket):
        asked = found.result.question.ask
        which = f"{asked.extreme} " if asked.quantity == SCORE else ""
        ends = ["open" if x is None else f"{float(x):.8g}" for x in (found.result.lower, found.result.upper)]
        said = (
            f"{which}{asked.quantity} of one round in [{', '.join(ends)}] (floats; the certificate is exact)"
        )
        if found.result.quantity == STRATEGY or found.result.impossible:
            there = "no" if found.result.impossible else "a"
            said = f"{there} behaviour of {found.setup.setting.devices} devices is in the region"
        return f"{said}, except with probability {float(found.alpha):.3g}"
    if isinstance(found, AverageScore):
        low = math.floor(found.score * 10**6) / 10**6
        chance = math.floor(found.region.end * 10**6) / 10**6
        return (
            f"average score over {found.counts.total} rounds >= {low:.6f} (chance to win >= {chance:.6f}; "
            f"the estimate is {float(found.region.mean):.6f}), except with probability "
            f"{float(found.region.alpha):.3g}"
        )
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
    guess = found.factor.estimator is not None
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
                f"theorem: {theorem_line('bits', free=condition.free, part=part, guess=guess)}",
            ),
        ),
        *course(found),
        Section("Checks", (beside_words(found.beside), *settings_lines(found))),
        Section("Hand-over", handover(found)),
        *((Section("Trust", (TRUST,)),) if found.success else ()),
    )


def course(found: Found) -> tuple[Section, ...]:
    """Return how log2 of the product of factors ran over ordered trials, as a drawing; nothing of counts."""
    running = found.running
    if running is None:
        return ()
    words = f"log2 of the product of factors over the trials: {running.last:.5g} at the end"
    top = f"; at most {running.best:.5g}, after trial {running.at}"
    return (Section("Course", (words + top,), chart(running.trace)),)


def settings_lines(found: Found) -> tuple[str, ...]:
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


def page(found: Found, title: str = "", figure: str = "") -> Page:
    """Return the page on an answer."""
    return Page(title or "Experiment", sections(found), figure)


def render(found: Found, form: str = "text", title: str = "") -> str:
    """Return the report in one of `FORMATS`, without figures."""
    return rendered((page(found, title),), form, whole=False)
