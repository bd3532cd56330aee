"""What the shell completes beside verbs, options and files: names of claims, figures and solvers."""

from __future__ import annotations

from collections.abc import Iterable


def claims(incomplete: str) -> list[str]:
    """Return the claims whose names begin so."""
    from freerand_opt.model.files import catalogue

    return beginning(incomplete, (path.stem for path in catalogue.claims()))


def drawn(incomplete: str) -> list[str]:
    """Return the figures and claims whose names begin so."""
    from freerand_opt.reporting.figures.gallery import NAMES

    return [*beginning(incomplete, NAMES), *claims(incomplete)]


def solvers(incomplete: str) -> list[str]:
    """Return the solvers whose names begin so."""
    from freerand_opt.solvers.choose import NAMES

    return beginning(incomplete, NAMES)


def beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    """Return the names that begin so."""
    return [name for name in names if name.startswith(incomplete)]
