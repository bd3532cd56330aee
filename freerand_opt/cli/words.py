"""One answer in words, and tables of answers; everything about an answer is read from its Result."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.options import usual_width
from freerand_opt.claims.verify import Instance
from freerand_opt.cli.attacks import attack_lines
from freerand_opt.cli.screen import WIDTH, columns, fact, facts, safe
from freerand_opt.model.conditions import Test
from freerand_opt.model.files.file import Instance as Asks
from freerand_opt.model.quantities import QUANTITIES, STRATEGY, same
from freerand_opt.numbers.exact import text
from freerand_opt.reporting.cell import NO_STRATEGY, Cell
from freerand_opt.reporting.tested import of_document
from freerand_opt.reporting.units import alongside
from freerand_opt.runner.answer import Answer
from freerand_opt.runner.job import Found, falls_short, is_impossible

COLUMNS = ("instance", "expected", "certified bracket", "verdict", "seconds")
#: Columns of a table that claims have at least.
EXPECTED = 14
#: Functionals of which devices show much, so that a test from above is passed by anything.
LARGE = ("chsh", "mermin", "svetlichny", "i3322", "cglmp", "hardy")


@dataclass(frozen=True)
class Line:
    """An answer of a run, and the same as a line of a table with the verdict on what its file claims."""

    answer: Answer
    cell: Cell


def at_length(line: Line) -> str:
    """Return one answer with its question, its ends, how they are proved, and what was stored."""
    one = line.answer
    result = one.result
    assert result is not None
    told = of_document(result.words, result.document) if isinstance(result, Result) else result.words
    pairs = [fact(words) for words in told]
    seeks = one.instance.threshold if isinstance(one.instance, Asks) else None
    if seeks is not None:
        crossed = (
            "a strategy begins or ceases to exist" if seeks.crosses is None else f"it crosses {seeks.crosses}"
        )
        pairs.append(("threshold", f"the {seeks.of} at which {crossed} (its value above is not used)"))
    pairs.append(("answer", line.cell.answer + _of_quantity(result)))
    upper, lower = result.bracket.upper, result.bracket.lower
    if result.bracket.exact is not None and not isinstance(upper, Fraction):
        pairs.append(("", f"= {text(result.bracket.exact)}"))
    elif upper is not None and not isinstance(upper, Fraction) and len(text(upper)) < 200:
        pairs.append(("", f"<= {text(upper)}"))
    elif lower is not None and not isinstance(lower, Fraction) and len(text(lower)) < 200:
        pairs.append(("", f">= {text(lower)}"))
    if line.cell.verdict is not None:
        pairs.append(("verdict", f"{line.cell.said} ({line.cell.expected})"))
    if isinstance(result, Result):
        pairs += [("because", result.reason)] if result.impossible else []
        pairs += _units(result)
        if result.impossible or result.quantity == STRATEGY:
            from freerand_opt.reporting import refutations  # programs, numpy

            pairs += refutations.lines(result)
    pairs += [(_END.get(end, end), way) for end, way in result.how if way]
    pairs += [("note", words) for words in result.notes]
    how = "checked" if one.origin == "solved" else "stored, checked again"
    how = f"{result.status}, {how}" if not isinstance(result, Result) else how
    how = how if result.certificate else "nothing was proved"
    pairs.append(("certificate", f"{result.digest}, {how}; {result.seconds:.2f} s"))
    if isinstance(result, Result) and result.attack is not None:
        pairs += attack_lines(result.attack)
    return f"{safe(one.title)}\n{facts(pairs)}"


def _of_quantity(result: Found) -> str:
    """Return the quantity of an answer that its program, and so the line "asked", calls by another name."""
    if not isinstance(result, Result) or result.impossible or result.threshold is not None:
        return ""
    row = QUANTITIES[result.quantity]
    unit = " bits of" * (row.unit == "bits")
    return f"{unit} {row.name}" if row.program != row.name and row.value is not same else ""


def _units(result: Result) -> Iterator[tuple[str, str]]:
    """Yield the answer in the units that were not asked for."""
    if result.impossible or result.threshold is not None:
        return
    for place, (quantity, found) in enumerate(alongside(result.question, result.bracket).items()):
        bits = " bits" if QUANTITIES[quantity].unit == "bits" else ""
        yield "" if place else "that is", f"{quantity} {found}{bits}"


_END = {"upper": "proof", "attack": "attack by"}


def table(lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """Yield (line, style) of one table with a heading for each file and its reference."""
    cells = [COLUMNS, *(_row(line) for line in lines)]
    room = _room(cells)
    # a name that is too long stands on a line of its own; nothing of it is cut
    short = [row if len(row[0]) <= room else ("", *row[1:]) for row in cells]
    aligned = columns(short, (1,), right=True)
    yield aligned[0], "bold"
    name = None
    for line, words in zip(lines, aligned[1:], strict=True):
        file = line.cell.file
        if file.name != name:
            name = file.name
            yield "", ""
            yield safe(name), "bold cyan"
            said = [pair for pair in (("  claim", file.claim), ("  reference", file.reference)) if pair[1]]
            yield from ((part, "cyan") for part in facts(said).splitlines())
        style = "" if line.cell.verdict is None else "green" if line.cell.as_expected else "bold red"
        if len(_row(line)[0]) > room:
            yield from ((part, style) for part in textwrap.wrap(safe(_row(line)[0]), WIDTH))
        yield words, style
    proofs = {
        line.answer.instance.expect.rests_on for line in lines if line.answer.instance.expect is not None
    }
    if proofs - {None}:
        yield "", ""
        yield f"PROVED*: rests also on a written proof: {', '.join(sorted(filter(None, proofs)))}", ""


def _room(cells: Sequence[Sequence[str]]) -> int:
    """Return how wide names may be beside the other columns, of which claims are cut first."""
    others = [max(len(row[i]) for row in cells) for i in range(1, len(COLUMNS))]
    others[0] = min(others[0], EXPECTED)
    return max(WIDTH - sum(others) - 2 * len(others), len(COLUMNS[0]))


def _row(line: Line) -> tuple[str, ...]:
    one = line.answer
    seconds = "" if one.result is None else f"{one.result.seconds:.2f}"
    shown = line.cell.answer.replace(NO_STRATEGY, "no strategy (proved)")
    return one.instance.name or "-", line.cell.expected or "-", shown, line.cell.said, seconds


def record(line: Line) -> dict[str, Any]:
    """Return one answer as a flat dict: exact ends as text (or None), floats rounded outward."""
    one = line.answer
    result = one.result
    found = {
        "name": one.file.name,
        "instance": one.instance.name,
        "claim": one.file.claim,
        "reference": one.file.reference,
        "at": dict(one.instance.at),
        "quantity": one.quantity,
        "verdict": line.cell.verdict,
        "as_expected": line.cell.as_expected,
        "expected": line.cell.expected or None,
        "infeasible": is_impossible(result),
        "answer": None if result is None else str(result),
        "because": result.reason if isinstance(result, Result) and result.impossible else None,
        "note": one.mark or None,
        "why": one.why or None,
    }
    if result is None:
        return found | dict.fromkeys(_OF_RESULT)
    exact = result.bracket.exact
    return found | {
        **result.bracket.to_row(),
        "exact": None if exact is None else text(exact),
        "question": list(result.words),
        "proofs": dict(result.how),
        "alongside": _alongside(result),
        "attack": _attack_record(result),
        "notes": list(result.notes),
        "how": one.origin,
        "seconds": round(result.seconds, 4),
        "certificate": result.digest if result.certificate else None,
    }


def _alongside(result: Found) -> dict[str, Any]:
    if not isinstance(result, Result) or result.impossible or result.threshold is not None:
        return {}
    return {name: found.to_row() for name, found in alongside(result.question, result.bracket).items()}


def _attack_record(result: Found) -> list[dict[str, str]] | None:
    attack = result.attack if isinstance(result, Result) else None
    if attack is None:
        return None
    return [
        {"weight": str(line.weight), "devices": line.devices, "settings": line.settings}
        for line in attack.table()
    ]


_OF_RESULT = (
    *("lower", "upper", "lower_decimal", "upper_decimal", "lower_float", "upper_float", "exact", "question"),
    *("proofs", "alongside", "attack", "notes", "how", "seconds", "certificate"),
)


def shortcoming(one: Answer, width: Fraction | None) -> str:
    """Return in one line what an answer falls short of and what to do; nothing if it does not."""
    result, expect = one.result, one.instance.expect
    if result is None:
        return ""
    if (
        is_impossible(result)
        and expect is not None
        and expect.value != "none"
        and result.quantity != "strategy"
    ):
        return f"{one.title}: {NO_STRATEGY}, and the file expects an answer"
    if not falls_short(result, width):
        return ""
    words = "; ".join(result.notes) or _wide(result, width)
    return f"{one.title}: {words}"


def _wide(result: Found, width: Fraction | None) -> str:
    assert isinstance(result, Result)  # computations are as wide as they are
    if width is None:
        width = usual_width(result.question.adversary.devices, result.quantity)
    width = result.threshold.width if result.threshold is not None else width
    return f"the bracket is wider than {float(width):g}"


def hint(instance: Instance) -> str:
    """Return what a user may have meant otherwise, or nothing."""
    if not isinstance(instance, Asks):
        return ""
    question = instance.question
    if question.ask.quantity in ("score", "strategy", "sum-of-biases"):
        return ""
    if not question.tests and not question.moments:
        return (
            "hint: nothing is tested, so every box passes; add what an honest run shows, as [[test]] with "
            'functional = "chsh", relation = ">=" and score'
        )
    for k, test in enumerate(question.tests):
        name = test.functional.functional if isinstance(test, Test) else None
        if isinstance(test, Test) and name in LARGE and test.relation == "<=":
            return (
                f"hint: test[{k}] bounds {name} from above, which classical boxes pass too; a violation "
                'is tested with relation = ">="'
            )
    return ""
