"""Tests of spec/: what a question file may say, and what is answered to one that cannot be asked."""

from __future__ import annotations

import itertools
import os
from fractions import Fraction as F
from pathlib import Path

import pytest

from freerand_opt.errors import InputError
from freerand_opt.first.model import behaviour as behaviours
from freerand_opt.first.model import functional as functionals
from freerand_opt.first.model import scenario as scenarios
from freerand_opt.first.model.source import SanthaVazirani, Uniform
from freerand_opt.first.spec import read
from freerand_opt.first.spec.fields import Decimal
from freerand_opt.first.spec.file import merged
from freerand_opt.first.spec.grids import values_of
from freerand_opt.numbers.exact import sin_pi, sqrt

CHSH = 'family = "chsh"'
CHAINED = 'family = "chained"\nN = 4'
SV = 'kind = "santha-vazirani"\nepsilon = '
GUESS = 'quantity = "guessing-probability"\n'
TABLES = {
    "scenario": CHAINED,
    "source": SV + '"1/10"',
    "observed": 'behaviour = "quantum"',
    "adversary": 'devices = "no-signalling"',
    "test": 'functional = "chained"\nrelation = "<="\nscore = "observed"',
    "ask": 'quantity = "trace-distance"\nof = "A"\nat = [0, 0]',
}
CHSH_TEST = 'functional = "chsh"\nrelation = ">="\n'
TWO_BY_TWO = "settings = { A = 2, B = 2 }\noutcomes = { A = 2, B = 2 }"


def written(tables, extra=""):
    """Return a question file with some tables replaced; None leaves a table out."""
    bodies = {**TABLES, **tables}
    heads = {name: f"[[{name}]]" if name == "test" else f"[{name}]" for name in bodies}
    parts = [f"{heads[name]}\n{body}\n" for name, body in bodies.items() if body is not None]
    return "\n".join([*parts, extra])


def asked(folder, tables, extra="", overrides=None):
    """Return the question file that is read from these tables."""
    path = folder / "mine.toml"
    path.write_text(written(tables, extra), encoding="utf-8")
    return read(path, overrides)


def refused(path, overrides=None):
    """Return the text of the error that reading a file raises; it names the file."""
    with pytest.raises(InputError) as caught:
        read(path, overrides)
    words = str(caught.value)
    assert words.startswith(f"{path}: ")
    assert len(words) < 1000
    return words


# ------------------------------------------------------------------ single faults: where, read, allowed


def label_fault(label, *words):
    terms = {"scenario": CHSH, "test": f'terms = {{ "{label}" = 1 }}\nrelation = "<="\nscore = 1'}
    return (terms, f'test[0].terms."{label}"', *words)


def expression_fault(source, *words):
    return ({"test": f'functional = "chained"\nrelation = "<="\nscore = "{source}"'}, "test[0].score", *words)


SIGNALLING = (
    """table = { "P(00|00)" = 1, "P(00|01)" = 1, "P(00|10)" = 1, "P(00|11)" = "3/4", "P(10|11)" = "1/4" }"""
)

