"""Sources of settings by kind, one file each.

To add one: a file with a subclass of `Source`, and its class in the table below.
"""

from __future__ import annotations

from freerand_opt.model.source import Source
from freerand_opt.model.sources.bits import Bits, Range
from freerand_opt.model.sources.free import Free
from freerand_opt.model.sources.full_support import FullSupport
from freerand_opt.model.sources.independent import Independent
from freerand_opt.model.sources.inequalities import Inequalities
from freerand_opt.model.sources.measurement_dependence import MeasurementDependence, MinEntropy
from freerand_opt.model.sources.mixture import Mixture
from freerand_opt.model.sources.mutual import Mutual
from freerand_opt.model.sources.on_average import OnAverage
from freerand_opt.model.sources.product import Product
from freerand_opt.model.sources.relative import Relative
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
    Bits,
    Relative,
    Product,
    FullSupport,
    OnAverage,
)

__all__ = [
    "SOURCES",
    "Bits",
    "Free",
    "FullSupport",
    "Independent",
    "Inequalities",
    "MeasurementDependence",
    "MinEntropy",
    "Mixture",
    "Mutual",
    "OnAverage",
    "Product",
    "Range",
    "Relative",
    "SanthaVazirani",
    "Source",
    "Uniform",
]
