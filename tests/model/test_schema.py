"""The generated JSON schema and field reference know what the reader knows."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from freerand_opt.claims.formulas import OF_PARTIES, OF_QUESTIONS
from freerand_opt.errors import InputError
from freerand_opt.model import FAMILIES, FUNCTIONALS, QUANTITIES, SOURCES, Question
from freerand_opt.model.files.expect import FORMULAS, Expect
from freerand_opt.model.files.file import read
from freerand_opt.model.files.head import Head
from freerand_opt.model.files.reference import field_reference
from freerand_opt.model.files.schema import question_schema, reachable
from freerand_opt.model.tables.table import fields
from freerand_opt.model.threshold import Threshold

ROOT = Path(__file__).parents[2]
CATALOGUE = sorted([*ROOT.glob("lps/*.toml"), *ROOT.glob("sdps/*.toml"), *ROOT.glob("reports/*.toml")])
SCHEMA = question_schema()
TABLES = reachable(Question, Threshold, Expect, Head)

HEAD = (
    'schema = 1\ntitle = "t"\nclaim = "c"\ntier = "long"\nreference = { paper = "p", arxiv = "0000.0000" }\n'
)
SOURCE = 'kind = "santha-vazirani"\nepsilon = 0.1\norder = "A first"\nbits = "gray"\n'
OBSERVED = 'behaviour = "quantum"\nvisibility = 0.9\nsettings = "uniform"\n'
TEST = '[[test]]\nfunctional = "chsh"\non = "conditional"\nrelation = ">="\nscore = "observed"\n'
ASK = '[ask]\nquantity = "guessing-probability"\nof = "A"\nat = [0, 0]\n'
EXPECT = '[expect]\nat_most = "2"\nat_least = 0.5\nwithin = 1e-9\nverdict = "REFUTED"\nrests_on = "x"\n'
ALONE = f'{HEAD}[scenario]\nfamily = "chsh"\n[source]\n{SOURCE}[observed]\n{OBSERVED}'
ALONE += f'[adversary]\ndevices = "local"\n{TEST}{ASK}{EXPECT}'
INSTANCE = (
    '[[instances]]\nname = "i"\nsource = { bits = "gray" }\ngrid = { "source.epsilon" = "0 : 1/5 : 1/10" }\n'
)
FULL = ALONE + INSTANCE
UP, DOWN = [[1, 0], [0, 0]], [[0, 0], [0, 1]]
OF = 'of = "A"'


def changed(*changes, body=ALONE):
    """Return a file with parts of it replaced."""
    for old, new in changes:
        assert old in body
        body = body.replace(old, new)
    return body


def source(body):
    return changed((SOURCE, body))


#: Files that together use every table and key.
TAKEN = {
    "full": FULL,
    "chained": changed(
        ('"chsh"\n[source]', '"chained"\nN = 2\n[source]'), (TEST, TEST.replace("chsh", "chained"))
    ),
    "own scenario": changed(
        ('family = "chsh"\n', "settings = { A = 2, B = 2 }\noutcomes = { A = 2, B = 2 }\n"),
        (
            'behaviour = "quantum"\nvisibility = 0.9\n',
            'table = { "P(00|00)" = 1, "P(00|01)" = "1/2", "P(11|01)" = 0.5 }\n',
        ),
        ('settings = "uniform"', 'settings = { "00" = 0.25, "01" = 0.75 }'),
        ('functional = "chsh"', 'terms = { "<A0 B0>" = 1, "P(01|01)" = "1/2", "PA(0|0)" = 1 }'),
        ('"observed"', "0"),
        (OF, 'of = ["A", "B"]'),
    ),
    "cglmp": changed(
        ('"chsh"\n[source]', '"cglmp"\nd = 3\n[source]'),
        ('"quantum"', '"white-noise"'),
        (TEST, TEST.replace("chsh", "cglmp")),
    ),
    "ghz": changed(
        ('"chsh"\n[source]', '"ghz"\nM = 3\n[source]'),
        (TEST, '[[test]]\nrelations = "mermin"\nviolated = 0\n'),
        (OF, 'of = { majority = ["A", "B", "C"] }'),
        ("[0, 0]", '"average"'),
    ),
    "tilted": changed(
        ('"chsh"\n[source]', '"tilted"\nbeta = 0.5\nalpha = 1\n[source]'),
        (
            "visibility = 0.9\n",
            'visibility = 0.9\nnoise = "white-noise"\nefficiency = { A = 0.9, B = 1 }\nno_click = 0\n',
        ),
        (TEST, TEST.replace("chsh", "tilted")),
    ),
    "game": changed(
        (
            'functional = "chsh"',
            'game = { wins = "a == b", questions = { "00" = 0.5, "11" = 0.5 }, rounds = 1 }',
        ),
    ),
    "noise by a table": changed(
        (
            "visibility = 0.9\n",
            'visibility = 0.9\nnoise = { "P(00|00)" = 1, "P(00|01)" = 1, "P(00|10)" = 1, "P(00|11)" = 1 }\n',
        ),
    ),
    "keep": changed((TEST, '[[test]]\nkeep = "behaviour"\ntolerance = 1e-9\n')),
    "parity": changed((OF, 'of = { parity = "all" }')),
    "count": changed((OF, 'of = { count = ["A", "B"], values = [0, 0, 1] }')),
    "table": changed((OF, 'of = { table = [0, 1], parties = ["B"] }')),
    "picked": HEAD
    + '[scenario]\nfamily = "ghz"\nM = 4\n[source]\nkind = "uniform"\n'
    + '[adversary]\ndevices = "no-signalling"\n'
    + '[[test]]\nrelations = "mermin"\n[ask]\nquantity = "guessing-probability"\nat = 1\n'
    + 'of = { picked = { from = ["A", "B"], bits = 1, selection = "common-cause", epsilon = 0.1 } }\n',
    "score": changed(
        (ASK, '[ask]\nquantity = "score"\nfunctional = "chsh"\non = "joint"\nextreme = "smallest"\n')
    ),
    "strategy": changed((ASK, '[ask]\nquantity = "strategy"\n')),
    "biases": changed((ASK, '[ask]\nquantity = "sum-of-biases"\nof = ["A", "B"]\nat = 0\n')),
    "threshold": changed(
        (
            ASK,
            '[ask]\nquantity = "strategy"\n'
            '[threshold]\nof = "source.epsilon"\nbetween = [0, 0.25]\nwidth = 1e-3\n',
        ),
        ('at_most = "2"', 'value = { formula = "chsh-local-score" }'),
    ),
    "crossing": changed(
        (ASK, ASK + '[threshold]\nof = "source.epsilon"\nbetween = [0, 0.2]\ncrosses = "3*source.epsilon"\n')
    ),
    "free": source('kind = "free"\n'),
    "mutual": source('kind = "mutual"\nepsilon = 0.1\nbits = "gray"\n'),
    "independent": source('kind = "independent"\nepsilon = "1/10"\n'),
    "mixture": source(
        'kind = "mixture"\nA = { kind = "uniform" }\nB = { kind = "santha-vazirani", epsilon = 0.1 }\n'
    ),
    "bounds": source('kind = "measurement-dependence"\nlower = "1/5"\nupper = 0.3\n'),
    "ladder": changed(
        ('"chsh"\n[source]', '"ladder"\nK = 1\ns = 0.5\n[source]'),
        (TEST, '[[test]]\nkeep = "behaviour"\ntolerance = 1e-9\n'),
    ),
    "bits": source(
        'kind = "bits"\nepsilon = 0.1\ncentre = 0.5\n'
        'coding = { A = { "00" = 0, "01" = 1, "10" = 1, "11" = 0 } }\n'
    ),
    "ranges": source(
        'kind = "bits"\nepsilon = 0.1\nranges = [{ party = "A", bit = 0, least = "2/5", most = "3/5" }]\n'
    ),
    "a range after a bit": source(
        'kind = "bits"\nepsilon = 0.1\n'
        'ranges = [{ party = "B", bit = 0, after = "1", least = "2/5", most = "3/5" }]\n'
    ),
    "relative": source(
        'kind = "relative"\nepsilon = 0.1\naround = { "00" = 0.25, "01" = 0.25, "10" = 0.25, "11" = 0.25 }\n'
    ),
    "bad trials": source(
        'kind = "on-average"\nbad = 0.1\ngood = { kind = "santha-vazirani", epsilon = 0.1 }\n'
    ),
    **{
        key: source(f'kind = "on-average"\n{key} = {value}\n')
        for key, value in (("distance", 0.1), ("departure", 0.1), ("largest", 0.3), ("information", 0.1))
    },
    "shared bound": source('kind = "product"\njoint = 0.3\n'),
    "no bounds": source('kind = "measurement-dependence"\n'),
    "min-entropy": source('kind = "min-entropy"\nbits = 1\n'),
    "rows": source(
        'kind = "inequalities"\nrows = [{ terms = { "00" = 1 }, relation = "=", bound = "1/5" }]\n'
    ),
    "quantum": changed(
        (
            'devices = "local"',
            'devices = "quantum"\nlevel = "1 + A B"\ntold = "nothing"\nside_information = "classical"',
        )
    )
    + '[[moment]]\nterms = { "<A0 A1>" = 1, "<A0 B0 A1>" = "1/2" }\nrelation = ">="\nbound = "1/4"\n',
    "level a number": changed(('devices = "local"', 'devices = "quantum"\nlevel = 2')),
    "angles": changed(
        (
            'behaviour = "quantum"',
            'state = { schmidt = "1/8" }\nangles = { A = [0, "1/2"], B = [["1/4", 0], "0"] }',
        )
    ),
    "amplitudes": changed(
        ('behaviour = "quantum"', 'state = [1, 0, 0, "-1/2*i"]\nangles = { A = [0, "1/2"], B = ["1/4", 0] }')
    ),
    "measurements": changed(
        (
            'behaviour = "quantum"',
            'state = [["1/2", 0, 0, [0, 0]], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, "1/2"]]\n'
            'measurements = "measured.json"',
        ),
    ),
    "counts": changed(
        (TEST, ""), (ASK, '[ask]\nquantity = "p-value"\nmethod = "game"\nfunctional = "chsh"\n')
    )
    + '[data]\ncounts = "n.csv"\n'
    'columns = { settings = ["x", "y"], values = { a = { "+1" = 0, "-1" = 1 } } }\n',
    "trials": changed((TEST, ""), (ASK, '[ask]\nquantity = "bits"\nof = ["A"]\n'))
    + '[data]\ntrials = "t.u8"\ntraining = "1/10"\nerror = "2^-64"\nrounds = "any"\nsuccess = "planned"\n'
    'later = "any"\nstop = "last"\n',
    "functional a table of terms": changed(
        ('functional = "chsh"', 'functional = { "<A0 B0>" = 1, "P(01|01)" = "1/2" }')
    ),
    "functional a table of its keys": changed(
        (
            'functional = "chsh"\non = "conditional"',
            'functional = { game = { wins = "a == b" }, on = "conditional" }',
        )
    ),
    "functional a table in what is asked": changed(
        (ASK, '[ask]\nquantity = "score"\nfunctional = { "<A0>" = 1 }\n')
    ),
    "a game asked": changed((ASK, '[ask]\nquantity = "score"\ngame = { wins = "a == b" }\n')),
    "grid fills in": changed(("epsilon = 0.1\n", "")) + '[grid]\n"source.epsilon" = [0, 0.1]\n',
}
REFUSED = {
    "unknown table": FULL + "[more]\n",
    "unknown header": "tilte = 'x'\n" + FULL,
    "unknown in the scenario": changed(("[source]", "X = 2\n[source]")),
    "N of CHSH": changed(("[source]", "N = 2\n[source]")),
    "unknown in the source": changed(("[observed]", "eps = 2\n[observed]")),
    "epsilon of a uniform source": changed(('"santha-vazirani"', '"uniform"')),
    "epsilon 1/2": changed(("epsilon = 0.1", "epsilon = 0.5")),
    "no kind": changed(('kind = "santha-vazirani"\n', "")),
    "order of a mutual source": changed(("santha-vazirani", "mutual")),
    "bits of min-entropy": source('kind = "min-entropy"\n'),
    "rows a table": source('kind = "inequalities"\nrows = {}\n'),
    "row without a bound": source('kind = "inequalities"\nrows = [{ terms = { "00" = 1 } }]\n'),
    "unknown in a row": source('kind = "inequalities"\nrows = [{ terms = {}, bound = 1, score = 1 }]\n'),
    "party without a kind": source('kind = "mixture"\nA = {}\nB = { kind = "uniform" }\n'),
    "mutual party": source(
        'kind = "mixture"\nA = { kind = "mutual", epsilon = 0 }\nB = { kind = "uniform" }\n'
    ),
    "quantum devices without level": changed(('"local"', '"quantum"')),
    "level of local devices": changed(('"local"', '"local"\nlevel = "1"')),
    "moment without bound": TAKEN["quantum"].replace('bound = "1/4"\n', ""),
    "moment of nothing": TAKEN["quantum"].replace('{ "<A0 A1>" = 1, "<A0 B0 A1>" = "1/2" }', "{}"),
    "state and behaviour": TAKEN["angles"].replace("state =", 'behaviour = "quantum"\nstate ='),
    "state without directions": changed(('behaviour = "quantum"', 'state = "phi+"')),
    "angles without state": TAKEN["angles"].replace('state = { schmidt = "1/8" }\n', ""),
    "three angles": TAKEN["angles"].replace('["1/4", 0]', '["1/4", 0, 0]'),
    "state by an unknown name": TAKEN["amplitudes"].replace('[1, 0, 0, "-1/2*i"]', '"phi"'),
    "no d of CGLMP": TAKEN["cglmp"].replace("d = 3\n", ""),
    "unknown in observed": changed(("[adversary]", "counts = 'a'\n[adversary]")),
    "visibility above 1": changed(("0.9", "1.1")),
    "unknown in a test": changed(("[ask]", "tol = 1\n[ask]")),
    "functional and terms": changed(("[ask]", "terms = { '<A0>' = 1 }\n[ask]")),
    "terms twice": changed(('functional = "chsh"', 'functional = { "<A0>" = 1 }\nterms = { "<A1>" = 1 }')),
    "score of nothing": changed((ASK, '[ask]\nquantity = "score"\n')),
    "functional of nothing": changed(('functional = "chsh"', "functional = {}")),
    "functional in a functional": changed(
        ('functional = "chsh"', 'functional = { functional = { "<A0>" = 1 } }')
    ),
    "parts of a mixture by no letter": source(
        'kind = "mixture"\nparts = [{ kind = "uniform" }, { kind = "uniform" }]\n'
    ),
    "among, as in Python": TAKEN["picked"].replace("from =", "among ="),
    "unknown in ask": changed(("[expect]", "extreme = 'smallest'\n[expect]")),
    "strategy of a party": changed(('"guessing-probability"', '"strategy"')),
    "two functions": changed((OF, 'of = { parity = ["A"], majority = ["A"] }')),
    "no function": changed((OF, "of = {}")),
    "unknown in expect": changed(("rests_on", "rest_on")),
    "unknown in a formula": changed(('at_most = "2"', "at_most = { formula = 'chsh-guess', x = 1 }")),
    "nothing expected": changed((EXPECT, "[expect]\nwithin = 1\n")),
    "unknown in the reference": changed(("arxiv =", "arXiv =")),
    "unknown in an instance": FULL + "title = 'x'\n",
    "unknown in an instance's table": changed(("{ bits", "{ bit"), body=FULL),
    "instance without a name": changed(('name = "i"', ""), body=FULL),
    "unknown in the threshold": TAKEN["threshold"].replace("width", "widths"),
    "threshold without ends": TAKEN["threshold"].replace("between = [0, 0.25]\n", ""),
    "no scenario": changed(('[scenario]\nfamily = "chsh"\n', "")),
    "no epsilon": changed(("epsilon = 0.1\n", "")),
    "no quantity": changed(('quantity = "guessing-probability"\n', "")),
    "no output": changed((OF + "\n", "")),
    "empty grid axis": FULL + '[grid]\n"source.epsilon" = []\n',
    "word unknown": changed(('"gray"', '"grey"')),
    "number a truth": changed(("epsilon = 0.1", "epsilon = true")),
    "text a number": changed(('claim = "c"', "claim = 1")),
    "test a table": changed(("[[test]]", "[test]")),
    "other version": changed(("schema = 1", "schema = 2")),
    "counts and trials": TAKEN["counts"] + 'trials = "t.u8"\n',
    "neither counts nor trials": TAKEN["counts"].replace('counts = "n.csv"\n', ""),
    "unknown in the data": TAKEN["trials"] + 'confidence = "1/20"\n',
    "unknown word of later": TAKEN["trials"].replace('later = "any"', 'later = "some"'),
    "empty": "",
}


def errors(body):
    """Return what the schema says about a file; decimals are read as floats."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(tomllib.loads(body))]


