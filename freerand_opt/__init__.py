"""Certified bounds on what an adversary knows, when settings are chosen by imperfect randomness.

The verbs of the command line are functions here, with the same names:

>>> import freerand_opt as fr
>>> file = fr.read("lps/no_signalling_guess_chsh.toml")  # doctest: +SKIP
>>> result = fr.bound(file.instances[0].question)  # doctest: +SKIP
>>> result.bracket  # doctest: +SKIP

Epsilon is Colbeck and Renner's (arXiv:1105.3195): 0 is perfect, 1/2 is useless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from freerand_opt.data.counts import Counts
    from freerand_opt.data.trials import Trials
    from freerand_opt.experiments.bits import bits
    from freerand_opt.experiments.pvalue import p_value
    from freerand_opt.experiments.setup import setup
    from freerand_opt.first.answers.bounding import bound
    from freerand_opt.first.answers.relaxation import moments
    from freerand_opt.first.answers.verification import answer, check_certificate, verify
    from freerand_opt.first.reporting.rows import table
    from freerand_opt.first.simulation.simulating import simulate
    from freerand_opt.first.spec.file import read
    from freerand_opt.first.spec.protocols import read_protocol
    from freerand_opt.first.sweeps.sweep import sweep

_HOMES = {
    "Counts": "freerand_opt.data.counts",
    "Trials": "freerand_opt.data.trials",
    "bits": "freerand_opt.experiments.bits",
    "p_value": "freerand_opt.experiments.pvalue",
    "setup": "freerand_opt.experiments.setup",
    "answer": "freerand_opt.first.answers.verification",
    "bound": "freerand_opt.first.answers.bounding",
    "check_certificate": "freerand_opt.first.answers.verification",
    "moments": "freerand_opt.first.answers.relaxation",
    "read": "freerand_opt.first.spec.file",
    "read_protocol": "freerand_opt.first.spec.protocols",
    "simulate": "freerand_opt.first.simulation.simulating",
    "sweep": "freerand_opt.first.sweeps.sweep",
    "table": "freerand_opt.first.reporting.rows",
    "verify": "freerand_opt.first.answers.verification",
}

__all__ = [
    "Counts",
    "Trials",
    "answer",
    "bits",
    "bound",
    "check_certificate",
    "moments",
    "p_value",
    "read",
    "read_protocol",
    "setup",
    "simulate",
    "sweep",
    "table",
    "verify",
]


def __getattr__(name: str) -> Any:
    # numpy, scipy and a solver are loaded by the first use, not by the import
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