FAULTS = {
    # numbers
    "epsilon 1/2": ({"source": SV + '"1/2"'}, "source.epsilon", "1/2", "[0, 1/2)"),
    "epsilon above": ({"source": SV + "0.6"}, "source.epsilon", "3/5", "[0, 1/2)"),
    "epsilon negative": ({"source": SV + "-0.01"}, "source.epsilon", "-1/100", "[0, 1/2)"),
    "decimal comma": ({"source": SV + '"0,1"'}, "source.epsilon", "'0,1'", "write 0.1, with a point"),
    "epsilon irrational": ({"source": SV + '"sqrt(2)/10"'}, "source.epsilon", "sqrt(2)/10", "rational"),
    "epsilon missing": ({"source": 'kind = "santha-vazirani"'}, "source.epsilon", "missing", "number"),
    "bool for number": ({"source": SV + "true"}, "source.epsilon", "true is true or false", "number"),
    "infinite": ({"source": SV + "inf"}, "source.epsilon", "inf", "finite"),
    "not a number": ({"source": SV + "-nan"}, "source.epsilon", "-nan", "finite"),
    "array for number": ({"source": SV + "[1]"}, "source.epsilon", "[1] is an array", "number"),
    "date for number": ({"source": SV + "2026-06-14"}, "source.epsilon", "date", "number"),
    "number beyond floats": ({"test": CHSH_TEST + "score = 1e400"}, "test[0].", "", ""),
    # scenario and source
    "N not a power of two": ({"scenario": 'family = "chained"\nN = 3'}, "scenario", "3 settings", "2, 4, 8"),
    "N text": ({"scenario": 'family = "chained"\nN = "4"'}, "scenario.N", "'4' is a text", "an integer"),
    "N decimal": (
        {"scenario": 'family = "chained"\nN = 4.0'},
        "scenario.N",
        "4.0 is a decimal",
        "an integer",
    ),
    "N too small": ({"scenario": 'family = "chained"\nN = 1'}, "scenario.N", "N = 1", "at least 2"),
    "N too large": ({"scenario": 'family = "chained"\nN = 2048'}, "scenario.N", "2048", "at most 1024"),
    "M too small": ({"scenario": 'family = "ghz"\nM = 2'}, "scenario.M", "M = 2", "at least 3"),
    "N for CHSH": ({"scenario": CHSH + "\nN = 2"}, "scenario.N", "unknown key", "allowed here: family"),
    "family unknown": (
        {"scenario": 'family = "chain"'},
        "scenario.family",
        "'chain'",
        "did you mean 'chained'",
    ),
    "no family": ({"scenario": "N = 4"}, "scenario.settings", "missing", "a table"),
    "parties skipped": (
        {"scenario": "settings = { A = 2, C = 2 }\noutcomes = { A = 2, C = 2 }"},
        "scenario.settings",
        "A, C",
        "letters from A on",
    ),
    "parties differ": (
        {"scenario": "settings = { A = 2, B = 2 }\noutcomes = { A = 2 }"},
        "scenario.outcomes",
        "1 parties",
        "settings have 2",
    ),
    "no settings": (
        {"scenario": "settings = { A = 0, B = 2 }\noutcomes = { A = 2, B = 2 }"},
        "scenario.settings.A",
        "0",
        "1 to 1024",
    ),
    "scenario too large": (
        {"scenario": "settings = { A = 1024, B = 1024, C = 1024 }\noutcomes = { A = 2, B = 2, C = 2 }"},
        "scenario.settings",
        "8589934592",
        "at most 4194304",
    ),
    "kind unknown": ({"source": 'kind = "santa-vazirani"'}, "source.kind", "santa", "mean 'santha-vazirani'"),
    "kind missing": ({"source": "epsilon = 0"}, "source.kind", "missing", "uniform, santha-vazirani"),
    "kind misspelt": ({"source": 'knd = "uniform"'}, "source.kind", "missing", "'knd'"),
    "order of nobody": (
        {"source": SV + '0\norder = "C first"'},
        "source.order",
        "C first",
        "A first, B first",
    ),
    "epsilon of uniform": (
        {"source": 'kind = "uniform"\nepsilon = 0'},
        "source.epsilon",
        "unknown key",
        "kind",
    ),
    "nearest key": ({"source": SV + "0\nbit = 1"}, "source.bit", "unknown key", "did you mean 'bits'"),
    "nearest table": ({"asks": "a = 1"}, "asks", "unknown key", "did you mean 'ask'"),
    "nearest header": ({"tilte": ""}, "tilte", "unknown key", "did you mean 'title'"),
    "table misspelt": ({"ask": None, "aks": ""}, "ask", "missing", "'aks'"),
    "table missing": ({"adversary": None}, "adversary", "missing", "a table is needed"),
    # observed
    "behaviour unknown": (
        {"observed": 'behaviour = "prbox"'},
        "observed.behaviour",
        "prbox",
        "mean 'pr-box'",
    ),
    "behaviour without a family": (
        {"scenario": TWO_BY_TWO},
        "observed.behaviour",
        "quantum",
        "families chained, chsh and ghz",
    ),
    "PR box of three": (
        {"scenario": 'family = "ghz"\nM = 3', "observed": 'behaviour = "pr-box"'},
        "observed.behaviour",
        "PR box",
        "chsh or chained",
    ),
    "two behaviours": (
        {"observed": 'behaviour = "quantum"\ntable = {}'},
        "observed.table",
        "observed.behaviour",
        "keep one",
    ),
    "signalling": (
        {"scenario": CHSH, "observed": SIGNALLING},
        "observed.table",
        "signals: P(A=0) at settings A=1 changes by -1/4",
        "when B measures 1 instead of 0",
    ),
    "negative probability": (
        {"scenario": CHSH, "observed": 'table = { "P(00|00)" = "3/2", "P(01|00)" = "-1/2" }'},
        "observed.table",
        "P(01|00) = -1/2",
        "negative",
    ),
    "not normalised": (
        {"scenario": CHSH, "observed": 'table = { "P(00|00)" = 0.9 }'},
        "observed.table",
        "settings 00 sum to 9/10",
        "not to 1",
    ),
    "undecided sum": (
        {"scenario": CHSH, "observed": 'table = { "P(00|00)" = "root3(2)*root3(4)/4", "P(01|00)" = "1/2" }'},
        "observed.table",
        "root3(2)*root3(4)",
        "another form",
    ),
    "correlator in a table": (
        {"scenario": CHSH, "observed": 'table = { "<A0 B0>" = 1 }'},
        'observed.table."<A0 B0>"',
        "probabilities",
        "P(01|10)",
    ),
    "twice in a table": (
        {"scenario": CHSH, "observed": 'table = { "P(00|00)" = 1, "P(0,0|0,0)" = 1 }'},
        'observed.table."P(0,0|0,0)"',
        "given twice",
        "",
    ),
    "table of another type": ({"observed": "table = 3"}, "observed.table", "3 is an integer", "CSV"),
    "visibility above 1": (
        {"observed": 'behaviour = "quantum"\nvisibility = 1.01'},
        "observed.visibility",
        "101/100",
        "[0, 1]",
    ),
    "visibility of nothing": (
        {"observed": "visibility = 0.9"},
        "observed.visibility",
        "needs",
        "observed.behaviour",
    ),
    "settings unknown": ({"observed": 'settings = "fair"'}, "observed.settings", "'fair'", "uniform, free"),
    "settings of another type": (
        {"observed": "settings = [1]"},
        "observed.settings",
        "[1] is an array",
        "uniform, free",
    ),
    "settings outside": (
        {"observed": 'settings = { "40" = 1 }'},
        'observed.settings."40"',
        "no joint setting",
        "00 to 33",
    ),
    "settings not normalised": (
        {"observed": 'settings = { "00" = "1/2", "33" = "1/3" }'},
        "observed.settings",
        "sum to 5/6",
        "not to 1",
    ),
    "settings negative": (
        {"observed": 'settings = { "00" = -1 }'},
        'observed.settings."00"',
        "-1",
        "from 0 on",
    ),
    "conditioned on what never occurs": (
        {"observed": 'behaviour = "quantum"\nsettings = { "00" = 1 }'},
        "observed.settings",
        "settings 03 never occur",
        "conditioned on",
    ),
    "counts": (
        {"scenario": TWO_BY_TWO, "observed": 'counts = "a.csv"'},
        "observed.counts",
        "unknown key",
        "angles, behaviour, measurements, settings, state, table, visibility",
    ),
    # adversary
    "quantum devices without a level": (
        {"adversary": 'devices = "quantum"'},
        "adversary.level",
        "is missing",
        "quantum devices, and only they, need a level",
    ),
    "level of other devices": (
        {"adversary": 'devices = "local"\nlevel = "1"'},
        "adversary.level",
        "'1' is given",
        "quantum devices, and only they",
    ),
    "d missing": ({"scenario": 'family = "cglmp"'}, "scenario.d", "missing", "an integer"),
    "d too small": ({"scenario": 'family = "cglmp"\nd = 1'}, "scenario.d", "d = 1", "at least 2"),
    "d too large": ({"scenario": 'family = "cglmp"\nd = 33'}, "scenario.d", "33", "at most 32"),
    "d of i3322": ({"scenario": 'family = "i3322"\nd = 2'}, "scenario.d", "unknown key", "family"),
    "told unknown": (
        {"adversary": 'devices = "local"\ntold = "all"'},
        "adversary.told",
        "'all'",
        "settings, nothing",
    ),
    # tests
    "CHSH of 8 settings": (
        {"scenario": 'family = "chained"\nN = 8', "test": CHSH_TEST + "score = 2"},
        "test[0].functional",
        "CHSH",
        "two settings and two outcomes",
    ),
    "I_N of nobody": (
        {"scenario": TWO_BY_TWO, "observed": None},
        "test[0].functional",
        "chained",
        "family chained or chsh",
    ),
    "mermin of two": (
        {"test": 'relations = "mermin"'},
        "test[0].relations",
        "Mermin",
        "family ghz",
    ),
    "relations unknown": ({"test": 'relations = "hardy"'}, "test[0].relations", "'hardy'", "allowed: mermin"),
    "violated negative": (
        {"scenario": 'family = "ghz"\nM = 3', "test": 'relations = "mermin"\nviolated = -1'},
        "test[0].violated",
        "-1",
        "negative",
    ),
    "relation unknown": (
        {"test": 'functional = "chained"\nrelation = "<"\nscore = 1'},
        "test[0].relation",
        "'<'",
        "<=, >=, =",
    ),
    "relation missing": (
        {"test": 'functional = "chained"\nscore = 1'},
        "test[0].relation",
        "missing",
        "<=, >=, =",
    ),
    "score missing": (
        {"test": 'functional = "chained"\nrelation = "<="'},
        "test[0].score",
        "missing",
        "number",
    ),
    "nothing observed": (
        {"observed": None},
        "test[0].score",
        "observed",
        "needs observed.behaviour, observed.state or observed.table",
    ),
    "observed joint score": (
        {"test": 'functional = "chained"\non = "joint"\nrelation = "<="\nscore = "observed"'},
        "test[0].score",
        "observed",
        "joint",
    ),
    "irrational equality": (
        {"test": 'functional = "chained"\nrelation = "="\nscore = "observed"'},
        "test[0].score",
        "irrational",
        "use <= or >=",
    ),
    "name and terms": (
        {"test": 'functional = "chained"\nterms = {}\nrelation = "<="\nscore = 1'},
        "test[0].functional",
        "either functional",
        "or terms",
    ),
    "no terms": (
        {"test": 'terms = {}\nrelation = "<="\nscore = 1'},
        "test[0].terms",
        "nothing",
        "coefficient",
    ),
    "terms cancel": (
        {"scenario": CHSH, "test": 'terms = { "<A0 B0>" = 1, "<B0 A0>" = -1 }\nrelation = "<="\nscore = 1'},
        "test[0].terms",
        "nothing",
        "not 0",
    ),
    "irrational term": (
        {"scenario": CHSH, "test": 'terms = { "<A0>" = "sqrt(2)" }\nrelation = "<="\nscore = 1'},
        'test[0].terms."<A0>"',
        "sqrt(2)",
        "rational",
    ),
    "label outcome": label_fault("P(02|00)", "outcome 2 of B", "0..1"),
    "label setting": label_fault("P(00|20)", "setting 2 of A", "0..1"),
    "label of one party": label_fault("P(0|0)", "2 outcomes are needed", "A, B"),
    "label of an unknown party": label_fault("<A0 C0>", "C is no party", "A, B"),
    "label of a party twice": label_fault("<A0 A1>", "A is named twice", "once"),
    "correlator setting": label_fault("<A2>", "settings of A", "0..1"),
    "no label": label_fault("E(0,0)", "a label is", "P(01|10)"),
    "correlator of three outcomes": (
        {
            "scenario": "settings = { A = 2, B = 2 }\noutcomes = { A = 3, B = 2 }",
            "test": 'terms = { "<A0 B0>" = 1 }\nrelation = "<="\nscore = 1',
            "observed": None,
        },
        'test[0].terms."<A0 B0>"',
        "two outcomes",
        "P(outcomes|settings)",
    ),
    "long label": (
        {"scenario": CHSH, "test": f'terms = {{ "P({" " * 9000}" = 1 }}\nrelation = "<="\nscore = 1'},
        "test[0].terms",
        "9002 characters",
        "at most 200",
    ),
    "equal total with free settings": (
        {
            "observed": 'behaviour = "quantum"\nsettings = "free"',
            "test": 'functional = "chained"\nrelation = "="\nscore = "1/2"',
        },
        "test[0]",
        "8 joint settings",
        "sum of ratios",
    ),
    "score with free settings": (
        {"observed": 'settings = "free"', "test": None, "ask": 'quantity = "score"\nfunctional = "chained"'},
        "ask",
        "not linear with free settings",
        'on = "joint"',
    ),
    "keep what": ({"test": 'keep = "all"'}, "test[0].keep", "'all'", "behaviour, errors"),
    "keep nothing": (
        {"observed": None, "test": 'keep = "behaviour"'},
        "test[0].keep",
        "needs",
        "observed.behaviour",
    ),
    "keep irrational": ({"test": 'keep = "behaviour"'}, "test[0].tolerance", "irrational", "1e-9"),
    "tolerance negative": (
        {"test": 'keep = "errors"\ntolerance = -1'},
        "test[0].tolerance",
        "-1",
        "negative",
    ),
    "keep with a score": (
        {"test": 'keep = "errors"\nscore = 1'},
        "test[0].score",
        "unknown key",
        "keep, tolerance",
    ),
    # ask
    "quantity unknown": (
        {"ask": 'quantity = "minentropy"'},
        "ask.quantity",
        "minentropy",
        "mean 'min-entropy'",
    ),
    "of missing": ({"ask": GUESS + "at = [0, 0]"}, "ask.of", "missing", 'a party such as "A"'),
    "of an unknown party": ({"ask": GUESS + 'of = "C"\nat = [0, 0]'}, "ask.of", "'C' is no party", "A, B"),
    "of a party twice": (
        {"ask": GUESS + 'of = ["A", "A"]\nat = [0, 0]'},
        "ask.of",
        "['A', 'A']",
        "different",
    ),
    "of nobody": ({"ask": GUESS + "of = []\nat = [0, 0]"}, "ask.of", "[]", "one or more"),
    "of a number": ({"ask": GUESS + "of = 1\nat = [0, 0]"}, "ask.of", "1", "parties"),
    "of no function": (
        {"ask": GUESS + "of = {}\nat = [0, 0]"},
        "ask.of",
        "empty",
        "majority, parity, count, table, picked",
    ),
    "picked": (
        {"ask": GUESS + "of = { picked = 1 }\nat = [0, 0]"},
        "ask.of.picked",
        "1 is an integer",
        "a table",
    ),
    "a tie": (
        {"ask": GUESS + 'of = { majority = ["A", "B"] }\nat = [0, 0]'},
        "ask.of.majority",
        "tie",
        "odd",
    ),
    "table of outputs": (
        {"ask": GUESS + "of = { table = [0, 1] }\nat = [0, 0]"},
        "ask.of.table",
        "4 integers",
        "the first party slowest",
    ),
    "at missing": ({"ask": GUESS + 'of = "A"'}, "ask.at", "missing", "[0, 0]"),
    "at outside": ({"ask": GUESS + 'of = "A"\nat = [0, 4]'}, "ask.at", "4 is no setting of B", "0..3"),
    "at of one party": ({"ask": GUESS + 'of = "A"\nat = [0]'}, "ask.at", "[0] has 1 settings", "2 parties"),
    "at true": ({"ask": GUESS + 'of = "A"\nat = [0, true]'}, "ask.at", "true", "0..3"),
    "at a word": ({"ask": GUESS + 'of = "A"\nat = "mean"'}, "ask.at", "'mean'", "average, worst"),
    "at a number": ({"ask": GUESS + 'of = "A"\nat = 0.5'}, "ask.at", "0.5 is a decimal number", '"average"'),
    "strategy of a party": ({"ask": 'quantity = "strategy"\nof = "A"'}, "ask.of", "unknown key", "quantity"),
    "score at settings": (
        {"ask": 'quantity = "score"\nfunctional = "chained"\nat = [0, 0]'},
        "ask.at",
        "unknown key",
        "extreme, functional, on, quantity, terms",
    ),
    # threshold, expect, grid
    "threshold of a guess": (
        {"threshold": 'of = "source.epsilon"\nbetween = [0, "1/4"]'},
        "threshold.crosses",
        "is missing",
        "number to cross",
    ),
    "threshold of N": (
        {"threshold": 'of = "scenario.N"\nbetween = [2, 4]'},
        "threshold.of",
        "scenario.N",
        "source.epsilon",
    ),
    "threshold backwards": (
        {"threshold": 'of = "source.epsilon"\nbetween = ["1/4", 0]'},
        "threshold.between",
        "['1/4', 0]",
        "0 <= first < second < 1/2",
    ),
    "threshold up to 1/2": (
        {"threshold": 'of = "source.epsilon"\nbetween = [0, 0.5]'},
        "threshold.between",
        "0.5",
        "< 1/2",
    ),
    "threshold of one end": (
        {"threshold": 'of = "source.epsilon"\nbetween = [0]'},
        "threshold.between",
        "[0]",
        "two rational numbers",
    ),
    "threshold of no end": ({"threshold": 'of = "source.epsilon"'}, "threshold.between", "missing", "array"),
    "threshold width": (
        {"threshold": 'of = "source.epsilon"\nbetween = [0, 0.1]\nwidth = 0'},
        "threshold.width",
        "0",
        "positive",
    ),
    "formula unknown": (
        {"expect": 'value = { formula = "lemma1" }'},
        "expect.value.formula",
        "'lemma1'",
        "mean 'lemma-1'",
    ),
    "formula without a score": (
        {"test": None, "expect": 'value = { formula = "lemma-1" }'},
        "expect.value.formula",
        "needs one test",
        "",
    ),
    "within negative": ({"expect": "value = 1\nwithin = -1"}, "expect.within", "-1", "negative"),
    "verdict unknown": (
        {"expect": 'value = 1\nverdict = "TRUE"'},
        "expect.verdict",
        "'TRUE'",
        "PROVED, REFUTED",
    ),
    "nothing expected": (
        {"expect": "within = 1e-9"},
        "expect",
        "one of value, at_most, at_least",
        "no claim",
    ),
    "exists for a guess": ({"expect": 'value = "exists"'}, "expect.value", "'exists'", "number"),
    "grid too large": (
        {"grid": "\n".join(f'"source.x{k}" = "1 : 100 : 1"' for k in range(10))},
        "grid",
        str(100**10),
        "at most 10000",
    ),
    "range too large": (
        {"grid": '"source.epsilon" = "0 : 1 : 1e-900"'},
        'grid."source.epsilon"',
        "1e-900",
        "10000",
    ),
    "range backwards": (
        {"grid": '"source.epsilon" = "1/4 : 0 : 1/100"'},
        'grid."source.epsilon"',
        "1/4 : 0",
        "first <= last",
    ),
    "range without a step": (
        {"grid": '"source.epsilon" = "0 : 1/4"'},
        'grid."source.epsilon"',
        "0 : 1/4",
        "first : last : step",
    ),
    "range of step 0": (
        {"grid": '"source.epsilon" = "0 : 1/4 : 0"'},
        'grid."source.epsilon"',
        "0 : 1/4 : 0",
        "step > 0",
    ),
    "range of words": ({"grid": '"source.epsilon" = "a : b : c"'}, 'grid."source.epsilon"', "'a'", "number"),
    "no values": ({"grid": '"source.epsilon" = []'}, 'grid."source.epsilon"', "[]", "no values"),
    "one value": ({"grid": '"source.epsilon" = 0.1'}, 'grid."source.epsilon"', "0.1 is a decimal", "a list"),
    "field without quotes": ({"grid": "source.epsilon = [0]"}, 'grid."source"', "a table", "in quotes"),
    "field of no table": (
        {"grid": '"ask.at.first" = [0]'},
        "ask.at",
        "[0, 0] is an array",
        "(first) cannot be set",
    ),
    "field unknown": ({"grid": '"source.eps" = [0]'}, "source.eps", "unknown key", "epsilon"),
    # hostile expressions
    "tower": expression_fault("9^9^9^9", "9^9^9^9", "without brackets"),
    "large power": expression_fault("2^100000", "2^100000", "above 1000"),
    "power of powers": expression_fault("((9^999)^999)^999", "((9^999)^999)^999", "10000 bits"),
    "power of a sum": expression_fault("(1 + pi + sqrt(2))^999", "(1 + pi", "multiply out"),
    "brackets": expression_fault("(" * 60 + "1" + ")" * 60, "((((", "50 nested brackets"),
    "characters": expression_fault("1+" * 10_000 + "1", "20001 characters", "at most 10000"),
    "digits": expression_fault("1" * 5000, "1111", "1000 digits"),
    "large exponent": expression_fault("1e99999", "1e99999", "above 1000"),
    "beyond floats": expression_fault("1e400", "1e400", "10^100"),
    "negative root": expression_fault("sqrt(-1)", "sqrt(-1)", "negative number -1"),
    "logarithm of 0": expression_fault("log2(0)", "log2(0)", "not positive"),
    "division by zero": expression_fault("1/0", "1/0", "division by zero"),
    "division by hidden zero": expression_fault(
        "1/(cos(pi/5) - (1 + sqrt(5))/4)", "cos(pi/5)", "division by zero (at"
    ),
    "division by what may be zero": expression_fault(
        "1/(root3(2)*root3(4) - 2)", "root3(2)", "division by zero?"
    ),
    "root of what may be zero": expression_fault("sqrt(root3(2)*root3(4) - 2)", "root3(2)", "not decided"),
    "angle": expression_fault("cos(1)", "cos(1)", "cos(pi/8)"),
    "variable": expression_fault("2*x", "'x'", "sqrt, root3"),
    "power 1/2": expression_fault("2^(1/2)", "2^(1/2)", "write sqrt"),
    "bracket open": expression_fault("2*(1", "2*(1", "not closed"),
    "no text": expression_fault("", "''", "number is needed"),
    "other digits": expression_fault("٣", "'٣'", "integers, decimals"),
    "null character": expression_fault("1\\u00002", "1\\x002", "cannot be printed"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault_is_named(case, tmp_path):
    tables, place, *fragments = FAULTS[case]
    path = tmp_path / "mine.toml"
    path.write_text(written(tables), encoding="utf-8")
    words = refused(path)
    assert words.startswith(f"{path}: {place}")
    for fragment in fragments:
        assert fragment in words


def test_base_of_all_faults_is_right(tmp_path):
    assert len(asked(tmp_path, {}).instances) == 1


# ------------------------------------------------------------------ instances and overrides with faults


@pytest.mark.parametrize(
    ("extra", "place", "words"),
    [
        ("[instances]\nname = 'x'", "instances", "as [[instances]]"),
        ("[[instances]]\nsource = { epsilon = 0 }", "instances[0].name", "missing"),
        ("[[instances]]\nname = ''", "instances[0].name", "empty"),
        ("[[instances]]\nname = 3", "instances[0].name", "3 is an integer"),
        ("[[instances]]\nname = 'x'\nsource = { eps = 0 }", "instances[0] (x): source.eps", "epsilon"),
        ("[[instances]]\nname = 'x'\ntitle = 'y'", "instances[0] (x): title", "unknown key"),
        ("[[instances]]\nname = 'x'\nsource = 1", "instances[0] (x): source", "1 is an integer; a table"),
        (
            "[[instances]]\nname = 'x'\n[instances.grid]\n'source.epsilon' = []",
            "instances[0] (x): grid",
            "no values",
        ),
        ("[computation]\nname = 'averaged-base'", "scenario", "unknown key"),
    ],
)
def test_fault_in_an_instance(tmp_path, extra, place, words):
    path = tmp_path / "mine.toml"
    path.write_text(written({}, extra))
    said = refused(path)
    assert said.startswith(f"{path}: {place}")
    assert words in said


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ("instances = [1]", "scenario", "missing"),
        ("schema = 2", "schema", "allowed: 1"),
        ("schema = '1'", "schema", "'1' is a text; an integer"),
        ("title = 1", "title", "1 is an integer; a text"),
        ("tier = 'short'", "tier", "core, long"),
        ("[reference]\nauthor = 'x'", "reference.author", "arxiv, label, paper"),
        ("reference = 'x'", "reference", "a table is needed"),
        ("[test]\nkeep = 'errors'", "scenario", "missing"),
        ("computation = 1", "computation", "1 is an integer; a table"),
        ("[computation]\nname = 'average-base'", "computation.name", "mean 'averaged-base'"),
        ("[computation]\nname = 'averaged-base'\nm = 3", "computation.m", "allowed here: name, width"),
        ("[computation]\nname = 'theorem-2-exponent'\nm = 3", "computation.i", "missing"),
        ("[computation]\nname = 'averaged-base'\nwidth = 1", "computation.width", "1/10"),
        (
            "[computation]\nname = 'averaged-base'\n[expect]\nvalue = { formula = 'lemma-1' }",
            "expect.value",
            "no question",
        ),
    ],
)
def test_fault_at_the_top(tmp_path, body, place, words):
    path = tmp_path / "mine.toml"
    path.write_text(body)
    said = refused(path)
    assert said.startswith(f"{path}: {place}")
    assert words in said


