"""The paper's own values: numbers of arXiv:1105.3195 that are computed, and no question of an adversary.

A file with a table ``computation`` names one of them. Each has a certificate of format
`freerand-computation` whose ends a checker of its own (`checker/`, standard library alone) derives another
way. It says COMPUTED, or PROVED* where the value means what it claims by a written proof; never OK, which
is about questions.
"""
