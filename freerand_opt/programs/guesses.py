"""What is maximised: the value of each guess label at each joint outcome and setting.

The adversary announces a label; label g earns value[g][o, s] when outcome o occurs at setting s.
Trace distance of an output with d values uses one label for each set T of values, worth
[R in T] - |T|/d (docs/proofs/strategies.md).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import lcm

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Output, Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.arrays import (
    FloatArray,
    IntArray,
    Integers,
    largest,
    quotients,
    room,
    scaled,
    summed,
    whole,
)

#: More guess labels than this are not enumerated.
MAX_LABELS = 256


def label_values(question: Question) -> tuple[tuple[Integers, ...], int]:
    """Return (tables, denominator): label g earns tables[g][o, s] / denominator.

    At fixed settings only that column is nonzero. Raise TooLargeError beyond `MAX_LABELS`.
    """
    scenario, ask = question.scenario, question.ask
    shape = scenario.shape
    if ask.quantity == "strategy":
        return (np.zeros(shape, dtype=np.int64),), 1
    if ask.functional is not None:
        table, denominator = functional_table(scenario, ask.functional.terms)
        return (ask.sign * table,), denominator
    assert ask.output is not None
    worths, denominator = output_worths(question)
    if isinstance(ask.at, tuple):
        s = scenario.setting_index(ask.at)
        tables = []
        for worth in worths:
            table = np.zeros(shape, dtype=np.int64)  # worths are at most the number of values
            table[:, s] = worth
            tables.append(table)
        return tuple(tables), denominator
    if question.adversary.told == "nothing":
        return tuple(np.repeat(worth[:, None], shape[1], axis=1) for worth in worths), denominator
    return _by_setting(scenario, ask.output, worths), denominator


def float_worths(question: Question) -> list[FloatArray]:
    """Return for each guess label what it earns at each joint outcome and setting, in floats."""
    tables, denominator = label_values(question)
    return [quotients(table, denominator) for table in tables]


def functional_table(
    scenario: Scenario, terms: tuple[tuple[int, int, Fraction], ...]
) -> tuple[Integers, int]:
    """Return (integer table[o, s], denominator) of sparse coefficients."""
    denominator = lcm(*(factor.denominator for _, _, factor in terms))
    table = np.zeros(scenario.shape, dtype=object)
    for o, s, factor in terms:
        table[o, s] = factor.numerator * (denominator // factor.denominator)
    return whole(table), denominator


def output_worths(question: Question) -> tuple[list[IntArray], int]:
    """Return for each guess label its worth at each joint outcome, times the denominator.

    Worths are at most the number of values, for a trace distance times `MAX_LABELS`.
    """
    output = question.ask.output
    assert output is not None
    values = np.array(output.values, dtype=np.int64)
    if question.ask.quantity != "trace-distance":
        return [np.asarray(values == v, dtype=np.int64) for v in range(output.count)], 1
    if 2**output.count - 2 > MAX_LABELS:
        raise TooLargeError(
            f"the trace distance of {output.count} values needs 2^{output.count} - 2 guess labels, "
            f"more than {MAX_LABELS}"
        )
    sets = [np.array(bits, dtype=np.int64) for bits in product((0, 1), repeat=output.count)]
    # what takes one value only is at distance 0, which the empty set says
    proper = [chosen for chosen in sets if 0 < chosen.sum() < output.count] or sets[:1]
    return [output.count * chosen[values] - chosen.sum() for chosen in proper], output.count


def _by_setting(scenario: Scenario, output: Output, worths: list[IntArray]) -> tuple[IntArray, ...]:
    """One label for each function from the settings of the output's parties to worths."""
    parties = relevant_parties(scenario, output)
    local = [tuple(joint[p] for p in parties) for joint in scenario.joint_settings]
    places = {key: place for place, key in enumerate(sorted(set(local)))}
    count = len(worths) ** len(places)
    if count > MAX_LABELS:
        raise TooLargeError(f"an adversary who is told the settings has {count} guessing functions")
    which = np.array([places[key] for key in local])
    stacked = np.stack(worths)
    return tuple(
        stacked[np.array(choice)[which]].T.copy()
        for choice in product(range(len(worths)), repeat=len(places))
    )


def relevant_parties(scenario: Scenario, output: Output) -> tuple[int, ...]:
    """Return the parties on whose outcome the output depends."""
    table = np.array(output.values).reshape(scenario.outcomes)
    return tuple(p for p in range(table.ndim) if np.any(table != np.take(table, [0], axis=p)))


def box_values(question: Question, tables: Integers, denominators: Integers) -> tuple[Integers, Integers]:
    """Return the best guess's worth for each box at each setting, as (numerators[k, s], denominators[k]).

    `tables[k, o, s] / denominators[k]` are the boxes; the adversary knows which box she holds.
    """
    ask = question.ask
    if ask.quantity == "strategy":
        return np.zeros((len(tables), tables.shape[2]), dtype=np.int64), denominators
    if ask.functional is not None:
        factors, scale = functional_table(question.scenario, ask.functional.terms)
        worth = summed("os,kos->ks", factors, tables)
        return ask.sign * worth, scaled(denominators, scale)
    chances = value_chances(question, tables)
    if ask.quantity == "trace-distance":
        count = chances.shape[1]
        # a sum over the values of at most count times the largest entry, twice
        chances, bottoms = room(
            2 * count**2 * max(largest(chances), largest(denominators)), chances, denominators
        )
        excess = count * chances - bottoms[:, None, None]
        return np.maximum(excess, 0).sum(axis=1), scaled(denominators, count)
    return chances.max(axis=1), denominators


def announced_values(
    question: Question, tables: Integers, denominators: Integers
) -> tuple[Integers, Integers]:
    """Return the worth of box k if it announces label k mod L at every setting, as `box_values`."""
    worths, scale = output_worths(question)
    chosen = np.stack(worths)[np.arange(len(tables)) % len(worths)]
    return summed("ko,kos->ks", chosen, tables), scaled(denominators, scale)


def value_chances(question: Question, tables: Integers) -> Integers:
    """Return chances[k, v, s], the numerator of P(R = v | s) of box k."""
    output = question.ask.output
    assert output is not None
    values = np.array(output.values)
    (held,) = room(largest(tables) * tables.shape[1], tables)
    return np.stack([held[:, values == v, :].sum(axis=1) for v in range(output.count)], axis=1)
