"""A question as the caption of a figure says it: LaTeX, one sentence each, everything escaped."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Any

from freerand_opt.model.behaviours import labels
from freerand_opt.model.behaviours.functional import Functional
from freerand_opt.model.conditions import Keep, Moment, Relations, Test
from freerand_opt.model.families import FUNCTIONALS
from freerand_opt.model.output import Function
from freerand_opt.model.quantities import SCORE, STRATEGY
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import AnyScenario, Family
from freerand_opt.model.source import Biased, Source
from freerand_opt.model.tables.table import Table, fields
from freerand_opt.model.tables.text import inline
from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import Exact, text
from freerand_opt.numbers.rounding import decimal_below
from freerand_opt.reporting.latex import escaped
from freerand_opt.reporting.tested import correlators

#: Letters of an exact number that a caption shows; longer ones are decimals, cut.
SHORT = 40
SYMBOLS = {"epsilon": r"\epsilon", "lower": "l", "upper": "h", "bits": "k", "visibility": "v"}
RELATIONS = {"<=": r"\leq", ">=": r"\geq", "=": "="}
#: What is mathematics in the words of a source.
_FORMULA = re.compile(r"(P\([^)]*\)|\bW\b|\bepsilon\b)")
#: A size in the words of a family.
_SIZE = re.compile(r"\b(\d?[NMKd](?: \+ 1)?)\b")
_DEVICES = {
    "local": "local devices",
    "no-signalling": "any no-signalling devices",
    "quantum": "quantum devices",
}


def number(x: Exact) -> str:
    """Return a number in LaTeX, without dollars."""
    return markup.latex(x) if len(text(x)) <= SHORT else rf"{decimal_below(x)}\ldots"


def symbol(field: str) -> str:
    """Return a field's name in mathematics, without dollars."""
    name = field.rpartition(".")[2]
    plain = rf"\mathrm{{{escaped(name)}}}".replace("-", r"\text{-}")
    return SYMBOLS.get(name, name if len(name) == 1 else plain)


def sentences(question: Question, varied: Collection[str] = ()) -> Iterator[str]:
    """Yield sentences about scenario, source, tests, adversary and what is asked.

    Values of the `varied` key paths, such as ``source.epsilon``, are left to the axis.
    """
    yield _kind(question.scenario) if _sizes_vary(varied) else _scenario(question.scenario)
    yield f"Settings: {_source(question.source, varied)}; observed {_settings(question.observed.settings)}."
    behaviour, seen = question.observed.behaviour, question.observed.visibility
    if behaviour is not None:
        mixed = "" if seen is None else f" with visibility ${number(seen)}$"
        mixed = " with visibility $v$" if "observed.visibility" in varied else mixed
        yield f"Honest behaviour: {escaped(behaviour)}{mixed}."
    tests = [_test(one, question, k, varied) for k, one in enumerate((*question.tests, *question.moments))]
    yield f"Tested: {'; '.join(tests)}." if tests else "Nothing is tested."
    level = rf" (level {escaped(question.adversary.level)})" if question.adversary.level else ""
    devices = _DEVICES[question.adversary.devices] + level
    devices = "devices as named in the figure" if "adversary.devices" in varied else devices
    yield f"Adversary: {devices}, chosen by $W$ as the settings are."
    yield _asked(question, varied)


def _sizes_vary(varied: Collection[str]) -> bool:
    return any(path.startswith("scenario") for path in varied)


def _scenario(scenario: AnyScenario) -> str:
    sizes = list(zip(scenario.parties, *scenario.sizes, strict=False))
    shown = ", ".join(f"{party} {n} settings and {d} outcomes" for party, n, d in sizes[:4])
    if len({pair[1:] for pair in sizes}) == 1:
        shown = f"{sizes[0][1]} settings and {sizes[0][2]} outcomes each"
    return f"{len(scenario.settings)} parties, {shown}."


def _kind(scenario: AnyScenario) -> str:
    """Return what scenarios of several sizes have in common."""
    if not isinstance(scenario, Family):
        return "Scenarios as named in the figure."
    return _SIZE.sub(r"$\1$", escaped(_first(type(scenario)))) + "."


def _first(described: Any) -> str:
    """Return the first paragraph of a docstring, without its full stop."""
    return " ".join((described.__doc__ or "").split("\n\n")[0].split()).rstrip(".")


def _settings(observed: Any) -> str:
    return observed if isinstance(observed, str) else "with the frequencies of the question"


