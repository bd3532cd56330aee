"""Scenarios by name, with what is known under these names; one file each.

To add one: a file with its scenario (a subclass of `Family`), its behaviours and its functionals, and one
line in each of the tables below.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from freerand_opt.model.families import avis as _avis
from freerand_opt.model.families import cglmp as _cglmp
from freerand_opt.model.families import chained as _chained
from freerand_opt.model.families import chsh as _chsh
from freerand_opt.model.families import ghz as _ghz
from freerand_opt.model.families import hardy as _hardy
from freerand_opt.model.families import i3322 as _i3322
from freerand_opt.model.families import ladder as _ladder
from freerand_opt.model.families import mdl as _mdl
from freerand_opt.model.families import others as _others
from freerand_opt.model.families import sliwa as _sliwa
from freerand_opt.model.families import tilted as _tilted
from freerand_opt.model.scenario import AnyScenario, Cells, Family, Rows


def white_noise(scenario: AnyScenario) -> Rows:
    """Return the behaviour with all outcomes equally likely at every setting."""
    count = scenario.shape[1]
    row = (Fraction(1, count),) * count
    return lambda s: row


FAMILIES: tuple[type[Family], ...] = (
    _chsh.Chsh,
    _chained.Chained,
    _ghz.Ghz,
    _i3322.I3322,
    _cglmp.Cglmp,
    _ladder.Ladder,
    _tilted.Tilted,
    _mdl.Mdl,
)
#: Functionals by name; each raises ValueError for a scenario that it does not fit.
FUNCTIONALS: dict[str, Callable[[AnyScenario], Cells]] = {
    **_chained.FUNCTIONALS,
    **_chsh.FUNCTIONALS,
    **_hardy.FUNCTIONALS,
    **_ghz.FUNCTIONALS,
    **_i3322.FUNCTIONALS,
    **_cglmp.FUNCTIONALS,
    **_ladder.FUNCTIONALS,
    **_tilted.FUNCTIONALS,
    **_mdl.FUNCTIONALS,
    **_avis.FUNCTIONALS,
    **_others.FUNCTIONALS,
    **_sliwa.FUNCTIONALS,
}
#: Behaviours that every scenario has by name, or that say themselves which have.
BEHAVIOURS: dict[str, Callable[[AnyScenario], Rows]] = {
    "white-noise": white_noise,
    "hardy": _hardy.hardy,
    "hardy-twelfth": _hardy.hardy_twelfth,
}
#: All names of behaviours.
NAMES = tuple(dict.fromkeys(name for family in FAMILIES for name in family.behaviours)) + tuple(BEHAVIOURS)


def behaviour(name: str, scenario: AnyScenario) -> Rows:
    """Return the behaviour that a scenario has under a name; raise ValueError if there is none."""
    make = scenario.behaviours.get(name) or BEHAVIOURS.get(name)
    if make is None:
        having = [str(family.__struct_config__.tag) for family in FAMILIES if name in family.behaviours]
        raise ValueError(f"{name!r} is known for the families {', '.join(having)}; give a table")
    return make(scenario)
