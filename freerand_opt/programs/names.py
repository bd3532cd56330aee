"""Names of rows and columns of a program: which inequality of the question, which mass of the adversary."""

from __future__ import annotations

from collections.abc import Hashable

from freerand_opt.model.problem import Bits, Kept, Limits, Problem, Product, Source
from freerand_opt.programs.source_vertices import vertices
from freerand_opt.programs.strategies import Strategies


def joined(values: tuple[int, ...]) -> str:
    """Return digits, with commas if one of them has more than a place."""
    return ("" if max(values, default=0) < 10 else ",").join(map(str, values))


def probability(problem: Problem, s: int, o: int) -> str:
    """Return ``P(o|s)``."""
    return f"P({joined(problem.joint_outcomes[o])}|{joined(problem.joint_settings[s])})"


def column_names(made: Strategies) -> list[str]:
    """Return ``guess:node:cell`` of each column: carrier, node of the source, cell of the box."""
    nodes = [_node(made, n) for n in range(made.cone.nodes)]
    cells = [_cell(made, k) for k in range(made.space.width)]
    carriers = [carrier(made, c) for c in range(made.space.carriers)]
    return [
        f"{c}:{n}:{k}" if made.space.width > 1 else f"{c}:{n}" for c in carriers for n in nodes for k in cells
    ]


def row_names(made: Strategies) -> list[str]:
    """Return a name for each row: ``observed.P(00)``, ``test0``, ``node3.high[g1;P(01|10)]``, .."""
    return [_row(made, name) for name in made.program.names]


def carrier(made: Strategies, c: int) -> str:
    """Return the guess (``g1``), and the box if there is one box a carrier."""
    guess = f"g{made.labels[c]}" if made.labels[c] >= 0 else "best"
    if not made.space.boxes:
        return guess
    answers = made.space.boxes[c].answers
    box = "unbiased" if answers is None else ".".join(joined(own) for own in answers)
    return f"{guess}.box{box}"


def _row(made: Strategies, name: Hashable) -> str:
    assert isinstance(name, tuple)
    problem = made.problem
    if name[0] == "equal":
        _, c, e, k = name
        return f"sum{e}[{carrier(made, c)};{_cell(made, k)}]"
    if name[0] == "facet":
        _, c, f, g = name
        cell = f";{probability(problem, *divmod(g, problem.shape[1]))}" if made.space.width > 1 else ""
        return f"{_facet(problem, made.cone.names[f])}[{carrier(made, c)}{cell}]"
    if name[0] == "observed":
        return f"observed.P({joined(problem.joint_settings[name[1]])})"
    if name[0] != "test":
        return str(name[0])
    _, k, cell, side = name
    test = problem.tests[k]
    if isinstance(test, Kept):
        place, o = divmod(cell, problem.shape[1])
        end = "" if not test.tolerance else ".most" if side > 0 else ".least"
        return f"test{k}.{probability(problem, test.table[place][0], o)}{end}"
    return f"test{k}" + (f".{cell}" if cell else "")


def _cell(made: Strategies, k: int) -> str:
    """Return a marginal probability, ``-`` for a party that is not measured."""
    if not k:
        return "mass"
    outcomes, settings = [], []
    for n, d in reversed(list(zip(made.problem.settings, made.problem.outcomes, strict=True))):
        k, digit = divmod(k, 1 + n * (d - 1))
        x, o = divmod(digit - 1, d - 1) if digit else (-1, -1)
        outcomes.append(str(o) if digit else "-")
        settings.append(str(x) if digit else "-")
    return f"P({'.'.join(reversed(outcomes))}|{'.'.join(reversed(settings))})"


def _facet(problem: Problem, name: tuple[str | int, ...]) -> str:
    if name[0] == "product":
        return f"product{name[1]}.{_facet(problem, name[2:])}"
    if name[0] == "node":
        return f"node{name[1]}.{'low' if name[2] else 'high'}"
    if name[0] == "setting":
        return f"setting{name[1]}.{'low' if name[2] else 'high'}"
    return f"{name[0]}{name[1]}"


def _node(made: Strategies, n: int) -> str:
    problem, names = made.problem, made.cone.names
    source: Source = problem.source
    prefix = ""
    if isinstance(source, Product) and names[0][0] == "product":
        copies = 1 + max(int(name[1]) for name in names)
        k, n = divmod(n, made.cone.nodes // copies)
        prefix = f"product{k}."
        source = max(
            zip(source.parts, problem.settings, strict=True),
            key=lambda pair: len(vertices(pair[0], (pair[1],), None)),
        )[0]
    elif all(name[0] == "last" for name in names):
        return f"vertex{n}"
    if isinstance(source, Bits):
        return prefix + "bits" + bin(n + 1)[3:]
    if isinstance(source, Limits) and n == len(source.lower):
        return f"{prefix}all"
    return f"{prefix}s{n}" if prefix else f"s{joined(problem.joint_settings[n])}"
