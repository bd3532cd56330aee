"""The command line: words and options only; data on stdout, everything else on stderr."""
