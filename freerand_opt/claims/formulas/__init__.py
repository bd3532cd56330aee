"""Closed forms that claims are held against; each is one exact function of the question."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from freerand_opt.claims.formulas import chained, entropies, ghz
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact

if TYPE_CHECKING:
    from freerand_opt.claims.conjecture.computation import Computation

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
    "chsh-entropy": entropies.chsh_entropy,
    "chsh-shannon-entropy": entropies.chsh_shannon_entropy,
    "mermin-local-threshold": ghz.mermin_local_threshold,
    "mermin-local-score": ghz.mermin_local_score,
    "mermin-quantum-guess": ghz.mermin_quantum_guess,
    "ghz-local-errors": ghz.ghz_local_errors,
    "ghz-robust": ghz.ghz_robust,
}

OF_PARTIES: dict[str, Callable[[int], Exact]] = {"ghz-ratio": ghz.ghz_ratio, "ghz-monogamy": ghz.ghz_monogamy}


def _of_computation(name: str, asked: Computation) -> Exact | None:
    """Return what a closed form of a computation is worth, None if it is of none such.

    Of local errors n (1/2 - eps)^M, n the least number of inputs at which a local model errs (exact at 0).
    """
    from freerand_opt.claims.conjecture.relations import LocalErrors, Relations

    if isinstance(asked, Relations) and name in OF_PARTIES:
        return OF_PARTIES[name](asked.M)
    if isinstance(asked, LocalErrors) and name == "ghz-wrong-inputs":
        return ghz.wrong_inputs(asked.M) * (Fraction(1, 2) - asked.epsilon) ** asked.M
    return None


def value(name: str, asked: Question | Computation) -> Exact:
    """Return what a closed form is worth; raise InputError for what it is not about."""
    try:
        if isinstance(asked, Question) and name in OF_QUESTIONS:
            return OF_QUESTIONS[name](asked)
        if not isinstance(asked, Question) and (found := _of_computation(name, asked)) is not None:
            return found
    except ValueError as error:
        raise InputError("expect.formula", f"{name}: {error}") from None
    whose = (
        "a question" if name in OF_QUESTIONS else "sums of biases" if name in OF_PARTIES else "local errors"
    )
    raise InputError("expect.formula", f"{name!r} is a formula of {whose}")
