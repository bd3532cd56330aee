"""Tests of levels, words and moment matrices: sizes, algebra, names, against matrices built anew."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.model.level import patterns
from freerand_opt.programs.npa.matrix import moment_matrix, word_count
from freerand_opt.programs.npa.words import Parties, party_words


def pair(settings, outcomes=2):
    return Parties((settings,) * 2, (outcomes,) * 2)


CHSH, I3322, CGLMP = pair(2), pair(3), pair(2, 3)
GHZ = Parties((2, 2, 2), (2, 2, 2))

# ------------------------------------------------------------------ levels


@pytest.mark.parametrize(
    ("level", "found"),
    [
        ("1", {(0, 0), (1, 0), (0, 1)}),
        ("2", {(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)}),
        ("1 + A B", {(0, 0), (1, 0), (0, 1), (1, 1)}),
        (" 1+AB ", {(0, 0), (1, 0), (0, 1), (1, 1)}),
        ("1 + A B + A A B", {(0, 0), (1, 0), (0, 1), (1, 1), (2, 1)}),
        ("local 1", {(0, 0), (1, 0), (0, 1), (1, 1)}),
        ("local 2", set(product(range(3), repeat=2))),
        ("A", {(0, 0), (1, 0)}),
        ("0", {(0, 0)}),
        ("B B + A", {(0, 0), (1, 0), (0, 2)}),
    ],
)
def test_words_of_a_level(level, found):
    assert set(patterns(level, "AB")) == found


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("", "'' is no term"),
        ("1 + ", "'' is no term"),
        ("1 + A C", "C is no party; parties are A, B"),
        ("1 + a b", "'a b' is no term"),
        ("almost quantum", "a level is a sum such as"),
        ("-1", "is no term"),
        ("1.5", "is no term"),
        ("9", "levels up to 8"),
        ("local 9", "levels up to 8"),
        ("1 * A B", "is no term"),
        ("A" * 40, "more than 8 operators"),
    ],
)
def test_no_level(level, words):
    with pytest.raises(ValueError, match=words.replace("(", "\\(")):
        patterns(level, "AB")
    with pytest.raises(InputError, match=r"adversary\.level"):
        moment_matrix(CHSH, level)


def test_too_many_words():
    with pytest.raises(TooLargeError, match="4096 words"):
        moment_matrix(pair(64), "1 + A B")


# ------------------------------------------------------------------ sizes

#: (size, distinct moments besides 1) of standard cases, from a program written for another purpose.
SIZES = {
    **{(f"chained {n}", "1"): (1 + 2 * n, n * (2 * n + 1)) for n in (8, 16, 32, 64)},
    ("chained 3", "1 + A B"): (16, 57),
    ("chained 4", "1 + A B"): (25, 156),
    ("chained 6", "1 + A B"): (49, 708),
    ("chained 8", "1 + A B"): (81, 2152),
    ("chained 10", "1 + A B"): (121, 5160),
    ("i3322", "2"): (28, 153),
    ("i3322", "3"): (88, 867),
    ("i3322", "4"): (244, 4491),
    ("chsh", "3"): (25, 60),
    ("ghz 3", "local 1"): (27, 75),
    ("ghz 3", "2"): (25, 92),
    ("ghz 3", "3"): (63, 249),
    ("ghz 3", "4"): (129, 528),
}


NAMED = {"i3322": I3322, "chsh": CHSH, "ghz 3": GHZ}


@pytest.mark.parametrize(("name", "level"), SIZES)
def test_sizes(name, level):
    matrix = moment_matrix(NAMED.get(name) or pair(int(name.split()[1])), level)
    assert (matrix.size, matrix.moments - 1) == SIZES[name, level]
    assert word_count(matrix.scenario, level) == matrix.size


# ------------------------------------------------------------------ against true moments


def random_projectors(random, size, count):
    """Return `count` orthogonal projectors that sum to 1, of random ranks >= 1, complex."""
    raw = random.normal(size=(size, size)) + 1j * random.normal(size=(size, size))
    basis = np.linalg.qr(raw)[0]
    # every outcome occurs if there is room
    owner = random.permutation([*range(min(count, size)), *random.integers(count, size=max(size - count, 0))])
    return [basis[:, owner == k] @ basis[:, owner == k].conj().T for k in range(count)]


def true_words(scenario, matrix, sizes, random):
    """Return every word of a level as a matrix, and the operators by name and the state's vector."""
    dimension = prod(sizes)
    operators = {}
    for p, (size, d) in enumerate(zip(sizes, scenario.outcomes, strict=True)):
        left, right = prod(sizes[:p]), prod(sizes[p + 1 :])
        for x in range(scenario.settings[p]):
            held = random_projectors(random, size, d)
            full = [np.kron(np.eye(left), np.kron(part, np.eye(right))) for part in held]
            if d == 2:
                operators[f"{scenario.letters[p]}{x}"] = full[0] - full[1]
            else:
                operators |= {f"{scenario.letters[p]}[{o}|{x}]": full[o] for o in range(d - 1)}
    state = random.normal(size=dimension) + 1j * random.normal(size=dimension)
    state /= np.linalg.norm(state)

    def word(text):
        found = np.eye(dimension, dtype=complex)
        for name in () if text == "1" else text.split():
            found = found @ operators[name]
        return found

    return [word(text) for text in matrix.word_labels()], word, state


