"""GHZ relations of many parties: the short form against all probabilities, and values of the literature.

The short form (docs/proofs/ghz-orbits.md) is compared with a program over every P(outcomes|settings), written
anew from the definition and solved in floats.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations, product
from math import comb
from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from freerand_opt import Ask, Function, Keep, Picked, Question, Relations, SanthaVazirani, Uniform, bound, ghz
from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.errors import InputError, TooLargeError

EVE = {"devices": "no-signalling"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GUESS, DISTANCE, BIASES = "guessing-probability", "trace-distance", "sum-of-biases"


def question(at, inside, of, *, v=F(0), whole=False, quantity=GUESS, epsilon=F(0)):
    """Relations of len(at) parties; `of` is a table of the outcomes of `inside`, or how a party is picked."""
    names = [LETTERS[p] for p in inside]
    if quantity == BIASES:
        asked = names
    elif isinstance(of[0], str):
        selection, bits, eps = of
        asked = Function(picked=Picked(among=names, bits=bits, selection=selection, epsilon=eps))
    else:
        asked = Function(table=list(of), parties=names)
    test = Keep("behaviour") if whole else Relations("mermin", violated=v)
    observed = {"behaviour": "quantum"} if whole else {}
    source = SanthaVazirani(epsilon) if epsilon else Uniform()
    ask = Ask(quantity, of=asked, at=at)
    return Question(ghz(len(at)), source, adversary=EVE, observed=observed, tests=[test], ask=ask)


def ends(asked):
    """Both certified ends of the short form."""
    pool = corridor(asked.many(), Options())
    return pool.reached, pool.bound


def value(asked):
    low, high = ends(asked)
    assert low == high
    return high


# ------------------------------------------------------------------ by definition


def shares(leaning, p):
    """Chances of 2^bits places; `leaning` says by node of the tree, level by level, which half is likely."""
    found, place = [F(1)], 0
    while place < len(leaning):
        here = leaning[place : place + len(found)]
        place += len(found)
        found = [x * y for x, b in zip(found, here, strict=True) for y in ((1 - p, p) if b else (p, 1 - p))]
    return found


def worths(inside, of, quantity):
    """What Eve's w is worth at each joint outcome of `inside`: one row for each of her choices."""
    strings = list(product((0, 1), repeat=len(inside)))
    if quantity == BIASES:
        return [[sum(1 - 2 * x for x in string) for string in strings]]
    if not isinstance(of[0], str):
        least = F(1, 2) if quantity == DISTANCE else F(0)
        return [[(x == g) - least for x in of] for g in sorted(set(of))]
    selection, bits, epsilon = of
    trees = [shares(lean, F(1, 2) + epsilon) for lean in product((0, 1), repeat=2**bits - 1)]

    def right(tree, string, guess):
        return sum((y for y, x in zip(tree, string, strict=True) if x == guess), F(0))

    if selection == "common-cause":
        return [[right(tree, string, g) for string in strings] for tree in trees for g in (0, 1)]
    return [[max(right(tree, string, g) for tree in trees) for string in strings] for g in (0, 1)]


def by_definition(at, inside, of, *, v=0, whole=False, quantity=GUESS, seen=False):
    """The largest answer over boxes q_g(outcomes|settings) that do not signal, in floats.

    `seen`: the whole behaviour is observed at the settings asked for alone.
    """
    m = len(at)
    strings = list(product((0, 1), repeat=m))
    place = {key: k for k, key in enumerate(product(strings, strings))}  # (outcomes, settings)
    rows = worths(inside, of, quantity)
    n = len(rows) * len(place)
    equal, right, objective, wrong = [], [], np.zeros(n), {}

    def column(g, outcomes, settings):
        return g * len(place) + place[outcomes, settings]

    def sign(settings):
        return (-1, 0, 1, 0)[sum(settings) % 4]

    def chance(o, s):
        return (1 + sign(s) * (-1) ** sum(o)) / 2**m

    for g, row in enumerate(rows):
        for p in range(m):
            for o, s in place:
                if not o[p] and not s[p]:
                    other, flipped = (*s[:p], 1, *s[p + 1 :]), (*o[:p], 1, *o[p + 1 :])
                    here = {column(g, o, s): 1, column(g, flipped, s): 1}
                    equal.append(here | {column(g, o, other): -1, column(g, flipped, other): -1})
                    right.append(0)
        for o, s in place:
            if sign(s) and (-1) ** sum(o) != sign(s):
                wrong[column(g, o, s)] = 1
            if s == tuple(at):
                k = int("".join(str(o[p]) for p in inside), 2)
                objective[column(g, o, s)] = float(row[k])
    equal.append({column(g, o, strings[0]): 1 for g in range(len(rows)) for o in strings})
    right.append(1)
    for o, s in place if whole or seen else ():
        if whole or s == tuple(at):
            equal.append({column(g, o, s): 1 for g in range(len(rows))})
            right.append(chance(o, s))

    def matrix(held):
        triples = [(x, k, j) for k, row in enumerate(held) for j, x in row.items()]
        values, i, j = zip(*triples, strict=True)
        return coo_matrix((values, (i, j)), shape=(len(held), n)).tocsr()

    found = linprog(
        -objective,
        A_ub=None if whole else matrix([wrong]),
        b_ub=None if whole else [float(v)],
        A_eq=matrix(equal),
        b_eq=right,
    )
    assert found.status == 0
    return -found.fun


