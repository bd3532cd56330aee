"""Distributions of joint settings drawn from sources by their definitions, and not by their forms."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch
from math import prod

from freerand_opt.model import (
    Bits,
    Free,
    FullSupport,
    Independent,
    Inequalities,
    MeasurementDependence,
    MinEntropy,
    Mixture,
    Mutual,
    OnAverage,
    Product,
    Relative,
    SanthaVazirani,
    Scenario,
    Uniform,
)
from freerand_opt.model.sources.bits import nodes_of
from freerand_opt.numbers.simplex import best_point


@singledispatch
def sample(source, scenario, draw):
    """Return some distribution of joint settings of a source."""
    raise NotImplementedError(type(source))


@sample.register(Uniform)
@sample.register(OnAverage)
def _(source, scenario, draw):
    count = scenario.shape[0]
    return (Fraction(1, count),) * count


@sample.register(Free)
@sample.register(FullSupport)
def _(source, scenario, draw):
    return tuple(some_weights(scenario.shape[0], draw))


@sample.register
def _(source: SanthaVazirani, scenario, draw):
    return along(source.form(scenario, None), scenario.shape[0], draw)


@sample.register
def _(source: Bits, scenario, draw):
    """Return a distribution with every bit at an end of its range, or between."""
    if not source.by_node:
        return along(source.form(scenario, None), scenario.shape[0], draw)
    ranges, nodes, leaves = source.tree(scenario)
    masses = [Fraction(1)]
    for depth, prefix, ends in nodes_of(ranges, nodes):
        x = draw.choice(ends)
        masses += [masses[(1 << depth) - 1 + prefix] * part for part in (x, 1 - x)]
    found = masses[-len(leaves) :]
    return tuple(found[leaves.index(s)] for s in range(len(leaves)))


@sample.register
def _(source: Independent, scenario, draw):
    return product(scenario, _alike(source, scenario), draw)


@sample.register
def _(source: Mixture, scenario, draw):
    return product(scenario, source.parts, draw)


@sample.register
def _(source: Mutual, scenario, draw):
    """Return a mixture of distributions whose parties are independent; the definition is linear."""
    parts = [product(scenario, _alike(source, scenario), draw) for _ in range(3)]
    return tuple(sum(xs, Fraction(0)) / 3 for xs in zip(*parts, strict=True))


def _alike(source, scenario):
    return (SanthaVazirani(source.epsilon, bits=source.bits),) * len(scenario.settings)


@sample.register
def _(source: Product, scenario, draw):
    shares = source.largest
    if shares is None:  # each party's share of the bound, at random
        low, high = (Fraction(1, n) for n in scenario.settings)
        first = max(low, low + (source.joint / high - low) * Fraction(draw.randrange(9), 8))
        first = min(Fraction(1), first)
        shares = (first, min(Fraction(1), source.joint / first))
    return product(scenario, tuple(MeasurementDependence(Fraction(0), u) for u in shares), draw)


@sample.register
def _(source: Inequalities, scenario, draw):
    """Return a vertex."""
    limits = []
    for terms, relation, bound in source.form(scenario, None).rows:
        limits.append((dict(terms), bound))
        if relation == "=":
            limits.append(({s: -factor for s, factor in terms}, -bound))
    return best_point(limits, Fraction(1), [Fraction(draw.randint(-9, 9)) for _ in range(scenario.shape[0])])


@sample.register
def _(source: MeasurementDependence, scenario, draw):
    return within(source.lower, source.upper, scenario.shape[0], draw)


@sample.register
def _(source: MinEntropy, scenario, draw):
    return within(Fraction(0), Fraction(1, 2**source.bits), scenario.shape[0], draw)


@sample.register
def _(source: Relative, scenario, draw):
    """Return a distribution with mass moved from one setting to another, as far as the bounds let it be."""
    count = scenario.shape[0]
    centre = [Fraction(1, count)] * count
    if source.around:
        named = dict(source.around)
        centre = [named.get(scenario.setting_label(s), Fraction(0)) for s in range(count)]
    first, last = draw.sample(range(count), 2)
    moved = source.epsilon * min(centre[first], centre[last])
    centre[first] -= moved
    centre[last] += moved
    return tuple(centre)


def product(scenario, parts, draw):
    """Return a product of distributions of sources of single parties."""
    alone = [
        sample(part, Scenario((n,), (1,)), draw) for part, n in zip(parts, scenario.settings, strict=True)
    ]
    return tuple(
        prod((own[x] for own, x in zip(alone, settings, strict=True)), start=Fraction(1))
        for settings in scenario.joint_settings
    )


def along(form, count, draw):
    """Return a distribution of strings of bits, by joint setting."""
    masses = [Fraction(1)]
    for low, high in form.ranges:
        shares = [draw.choice((low, high, (low + 2 * high) / 3)) for _ in masses]
        masses = [part for mass, x in zip(masses, shares, strict=True) for part in (mass * x, mass * (1 - x))]
    found = [Fraction(0)] * count
    for s, mass in zip(form.leaves, masses, strict=True):
        found[s] += mass
    return tuple(found)


def some_weights(count, draw):
    """Return random numbers that sum to 1, some of them 0."""
    parts = [draw.choice((0, 0, 1, 2, 5, 9)) for _ in range(count)]
    parts[draw.randrange(count)] += 1
    return [Fraction(part, sum(parts)) for part in parts]


def within(lower, upper, count, draw):
    """Return a mixture of uniform and random settings that obeys the bounds, as far out as they let it be."""
    more, even = some_weights(count, draw), Fraction(1, count)
    reach = [Fraction(1)]
    reach += [(upper - even) / (x - even) for x in more if x > even]
    reach += [(even - lower) / (even - x) for x in more if x < even]
    return tuple(even + min(reach) * (x - even) for x in more)
