"""Answers that are kept: one file for each question, named by what was asked and not by how it was solved.

The address of an answer is the SHA-256 of the question with its exact numbers (`asked.asked`), and its
file is ``store/ab/abcdef...json``: the certificate itself, with one more key, ``stored``, that says
who solved it, and a digest of the whole file. `docs/sweeps.md` describes the format.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.answers.verification import Verification, check_certificate, compared, loads
from freerand_opt.certificates.check import CertificateError
from freerand_opt.errors import FreerandError
from freerand_opt.files import write_whole
from freerand_opt.numbers.parse import parse
from freerand_opt.proving.certified import digest
from freerand_opt.proving.result import Bracket, How, Result
from freerand_opt.spec.computations import BIASES, ERRORS
from freerand_opt.spec.file import Instance, QuestionFile
from freerand_opt.sweeps.asked import answers, sha256

#: What an entry says of itself.
STORED = {"address", "method", "solver", "seconds", "tried", "digest"}


class DamagedError(FreerandError):
    """A file of a store that is not as it was written, or is about another question."""


@dataclass(frozen=True)
class Store:
    """A folder of answers. Any number of processes may use it; it may be deleted at any time."""

    folder: Path

    def path(self, address: str) -> Path:
        """Return where the answer with an address is, or would be."""
        return self.folder / address[:2] / f"{address}.json"

    def paths(self) -> Iterator[Path]:
        """Yield all files of answers, in order; half-written ones (hidden) are none."""
        for path in sorted(self.folder.glob("*/*.json")):
            if not path.name.startswith("."):
                yield path

    def read(self, address: str) -> dict[str, Any] | None:
        """Return the entry with an address, None if there is none; raise DamagedError if it has changed."""
        try:
            text = self.path(address).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedError(f"cannot be read: {error.strerror}") from None
        return entry_from(text, address)

    def write(self, address: str, entry: dict[str, Any]) -> None:
        """Write an entry whole or not at all; the last of several writers stays."""
        write_whole(self.path(address), json.dumps(entry, separators=(",", ":")))


def default_folder() -> Path:
    """Return where answers are kept if no folder is named: in the user's cache (XDG_CACHE_HOME)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "freerand"


# ------------------------------------------------------------------ entries


def entry_of(result: Result, address: str, tried: list[str]) -> dict[str, Any]:
    """Return the entry of a result; `tried` are the ways in which the question was attacked."""
    return entry(result.certificate, address, result.method, result.solver, result.seconds, tried)


def entry(
    certificate: dict[str, Any], address: str, method: str, solver: str, seconds: float, tried: list[str]
) -> dict[str, Any]:
    """Return the entry of a certificate, with what is said of how it was found."""
    stored = {
        "address": address,
        "method": method,
        "solver": solver,
        "seconds": f"{seconds:.4f}",
        "tried": sorted(tried),
    }
    return _sealed({**certificate, "stored": stored})


def _sealed(entry: dict[str, Any]) -> dict[str, Any]:
    stored = {key: value for key, value in entry["stored"].items() if key != "digest"}
    return {**entry, "stored": {**stored, "digest": sha256({**entry, "stored": stored})}}


def entry_from(text: bytes | str, address: str) -> dict[str, Any]:
    """Return an entry from the text of its file; raise DamagedError if it is not as it was written."""
    try:
        entry = loads(text)
        stored = entry["stored"]
        same = _sealed(entry)["stored"]["digest"] == stored["digest"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DamagedError("is no stored answer; was it cut off?") from None
    if set(stored) != STORED:
        raise DamagedError("says other things of itself than a stored answer")
    if not same:
        raise DamagedError("has changed since it was written (digest)")
    if stored["address"] != address:
        raise DamagedError("is another question's answer (address)")
    return dict(entry)


def certificate_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the certificate that an entry holds."""
    return {key: value for key, value in entry.items() if key != "stored"}


def better(entry: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the entry with the narrower bracket (the first if they are equal), and who tried from both."""
    best = min((entry, other), key=_openness)
    tried = sorted({*entry["stored"]["tried"], *other["stored"]["tried"]})
    return _sealed({**best, "stored": {**best["stored"], "tried": tried}})


def _openness(entry: dict[str, Any]) -> tuple[int, Fraction]:
    ends = entry["answer"]["lower"], entry["answer"]["upper"]
    width = Bracket(*(None if end is None else parse(end) for end in ends)).width
    return ends.count(None), Fraction(0) if width is None else width


def kept(entry: dict[str, Any], file: QuestionFile, instance: Instance, how: How) -> Verification:
    """Return an entry as the answer to an instance, under the instance's own names.

    Raise DamagedError if the certificate is about another question; it is not checked here.
    """
    stored = entry["stored"]
    body = _renamed(certificate_of(entry), file.name, instance.name)
    try:
        if not answers(body, instance):
            raise DamagedError("is about another question")
        return recorded(
            body, file, instance, stored["method"], stored["solver"], float(stored["seconds"]), how
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise DamagedError("is no stored answer") from None


def recorded(
    body: dict[str, Any],
    file: QuestionFile,
    instance: Instance,
    method: str,
    solver: str = "none",
    seconds: float = 0.0,
    how: How = "stored",
) -> Verification:
    """Return what a certificate of an instance states as its answer; nothing is checked here."""
    asks_for_none = body["kind"] == "bracket" and body["question"]["ask"]["quantity"] == "strategy"
    ends = (body["answer"][end] for end in ("lower", "upper"))
    result = Result(
        name=file.name,
        instance=instance.name,
        quantity=_quantity(body, instance),
        bracket=Bracket(*(None if end is None else parse(end) for end in ends)),
        certificate=body,
        digest=digest(body),
        method=method,
        solver=solver,
        seconds=seconds,
        how=how,
        infeasible=asks_for_none and body["answer"]["upper"] is not None,
    )
    return compared(file, instance, result)


def checked(entry: dict[str, Any]) -> tuple[str, ...]:
    """Check the certificate of an entry exactly; raise DamagedError if it does not hold."""
    try:
        return check_certificate(certificate_of(entry))
    except CertificateError as error:
        raise DamagedError(f"holds a certificate that is rejected: {error}") from None


def _quantity(body: dict[str, Any], instance: Instance) -> str:
    if body["kind"] in ("threshold", "root", "value", BIASES, ERRORS):
        return str(body["kind"])
    if body["kind"] == "bracket":
        return str(body["question"]["ask"]["quantity"])
    assert instance.question is not None
    return instance.question.ask.quantity


def _renamed(body: dict[str, Any], name: str, instance: str) -> dict[str, Any]:
    """Give a certificate and its parts the names under which it is asked for now."""
    old = body["instance"]
    if (body["name"], old) == (name, instance):
        return body

    def part(inner: dict[str, Any]) -> dict[str, Any]:
        label = (instance + inner["instance"].removeprefix(old)).strip()
        return {**inner, "name": name, "instance": label}

    found = {**body, "name": name, "instance": instance}
    found |= {key: part(body[key]) for key in ("below", "above") if key in body}
    return found | ({"parts": [part(inner) for inner in body["parts"]]} if "parts" in body else {})
