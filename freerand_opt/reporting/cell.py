"""One line of a table: a claim beside its answer, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.answers.result import Result
from freerand_opt.claims.verify import Answer, File, Instance, Verification

#: What stands in place of an answer to a question that no strategy passes.
NO_STRATEGY = "no strategy passes the tests (proved)"


@dataclass(frozen=True)
class Cell:
    """An instance with its answer (None: `mark` says why) and the verdict on its claim (None: no claim)."""

    file: File
    instance: Instance
    result: Answer | None
    verdict: str | None = None
    as_expected: bool = True
    mark: str = ""

    @property
    def title(self) -> str:
        """Return the names of file and instance."""
        return f"{self.file.name} {self.instance.name}".strip()

    @property
    def bracket(self) -> Bracket:
        """Return the certified ends; both are open where there is no answer."""
        return Bracket(None, None) if self.result is None or self.impossible else self.result.bracket

    @property
    def impossible(self) -> bool:
        """Return whether no strategy passes the tests, so that what was asked has no answer."""
        return (
            isinstance(self.result, Result) and self.result.impossible and self.result.quantity != "strategy"
        )

    @property
    def answer(self) -> str:
        """Return the certified answer as a text, or why there is none."""
        if self.result is None:
            return self.mark or "failed"
        return NO_STRATEGY if self.impossible else str(self.result)

    @property
    def expected(self) -> str:
        """Return the claim in words, or nothing."""
        return self.instance.expected

    @property
    def said(self) -> str:
        """Return the verdict, and whether the file foresees that it is not PROVED; a dash without a claim."""
        expect = self.instance.expect
        foreseen = expect is not None and expect.verdict != "PROVED" and self.as_expected
        return (self.verdict or "-") + (" (as expected)" if foreseen else "")


def cells(found: Iterable[Verification | Cell]) -> list[Cell]:
    """Return verifications as lines of a table."""
    return [
        one
        if isinstance(one, Cell)
        else Cell(one.file, one.instance, one.result, one.verdict, one.as_expected)
        for one in found
    ]
