"""Certified bounds on what an adversary knows, when settings are chosen by imperfect randomness.

>>> import freerand_opt as fr
>>> question = fr.Question(
...     fr.chsh(),
...     fr.SanthaVazirani("0.02"),
...     adversary=fr.Adversary("no-signalling"),
...     tests=[fr.Test("chsh", ">=", "2.7")],
...     ask=fr.Ask("guessing-probability", of="A", at="average"),
... )
>>> result = fr.bound(question)  # doctest: +SKIP
>>> result.upper, float(result.upper), result.attack.table()  # doctest: +SKIP

Epsilon is Colbeck and Renner's (arXiv:1105.3195): 0 is perfect, 1/2 is useless.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from freerand_opt.doors import BODIES
from freerand_opt.version import __version__ as __version__

if TYPE_CHECKING:
    from freerand_opt import errors as errors
    from freerand_opt.bounds.answers.result import Result as Result
    from freerand_opt.bounds.answers.result import load as load
    from freerand_opt.bounds.bound import bound as bound
    from freerand_opt.bounds.curves.curve import Curve as Curve
    from freerand_opt.bounds.curves.curve_of import curve as curve
    from freerand_opt.bounds.curves.curve_of import load_curve as load_curve
    from freerand_opt.bounds.keys.rate import key_rate as key_rate
    from freerand_opt.bounds.keys.rate import positive_up_to as positive_up_to
    from freerand_opt.bounds.keys.threshold import key_threshold as key_threshold
    from freerand_opt.bounds.keys.tradeoff import tradeoff as tradeoff
    from freerand_opt.bounds.search.best import best as best
    from freerand_opt.claims.verify import verify as verify
    from freerand_opt.data.counts import Counts as Counts
    from freerand_opt.data.trials import Trials as Trials
    from freerand_opt.errors import FreerandError as FreerandError
    from freerand_opt.errors import InputError as InputError
    from freerand_opt.errors import SolverUnavailableError as SolverUnavailableError
    from freerand_opt.errors import TooLargeError as TooLargeError
    from freerand_opt.errors import UnavailableError as UnavailableError
    from freerand_opt.experiments.best import best_bits as best_bits
    from freerand_opt.experiments.bits import bits as bits
    from freerand_opt.experiments.pvalue import p_value as p_value
    from freerand_opt.experiments.setup import setup as setup
    from freerand_opt.model import *  # noqa: F403
    from freerand_opt.model.files.file import read as read
    from freerand_opt.model.threshold import Threshold as Threshold
    from freerand_opt.programs.extremes import extreme_boxes as extreme_boxes
    from freerand_opt.protocols.file import read_protocol as read_protocol
    from freerand_opt.protocols.simulate import simulate as simulate
    from freerand_opt.runner.sweep import stream as stream
    from freerand_opt.runner.sweep import sweep as sweep

#: The public names of each module; numpy, scipy and a solver are loaded by the first use, not by the import.
_NAMES = {
    "bounds.search.best": "best",
    "bounds.bound": "bound",
    "bounds.curves.curve": "Curve",
    "bounds.curves.curve_of": "curve load_curve",
    "bounds.keys.threshold": "key_threshold",
    "bounds.keys.rate": "key_rate positive_up_to",
    "bounds.keys.tradeoff": "tradeoff",
    "bounds.answers.result": "Result load",
    "claims.verify": "verify",
    "data.counts": "Counts",
    "data.trials": "Trials",
    "errors": "FreerandError InputError SolverUnavailableError TooLargeError UnavailableError",
    "experiments.best": "best_bits",
    "experiments.bits": "bits",
    "experiments.pvalue": "p_value",
    "experiments.setup": "setup",
    "model": "Adversary Ask Behaviour Bits Free FullSupport Function Functional Game Independent "
    "Inequalities Keep MeasurementDependence MinEntropy Mixture Moment Mutual Observed OnAverage Picked "
    "Product Question Range Relations Relative SanthaVazirani Scenario Test Uniform "
    "cglmp chained chsh ghz i3322 ladder",
    "model.files.file": "read",
    "model.threshold": "Threshold",
    "programs.extremes": "extreme_boxes",
    "protocols.file": "read_protocol",
    "protocols.simulate": "simulate",
    "runner.sweep": "stream sweep",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}
__all__ = sorted((*_HOMES, "errors"))


#: Methods whose bodies stand above their class, and the functions that are they.
_BODIES = {
    "Curve.plot": ("reporting.figures.curve", "drawn"),
    "Question.to_cvxpy": ("reporting.export", "to_cvxpy"),
    "Question.to_file": ("reporting.export", "to_file"),
}


def _called(home: str, name: str, *given: Any) -> Any:
    """Call a function of a module that is loaded at its first call."""
    return getattr(import_module(f"freerand_opt.{home}"), name)(*given)


BODIES.update({method: partial(_called, *place) for method, place in _BODIES.items()})


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("freerand_opt.errors")
    if name in _HOMES:
        return getattr(import_module(f"freerand_opt.{_HOMES[name]}"), name)
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    model = import_module("freerand_opt.model")
    # the classes of all kinds of sources and families, whatever the lists of names above say
    for kind in (*model.SOURCES, *model.FAMILIES):
        if kind.__name__ == name:
            return kind
    from freerand_opt.model.tables.text import nearest

    raise AttributeError(f"freerand_opt has no {name!r}{nearest(name, __all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
