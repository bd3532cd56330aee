r"""Labels of probabilities and moments, and the coefficients that they stand for.

``P(01|10)``
    the probability of outcomes 0, 1 at settings 1, 0; commas where digits do not suffice, P(0,1|12,3).
``PA(0|1)``, ``PAC(01|10)``
    a marginal probability of some parties, averaged over the settings of the others.
``<A0 B1>``
    the mean of a product of outcomes 0, 1 counted as +1, -1, averaged over the settings of absent parties.
``<A0 B0 A1>``, ``<A[1|0] B0>``
    any other product of quantum devices' operators, a *moment*: real part of the mean over W. A party with
    d > 2 outcomes has projectors ``A[outcome|setting]``, outcome < d - 1, in place of observables.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import groupby
from typing import TypeAlias

from freerand_opt.model.scenario import AnyScenario, Cells

MAX_LABEL = 200
_PROBABILITY = re.compile(r"P([A-Z]*)\(([\d,]+)\|([\d,]+)\)", re.ASCII)
_OPERATOR = re.compile(r"([A-Z])(?:(\d{1,7})|\[(\d{1,7})\|(\d{1,7})\])", re.ASCII)
_FORMS = "a label is P(outcomes|settings), as P(01|10) or P(0,1|12,3), PA(0|1), or <A0 B1>"
#: Coefficients of moments by name, as certificates spell them: ``A0 A1 B0``, ``1`` for the empty product.
Words: TypeAlias = dict[str, Fraction]


def spelt(label: object) -> str:
    """Return the one spelling of a label; raise ValueError with what a label is.

    >>> spelt(" P( 0, 1 | 1, 0 ) "), spelt("< B1  A0 >")
    ('P(01|10)', '<A0 B1>')
    """
    if not isinstance(label, str):
        raise ValueError(_FORMS)
    if len(label) > MAX_LABEL:
        raise ValueError(f"a label of {len(label)} characters; at most {MAX_LABEL} are read")
    plain = label.strip()
    if plain.startswith("<") and plain.endswith(">") and plain[1:-1].strip():
        tokens = plain[1:-1].split()
        if not all(_OPERATOR.fullmatch(token) for token in tokens):
            raise ValueError(_FORMS)
        return f"<{' '.join(sorted(tokens, key=lambda token: token[0]))}>"
    found = _PROBABILITY.fullmatch("".join(plain.split()))
    if found is None:
        raise ValueError(_FORMS)
    sides = [
        "".join(side.split(",")) if all(len(part) == 1 for part in side.split(",")) else side
        for side in found.groups()[1:]
    ]
    return f"P{found[1]}({sides[0]}|{sides[1]})"


def latex(label: str) -> str:
    r"""Return a label in its one spelling as LaTeX, without dollars.

    >>> latex("<A0 B12>"), latex("PA(0|1)")
    ('\\langle A_{0} B_{12} \\rangle', 'P_{A}(0|1)')
    """
    if label.startswith("P"):
        return re.sub(r"^P([A-Z]+)", r"P_{\1}", label)
    indexed = re.sub(r"([A-Z])(\d+|\[[^]]*\])", r"\1_{\2}", label[1:-1])
    return rf"\langle {indexed} \rangle"


def is_moment(label: str) -> bool:
    """Return whether a label in its one spelling is a product that no joint setting measures."""
    tokens = label[1:-1].split() if label.startswith("<") else []
    return any(len(list(own)) > 1 for _, own in groupby(tokens, key=lambda token: token[0]))


def cells(scenario: AnyScenario, label: str) -> Cells:
    """Return the coefficients of P(o|s) of a label; raise ValueError for what the scenario does not have."""
    signed = not label.startswith("P")
    if is_moment(label):
        raise ValueError(f'{label}: no joint setting measures it; it is a moment, on = "moments"')
    fixed = _correlator(scenario, label[1:-1].split()) if signed else _probability(scenario, label)
    matching = [
        s
        for s, settings in enumerate(scenario.joint_settings)
        if all(settings[party] == x for party, (x, _) in fixed.items())
    ]
    share = Fraction(1, len(matching))
    by_outcome = {
        o: share * (-1) ** sum(outcomes[party] for party in fixed) if signed else share
        for o, outcomes in enumerate(scenario.joint_outcomes)
        if signed or all(outcomes[party] == a for party, (_, a) in fixed.items())
    }
    return {(s, o): factor for s in matching for o, factor in by_outcome.items()}


def _party(scenario: AnyScenario, letter: str, where: str) -> int:
    party = scenario.parties.find(letter)
    if party < 0:
        raise ValueError(f"{where}: {letter} is no party; parties are {', '.join(scenario.parties)}")
    return party


def _probability(scenario: AnyScenario, label: str) -> dict[int, tuple[int, int]]:
    """Return {party: (setting, outcome)} of a probability."""
    found = _PROBABILITY.fullmatch(label)
    assert found is not None
    letters = found[1] or scenario.parties
    parties = [_party(scenario, letter, label) for letter in letters]
    if parties != sorted(set(parties)):
        raise ValueError(f"{label}: parties come in alphabetical order, each once")
    outcomes, settings = (
        _numbers(found[2], [scenario.outcomes[p] for p in parties], "outcome", letters),
        _numbers(found[3], [scenario.settings[p] for p in parties], "setting", letters),
    )
    return {p: (x, a) for p, x, a in zip(parties, settings, outcomes, strict=True)}


def _numbers(source: str, sizes: list[int], what: str, parties: str) -> list[int]:
    parts = source.split(",") if "," in source or len(sizes) == 1 else list(source)
    if len(parts) != len(sizes) or not all(parts):
        alone = "; of one party alone it is PA(0|1)" if len(sizes) > 1 and what == "outcome" else ""
        raise ValueError(f"{len(sizes)} {what}s are needed, one for each of {', '.join(parties)}{alone}")
    numbers = [int(part) for part in parts]
    for party, number, size in zip(parties, numbers, sizes, strict=True):
        if number >= size:
            raise ValueError(f"{what} {number} of {party} is not in 0..{size - 1}")
    return numbers


def _operator(scenario: AnyScenario, token: str) -> tuple[int, int, int]:
    """Return (party, setting, outcome) of an operator; the outcome of an observable is -1."""
    found = _OPERATOR.fullmatch(token)
    assert found is not None
    party = _party(scenario, found[1], token)
    setting, outcome = (int(found[2]), -1) if found[2] else (int(found[4]), int(found[3]))
    if setting >= scenario.settings[party]:
        raise ValueError(f"{token}: settings of {found[1]} are 0..{scenario.settings[party] - 1}")
    if (scenario.outcomes[party] == 2) != (outcome < 0):
        form = f"{found[1]}0" if scenario.outcomes[party] == 2 else f"{found[1]}[0|0]"
        raise ValueError(
            f"{token}: {found[1]} has {scenario.outcomes[party]} outcomes, so its operators are written as "
            f"{form}, or use P(outcomes|settings)"
        )
    if outcome >= scenario.outcomes[party] - 1:
        raise ValueError(
            f"{token}: projectors of {found[1]} are of outcomes 0..{scenario.outcomes[party] - 2}"
        )
    return party, setting, outcome


def _correlator(scenario: AnyScenario, tokens: list[str]) -> dict[int, tuple[int, int]]:
    fixed = {}
    for token in tokens:
        party, setting, outcome = _operator(scenario, token)
        if outcome >= 0:
            raise ValueError(f"{token}: a correlator needs two outcomes; use P(outcomes|settings)")
        fixed[party] = (setting, 0)
    return fixed


# ------------------------------------------------------------------ moments


def words(scenario: AnyScenario, label: str) -> Words:
    """Return the moments that a label stands for; raise ValueError for what the scenario does not have."""
    if label.startswith("<"):
        name = moment([_operator(scenario, token) for token in label[1:-1].split()])
        return {} if name is None else {name: Fraction(1)}
    total: dict[tuple[tuple[int, int, int], ...], Fraction] = {(): Fraction(1)}
    for party, (x, a) in _probability(scenario, label).items():
        count = scenario.outcomes[party]
        own: dict[tuple[tuple[int, int, int], ...], Fraction]
        if count == 2:
            own = {(): Fraction(1, 2), ((party, x, -1),): Fraction((-1) ** a, 2)}
        elif a < count - 1:
            own = {((party, x, a),): Fraction(1)}
        else:
            own = {(): Fraction(1)} | {((party, x, k),): Fraction(-1) for k in range(count - 1)}
        total = {left + right: f * g for left, f in total.items() for right, g in own.items()}
    return {name: factor for held, factor in total.items() if (name := moment(list(held))) is not None}


def moment(operators: list[tuple[int, int, int]]) -> str | None:
    """Return the name of a product's real mean: reduced, the first of itself and its reverse; None if 0."""
    held: list[list[tuple[int, int, int]]] = []
    for party in sorted({operator[0] for operator in operators}):
        reduced: list[tuple[int, int, int]] = []
        for operator in (operator for operator in operators if operator[0] == party):
            if reduced and reduced[-1][1] == operator[1]:
                if reduced[-1] != operator:
                    return None
                if operator[2] < 0:
                    reduced.pop()
            else:
                reduced.append(operator)
        held.append(reduced)
    both = held, [own[::-1] for own in held]
    letters = min([operator for own in each for operator in own] for each in both)
    names = [f"{chr(ord('A') + p)}{x}" if a < 0 else f"{chr(ord('A') + p)}[{a}|{x}]" for p, x, a in letters]
    return " ".join(names) or "1"


# ------------------------------------------------------------------ joint settings


def setting_spelt(label: object) -> str:
    """Return the one spelling of a joint setting, ``01`` or ``0,12``; also of a tuple of integers."""
    if isinstance(label, tuple) and label and all(type(x) is int and x >= 0 for x in label):
        label = ",".join(map(str, label))
    parts = "".join(label.split()).split(",") if isinstance(label, str) else [""]
    if not all(part.isascii() and part.isdigit() for part in parts) or sum(map(len, parts)) > MAX_LABEL:
        raise ValueError("is no joint setting; they are written as 01, or 0,12")
    return ("" if all(len(part) == 1 for part in parts) else ",").join(parts)


def setting_index(scenario: AnyScenario, label: str) -> int:
    """Return the index of a joint setting in its one spelling; raise ValueError if there is none."""
    try:
        return scenario.setting_index(_numbers(label, list(scenario.settings), "setting", scenario.parties))
    except ValueError as error:
        ends = f"{scenario.setting_label(0)} to {scenario.setting_label(scenario.shape[0] - 1)}"
        raise ValueError(f"is no joint setting ({error}); they are written as {ends}") from None
