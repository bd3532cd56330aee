"""Reading back what a solver found for a relaxation of quantum devices."""

from __future__ import annotations

from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.programs.build import build
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.solvers.choose import solver_named


def moments(question: Question, *, solver: str = "auto", time_limit: float | None = None) -> dict[str, float]:
    r"""Return the moments at the relaxation's optimum by name, as ``{"<1>": 1.0, "<A0 B0>": 0.707, ..}``.

    .. math:: \sum_w P(w)\, y_w(k), \qquad -1 \le y_w(k) \le 1

    These are a solver's floats, accurate to its tolerance: nothing here is certified, the optimum need
    not be unique, and above the lowest levels no state need have these moments. For a word that is not
    its own adjoint it is the real part. Quote `bound`, not these. With free settings and a guess at one
    setting they are in units of that setting's mass. Raise InputError if devices are not quantum or
    no point passes the tests, SolverUnavailableError if `solver` cannot run (arXiv:0803.4290).
    """
    made = build(question).above
    if not isinstance(made, MomentStrategies):
        raise InputError(
            "adversary.devices", f"are {question.adversary.devices}; only quantum devices have moments"
        )
    solution = solver_named(solver)(made.program, time_limit)
    if solution.status == "infeasible":
        raise InputError("tests", "the solver found no moments that pass the tests; `bound` may prove it")
    held = solution.primal.reshape(made.labels, len(made.cone.names), -1)[:, made.cone.root, :]
    values = made.space.lift_matrix() @ held.sum(axis=0)
    return dict(zip(made.moments.labels, values.tolist(), strict=True))
