"""A certificate about counts: a P-value, or bits that a threshold certifies; docs/experiments-
certificates.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.checker.bound import check_upper
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import enclose
from freerand_opt.checker.question import read_question
from freerand_opt.checker.reading import (
    choice,
    closed,
    common_denominator,
    fraction,
    integer,
    integers,
    items,
)
from freerand_opt.checker.sources import Point, read_source
from freerand_opt.checker.vectors import Vector, vector
from freerand_opt.experiment_checker.guess import excess, read_estimator
from freerand_opt.experiment_checker.hypotheses import later_line, memory_line, source_line, theorem_line
from freerand_opt.experiment_checker.maximum import Condition, Setting, maximum
from freerand_opt.experiment_checker.powers import BITS, log2_down, log2_up, need_power, tail_up
from freerand_opt.experiment_checker.scenario import Shape
from freerand_opt.experiment_checker.vertices import Polytope, half_space

FORMAT = "freerand-experiment"
MOST_CELLS = 1 << 16
MOST_COUNT = 1 << 80
#: Precision to which the proved end of a cut, a number of the kernel's field, is rounded up.
CUT_BITS = 40


@dataclass(frozen=True)
class Report:
    """What was checked: lines about the hypotheses, and the statement that holds under them.

    `theorem` is what turns the arithmetic of the file into the statement. `log2` is a lower
    bound of -log2 P, or of the bits.
    """

    lines: tuple[str, ...]
    statement: str
    theorem: str
    log2: Fraction


def check(raw: Any, work: Work | None = None, digest: str | None = None) -> Report:
    """Return what a certificate proves; raise Unreadable, Rejected or TooMuch.

    `digest` is the SHA-256 of the counts file at hand, which must be the one that is named.
    """
    work = work or Work()
    closed(
        raw,
        "certificate",
        ("format", "version", "settings", "outcomes", "source", "distribution", "devices", "claim", "data"),
        ("cuts",),
    )
    if raw["format"] != FORMAT or raw["version"] != 1 or type(raw["version"]) is not int:
        raise Unreadable(f"certificate: the format is {FORMAT!r}, version 1")
    common_denominator(raw, work)
    setting, lines = _setting(raw, work)
    counts, held = _data(raw["data"], setting.shape, digest)
    claim = raw["claim"]
    quantity = choice(
        claim.get("quantity") if type(claim) is dict else None, "claim: quantity", ("p-value", "bits")
    )
    lines = (*lines, *held)
    if quantity == "bits":
        return _bits(raw, setting, counts, lines, work)
    if choice(claim.get("method"), "claim: method", ("factor", "game")) == "factor":
        return _factor(claim, setting, counts, lines, work)
    return _game(claim, setting, counts, lines, work)


def _setting(raw: Any, work: Work) -> tuple[Setting, tuple[str, ...]]:
    settings = tuple(integers(raw["settings"], "settings", 1, 1 << 10))
    outcomes = tuple(integers(raw["outcomes"], "outcomes", 1, 1 << 10, len(settings)))
    if not settings or len(settings) > 26 or prod(settings) * prod(outcomes) > MOST_CELLS:
        raise Unreadable(f"certificate: 1 to 26 parties and at most {MOST_CELLS} cells")
    shape = Shape(settings, outcomes)
    count = shape.count[0]
    stated: Vector[Fraction] | None = None
    if raw["distribution"] is not None:
        stated = vector(raw["distribution"], "distribution", count, lambda x, where: fraction(x, where, 0))
        if sum(stated.values()) != 1:
            raise Unreadable("distribution: does not sum to 1")
    source = read_source(raw["source"], settings, stated, work)
    if not isinstance(source, Point) and stated is not None:
        raise Unreadable("distribution: is stated for settings that are free, null else")
    devices = choice(raw["devices"], "devices", ("local", "no-signalling", "quantum"))
    boxes = None
    by_guess = type(raw["claim"]) is dict and "estimator" in raw["claim"]
    if (devices == "quantum" and not by_guess) != ("cuts" in raw):
        raise Unreadable("cuts: are given for quantum devices without an estimator, and for them alone")
    if "cuts" in raw:
        boxes = tuple(_cut(items(raw["cuts"], "cuts"), shape, work).boxes())
    sizes = ", ".join(
        f"{chr(ord('A') + p)} {n} settings x {d} outcomes"
        for p, (n, d) in enumerate(zip(settings, outcomes, strict=True))
    )
    said = (
        f"parties: {sizes}",
        f"devices: {memory_line(devices, None if boxes is None else len(boxes))}",
        f"source: {source_line(source)}",
    )
    return Setting(shape, source, devices, boxes), said


def _cut(raw: list[Any], shape: Shape, work: Work) -> Polytope:
    """Return the no-signalling polytope cut by inequalities that the kernel proves for quantum devices."""
    if (shape.settings, shape.outcomes) != ((2, 2), (2, 2)):
        raise Unreadable("cuts: two parties with two settings and two outcomes are needed")
    found = Polytope(work)
    for k, cut in enumerate(raw):
        closed(cut, f"cuts[{k}]", ("terms", "upper"))
        terms, bound = cut_bound(cut["terms"], cut["upper"], work)
        found.cut(half_space(terms, bound))
    return found


def cut_bound(raw: Any, upper: Any, work: Work) -> tuple[dict[tuple[int, int], Fraction], Fraction]:
    """Return terms, and what the kernel derives from a proof that sum of factors times P(c|z) is at most.

    The bound is rounded up; two parties with two settings and two outcomes.
    """
    asked = {"quantity": "score", "on": "conditional", "terms": raw, "extreme": "largest"}
    question = {
        "settings": [2, 2],
        "outcomes": [2, 2],
        "source": {"kind": "uniform"},
        "observed": "uniform",
        "devices": "quantum",
        "tests": [],
        "ask": asked,
    }
    q = read_question(question, work)
    bound = check_upper(upper, q, work)
    if bound is None or q.ask.score is None:
        raise Rejected("cuts: quantum devices exist; a bound is needed")
    return q.ask.score.terms, enclose(bound, CUT_BITS)[1]


def _data(raw: Any, shape: Shape, digest: str | None) -> tuple[list[int] | None, tuple[str, ...]]:
    if raw is None:
        return None, ("data: none; the statement is about whoever reaches the threshold",)
    closed(raw, "data", ("sha256", "counts"))
    size = shape.count[0] * shape.count[1]
    counts = integers(raw["counts"], "data: counts", 0, MOST_COUNT, size)
    named = raw["sha256"]
    if named is not None and (
        type(named) is not str or len(named) != 64 or set(named) - set("0123456789abcdef")
    ):
        raise Unreadable("data: sha256 is 64 hexadecimal digits, or null")
    if digest is not None and digest != named:
        raise Rejected("the counts file at hand is not the one that the certificate names")
    verified = (
        "of the file at hand, by its digest (which of its rows were scored is not looked at)"
        if digest is not None
        else "of a file that was not looked at"
    )
    return counts, (f"data: {sum(counts)} trials, {verified if named else 'no file named'}",)


def _needed(counts: list[int] | None) -> list[int]:
    if counts is None or not sum(counts):
        raise Unreadable("data: a P-value needs counts")
    return counts


def log_product(factor: list[int], largest: int, counts: list[int]) -> Fraction | None:
    """Return a lower bound of sum n log2(F / m), m = largest / 2^BITS; None for a factor of 0 that occurs."""
    if not largest:
        raise Rejected("the factor is 0 on every box that is allowed")
    total = Fraction(0)
    for f, n in zip(factor, counts, strict=True):
        if n and not f:
            return None
        total += n * log2_down(Fraction(f)) if n else 0
    return total - sum(counts) * (log2_up(Fraction(largest)) - BITS)


def _factor(
    claim: Any, setting: Setting, counts: list[int] | None, lines: tuple[str, ...], work: Work
) -> Report:
    closed(claim, "claim", ("quantity", "method", "factor"))
    held = _needed(counts)
    factor = integers(claim["factor"], "claim: factor", 0, None)
    largest = maximum(setting, Condition(), factor, work)
    found = log_product(factor, largest, held)
    value = max(Fraction(0), found) if found is not None else Fraction(0)
    note = (
        "before: the factor was fixed before these trials (no file can show it); any stopping rule, if it "
        "does not depend on how many there are"
    )
    said = f"P-value against {setting.devices} devices <= 2^-({shown(value)})"
    return Report((*lines, note), said, theorem_line("p-value", method="factor"), value)


def _game(
    claim: Any, setting: Setting, counts: list[int] | None, lines: tuple[str, ...], work: Work
) -> Report:
    closed(claim, "claim", ("quantity", "method", "wins"))
    held = _needed(counts)
    size = len(held)
    wins = integers(claim["wins"], "claim: wins", 0, size - 1)
    if wins != sorted(set(wins)):
        raise Unreadable("claim: wins lists cells in ascending order, each once")
    chosen = set(wins)
    largest = maximum(setting, Condition(), [int(c in chosen) for c in range(size)], work)
    chance = min(Fraction(1), Fraction(largest, 1 << BITS))
    value = tail_up(sum(held), sum(held[c] for c in wins), chance, work)
    found = -log2_up(value) if value else Fraction(sum(held))
    note = "before: the game and the number of trials were fixed before them (no file can show it)"
    said = f"P-value against {setting.devices} devices <= 2^-({shown(found)}) (about {float(value):.6g})"
    theorem = theorem_line("p-value", method="game")
    game = f"game: {sum(held[c] for c in wins)} wins; a trial is won with probability <= {float(chance):.6g}"
    return Report((*lines, game, note), said, theorem, max(Fraction(0), found))


def _bits(raw: Any, setting: Setting, counts: list[int] | None, lines: tuple[str, ...], work: Work) -> Report:
    claim, keys = raw["claim"], ("quantity", "of", "later", "power", "centre", "factor", "error", "threshold")
    closed(claim, "claim", keys, ("estimator",))
    shape = setting.shape
    of = tuple(integers(claim["of"], "claim: of", 0, len(shape.settings) - 1))
    if not of or of != tuple(sorted(set(of))):
        raise Unreadable("claim: of lists parties in ascending order")
    free = choice(claim["later"], "claim: later", ("any", "independent of outcomes")) == "any"
    k = integer(claim["power"], "claim: power")
    need_power(k)
    centre = tuple(
        vector(claim["centre"], "claim: centre", shape.count[0], lambda x, at: fraction(x, at, 0)).values()
    )
    if sum(centre) != 1:
        raise Unreadable("claim: centre does not sum to 1")
    factor = integers(claim["factor"], "claim: factor", 0, None)
    error = fraction(claim["error"], "claim: error", 0)
    if not 0 < error < 1:
        raise Unreadable("claim: error is in (0, 1)")
    threshold = fraction(claim["threshold"], "claim: threshold")
    by_guess = "estimator" in claim
    if by_guess:
        if not free or setting.devices == "local":
            raise Unreadable("estimator: later is any, and devices are no-signalling or quantum")
        estimator = read_estimator(raw, claim["estimator"], shape, of, centre, work)
        largest = excess(estimator, k, factor)
    else:
        largest = maximum(setting, Condition(k, free, of, centre), factor, work)
    names = " and ".join(chr(ord("A") + p) for p in of)
    said = [f"later: {later_line(free)}", f"factor: of the outcomes of {names}, with k = {k}"]
    if counts is not None:
        reached = log_product(factor, largest, counts)
        if reached is None or reached < threshold:
            raise Rejected(f"the product of the factors is below the threshold 2^({shown(threshold)})")
        said.append(
            f"success: log2 of the product of the factors is at least {shown(reached)}, and the threshold "
            f"{shown(threshold)}"
        )
    bits = k * (threshold - log2_up(1 / error))
    if bits <= 0:
        raise Rejected("the threshold certifies no bits")
    said += [
        "before: factor, k, centre, error, threshold and the number of trials were fixed before them (no "
        "file can show it)",
        "side: classical side information only; bits and error are unconditional, not given success",
    ]
    return Report(
        (*lines, *said),
        f"{shown(bits)} bits, error 2^-({shown(log2_down(1 / error))}), of the outcomes of {names}",
        theorem_line("bits", free=free, part=len(of) < len(shape.settings), guess=by_guess),
        bits,
    )


def shown(x: Fraction) -> str:
    """Return a decimal text at most x, with six places."""
    scaled = x.numerator * 10**6 // x.denominator
    whole, part = divmod(abs(scaled), 10**6)
    return f"{'-' if scaled < 0 else ''}{whole}.{part:06d}"
