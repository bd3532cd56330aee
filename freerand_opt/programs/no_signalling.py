"""The cone of no-signalling boxes, by equalities; its inequalities are p(o|s) >= 0."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.sparse import csr_array

from freerand_opt.model.scenario import Scenario


def no_signalling_rows(scenario: Scenario) -> tuple[csr_array, tuple[str, ...]]:
    """Return (N, names) with N p = 0 for no-signalling tables p[o, s], flattened o-slowest."""
    outcomes, settings = scenario.shape
    rows: list[int] = []
    columns: list[int] = []
    data: list[int] = []
    names: list[str] = []
    for party, letter in enumerate(scenario.parties):
        others = [range(d) for p, d in enumerate(scenario.outcomes) if p != party]
        for s, joint in enumerate(scenario.joint_settings):
            if joint[party] == 0:
                continue
            base = scenario.setting_index((*joint[:party], 0, *joint[party + 1 :]))
            for rest in product(*others):
                for value in range(scenario.outcomes[party]):
                    o = scenario.outcome_index((*rest[:party], value, *rest[party:]))
                    rows += [len(names), len(names)]
                    columns += [o * settings + s, o * settings + base]
                    data += [1, -1]
                shown = "".join(map(str, (*rest[:party], "*", *rest[party:])))
                names.append(
                    f"{letter}: P({shown}|{scenario.setting_label(s)}) = "
                    f"P({shown}|{scenario.setting_label(base)})"
                )
    matrix = csr_array(
        (np.array(data, dtype=np.int64), (rows, columns)), shape=(len(names), outcomes * settings)
    )
    return matrix, tuple(names)
