r"""Linear functionals of a behaviour, and their score.

.. math:: f(P) = \sum_{o,s} f_{o,s} P(o|s)

over joint outcomes o and joint settings s (``on="conditional"``), or of P(o, s) (``on="joint"``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from freerand_opt.model.scenario import Scenario, cycle
from freerand_opt.numbers import markup


@dataclass(frozen=True)
class Functional:
    """Sparse rational coefficients: `(joint outcome, joint setting, coefficient)`, sorted."""

    terms: tuple[tuple[int, int, Fraction], ...]
    on: str = "conditional"

    def _repr_latex_(self) -> str:
        """Return the sum for a notebook; P_{o,s} is the probability of joint outcome o at joint setting s."""
        return f"${markup.sum_latex((value, f'P_{{{o},{s}}}') for o, s, value in self.terms)}$"

    def settings(self) -> set[int]:
        """Return the joint settings that occur."""
        return {s for _, s, _ in self.terms}


def from_terms(terms: Mapping[tuple[int, int], Fraction], on: str = "conditional") -> Functional:
    """Return the functional with these coefficients, keyed by (outcome, setting); zeros go."""
    kept = sorted((o, s, value) for (o, s), value in terms.items() if value)
    return Functional(tuple(kept), on)


def chained(scenario: Scenario) -> Functional:
    """Return I_N, the sum of the error probabilities of the 2N edges (arXiv:1105.3195, Eq. 2)."""
    game = cycle(scenario)
    if game is None:
        raise ValueError("the chained functional needs the family chained or chsh")
    terms: dict[tuple[int, int], Fraction] = {}
    for a, b, parity in game.edges:
        for x, y in scenario.joint_outcomes:
            if x ^ y != parity:
                terms[scenario.outcome_index((x, y)), scenario.setting_index((a, b))] = Fraction(1)
    return from_terms(terms)


def chsh(scenario: Scenario) -> Functional:
    """Return S = E00 + E01 + E10 - E11; local at most 2, no-signalling at most 4."""
    if (scenario.settings, scenario.outcomes) != ((2, 2), (2, 2)):
        raise ValueError("the CHSH functional needs two parties with two settings and two outcomes")
    terms = {}
    for (a, b), (x, y) in product(scenario.joint_settings, scenario.joint_outcomes):
        key = (scenario.outcome_index((x, y)), scenario.setting_index((a, b)))
        terms[key] = Fraction((-1) ** (a * b + x + y))
    return from_terms(terms)


def hardy(scenario: Scenario) -> Functional:
    """Return P(00|00) - P(01|01) - P(10|10) - P(00|11); local at most 0, quantum (sqrt 2 - 1)/2.

    A Clauser-Horne expression, (S - 2)/4 after relabelling (Mermin, Am. J. Phys. 62, 880 (1994)).
    """
    if (scenario.settings, scenario.outcomes) != ((2, 2), (2, 2)):
        raise ValueError("Hardy's functional needs two parties with two settings and two outcomes")
    signs = {"P(00|00)": 1, "P(01|01)": -1, "P(10|10)": -1, "P(00|11)": -1}
    terms = {next(iter(label_terms(scenario, label))): Fraction(sign) for label, sign in signs.items()}
    return from_terms(terms)


def mermin_sign(settings: tuple[int, ...]) -> int:
    """Return the product of outcomes that the GHZ relations demand at these settings, or 0.

    With k settings y: -1 if k = 0 mod 4, +1 if k = 2 mod 4, none if k is odd (arXiv:1105.3195).
    """
    weight = sum(settings)
    return 0 if weight % 2 else (-1 if weight % 4 == 0 else 1)


def mermin(scenario: Scenario) -> Functional:
    """Return the sum over even settings of sign(s) E(s); GHZ reaches 2^(M-1)."""
    _need_ghz(scenario)
    terms = {}
    for s, settings in enumerate(scenario.joint_settings):
        for o, outcomes in enumerate(scenario.joint_outcomes):
            terms[o, s] = Fraction(mermin_sign(settings) * (-1) ** sum(outcomes))
    return from_terms(terms)


def mermin_errors(scenario: Scenario) -> Functional:
    """Return the total weight of the outcomes that break a GHZ relation."""
    _need_ghz(scenario)
    terms = {}
    for s, settings in enumerate(scenario.joint_settings):
        for o, outcomes in enumerate(scenario.joint_outcomes):
            wanted = mermin_sign(settings)
            terms[o, s] = Fraction(int(wanted != 0 and (-1) ** sum(outcomes) != wanted))
    return from_terms(terms)


def biases(scenario: Scenario, inputs: Sequence[int]) -> Functional:
    """Return the sum over all parties of P(outcome 0) - P(outcome 1) at a joint setting."""
    if set(scenario.outcomes) != {2}:
        raise ValueError("a sum of biases is of parties with two outcomes each")
    s = scenario.setting_index(inputs)
    terms = {
        (o, s): Fraction(len(outcomes) - 2 * sum(outcomes))
        for o, outcomes in enumerate(scenario.joint_outcomes)
    }
    return from_terms(terms)


def _need_ghz(scenario: Scenario) -> None:
    if scenario.family != "ghz":
        raise ValueError("the Mermin relations need the family ghz")


def svetlichny(scenario: Scenario) -> Functional:
    """Return the sum of (-1)^(k(k-1)/2) E(s), with k the number of settings 1 in s.

    For M parties at most 2^(M-1) without genuine M-party nonlocality, 2^(M-1) sqrt 2 quantum, 2^M
    no-signalling (Svetlichny, Phys. Rev. D 35, 3066 (1987), for M = 3; Seevinck and Svetlichny,
    arXiv:quant-ph/0201046, a number that was not looked up).
    """
    parties = len(scenario.settings)
    if parties < 3 or {*scenario.settings, *scenario.outcomes} != {2}:
        raise ValueError(
            "the Svetlichny functional needs three parties or more with two settings and two outcomes"
        )
    terms = {}
    for s, settings in enumerate(scenario.joint_settings):
        ones = sum(settings)
        for o, outcomes in enumerate(scenario.joint_outcomes):
            terms[o, s] = Fraction((-1) ** (ones * (ones - 1) // 2 + sum(outcomes)))
    return from_terms(terms)


#: I3322: coefficients of P(0|a) of each party, and of P(00|ab).
_I3322_ALONE = ((-1, 0, 0), (-2, -1, 0))
_I3322_BOTH = ((1, 1, 1), (1, 1, -1), (1, -1, 0))


def i3322(scenario: Scenario) -> Functional:
    """Return I3322 in terms of outcomes 0; local at most 0, two qubits 1/4, no-signalling 1.

    The table of Collins and Gisin, "A relevant two qubit Bell inequality inequivalent to the CHSH
    inequality" (arXiv:quant-ph/0306129; equation not looked up), up to exchange of the parties; P(0|a)
    of one party is averaged over the settings of the other.
    """
    if (scenario.settings, scenario.outcomes) != ((3, 3), (2, 2)):
        raise ValueError("the I3322 functional needs two parties with three settings and two outcomes")
    terms: dict[tuple[int, int], Fraction] = {}
    for (a, b), (x, y) in product(scenario.joint_settings, scenario.joint_outcomes):
        alone = Fraction(_I3322_ALONE[0][a] * (x == 0) + _I3322_ALONE[1][b] * (y == 0), 3)
        both = Fraction(_I3322_BOTH[a][b] * (x == y == 0))
        terms[scenario.outcome_index((x, y)), scenario.setting_index((a, b))] = alone + both
    return from_terms(terms)


def cglmp(scenario: Scenario) -> Functional:
    r"""Return I_d of Collins, Gisin, Linden, Massar and Popescu; local at most 2, no-signalling 4.

    .. math:: I_d = \sum_{k < \lfloor d/2 \rfloor} \Bigl(1 - \frac{2k}{d-1}\Bigr)
        \bigl[ p_{00}(k) + p_{10}(-k-1) + p_{11}(k) + p_{01}(-k) - p_{00}(-k-1) - p_{10}(k) - p_{11}(-k-1)
        - p_{01}(k+1) \bigr]

    with p_ab(k) the probability of A = B + k modulo d ("Bell inequalities for arbitrarily high dimensional
    systems", arXiv:quant-ph/0106024; equation not looked up). Quantum: 2 sqrt 2 for d = 2, 1 + sqrt(11/3)
    for d = 3 (Acin, Durt, Gisin and Latorre, arXiv:quant-ph/0111143).
    """
    d = scenario.outcomes[0]
    if scenario.settings != (2, 2) or scenario.outcomes != (d, d) or d < 2:
        raise ValueError("the CGLMP functional needs two parties with two settings and d >= 2 outcomes")
    terms: dict[tuple[int, int], Fraction] = {}
    for k in range(d // 2):
        weight = 1 - Fraction(2 * k, d - 1)
        # for each pair of settings the difference A - B that counts for, and the one that counts against
        for settings, good, bad in (
            ((0, 0), k, -k - 1),
            ((1, 0), -k - 1, k),
            ((1, 1), k, -k - 1),
            ((0, 1), -k, k + 1),
        ):
            for y, (difference, sign) in product(range(d), ((good, 1), (bad, -1))):
                outcome = scenario.outcome_index(((y + difference) % d, y))
                key = (outcome, scenario.setting_index(settings))
                terms[key] = terms.get(key, Fraction(0)) + sign * weight
    return from_terms(terms)


NAMED = {
    "chained": chained,
    "chsh": chsh,
    "hardy": hardy,
    "mermin": mermin,
    "mermin-errors": mermin_errors,
    "svetlichny": svetlichny,
    "i3322": i3322,
    "cglmp": cglmp,
}

MAX_LABEL = 200
_PROBABILITY = re.compile(r"P([A-Z]*)\(\s*([\d,\s]+)\|([\d,\s]+)\)", re.ASCII)
_CORRELATOR = re.compile(r"<\s*([A-Z]\d+(?:\s+[A-Z]\d+)*)\s*>", re.ASCII)


def label_terms(scenario: Scenario, label: str) -> dict[tuple[int, int], Fraction]:
    """Return the coefficients that a printed label stands for.

    ``P(01|10)`` (commas where digits do not suffice) is one probability, ``PA(0|1)`` a marginal one;
    ``<A0 B1>`` is a correlator of outcomes 0, 1 counted as +1, -1. Both are averaged over the settings of
    absent parties. Raise ValueError with what is allowed.
    """
    if len(label) > MAX_LABEL:
        raise ValueError(f"a label of {len(label)} characters; at most {MAX_LABEL} are read")
    probability = _PROBABILITY.fullmatch(label.strip())
    if probability:
        return _probability_terms(scenario, *probability.groups())
    correlator = _CORRELATOR.fullmatch(label.strip())
    if correlator:
        return _correlator_terms(scenario, correlator[1].split())
    raise ValueError("a label is P(outcomes|settings), as P(01|10) or P(0,1|12,3), PA(0|1) or <A0 B1>")


def _probability_terms(
    scenario: Scenario, letters: str, outcomes: str, settings: str
) -> dict[tuple[int, int], Fraction]:
    """Return a probability of all parties, or of those named, averaged over the settings of the others."""
    places = [scenario.parties.find(letter) for letter in letters or scenario.parties]
    if -1 in places or places != sorted(set(places)):
        raise ValueError(f"P{letters}: parties are letters in order out of {scenario.parties}")
    sizes = [(scenario.outcomes[p], scenario.settings[p]) for p in places]
    names = "".join(scenario.parties[p] for p in places)
    xs = _numbers(outcomes, tuple(d for d, _ in sizes), "outcome", names)
    held = _numbers(settings, tuple(n for _, n in sizes), "setting", names)
    matching = [
        s for s, joint in enumerate(scenario.joint_settings) if [joint[p] for p in places] == list(held)
    ]
    return {
        (o, s): Fraction(1, len(matching))
        for s in matching
        for o, joint in enumerate(scenario.joint_outcomes)
        if [joint[p] for p in places] == list(xs)
    }


def _numbers(source: str, sizes: tuple[int, ...], what: str, parties: str) -> tuple[int, ...]:
    compact = "".join(source.split())
    parts = compact.split(",") if "," in compact or len(sizes) == 1 else list(compact)
    if len(parts) != len(sizes) or not all(parts):
        marginal = "; P of party A alone is PA(0|1)" if len(sizes) > 1 else ""
        raise ValueError(f"{len(sizes)} {what}s are needed, one for each of {', '.join(parties)}{marginal}")
    numbers = tuple(int(part) for part in parts)
    for party, number, size in zip(parties, numbers, sizes, strict=True):
        if number >= size:
            raise ValueError(f"{what} {number} of {party} is not in 0..{size - 1}")
    return numbers


def _correlator_terms(scenario: Scenario, factors: list[str]) -> dict[tuple[int, int], Fraction]:
    fixed: dict[int, int] = {}
    for factor in factors:
        party, setting = scenario.parties.find(factor[0]), int(factor[1:])
        if party < 0:
            raise ValueError(f"{factor}: {factor[0]} is no party; parties are {', '.join(scenario.parties)}")
        if party in fixed:
            raise ValueError(
                f"{factor}: party {factor[0]} is named twice; a correlator has each at most once"
            )
        if setting >= scenario.settings[party]:
            raise ValueError(f"{factor}: settings of {factor[0]} are 0..{scenario.settings[party] - 1}")
        if scenario.outcomes[party] != 2:
            raise ValueError(f"{factor}: a correlator needs two outcomes; use P(outcomes|settings)")
        fixed[party] = setting
    matching = [
        s
        for s, settings in enumerate(scenario.joint_settings)
        if all(settings[party] == setting for party, setting in fixed.items())
    ]
    return {
        (o, s): Fraction((-1) ** sum(outcomes[party] for party in fixed), len(matching))
        for s in matching
        for o, outcomes in enumerate(scenario.joint_outcomes)
    }
