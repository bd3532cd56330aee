"""Mixtures that pass in floats, completed by what is observed: exact, with short numbers."""

from fractions import Fraction as F

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.attacks import pairs
from freerand_opt.attacks.completed import completed, nodes_of
from freerand_opt.attacks.seesaw import best_strategy
from freerand_opt.attacks.states import state_box
from freerand_opt.attacks.strategies import attack_form, strategies
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.linear import solve
from freerand_opt.model.problem import Parties
from freerand_opt.programs.box import deterministic_boxes
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import over_boxes
from freerand_opt.programs.strategies import test_rows as rows_of

SOURCES = {
    "bits": fr.SanthaVazirani("1/20"),
    "limits": fr.MeasurementDependence("1/5", "3/10"),
    "mutual": fr.Mutual("1/20"),
}


def problem(source=SOURCES["bits"], devices="no-signalling", bound="27/10", relation=">="):
    return fr.Question(
        fr.chsh(),
        source,
        adversary=fr.Adversary(devices, level="1 + A B" if devices == "quantum" else None),
        tests=[fr.Test("chsh", relation, bound)],
        ask=fr.Ask("guessing-probability", of="A", at=(0, 0)),
    ).shortest()


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_masses_of_settings_say_the_nodes_of_a_source(source):
    held, masses = problem(source), [F(k + 7, 34) for k in range(4)]
    cone, nodes = source_cone(held), nodes_of(held, masses)
    assert cone.masses.applied(nodes) == masses
    assert not any(cone.equalities.applied(nodes))


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_beside_a_vertex_next_to_nothing_is_lost(source, monkeypatch):
    held = problem(source)
    found, _ = pairs.attack(held, pairs.Hints(penalty=64.0), 1.0, turns=3)
    monkeypatch.setattr(pairs, "MOST_ROWS", 0)
    again, why = pairs.attack(held, pairs.Hints(penalty=64.0), 1.0, turns=3)
    assert not why
    assert all(mass.denominator < 2**90 for one in again for mass in one.masses)
    assert value(again) == pytest.approx(value(found), abs=1e-8)


def test_states_of_eight_settings_are_mixed():
    """Only the box without a tilt passes alone; the kernel reads what is completed."""
    held = fr.Question(
        fr.chained(8),
        SOURCES["bits"],
        adversary=fr.Adversary("quantum", level="1"),
        tests=[fr.Test("chained", "<=", "observed")],
        observed={"behaviour": "quantum", "visibility": "0.99"},
        ask=fr.Ask("guessing-probability", of="A", at=(0, 0)),
    ).shortest()
    ((factors, *_),) = rows_of(held, held.tests[0])
    boxes = []
    for tilt in (0, 3):
        gains = np.zeros(held.shape)
        for s, row in factors.items():
            gains[s, list(row)] = [-float(x) for x in row.values()]
        gains[0] += tilt * np.abs(gains).max() * np.array([1, 1, -1, -1])
        found = best_strategy(Parties((8, 8), (2, 2)), gains, (2, 2), starts=2)
        boxes.append(state_box(found[0], held))
    made = over_boxes(held, boxes)
    pool = Pool(held)
    pool.offer_attack(attack_form(held, strategies(made, completed(made))), "completed")
    best = solve(made.program)
    assert sum(float(c) * best.x[k] for k, c in made.program.objective.items()) - 1e-8 < pool.top
    assert pool.top > 0.5001
    assert completed(over_boxes(held, boxes[1:])) is None


def value(found):
    """Return the guess of A's outcome at 0, 0; the attack shows uniform settings and the score, exactly."""
    assert sum(np.array(one.masses) for one in found).tolist() == [F(1, 4)] * 4
    score, guess = F(0), F(0)
    for one in found:
        for s, mass in enumerate(one.masses):
            mean = sum(p if o in (0, 3) else -p for o, p in one.box.at(s).items())
            score += 4 * mass * (-mean if s == 3 else mean)
        chances = one.box.at(0).items()
        guess += 4 * one.masses[0] * max(sum(p for o, p in chances if o // 2 == a) for a in (0, 1))
    assert score >= F(27, 10)
    return float(guess)


@pytest.mark.parametrize(("bound", "relation"), [("5/2", ">="), ("2", "="), ("2", ">=")])
def test_nothing_is_completed_without_room(bound, relation):
    """Deterministic boxes reach 2 with fair settings, and pass 2 without room; an equality has none."""
    held = problem(devices="local", bound=bound, relation=relation)
    assert completed(over_boxes(held, deterministic_boxes(held))) is None