CASES = [
    (CHSH, "3", (2, 3)),
    (pair(3), "1 + A B + A A B", (3, 2)),
    (I3322, "2", (4, 4)),
    (GHZ, "2", (2, 2, 2)),
    (GHZ, "local 1", (2, 3, 2)),
    (CGLMP, "1 + A B", (3, 4)),
    (CGLMP, "2", (4, 3)),
    (Parties((2, 3), (3, 2)), "2", (3, 2)),
    (Parties((2, 1), (4, 3)), "3", (4, 3)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].settings} {case[0].outcomes} {case[1]}")
def test_classes_are_those_of_random_measurements(case):
    """Equal classes have equal real moments, vanishing entries vanish, different classes differ."""
    scenario, level, sizes = case
    matrix = moment_matrix(scenario, level)
    random = np.random.default_rng(5)
    seen = []
    for _ in range(3):
        words, word, state = true_words(scenario, matrix, sizes, random)
        vectors = np.stack([held @ state for held in words], axis=1)
        gamma = (vectors.conj().T @ vectors).real
        values = np.full(matrix.moments, np.nan)
        values[matrix.classes[matrix.classes >= 0]] = gamma[matrix.classes >= 0]
        assert not np.isnan(values).any()
        assert abs(gamma - np.where(matrix.classes < 0, 0, values[matrix.classes])).max() < 1e-12
        assert values[0] == pytest.approx(1, abs=1e-12)
        assert np.linalg.eigvalsh(gamma).min() > -1e-12
        # every name means its moment
        for label, value in zip(matrix.labels, values, strict=True):
            assert (state.conj() @ word(label[1:-1]) @ state).real == pytest.approx(value, abs=1e-12)
        seen.append(values)
    # moments that agreed for all random measurements would be one class too many; in these dimensions
    # and at these levels generic matrices satisfy no more identities, except for products in qubits
    # and for six rank-one projectors (P Q P R P S = P R P Q P S)
    if min(sizes) > 2 and level != "3":
        spread = np.stack(seen)
        gaps = abs(spread[:, :, None] - spread[:, None, :]).max(axis=0) + np.eye(matrix.moments)
        assert gaps.min() > 1e-9


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].settings} {case[0].outcomes} {case[1]}")
def test_probabilities_in_moments(case):
    scenario, level, sizes = case
    matrix = moment_matrix(scenario, level if len(sizes) == 2 else "local 1")
    random = np.random.default_rng(6)
    _, word, state = true_words(scenario, matrix, sizes, random)
    for settings_, place in ((scenario.joint_settings[-1], -1), (scenario.joint_settings[0], 0)):
        total = 0
        for outcomes in scenario.joint_outcomes:
            terms = matrix.probability(outcomes, settings_)
            value = sum(
                float(f) * (state.conj() @ word(matrix.named(letters)[1:-1] or "1") @ state).real
                for letters, f in terms.items()
            )
            assert value > -1e-12, place
            total += value
        assert total == pytest.approx(1, abs=1e-12)


# ------------------------------------------------------------------ names and products


@given(st.lists(st.integers(1, 3), max_size=9))
def test_observables_cancel(letters):
    """The code of a product is that of the word which cancelling neighbours leave."""
    words = party_words(I3322, 0, 2)
    left = list(letters)
    while any(a == b for a, b in pairwise(left)):
        k = next(k for k in range(len(left) - 1) if left[k] == left[k + 1])
        del left[k : k + 2]
    assert words.text(words.reduced(letters)) == [f"A{letter - 1}" for letter in left]


