"""Certificates of statements about counts, as the checker beside the kernel reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.checker.failures import Work
from freerand_opt.data.counts import Counts
from freerand_opt.experiment_checker.document import FORMAT, check
from freerand_opt.experiments.factors import WORK, Factor
from freerand_opt.experiments.setup import Setup
from freerand_opt.files import write_whole
from freerand_opt.model.certificate_form import vector_form


def document(setup: Setup, claim: dict[str, Any], counts: Counts | None) -> dict[str, Any]:
    """Return a certificate of a claim."""
    data = None if counts is None else {"sha256": counts.digest, "counts": list(counts.values)}
    return {"format": FORMAT, "version": 1, **setup.form, "claim": claim, "data": data}


def proved(certificate: dict[str, Any]) -> Fraction:
    """Return what the checker proves of a certificate: bits, or a lower bound of -log2 P.

    Nothing is stated that it does not accept: a refusal is a fault of this program and is raised as it is.
    """
    return check(json.loads(text(certificate)), Work(WORK)).log2


def factor_claim(factor: Factor) -> dict[str, Any]:
    """Return the claim of a P-value by a factor."""
    return {"quantity": "p-value", "method": "factor", "factor": list(factor.values)}


def game_claim(cells: Sequence[int]) -> dict[str, Any]:
    """Return the claim of a P-value by a game's tail."""
    return {"quantity": "p-value", "method": "game", "wins": list(cells)}


def bits_claim(factor: Factor, error: Fraction, threshold: Fraction) -> dict[str, Any]:
    """Return the claim of certified bits."""
    condition = factor.condition
    return {
        "quantity": "bits",
        "of": list(condition.of),
        "later": "any" if condition.free else "independent of outcomes",
        "power": condition.power,
        "centre": vector_form(condition.centre),
        "factor": list(factor.values),
        "error": str(error),
        "threshold": str(threshold),
        **({} if factor.estimator is None else {"estimator": factor.estimator}),
    }


def text(certificate: dict[str, Any]) -> str:
    """Return a certificate as the text of its file."""
    return json.dumps(certificate, separators=(",", ":")) + "\n"


def save(certificate: dict[str, Any], path: str | Path) -> None:
    """Write a certificate; raise InputError if that is not possible."""
    write_whole(Path(path), text(certificate))
