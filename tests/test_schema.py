"""Tests that the JSON Schema of question files and the reader know the same."""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from pathlib import Path

import jsonschema
import pytest

from freerand_opt.errors import InputError
from freerand_opt.first.computations.parameters import Word
from freerand_opt.first.computations.roots import FUNCTIONS
from freerand_opt.first.computations.values import VALUES
from freerand_opt.first.formulas.parties import OF_LOCAL_ERRORS, OF_PARTIES
from freerand_opt.first.formulas.questions import NAMED as FORMULAS
from freerand_opt.first.model import behaviour, functional, question, relations, source
from freerand_opt.first.schemas import question_schema
from freerand_opt.first.spec import (
    computations,
    expectations,
    file,
    functionals,
    moments,
    observed,
    read,
    sources,
    tables,
)
from freerand_opt.first.spec import tests as spec_tests
from freerand_opt.first.spec.fields import Fields

CATALOGUE = sorted((Path(__file__).parents[1] / "lps").glob("*.toml"))
SCHEMA = question_schema()
TABLES = SCHEMA["$defs"]

HEAD = """
schema = 1
title = "t"
claim = "c"
tier = "long"
reference = { paper = "p", label = "l", arxiv = "0000.0000" }
"""
QUESTION = """
[scenario]
family = "chsh"
[source]
kind = "santha-vazirani"
epsilon = 0.1
order = "A first"
bits = "gray"
[observed]
behaviour = "quantum"
visibility = 0.9
settings = "uniform"
[adversary]
devices = "local"
told = "nothing"
"""
TEST = '[[test]]\nfunctional = "chsh"\non = "conditional"\nrelation = ">="\nscore = "observed"\n'
ASK = '[ask]\nquantity = "guessing-probability"\nof = "A"\nat = [0, 0]\n'
EXPECT = (
    '[expect]\nvalue = 1\nat_most = "2"\nat_least = 0.5\nwithin = 1e-9\nverdict = "REFUTED"\nrests_on = "x"\n'
)
INSTANCE = (
    '[[instances]]\nname = "i"\nsource = { bits = "gray" }\ngrid = { "source.epsilon" = "0 : 1/5 : 1/10" }\n'
)
ALONE = HEAD + QUESTION + TEST + ASK + EXPECT
FULL = ALONE + INSTANCE

VALUE = (
    '[computation]\nname = "test-probability"\nr = 2\norder = "A first"\n'
    'bits = "gray"\nextreme = "largest"\nepsilon = 0.1\n'
)
OWN_SOURCE = """kind = "santha-vazirani"
epsilon = 0.1
order = "A first"
bits = "gray"
"""
SOURCES = {
    "mutual": 'kind = "mutual"\nepsilon = 0.1\nbits = "gray"\n',
    "independent": 'kind = "independent"\nepsilon = "1/10"\nbits = "least-significant-first"\n',
    "measurement dependence": 'kind = "measurement-dependence"\nlower = "1/5"\nupper = 0.3\n',
    "measurement dependence by default": 'kind = "measurement-dependence"\n',
    "min-entropy": 'kind = "min-entropy"\nbits = 1\n',
    "min-entropy as a text": 'kind = "min-entropy"\nbits = "4/2"\n',
    "inequalities": 'kind = "inequalities"\n'
    'rows = [{ terms = { "00" = 1, "11" = "-1" }, relation = ">=", bound = "1/5" }, '
    "{ terms = {}, bound = 1 }]\n",
}
LETTERS = "ABCDEFGH"
UP, DOWN = [[1, 0], [0, 0]], [[0, 0], [0, 1]]
MIXTURE = """
[scenario]
settings = { A = 3, B = 4, C = 2, D = 1, E = 1, F = 1, G = 1, H = 1 }
outcomes = { A = 2, B = 2, C = 2, D = 1, E = 1, F = 1, G = 1, H = 1 }
[source]
kind = "mixture"
A = { kind = "uniform" }
B = { kind = "santha-vazirani", epsilon = 0.1, bits = "gray" }
""" + "".join(f'{letter} = {{ kind = "santha-vazirani", epsilon = 0 }}\n' for letter in "CDEFGH")
MIXTURE += """[adversary]
devices = "local"
[ask]
quantity = "guessing-probability"
of = "A"
at = "average"
[expect]
"""

