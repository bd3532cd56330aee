"""Many questions, each answered once: what is stored is checked and used, the rest is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeAlias

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.options import ENTROPY_WIDTH
from freerand_opt.claims.verify import File, Instance
from freerand_opt.errors import SolverUnavailableError
from freerand_opt.model.files.file import Instance as Asks
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.model.tables.text import within
from freerand_opt.numbers import markup
from freerand_opt.runner import table
from freerand_opt.runner.address import address
from freerand_opt.runner.answer import Answer
from freerand_opt.runner.cost import expected_seconds
from freerand_opt.runner.dispatch import run
from freerand_opt.runner.executor import Here
from freerand_opt.runner.job import DamagedError, Found, Job, Kept, Outcome, Way, falls_short, work
from freerand_opt.runner.store import Store, entry_of
from freerand_opt.runner.watch import Watch

#: So many answers are shown in a line.
FEW = 3
Cells: TypeAlias = Sequence[tuple[File, Instance]]
#: Looks for the certificate of a question elsewhere than in the store.
Finding: TypeAlias = Callable[[File, Instance], Kept | None]


@dataclass(frozen=True)
class Run:
    """How questions are answered: where answers are kept, where jobs run, in which way.

    `fresh`: nothing that is stored is used. `keep` is handed every answer as soon as it is there, and
    `found` looks for a certificate elsewhere than in the store; it is checked like all others.
    """

    store: Store
    executor: Here = field(default_factory=Here)
    way: Way = field(default_factory=Way)
    fresh: bool = False
    watch: Watch = field(default_factory=Watch)
    keep: Callable[[Answer], None] | None = None
    found: Finding | None = None


@dataclass(frozen=True, repr=False)
class Answers(Sequence[Answer]):
    """Answers in the order in which they were asked for."""

    rows: tuple[Answer, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.rows)

    def __getitem__(self, place: Any) -> Any:
        return self.rows[place]

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the reasons why some have no result."""
        return tuple(_reason(one) for one in self.rows if one.result is None)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a dict for each answer, all with the same keys: see `runner.table`."""
        return table.rows(self.rows)

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame with numeric axes; raise UnavailableError without pandas."""
        return table.to_pandas(self.rows)

    def to_xarray(self) -> Any:
        """Return an xarray Dataset over the axes; raise UnavailableError without xarray."""
        return table.to_xarray(self.rows)

    def plot(self, ax: Any = None) -> Any:
        """Draw the brackets over the first numeric axis and return the axes of matplotlib."""
        return table.plot(self.rows, ax)

    def __repr__(self) -> str:
        shown = "; ".join(f"{one.instance.name or one.title}: {one.text}" for one in self.rows[:FEW])
        more = "; .." * (len(self) > FEW)
        return f"Answers({len(self)} question{'s' * (len(self) != 1)}: {shown or 'none'}{more})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a row for each of the first answers."""
        first = islice(self.rows, markup.MOST + 1)
        rows = ((one.title, one.text, one.origin) for one in first)
        return markup.table(("question", "certified bracket", "how"), rows)


def _reason(one: Answer) -> str:
    return f"{_where(one.file, one.instance)}: {one.why}"


def _where(file: File, instance: Instance) -> str:
    return f"{file.path}{f' ({instance.name})' if instance.name else ''}"


