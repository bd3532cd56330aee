"""Methods that open onto rooms above their class: the package's root says where each body stands.

A room below asks by the method's name and knows nothing of what is above it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: The body of each method; filled once, by the root, which is loaded before any room.
BODIES: dict[str, Callable[..., Any]] = {}


def body(method: str) -> Callable[..., Any]:
    """Return the body of a method that stands above its class, as `Question.to_file`."""
    return BODIES[method]
