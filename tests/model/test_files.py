"""Question files: what they may say, and what is answered to one that cannot be asked."""

from __future__ import annotations

import itertools
import os
from fractions import Fraction as F
from pathlib import Path

import pytest

from freerand_opt.errors import InputError
from freerand_opt.model import Behaviour, Scenario, chained, chsh, families, ghz
from freerand_opt.model.files.file import merged, read
from freerand_opt.model.files.head import kind_of, load
from freerand_opt.numbers.exact import sin_pi, sqrt

ROOT = Path(__file__).parents[2]

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
    "epsilon above": ({"source": SV + "0.6"}, "source.epsilon", "0.6", "[0, 1/2)"),
    "epsilon negative": ({"source": SV + "-0.01"}, "source.epsilon", "-0.01", "[0, 1/2)"),
    "decimal comma": ({"source": SV + '"0,1"'}, "source.epsilon", "'0,1'", "write 0.1, with a point"),
    "epsilon irrational": ({"source": SV + '"sqrt(2)/10"'}, "source.epsilon", "sqrt(2)/10", "rational"),
    "epsilon missing": ({"source": 'kind = "santha-vazirani"'}, "source.epsilon", "missing", "number"),
    "bool for number": ({"source": SV + "true"}, "source.epsilon", "true is a truth value", "number"),
    "infinite": ({"source": SV + "inf"}, "source.epsilon", "inf", "finite"),
    "not a number": ({"source": SV + "-nan"}, "source.epsilon", "-nan", "finite"),
    "array for number": ({"source": SV + "[1]"}, "source.epsilon", "[1] is an array", "number"),
    "date for number": ({"source": SV + "2026-06-14"}, "source.epsilon", "date", "number"),
    "number beyond floats": ({"test": CHSH_TEST + "score = 1e400"}, "test[0].", "", ""),
    # scenario and source
    "N not a power of two": ({"scenario": 'family = "chained"\nN = 3'}, "scenario", "3 settings", "2, 4, 8"),
    "N a fraction": ({"scenario": 'family = "chained"\nN = "9/2"'}, "scenario.N", "'9/2'", "an integer"),
    "N decimal": (
        {"scenario": 'family = "chained"\nN = 4.5'},
        "scenario.N",
        "4.5",
        "an integer",
    ),
    "N too small": ({"scenario": 'family = "chained"\nN = 1'}, "scenario.N", "1 is not", "[2, 1024]"),
    "N too large": ({"scenario": 'family = "chained"\nN = 2048'}, "scenario.N", "2048", "[2, 1024]"),
    "M too small": ({"scenario": 'family = "ghz"\nM = 2'}, "scenario.M", "2 is not", "[3, 64]"),
    "N for CHSH": ({"scenario": CHSH + "\nN = 2"}, "scenario.N", "unknown key", "allowed here: family"),
    "family unknown": (
        {"scenario": 'family = "chain"'},
        "scenario.family",
        "'chain'",
        "did you mean 'chained'",
    ),
    "no family": ({"scenario": "N = 4"}, "scenario.settings", "missing", "for each party"),
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
        "0 is not",
        "[1, 1024]",
    ),
    "scenario too large": (
        {"scenario": "settings = { A = 1024, B = 1024, C = 1024 }\noutcomes = { A = 2, B = 2, C = 2 }"},
        "scenario.settings",
        "8589934592",
        "at most 4194304",
    ),
    "kind unknown": ({"source": 'kind = "santa-vazirani"'}, "source.kind", "santa", "mean 'santha-vazirani'"),
    "kind missing": ({"source": "epsilon = 0"}, "source.kind", "missing", "uniform, free, santha-vazirani"),
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
    "table misspelt": ({"ask": None, "aks": ""}, "aks", "unknown key", "did you mean 'ask'"),
    "table missing": ({"adversary": None}, "adversary", "missing", "a table with devices is needed"),
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
        "'quantum'",
        "families chsh, chained, ghz",
    ),
    "PR box of three": (
        {"scenario": 'family = "ghz"\nM = 3', "observed": 'behaviour = "pr-box"'},
        "observed.behaviour",
        "'pr-box'",
        "families chsh, chained",
    ),
    "two behaviours": (
        {"observed": 'behaviour = "quantum"\nstate = "ghz"'},
        "observed.state",
        "observed.behaviour",
        "keep one",
    ),
    "signalling": (
        {"scenario": CHSH, "observed": SIGNALLING},
        "test[0].score",
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
    "number that no certificate writes": (
        {"scenario": CHSH, "observed": 'table = { "P(00|00)" = "root3(2)*root3(4)/4", "P(01|00)" = "1/2" }'},
        'observed.table."P(00|00)"',
        "root3(2)*root3(4)",
        "round it to a fraction",
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
        "1.01",
        "[0, 1]",
    ),
    "visibility of nothing": (
        {"observed": "visibility = 0.9"},
        "observed.visibility",
        "needs",
        "observed.behaviour",
    ),
    "settings unknown": (
        {"observed": 'settings = "fair"'},
        "observed.settings",
        "'fair'",
        "uniform, unconstrained",
    ),
    "settings of another type": (
        {"observed": "settings = [1]"},
        "observed.settings",
        "is no joint setting",
        "00 to 33",
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
        "[0, 1]",
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
        "efficiency, measurements, no_click, noise, settings",
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
    "d too small": ({"scenario": 'family = "cglmp"\nd = 1'}, "scenario.d", "1 is not", "[2, 32]"),
    "d too large": ({"scenario": 'family = "cglmp"\nd = 33'}, "scenario.d", "33", "[2, 32]"),
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
        {"scenario": "settings = [2, 4]\noutcomes = [2, 2]", "observed": None},
        "test[0].functional",
        "chained",
        "as many settings",
    ),
    "mermin of two": (
        {"test": 'relations = "mermin"'},
        "test[0].relations",
        "Mermin",
        "three or more parties",
    ),
    "relations unknown": ({"test": 'relations = "hardy"'}, "test[0].relations", "'hardy'", "allowed: mermin"),
    "violated negative": (
        {"scenario": 'family = "ghz"\nM = 3', "test": 'relations = "mermin"\nviolated = -1'},
        "test[0].violated",
        "-1",
        "from 0 on",
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
        "terms (a table of labels)",
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
    "label of a party twice": (
        {"scenario": CHSH, "test": 'terms = { "<A0 A1>" = 1 }\nrelation = "<="\nscore = 1'},
        "test[0]",
        "moments",
        "<A0 A1>",
    ),
    "correlator setting": label_fault("<A2>", "settings of A", "0..1"),
    "no label": label_fault("E(0,0)", "a label is", "P(01|10)"),
    "correlator of three outcomes": (
        {
            "scenario": "settings = { A = 2, B = 2 }\noutcomes = { A = 3, B = 2 }",
            "test": 'terms = { "<A0 B0>" = 1 }\nrelation = "<="\nscore = 1',
            "observed": None,
        },
        'test[0].terms."<A0 B0>"',
        "A has 3 outcomes",
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
            "observed": 'behaviour = "quantum"\nsettings = "unconstrained"',
            "test": 'functional = "chained"\nrelation = "="\nscore = "1/2"',
        },
        "test[0]",
        "8 joint settings",
        "sum of ratios",
    ),
    "score with free settings": (
        {
            "observed": 'settings = "unconstrained"',
            "test": None,
            "ask": 'quantity = "score"\nfunctional = "chained"',
        },
        "ask",
        "not linear with unconstrained settings",
        'on = "joint"',
    ),
    "keep what": ({"test": 'keep = "all"'}, "test[0].keep", "'all'", "behaviour, errors"),
    "keep nothing": (
        {"observed": None, "test": 'keep = "behaviour"'},
        "test[0].keep",
        "needs",
        "observed.behaviour",
    ),
    "keep irrational": ({"test": 'keep = "behaviour"'}, "test[0].tolerance", "irrational", "1e-6"),
    "tolerance negative": (
        {"test": 'keep = "errors"\ntolerance = -1'},
        "test[0].tolerance",
        "-1",
        "from 0 on",
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
    "of nobody": ({"ask": GUESS + "of = []\nat = [0, 0]"}, "ask.of", "[]", "parties such as"),
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
    "at true": ({"ask": GUESS + 'of = "A"\nat = [0, true]'}, "ask.at", "true is a truth value", "number"),
    "at a word": ({"ask": GUESS + 'of = "A"\nat = "mean"'}, "ask.at", "'mean'", "average, worst"),
    "at a number": ({"ask": GUESS + 'of = "A"\nat = 0.5'}, "ask.at", "0.5 is not", "integer"),
    "strategy of a party": ({"ask": 'quantity = "strategy"\nof = "A"'}, "ask.of", "no such key", "quantity"),
    "score at settings": (
        {"ask": 'quantity = "score"\nfunctional = "chained"\nat = [0, 0]'},
        "ask.at",
        "no such key",
        "extreme, functional, game, on, quantity, terms",
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
        "1/4, 0",
        "first < second",
    ),
    "threshold up to 1/2": (
        {"threshold": 'of = "source.epsilon"\nbetween = [0, 0.5]'},
        "threshold.between",
        "1/2",
        "< 1/2",
    ),
    "threshold of one end": (
        {"threshold": 'of = "source.epsilon"\nbetween = [0]'},
        "threshold.between",
        "[0]",
        "a pair of rational numbers",
    ),
    "threshold of no end": (
        {"threshold": 'of = "source.epsilon"'},
        "threshold.between",
        "missing",
        "a pair of",
    ),
    "threshold width": (
        {"threshold": 'of = "source.epsilon"\nbetween = [0, 0.1]\nwidth = 0'},
        "threshold.width",
        "0",
        "above 0",
    ),
    "formula unknown": (
        {"expect": 'value = { formula = "lemma1" }'},
        "expect.value.formula",
        "'lemma1'",
        "mean 'lemma-1'",
    ),
    "within negative": ({"expect": "value = 1\nwithin = -1"}, "expect.within", "-1", "from 0 on"),
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
    assert words.isprintable()


def test_base_of_all_faults_is_right(tmp_path):
    assert len(asked(tmp_path, {}).instances) == 1


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
        ("[computation]\nname = 'averaged-base'", "computation", "unknown key"),
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
        ("schema = 2", "schema", "[1, 1]"),
        ("schema = '1.5'", "schema", "integer"),
        ("title = 1", "title", "1 is an integer; a text"),
        ("tier = 'short'", "tier", "core, long"),
        ("[reference]\nauthor = 'x'", "reference.author", "arxiv, label, paper"),
        ("reference = 'x'", "reference", "a table with paper, label, arxiv is needed"),
        ("[test]\nkeep = 'errors'", "scenario", "missing"),
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
    assert "test: " in refused(path)
    assert "as [[test]]" in refused(path)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("source.eps", "0", "source.eps: unknown key"),
        ("scenario.N", "3", "power of two"),
        ("scenario.N", "4 : 2 : 1", "first <= last"),
        ("scenario.N", "--x", "'--x' is not a number"),
        ("scenario.N", "²", "'²' is not a number"),
        ("scenario.N", "1" * 5000, "1000 digits"),
        ("source.epsilon", "", "number is needed"),
        ("source.epsilon", "0:1:1e-9", "more than 10000000 values"),
        ("nothing", "0", "nothing: unknown key"),
        ("", "0", "no path of a field"),
        ("source epsilon", "0", "source.epsilon or test[0].score"),
        ("ask.at[2]", "0", "ask.at has 2 entries"),
        ("test[1].score", "1", "test has 1 entries"),
        ("ask.at", "[0, 0", "no value in brackets"),
        ("ask.at", "[0, 5]", "5 is no setting of B"),
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
    "nested arrays": (b"a = " + b"[" * 60_000 + b"]" * 60_000, "nested too deeply"),
    "nested tables": (b"a = " + b"{a=" * 40_000 + b"1" + b"}" * 40_000, "nested too deeply"),
    "nested keys": (b"a" + b".a" * 100_000 + b" = 1", "more than 30 parts"),
    "nested quoted keys": (b"a" + b' . "a"' * 40_000 + b" = 1", "more than 30 parts"),
    "nested headers": (b"[a" + b".a" * 100_000 + b"]", "more than 30 parts"),
    "long integer": (b"schema = " + b"9" * 5000, "is not TOML"),
    "key of no bound": (b"a" * 200_000 + b" = 1", "unknown key"),
    "given twice": (b"[scenario]\n[scenario]\n", "is not TOML"),
    "latin-1": ("title = 'é'".encode("latin-1"), "is not UTF-8 text"),
    "a key for the terminal": (b'"\\u001b[2J" = 1', "cannot be printed"),
    "a text for the terminal": (b'[source]\nkind = "\\u001b[2J"', "cannot be printed"),
}


@pytest.mark.parametrize("case", FILES)
def test_no_question_file(case, tmp_path):
    body, words = FILES[case]
    path = tmp_path / "mine.toml"
    path.write_bytes(body)
    said = refused(path)
    assert words in said
    assert said.isprintable() or case == "no TOML"


def test_no_file(tmp_path):
    assert "is a directory" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "none.toml")
    assert "cannot be read" in refused(tmp_path / "a\0b")
    assert "no ordinary file" in refused(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    assert "no ordinary file" in refused(tmp_path / "pipe.toml")


def test_long_values_and_keys_are_shortened(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(written({"source": SV + "[" * 100 + "]" * 100}))
    assert "..." in refused(path)
    path.write_text(written({"ask": TABLES["ask"] + "\n" + "k" * 50_000 + " = 1"}))
    assert "unknown key" in refused(path)


def test_kinds_of_files():
    assert kind_of(load(ROOT / "lps/theorem_2_exponent.toml")) == "computation"
    assert kind_of(load(ROOT / "docs/protocols/window.toml")) == "protocol"
    assert kind_of(load(ROOT / "lps/chained_guess.toml")) == "question"
    for name in ("lps/theorem_2_exponent.toml", "docs/protocols/window.toml"):
        assert "is no question" in refused(ROOT / name)


# ------------------------------------------------------------------ observed behaviours


def inline(behaviour):
    cells = itertools.product(*map(range, behaviour.scenario.shape))
    return (
        "{ "
        + ", ".join(f'"{behaviour.scenario.label(s, o)}" = "{behaviour.rows[s][o]}"' for s, o in cells)
        + " }"
    )


def csv_text(behaviour, header):
    scenario = behaviour.scenario
    lines = [header]
    for s, o in itertools.product(*map(range, scenario.shape)):
        cells = (*scenario.joint_settings[s], *scenario.joint_outcomes[o], behaviour.rows[s][o])
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"


def named(name, scenario):
    rows = families.behaviour(name, scenario)
    return Behaviour(Scenario(*scenario.sizes), tuple(map(rows, range(scenario.shape[0]))))


def kept(path_or_table, scenario, folder, extra="", tolerance="1/1000"):
    """Return the table that `keep = behaviour` keeps, by joint setting."""
    tables = {
        "scenario": scenario,
        "observed": f"table = {path_or_table}\n{extra}",
        "source": 'kind = "uniform"',
        "test": f'keep = "behaviour"\ntolerance = "{tolerance}"',
        "ask": 'quantity = "strategy"',
    }
    [instance] = asked(folder, tables).instances
    [kept] = instance.question.problem().tests
    assert kept.tolerance == F(tolerance)
    return dict(kept.table)


@pytest.mark.parametrize("name", families.NAMES)
def test_inline_table_equals_the_named_behaviour(name, tmp_path):
    behaviour = named(name, chsh())
    assert kept(inline(behaviour), TWO_BY_TWO, tmp_path) == dict(enumerate(behaviour.rows))


@pytest.mark.parametrize("header", ["x,y,a,b,p", "x1,x2,a1,a2,p", " x, y, a, b, p"])
@pytest.mark.parametrize("name", families.NAMES)
def test_csv_of_two_parties(name, header, tmp_path):
    behaviour = named(name, chsh())
    (tmp_path / "p.csv").write_text(csv_text(behaviour, header))
    assert kept('"p.csv"', TWO_BY_TWO, tmp_path) == dict(enumerate(behaviour.rows))


@pytest.mark.parametrize("header", ["x,y,z,a,b,c,p", "x1,x2,x3,a1,a2,a3,p"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_of_three_parties(header, newline, tmp_path):
    behaviour = named("quantum", ghz(3))
    # as a spreadsheet writes it: with a byte order mark, and blank lines at the end
    body = csv_text(behaviour, header).replace("\n", newline) + newline
    (tmp_path / "p.csv").write_bytes(b"\xef\xbb\xbf" + body.encode())
    assert kept('"p.csv"', 'family = "ghz"\nM = 3', tmp_path) == dict(enumerate(behaviour.rows))


def test_csv_of_one_party_with_many_settings(tmp_path):
    rows = "".join(f"{x},{x % 2},1\n" for x in range(12))
    (tmp_path / "below").mkdir()
    (tmp_path / "below/p.csv").write_text("x,a,p\n" + rows)
    found = kept('"below/p.csv"', "settings = { A = 12 }\noutcomes = { A = 2 }", tmp_path)
    assert found == {x: (F(x % 2 == 0), F(x % 2)) for x in range(12)}


def test_visibility_mixes_with_white_noise(tmp_path):
    found = kept(inline(named("pr-box", chsh())), TWO_BY_TWO, tmp_path, "visibility = 0.7")
    for s, row in found.items():
        for wins, p in zip(named("pr-box", chsh()).rows[s], row, strict=True):
            assert p == (F(7, 20) if wins else 0) + F(3, 40)


def test_a_part_of_a_table_is_kept_where_it_is_known(tmp_path):
    table = '{ "P(00|00)" = "1/2", "P(11|00)" = "1/2", "P(00|11)" = "1/2", "P(11|11)" = "1/2" }'
    half = (F(1, 2), F(0), F(0), F(1, 2))
    assert kept(table, TWO_BY_TWO, tmp_path, tolerance="0") == {0: half, 3: half}


def test_a_score_of_unknown_settings_is_refused(tmp_path):
    tables = {
        "scenario": CHSH,
        "observed": 'table = { "P(00|00)" = 1 }',
        "test": CHSH_TEST + 'score = "observed"',
    }
    path = tmp_path / "mine.toml"
    path.write_text(written(tables))
    assert "test[0].score: the table says nothing of settings 01, 10, 11" in refused(path)


def test_frequencies_that_signal_are_kept_with_a_tolerance(tmp_path):
    tables = {"scenario": CHSH, "observed": SIGNALLING, "test": 'keep = "behaviour"\ntolerance = "1/4"'}
    [instance] = asked(tmp_path, {**tables, "ask": 'quantity = "strategy"'}).instances
    [test] = instance.question.problem().tests
    assert test.tolerance == F(1, 4)
    path = tmp_path / "mine.toml"
    path.write_text(written({**tables, "test": 'keep = "behaviour"'}))
    assert "it signals: P(A=0) at settings A=1" in refused(path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "No such file"),
        ("", "x,y,a,b,p is needed"),
        ("x,y,a,b\n", "x,y,a,b,p is needed"),
        ("x;y;a;b;p\n", "x,y,a,b,p is needed"),
        ("x,y,a,b,n\n0,0,0,0,12\n", "holds counts, not probabilities; name it in [data]"),
        ("x,y,a,b,p\n0,0,0,0\n", "line 2: 4 cells instead of 5"),
        ("x,y,a,b,p\n0,0,0,0,1,2\n", "line 2: 6 cells instead of 5"),
        (
            "x,y,a,b,p\n0,0,0,2,1\n",
            "line 2: settings and outcomes are integers from 0 on, within the scenario",
        ),
        ("x,y,a,b,p\n0,0,0,,1\n", "line 2: settings and outcomes are integers"),
        ("x,y,a,b,p\n0,0,0,-1,1\n", "line 2: settings and outcomes are integers"),
        ("x,y,a,b,p\n0,0,0,0,half\n", "line 2: the last cell is no probability"),
        ('x,y,a,b,p\n0,0,0,0,"0,5"\n', "with a point"),
        ("x,y,a,b,p\n0,0,0,0,1\n0,0,0,0,0\n", "line 3: is given twice"),
        ("x,y,a,b,p\n0,0,0,0,1/2\n", "sum to 1/2, not to 1"),
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


def test_contents_of_other_files_are_not_shown(tmp_path):
    (tmp_path / "p.csv").write_text("x,y,a,b,p\n0,0,0,0,secret\n")
    (tmp_path / "secret.csv").write_text("secret\n")
    for name in ("p.csv", "secret.csv"):
        for key in ("table", "state", "measurements"):
            more = 'state = "phi+"' if key == "measurements" else ""
            more = "angles = { A = [0, 0], B = [0, 0] }" if key == "state" else more
            path = tmp_path / "mine.toml"
            path.write_text(written({"scenario": CHSH, "observed": f'{more}\n{key} = "{name}"'}))
            assert "secret" not in refused(path).replace("secret.csv", "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is a directory"),
        ("../none.csv", "is not in the folder of this file or below it"),
        ("/etc/passwd", "is not in the folder of this file or below it"),
        ("a/../../b.csv", "is not in the folder of this file or below it"),
    ],
)
def test_files_elsewhere_are_not_read(tmp_path, name, words):
    path = tmp_path / "mine.toml"
    path.write_text(written({"scenario": CHSH, "observed": f'table = "{name}"'}))
    assert words in refused(path)


def test_a_link_to_elsewhere_is_not_followed(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "p.csv").write_text("x,y,a,b,p\n")
    (tmp_path / "home/p.csv").symlink_to(tmp_path / "p.csv")
    path = tmp_path / "home/mine.toml"
    path.write_text(written({"scenario": CHSH, "observed": 'table = "p.csv"'}))
    assert "only such files are read" in refused(path)


# ------------------------------------------------------------------ tests and outputs


def test_observed_score_is_the_closed_form(tmp_path):
    [instance] = asked(tmp_path, {}).instances
    [test] = instance.question.problem().tests
    assert test.score == 8 * sin_pi(F(1, 16)) ** 2  # 2N sin^2(pi/4N), arXiv:1105.3195


def test_observed_joint_score_is_weighted_by_the_settings(tmp_path):
    tables = {"test": 'functional = "chained"\non = "joint"\nrelation = "<="\nscore = "observed"'}
    [instance] = asked(tmp_path, tables).instances
    [test] = instance.question.problem().tests
    assert test.functional.on == "joint"
    assert test.score == 8 * sin_pi(F(1, 16)) ** 2 / 16  # 16 joint settings, uniform


def test_keep_errors_gives_one_test_an_edge(tmp_path):
    [instance] = asked(tmp_path, {"test": 'keep = "errors"\ntolerance = 0.001'}).instances
    tests = instance.question.problem().tests
    assert len(tests) == 8
    assert {test.score for test in tests} == {sin_pi(F(1, 16)) ** 2 + F(1, 1000)}


def test_own_functional_equals_chsh(tmp_path):
    terms = '{ "<A0 B0>" = 1, "<A0 B1>" = 1, "<A1 B0>" = 1, "<A1 B1>" = -1 }'
    tables = {"scenario": CHSH, "test": f'terms = {terms}\nrelation = ">="\nscore = "observed"'}
    [own] = asked(tmp_path, tables).instances[0].question.problem().tests
    tables = {"scenario": CHSH, "test": CHSH_TEST + 'score = "observed"'}
    [named] = asked(tmp_path, tables).instances[0].question.problem().tests
    assert own == named
    assert own.score == 2 * sqrt(F(2))


def test_numbers_are_read_as_written(tmp_path):
    sources = [SV + "0.1", SV + '"1/10"', SV + "1_0.0_0e-2"]
    one, two, three = (asked(tmp_path, {"source": source}).instances[0].question.source for source in sources)
    assert one == two == three
    assert one.epsilon == F(1, 10)


def test_a_claim_is_read_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = read("entropy_chsh")
    assert file.instances[0].question.ask.quantity == "entropy"
    assert len(file.instances) == 4
    with pytest.raises(InputError, match="cannot be read"):
        read("no_such_claim")


def test_settings_by_label(tmp_path):
    settings = 'settings = { "00" = "1/2", "1,1" = 0.25, "10" = 0.25 }'
    tables = {"scenario": CHSH, "observed": settings, "test": None, "ask": 'quantity = "strategy"'}
    [instance] = asked(tmp_path, tables).instances
    assert instance.question.problem().observed == (F(1, 2), F(0), F(1, 4), F(1, 4))


def test_free_is_an_alias_with_a_note(tmp_path):
    tables = {"scenario": CHSH, "test": None, "ask": 'quantity = "strategy"'}
    old = asked(tmp_path, {**tables, "observed": 'settings = "free"'})
    new = asked(tmp_path, {**tables, "observed": 'settings = "unconstrained"'})
    assert old.instances[0].question == new.instances[0].question
    assert old.instances[0].question.problem().observed is None
    assert "unconstrained" in old.notes[0]
    assert new.notes == ()


# ------------------------------------------------------------------ instances, grids, overrides


def test_fields_of_a_table_are_replaced_one_by_one():
    base = {"source": {"kind": "x", "epsilon": 1, "deep": {"a": 1}}, "test": [1, 2], "n": 1}
    variant = {"source": {"epsilon": 2, "deep": {"b": 2}}, "test": [3], "n": 2}
    assert merged(base, variant) == {
        "source": {"kind": "x", "epsilon": 2, "deep": {"b": 2}},
        "test": [3],
        "n": 2,
    }
    assert base["source"] == {"kind": "x", "epsilon": 1, "deep": {"a": 1}}
    for name in ("expect", "grid", "threshold"):
        assert merged({name: {"a": 1}}, {name: {"b": 2}}) == {name: {"b": 2}}
    for key in ("kind", "family"):
        assert merged({"t": {key: "x", "a": 1}}, {"t": {key: "y"}}) == {"t": {key: "y"}}
        assert merged({"t": {key: "x", "a": 1}}, {"t": {key: "x"}}) == {"t": {key: "x", "a": 1}}


@pytest.mark.parametrize("key", ["functional", "terms"])
@pytest.mark.parametrize("own", ["functional", "terms"])
def test_an_instances_functional_is_its_own(tmp_path, key, own):
    """A file's functional and an instance's are never a third one, however they are spelt."""
    tables = {
        "scenario": CHSH,
        "test": None,
        "ask": f'quantity = "score"\n{key} = {{ "P(00|00)" = 1, "P(11|11)" = 3 }}',
    }
    instance = f'[[instances]]\nname = "other"\nask = {{ {own} = {{ "P(00|00)" = 2 }} }}\n'
    if key != own:
        with pytest.raises(InputError, match=r"ask.terms: is given twice, also by functional"):
            asked(tmp_path, tables, instance)
        return
    first, second = asked(tmp_path, tables, instance).instances
    assert first.question.problem().ask.score.terms == ((0, 0, F(1)), (3, 3, F(3)))
    assert second.question.problem().ask.score.terms == ((0, 0, F(2)),)


def test_an_instances_distribution_is_its_own(tmp_path):
    """What an instance does not say of a distribution is 0, not what the file's own has there."""
    cells = '"P(00|00)" = 1, "P(00|01)" = 1, "P(00|10)" = 1, "P(00|11)" = 1'
    tables = {"scenario": CHSH, "observed": f"table = {{ {cells} }}"}
    other = cells.replace("P(00", "P(11")
    instance = f'[[instances]]\nname = "other"\nobserved = {{ table = {{ {other} }} }}\n'
    first, second = (each.question for each in asked(tmp_path, tables, instance).instances)
    assert [tuple(each.observed.rows(each.scenario)(0)) for each in (first, second)] == [
        (1, 0, 0, 0),
        (0, 0, 0, 1),
    ]


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
    assert base.expect.at_most.formula == "lemma-1"
    assert base.expected == "<= lemma-1"
    assert fair.expect is None
    assert fair.question.source.to_dict() == {"kind": "uniform"}
    assert [instance.name for instance in gray] == ["Gray N=2", "Gray N=8"]
    assert {instance.question.source.bits for instance in gray} == {"gray"}
    assert [instance.question.scenario for instance in gray] == [chained(2), chained(8)]


def test_claims_are_told_as_they_are_written(tmp_path):
    """A root is not told as the sum that it is computed by, nor a decimal as a fraction."""
    long = "(root4(1/(16*sin(pi/16)^2)) - 1)/(2*(root4(1/(16*sin(pi/16)^2)) + 1))"
    for end, said in ((f'"{long}"', f"= {long}"), ("0.0048191277", "= 0.0048191277"), ("2", "= 2")):
        assert asked(tmp_path, {}, f"[expect]\nvalue = {end}\n").instances[0].expected == said
    assert asked(tmp_path, {}, '[expect]\nat_least = "1/4 - 1e-9"\nat_most = 1\n').instances[0].expected == (
        "<= 1, >= 1/4 - 1e-9"
    )


def test_grid_is_the_product_of_its_axes(tmp_path):
    grid = '"scenario.N" = [2, 4, 8, 16]\n"source.epsilon" = "0 : 3/25 : 1/100"'
    instances = asked(tmp_path, {"grid": grid}).instances
    cells = [(i.question.scenario.N, i.question.source.epsilon) for i in instances]
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
    cells = [(i.question.source.epsilon, i.question.scenario.N) for i in instances]
    assert cells == [(e, n) for e in (0, F(1, 20), F(1, 10)) for n in (2, 8)]
    [one] = asked(tmp_path, {}, overrides={"scenario.N": "8", "source.order": "B first"}).instances
    assert one.question.scenario == chained(8)
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
    # a part of the cells may be chosen, by number
    some = read(path, choose=lambda sizes: [[0], [1, sizes[1] - 1]]).instances
    assert [i.question.source.epsilon for i in some] == [0, F(1, 24950), F(2, 5)]
    assert [i.variant for i in some] == [0, 1, 1]
    assert (
        len(read(path, choose=lambda sizes: [range(5), []], keep=lambda v, at: at[0][1] == "1/300").instances)
        == 1
    )


def test_seeking_another_threshold(tmp_path):
    tables = {"ask": 'quantity = "strategy"', "expect": 'value = "exists"', "grid": '"scenario.N" = [2, 4]'}
    path = tmp_path / "mine.toml"
    path.write_text(written({**tables, "adversary": 'devices = "local"'}))
    first, second = read(path, threshold="source.epsilon=0:1/4").instances
    assert first.threshold == second.threshold
    assert first.threshold.between == (0, F(1, 4))
    assert first.expect is None
    with pytest.raises(InputError, match="write field=first:last"):
        read(path, threshold="source.epsilon")


# ------------------------------------------------------------------ the worked examples of the design


def test_example_2(tmp_path):
    tables = {
        "scenario": 'family = "chained"\nN = 8',
        "source": SV + '0\norder = "interleaved"\nbits = "most-significant-first"',
        "adversary": 'devices = "local"',
        "ask": 'quantity = "strategy"',
        "threshold": 'of = "source.epsilon"\nbetween = [0, "1/4"]\nwidth = 1e-9',
        "expect": 'value = { formula = "chained-local-threshold" }',
    }
    extra = (
        '[[instances]]\nname = "whole behaviour"\ntest = [{ keep = "behaviour", tolerance = 1e-12 }]\n'
        'expect = { at_least = "1/10" }\n'
    )
    first, second = asked(tmp_path, tables, extra).instances
    assert first.threshold == second.threshold
    assert (first.threshold.between, first.threshold.width) == ((0, F(1, 4)), F(1, 10**9))
    [kept] = second.question.problem().tests
    assert len(kept.table) == 64
    assert second.expect.value is None


def test_example_3(tmp_path):
    tables = {
        "scenario": 'family = "ghz"\nM = 5',
        "source": 'kind = "uniform"',
        "test": 'relations = "mermin"\nviolated = 0',
        "ask": GUESS + 'of = { majority = ["A", "B", "C"] }\nat = [1, 1, 1, 1, 1]',
        "expect": 'value = "3/4"',
    }
    extra = (
        '[[instances]]\nname = "robust"\ntest = [{ relations = "mermin", violated = "1/100" }]\nexpect = {}\n'
    )
    exact, robust = asked(tmp_path, tables, extra).instances
    assert exact.expect.value == F(3, 4)
    assert [test.score for test in exact.question.problem().tests] == [0]
    assert robust.expect is None
    assert [test.score for test in robust.question.problem().tests] == [F(1, 100)]


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
    problem = asked(tmp_path, tables).instances[0].question.problem()
    assert (problem.devices, problem.ask.told, problem.ask.at) == ("quantum", True, None)
    [kept] = problem.tests
    assert (len(kept.table), kept.tolerance) == (16, F(1, 10**9))


def test_example_6_needs_what_is_not_there_yet(tmp_path):
    path = tmp_path / "example.toml"
    tables = {"scenario": TWO_BY_TWO, "observed": 'counts = "june14.csv"\nconfidence = 1e-6'}
    path.write_text(written({**tables, "source": SV + '0.02\norder = "A first"'}))
    assert "observed.counts: unknown key; allowed here: angles" in refused(path)
