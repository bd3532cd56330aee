"""The first house, until each room has moved."""