MANY = """
[scenario]
family = "ghz"
M = 31
[source]
kind = "santha-vazirani"
epsilon = 0.1
[observed]
behaviour = "quantum"
settings = "uniform"
[adversary]
devices = "no-signalling"
[[test]]
relations = "mermin"
violated = 0
[ask]
quantity = "guessing-probability"
of = { majority = ["A", "B", "C"] }
at = 1
"""
PICKED = (
    '{ picked = { from = ["A", "B", "C", "D"], bits = 2, selection = "outcome-dependent", epsilon = 0.1 } }'
)

#: Files that together use every key that the reader knows.
FILES = {
    "full": FULL,
    "families": FULL.replace('family = "chsh"', 'family = "chained"\nN = 2'),
    "ghz": FULL.replace('family = "chsh"', 'family = "ghz"\nM = 3')
    .replace(TEST, '[[test]]\nrelations = "mermin"\nviolated = 0\n')
    .replace('of = "A"', 'of = { majority = ["A", "B", "C"] }')
    .replace("[0, 0]", '"average"'),
    "own scenario": FULL.replace(
        'family = "chsh"', "settings = { A = 2, B = 2 }\noutcomes = { A = 2, B = 2 }"
    )
    .replace(
        'behaviour = "quantum"', 'table = { "P(00|00)" = 1, "P(00|01)" = 1, "P(00|10)" = 1, "P(00|11)" = 1 }'
    )
    .replace('settings = "uniform"', 'settings = { "00" = 0.25, "01" = 0.25, "10" = 0.25, "11" = 0.25 }')
    .replace('functional = "chsh"', 'terms = { "<A0 B0>" = 1, "P(01|11)" = "1/2" }')
    .replace('of = "A"', 'of = ["A", "B"]'),
    "keep": FULL.replace(TEST, '[[test]]\nkeep = "behaviour"\ntolerance = 1e-9\n').replace(
        'of = "A"', 'of = { parity = ["A", "B"] }'
    ),
    "outputs": FULL.replace('of = "A"', "of = { table = [0, 1, 1, 0] }"),
    "counted outputs": FULL.replace('of = "A"', 'of = { count = ["A", "B"], values = [0, 0, 1] }'),
    "named outputs": FULL.replace('of = "A"', 'of = { table = [0, 1], parties = ["B"] }'),
    "everybody": FULL.replace('of = "A"', 'of = { parity = "all" }'),
    "many parties": HEAD + MANY,
    "a picked party": HEAD
    + MANY.replace('{ majority = ["A", "B", "C"] }', PICKED).replace("M = 31", "M = 4"),
    "score": QUESTION
    + '[ask]\nquantity = "score"\nfunctional = "chsh"\non = "joint"\nextreme = "smallest"\n',
    "score of terms": QUESTION + '[ask]\nquantity = "score"\nterms = { "<A0>" = 1 }\n',
    "threshold": QUESTION
    + TEST
    + '[ask]\nquantity = "strategy"\n'
    + '[threshold]\nof = "source.epsilon"\nbetween = [0, 0.25]\nwidth = 1e-3\n'
    + '[expect]\nvalue = { formula = "chsh-local-score" }\n',
    "uniform": FULL.replace(
        QUESTION.split("[observed]")[0], '[scenario]\nfamily = "chsh"\n[source]\nkind = "uniform"\n'
    )
    .replace("source = { bits", "adversary = { told")
    .replace('told = "gray"', 'told = "settings"')
    .replace('grid = { "source.epsilon" = "0 : 1/5 : 1/10" }', 'grid = { "adversary.told" = ["settings"] }'),
    **{kind: ALONE.replace(OWN_SOURCE, body) for kind, body in SOURCES.items()},
    "mixture": HEAD + MIXTURE,
    "mixture of bits": (HEAD + MIXTURE)
    .replace("{ A = 3", "{ A = 4")
    .replace('A = { kind = "uniform" }', 'A = { kind = "santha-vazirani", epsilon = "1/3" }'),
    "no claim": QUESTION + TEST + ASK + "[expect]\n",
    "states": ALONE.replace(
        'behaviour = "quantum"',
        'state = { schmidt = "1/8" }\nangles = { A = [0, "1/2"], B = [["1/4", 0], ["-1/4"]] }',
    ),
    "amplitudes": ALONE.replace(
        'behaviour = "quantum"',
        'state = [1, 0, 0, "-1/2*i"]\nangles = { A = [0, "1/2"], B = ["1/4", "-1/4"] }',
    ),
    "density matrix": ALONE.replace(
        'behaviour = "quantum"',
        'state = [["1/2", 0, 0, [0, 0]], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, "1/2"]]\n'
        'measurements = "measured.json"',
    ),
    "quantum devices": ALONE.replace('devices = "local"', 'devices = "quantum"\nlevel = "1 + A B"')
    + '[[moment]]\nterms = { "<A0 A1>" = 1, "<A0 B0 A1>" = "1/2" }\nrelation = ">="\nbound = "1/4"\n',
    "I3322": ALONE.replace('family = "chsh"', 'family = "i3322"')
    .replace('behaviour = "quantum"', 'behaviour = "white-noise"')
    .replace(OWN_SOURCE, 'kind = "uniform"\n')
    .replace('functional = "chsh"', 'functional = "i3322"'),
    "CGLMP": ALONE.replace('family = "chsh"', 'family = "cglmp"\nd = 3')
    .replace('behaviour = "quantum"', 'behaviour = "white-noise"')
    .replace('functional = "chsh"', 'functional = "cglmp"'),
    "grid fills in": HEAD
    + QUESTION.replace("epsilon = 0.1", "")
    + TEST
    + ASK
    + '[grid]\n"source.epsilon" = [0, 0.1]\n',
    "root": HEAD
    + '[computation]\nname = "averaged-base"\nwidth = 1e-9\n[expect]\nvalue = "(1 - 1/sqrt(2))/2"\n',
    "any encoding": HEAD + '[computation]\nname = "any-encoding-base"\nfraction = 0.11\n',
    "sum of biases": HEAD
    + '[computation]\nname = "sum-of-biases"\nM = 5\nrelations = "odd"\n'
    + '[expect]\nvalue = { formula = "ghz-ratio" }\n',
    "local errors": HEAD
    + '[computation]\nname = "local-errors"\nM = 5\nepsilon = 0.1\n'
    + '[expect]\nvalue = { formula = "ghz-wrong-inputs" }\n',
    "sum of biases at an input": QUESTION + '[ask]\nquantity = "sum-of-biases"\nat = [0, 0]\n',
    "exponent": HEAD + '[computation]\nname = "theorem-2-exponent"\nm = 3\ni = 0\n',
    "value": HEAD + VALUE,
}


