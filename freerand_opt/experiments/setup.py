"""Who measures, who chooses and which devices are spoken of, in the form of the experiments' checker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from freerand_opt.checker.failures import Unreadable, Work
from freerand_opt.checker.sources import Bits, Limits, Point, read_source
from freerand_opt.checker.vectors import Vector
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.boxes import Box
from freerand_opt.experiment_checker.maximum import Condition, Setting
from freerand_opt.experiment_checker.scenario import Shape
from freerand_opt.model import problem as forms
from freerand_opt.model.behaviours.functional import Functional
from freerand_opt.model.certificate_form import source_form, vector_form
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source

DEVICES = ("local", "no-signalling", "quantum")


@dataclass(frozen=True)
class Setup:
    """A scenario, a source and devices; `form` is what certificates say of them.

    With a functional, bits come from bounds on guesses, which need no extreme points of the devices.
    `distribution` is P(z) where the settings are free, None else; `centre` is u(z), the middle of the source.
    """

    setting: Setting
    form: dict[str, Any] = field(hash=False, compare=False)
    distribution: tuple[Fraction, ...] | None
    centre: tuple[Fraction, ...]
    source: forms.Point | forms.Bits | forms.Limits
    scenario: AnyScenario = field(hash=False, compare=False)
    functional: Functional | None = field(default=None, hash=False)
    level: str = ""

    @property
    def shape(self) -> Shape:
        """Return the numbers of settings and outcomes."""
        return self.setting.shape

    def devices(
        self, name: str, boxes: tuple[Box, ...] | None = None, cuts: list[Any] | None = None
    ) -> Setup:
        """Return the same with other devices; `boxes` are the vertices of quantum devices' outer polytope."""
        form = {key: value for key, value in self.form.items() if key != "cuts"} | {"devices": name}
        if cuts is not None:
            form["cuts"] = cuts
        return replace(self, setting=replace(self.setting, devices=name, boxes=boxes), form=form)

    def by_guesses(self, functional: Functional | str, level: str = "") -> Setup:
        """Return the same with bits from bounds on guesses by a functional (or its name).

        `level` is that of quantum devices (default: 1 and products of observables of two parties).
        """
        named = Functional.named(functional) if isinstance(functional, str) else functional
        return replace(self, functional=named, level=level)

    def condition(
        self, power: int | None, *, free: bool = True, of: Sequence[int] | None = None
    ) -> Condition:
        """Return the condition of a factor: a test, or (E) if `free`, else (E'), for the parties `of`."""
        parties = tuple(range(len(self.shape.settings))) if of is None else tuple(of)
        return Condition(power, free, parties, self.centre)


def setup(
    scenario: AnyScenario,
    source: Source,
    devices: str,
    *,
    settings: Mapping[int, Fraction] | Sequence[Fraction] | None = None,
) -> Setup:
    """Return a setup; raise InputError for a source that this kind of statement does not cover.

    `settings` is the stated distribution P(z) of settings that are free (default: uniform), by joint setting.
    """
    if devices not in DEVICES:
        raise InputError("devices", f"{devices!r} is not known; allowed: {', '.join(DEVICES)}")
    shape = Shape(tuple(scenario.settings), tuple(scenario.outcomes))
    count = shape.count[0]
    stated = _stated(settings, count)
    source.fit(scenario, stated)
    made = source.form(scenario, stated)
    if not isinstance(made, forms.Point | forms.Bits | forms.Limits):
        raise InputError(
            "source.kind",
            f"{source.tag().get('kind')} is not covered by statements about counts; allowed: uniform, free "
            "(with a stated distribution), santha-vazirani, bits (without after), relative, "
            "measurement-dependence, min-entropy",
        )
    distribution = stated if isinstance(made, forms.Point) and made.values is not None else None
    form = {
        "settings": list(shape.settings),
        "outcomes": list(shape.outcomes),
        "source": source_form(made, stated, count),
        "distribution": None if distribution is None else vector_form(distribution),
        "devices": devices,
    }
    held = None if distribution is None else Vector(count, None, dict(enumerate(distribution)))
    try:
        checked = read_source(form["source"], shape.settings, held, Work())
    except Unreadable as fault:
        raise InputError("source", str(fault)) from None
    centre = _centre(checked, count)
    return Setup(Setting(shape, checked, devices), form, distribution, centre, made, scenario)


def _stated(settings: Any, count: int) -> tuple[Fraction, ...]:
    if settings is None:
        return (Fraction(1, count),) * count
    by_index = settings if isinstance(settings, Mapping) else dict(enumerate(settings))
    found = tuple(Fraction(by_index.get(z, 0)) for z in range(count))
    if sum(found) != 1 or min(found) <= 0 or len(by_index) > count:
        raise InputError(
            "settings",
            f"a distribution of {count} joint settings, all positive, that sums to 1 is needed; empty "
            f"settings "
            "belong out of the scenario",
        )
    return found


def _centre(source: Any, count: int) -> tuple[Fraction, ...]:
    """Return u: the stated distribution, the middle of every bit's range, or uniform settings."""
    if isinstance(source, Point):
        return tuple(source.values.values())
    if isinstance(source, Limits):
        return (Fraction(1, count),) * count
    assert isinstance(source, Bits)
    masses = [Fraction(1)]
    for low, high in source.ranges:
        middle = (low + high) / 2
        masses = [part for mass in masses for part in (mass * middle, mass * (1 - middle))]
    found = [Fraction(0)] * count
    for s, mass in zip(source.leaves, masses, strict=True):
        found[s] += mass
    return tuple(found)
