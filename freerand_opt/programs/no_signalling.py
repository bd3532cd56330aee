"""The cone of no-signalling boxes, by equalities; its inequalities are p(o|s) >= 0."""

from __future__ import annotations

from itertools import product

from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.integer_matrix import IntegerMatrix, of_rows


def no_signalling_rows(scenario: Scenario) -> tuple[IntegerMatrix, tuple[str, ...]]:
    """Return (N, names) with N p = 0 for no-signalling tables p[o, s], flattened o-slowest."""
    outcomes, settings = scenario.shape
    rows: list[dict[int, int]] = []
    names: list[str] = []
    for party, letter in enumerate(scenario.parties):
        others = [range(d) for p, d in enumerate(scenario.outcomes) if p != party]
        for s, joint in enumerate(scenario.joint_settings):
            if joint[party] == 0:
                continue
            base = scenario.setting_index((*joint[:party], 0, *joint[party + 1 :]))
            for rest in product(*others):
                row: dict[int, int] = {}
                for value in range(scenario.outcomes[party]):
                    o = scenario.outcome_index((*rest[:party], value, *rest[party:]))
                    row |= {o * settings + s: 1, o * settings + base: -1}
                rows.append(row)
                shown = "".join(map(str, (*rest[:party], "*", *rest[party:])))
                names.append(
                    f"{letter}: P({shown}|{scenario.setting_label(s)}) = "
                    f"P({shown}|{scenario.setting_label(base)})"
                )
    return of_rows(rows, outcomes * settings), tuple(names)
