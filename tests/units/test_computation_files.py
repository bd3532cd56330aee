"""Files of computations: instances, grids, and one clear error for each mistake."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt.claims.conjecture.file import read
from freerand_opt.claims.conjecture.relations import Relations
from freerand_opt.claims.conjecture.values import FunctionBias, LeastBias
from freerand_opt.errors import InputError

BODY = """
title = "some bits"
[computation]
name = "least-bias"
n = 2
epsilon = "1/20"
"""


def file_of(folder, body):
    path = folder / "mine.toml"
    path.write_text(body)
    return read(path)


def test_instances_and_grids(tmp_path):
    body = f"""{BODY}
[expect]
value = "1/20"
[grid]
"computation.n" = [1, 2]
[[instances]]
name = "another"
computation = {{ name = "function-bias", function = "parity", n = 3, epsilon = "1/4" }}
grid = {{}}
"""
    found = file_of(tmp_path, body)
    assert [one.name for one in found.instances] == ["n=1", "n=2", "another"]
    assert found.instances[1].computation == LeastBias(n=2, epsilon=F(1, 20))
    assert found.instances[2].computation == FunctionBias(function="parity", n=3, epsilon=F(1, 4))
    assert found.instances[2].expect.value == F(1, 20)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("least-bias", "least-bais", "did you mean 'least-bias'"),
        ("n = 2", "n = 5", r"computation\.n.*\[0, 4\]"),
        ("n = 2", "", r"computation\.n.*missing"),
        ("n = 2", "n = 2\nm = 1", r"computation\.m.*unknown key"),
        ('"1/20"', '"1/2"', r"computation\.epsilon.*499/1000"),
        ('"1/20"', '"sqrt(2)/9"', "irrational"),
        ('"1/20"', '"1/20"\n[expect]\nvalue = "exists"', "what a strategy does"),
        ('"1/20"', '"1/20"\n[ask]\nquantity = "strategy"', "ask: unknown key"),
        ("[computation]", "[scenario]", r"question"),
    ],
)
def test_faults(old, new, words, tmp_path):
    with pytest.raises(InputError, match=words):
        file_of(tmp_path, BODY.replace(old, new))


def test_computations_are_values():
    asked = Relations(M=5, relations="odd")
    assert asked == Relations.from_dict({"M": 5, "relations": "odd"})
    assert hash(asked) == hash(Relations(M=5, relations="odd"))
    assert asked.parameters() == {"name": "sum-of-biases", "M": "5", "relations": "odd"}
