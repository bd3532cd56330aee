"""Counts and trials from files and tables: what is read, and one clear error for each mistake."""

from __future__ import annotations

import hashlib
import tracemalloc
from fractions import Fraction

import numpy as np
import pandas
import polars
import pytest

import freerand_opt as fr
from freerand_opt.data import Columns, Counts, Trials
from freerand_opt.errors import InputError
from freerand_opt.model import Scenario, chsh

from .shared import DELFT

HEAD = "x,y,a,b,n\n"


def test_counts_from_csv(tmp_path):
    path = tmp_path / "delft.csv"
    rows = [f"{k >> 3},{k >> 2 & 1},{k >> 1 & 1},{k & 1},{n}\n" for k, n in enumerate(DELFT)]
    path.write_text(HEAD + "".join(reversed(rows)))
    found = Counts.from_csv(path, chsh())
    assert found.values == DELFT
    assert found.total == 245 and found.by_setting == (53, 79, 62, 51)
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.frequencies()[0] == Fraction(23, 245)


def test_rows_that_are_missing_are_zero(tmp_path):
    path = tmp_path / "few.csv"
    path.write_text(HEAD + "1,1,0,1,7\n\n0,0,0,0,100000000000000000000\n")
    found = Counts.from_csv(path, chsh())
    assert found.values[13] == 7 and found.values[0] == 10**20 and found.total == 10**20 + 7


def test_columns_of_any_name(tmp_path):
    path = tmp_path / "lab.csv"
    path.write_text("run,events,bob,alice,basis A,basis B\n4,12,+1,-1,Z,X\n4,3,-1,-1,X,X\n")
    columns = {
        "settings": ["basis A", "basis B"],
        "outcomes": ["alice", "bob"],
        "n": "events",
        "values": {
            "basis A": {"X": 0, "Z": 1},
            "basis B": {"X": 0, "Z": 1},
            "alice": {"+1": 0, "-1": 1},
            "bob": {"+1": 0, "-1": 1},
        },
    }
    found = Counts.from_csv(path, chsh(), columns)
    assert found == Counts.from_table(chsh(), {"P(10|10)": 12, "P(11|00)": 3})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (HEAD + "0,0,0,0,-3\n", ["line 2, column 'n'", "-3", "not negative"]),
        (HEAD + "0,0,0,0,3.0\n", ["line 2, column 'n'", "integer"]),
        (HEAD + "0,0,0,0,1e5\n", ["line 2, column 'n'", "exponent"]),
        (HEAD + "0,0,0,0,1\n0,0,2,0,1\n", ["line 3, column 'a'", "'2' is no outcome of A", "0, 1"]),
        (HEAD + "0,3,0,0,1\n", ["line 2, column 'y'", "no setting of B"]),
        (HEAD + "0,0,0,0,1\n0,0,1\n", ["line 3", "3 cells instead of 5", "cut off"]),
        (HEAD + "0,0,0,0,1\n0,1,0,0,1\n0,0,0,0,1\n", ["line 4", "same cell as line 2"]),
        ("x,y,a,n\n0,0,0,1\n", ["line 1", "'b' is missing"]),
        ("x,y,a,b,n,n\n", ["'n' is there twice"]),
        (HEAD, ["no row of counts"]),
        ("", ["is empty"]),
        (HEAD + '0,0,0,"0,1\n', ["no CSV file"]),
    ],
)
def test_mistakes_in_counts(tmp_path, body, words):
    path = tmp_path / "wrong.csv"
    path.write_text(body)
    with pytest.raises(InputError) as error:
        Counts.from_csv(path, chsh())
    assert all(word in str(error.value) for word in ["wrong.csv", *words]), str(error.value)


