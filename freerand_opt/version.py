"""The version, where every file can read it; a tag v1.2.3 is refused unless it says the same."""

__version__ = "0.1.0.dev0"
