"""From multipliers of the program of an entropy's nodes to the nodes of a certificate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from freerand_opt.certificates.fold import Maker
from freerand_opt.certificates.proofs import prices_of
from freerand_opt.checker.chords import Worths, with_shared
from freerand_opt.checker.failures import Work
from freerand_opt.conic.solution import Dual, Factor
from freerand_opt.programs.entropies import Chords
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.quadrature import Quadrature

#: Entries of polynomials are integers over 2^BITS.
BITS = 52
UNIT = 2**BITS


def nodes_form(made: Chords | Quadrature, dual: Dual) -> list[dict[str, Any]]:
    """Return the nodes: prices stand at the first one, and all hand each other what they need."""
    names, count = made.program.names, len(made.places)
    z = [dual.values.get(row, Fraction(0)) for row in range(made.program.linear)]
    handed: list[dict[tuple[int, int], int]] = [{} for _ in range(count)]
    for name, value in zip(names, z, strict=True):
        assert isinstance(name, tuple)
        if name[0] == "shared" and (whole := round(value * UNIT**2)):
            _, k, s, u = name
            handed[k][s, u] = whole
            handed[0][s, u] = handed[0].get((s, u), 0) - whole
    priced = [value if name[0] != "shared" else Fraction(0) for name, value in zip(names, z, strict=True)]  # type: ignore[index]
    if isinstance(made, Chords):
        words, blocks = _words(made), _blocks(made, dual)
    else:
        words, blocks = _ruled(made, dual)
    found = []
    for k, place in enumerate(made.places):
        prices = prices_of(names, [x if not k else Fraction(0) for x in priced], made.problem, {})
        found.append(
            {"at": str(place), "prices": prices, **_node(made, k, prices, words, blocks[k], handed[k])}
        )
    return found


def _words(made: Chords) -> list[str]:
    """Return the parties' words, these with each of the adversary's operators, and the parties' moments."""
    own = list(made.moments.matrix.word_labels())
    beside = chr(ord("A") + len(made.problem.settings))
    more = [f"{'' if w == '1' else w + ' '}{beside}{v}" for v in range(made.letters) for w in own]
    moments = [label.strip("<>") for label in made.moments.matrix.labels]
    return list(dict.fromkeys([*own, *more, *moments]))


def _node(
    made: Chords | Quadrature,
    k: int,
    prices: dict[str, Any],
    words: list[str],
    blocks: dict[tuple[int, Any], list[Any]],
    handed: dict[tuple[int, int], int],
) -> dict[str, Any]:
    like = MomentProgram(made.program, made.problem, made.cone, made.moments)
    maker = Maker(like, prices, words, blocks, UNIT, empty=False)
    labels, algebra = made.moments.matrix.labels, maker.q.algebra
    shared: dict[int, dict[Any, Fraction]] = {}
    flat: list[list[int]] = [[] for _ in range(made.problem.shape[0])]
    listed = sorted(
        (s, words.index(labels[u].strip("<>")), whole) for (s, u), whole in handed.items() if whole
    )
    for s, place, whole in listed:
        flat[s] += [place, whole]
        key = algebra.moment(algebra.word(words[place], "shared"))
        shared.setdefault(s, {})[key] = Fraction(whole, UNIT**2)
    ruled = isinstance(made, Quadrature)
    own = Worths(maker.q, made.places[k], made.weights[k], Work(10**12), ruled=ruled)
    worth = with_shared(own, shared)
    proof = {"way": "squares", "unit": UNIT, "words": words, "labels": [maker.label(0, worth)]}
    return {"proof": proof, **({"shared": flat} if len(made.places) > 1 else {})}


def _blocks(made: Chords, dual: Dual) -> list[dict[tuple[int, Any], list[Any]]]:
    r"""Return each node's squares by facet: :math:`p^* p P = (p P)^* (p P)`, P = (1 + C)/2 or (1 - C)/2."""
    size = made.moments.matrix.size
    found: list[dict[tuple[int, Any], list[Any]]] = [{} for _ in made.places]
    for name, factor in zip(made.program.blocks, dual.factors, strict=True):
        assert isinstance(name, tuple)
        k, operator, f, sign = name
        if operator < 0:
            assert made.crossed is not None
            places = [place + size * (1 + v) for place, v in made.crossed.words]
            both = _over(factor, BITS)
        else:
            rows = _over(factor, BITS - 1)
            places = [*range(size), *range(size * (1 + operator), size * (2 + operator))]
            both = [*rows, *([sign * x for x in row] for row in rows)]
        kept = [(place, row) for place, row in zip(places, both, strict=True) if row]
        if kept:
            key = (0, made.cone.names[f])
            found[k].setdefault(key, []).append([[place for place, _ in kept], [row for _, row in kept]])
    return found


def _ruled(made: Quadrature, dual: Dual) -> tuple[list[str], list[dict[tuple[int, Any], list[Any]]]]:
    """Return the words of a quadrature's polynomials, and each node's squares by facet."""
    algebra = made.q.algebra
    own = [label.strip("<>") for label in made.moments.matrix.labels]
    names = [algebra.name(word) for polynomial in made.basis for word in polynomial]
    words = list(dict.fromkeys([*own, *names]))
    place = {name: k for k, name in enumerate(words)}
    found: list[dict[tuple[int, Any], list[Any]]] = [{} for _ in made.places]
    for name, factor in zip(made.program.blocks, dual.factors, strict=True):
        assert isinstance(name, tuple)
        k, f = name
        rows: dict[int, list[int]] = {}
        for polynomial, row in zip(made.basis, _over(factor, BITS), strict=True):
            for word, x in polynomial.items():
                turn = made.turn(k) * made.contractions(word)
                held = rows.setdefault(place[algebra.name(word)], [])
                held += [0] * (len(row) - len(held))
                for j, entry in enumerate(row):
                    held[j] += x * entry << turn
        kept = sorted((at, _trimmed(row)) for at, row in rows.items())
        block = [[at for at, row in kept if row], [row for _, row in kept if row]]
        if block[0]:
            found[k].setdefault((0, made.cone.names[f]), []).append(block)
    return words, found


def _over(factor: Factor, bits: int) -> list[list[int]]:
    """Return a factor's rows over 2^bits."""
    rows, turn = [], bits - factor.bits
    for own in factor.rows:
        row = [x << turn if turn >= 0 else round(Fraction(x, 1 << -turn)) for x in own]
        rows.append(_trimmed(row))
    return rows


def _trimmed(row: list[int]) -> list[int]:
    while row and not row[-1]:
        row.pop()
    return row