def counted(k, values):
    return tuple(values[sum(x) % len(values)] for x in product((0, 1), repeat=k))


def majority(k):
    return counted(k, [int(2 * n > k) for n in range(k + 1)])


CASES = {
    "one party": (([0, 0, 0], [1], (0, 1)), {}),
    "majority, M = 3": (([1, 0, 0], [0, 1, 2], majority(3)), {}),
    "majority, M = 4": (([1, 1, 0, 0], [0, 1, 3], majority(3)), {}),
    "majority, untested": (([1, 0, 0, 0], [0, 1, 2], majority(3)), {"v": F(1, 7)}),
    "two outcomes": (([0, 1, 1, 0], [1, 3], (0, 1, 2, 3)), {"v": F(1, 3)}),
    "count of all": (([0, 0, 0, 0], range(4), counted(4, (0, 1, 1, 0))), {}),
    "count of all, v": (([1, 1, 1, 0], range(4), counted(4, (0, 0, 1))), {"v": F(1, 9)}),
    "whole": (([1, 0, 1, 0], [0, 2], (0, 1, 1, 1)), {"whole": True}),
    "whole, all": (([1, 1, 0, 0], range(4), counted(4, (0, 0, 1, 1))), {"whole": True}),
    "distance": (([1, 1, 0, 0], [0, 1], (0, 1, 0, 0)), {"v": F(1, 5), "quantity": DISTANCE}),
    "biases": (([1, 1, 0, 0], range(4), (0, 1)), {"quantity": BIASES}),
    "biases of three": (([0, 1, 0, 1], [0, 1, 2], (0, 1)), {"v": F(1, 6), "quantity": BIASES}),
    "picked": (([0] * 4, range(4), ("common-cause", 2, F(1, 10))), {}),
    "picked by outcomes": (([0] * 4, range(4), ("outcome-dependent", 2, F(1, 10))), {"v": F(1, 8)}),
    "picked of two": (([0, 1, 0], [0, 1], ("common-cause", 1, F(1, 5))), {}),
    "picked of two by outcomes": (
        ([0, 1, 1], [0, 2], ("outcome-dependent", 1, F(1, 5))),
        {"v": F(1, 8)},
    ),
    "five": (([1] * 5, [0, 1, 2], majority(3)), {"v": F(1, 100)}),
    "five, mixed": (([1, 0, 0, 1, 1], [0, 1, 2], majority(3)), {"whole": True}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_short_form_is_the_program_over_all_probabilities(name):
    given, more = CASES[name]
    assert float(value(question(*given, **more))) == pytest.approx(by_definition(*given, **more), abs=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_any_function_of_three_parties(seed):
    random = Random(seed)
    inside = random.choice([p for k in (1, 2, 3) for p in combinations(range(3), k)])
    values = [0, 1, *random.choices((0, 1), k=2 ** len(inside) - 2)]
    random.shuffle(values)
    at, v = random.choices((0, 1), k=3), random.choice([F(0), F(1, 6), F(3, 4)])
    asked = question(at, inside, values, v=v)
    short = value(asked)
    assert float(short) == pytest.approx(by_definition(at, inside, values, v=v), abs=1e-8)
    assert bound(asked).bracket.exact == short  # up to four parties questions are written out


@pytest.mark.parametrize(
    ("at", "inside", "of"),
    [
        ([1, 0, 0], [0, 1, 2], counted(3, (0, 0, 1, 1))),
        ([1, 0, 0, 1], [0, 1, 2, 3], counted(4, (0, 0, 0, 1))),
        ([1, 0, 1, 0], [0, 1, 2], majority(3)),
    ],
)
def test_with_biased_settings_the_behaviour_is_used_at_one_setting(at, inside, of):
    """No more is known of the w that counts; the attack has the whole behaviour."""
    low, high = ends(question(at, inside, of, whole=True, epsilon=F(1, 5)))
    assert float(high) == pytest.approx(by_definition(at, inside, of, seen=True), abs=1e-8)
    assert low <= high


# ------------------------------------------------------------------ values of others


@pytest.mark.parametrize("parties", [5, 6, 9, 21])
@pytest.mark.parametrize("epsilon", [F(0), F(49, 100)])
def test_the_majority_of_three_outcomes(parties, epsilon):
    """arXiv:1210.6514: 3/4; perfect relations hold for every w, whatever the bias."""
    asked = question([1] * parties, [0, 1, 2], majority(3), epsilon=epsilon)
    assert bound(asked).bracket.exact == F(3, 4)


@pytest.mark.parametrize("parties", [3, 5, 7])
def test_the_observed_randomness_is_fully_intrinsic(parties):
    """arXiv:1305.5384: the best guess is the observed probability, whatever the settings."""
    observed = F(sum(comb(parties, n) for n in range(parties + 1) if n % 4 == 1), 2 ** (parties - 1))
    for values in ((0, 1, 1, 0), (0, 0, 1, 1)):
        of = counted(parties, values)
        asked = question([0] * parties, range(parties), of, whole=True, epsilon=F(49, 100))
        assert value(asked) == max(observed, 1 - observed)


def test_functions_of_three_outcomes_of_three_parties_are_predictable():
    """arXiv:1210.6514 therefore takes five parties: none of these has any randomness."""
    random = Random(1)
    for at in ((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)):
        for values in (majority(3), counted(3, (0, 1)), *(random.choices((0, 1), k=8) for _ in range(6))):
            assert len(set(values)) == 1 or value(question(at, range(3), values)) == 1


def test_parity_of_fewer_than_all_is_predictable_and_mod_4_functions_are_not():
    """docs/proofs/conjecture-1.md: the bias of one of the two functions mod 4 is 1/2 and 1/3."""
    for k, best in ((3, F(1, 2)), (5, F(1, 3))):
        at = [0] * (k + 1)
        assert value(question(at, range(k), counted(k, (0, 1)))) == 1
        found = [value(question(at, range(k), counted(k, of))) for of in ((0, 0, 1, 1), (0, 1, 1, 0))]
        assert min(2 * x - 1 for x in found) == best


def test_a_picked_party_obeys_the_bound_by_the_sum_of_biases():
    """D <= p^2 B/2 with B = 4/3 for four parties (docs/proofs/conjecture-1.md)."""
    for eps in (F(0), F(1, 10), F(1, 3)):
        asked, seeing = (
            value(question([0] * 4, range(4), (how, 2, eps), quantity=DISTANCE))
            for how in ("common-cause", "outcome-dependent")
        )
        assert asked <= (F(1, 2) + eps) ** 2 * F(4, 3) / 2
        assert seeing >= asked


# ------------------------------------------------------------------ biased settings


@pytest.mark.parametrize("epsilon", [F(1, 20), F(2, 5)])
def test_violated_relations_are_bracketed(epsilon):
    """Fair settings are an attack; a w of weight p has at most v p ((1+2e)/(1-2e))^M wrong outcomes."""
    fair, v = [1] * 5, F(1, 1000)
    given = (fair, [0, 1, 2], majority(3))
    low, high = ends(question(*given, v=v, epsilon=epsilon))
    assert float(low) == pytest.approx(by_definition(*given, v=v), abs=1e-8)
    worse = v * ((1 + 2 * epsilon) / (1 - 2 * epsilon)) ** 5
    assert float(high) == pytest.approx(by_definition(*given, v=worse), abs=1e-8)


# ------------------------------------------------------------------ faults


def test_what_is_too_large_is_refused():
    with pytest.raises(TooLargeError, match="kinds of strings"):
        bound(question([0] * 9, range(9), Random(2).choices((0, 1), k=512)))
    with pytest.raises(InputError, match="equal settings"):
        question([0, 1] * 4, range(8), ("common-cause", 3, F(1, 10)))