def given(kind):
    return f'"{kind.allowed[0] if isinstance(kind, Word) else kind.most}"'


FILES |= {
    f"value {name}": HEAD
    + f'[computation]\nname = "{name}"\n'
    + "".join(f"{key} = {given(kind)}\n" for key, kind in value.parameters.items())
    for name, value in VALUES.items()
}


def errors(body):
    """Return what the schema says about a file; decimals are read as floats."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(tomllib.loads(body))]


def taken(folder, body):
    """Return whether the reader takes a file."""
    path = folder / "mine.toml"
    path.write_text(body)
    (folder / "measured.json").write_text(json.dumps({"A": [[UP, DOWN]] * 2, "B": [[DOWN, UP]] * 2}))
    try:
        read(path)
    except InputError:
        return False
    return True


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_catalogue_validates(path):
    assert errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("case", FILES)
def test_both_take(case, tmp_path):
    assert errors(FILES[case]) == []
    assert taken(tmp_path, FILES[case])


# ------------------------------------------------------------------ the same keys


def known_keys(folder, monkeypatch):
    """Return, for each table, the keys that the reader asks for while it reads `FILES`."""
    known = defaultdict(set)
    has = Fields.has

    def recording(self, key):
        known[self.path.split("[")[0]].add(key)
        return has(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(Fields, "has", recording)
        for body in FILES.values():
            assert taken(folder, body)
    return known


def schema_keys():
    """Return the same of the schema."""
    found = {
        "": set(SCHEMA["properties"]),
        "reference": set(SCHEMA["properties"]["reference"]["properties"]),
        "ask.of": set(TABLES["function"]["properties"]),
        "ask.of.picked": set(TABLES["function"]["properties"]["picked"]["properties"]),
        "expect.value": set(TABLES["formula"]["properties"]),
    }
    found["observed.state"] = set(TABLES["schmidt"]["properties"])
    found["source.rows"] = set(TABLES["source_row"]["properties"])
    found |= {f"source.{letter}": set(TABLES["party_source"]["properties"]) for letter in LETTERS}
    names = "scenario source observed adversary test moment ask threshold expect computation"
    return found | {name: set(TABLES[name]["properties"]) for name in names.split()}


def test_schema_and_reader_know_the_same_keys(tmp_path, monkeypatch):
    known = known_keys(tmp_path, monkeypatch)
    instance = set(SCHEMA["properties"]["instances"]["items"]["properties"])
    assert instance - known.pop("instances") == set(SCHEMA["properties"]) - set(file.HEADER) | {"grid"}
    assert known == schema_keys()


def test_every_table_is_closed_and_described():
    def visit(node, place):
        if isinstance(node, dict):
            if "properties" in node and "additionalProperties" in node:
                assert node["additionalProperties"] is False
                for key, inner in node["properties"].items():
                    assert "description" in inner or "$ref" in inner, f"{place}.{key}"
            for key, inner in node.items():
                visit(inner, f"{place}.{key}")
        elif isinstance(node, list):
            for inner in node:
                visit(inner, place)

    visit(SCHEMA, "")
    for name, table in TABLES.items():
        assert table["description"], name


# ------------------------------------------------------------------ the same words


def words_of(value, key):
    kind = value.parameters.get(key)
    return kind.allowed if isinstance(kind, Word) else ()


WORDS = {
    ("scenario", "family"): tables.FAMILIES,
    ("source", "kind"): sources.SOURCES,
    ("party_source", "kind"): sources.PARTY_SOURCES,
    ("party_source", "bits"): source.BIT_ORDERS,
    ("source_row", "relation"): sources.RELATIONS,
    ("observed", "behaviour"): behaviour.NAMED,
    ("adversary", "devices"): tables.DEVICES,
    ("adversary", "told"): tables.TOLD,
    ("test", "functional"): functional.NAMED,
    ("test", "on"): functionals.ON,
    ("test", "relation"): spec_tests.RELATIONS,
    ("test", "keep"): spec_tests.KEPT,
    ("test", "relations"): spec_tests.SETS_OF_RELATIONS,
    ("moment", "relation"): moments.RELATIONS,
    ("ask", "quantity"): tables.QUANTITIES,
    ("ask", "functional"): functional.NAMED,
    ("ask", "on"): functionals.ON,
    ("ask", "extreme"): tables.EXTREMES,
    ("threshold", "of"): question.THRESHOLD_FIELDS,
    ("expect", "verdict"): expectations.VERDICTS,
    ("formula", "formula"): (*FORMULAS, *OF_PARTIES, *OF_LOCAL_ERRORS),
    ("computation", "name"): computations.NAMES,
    ("computation", "relations"): relations.POWERS,
}
#: Words that computations are given, by key.
GIVEN = {
    key: list(dict.fromkeys(word for value in VALUES.values() for word in words_of(value, key)))
    for value in VALUES.values()
    for key, kind in value.parameters.items()
    if isinstance(kind, Word)
}
WORDS |= {("computation", key): words for key, words in GIVEN.items()}


@pytest.mark.parametrize(("table", "key"), WORDS)
def test_words_are_the_model_s(table, key):
    assert TABLES[table]["properties"][key]["enum"] == list(WORDS[table, key])


def test_no_word_is_left_untested():
    found = {
        (t, k) for t, body in TABLES.items() for k, v in body.get("properties", {}).items() if "enum" in v
    }
    assert found == {*WORDS, ("source", "order")}


def test_other_words():
    assert TABLES["source"]["properties"]["order"]["enum"] == [
        "interleaved",
        *(f"{letter} first" for letter in "ABCDEFGH"),
    ]
    assert TABLES["observed"]["properties"]["settings"]["oneOf"][0]["enum"] == list(observed.SETTINGS)
    assert TABLES["source"]["properties"]["bits"]["anyOf"][0]["enum"] == list(source.BIT_ORDERS)
    assert TABLES["ask"]["properties"]["at"]["oneOf"][0]["enum"] == list(tables.AVERAGES)
    assert SCHEMA["properties"]["tier"]["enum"] == list(file.TIERS)
    given = {name for _, names in FUNCTIONS.values() for name in names}
    given |= {name for value in VALUES.values() for name in value.parameters}
    assert given | {"name", "width", "M", "relations", "epsilon"} == set(TABLES["computation"]["properties"])
    assert question.Quantity.__args__ == tables.QUANTITIES


# ------------------------------------------------------------------ the same refusals


def sourced(kind, old, new):
    """Return a file with one part of its source replaced."""
    assert old in FILES[kind]
    return FILES[kind].replace(old, new)


REFUSED = {
    "quantum devices without level": ALONE.replace('devices = "local"', 'devices = "quantum"'),
    "level of local devices": ALONE.replace('devices = "local"', 'devices = "local"\nlevel = "1"'),
    "moment without bound": FILES["quantum devices"].replace('bound = "1/4"\n', ""),
    "moment of nothing": FILES["quantum devices"].replace('{ "<A0 A1>" = 1, "<A0 B0 A1>" = "1/2" }', "{}"),
    "unknown in a moment": FILES["quantum devices"] + "score = 1\n",
    "state and behaviour": FILES["states"].replace("state =", 'behaviour = "quantum"\nstate ='),
    "state without directions": FILES["states"].replace(
        'angles = { A = [0, "1/2"], B = [["1/4", 0], ["-1/4"]] }\n', ""
    ),
    "angles without state": FILES["states"].replace('state = { schmidt = "1/8" }\n', ""),
    "angles and measurements": FILES["states"].replace(
        "angles =", 'measurements = "measured.json"\nangles ='
    ),
    "three angles": FILES["states"].replace('["1/4", 0]', '["1/4", 0, 0]'),
    "state by an unknown name": FILES["amplitudes"].replace('[1, 0, 0, "-1/2*i"]', '"phi"'),
    "no Schmidt angle": FILES["states"].replace('schmidt = "1/8"', ""),
    "d of I3322": FILES["I3322"].replace('"i3322"\n', '"i3322"\nd = 3\n', 1),
    "no d of CGLMP": FILES["CGLMP"].replace("d = 3\n", ""),
    "unknown table": FULL + "[more]\n",
    "unknown header": "tilte = 'x'\n" + FULL,
    "unknown in the scenario": FULL.replace("[source]", "X = 2\n[source]"),
    "N of CHSH": FULL.replace("[source]", "N = 2\n[source]"),
    "unknown in the source": FULL.replace("[observed]", "eps = 2\n[observed]"),
    "epsilon of a uniform source": FULL.replace('"santha-vazirani"', '"uniform"'),
    "no kind": ALONE.replace('kind = "santha-vazirani"\n', ""),
    "order of a mutual source": ALONE.replace("santha-vazirani", "mutual"),
    "no epsilon of a mutual source": sourced("mutual", "epsilon = 0.1\n", ""),
    "order of independent parties": ALONE.replace("santha-vazirani", "independent"),
    "epsilon of bounds": sourced("measurement dependence", "lower", "epsilon"),
    "encoding as min-entropy": sourced("min-entropy", "bits = 1", 'bits = "gray"'),
    "min-entropy as encoding": sourced("mutual", 'bits = "gray"', "bits = 1"),
    "no min-entropy": sourced("min-entropy", "bits = 1", ""),
    "epsilon of min-entropy": sourced("min-entropy", "bits = 1", "bits = 1\nepsilon = 0.1"),
    "no rows": sourced("inequalities", SOURCES["inequalities"].split("\n")[1], ""),
    "rows a table": sourced("inequalities", SOURCES["inequalities"].split("\n")[1], "rows = {}"),
    "row a number": sourced("inequalities", "{ terms = {}, bound = 1 }", "1"),
    "row without a bound": sourced("inequalities", ", bound = 1 }", " }"),
    "row without terms": sourced("inequalities", "{ terms = {}, bound", "{ bound"),
    "relation = in a row": sourced("inequalities", '">="', '"="'),
    "unknown in a row": sourced("inequalities", "bound = 1 }", "bound = 1, score = 1 }"),
    "epsilon of a mixture": FILES["mixture"].replace('"mixture"', '"mixture"\nepsilon = 0.1'),
    "mixture without A": FILES["mixture"].replace('A = { kind = "uniform" }', ""),
    "party without a kind": FILES["mixture"].replace('{ kind = "uniform" }', "{}"),
    "party without epsilon": FILES["mixture"].replace("epsilon = 0.1, ", ""),
    "epsilon of a free party": FILES["mixture"].replace('"uniform" }', '"uniform", epsilon = 0 }'),
    "order of a party": FILES["mixture"].replace("epsilon = 0.1, ", 'epsilon = 0.1, order = "A first", '),
    "mutual party": FILES["mixture"].replace('{ kind = "uniform" }', '{ kind = "mutual", epsilon = 0 }'),
    "unknown in observed": FULL.replace("[adversary]", "counts = 'a'\n[adversary]"),
    "unknown in the adversary": FULL.replace("[[test]]", "level = '1'\n[[test]]"),
    "unknown in a test": FULL.replace("[ask]", "tol = 1\n[ask]"),
    "tolerance of a score": FULL.replace("[ask]", "tolerance = 1\n[ask]"),
    "functional and terms": FULL.replace("[ask]", "terms = { '<A0>' = 1 }\n[ask]"),
    "unknown in ask": FULL.replace("[expect]", "extreme = 'smallest'\n[expect]"),
    "unknown in of": FULL.replace('of = "A"', "of = { picked = 1 }"),
    "unknown in expect": FULL.replace("rests_on", "rest_on"),
    "unknown in a formula": FULL.replace("value = 1", "value = { formula = 'chsh-guess', x = 1 }"),
    "unknown in the reference": FULL.replace("arxiv =", "arXiv ="),
    "unknown in an instance": FULL + "title = 'x'\n",
    "unknown in an instance's table": FULL.replace("{ bits", "{ bit"),
    "instance without a name": FULL.replace('name = "i"', ""),
    "unknown in the threshold": FILES["threshold"].replace("width", "widths"),
    "threshold without ends": FILES["threshold"].replace("between = [0, 0.25]", ""),
    "sum of biases of a function": FILES["sum of biases at an input"] + 'of = { parity = ["A"] }\n',
    "local errors without epsilon": FILES["local errors"].replace("epsilon = 0.1\n", ""),
    "local errors with relations": FILES["local errors"].replace("epsilon = 0.1", 'relations = "odd"'),
    "sum of biases without an input": FILES["sum of biases at an input"].replace("at = [0, 0]\n", ""),
    "sum of biases on average": FILES["sum of biases at an input"].replace("[0, 0]", '"average"'),
    "sum of biases of two parties": FILES["sum of biases"].replace("M = 5", "M = 2"),
    "sum of biases of unknown relations": FILES["sum of biases"].replace('"odd"', '"mermin"'),
    "width of a sum of biases": FILES["sum of biases"].replace("M = 5", "M = 5\nwidth = 1"),
    "unknown in a computation": FILES["root"].replace("width", "m"),
    "width of a value": HEAD + VALUE + "width = 1e-9\n",
    "value without a parameter": HEAD + VALUE.replace("r = 2\n", ""),
    "parameter of another value": HEAD + VALUE + "n = 2\n",
    "word of another value": HEAD + VALUE.replace("A first", "1 first"),
    "computation with a scenario": FILES["root"] + '[scenario]\nfamily = "chsh"\n',
    "no scenario": FULL.replace('[scenario]\nfamily = "chsh"', ""),
    "no epsilon": FULL.replace("epsilon = 0.1", "").split("[[instances]]")[0],
    "no quantity": FULL.replace('quantity = "guessing-probability"', ""),
    "no output": FULL.replace('of = "A"', ""),
    "two behaviours": FULL.replace("[adversary]", "table = {}\n[adversary]"),
    "nothing expected": FULL.split("[expect]")[0] + "[expect]\nwithin = 1\n",
    "empty grid axis": FULL + '[grid]\n"source.epsilon" = []\n',
    "word unknown": FULL.replace('"gray"', '"grey"'),
    "number a truth": FULL.replace("epsilon = 0.1", "epsilon = true"),
    "integer a text": FILES["families"].replace("N = 2", 'N = "2"'),
    "text a number": FULL.replace('claim = "c"', "claim = 1"),
    "test a table": FULL.replace("[[test]]", "[test]"),
    "other version": FULL.replace("schema = 1", "schema = 2"),
    "empty": "",
}


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse(case, tmp_path):
    assert REFUSED[case] != FULL
    assert errors(REFUSED[case])
    assert not taken(tmp_path, REFUSED[case])


def test_numbers_are_integers_decimals_or_texts():
    assert TABLES["number"]["type"] == TABLES["rational"]["type"] == ["number", "string"]
