"""What the library answers to a question, through its public interface; the only part that imports it."""

from __future__ import annotations

import re
import resource
import signal
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import FrameType

import freerand_opt as fr
from freerand_opt.errors import FreerandError
from freerand_opt.numbers.exact import enclose

#: Bits to which irrational ends are enclosed.
BITS = 300
#: An answer that takes longer, in seconds of this process, is a fault.
PATIENCE = 60
#: An answer that takes more memory, in bytes beyond what is there before, is a fault.
MEMORY = 4 * 2**30
#: Refusals that the documentation announces: {what it says: why that is right}.
ANNOUNCED = {
    "the source may never choose the settings asked for": "a conditional probability without a lower bound",
    r"an adversary who is told the settings has \d+ guessing functions": "a limit on size",
}


@dataclass(frozen=True)
class Answer:
    """`kind` is bracket, none (no strategy, proved), refused, crashed or slow; ends as enclosures.

    `lower` is known to lie in its pair of fractions, likewise `upper`; None for a missing end.
    """

    kind: str
    lower: tuple[Fraction, Fraction] | None = None
    upper: tuple[Fraction, Fraction] | None = None
    words: str = ""

    @property
    def width(self) -> Fraction | None:
        return None if self.lower is None or self.upper is None else self.upper[1] - self.lower[0]


class _TooSlowError(BaseException):
    """Not an Exception, so that nobody catches it on the way."""


@contextmanager
def _limits(seconds: int, memory: int) -> Iterator[None]:
    """Raise _TooSlowError after so many seconds of this process, MemoryError beyond so many bytes more."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise _TooSlowError

    # the time that others take on the same processor does not count
    before = signal.signal(signal.SIGPROF, ring)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + memory if hard < 0 else min(held + memory, hard), hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def ask(text: str) -> Answer:
    """Return the library's answer to a question file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "question.toml"
        path.write_text(text, encoding="utf-8")
        try:
            with _limits(PATIENCE, MEMORY):
                return _asked(path)
        except _TooSlowError:
            return Answer("slow", words=f"no answer after {PATIENCE} seconds")


def _asked(path: Path) -> Answer:
    try:
        result = fr.bound(path)
    except FreerandError as error:
        return Answer("refused", words=f"{type(error).__name__}: {str(error).replace(str(path), '')}")
    except Exception as error:  # whatever it is, it is a fault and is reported
        place = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__} in {Path(place.filename).stem}.{place.name}: {error}"
        return Answer("crashed", words=words[:300])
    if result.impossible:
        return Answer("none", words=result.reason)
    words = "; ".join((*(part for pair in result.how for part in pair), *result.notes))
    ends = (result.bracket.lower, result.bracket.upper)
    lower, upper = (None if end is None else enclose(end, BITS) for end in ends)
    return Answer("bracket", lower, upper, words)


def announced(words: str) -> bool:
    """Return whether a refusal is one that the documentation announces."""
    return any(re.search(pattern, words) for pattern in ANNOUNCED)
