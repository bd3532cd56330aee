"""Many questions, each answered once: what is stored is used, the rest is computed where jobs run.

The process that asks writes answers to the store as they come, and every answer is then read from
there, so that it is the same wherever it was computed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeAlias

from freerand_opt.answers.verification import Verification, unanswered
from freerand_opt.errors import FreerandError, SolverUnavailableError
from freerand_opt.numbers import markup
from freerand_opt.proving.result import How
from freerand_opt.spec.file import Instance, QuestionFile
from freerand_opt.sweeps.asked import address
from freerand_opt.sweeps.cost import expected_seconds
from freerand_opt.sweeps.engine import Here
from freerand_opt.sweeps.running import run
from freerand_opt.sweeps.store import DamagedError, Store, better, checked, kept
from freerand_opt.sweeps.work import Job, Outcome, Way, work

Cells: TypeAlias = Sequence[tuple[QuestionFile, Instance]]
SOLVED: How = "solved"


@dataclass
class Watch:
    """Who is told what happens. Seconds are expected ones; `say` is for people.

    `total(jobs, seconds)` before the first job, `begin(words)` and `end(seconds)` for each of them.
    """

    total: Callable[[int, float], None] = lambda jobs, seconds: None
    begin: Callable[[str], None] = lambda words: None
    end: Callable[[float], None] = lambda seconds: None
    say: Callable[[str], None] = lambda words: None


@dataclass
class Answers:
    """The answers to some cells, in their order, each read from the store when it is looked at.

    A cell that has no answer for a reason that a table can state is there with that mark; `failed`
    says of the others why they are left out, once all have been looked at. `how` answers came about
    and `outcomes` without an answer are known by address; `recheck` asks for exact checks of what is
    stored, `fresh` for none of it, and `keep` is handed every answer as soon as it is there.
    """

    cells: Cells
    store: Store
    recheck: bool
    fresh: bool
    keep: Callable[[Verification], None] | None
    watch: Watch
    addresses: list[str] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    how: dict[str, How] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Verification]:
        self.failed.clear()
        for (file, instance), place in zip(self.cells, self.addresses, strict=True):
            where = f"{file.path}{f' ({instance.name})' if instance.name else ''}"
            outcome = self.outcomes.get(place)
            found = self._read(file, instance, place) if outcome is None else None
            if found is None:
                outcome = self.outcomes[place]
                words = f"{where}: {outcome.why}"
                if outcome.mark is None or len(file.instances) == 1:
                    self.failed.append(words)
                    continue
                found = unanswered(file, instance, outcome.mark, words)
            yield found

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a row for each of the first answers."""
        first = islice(self, markup.MOST + 1)
        rows = ((one.title, str(one.result), one.verdict or "", one.result.how) for one in first)
        return markup.table(("question", "certified bracket", "verdict", "how"), rows)

    def _read(self, file: QuestionFile, instance: Instance, place: str) -> Verification | None:
        """Return an answer from the store; if it is gone since, compute it again, None if that fails."""
        for _ in range(2):
            try:
                entry = self.store.read(place)
                if entry is not None:
                    return kept(entry, file, instance, self.how[place])
            except DamagedError as error:
                self._damaged(place, error)
            self.settle(self.jobs[place], work(self.jobs[place]))
            if place in self.outcomes:
                return None
        raise FreerandError(f"{self.store.path(place)}: vanishes as soon as it is written")

    def missing(self, job: Job) -> Job | None:
        """Return what is left to do about a question: nothing, to check what is stored, or all of it."""
        file, instance = job.file, job.file.instances[0]
        if self.fresh:
            return job
        try:
            entry = self.store.read(job.address)
            if entry is None:
                return job
            before = kept(entry, file, instance, "stored")
        except DamagedError as error:
            self._damaged(job.address, error)
            return job
        if before.wider_than(None) and job.way.text not in entry["stored"]["tried"]:
            return job
        if self.recheck:
            return replace(job, entry=json.dumps(entry))
        self._there(job.address, "stored", entry)
        return None

    def settle(self, job: Job, outcome: Outcome | Exception) -> None:
        """Store what a job came to, or keep in mind why it came to nothing."""
        if isinstance(outcome, Exception):
            outcome = Outcome("failed", mark="failed", why=f"{type(outcome).__name__}: {outcome}")
        if outcome.kind == "unavailable":
            raise SolverUnavailableError(outcome.why)
        if outcome.damage:
            self._damaged(job.address, outcome.damage)
        if outcome.kind == "failed":
            self.outcomes[job.address] = outcome
        elif outcome.kind == "checked":
            self._there(job.address, "checked")
        else:
            entry = json.loads(outcome.entry)
            alone = self.fresh or outcome.damage
            best = (entry, SOLVED) if alone else self._best(job.address, entry)
            self.store.write(job.address, best[0])
            self._there(job.address, best[1], best[0])

    def _best(self, place: str, entry: dict[str, Any]) -> tuple[dict[str, Any], How]:
        """Return the narrower of a new answer and one that is there and whole, and how it came about."""
        try:
            before = self.store.read(place)
            if before is None:
                return entry, SOLVED
            best = better(entry, before)
            if best["answer"] == entry["answer"]:
                return best, SOLVED
            if self.recheck:
                checked(before)
            return best, "checked" if self.recheck else "stored"
        except DamagedError:
            return entry, SOLVED

    def _there(self, place: str, how: How, entry: dict[str, Any] | None = None) -> None:
        self.how[place] = how
        if self.keep is None:
            return
        entry = entry or self.store.read(place)
        if entry is not None:
            for k in self.places[place]:
                self.keep(kept(entry, *self.cells[k], how))

    def _damaged(self, place: str, why: object) -> None:
        self.watch.say(f"{self.store.path(place)}: {why}; computed anew")