def answer_all(cells: Cells, how: Run, known: Sequence[Answer] = ()) -> Answers:
    """Answer each question of some files once, and return the answers in order.

    What is in the store is used if the kernel accepts its certificate, and else computed anew and said;
    what is `known` from this run is taken over. Of two answers to one question the narrower one is kept.
    Raise SolverUnavailableError if a solver that was named cannot run where the jobs run.
    """
    addresses = []
    for file, instance in cells:
        with within(_where(file, instance)):
            addresses.append(address(instance, how.way.solver))
    places: dict[str, list[int]] = {}
    for k, place in enumerate(addresses):
        places.setdefault(place, []).append(k)
    outcomes = {address(one.instance, how.way.solver): _outcome(one) for one in known}
    jobs = [_job(cells[ks[0]], place, how) for place, ks in places.items() if place not in outcomes]
    # a large job that comes last keeps all others waiting
    costs = [expected_seconds(job.instance) for job in jobs]
    order = sorted(range(len(jobs)), key=lambda k: -costs[k])
    jobs, costs = [jobs[k] for k in order], [costs[k] for k in order]
    how.watch.total(len(jobs), sum(costs))

    def begin(k: int) -> None:
        how.watch.begin(cells[places[jobs[k].address][0]][0].name + " " + jobs[k].instance.name)

    def done(k: int, outcome: Outcome | Exception) -> None:
        job = jobs[k]
        file, instance = cells[places[job.address][0]]
        title = f"{file.name} {instance.name}".strip()
        outcomes[job.address] = settled = _settled(job, outcome, how, title)
        for place in places[job.address]:
            if how.keep is not None:
                how.keep(_answer(cells[place], settled))
        how.watch.end(costs[k])

    how.executor.expect(len(jobs), sum(costs))
    try:
        run(how.executor, work, jobs, begin=begin, done=done)
    finally:
        how.store.flush()
    return Answers(
        tuple(_answer(cell, outcomes[place]) for cell, place in zip(cells, addresses, strict=True))
    )


def _job(cell: tuple[File, Instance], place: str, how: Run) -> Job:
    """Return what is to be done about a question: to check what is kept, or to answer it."""
    file, instance = cell
    kept = None
    if not how.fresh:
        try:
            kept = how.store.read(place)
        except DamagedError as error:
            how.watch.say(f"{how.store.path}: {error}; computed anew")
        while how.store.said:
            how.watch.say(how.store.said.pop(0))
        if kept is None and how.found is not None:
            kept = how.found(file, instance)
    return Job(instance, place, _way(instance, how.way), kept)


def _way(instance: Instance, way: Way) -> Way:
    """Return the way of an instance: an entropy, whose nodes cost, is sought as near as it is claimed."""
    if not isinstance(instance, Asks) or instance.question.ask.quantity != ENTROPY:
        return way
    within = None if instance.expect is None else instance.expect.within
    wide = way.width is None and within is not None and within > ENTROPY_WIDTH
    return replace(way, width=within) if wide else way


def _settled(job: Job, outcome: Outcome | Exception, how: Run, title: str) -> Outcome:
    """Store what a job came to; raise SolverUnavailableError where no job can run."""
    if isinstance(outcome, Exception):
        why = f"{type(outcome).__name__}: {outcome}"
        return Outcome("failed", mark="failed", why=why, code=3)
    if outcome.kind == "unavailable":
        raise SolverUnavailableError(outcome.why)
    if outcome.damage:
        how.watch.say(f"{how.store.path}: {job.address[:16]}.. {outcome.damage}; computed anew")
    if outcome.result is not None and _is_news(job, outcome.result, outcome.kind, how):
        ways = (job.way.text, *(job.kept.ways if job.kept is not None and not outcome.damage else ()))
        how.store.write(entry_of(outcome.result, job.address, title, ways))
    return outcome


def _is_news(job: Job, result: Found, kind: str, how: Run) -> bool:
    """Return whether the store does not know an answer yet, or not that it was sought in this way."""
    if not result.certificate:  # nothing was proved
        return False
    if kind == "solved" or how.found is not None:
        return True
    known = job.kept is not None and job.way.text in job.kept.ways
    return not known and falls_short(result, job.way.width)


def _answer(cell: tuple[File, Instance], outcome: Outcome) -> Answer:
    file, instance = cell
    if outcome.result is None:
        return Answer(file, instance, None, "", outcome.mark, outcome.why, outcome.code)
    result = outcome.result
    if isinstance(result, Result) and isinstance(instance, Asks) and result.question != instance.question:
        result = replace(result, question=instance.question)  # the same question, spelt otherwise
    return Answer(file, instance, result, outcome.kind)


def _outcome(one: Answer) -> Outcome:
    if one.result is None:
        return Outcome("failed", None, one.mark, one.why, one.code)
    return Outcome("stored" if one.origin == "stored" else "solved", one.result)