def test_test_as_a_single_table(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(written({}).replace("[[test]]", "[test]"))
    assert "an array is needed, as [[test]]" in refused(path)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("source.eps", "0", "source.eps: unknown key"),
        ("scenario.N", "3", "power of two"),
        ("scenario.N", "4 : 2 : 1", "first <= last"),
        ("scenario.N", "--4", "'--4' is a text; an integer"),
        ("scenario.N", "²", "'²' is a text; an integer"),
        ("scenario.N", "1" * 5000, "an integer"),
        ("source.epsilon", "", "number is needed"),
        ("source.epsilon", "0:1:1e-9", "more than 10000 values"),
        ("nothing", "0", "nothing: unknown key"),
        ("", "0", "unknown key"),
        ("ask.at.0", "0", "ask.at: [0, 0] is an array"),
    ],
)
def test_fault_in_an_override(tmp_path, field, value, words):
    path = tmp_path / "mine.toml"
    path.write_text(written({}))
    assert words in refused(path, {field: value})


# ------------------------------------------------------------------ files that are none

FILES = {
    "empty": (b"", "is empty"),
    "only a comment": (b"# nothing\n", "is empty"),
    "no TOML": (b"scenario: chained\n", "is not TOML"),
    "decimal comma": (b"[source]\nepsilon = 0,1\n", "is not TOML"),
    "binary": (bytes(range(256)) * 100, "is not UTF-8 text"),
    "noise": (b"\x8f" + b"noise" * 200_000, "at most 262144 are read"),
    "a megabyte of text": (b"a" * 2**20, "at most 262144 are read"),
    "nested arrays": (b"a = " + b"[" * 60_000 + b"]" * 60_000, "nested too deeply"),
    "nested tables": (b"a = " + b"{a=" * 40_000 + b"1" + b"}" * 40_000, "nested too deeply"),
    "nested keys": (b"a" + b".a" * 100_000 + b" = 1", "more than 30 parts"),
    "nested quoted keys": (b"a" + b' . "a"' * 40_000 + b" = 1", "more than 30 parts"),
    "nested headers": (b"[a" + b".a" * 100_000 + b"]", "more than 30 parts"),
    "long integer": (b"schema = " + b"9" * 5000, "is not TOML"),
    "key of no bound": (b"a" * 200_000 + b" = 1", "scenario: is missing"),
    "given twice": (b"[scenario]\n[scenario]\n", "is not TOML"),
    "latin-1": ("title = 'é'".encode("latin-1"), "is not UTF-8 text"),
}