def refusal(folder, body):
    """Return what the reader says about a file, or nothing."""
    path = folder / "mine.toml"
    path.write_text(body)
    (folder / "measured.json").write_text(json.dumps({"A": [[UP, DOWN]] * 2, "B": [[DOWN, UP]] * 2}))
    try:
        read(path)
    except InputError as error:
        return str(error)
    return ""


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_catalogue_validates(path):
    assert errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("case", TAKEN)
def test_both_take(case, tmp_path):
    assert errors(TAKEN[case]) == []
    assert refusal(tmp_path, TAKEN[case]) == ""


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse(case, tmp_path):
    assert errors(REFUSED[case])
    assert refusal(tmp_path, REFUSED[case])


def test_files_above_use_every_key():
    """Each key of each table stands in one of the files that both take."""
    used = set()

    def visit(value):
        if isinstance(value, dict):
            used.update(value)
            for inner in value.values():
                visit(inner)
        elif isinstance(value, list):
            for inner in value:
                visit(inner)

    for body in TAKEN.values():
        visit(tomllib.loads(body))
    missing = {key for cls in TABLES for key in cls.key_names() if len(key) > 1 or key.islower()} - used
    assert missing == {"label"}


def test_every_table_and_field_has_words():
    for cls in TABLES:
        assert SCHEMA["$defs"][cls.__name__]["description"]
        for field in fields(cls):
            assert field.words
            assert field.kind.allowed
            assert field.kind.schema


def test_reference_has_every_field_and_name():
    text = field_reference()
    for cls in TABLES:
        assert f"## {cls.__name__}" in text
        for field in fields(cls):
            assert field.spread or f"| `{field.key}` |" in text
    for name in (*QUANTITIES, *FUNCTIONALS):
        assert f"| `{name}` |" in text
    for cls in (*SOURCES, *FAMILIES):
        for key, word in cls.tag().items():
            assert f'`{key} = "{word}"`' in text


def test_formulas_are_those_that_are_evaluated():
    assert set(FORMULAS) == {*OF_QUESTIONS, *OF_PARTIES, "ghz-wrong-inputs"}