def answer_all(
    cells: Cells,
    *,
    store: Store,
    executor: Here | None = None,
    known: Answers | None = None,
    way: Way | None = None,
    recheck: bool = True,
    fresh: bool = False,
    keep: Callable[[Verification], None] | None = None,
    watch: Watch | None = None,
) -> Answers:
    """Answer each question of some files once, and return the answers in order.

    What is in the store is used if its certificate checks exactly (without `recheck`: if it is as it
    was written; `fresh`: not at all), and else computed anew; what is `known` from this run is taken
    over. An answer whose ends do not meet is tried once more if solver, time limit or version are others than
    before, and the narrower one is kept. Raise SolverUnavailableError if a solver that was named
    cannot run where the jobs run.
    """
    watch = watch or Watch()
    found = Answers(cells, store, recheck, fresh, keep, watch)
    if known is not None:
        found.how, found.outcomes = dict(known.how), dict(known.outcomes)
    for k, (file, instance) in enumerate(cells):
        place = address(instance, (way or Way()).solver)
        found.addresses.append(place)
        found.places.setdefault(place, []).append(k)
        found.jobs.setdefault(place, Job(replace(file, instances=(instance,)), place, way or Way()))
    new = [job for place, job in found.jobs.items() if place not in found.how and place not in found.outcomes]
    todo = [left for job in new if (left := found.missing(job)) is not None]
    costs = [expected_seconds(job.file.instances[0]) for job in todo]
    # a large job that comes last keeps all others waiting
    order = sorted(range(len(todo)), key=lambda k: -costs[k])
    todo, costs = [todo[k] for k in order], [costs[k] for k in order]
    watch.total(len(todo), sum(costs))

    def begin(k: int) -> None:
        watch.begin(f"{todo[k].file.name} {todo[k].file.instances[0].name}")

    def done(k: int, outcome: Outcome | Exception) -> None:
        found.settle(todo[k], outcome)
        watch.end(costs[k])

    executor = executor or Here()
    executor.expect(len(todo), sum(costs))
    run(executor, work, todo, begin=begin, done=done)
    return found
