"""SCS without cvxpy: conforms, is silent, is reached by its name, and its hints are certified."""

import subprocess
import sys
from math import sqrt

import freerand_opt as fr
from freerand_opt.solvers import conformance
from freerand_opt.solvers.choose import NAMES, solver_named

assert "scs" in NAMES
solve = solver_named("scs")
if sys.argv[1:] == ["silent"]:
    solve(next(conformance.cases()).program, 10.0)
    sys.exit()

for case in conformance.cases():
    if case.interior:  # without one floats lose half of their digits
        wrong = conformance.fault(case, lambda program: solve(program, 20.0), 1e-4)
        assert wrong == "", f"{case.name}: {wrong}"

run = subprocess.run([sys.executable, __file__, "silent"], capture_output=True, text=True, check=True)
assert run.stdout + run.stderr == ""

ask = fr.Ask("score", functional="chsh")
question = fr.Question(fr.chsh(), fr.Uniform(), adversary=fr.Adversary("quantum", level="1"), ask=ask)
result = fr.bound(question, solver="scs")
assert 2 * sqrt(2) - 1e-9 <= float(result.upper) <= 2 * sqrt(2) + 1e-4
assert "cvxpy" not in sys.modules
