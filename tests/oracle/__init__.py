"""A differential oracle: random questions, answered by the library and by a small formulation of its own.

Nothing but `answer.py` imports the library. A question is drawn from one seed, written as a TOML file, put
to the library, and put to `truth.py`, which enumerates the vertices of the source from its definition and
the extreme boxes, and solves one linear program exactly. `python -m tests.oracle --seed S --count N`.
"""