@pytest.mark.parametrize("case", FILES)
def test_no_question_file(case, tmp_path):
    body, words = FILES[case]
    path = tmp_path / "mine.toml"
    path.write_bytes(body)
    assert words in refused(path)


def test_no_file(tmp_path):
    assert "is a directory" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "none.toml")
    assert "cannot be read" in refused(tmp_path / "a\0b")
    assert "no ordinary file" in refused(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    assert "no ordinary file" in refused(tmp_path / "pipe.toml")


def test_deep_values_are_shown_short(tmp_path):
    path = tmp_path / "mine.toml"
    deep = "[" * 100 + "]" * 100
    path.write_text(written({"source": SV + deep}))
    assert "..." in refused(path)


def test_long_unknown_key_is_shortened(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(written({"ask": TABLES["ask"] + "\n" + "k" * 50_000 + " = 1"}))
    assert "unknown key" in refused(path)


# ------------------------------------------------------------------ observed behaviours

TWO_PARTIES = scenarios.chsh()
THREE_PARTIES = scenarios.ghz(3)


def inline(behaviour):
    scenario = behaviour.scenario
    cells = itertools.product(*map(range, scenario.shape))
    return "{ " + ", ".join(f'"{scenario.label(o, s)}" = "{behaviour.table[o][s]}"' for o, s in cells) + " }"


def csv_text(behaviour, header):
    scenario = behaviour.scenario
    lines = [header]
    for o, s in itertools.product(*map(range, scenario.shape)):
        cells = (*scenario.joint_settings[s], *scenario.joint_outcomes[o], behaviour.table[o][s])
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"


def kept(path_or_table, scenario, folder, extra=""):
    """Return the probabilities that `keep = behaviour` tests, by (outcome, setting)."""
    tables = {
        "scenario": scenario,
        "observed": f"table = {path_or_table}\n{extra}",
        "source": 'kind = "uniform"',
        "test": 'keep = "behaviour"\ntolerance = "1/1000"',
        "ask": 'quantity = "strategy"',
    }
    [instance] = asked(folder, tables).instances
    upper = [test for test in instance.question.tests if test.relation == "<="]
    return {test.functional.terms[0][:2]: test.score - F(1, 1000) for test in upper}


def cells_of(behaviour):
    return {(o, s): p for o, row in enumerate(behaviour.table) for s, p in enumerate(row)}


@pytest.mark.parametrize("name", behaviours.NAMED)
def test_inline_table_equals_the_named_behaviour(name, tmp_path):
    behaviour = behaviours.NAMED[name](TWO_PARTIES)
    assert kept(inline(behaviour), TWO_BY_TWO, tmp_path) == cells_of(behaviour)


@pytest.mark.parametrize("header", ["x,y,a,b,p", "x1,x2,a1,a2,p", " x, y, a, b, p"])
@pytest.mark.parametrize("name", behaviours.NAMED)
def test_csv_of_two_parties(name, header, tmp_path):
    behaviour = behaviours.NAMED[name](TWO_PARTIES)
    (tmp_path / "p.csv").write_text(csv_text(behaviour, header))
    assert kept('"p.csv"', TWO_BY_TWO, tmp_path) == cells_of(behaviour)


@pytest.mark.parametrize("header", ["x,y,z,a,b,c,p", "x1,x2,x3,a1,a2,a3,p"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_of_three_parties(header, newline, tmp_path):
    behaviour = behaviours.quantum(THREE_PARTIES)
    # as a spreadsheet writes it: with a byte order mark, and blank lines at the end
    body = csv_text(behaviour, header).replace("\n", newline) + newline
    (tmp_path / "p.csv").write_bytes(b"\xef\xbb\xbf" + body.encode())
    assert kept('"p.csv"', 'family = "ghz"\nM = 3', tmp_path) == cells_of(behaviour)


def test_csv_of_one_party_with_many_settings(tmp_path):
    rows = "".join(f"{x},{x % 2},1\n" for x in range(12))
    (tmp_path / "p.csv").write_text("x,a,p\n" + rows)
    found = kept('"p.csv"', "settings = { A = 12 }\noutcomes = { A = 2 }", tmp_path)
    assert found == {(a, x): F(a == x % 2) for a in range(2) for x in range(12)}


def test_visibility_mixes_with_white_noise(tmp_path):
    found = kept(inline(behaviours.pr_box(TWO_PARTIES)), TWO_BY_TWO, tmp_path, "visibility = 0.7")
    for (o, s), p in found.items():
        wins = behaviours.pr_box(TWO_PARTIES).table[o][s] != 0
        assert p == (F(7, 20) if wins else 0) + F(3, 40)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "No such file"),
        ("", "another header; x,y,a,b,p is needed"),
        ("x,y,a,b\n", "x,y,a,b,p is needed"),
        ("x;y;a;b;p\n", "x,y,a,b,p is needed"),
        ("x,y,a,b,p\n0,0,0,0\n", "line 2: 4 cells instead of 5"),
        ("x,y,a,b,p\n0,0,0,0,1,2\n", "line 2: 6 cells instead of 5"),
        (
            "x,y,a,b,p\n0,0,0,2,1\n",
            "line 2): no settings and outcomes of this scenario, which are, party by party, A 0..1 and",
        ),
        ("x,y,a,b,p\n0,0,0,,1\n", "line 2): no settings and outcomes"),
        ("x,y,a,b,p\n0,0,0,-1,1\n", "line 2): no settings and outcomes"),
        ("x,y,a,b,p\n0,0,0,0,half\n", "line 2): the probability is no number"),
        ('x,y,a,b,p\n0,0,0,0,"0,5"\n', "0.25 or sqrt(2)/4, with a point"),
        ("x,y,a,b,p\n0,0,0,0,1\n0,0,0,0,0\n", "line 3): is given twice"),
        ("x,y,a,b,p\n0,0,0,0,1\n0,1,0,0,1/2\n", "settings 01 sum to 1/2, not to 1"),
        ("x,y,a,b,p\n" + '"' + "0" * 200_000 + '"\n', "is no CSV file"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_csv_faults(tmp_path, body, words):
    path = tmp_path / "mine.toml"
    path.write_text(written({"scenario": CHSH, "observed": 'table = "p.csv"'}))
    if isinstance(body, str):
        (tmp_path / "p.csv").write_text(body)
    elif body is not None:
        (tmp_path / "p.csv").write_bytes(body)
    said = refused(path)
    assert said.startswith(f"{path}: observed.table")
    assert "p.csv" in said or "sum to" in said
    assert words in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is a directory"),
        ("\\u0000", "cannot be printed"),
        ("../none", "is not in the folder"),
        ("/etc/passwd", "is not in"),
    ],
)
def test_csv_names(tmp_path, name, words):
    path = tmp_path / "mine.toml"
    path.write_text(written({"scenario": CHSH, "observed": f'table = "{name}"'}))
    assert words in refused(path)


# ------------------------------------------------------------------ tests and outputs


def test_observed_score_is_the_closed_form(tmp_path):
    [instance] = asked(tmp_path, {}).instances
    [test] = instance.question.tests
    assert test.score == 8 * sin_pi(F(1, 16)) ** 2  # 2N sin^2(pi/4N), arXiv:1105.3195


def test_keep_errors_gives_one_test_an_edge(tmp_path):
    [instance] = asked(tmp_path, {"test": 'keep = "errors"\ntolerance = 0.001'}).instances
    tests = instance.question.tests
    assert len(tests) == 8
    assert {test.score for test in tests} == {sin_pi(F(1, 16)) ** 2 + F(1, 1000)}


def test_keep_rational_behaviour_gives_equalities(tmp_path):
    [instance] = asked(tmp_path, {"observed": 'behaviour = "pr-box"', "test": 'keep = "behaviour"'}).instances
    assert {test.relation for test in instance.question.tests} == {"="}
    assert {test.score for test in instance.question.tests} == {F(0), F(1, 2)}


def test_own_functional_equals_chsh(tmp_path):
    terms = '{ "<A0 B0>" = 1, "<A0 B1>" = 1, "<A1 B0>" = 1, "<A1 B1>" = -1 }'
    tables = {"scenario": CHSH, "test": f'terms = {terms}\nrelation = ">="\nscore = "observed"'}
    [instance] = asked(tmp_path, tables).instances
    [test] = instance.question.tests
    assert test.functional == functionals.chsh(TWO_PARTIES)
    assert test.score == 2 * sqrt(F(2))


def test_numbers_are_read_as_written(tmp_path):
    [one] = asked(tmp_path, {"source": SV + "0.1"}).instances
    [two] = asked(tmp_path, {"source": SV + '"1/10"'}).instances
    [three] = asked(tmp_path, {"source": SV + "1_0.0_0e-2"}).instances
    assert one.question.source == two.question.source == three.question.source == SanthaVazirani(F(1, 10))


@pytest.mark.parametrize(
    ("of", "values", "count"),
    [
        ('"B"', (0, 0, 1, 1, 0, 0, 1, 1), 2),
        ('["A", "B"]', (0, 0, 1, 1, 2, 2, 3, 3), 4),
        ('["C", "A"]', (0, 2, 0, 2, 1, 3, 1, 3), 4),
        ('{ majority = ["A", "B", "C"] }', (0, 0, 0, 1, 0, 1, 1, 1), 2),
        ('{ parity = ["A", "C"] }', (0, 1, 0, 1, 1, 0, 1, 0), 2),
        ("{ table = [0, 2, 0, 0, 0, 0, 0, 1] }", (0, 2, 0, 0, 0, 0, 0, 1), 3),
    ],
)
def test_outputs(tmp_path, of, values, count):
    tables = {
        "scenario": 'family = "ghz"\nM = 3',
        "test": 'relations = "mermin"',
        "ask": f"{GUESS}of = {of}\nat = [1, 1, 1]",
    }
    [instance] = asked(tmp_path, tables).instances
    assert instance.question.ask.output.values == values
    assert instance.question.ask.output.count == count


def test_settings_by_label(tmp_path):
    settings = 'settings = { "00" = "1/2", "11" = 0.25, "10" = 0.25 }'
    tables = {"scenario": CHSH, "observed": settings, "test": None, "ask": 'quantity = "strategy"'}
    [instance] = asked(tmp_path, tables).instances
    assert instance.question.setting_weights() == (F(1, 2), F(0), F(1, 4), F(1, 4))


def test_existence_in_words(tmp_path):
    for word, value in (("exists", 1), ("none", 0)):
        tables = {"ask": 'quantity = "strategy"', "expect": f'value = "{word}"'}
        [instance] = asked(tmp_path, tables).instances
        assert instance.expect.value == value


def test_byte_order_mark_is_no_fault(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + written({}).encode())
    assert len(read(path).instances) == 1


# ------------------------------------------------------------------ instances, grids, overrides


def test_tables_merge_and_the_rest_is_replaced():
    base = {"source": {"kind": "x", "epsilon": 1, "deep": {"a": 1}}, "test": [1, 2], "n": 1}
    variant = {"source": {"epsilon": 2, "deep": {"b": 2}}, "test": [3], "n": 2}
    assert merged(base, variant) == {
        "source": {"kind": "x", "epsilon": 2, "deep": {"a": 1, "b": 2}},
        "test": [3],
        "n": 2,
    }
    assert base["source"] == {"kind": "x", "epsilon": 1, "deep": {"a": 1}}


@pytest.mark.parametrize("name", ["expect", "grid", "threshold"])
def test_tables_that_are_replaced(name):
    assert merged({name: {"a": 1}}, {name: {"b": 2}}) == {name: {"b": 2}}


@pytest.mark.parametrize("key", ["kind", "family"])
def test_table_of_another_kind_is_replaced(key):
    assert merged({"t": {key: "x", "a": 1}}, {"t": {key: "y"}}) == {"t": {key: "y"}}
    assert merged({"t": {key: "x", "a": 1}}, {"t": {key: "x"}}) == {"t": {key: "x", "a": 1}}


def test_instances_of_a_file(tmp_path):
    extra = """
[expect]
at_most = { formula = "lemma-1" }

[[instances]]
name   = "fair"
source = { kind = "uniform" }
expect = {}

[[instances]]
name = "Gray"
source = { bits = "gray" }
grid = { "scenario.N" = [2, 8] }
"""
    base, fair, *gray = asked(tmp_path, {}, extra).instances
    assert (base.name, fair.name) == ("", "fair")
    assert base.expect.at_most is not None
    assert fair.expect is None
    assert fair.question.source == Uniform()
    assert [instance.name for instance in gray] == ["Gray N=2", "Gray N=8"]
    assert {instance.question.source for instance in gray} == {SanthaVazirani(F(1, 10), bits="gray")}
    assert [instance.question.scenario.settings for instance in gray] == [(2, 2), (8, 8)]


def test_ranges():
    assert values_of("0 : 3/25 : 1/100", "x") == [0, *(str(F(k, 100)) for k in range(1, 13))]
    assert values_of("0:1/4:1/10", "x") == [0, "1/10", "1/5"]
    assert values_of("1 : 1 : 1", "x") == [1]
    assert values_of("-1 : 1 : 1", "x") == [-1, 0, 1]
    assert values_of("1/2, sqrt(2)", "x") == ["1/2", "sqrt(2)"]
    assert values_of([1, "a"], "x") == [1, "a"]
    with pytest.raises(InputError, match="a list"):
        values_of(Decimal("0.1"), "x")


def test_grid_is_the_product_of_its_axes(tmp_path):
    grid = '"scenario.N" = [2, 4, 8, 16]\n"source.epsilon" = "0 : 3/25 : 1/100"'
    instances = asked(tmp_path, {"grid": grid}).instances
    cells = [(i.question.scenario.settings[0], i.question.source.epsilon) for i in instances]
    assert cells == [(n, F(k, 100)) for n in (2, 4, 8, 16) for k in range(13)]
    assert instances[1].name == "N=2 epsilon=1/100"
    corners = [cell for cell, instance in zip(cells, instances, strict=True) if instance.corner]
    assert corners == [(2, 0), (2, F(3, 25)), (16, 0), (16, F(3, 25))]


QUANTUM = "[adversary]\ndevices = 'quantum'\nlevel = '1 + A B'\n"


def test_a_grid_over_devices_uses_the_level_in_its_quantum_cells_alone(tmp_path):
    """Example 5 of the design: two adversaries in one table."""
    path = tmp_path / "two.toml"
    base = "schema = 1\ntitle = 't'\n[scenario]\nfamily = 'chsh'\n[source]\nkind = 'uniform'\n" + QUANTUM
    ask = "[[test]]\nfunctional = 'chsh'\nrelation = '>='\nscore = 2.5\n"
    ask += "[ask]\nquantity = 'guessing-probability'\nof = 'A'\nat = [0, 0]\n"
    grid = "[grid]\n'adversary.devices' = {}\n"
    path.write_text(base + ask + grid.format("['no-signalling', 'quantum', 'local']"))
    found = [i.question.adversary for i in read(path).instances]
    assert [(a.devices, a.level) for a in found] == [
        ("no-signalling", ""),
        ("quantum", "1 + A B"),
        ("local", ""),
    ]
    path.write_text(base + ask)
    also = read(path, {"adversary.devices": "quantum,no-signalling"}).instances
    assert [i.question.adversary.level for i in also] == ["1 + A B", ""]
    assert read(path, {"adversary.devices": "local"}).instances[0].question.adversary.level == ""
    # no quantum cell: nothing uses the level, so it stays an error; so does a plain file
    wrong = (
        base + ask + grid.format("['no-signalling', 'local']"),
        (base + ask).replace("'quantum'", "'local'"),
    )
    for text in wrong:
        path.write_text(text)
        with pytest.raises(InputError, match=r"adversary\.level.*quantum devices, and only they"):
            read(path)


def test_grid_may_set_what_a_table_leaves_out(tmp_path):
    tables = {"source": 'kind = "santha-vazirani"', "grid": '"source.epsilon" = [0, 0.2]'}
    epsilons = [i.question.source.epsilon for i in asked(tmp_path, tables).instances]
    assert epsilons == [0, F(1, 5)]


def test_overrides_replace_axes_and_values(tmp_path):
    tables = {"grid": '"source.epsilon" = "0 : 1/5 : 1/100"'}
    instances = asked(
        tmp_path, tables, overrides={"source.epsilon": "0:1/10:1/20", "scenario.N": "2, 8"}
    ).instances
    cells = [(i.question.source.epsilon, i.question.scenario.settings[0]) for i in instances]
    assert cells == [(e, n) for e in (0, F(1, 20), F(1, 10)) for n in (2, 8)]
    [one] = asked(tmp_path, {}, overrides={"scenario.N": "8", "source.order": "B first"}).instances
    assert one.question.scenario.settings == (8, 8)
    assert one.question.source.order == "B first"
    assert one.name == ""


def test_largest_grid_counts_all_instances(tmp_path):
    tables = {
        "scenario": CHSH,
        "test": None,
        "ask": 'quantity = "strategy"',
        "grid": '"source.epsilon" = "0 : 1/10 : 1/600"',
    }
    extra = "[[instances]]\nname = 'x'\n[instances.grid]\n'source.epsilon' = '0 : 2/5 : 1/24950'\n"
    path = tmp_path / "mine.toml"
    path.write_text(written(tables, extra))
    assert "grid: has 10042 cells" in refused(path)


# ------------------------------------------------------------------ the worked examples of the design

EXAMPLE_1 = written(
    {
        "scenario": 'family = "chained"\nN = 16',
        "source": SV + '0.06\norder = "interleaved"\nbits = "least-significant-first"',
        "observed": 'behaviour = "quantum"\nsettings = "uniform"',
        "expect": 'at_most = { formula = "lemma-1" }',
        "grid": '"scenario.N" = [2, 4, 8, 16]\n"source.epsilon" = "0 : 3/25 : 1/100"',
    }
)
EXAMPLE_2 = written(
    {
        "scenario": 'family = "chained"\nN = 8',
        "source": SV + '0\norder = "interleaved"\nbits = "most-significant-first"',
        "adversary": 'devices = "local"',
        "ask": 'quantity = "strategy"',
        "threshold": 'of = "source.epsilon"\nbetween = [0, "1/4"]\nwidth = 1e-9',
        "expect": 'value = { formula = "chained-local-threshold" }',
    },
    """
[[instances]]
name   = "whole behaviour"
test   = [{ keep = "behaviour", tolerance = 1e-12 }]
expect = { at_least = "1/10" }
""",
)
EXAMPLE_3 = written(
    {
        "scenario": 'family = "ghz"\nM = 5',
        "source": 'kind = "uniform"',
        "test": 'relations = "mermin"\nviolated = 0',
        "ask": GUESS + 'of = { majority = ["A", "B", "C"] }\nat = [1, 1, 1, 1, 1]',
        "expect": 'value = "3/4"',
    },
    """
[[instances]]
name = "robust"
test = [{ relations = "mermin", violated = "1/100" }]
expect = {}
""",
)


def test_example_1(tmp_path):
    (tmp_path / "1.toml").write_text(EXAMPLE_1)
    instances = read(tmp_path / "1.toml").instances
    assert len(instances) == 52
    for instance in instances:
        n, epsilon = instance.question.scenario.settings[0], instance.question.source.epsilon
        r = n.bit_length() - 1
        ratio = (1 + 2 * epsilon) / (1 - 2 * epsilon)
        assert instance.expect.at_most == n * sin_pi(F(1, 4 * n)) ** 2 * ratio ** (2 * r)


def test_example_2(tmp_path):
    (tmp_path / "2.toml").write_text(EXAMPLE_2)
    first, second = read(tmp_path / "2.toml").instances
    assert first.threshold == second.threshold
    assert (first.threshold.between, first.threshold.width) == ((0, F(1, 4)), F(1, 10**9))
    assert first.expect.within == F(1, 10**9)
    assert len(second.question.tests) == 2 * 4 * 64
    assert second.expect.value is None


def test_example_3(tmp_path):
    (tmp_path / "3.toml").write_text(EXAMPLE_3)
    exact, robust = read(tmp_path / "3.toml").instances
    assert exact.expect.value == F(3, 4)
    assert [test.score for test in exact.question.tests] == [0]
    assert robust.expect is None
    assert [test.score for test in robust.question.tests] == [F(1, 100)]


def test_example_4(tmp_path):
    tables = {
        "scenario": CHSH,
        "source": 'kind = "uniform"',
        "observed": None,
        "adversary": 'devices = "quantum"\nlevel = "1 + A B"',
        "test": CHSH_TEST + "score = 2.8",
        "ask": GUESS + 'of = "A"\nat = [0, 0]',
        "expect": 'value = "1/2 + sqrt(2 - 2.8^2/4)/2"\nwithin = 1e-8',
    }
    weak = '[[instances]]\nname = "weak"\nadversary = { level = "1" }\nexpect = { verdict = "UNDECIDED" }\n'
    first, second = asked(tmp_path, tables, weak).instances
    assert first.expect.value == F(1, 2) + sqrt(2 - F(14, 5) ** 2 / 4) / 2
    assert (first.question.adversary.level, second.question.adversary.level) == ("1 + A B", "1")
    assert second.expect.verdict == "UNDECIDED"


def test_example_5(tmp_path):
    tables = {
        "observed": 'behaviour = "quantum"\nvisibility = 0.99\nsettings = "uniform"',
        "adversary": 'devices = "quantum"\nlevel = "1 + A B"\ntold = "settings"',
        "test": 'keep = "behaviour"\ntolerance = 1e-9',
        "ask": GUESS + 'of = "A"\nat = "average"',
    }
    question = asked(tmp_path, tables).instances[0].question
    assert (question.adversary.devices, question.adversary.told) == ("quantum", "settings")
    assert len(question.tests) == 2 * 64


EXAMPLES_TO_COME = {
    "6": (
        written(
            {
                "scenario": TWO_BY_TWO,
                "source": SV + '0.02\norder = "A first"',
                "observed": 'counts = "june14.csv"\nconfidence = 1e-6\nrounds = "independent"',
            }
        ),
        "observed.counts: unknown key",
    ),
}


@pytest.mark.parametrize("number", EXAMPLES_TO_COME)
def test_examples_that_need_what_is_not_there_yet(number, tmp_path):
    body, words = EXAMPLES_TO_COME[number]
    path = tmp_path / "example.toml"
    path.write_text(body)
    said = refused(path)
    assert words in said
    assert "allowed" in said
