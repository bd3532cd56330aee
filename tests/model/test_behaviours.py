"""Behaviours and functionals: closed forms, literature, no-signalling, every way to give a table."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerand_opt.errors import InputError
from freerand_opt.model import (
    FUNCTIONALS,
    Behaviour,
    Functional,
    Observed,
    Question,
    Scenario,
    cglmp,
    chained,
    chsh,
    families,
    ghz,
    i3322,
)
from freerand_opt.model.behaviours.labels import cells, is_moment, setting_index, setting_spelt, spelt, words
from freerand_opt.model.behaviours.nearest import nearest
from freerand_opt.model.behaviours.rows import score
from freerand_opt.model.problem import Parties
from freerand_opt.model.tables.text import shortened
from freerand_opt.numbers.exact import cos_pi, sign, sin_pi, sqrt
from freerand_opt.programs.symmetry.generators import generator

SCENARIOS = {
    "chsh": chsh(),
    **{f"chained {n}": chained(n) for n in (2, 3, 4, 8)},
    **{f"ghz {m}": ghz(m) for m in (3, 4, 5)},
}


def value(name, scenario, rows):
    """Return the score of a named functional."""
    return score(Functional.named(name).resolved(scenario, ""), rows, scenario.setting_label)


def table(rows, scenario):
    return Behaviour(Scenario(*scenario.sizes), tuple(map(rows, range(scenario.shape[0]))))


def from_function(scenario, chance):
    rows = tuple(tuple(chance(o, s) for o in scenario.joint_outcomes) for s in scenario.joint_settings)
    return Behaviour(Scenario(*scenario.sizes), rows)


def deterministic(scenario, choice):
    def row(s):
        settings = scenario.joint_settings[s]
        outcome = scenario.outcome_index([f[x] for f, x in zip(choice, settings, strict=True)])
        return tuple(F(o == outcome) for o in range(scenario.shape[1]))

    return row


def choices(scenario):
    return itertools.product(
        *(itertools.product(range(d), repeat=n) for n, d in zip(*scenario.sizes, strict=True))
    )


# ------------------------------------------------------------------ behaviours by name


@pytest.mark.parametrize("family", SCENARIOS)
@pytest.mark.parametrize("name", families.NAMES)
def test_named_behaviours_do_not_signal(name, family):
    scenario = SCENARIOS[family]
    if (name == "pr-box" and not scenario.edges) or (
        name.startswith("hardy") and scenario.settings != (2, 2)
    ):
        with pytest.raises(ValueError, match=r"families|two settings"):
            families.behaviour(name, scenario)
        return
    assert table(families.behaviour(name, scenario), scenario).signalling is None


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 16, 64])
def test_quantum_chained_value(n):
    scenario = chained(n)
    found = value("chained", scenario, families.behaviour("quantum", scenario))
    assert found == 2 * n * sin_pi(F(1, 4 * n)) ** 2  # arXiv:1105.3195, below Eq. (2)


def test_quantum_chsh_is_tsirelson():
    quantum = families.behaviour("quantum", chsh())
    assert value("chsh", chsh(), quantum) == 2 * sqrt(F(2))
    # each error is (1 - E)/2, so that the four add up to 2 - S/2
    assert value("chained", chsh(), quantum) == 2 - sqrt(F(2))


@pytest.mark.parametrize("m", [3, 4, 5, 6])
def test_ghz_reaches_the_algebraic_mermin_value(m):
    quantum = families.behaviour("quantum", ghz(m))
    assert value("mermin", ghz(m), quantum) == 2 ** (m - 1)
    assert value("mermin-errors", ghz(m), quantum) == 0


def test_hardy_behaviours():
    for name, largest in (("hardy", (5 * sqrt(F(5)) - 11) / 2), ("hardy-twelfth", F(1, 12))):
        rows = families.behaviour(name, chsh())
        assert rows(0)[0] == largest  # Hardy 1993; arXiv:1407.5634
        assert (rows(1)[1], rows(2)[2], rows(3)[0]) == (0, 0, 0)


def test_pr_boxes_and_noise():
    assert value("chsh", chsh(), families.behaviour("pr-box", chsh())) == 4
    for scenario in (chsh(), chained(2), chained(3), chained(8)):
        assert value("chained", scenario, families.behaviour("pr-box", scenario)) == 0
        assert value("chained", scenario, families.behaviour("white-noise", scenario)) == scenario.settings[0]


def test_edges_of_the_chained_game():
    # arXiv:1105.3195, Eq. (2): A = 2a, B = 2b + 1, |A - B| = 1 and (0, 2N - 1)
    for n in (2, 3, 4, 8):
        near = {(a, b, 0) for a in range(n) for b in range(n) if abs(2 * a - (2 * b + 1)) == 1}
        assert set(chained(n).edges) == near | {(0, n - 1, 1)}
        assert len(chained(n).edges) == 2 * n
    assert ghz(3).edges == ()


# ------------------------------------------------------------------ functionals by name

#: Smallest or largest value of local models in the literature.
LOCAL = {
    "chsh": (chsh(), 2),
    "hardy": (chsh(), 0),  # Clauser and Horne 1974
    "i3322": (i3322(), 0),  # arXiv:quant-ph/0306129
    **{f"cglmp {d}": (cglmp(d), 2) for d in (2, 3, 4, 5)},  # arXiv:quant-ph/0106024
    "svetlichny": (ghz(3), 4),  # Svetlichny 1987
    **{f"mermin {m}": (ghz(m), 2 ** (m // 2)) for m in (3, 4)},  # Mermin 1990
}


@pytest.mark.parametrize("name", LOCAL)
def test_local_values_of_the_literature(name):
    scenario, largest = LOCAL[name]
    functional = Functional.named(name.split()[0]).resolved(scenario, "")
    factors = {(s, o): factor for s, o, factor in functional.terms}
    best = max(
        sum(
            factors.get((s, scenario.outcome_index([f[x] for f, x in zip(joint, xs, strict=True)])), 0)
            for s, xs in enumerate(scenario.joint_settings)
        )
        for joint in choices(scenario)
    )
    assert best == largest


@pytest.mark.parametrize("n", [2, 3, 4])
def test_local_models_err_once(n):
    scenario = chained(n)
    values = [value("chained", scenario, deterministic(scenario, choice)) for choice in choices(scenario)]
    assert min(values) == 1  # Bell: I_N >= 1


def test_cglmp_of_two_outcomes_is_chsh():
    """A - B modulo 2 makes I_2 a CHSH expression: four correlators, one of another sign."""
    signs = {}
    for (s, o), factor in FUNCTIONALS["cglmp"](cglmp(2)).items():
        parity = sum(cglmp(2).joint_outcomes[o]) % 2
        assert signs.setdefault(s, factor * (-1) ** parity) == factor * (-1) ** parity
    assert sorted(signs.values()) == [-1, 1, 1, 1]


@pytest.mark.parametrize("d", [2, 3, 4, 5, 7])
def test_cglmp_reaches_four_without_signalling(d):
    """Differences A - B that all count for fix a box with uniform outcomes (arXiv:quant-ph/0106024)."""
    wanted = {(0, 0): 0, (1, 0): -1, (1, 1): 0, (0, 1): 0}
    box = from_function(cglmp(d), lambda o, s: F(int((o[0] - o[1] - wanted[s]) % d == 0), d))
    assert box.signalling is None
    assert value("cglmp", cglmp(d), box.rows.__getitem__) == 4


def test_i3322_in_its_authors_table():
    """Point by point on product behaviours: -P(A0) - 2 P(B0) - P(B1) + joint terms."""
    draw = random.Random(3)
    for _ in range(5):
        a, b = ([F(draw.randint(0, 9), 9) for _ in range(3)] for _ in range(2))

        def chance(o, s, a=a, b=b):
            return (a[s[0]] if o[0] == 0 else 1 - a[s[0]]) * (b[s[1]] if o[1] == 0 else 1 - b[s[1]])

        joint = [[1, 1, 1], [1, 1, -1], [1, -1, 0]]
        wanted = sum(joint[x][y] * a[x] * b[y] for x in range(3) for y in range(3)) - a[0] - 2 * b[0] - b[1]
        assert value("i3322", i3322(), from_function(i3322(), chance).rows.__getitem__) == wanted


def test_i3322_of_a_pr_box_is_one():
    """Settings 0 and 1 of A with 1 and 2 of B carry a PR box, the rest is fixed; the value is 1."""

    def chance(o, s):
        return F(int((o[0] + o[1] + (s in ((1, 2), (2, 1)))) % 2 == 0), 2)

    box = from_function(i3322(), chance)
    assert box.signalling is None
    assert value("i3322", i3322(), box.rows.__getitem__) == 1


@pytest.mark.parametrize("name", FUNCTIONALS)
def test_functionals_refuse_another_scenario(name):
    with pytest.raises(InputError, match="need"):
        Functional.named(name).resolved(Scenario((2, 3), (2, 3)), "")


@pytest.mark.parametrize("scenario", [chsh()], ids=str)
def test_symmetries_of_a_family_fix_its_functional(scenario):
    factors = FUNCTIONALS["chsh"](scenario)
    for words_of in scenario.symmetries:
        images = generator(Parties(scenario.settings, scenario.outcomes), words_of).images
        moved = {}
        for (s, o), factor in factors.items():
            new = {}
            for p, (x, a) in enumerate(
                zip(scenario.joint_settings[s], scenario.joint_outcomes[o], strict=True)
            ):
                party, setting, outcomes = images[p][x]
                new[party] = (setting, outcomes[a])
            place = [
                scenario.setting_index([new[p][0] for p in (0, 1)]),
                scenario.outcome_index([new[p][1] for p in (0, 1)]),
            ]
            moved[tuple(place)] = factor
        assert moved == factors


# ------------------------------------------------------------------ labels


@pytest.mark.parametrize(
    "scenario",
    [chsh(), chained(16), ghz(3), Scenario((3, 2), (2, 12)), Scenario((12,), (3,)), Scenario((2,), (12,))],
    ids=str,
)
def test_every_printed_label_is_read_back(scenario):
    for s, o in itertools.product(*map(range, scenario.shape)):
        assert cells(scenario, spelt(scenario.label(s, o))) == {(s, o): 1}
        assert setting_index(scenario, setting_spelt(scenario.setting_label(s))) == s


def test_correlators_by_their_definition():
    scenario = ghz(3)
    draw = random.Random(1)
    box = table(deterministic(scenario, draw.choice(list(choices(scenario)))), scenario)
    for settings in scenario.joint_settings:
        s = scenario.setting_index(settings)
        for parties in ((0,), (1,), (0, 2), (0, 1, 2)):
            label = "<" + " ".join(f"{'ABC'[p]}{settings[p]}" for p in parties) + ">"
            functional = Functional.from_terms({label: 1}).resolved(scenario, "")
            wanted = sum(
                (-1) ** sum(outcomes[p] for p in parties) * box.rows[s][o]
                for o, outcomes in enumerate(scenario.joint_outcomes)
            )
            assert score(functional, box.rows.__getitem__, scenario.setting_label) == wanted


def test_marginal_probabilities_by_their_definition():
    scenario = Scenario((2, 3), (3, 2))
    draw = random.Random(2)
    box = table(deterministic(scenario, draw.choice(list(choices(scenario)))), scenario)
    for label, party, x, a in (("PA(2|1)", 0, 1, 2), ("PB(0|2)", 1, 2, 0), ("PA(0|0)", 0, 0, 0)):
        functional = Functional.from_terms({label: 1}).resolved(scenario, "")
        found = score(functional, box.rows.__getitem__, scenario.setting_label)
        s = next(s for s, xs in enumerate(scenario.joint_settings) if xs[party] == x)
        assert found == sum(
            p for p, os in zip(box.rows[s], scenario.joint_outcomes, strict=True) if os[party] == a
        )


LABELS_THAT_ARE_NONE = [
    ("P(00)", "a label is"),
    ("p(00|00)", "a label is"),
    ("P(000|00)", "2 outcomes are needed"),
    ("P(0,|00)", "2 outcomes are needed"),
    ("P(0|0)", r"PA\(0\|1\)"),
    ("P(00|0)", "2 settings are needed"),
    ("P(00|02)", "setting 2 of B is not in 0..1"),
    ("P(20|00)", "outcome 2 of A is not in 0..1"),
    ("P(٠0|00)", "a label is"),
    ("PC(0|0)", "C is no party"),
    ("PBA(00|00)", "alphabetical order"),
    ("<>", "a label is"),
    ("<A0B0>", "a label is"),
    ("<a0>", "a label is"),
    ("<C0>", "C is no party"),
    ("<A2>", "settings of A are 0..1"),
    ("<A[0|0]>", "A has 2 outcomes, so its operators are written as A0"),
    ("<" + "A0 " * 100 + ">", "at most 200"),
]


@pytest.mark.parametrize(("label", "said"), LABELS_THAT_ARE_NONE)
def test_labels_that_are_none(label, said):
    with pytest.raises(ValueError, match=said):
        cells(chsh(), spelt(label))


def test_products_that_no_setting_measures_are_moments():
    assert is_moment("<A0 A1>")
    assert not is_moment("<A0 B1>")
    functional = Functional.from_terms({"<A0 A1>": 1})
    assert functional.speaks_of == "moments"
    assert functional.resolved(chsh(), "").words == (("A0 A1", 1),)


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        ("<B0 A1 A0>", {"A0 A1 B0": 1}),  # the real mean of a word is that of its reverse
        ("<A0 A0 B1>", {"B1": 1}),
        ("<A0 B1 B1 A0>", {"1": 1}),
        ("PA(1|0)", {"1": F(1, 2), "A0": F(-1, 2)}),
        ("P(01|10)", {"1": F(1, 4), "A1": F(1, 4), "B0": F(-1, 4), "A1 B0": F(-1, 4)}),
    ],
)
def test_moments_are_reduced(label, wanted):
    assert words(chsh(), spelt(label)) == wanted


def test_moments_of_three_outcomes():
    assert words(cglmp(3), "<A[0|0] A[1|0]>") == {}  # orthogonal projectors
    assert words(cglmp(3), "<A[0|0] A[0|0]>") == {"A[0|0]": 1}
    assert words(cglmp(3), "PA(2|1)") == {"1": 1, "A[0|1]": -1, "A[1|1]": -1}


def test_checker_reads_every_spelling_of_a_moment():
    from freerand_opt.checker.words import Algebra

    draw = random.Random(5)
    for scenario in (Scenario((2, 3), (2, 2)), Scenario((2, 2), (3, 2)), ghz(3)):
        algebra = Algebra(*scenario.sizes)
        for _ in range(200):
            tokens = []
            for _ in range(draw.randint(1, 6)):
                p = draw.randrange(len(scenario.settings))
                x, d = draw.randrange(scenario.settings[p]), scenario.outcomes[p]
                tokens.append(f"{'ABC'[p]}{x}" if d == 2 else f"{'ABC'[p]}[{draw.randrange(d - 1)}|{x}]")
            for name in words(scenario, spelt(f"<{' '.join(tokens)}>")):
                assert algebra.name(algebra.word(name, "")) == name
    # a word and its reverse get one name
    assert words(chsh(), spelt("<A0 A1 B0 B1>")) == words(chsh(), spelt("<B1 B0 A1 A0>"))


# ------------------------------------------------------------------ tables in every form


@given(st.integers(0, 2**32))
def test_every_form_of_a_table_gives_the_same(seed):
    draw = random.Random(seed)
    scenario = Scenario((2, 3), (2, 2))
    boxes = list(choices(scenario))
    parts = [draw.randint(0, 5) for _ in range(4)]
    parts[0] += 1
    held = [deterministic(scenario, draw.choice(boxes)) for _ in parts]
    rows = tuple(
        tuple(
            sum((F(n, sum(parts)) * box(s)[o] for n, box in zip(parts, held, strict=True)), F(0))
            for o in range(4)
        )
        for s in range(6)
    )
    wanted = Behaviour(scenario, rows)
    p = [
        [[[rows[3 * x + y][2 * a + b] for y in range(3)] for x in range(2)] for b in range(2)]
        for a in range(2)
    ]
    assert Behaviour.from_array(p) == wanted
    ea = [sum((-1) ** a * rows[3 * x][2 * a + b] for a in range(2) for b in range(2)) for x in range(2)]
    eb = [sum((-1) ** b * rows[y][2 * a + b] for a in range(2) for b in range(2)) for y in range(3)]
    e = [
        [
            sum((-1) ** (a + b) * rows[3 * x + y][2 * a + b] for a in range(2) for b in range(2))
            for y in range(3)
        ]
        for x in range(2)
    ]
    assert Behaviour.from_correlators(e, ea, eb) == wanted
    gisin = [[1, *((1 + m) / 2 for m in eb)]]
    gisin += [[(1 + ea[x]) / 2, *(rows[3 * x + y][0] for y in range(3))] for x in range(2)]
    assert Behaviour.from_collins_gisin(gisin) == wanted
    assert Observed(table=wanted.to_labels()).settled(scenario).table == wanted


def test_collins_gisin_of_three_outcomes():
    """White noise of three outcomes a side: 1/3 and 1/9 everywhere."""
    size = range(5)
    noise = [[F(1, (1 if i == 0 else 3) * (1 if j == 0 else 3)) for j in size] for i in size]
    found = Behaviour.from_collins_gisin(noise, outcomes=(3, 3))
    assert found.scenario == Scenario((2, 2), (3, 3))
    assert {p for row in found.rows for p in row} == {F(1, 9)}


def test_data_frame():
    pandas = pytest.importorskip("pandas")
    rows = [
        (x, y, a, b, 0.5) for x in (0, 1) for y in (0, 1) for a in (0, 1) for b in (0, 1) if a ^ b == x & y
    ]
    frame = pandas.DataFrame(rows, columns=["x", "y", "a", "b", "p"])
    assert Behaviour.from_dataframe(frame) == table(families.behaviour("pr-box", chsh()), chsh())
    part = Behaviour.from_dataframe(frame[(frame.x == 0) | (frame.y == 0)])
    assert [row is None for row in part.rows] == [False, False, False, True]
    with pytest.raises(InputError, match="columns 'x, y, a, b, q'; x, y, a, b, p are needed"):
        Behaviour.from_dataframe(frame.rename(columns={"p": "q"}))


def test_state_in_exact_texts():
    """The singlet at angles pi/4 apart reaches Tsirelson's value exactly."""
    up = [[["1/2 + sqrt(2)/4", "sqrt(2)/4"], ["sqrt(2)/4", "1/2 - sqrt(2)/4"]]]
    up += [[["1/2 - sqrt(2)/4", "-sqrt(2)/4"], ["-sqrt(2)/4", "1/2 + sqrt(2)/4"]]]
    down = [[["1/2 + sqrt(2)/4", "-sqrt(2)/4"], ["-sqrt(2)/4", "1/2 - sqrt(2)/4"]]]
    down += [[["1/2 - sqrt(2)/4", "sqrt(2)/4"], ["sqrt(2)/4", "1/2 + sqrt(2)/4"]]]
    z = [[[1, 0], [0, 0]], [[0, 0], [0, 1]]]
    x = [[["1/2", "1/2"], ["1/2", "1/2"]], [["1/2", "-1/2"], ["-1/2", "1/2"]]]
    phi = [["1/2", 0, 0, "1/2"], [0, 0, 0, 0], [0, 0, 0, 0], ["1/2", 0, 0, "1/2"]]
    found = Behaviour.from_state(phi, [[z, x], [up, down]])
    assert value("chsh", chsh(), found.rows.__getitem__) == 2 * sqrt(F(2))
    assert found.signalling is None
    angles = Observed(state="phi+", angles={"A": [0, "1/2"], "B": ["1/4", "-1/4"]})
    rows = angles.rows(chsh())
    assert all(sign(p - q) == 0 for s in range(4) for p, q in zip(rows(s), found.rows[s], strict=True))