@settings(max_examples=200)
@given(st.lists(st.integers(1, 4), max_size=7))
def test_projectors_merge_or_vanish(letters):
    """Against integer matrices: two measurements in dimension 3 whose vectors are in general position."""
    words = party_words(Parties((2, 1), (3, 2)), 0, 2)
    held = [np.diag([1, 0, 0]), np.diag([0, 1, 0])]
    basis = np.array([[1, 2, 2], [2, 1, -2], [2, -2, 1]])  # orthogonal, rows of squared length 9
    held += [np.outer(row, row) for row in basis[:2]]
    whole = np.eye(3, dtype=object)
    for letter in letters:
        whole = whole @ held[letter - 1] * (1 if letter > 2 else 9)
    code = words.reduced(letters)
    if code is None:
        assert not whole.any()
        return
    rest = np.eye(3, dtype=object)
    names = ["A[0|0]", "A[1|0]", "A[0|1]", "A[1|1]"]
    kept = [names.index(text) for text in words.text(code)]
    for letter in kept:
        rest = rest @ held[letter] * (1 if letter > 1 else 9)
    assert (whole == rest * 9 ** (len(letters) - len(kept))).all()
    assert len(kept) == 0 or whole.any()


def test_products_agree_with_reduction():
    words = party_words(Parties((2, 1), (3, 2)), 0, 2)
    for u, v in product(range(len(words.letters)), repeat=2):
        joined = [
            *words.letters[u, : words.lengths[u]][::-1].tolist(),
            *words.letters[v, : words.lengths[v]].tolist(),
        ]
        code = words.reduced(joined)
        assert words.codes[u, v] == (-1 if code is None else code)


def test_names_are_read_back():
    for scenario, level in ((CHSH, "2"), (CGLMP, "1 + A B"), (GHZ, "local 1")):
        matrix = moment_matrix(scenario, level)
        assert [matrix.named_position(label) for label in matrix.labels] == list(range(matrix.moments))


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("<A1 A0>", "<A0 A1>"),  # the adjoint, real part
        ("<B0 A1 A0 B1>", "<A1 A0 B0 B1>"),
        ("<A0 A0>", "<1>"),
        ("<1>", "<1>"),
        ("< A0  B0 >", "<A0 B0>"),
        ("<A0 B1 B1 A0 A1>", "<A1>"),
    ],
)
def test_equal_names(name, same):
    matrix = moment_matrix(CHSH, "2")
    assert matrix.named_position(name) == matrix.named_position(same) is not None


def test_vanishing_and_missing_names():
    matrix = moment_matrix(CGLMP, "1")
    assert matrix.named_position("<A[0|0] A[1|0]>") == -1
    assert matrix.named_position("<A[0|0] A[0|0]>") == matrix.named_position("<A[0|0]>")
    assert matrix.named_position("<A[0|0] A[0|1] A[0|0]>") is None


@pytest.mark.parametrize(
    ("scenario", "name", "words"),
    [
        (CHSH, "A0", "a moment is <1>"),
        (CHSH, "<A0", "a moment is <1>"),
        (CHSH, "<C0>", "C0 is no operator of A, B"),
        (CHSH, "<A2>", "settings of A are 0..1"),
        (CHSH, "<A[0|1]>", "A has 2 outcomes, so its operators are A0, A1"),
        (CHSH, "<A>", "A is no operator"),
        (CHSH, "<A0B1>", "A0B1 is no operator"),
        (CHSH, "<" + "A0 " * 200 + ">", "a moment is <1>"),
        (CGLMP, "<A0>", r"A has 3 outcomes, so its operators are A\[outcome\|setting\]"),
        (CGLMP, "<A[2|0]>", "outcomes 0..1; the last outcome is 1 less the others"),
        (CGLMP, "<A[0|2]>", "settings of A are 0..1"),
    ],
)
def test_no_names(scenario, name, words):
    with pytest.raises(ValueError, match=words):
        moment_matrix(scenario, "1").named_position(name)


def test_probability_of_binary_outcomes():
    terms = moment_matrix(CHSH, "1").probability((0, 1), (1, 0))
    assert sorted(terms.values()) == [F(-1, 4), F(-1, 4), F(1, 4), F(1, 4)]
