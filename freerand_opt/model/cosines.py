r"""Products of cosines as sums of cosines, so that equal trigonometric numbers get equal forms.

.. math:: \cos a \cos b = \tfrac12 \cos(a - b) + \tfrac12 \cos(a + b)
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.numbers.exact import Atom, Exact, Real, cos_pi

#: Square roots that are cosines: sqrt(2) = 2 cos(pi/4), sqrt(3) = 2 cos(pi/6).
_ROOTS = {Fraction(2): Fraction(1, 4), Fraction(3): Fraction(1, 6)}


def linear(x: Exact) -> Exact:
    """Return the same number with every product of cosines (and sqrt 2, sqrt 3) written as a sum."""
    if isinstance(x, Fraction) or all(len(monomial) < 2 for monomial, _ in x.terms):
        return x
    total: Exact = Fraction(0)
    for monomial, factor in x.terms:
        angles = [a.argument for a, n in monomial if a.function == "cos" and n == 1]
        if not angles:
            total = total + Real(((monomial, factor),)) if monomial else total + factor
            continue
        rest = []
        for atom, exponent in monomial:
            found = _angle(atom) if exponent == 1 else None
            if found is None:
                rest.append((atom, exponent))
            elif atom.function != "cos":
                angles.append(found)
                factor *= 2
        waves = {Fraction(0): factor}
        for angle in angles:
            assert isinstance(angle, Fraction)
            longer: dict[Fraction, Fraction] = {}
            for held, share in waves.items():
                for place in (held - angle, held + angle):
                    longer[place] = longer.get(place, Fraction(0)) + share / 2
            waves = longer
        part: Exact = Fraction(0)
        for angle, share in waves.items():
            part = part + cos_pi(angle) * share
        total = total + (part * Real(((tuple(rest), Fraction(1)),)) if rest else part)
    return total


def _angle(atom: Atom) -> Fraction | None:
    """Return q if the atom is cos(q pi), or 2 cos(q pi) for a square root; else None."""
    if not isinstance(atom.argument, Fraction):
        return None
    if atom.function == "cos":
        return atom.argument
    return _ROOTS.get(atom.argument) if atom.function == "sqrt" else None
