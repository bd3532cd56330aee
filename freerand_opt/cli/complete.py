"""What the shell completes beside verbs, options and files: names of claims, figures, solvers and forms."""

from __future__ import annotations

from collections.abc import Iterable


def claims(incomplete: str) -> list[str]:
    """Return the claims whose names begin so."""
    from freerand_opt.model import catalogue

    return _beginning(incomplete, (path.stem for path in catalogue.claims()))


def drawn(incomplete: str) -> list[str]:
    """Return the figures and claims whose names begin so."""
    from freerand_opt.reporting.figures.gallery import NAMES

    return [*_beginning(incomplete, NAMES), *claims(incomplete)]


def solvers(incomplete: str) -> list[str]:
    """Return the solvers whose names begin so."""
    from freerand_opt.solvers.choose import NAMES

    return _beginning(incomplete, NAMES)


def forms(incomplete: str) -> list[str]:
    """Return the forms of a question whose names begin so."""
    from freerand_opt.cli.show import FORMS

    return _beginning(incomplete, FORMS)


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
