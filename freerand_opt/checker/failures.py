"""How a check ends: unreadable (2), not proved (1), too much work (3)."""

from __future__ import annotations


class Unreadable(ValueError):
    """The file says nothing that has a meaning here: a key, a number or an order that is not allowed."""


class Rejected(ValueError):
    """What is claimed does not follow."""


class TooMuch(ValueError):
    """The work limit was reached, or a sign could not be decided within it."""


class Work:
    """Count steps before they are made, so that every machine gives up at the same place."""

    def __init__(self, limit: int = 10**8) -> None:
        self.limit = limit
        self.done = 0

    def spend(self, steps: int, what: str) -> None:
        """Raise TooMuch if `steps` more would pass the limit."""
        self.done += steps
        if self.done > self.limit:
            raise TooMuch(f"{what}: more than {self.limit} steps of work")
