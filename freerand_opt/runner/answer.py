"""What became of one question."""

from __future__ import annotations

from dataclasses import dataclass

from freerand_opt.claims.verify import File, Instance
from freerand_opt.model.files.file import Instance as Asks
from freerand_opt.runner.job import Found


@dataclass(frozen=True)
class Answer:
    """What became of one question: a result that the kernel has checked in this run, or why there is none.

    `origin` is ``solved`` or ``stored``. Without a result `mark` is what a table says in its place (nothing
    where the question itself is wrong), `why` the whole reason and `code` the exit code that it calls for.
    """

    file: File
    instance: Instance
    result: Found | None
    origin: str = ""
    mark: str = ""
    why: str = ""
    code: int = 0

    @property
    def title(self) -> str:
        """Return the names of file and instance."""
        return f"{self.file.name} {self.instance.name}".strip()

    @property
    def quantity(self) -> str:
        """Return what was asked: a quantity, ``threshold``, or the name of a computation."""
        if not isinstance(self.instance, Asks):
            return self.instance.computation.tag()["name"]
        return "threshold" if self.instance.threshold is not None else self.instance.question.ask.quantity

    @property
    def text(self) -> str:
        """Return the answer, or its mark."""
        return self.mark or "failed" if self.result is None else str(self.result)