def test_mistakes_in_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "0,0,0,0,1\n")
    for columns, word in [
        ({"setting": ["x", "y"]}, "did you mean 'settings'"),
        ({"settings": ["x"]}, "2 parties"),
        ({"settings": "xy"}, "a list of column names"),
        ({"settings": ["x", "x"]}, "named twice"),
        ({"values": {"a": {"0": 2}}}, "numbers are 0..1"),
        ({"values": {"a": {"0": True}}}, "no integer"),
    ]:
        with pytest.raises(InputError, match=word):
            Counts.from_csv(path, chsh(), columns)
    with pytest.raises(InputError, match="cannot be read"):
        Counts.from_csv(tmp_path / "none.csv", chsh())


def test_empty_settings_are_named():
    with pytest.raises(InputError, match="settings 01 never occur"):
        Counts.from_table(chsh(), {"P(00|00)": 1}).require_settings()


def test_frames_and_arrays():
    rows = {"x": [0, 1], "y": [0, 1], "a": [0, 0], "b": [1, 1], "n": [5, 6]}
    expected = Counts.from_table(chsh(), {"P(01|00)": 5, "P(01|11)": 6})
    assert Counts.from_frame(pandas.DataFrame(rows), chsh()) == expected
    assert Counts.from_frame(polars.DataFrame(rows), chsh()) == expected
    array = np.zeros((2, 2, 2, 2), dtype=np.int64)
    array[0, 0, 0, 1], array[1, 1, 0, 1] = 5, 6
    assert Counts.from_array(chsh(), array) == expected
    with pytest.raises(InputError, match="integer array of shape"):
        Counts.from_array(chsh(), array.astype(float))
    with pytest.raises(InputError, match="row 1, column 'a'"):
        Counts.from_frame(pandas.DataFrame(rows | {"a": [0, 7]}), chsh())
    assert (expected + expected).total == 22
    with pytest.raises(InputError, match="different scenarios"):
        expected + Counts(Scenario((1, 1), (1, 1)), (1,))


def sample(length):
    return np.random.default_rng(7).integers(0, 16, length).astype(np.uint8)


def test_trials_in_all_forms_are_the_same(tmp_path):
    cells = sample(5000)
    digits = np.stack([cells >> 3, cells >> 2 & 1, cells >> 1 & 1, cells & 1], axis=1)
    cells.tofile(tmp_path / "t.u8")
    text = "\n".join(",".join(map(str, row)) for row in digits)
    (tmp_path / "t.csv").write_text(f"x,y,a,b\n{text}\n")
    frame = polars.DataFrame(digits, schema=["x", "y", "a", "b"])
    frame.write_parquet(tmp_path / "t.parquet")
    expected = tuple(int(n) for n in np.bincount(cells, minlength=16))
    forms = [
        Trials.from_bytes(tmp_path / "t.u8", chsh()),
        Trials.from_csv(tmp_path / "t.csv", chsh()),
        Trials.from_parquet(tmp_path / "t.parquet", chsh()),
        Trials.from_array(cells, chsh()),
        Trials.from_array(digits, chsh()),
        Trials.from_frame(frame, chsh()),
        Trials.from_frame(pandas.DataFrame(digits, columns=["x", "y", "a", "b"]), chsh()),
    ]
    for trials in forms:
        assert trials.counts().values == expected
        first, rest = trials.split("1/10")
        assert first.total == 500 and first.values == tuple(np.bincount(cells[:500], minlength=16).tolist())
        assert np.concatenate(list(rest.blocks())).tolist() == cells[500:].tolist()
        assert (first + rest.counts()).values == expected
    assert forms[0].digest() == hashlib.sha256(cells.tobytes()).hexdigest()


