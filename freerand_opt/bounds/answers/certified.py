"""What every answer with a certificate offers: its digest, its document, its file, and its ends."""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from freerand_opt.bounds.answers.bracket import Bracket, End
from freerand_opt.errors import InputError
from freerand_opt.files import write_whole


class Certified:
    """An answer that was read from `certificate`, a text that is empty where nothing was proved."""

    certificate: str

    @property
    def digest(self) -> str:
        """Return the first 16 digits of the certificate's SHA-256, "none" where nothing was proved."""
        return sha256(self.certificate.encode()).hexdigest()[:16] if self.certificate else "none"

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the certificate as it is in JSON."""
        return json.loads(self.certificate) if self.certificate else {}

    def save(self, path: str | Path) -> None:
        """Write the certificate, for `freerand check`."""
        if not self.certificate:
            raise InputError(str(path), "nothing was proved, so there is no certificate to write")
        write_whole(Path(path), self.certificate + "\n")


class Bracketed(Certified):
    """A certified answer that is a number in `bracket`."""

    bracket: Bracket

    @property
    def lower(self) -> End | None:
        """Return the lower end; its float is rounded down."""
        return None if self.bracket.lower is None else End(self.bracket.lower, upper=False)

    @property
    def upper(self) -> End | None:
        """Return the upper end; its float is rounded up."""
        return None if self.bracket.upper is None else End(self.bracket.upper, upper=True)
