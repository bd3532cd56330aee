"""Where the catalogue's files are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

from freerand_opt.errors import InputError
from freerand_opt.model.tables.text import nearest, shown

FOLDERS = ("lps", "sdps")


def folders() -> tuple[Path, ...]:
    """Return the existing folders of claims."""
    package = Path(__file__).parents[2]
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


def path_of(name: str | Path, where: str = "") -> Path:
    """Return the path of a file, or of the claim of this name; raise InputError for what is neither."""
    path = Path(name)
    if path.suffix or path.is_file():
        return path
    found = find(str(name))
    if found is None:
        near = nearest(str(name), [claim.stem for claim in claims()])
        said = f"is neither a file nor a claim; `freerand list` names the claims{near}"
        raise InputError(
            where or shown(str(name))[1:-1] or "arguments",
            f"{shown(str(name))} {said}" if where or not str(name) else said,
        )
    return found
