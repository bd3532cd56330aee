"""Boxes of real qubits as rows of numbers: what they show, and how that changes. In floats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from freerand_opt.attacks.gaussian import orthogonal, rounded
from freerand_opt.attacks.quantum_box import Quantum
from freerand_opt.attacks.seesaw import BITS
from freerand_opt.attacks.states import state_box
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem
from freerand_opt.programs.box import Box, operators


@dataclass(frozen=True, eq=False)
class Seen:
    """What a row of numbers shows: vectors of each party by cell, their turns, amplitudes, P(o|s), slopes."""

    held: Sequence[Floats]
    turned: Sequence[Floats]
    amplitudes: Floats
    slopes: Floats

    @property
    def chances(self) -> Floats:
        """Return P(o|s) by cell."""
        return np.asarray(self.amplitudes**2)

    def along(self, turns: Sequence[int]) -> Floats:
        """Return the product vectors in which these parties' are turned."""
        found = np.ones((len(self.amplitudes), 1))
        for p, (own, other) in enumerate(zip(self.held, self.turned, strict=True)):
            found = (found[:, :, None] * (other if p in turns else own)[:, None]).reshape(len(found), -1)
        return found


class Tables:
    """P(o|s) of real qubits by a row of numbers: the state's amplitudes, then the angles of each party."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.size = problem, 2 ** len(problem.settings)
        self.ends = self.size + np.cumsum([0, *problem.settings])
        self.width = int(self.ends[-1])
        cells = [(x, o) for x in problem.joint_settings for o in problem.joint_outcomes]
        self.places = np.array([x for x, _ in cells]) + self.ends[:-1]
        self.outs = np.array([o for _, o in cells])

    def read(self, box: Box) -> Floats | None:
        """Return a box's row, None if it is no state of real qubits with measurements of two outcomes."""
        held: dict[str, Any] = json.loads(box.state) if box.state else {}
        if held.get("kind") != "quantum" or set(held["dimensions"]) != {2}:
            return None
        measured = [outcomes for party in held["measurements"] for outcomes in party]
        if any(len(vectors) != 1 for outcomes in measured for vectors in outcomes):
            return None
        listed = [held["state"], *(outcomes[0][0] for outcomes in measured)]
        if any(isinstance(x, list) for vector in listed for x in vector):
            return None
        state = np.array(listed[0], dtype=float)
        angles = [2 * np.arctan2(float(y), float(x)) for x, y in listed[1:]]
        return np.concatenate([state / np.linalg.norm(state), angles])

    def box(self, row: Floats) -> Box:
        """Return the box of a row, in integers."""
        pairs = []
        for half in (row[self.size :] / 2).tolist():
            x, y = np.cos(half), np.sin(half)
            first, second = orthogonal([rounded([x, y], BITS), rounded([-y, x], BITS)])
            pairs.append(((first,), (second,)))
        ends = (self.ends - self.size).tolist()
        measured = tuple(tuple(pairs[a:b]) for a, b in pairwise(ends))
        state, words = rounded(row[: self.size].tolist(), BITS), " x ".join("2" for _ in measured)
        held = Quantum((2,) * len(measured), state, measured, f"a real state of dimension {words}")
        return state_box(held, self.problem)

    def means(self, row: Floats, words: Sequence[str]) -> Floats:
        """Return the means of products of observables, such as ``A0 B1 A0``."""
        state = row[: self.size].reshape((2,) * (len(self.ends) - 1))
        found = []
        for word in words:
            held = state
            for party, setting, _ in reversed(operators(word)):
                angle = row[self.ends[party] + setting]
                x, y = np.cos(angle), np.sin(angle)
                turned = np.tensordot(np.array([[x, y], [y, -x]]), held, axes=(1, party))
                held = np.moveaxis(turned, 0, party)
            found.append(float((state * held).sum()))
        return np.array(found)

    def seen(self, row: Floats) -> Seen:
        """Return what a row with a normalised state shows."""
        parties, state = range(self.places.shape[1]), row[: self.size]
        axes = np.array([[np.cos(row / 2), np.sin(row / 2)], [-np.sin(row / 2), np.cos(row / 2)]])
        held = [axes[self.outs[:, p], :, self.places[:, p]] for p in parties]
        speed = np.where(self.outs == 0, 0.5, -0.5)  # an axis turns towards the other outcome's
        turned = [speed[:, p, None] * axes[1 - self.outs[:, p], :, self.places[:, p]] for p in parties]
        slopes = np.zeros((len(self.places), self.width))
        found = Seen(held, turned, np.zeros(len(slopes)), slopes)
        plain = found.along(())
        amplitudes = plain @ state
        slopes[:, : self.size] = 2 * amplitudes[:, None] * (plain - amplitudes[:, None] * state)
        for p in parties:
            moved = 2 * amplitudes * (found.along((p,)) @ state)
            slopes[np.arange(len(slopes)), self.places[:, p]] = moved
        return Seen(held, turned, amplitudes, slopes)

    def curved(self, row: Floats, weights: Floats) -> Floats:
        """Return the second derivatives of the sum of weights times P(o|s), at a normalised state."""
        seen, size, state = self.seen(row), self.size, row[: self.size]
        parties, plain, amplitudes = range(self.places.shape[1]), seen.along(()), seen.amplitudes
        form, mean = plain.T @ (weights[:, None] * plain), float(weights @ seen.chances)
        across = np.outer(form @ state, state)
        found = np.zeros((self.width, self.width))
        found[:size, :size] = 2 * form - 4 * (across + across.T)
        found[:size, :size] += mean * (8 * np.outer(state, state) - 2 * np.eye(size))
        for p in parties:
            turns, own = seen.along((p,)), self.places[:, p]
            moved = turns @ state
            mixed = np.zeros((self.width, size))
            aims = moved[:, None] * plain + amplitudes[:, None] * turns
            aims -= 2 * (amplitudes * moved)[:, None] * state
            np.add.at(mixed, own, 2 * weights[:, None] * aims)
            found[:, :size] += mixed
            found[:size] += mixed.T
            np.add.at(found, (own, own), 2 * weights * (moved**2 - seen.chances / 4))
            for q in range(p):
                other, both = self.places[:, q], seen.along((p, q)) @ state
                value = 2 * weights * (moved * (seen.along((q,)) @ state) + amplitudes * both)
                np.add.at(found, (own, other), value)
                np.add.at(found, (other, own), value)
        return found
