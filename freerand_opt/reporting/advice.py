"""Why an answer is open or wider than asked, and what to do next."""

from __future__ import annotations

import re
from fractions import Fraction

from freerand_opt.answers.verification import Verification
from freerand_opt.model.question import Question
from freerand_opt.programs.ratios import sums_ratios

_GIVEN = 'use on = "joint", or given settings'
#: The next level above those that are written most often.
_HIGHER = {"1": "1 + A B", "1 + A B": "2", "local 1": "local 2"}


def shortcoming(found: Verification, width: float | None, time_limit: float | None) -> str:
    """Return in one line what an answer falls short of, why, and what to do; nothing if it does not.

    `width` is how narrow it was to be (None: as usual), `time_limit` the seconds that programs had.
    """
    if found.impossible and not found.as_expected:
        return f"{found.title}: no strategy passes the tests (proved), and the file expects an answer"
    if not found.wider_than(width):
        return ""
    return f"{found.title}: {_advice(found, found.usual_width if width is None else width, time_limit)}"


def _advice(found: Verification, width: float, time_limit: float | None) -> str:
    asked, result = found.instance.question, found.result
    limit = "" if time_limit is None else f"; give more time than --time-limit {time_limit:g}"
    if asked is None:
        return f"the bracket is wider than {width:g}; give a smaller computation.width{limit}"
    if result.quantity == "strategy":
        return f"neither a strategy nor a proof that there is none was found: {_open(asked)}{limit}"
    turned = result.quantity == "min-entropy" or asked.ask.sign < 0
    lower, upper = result.bracket.lower, result.bracket.upper
    proved, reached = (lower, upper) if turned else (upper, lower)
    names = ("lower", "upper") if turned else ("upper", "lower")
    if proved is None:
        return f"the {names[0]} end is missing: no proof was found that checks{_of_level(asked)}{limit}"
    if reached is None:
        return f"the {names[1]} end is missing: {_no_attack(asked)}{limit}"
    return f"the bracket is wider than {width:g}: {_wide(asked, result.method)}{limit}"


def _ratios(asked: Question) -> bool:
    return any(sums_ratios(asked, test) for test in asked.tests)


def _exact_scores(asked: Question) -> bool:
    """Return whether a test leaves rounding no room: an equality, or a score that is no fraction."""
    return any(test.relation == "=" or not isinstance(test.score, Fraction) for test in asked.tests)


def _of_level(asked: Question) -> str:
    if asked.adversary.devices != "quantum":
        return "; try another solver (--solver)"
    return f" at level {asked.adversary.level}; {_next_level(asked)}"


def _next_level(asked: Question) -> str:
    level = re.sub(r"\s+", " ", asked.adversary.level).strip()
    other = "3" if "A A B" in level else f"{level} + A A B"
    higher = _HIGHER.get(level, str(int(level) + 1) if level.isdecimal() else other)
    large = "" if asked.scenario.shape[1] <= 4 else ", with --symmetry find if it is large"
    return f'try a higher level, as adversary.level = "{higher}"{large}'


def _open(asked: Question) -> str:
    if _ratios(asked):
        return f"a test is a sum of ratios of free settings, which is relaxed; {_GIVEN}"
    if asked.adversary.devices == "quantum":
        room = ""
        if any(test.relation == "=" for test in asked.tests):
            room = "; equalities leave a search in floating point no room: use a tolerance, as 1e-6"
        level = f"level {asked.adversary.level} does not exclude one"
        return f"{level}, and none was built{room}; {_next_level(asked)}"
    if _exact_scores(asked):
        return (
            "the tests hold with no room to spare at numbers that are rounded; write fractions near them, or "
            "allow a larger tolerance"
        )
    return "this program bounds from outside; a source with few extreme distributions makes it exact"


def _no_attack(asked: Question) -> str:
    if _ratios(asked):
        return f"no attack is sought for sums of ratios of free settings if devices are quantum; {_GIVEN}"
    if asked.adversary.devices == "quantum":
        room = ""
        if any(not isinstance(test.score, Fraction) for test in asked.tests):
            room = "; where a test stands at its quantum maximum, lower its score a little (1e-6 of it)"
        return f"no state and measurements were found that pass the tests{room}; {_next_level(asked)}"
    return "no exact strategy was found near the optimum; write irrational scores as fractions near them"


def _wide(asked: Question, method: str) -> str:
    if _ratios(asked):
        return f"a sum of ratios of free settings is relaxed; {_GIVEN}"
    if asked.adversary.devices == "quantum":
        return (
            f"level {asked.adversary.level} is an outer bound, and the attack a search; {_next_level(asked)}"
        )
    if method.startswith("outer"):
        return (
            "its program bounds from outside (products of facets); fewer settings, or a source with few "
            "extreme distributions, have an exact one"
        )
    return "rounding; write irrational scores as fractions, or accept it with --width"
