r"""Proofs by the symmetries of the bit tree: prices of settings above, orbits of strategies below.

For prices y(s) of settings and mu_j >= 0 of tests, every strategy of the boxes k obeys

.. math:: \text{answer} \le \sum_s y(s) P(s) + \sum_j \mu_j\, \text{score}_j + \max_k \max_{p \in S}
   \sum_s \bigl(g_k(s) - y(s) - \textstyle\sum_j \mu_j f_{jk}(s)\bigr) p(s),

and the inner maximum is a backward recursion on the tree (docs/proofs/tree-symmetry.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.numbers.digits import at_least
from freerand_opt.numbers.exact import Exact, text
from freerand_opt.programs.observation import OBSERVED_PATTERN, TEST_PATTERN
from freerand_opt.programs.program import vector
from freerand_opt.programs.quotient import Copy, QuotientStrategies, best_gain, class_gains


@dataclass(frozen=True)
class OrbitStrategy:
    """What the adversary does for `count` values of w that symmetries exchange; given for one of them.

    Its box errs at the joint setting `error` alone (None: nowhere, unbiased); `masses[i]` =
    P(w) P(s|w) at each of the `sizes[i]` joint settings that look like s = `settings[i]` to it.
    """

    error: int | None
    count: int
    settings: tuple[int, ...]
    sizes: tuple[int, ...]
    masses: tuple[Fraction, ...]
    label: str

    @property
    def weight(self) -> Fraction:
        """Return the probability of all `count` values together."""
        return self.count * sum((n * m for n, m in zip(self.sizes, self.masses, strict=True)), Fraction(0))

    @property
    def chances(self) -> tuple[tuple[int, Fraction], ...]:
        """Return (joint setting, P(s|w)) for one setting of each orbit."""
        one = self.weight / self.count
        return tuple((s, mass / one) for s, mass in zip(self.settings, self.masses, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return the orbit in the certificate's form."""
        return {
            "error": self.error,
            "count": self.count,
            "settings": list(self.settings),
            "sizes": list(self.sizes),
            "masses": vector(self.masses).as_json(),
            "label": self.label,
        }


def orbit_strategies(made: QuotientStrategies, x: Sequence[Fraction]) -> tuple[OrbitStrategy, ...]:
    """Read the strategies of a point of the quotient program."""
    settings = made.parts.settings
    found = []
    for copy, labels in zip(made.copies, made.program.column_labels, strict=False):
        leaves = [
            (int(made.tree.setting[node.leaf]), node.count, x[copy.start + place] / settings)
            for place, node in enumerate(copy.nodes)
            if node.leaf is not None
        ]
        if any(mass for _, _, mass in leaves):
            where, sizes, masses = zip(*leaves, strict=True)
            label = labels.axes[0][0]
            found.append(OrbitStrategy(_edge(made, copy), copy.count, where, sizes, masses, label))
    return tuple(found)


def _edge(made: QuotientStrategies, copy: Copy) -> int | None:
    return None if copy.mark is None else int(made.tree.setting[copy.mark])


def orbit_from_json(entry: dict[str, Any]) -> OrbitStrategy:
    """Read an orbit of strategies of a certificate that has been checked."""
    palette = [Fraction(value) for value in entry["masses"]["palette"]]
    return OrbitStrategy(
        entry["error"],
        entry["count"],
        tuple(entry["settings"]),
        tuple(entry["sizes"]),
        tuple(palette[code] for code in entry["masses"]["codes"]),
        entry.get("label", ""),
    )


def prices(made: QuotientStrategies, values: Mapping[int, Fraction]) -> tuple[Exact, dict[str, Any]]:
    """Return (bound, proof in the certificate's form) from multipliers of the quotient program by row.

    Only those of the observed settings and of the tests are used; the source's are found anew.
    """
    tree, parts = made.tree, made.parts
    settings = parts.settings
    observed, tests = _rows(made, OBSERVED_PATTERN), _rows(made, TEST_PATTERN)
    of_setting = {
        kind: values.get(row, Fraction(0)) * settings / tree.size[kind]
        for kind, row in zip(tree.leaf_classes, observed, strict=True)
    }
    of_test = [
        max(values.get(row, Fraction(0)), Fraction(0)) * scale
        for row, scale in zip(tests, made.test_scales, strict=True)
    ]
    bound: Exact = Fraction(0)
    leaves = tree.first_leaves()
    for kind, leaf in leaves.items():
        weight = parts.scaled(int(tree.setting[leaf])) / settings
        bound = bound + of_setting[kind] * weight * tree.size[kind]
    for mu, score in zip(of_test, parts.scores, strict=True):
        bound = bound + score * mu
    gains = {flag: class_gains(made, of_setting, unbiased=flag) for flag in (False, True)}
    bound = at_least(
        bound + max(best_gain(made, copy, gains[copy.mark is None], of_test) for copy in made.copies)
    )
    shown = vector(of_setting.values()).as_json()
    where = [int(tree.setting[leaf]) for leaf in leaves.values()]
    return bound, {"bound": text(bound), "tests": [str(mu) for mu in of_test], "settings": where, **shown}


def _rows(made: QuotientStrategies, pattern: str) -> list[int]:
    """Return the program's rows with a label."""
    found: list[int] = []
    start = 0
    for labels in made.program.row_labels:
        if labels.pattern == pattern:
            found += range(start, start + len(labels))
        start += len(labels)
    return found
