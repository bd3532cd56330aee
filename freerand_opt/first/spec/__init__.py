"""Question files: the only place that sees what a user wrote."""

from freerand_opt.first.spec.file import Instance, QuestionFile, read

__all__ = ["Instance", "QuestionFile", "read"]
