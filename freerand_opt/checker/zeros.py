r"""Outcomes that no box of any strategy shows, since a test of the question stands at its algebraic end.

If a test's bound is the least value that any table of probabilities gives it, and P(s|w) > 0 for every
distribution of the source, then P(o|s) = 0 for every w wherever the factor of (o, s) is not the least one;
hence :math:`\langle v \Pi_{o|s}\rangle = 0` for every word v (docs/kernel.md).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from freerand_opt.checker.asked import Kept, Question
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.numbers import sign
from freerand_opt.checker.reading import closed, integer, items
from freerand_opt.checker.vertices import certainly_occurs


class Zeros:
    """The zeros of a question, decided when a proof names them."""

    def __init__(self, q: Question, work: Work) -> None:
        self.q, self.work = q, work
        self.known: dict[tuple[int, int, int], bool] = {}
        self.occurs: dict[int, bool] = {}

    def split(self, raw: Any, where: str) -> Any:
        """Return the part of a list that is not about zeros."""
        if type(raw) is dict:
            closed(raw, where, ("terms", "zeros"))
            return raw["terms"]
        return raw

    def read(self, raw: Any, where: str) -> list[tuple[int, int, Any, int]]:
        """Return (s, o, word or None, integer) of the zero terms [test, s, o, word, integer] of a list."""
        found = []
        for entry in items(raw["zeros"], where) if type(raw) is dict else []:
            k, s, o, word, value = items(entry, where, 5)
            self.demand(k, s, o, where)
            found.append((s, o, word, integer(value, where)))
        return found

    def demand(self, k: Any, s: Any, o: Any, where: str) -> None:
        """Raise Unreadable for what is not there, Rejected unless test k forces P(o|s) = 0 for every w."""
        integer(k, f"{where}: test", 0, len(self.q.tests) - 1)
        integer(s, f"{where}: setting", 0, self.q.shape[0] - 1)
        integer(o, f"{where}: outcome", 0, self.q.shape[1] - 1)
        if not self.holds(k, s, o):
            raise Rejected(f"{where}: test {k} does not force outcome {o} at setting {s} to be 0")

    def holds(self, k: int, s: int, o: int) -> bool:
        """Return whether test k forces P(o|s) = 0 for every w."""
        if s not in self.occurs:
            self.work.spend(self.q.shape[0], "zeros")
            self.occurs[s] = certainly_occurs(self.q.source, s, self.work)
        if not self.occurs[s]:
            return False
        if (k, s, o) not in self.known:
            self.known[k, s, o] = self._forces(k, s, o)
        return self.known[k, s, o]

    def _forces(self, k: int, s: int, o: int) -> bool:
        q, test = self.q, self.q.tests[k]
        if isinstance(test, Kept):
            return s in test.table and test.tolerance == 0 and sign(test.table[s][o], self.work) == 0
        f = test.functional
        if f.on == "moments":
            return False
        self.work.spend(len(self._spoken(k)) * q.shape[1], "zeros")
        # `turn` makes it a test <=; an equality may stand at either end
        for turn in {"<=": (1,), ">=": (-1,), "=": (1, -1)}[test.relation]:
            rows = {
                t: [turn * f.terms.get((t, x), Fraction(0)) for x in range(q.shape[1])]
                for t in self._spoken(k)
            }
            if f.on == "joint" and q.observed is None:
                end = min(min(row) for row in rows.values())
                least = dict.fromkeys(rows, end)
            else:
                weights = {t: Fraction(1) if q.observed is None else q.weight(t) for t in rows}
                shares = weights if f.on == "joint" else dict.fromkeys(rows, Fraction(1))
                least = {t: min(row) for t, row in rows.items()}
                end = sum((shares[t] * least[t] for t in rows), Fraction(0))
            if s in rows and rows[s][o] > least[s] and test.score * Fraction(turn) == end:
                return True
        return False

    def _spoken(self, k: int) -> list[int]:
        """Return the settings at which a test has factors; all, if masses of all others matter."""
        test = self.q.tests[k]
        assert not isinstance(test, Kept)
        if test.functional.on == "joint" and self.q.observed is None:
            self.work.spend(self.q.shape[0] * self.q.shape[1], "zeros")
            return list(range(self.q.shape[0]))
        settings = test.functional.settings
        if test.functional.on == "joint":
            return [s for s in settings if self.q.observed is not None and self.q.observed[s]]
        return settings
