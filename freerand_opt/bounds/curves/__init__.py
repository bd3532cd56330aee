"""Answers as functions of one number of a question."""