class Dense:
    """What a QuTiP object looks like: `full` returns its array."""

    def __init__(self, matrix):
        self.matrix = matrix

    def full(self):
        return self.matrix


def test_state_in_floats_needs_nearest():
    phi = np.zeros((4, 4), dtype=complex)
    phi[np.ix_([0, 3], [0, 3])] = 0.5

    def projectors(t):
        c, s = np.cos(t), np.sin(t)
        return [Dense((np.eye(2) + sign * np.array([[c, s], [s, -c]])) / 2) for sign in (1, -1)]

    held = [[projectors(0), projectors(np.pi / 2)], [projectors(np.pi / 4), projectors(-np.pi / 4)]]
    with pytest.raises(InputError, match="nearest=True"):
        Behaviour.from_state(Dense(phi), held)
    found = Behaviour.from_state(Dense(phi), held, nearest=True)
    assert found.signalling is None
    assert 0 < found.distance < F(1, 10**15)
    assert abs(float(value("chsh", chsh(), found.rows.__getitem__)) - 2 * 2**0.5) < 1e-14


def test_pure_states_and_observables_as_users_of_qutip_have_them():
    """A ket and Hermitian observables; the singlet's correlators are minus the directions' product."""
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    psi = np.array([[0.0], [1.0], [-1.0], [0.0]]) / np.sqrt(2)
    found = Behaviour.from_state(Dense(psi), [[Dense(z), Dense(x)], [z, x]], nearest=True)
    means = [sum(p * (-1) ** (o // 2 + o % 2) for o, p in enumerate(row)) for row in found.rows]
    assert [round(float(c), 12) for c in means] == [-1, 0, 0, -1]
    exact = [[["3/5", "4/5"], ["4/5", "-3/5"]], [[0, "-1*i"], ["1*i", 0]]]
    up, right = [["4/5", "2/5"], ["2/5", "1/5"]], [["1/2", "-1/2*i"], ["1/2*i", "1/2"]]
    down, left = [["1/5", "-2/5"], ["-2/5", "4/5"]], [["1/2", "1/2*i"], ["-1/2*i", "1/2"]]
    listed = [[up, down], [right, left]]
    phi = [["1/2", 0, 0, "1/2"], [0] * 4, [0] * 4, ["1/2", 0, 0, "1/2"]]
    assert Behaviour.from_state([1, 0, 0, 1], [exact, exact]) == Behaviour.from_state(phi, [listed, listed])


# ------------------------------------------------------------------ the nearest behaviour


def test_a_table_of_doubles_has_a_way_in():
    """Entries (1 + cos)/4 in double precision sum to 24999999999999993/25000000000000000 at some settings."""
    exact = chained(3)
    rows = families.behaviour("quantum", exact)
    p = np.array([[float(x) for x in rows(s)] for s in range(9)]).reshape(3, 3, 2, 2)
    p[1, 1] *= 1 - 3e-16
    with pytest.raises(InputError, match="nearest=True takes the nearest"):
        Behaviour.from_array(p, axes="xyab")
    found = Behaviour.from_array(p, axes="xyab", nearest=True)
    assert found.signalling is None
    assert 0 < found.distance < F(1, 10**15)
    moved = [
        abs(x - F(repr(float(y))))
        for row, given in zip(found.rows, p.reshape(9, 4), strict=True)
        for x, y in zip(row, given, strict=True)
    ]
    assert found.distance == max(moved)


def test_a_behaviour_is_its_own_nearest():
    rows = np.array([[[[0.5, 0.0], [0.0, 0.5]]] * 2, [[[0.5, 0.0], [0.0, 0.5]], [[0.0, 0.5], [0.5, 0.0]]]])
    found = Behaviour.from_array(rows, axes="xyab", nearest=True)
    assert found == Behaviour.from_array(rows, axes="xyab")
    assert found.distance == 0


def flattened(rows):
    return [p for row in rows for p in row]


@pytest.mark.parametrize(
    "sizes", [((2, 2), (2, 2)), ((2, 3), (3, 2)), ((2, 2, 2), (2, 2, 2)), ((3,), (3,))], ids=str
)
@pytest.mark.parametrize("kind", ["anything", "a corner with noise", "signalling"])
def test_nearest_obeys_its_variational_inequality(sizes, kind):
    """(f - P).(Q - P) <= 0 for every no-signalling Q: for all local boxes, PR boxes and white noise."""
    scenario, draw = Scenario(*sizes), random.Random(7)
    boxes = [flattened(map(deterministic(scenario, c), range(scenario.shape[0]))) for c in choices(scenario)]
    boxes = draw.sample(boxes, min(64, len(boxes)))
    if sizes == ((2, 2), (2, 2)):
        boxes.append(flattened(map(families.behaviour("pr-box", chsh()), range(4))))
    count = scenario.shape[0] * scenario.shape[1]
    for _ in range(2 if len(sizes[0]) == 3 else 5):
        f = [F(draw.randint(-5, 10), 10) for _ in range(count)]
        if kind == "a corner with noise":
            f = [x + F(draw.randint(-9, 9), 10**9) for x in draw.choice(boxes)]
        if kind == "signalling":
            f = [F(draw.randint(0, 1)) for _ in range(count)]
        p = nearest(*sizes, f)
        width = scenario.shape[1]
        found = Behaviour(scenario, tuple(tuple(p[k : k + width]) for k in range(0, count, width)))
        assert found.signalling is None
        for q in [*boxes, [F(1, width)] * count]:
            assert sum((a - b) * (c - b) for a, b, c in zip(f, p, q, strict=True)) <= 0


# ------------------------------------------------------------------ defects


def changed(scenario, changes):
    rows = [[F(1, scenario.shape[1])] * scenario.shape[1] for _ in range(scenario.shape[0])]
    for (s, o), amount in changes.items():
        rows[s][o] = rows[s][o] + amount
    return Behaviour(scenario, tuple(map(tuple, rows)))


@pytest.mark.parametrize("exponent", [1, 3, 40, 400, 2000])
def test_injected_signalling_is_found(exponent):
    amount, scenario = F(1, 10**exponent), Scenario((3, 3), (2, 2))
    said = changed(scenario, {(7, 1): amount, (7, 3): -amount}).signalling
    change = shortened(str(amount))
    wanted = f"it signals: P(A=0) at settings A=2 changes by {change} when B measures 1 instead of 0"
    assert said == wanted


def test_irrational_signalling_is_found():
    rows = [list(map(families.behaviour("quantum", chsh()), range(4)))[s] for s in range(4)]
    rows[0] = (rows[0][0] - cos_pi(F(1, 5)) / 100, rows[0][1] + cos_pi(F(1, 5)) / 100, *rows[0][2:])
    said = Behaviour(chsh(), tuple(rows)).signalling
    assert said is not None
    assert "B=" in said


def test_largest_signalling_is_the_one_that_is_named():
    scenario = Scenario((3, 3), (2, 2))
    small = {(8, 0): F(1, 100), (8, 2): F(-1, 100)}
    said = changed(scenario, {**small, (4, 0): F(1, 10), (4, 2): F(-1, 10)}).signalling
    assert "changes by 1/10" in said or "changes by -1/10" in said


def test_unknown_settings_do_not_signal():
    quarter = (F(1, 4),) * 4
    assert Behaviour(chsh(), (quarter, None, None, (F(1), F(0), F(0), F(0)))).signalling is None


def test_other_defects():
    with pytest.raises(InputError, match=r"P\(01\|10\) = -1/4 is negative"):
        changed(chsh(), {(2, 1): F(-1, 2), (2, 0): F(1, 2)})
    with pytest.raises(InputError, match="the outcomes at settings 11 sum to 9/8, not to 1"):
        changed(chsh(), {(3, 0): F(1, 8)})
    with pytest.raises(InputError, match="4 rows of 4 probabilities are needed"):
        Behaviour(chsh(), ((F(1), F(0), F(0), F(0)),))
    with pytest.raises(InputError, match="no probability is given"):
        Behaviour(chsh(), (None,) * 4)


# ------------------------------------------------------------------ marginals in a table


def by_labels(scenario, table):
    asked = Question(
        scenario,
        {"kind": "uniform"},
        observed={"table": table},
        adversary={"devices": "local"},
        tests=[{"keep": "behaviour"}],
        ask={"quantity": "strategy"},
    )
    return asked.observed.table


def test_a_table_of_collins_and_gisin_is_the_whole_behaviour():
    """Mixtures of deterministic boxes, summed over what is left out; A has three outcomes, B two."""
    scenario = Scenario((2, 3), (3, 2))
    for seed in range(5):
        rng = random.Random(seed)
        boxes = [([rng.randrange(3) for _ in "01"], [rng.randrange(2) for _ in "012"]) for _ in "0123"]
        whole, short = {}, {}
        for x, y, a, b in itertools.product(range(2), range(3), range(3), range(2)):
            whole[f"P({a}{b}|{x}{y})"] = F(sum(f[x] == a and g[y] == b for f, g in boxes), 4)
            if a < 2:
                short[f"PA({a}|{x})"] = F(sum(f[x] == a for f, _ in boxes), 4)
            if b < 1:
                short[f"PB({b}|{y})"] = F(sum(g[y] == b for _, g in boxes), 4)
            if a < 2 and b < 1:
                short[f"P({a}{b}|{x}{y})"] = whole[f"P({a}{b}|{x}{y})"]
        assert by_labels(scenario, short).rows == by_labels(scenario, whole).rows


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"PA(0|1)": None}, r'observed.table."PA\(0\|1\)": is missing'),
        ({"P(11|00)": "1/2"}, "leave it out"),
        ({"PA(0|1)": "3/2"}, "is negative"),
        ({"P(00|11)": None}, "is missing"),
    ],
)
def test_tables_of_marginals_that_are_refused(change, words):
    table = {f"P{party}(0|{x})": "1/2" for party in "AB" for x in "01"}
    table |= {f"P(00|{x}{y})": "1/4" for x in "01" for y in "01"}
    assert by_labels(chsh(), table).rows == ((F(1, 4),) * 4,) * 4
    with pytest.raises(InputError, match=words):
        by_labels(chsh(), {key: p for key, p in (table | change).items() if p is not None})


def test_marginals_of_three_parties_are_refused():
    with pytest.raises(InputError, match="of two parties"):
        by_labels(Scenario((2, 2, 2), (2, 2, 2)), {"PA(0|0)": "1/2"})
