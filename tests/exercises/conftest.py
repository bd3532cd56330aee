"""The checks run in a copy of the package that a patch has changed, never here."""

collect_ignore_glob = ["*/check.py"]
