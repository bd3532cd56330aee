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

from typing import TYPE_CHECKING, Any

from freerand_opt.version import __version__ as __version__

if TYPE_CHECKING:
    from freerand_opt import errors
    from freerand_opt.bounds.bound import bound
    from freerand_opt.bounds.curve import Curve
    from freerand_opt.bounds.curve_of import curve, load_curve
    from freerand_opt.bounds.key_threshold import key_threshold
    from freerand_opt.bounds.keys import key_rate, positive_up_to
    from freerand_opt.bounds.result import Result, load
    from freerand_opt.bounds.tradeoff import tradeoff
    from freerand_opt.claims.verify import verify
    from freerand_opt.data.counts import Counts
    from freerand_opt.data.trials import Trials
    from freerand_opt.errors import (
        FreerandError,
        InputError,
        SolverUnavailableError,
        TooLargeError,
        UnavailableError,
    )
    from freerand_opt.experiments.bits import bits
    from freerand_opt.experiments.pvalue import p_value
    from freerand_opt.experiments.setup import setup
    from freerand_opt.model import (
        Adversary,
        Ask,
        Behaviour,
        Bits,
        Free,
        FullSupport,
        Function,
        Functional,
        Game,
        Independent,
        Inequalities,
        Keep,
        MeasurementDependence,
        MinEntropy,
        Mixture,
        Moment,
        Mutual,
        Observed,
        OnAverage,
        Picked,
        Product,
        Question,
        Range,
        Relations,
        Relative,
        SanthaVazirani,
        Scenario,
        Test,
        Uniform,
        cglmp,
        chained,
        chsh,
        ghz,
        i3322,
        ladder,
    )
    from freerand_opt.model.file import read
    from freerand_opt.model.threshold import Threshold
    from freerand_opt.programs.extremes import extreme_boxes
    from freerand_opt.protocols.file import read_protocol
    from freerand_opt.protocols.simulate import simulate
    from freerand_opt.runner.sweep import stream, sweep

#: Where each public name lives that the model does not have; numpy, scipy and a solver are loaded by the
#: first use, not by the import.
_HOMES = {
    "bounds.best": ("best",),
    "bounds.bound": ("bound",),
    "bounds.curve": ("Curve",),
    "bounds.curve_of": ("curve", "load_curve"),
    "bounds.key_threshold": ("key_threshold",),
    "bounds.keys": ("key_rate", "positive_up_to"),
    "bounds.tradeoff": ("tradeoff",),
    "bounds.result": ("Result", "load"),
    "claims.verify": ("verify",),
    "data.counts": ("Counts",),
    "data.trials": ("Trials",),
    "errors": ("FreerandError", "InputError", "SolverUnavailableError", "TooLargeError", "UnavailableError"),
    "experiments.bits": ("bits",),
    "experiments.pvalue": ("p_value",),
    "experiments.setup": ("setup",),
    "model.file": ("read",),
    "model.threshold": ("Threshold",),
    "programs.extremes": ("extreme_boxes",),
    "protocols.file": ("read_protocol",),
    "protocols.simulate": ("simulate",),
    "runner.sweep": ("stream", "sweep"),
}

__all__ = [
    "Adversary",
    "Ask",
    "Behaviour",
    "Bits",
    "Counts",
    "Curve",
    "Free",
    "FreerandError",
    "FullSupport",
    "Function",
    "Functional",
    "Game",
    "Independent",
    "Inequalities",
    "InputError",
    "Keep",
    "MeasurementDependence",
    "MinEntropy",
    "Mixture",
    "Moment",
    "Mutual",
    "Observed",
    "OnAverage",
    "Picked",
    "Product",
    "Question",
    "Range",
    "Relations",
    "Relative",
    "Result",
    "SanthaVazirani",
    "Scenario",
    "SolverUnavailableError",
    "Test",
    "Threshold",
    "TooLargeError",
    "Trials",
    "UnavailableError",
    "Uniform",
    "best",
    "bits",
    "bound",
    "cglmp",
    "chained",
    "chsh",
    "curve",
    "errors",
    "extreme_boxes",
    "ghz",
    "i3322",
    "key_rate",
    "key_threshold",
    "ladder",
    "load",
    "load_curve",
    "p_value",
    "positive_up_to",
    "read",
    "read_protocol",
    "setup",
    "simulate",
    "stream",
    "sweep",
    "tradeoff",
    "verify",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "errors":
        return import_module("freerand_opt.errors")
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"freerand_opt.{home}"), name)
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    model = import_module("freerand_opt.model")
    if name in model.__all__:
        return getattr(model, name)
    # the classes of all kinds of sources and families, whatever the lists of names above say
    for kind in (*model.SOURCES, *model.FAMILIES):
        if kind.__name__ == name:
            return kind
    from freerand_opt.errors import nearest

    raise AttributeError(f"freerand_opt has no {name!r}{nearest(name, __all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
