"""Sources of settings by kind, one file each.

To add one: a file with a subclass of `Source`, and its class in the table below. What is to come: bits with
any centre and codings of strings (`bits.py`, its form is `model.problem.Bits`), `relative.py` (`Limits`),
`product.py` (each party's largest probability, `Product`), `full_support.py` (`FullSupport`), and bounds on
the average over W (`on_average.py`, whose form `problem` does not have yet).
"""

from __future__ import annotations

from freerand_opt.model.source import Source
from freerand_opt.model.sources.free import Free
from freerand_opt.model.sources.independent import Independent, Mixture
from freerand_opt.model.sources.inequalities import Inequalities
from freerand_opt.model.sources.measurement_dependence import MeasurementDependence, MinEntropy
from freerand_opt.model.sources.mutual import Mutual
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani
from freerand_opt.model.sources.uniform import Uniform

SOURCES: tuple[type[Source], ...] = (
    Uniform,
    Free,
    SanthaVazirani,
    Mutual,
    Independent,
    Mixture,
    MeasurementDependence,
    MinEntropy,
    Inequalities,
)

__all__ = [
    "SOURCES",
    "Free",
    "Independent",
    "Inequalities",
    "MeasurementDependence",
    "MinEntropy",
    "Mixture",
    "Mutual",
    "SanthaVazirani",
    "Source",
    "Uniform",
]
