"""The scenarios that have a name, as functions.

They are not in `families`, whose files have the same names.
"""

from __future__ import annotations

from freerand_opt.model.families.cglmp import Cglmp
from freerand_opt.model.families.chained import Chained
from freerand_opt.model.families.chsh import Chsh
from freerand_opt.model.families.ghz import Ghz
from freerand_opt.model.families.i3322 import I3322
from freerand_opt.model.families.ladder import Ladder


def chsh() -> Chsh:
    """Return the scenario of Clauser, Horne, Shimony and Holt."""
    return Chsh()


def chained(N: int) -> Chained:
    """Return the chained scenario of N settings a party."""
    return Chained(N)


def ghz(M: int) -> Ghz:
    """Return the GHZ scenario of M parties."""
    return Ghz(M)


def i3322() -> I3322:
    """Return the scenario of I3322."""
    return I3322()


def cglmp(d: int) -> Cglmp:
    """Return the CGLMP scenario of d outcomes a party."""
    return Cglmp(d)


def ladder(K: int, s: object) -> Ladder:
    """Return Hardy's ladder with settings 0..K and the state's parameter s."""
    return Ladder(K=K, s=s)  # type: ignore[arg-type]
