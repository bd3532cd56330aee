"""The question in words, from the parsed numbers alone."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.checker.asked import Ask, Functional, Kept, Question, Test, split
from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import show
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.sources import Average, Bits, Limits, Point, Rows, Source

SHOWN_TERMS = 8


def describe(q: Question, work: Work | None = None) -> list[str]:
    """Return lines about scenario, source, observed settings, devices, tests and what is asked."""
    if q.relations is not None:
        return _many_lines(q)
    sizes = ", ".join(
        f"{chr(ord('A') + p)} {n} settings x {d} outcomes"
        for p, (n, d) in enumerate(zip(q.settings, q.outcomes, strict=True))
    )
    tests = [f"test {k}: {_test(test, q, work)}" for k, test in enumerate(q.tests)] or ["no tests"]
    return [
        f"parties: {sizes}; {q.devices} devices",
        f"source: {_source(q.source)}",
        f"observed settings: {_observed_line(q)}",
        *tests,
        f"asked: {_ask_line(q.ask, q)}",
    ]


def _source(source: Source) -> str:
    if isinstance(source, Point):
        uniform = not source.values.but
        return "settings independent of W, " + ("uniform" if uniform else "of the observed distribution")
    if isinstance(source, Bits):
        ranges = sorted(set(source.ranges))
        shown = "; ".join(f"P(0 | past, W) in [{show(a)}, {show(b)}]" for a, b in ranges[:3])
        return f"{len(source.ranges)} bits in one time order, {shown}{'; ..' if len(ranges) > 3 else ''}"
    if isinstance(source, Limits):
        lower, upper = min(source.lower.values()), max(source.upper.values())
        return f"limits of P(s|w), within [{show(lower)}, {show(upper)}]"
    if isinstance(source, Average):
        bounds = ", ".join(sorted({show(bound) for bound in source.bounds})[:4])
        pairs = f" between {len(source.pairs)} pairs of settings" if source.pairs else ""
        good = f", all others: {_source(source.good)}" if source.good is not None else ""
        return f"{source.measure}{pairs} at most {bounds} on average over W{good}"
    if isinstance(source, Rows):
        if source.full:
            return "P(s|w) > 0 for every setting, and no more"
        if source.mutual:
            return (
                f"two-setting parties, each bit free given the others', odds at most {show(source.mutual[1])}"
            )
        return f"{len(source.rows)} linear conditions on P(s|w)"
    if isinstance(source, Shared):
        return f"parties independent given W, no joint setting likelier than {show(source.bound)}"
    return "parties independent given W: " + "; ".join(_source(part) for part in source.parts)


def _observed_line(q: Question) -> str:
    if q.observed is None:
        return "unconstrained, any average over w"
    if not q.observed.but:
        return "uniform"
    told = [f"{_at(s, q)}: {show(x)}" for s, x in list(q.observed.but.items())[:SHOWN_TERMS]]
    if len(q.observed.but) > SHOWN_TERMS:
        told.append("..")
    if q.observed.default is not None:
        told.append(f"all others: {show(q.observed.default)}")
    return ", ".join(told)


def _at(s: int, q: Question) -> str:
    return ",".join(map(str, split(s, q.settings)))


def _functional(f: Functional, q: Question) -> str:
    if f.errors is not None:
        listed = [f"{_at(s, q)}: {'odd' if parity else 'even'}" for s, parity in f.errors]
        more = f", .. ({len(listed)} in all)" if len(listed) > SHOWN_TERMS else ""
        where = "each setting" if f.on == "conditional" else "all settings, weighted by P(s)"
        shown = ", ".join(listed[:SHOWN_TERMS])
        return f"sum over {where} of P(x + y has the wrong parity), right: {shown}{more}"
    names = [(q.algebra.name(word), factor) for word, factor in f.words.items()]
    parts = [f"{show(factor)} <{name}>" for name, factor in names]
    bar = "|" if f.on == "conditional" else "; "
    for (s, o), factor in list(f.terms.items())[: SHOWN_TERMS + 1]:
        outcome = ",".join(map(str, split(o, q.outcomes)))
        parts.append(f"{show(factor)} P({outcome}{bar}{_at(s, q)})")
    if len(parts) > SHOWN_TERMS:
        total = sum((abs(x) for x in f.terms.values()), Fraction(0))
        parts = [*parts[:SHOWN_TERMS], f".. ({len(f.terms)} terms, absolute factors sum to {show(total)})"]
    return " + ".join(parts).replace("+ -", "- ")


def _test(test: Test | Kept, q: Question, work: Work | None) -> str:
    if isinstance(test, Kept):
        return f"P(.|s) observed at {len(test.table)} settings within {show(test.tolerance)}"
    return f"{_functional(test.functional, q)} {test.relation} {show(test.score, work)}"


def _ask_line(ask: Ask, q: Question) -> str:
    if ask.quantity == "strategy":
        return "does a strategy exist?"
    if ask.score is not None:
        return f"{'largest' if ask.sign > 0 else 'smallest'} {_functional(ask.score, q)}"
    where = f"at settings {_at(ask.at, q)}" if ask.at is not None else "averaged over the settings, "
    if ask.at is None:
        where += "told to the adversary" if ask.told else "not told to the adversary"
    given = f", given W and {'a quantum system' if ask.side == 'quantum' else 'no more'}" if ask.side else ""
    noise = f", flipped with probability {show(ask.noise)}," if ask.noise else ""
    return f"{ask.quantity} of {_output(ask)}{noise} {where}{given}"


def _output(ask: Ask) -> str:
    names = ", ".join(chr(ord("A") + p) if p < 26 else f"party {p}" for p in ask.of)
    if ask.picked is not None:
        return f"the outcome of one of {names}, picked by {ask.picked.bits} bits ({ask.picked.selection})"
    identity = list(ask.values) == list(range(len(ask.values)))
    table = "" if identity else f", as values {' '.join(map(str, ask.values[:32]))}"
    return f"the outcomes of {names}{table}"


def _many_lines(q: Question) -> list[str]:
    assert q.relations is not None
    held = q.relations
    signs = "".join({1: "+", -1: "-", 0: "."}[sign] for sign in held.signs[:40])
    tested = f"broken with total weight at most {show(held.violated)}" if held.violated else "perfect"
    seen = ", and the whole behaviour of the GHZ state is observed" if held.whole else ""
    where = "".join(map(str, split(q.ask.at or 0, q.settings)))
    return [
        f"parties: {len(q.settings)}, two settings and two outcomes each; no-signalling devices",
        f"source: {_source(q.source)}; observed settings uniform",
        f"tested: product of all outcomes by number of settings 1: {signs}; {tested}{seen}",
        f"asked: {q.ask.quantity} of {_output(q.ask)} at settings {where}"
        if q.ask.quantity != "strategy"
        else "asked: does a strategy exist?",
    ]