def _source(source: Source, varied: Collection[str]) -> str:
    first = _first(type(source))
    parts = _FORMULA.split(first[:1].lower() + first[1:])
    words = "".join(_formula(part) if k % 2 else escaped(part) for k, part in enumerate(parts))
    words += r"~\cite{ColbeckRenner2012}" if isinstance(source, Biased) else ""
    given = [_field(source, key, varied) for key in (field.key for field in fields(type(source)))]
    return f"{words} ({', '.join(filter(None, given))})" if any(given) else words


def _formula(words: str) -> str:
    return rf"$\{words}$" if words == "epsilon" else f"${words}$"


def _field(held: Table, key: str, varied: Collection[str]) -> str:
    """Return a field of a source that is not at its default; nothing if it is the axis."""
    found = next(field for field in fields(type(held)) if field.key == key)
    value = getattr(held, found.name)
    if f"source.{key}" in varied or (not found.required and value == found.default):
        return ""
    if isinstance(value, Fraction):
        return f"${symbol(key)} = {number(value)}$"
    return f"{escaped(key)}: {escaped(inline(found.kind.write(value)))}"


def functional(f: Functional, scenario: AnyScenario | None) -> str:
    """Return a functional in LaTeX: its terms, correlators of a named one, or the name with its meaning.

    Without a scenario (sizes vary) a named one has its name.
    """
    if f.game is not None:
        return rf"\textit{{the game won where {escaped(f.game.wins)}}}"
    if f.terms is not None:
        made = markup.sum_latex((x, labels.latex(label)) for label, x in f.terms)
    else:
        assert f.functional is not None
        made = "" if scenario is None else _correlators(f.functional, scenario)
        if not made:
            words = _first(FUNCTIONALS[f.functional]).removeprefix("Return ")
            return rf"\textit{{{escaped(f.functional)}}} ({escaped(words)})"
    return f"${made}$" + (" of joint probabilities" if f.speaks_of == "joint" else "")


def _correlators(name: str, scenario: AnyScenario) -> str:
    """Return a named functional as a sum of full correlators E; an empty text (not 0) if it is none."""
    found = correlators(FUNCTIONALS[name](scenario), scenario.outcomes)
    if not found:
        return ""
    return markup.sum_latex((x, f"E_{{{scenario.setting_label(s)}}}") for s, x in found.items())


def _test(test: Any, question: Question, k: int, varied: Collection[str]) -> str:
    scenario = question.scenario
    if isinstance(test, Keep):
        what = (
            "the whole observed behaviour" if test.keep == "behaviour" else "the error of each edge at most"
        )
        return what + (f" within ${number(test.tolerance)}$" if test.tolerance else "")
    if isinstance(test, Relations):
        return f"the GHZ relations, violated with weight at most ${number(test.violated)}$"
    right = test.bound if isinstance(test, Moment) else test.score
    if f"test[{k}].score" in varied or "test.score" in varied:
        shown = "$s$"
    elif not isinstance(right, str):
        shown = f"${number(right)}$"
    elif any(not path.startswith("source.") for path in varied):  # it may move with what varies
        shown = "its honest value"
    else:
        resolved = test.resolved(scenario, question.observed, f"test[{k}]")[0]
        shown = f"${number(resolved.score)}$, its honest value"
    named = test.functional if isinstance(test, Test) else Functional(terms=test.terms, on="moments")
    left = functional(named, None if _sizes_vary(varied) else scenario)
    return f"{left} ${RELATIONS[test.relation]}$ {shown}"


def _asked(question: Question, varied: Collection[str]) -> str:
    ask = question.ask
    if ask.quantity == STRATEGY:
        return "Asked: whether any strategy passes."
    if ask.quantity == SCORE and ask.functional is not None:
        scenario = None if _sizes_vary(varied) else question.scenario
        return f"Asked: the {ask.extreme} score of {functional(ask.functional, scenario)}."
    of = ask.of if not isinstance(ask.of, Function) else ask.of.to_dict()
    of = ", ".join(of) if isinstance(of, tuple) else of if isinstance(of, str) else inline(of)
    at = ask.at if isinstance(ask.at, str) else None
    where = {"average": "on average over the settings", "worst": "at the worst settings"}.get(at or "")
    if where is None:
        where = f"at settings ${escaped(inline(ask.at)).strip('[]')}$"
    if at == "average":
        where += ", of which she is told" + ("" if question.adversary.told == "settings" else " nothing")
    unit = " (bits)" if ask.row.unit == "bits" else ""
    return f"Asked: {escaped(ask.quantity)}{unit} of the outcome of {escaped(of or 'all')}, {where}."
