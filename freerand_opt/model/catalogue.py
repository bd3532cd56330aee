"""Where the catalogue's files are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

FOLDERS = ("lps", "sdps")


def folders() -> tuple[Path, ...]:
    """Return the existing folders of claims."""
    package = Path(__file__).parent.parent
    places = [package / "_catalogue", package.parent]
    return tuple(place / name for place in places for name in FOLDERS if (place / name).is_dir())


def claims() -> tuple[Path, ...]:
    """Return all claim files, sorted by name within each folder."""
    return tuple(path for folder in folders() for path in sorted(folder.glob("*.toml")))


def certificates() -> tuple[Path, ...]:
    """Return all committed certificates."""
    return tuple(path for folder in folders() for path in sorted(folder.glob("certificates/**/*.json")))


def curves() -> Path | None:
    """Return the folder of committed curves, None if it is not here."""
    return next(
        (place for folder in folders() if (place := folder / "certificates" / "curves").is_dir()), None
    )


def find(name: str) -> Path | None:
    """Return the claim file with this name (without ``.toml``), or None."""
    return next((path for path in claims() if path.stem == name), None)
