"""Copies of certificates under names that people recognise: ``folder/file/instance.json``."""

from __future__ import annotations

from pathlib import Path

from freerand_opt.claims.verify import File, Instance
from freerand_opt.files import file_name, write_whole
from freerand_opt.model.files.catalogue import folders
from freerand_opt.runner.answer import Answer
from freerand_opt.runner.job import Kept


class Shelf:
    """A folder of certificates, and how many were written. With `corners` only those of grids have a copy."""

    def __init__(self, folder: Path, *, corners: bool = False) -> None:
        self.folder = folder
        self.corners = corners
        self.written = 0
        self._places: dict[tuple[Path, int, str], Path] = {}
        self._taken: set[Path] = set()

    def place(self, file: File, instance: Instance) -> Path:
        """Return where the copy of a cell's certificate goes; another cell of the same name has another."""
        cell = (file.path, instance.variant, instance.name)
        if cell not in self._places:
            path = place = certificate_path(self.folder, file.name, instance.name)
            count = 1
            while path in self._taken:
                count += 1
                path = place.with_name(f"{place.stem}__{count}.json")
            self._places[cell] = path
            self._taken.add(path)
        return self._places[cell]

    def found(self, file: File, instance: Instance) -> Kept | None:
        """Return the certificate that is there, unchecked, None if there is none."""
        return _read(self.place(file, instance))

    def keep(self, one: Answer) -> None:
        """Write the certificate of an answer whole or not at all."""
        if one.result is not None and one.result.certificate and (one.instance.corner or not self.corners):
            write_whole(self.place(one.file, one.instance), one.result.certificate + "\n")
            self.written += 1


def committed(file: File, instance: Instance) -> Kept | None:
    """Return the certificate that the catalogue has of its own claim, unchecked, None if it has none."""
    folder = file.path.parent
    return (
        _read(certificate_path(folder / "certificates", file.name, instance.name))
        if folder in folders()
        else None
    )


def _read(path: Path) -> Kept | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return Kept(text.strip(), (("upper", "from its certificate"),))


def certificate_path(folder: Path, name: str, instance: str) -> Path:
    """Return where the certificate of an instance of a file is kept below a folder."""
    return folder / file_name(name) / f"{file_name(instance)}.json"
