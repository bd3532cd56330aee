"""What takes too long for every change: `python -m tests.long` runs its parts within a budget of time."""
