"""Closed forms that claims are held against; each is one exact function of the question."""

from __future__ import annotations

from collections.abc import Callable

from freerand_opt.claims.formulas import chained, ghz
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact

OF_QUESTIONS: dict[str, Callable[[Question], Exact]] = {
    "lemma-1": chained.lemma_1,
    "chained-leakage": chained.chained_leakage,
    "averaged-leakage": chained.averaged_leakage,
    "chained-local-score": chained.chained_local_score,
    "chained-local-threshold": chained.chained_local_threshold,
    "chained-local-threshold-bits": chained.chained_local_threshold_bits,
    "chained-local-threshold-lower": chained.chained_local_threshold_lower,
    "chained-guess": chained.chained_guess,
    "chained-quantum-score": chained.chained_quantum_score,
    "chsh-local-score": chained.chsh_local_score,
    "chsh-guess": chained.chsh_guess,
    "chsh-quantum-guess": chained.chsh_quantum_guess,
    "mermin-local-threshold": ghz.mermin_local_threshold,
    "mermin-local-score": ghz.mermin_local_score,
    "mermin-quantum-guess": ghz.mermin_quantum_guess,
    "ghz-local-errors": ghz.ghz_local_errors,
    "ghz-robust": ghz.ghz_robust,
}


def value(name: str, question: Question) -> Exact:
    """Return what a closed form is worth; raise InputError for a question that it is not about."""
    if name not in OF_QUESTIONS:
        raise InputError("expect.formula", f"{name!r} is a formula of a computation, not of a question")
    try:
        return OF_QUESTIONS[name](question)
    except ValueError as error:
        raise InputError("expect.formula", f"{name}: {error}") from None
