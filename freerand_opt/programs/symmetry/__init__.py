"""Relabellings that keep a question about quantum devices, and what they make of its moment matrices."""