def test_mistakes_in_trials(tmp_path):
    raw = tmp_path / "t.u8"
    raw.write_bytes(bytes([1, 2, 16]))
    with pytest.raises(InputError, match=r"t\.u8, trial 3: 16 is no cell"):
        Trials.from_bytes(raw, chsh()).counts()
    raw.write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        Trials.from_bytes(raw, chsh()).counts()
    text = tmp_path / "t.csv"
    for body, words in [
        ("x,y,a,b\n0,0,0,0\n0,0,5,0\n", "line 3, column 'a': '5' is no outcome of A"),
        ("x,y,a,b\n0,0,0,0\n0,0,1\n", "line 3: 3 cells instead of 4; the file may have been cut off"),
        ("x,y,a\n", "'b' is missing"),
        ("x,y,a,b\n", "no row of trials"),
    ]:
        text.write_text(body)
        with pytest.raises(InputError) as error:
            Trials.from_csv(text, chsh()).counts()
        assert words in str(error.value)
    with pytest.raises(InputError, match="cannot be read"):
        Trials.from_parquet(text, chsh()).counts()
    with pytest.raises(InputError, match="row 0, column 2: 3 is no outcome"):
        Trials.from_array(np.array([[0, 0, 3, 0]]), chsh()).counts()
    with pytest.raises(InputError, match="integer array"):
        Trials.from_array(np.array([0.5]), chsh()).counts()
    with pytest.raises(InputError, match="no trial at all"):
        Trials.from_array(np.array([1, 2]), chsh()).split("1/10")
    with pytest.raises(InputError, match="256"):
        Trials.from_bytes(raw, Scenario((8, 8), (4, 4))).counts()


def test_bytes_are_read_in_bounded_memory(tmp_path):
    """2 x 10^7 trials; the whole file would be 20 MB, blocks are 4 MiB and bincount's copy 32 MiB."""
    path = tmp_path / "long.u8"
    block = sample(10**6)
    with path.open("wb") as file:
        for _ in range(20):
            block.tofile(file)
    heard = []
    tracemalloc.start()
    found = Trials.from_bytes(path, chsh()).counts(heard.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.total == heard[-1] == 2 * 10**7 and len(heard) == 5
    assert found.values == tuple(20 * int(n) for n in np.bincount(block, minlength=16))
    assert peak < 60 * 2**20


def test_lines_as_other_systems_write_them(tmp_path):
    """A mark of byte order, carriage returns, empty lines, no line break at the end."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbfx,y,a,b\r\n0,0,0,1\r\n\r\n1,1,1,1\r\n0,0,0,1")
    assert np.concatenate(list(Trials.from_csv(path, chsh()).blocks())).tolist() == [1, 15, 1]
    (tmp_path / "n.csv").write_bytes(b"\xef\xbb\xbfx,y,a,b,n\r\n0,0,0,1,2\r\n\r\n1,1,1,1,1\r\n")
    assert Counts.from_csv(tmp_path / "n.csv", chsh()) == Trials.from_csv(path, chsh()).counts()


def test_running_sum_is_that_of_the_whole():
    cells = sample(3000)
    logs = np.random.default_rng(1).normal(size=16)
    path = np.cumsum(logs[cells])
    found = Trials.from_array(cells, chsh()).running(logs)
    assert found.last == pytest.approx(path[-1])
    assert found.best == pytest.approx(max(0.0, path.max()))
    assert found.at == (int(path.argmax()) + 1 if path.max() > 0 else 0)
    assert all(level == pytest.approx(path[n - 1]) for n, level in found.trace[1:])


def test_columns_by_default():
    assert Columns.usual(2) == Columns(("x", "y"), ("a", "b"))
    assert Columns.usual(4).outcomes == ("a1", "a2", "a3", "a4")


def test_what_is_neither_data_nor_a_setup():
    made = fr.setup(chsh(), fr.Uniform(), "local")
    for verb in (fr.p_value, fr.bits):
        more = {"game": "chsh"} if verb is fr.p_value else {"training": "1/10", "error": "1/1000"}
        with pytest.raises(InputError, match=r"data: 'run\.csv' given; Counts or Trials are needed"):
            verb("run.csv", made, **more)
        counts = Counts.from_array(chsh(), np.array(DELFT).reshape(2, 2, 2, 2))
        with pytest.raises(InputError, match=r"setup: .* given; fr\.setup"):
            verb(counts, "local", **more)
